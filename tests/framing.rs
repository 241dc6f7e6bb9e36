//! A reply reaches the caller that asked, or nobody: servers that say too much, too little, or nonsense.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use resilient_redis::client::{Executed, PipelineOptions};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{Ask, Peer, Proxy, SOON, Scripted, Server, append, assert_fails, open_ready, within};

/// Answers ECHO with its argument, as a bulk.
fn echo(peer: &mut Peer) -> bool {
    let Some(request) = peer.request_after_handshake() else { return false };
    let answer = match request.name().as_str() {
        "PING" => "+PONG\r\n".into(),
        _ => format!("${}\r\n{}\r\n", request.text(1).len(), request.text(1)),
    };
    peer.send(answer);
    true
}

/// Serves well, except that on the first connection `wrong` is said in answer to the third ECHO.
fn wrong_once(wrong: &'static [u8], then_right: bool) -> Scripted {
    Scripted::serve(move |number, peer| {
        let mut echoes = 0;
        loop {
            if number > 0 {
                if !echo(peer) {
                    return;
                }
                continue;
            }
            let Some(request) = peer.request_after_handshake() else { return };
            if request.name() == "PING" {
                peer.send("+PONG\r\n");
                continue;
            }
            echoes += 1;
            let right = format!("${}\r\n{}\r\n", request.text(1).len(), request.text(1));
            match (echoes, then_right) {
                (3, false) => peer.send(wrong),
                (3, true) => peer.send([wrong, right.as_bytes()].concat()),
                _ => peer.send(right),
            }
        }
    })
}

#[test]
fn garbage_ends_the_connection_and_nobody_gets_it() {
    for garbage in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"$5\r\nabcdefg\r\n", b":12x\r\n", b"\0\0\0", b"$-7\r\n"] {
        let server = wrong_once(garbage, false);
        let client = open_ready(&server.url(), &[]);
        within(SOON, "all are answered", move || {
            for number in 0..20 {
                let text = format!("text {number}");
                assert_eq!(client.text(&["ECHO", &text]), Some(text));
            }
            let lost = client.event(EventKind::Disconnected);
            assert!(!lost.message.contains("text"), "{lost:?}");
            assert_eq!(client.stats().connects, 2);
        });
    }
}

#[test]
fn a_reply_beyond_those_to_the_handshake_is_nobody_s() {
    let server = Scripted::serve(|number, peer| {
        if number == 0 {
            while peer.request().is_some_and(|request| request.name() != "PING") {}
            peer.send("-ERR unknown command\r\n+PONG\r\n+PONG\r\n$5\r\nextra\r\n");
            peer.listen_only();
            return;
        }
        while echo(peer) {}
    });
    let client = open_ready(&server.url(), &[]);
    assert_eq!(client.text(&["ECHO", "mine"]), Some("mine".to_owned()));
}

#[test]
fn a_reply_that_nobody_asked_for_ends_the_connection() {
    let server = Scripted::serve(|number, peer| {
        let mut echoes = 0;
        while echo(peer) {
            echoes += 1;
            if number == 0 && echoes == 4 {
                // Late enough for the client to be idle.
                std::thread::sleep(Duration::from_millis(100));
                peer.send("$5\r\nextra\r\n");
            }
        }
    });
    let client = open_ready(&server.url(), &[]);
    within(SOON, "all are answered", move || {
        for number in 0..3 {
            assert_eq!(client.text(&["ECHO", &number.to_string()]), Some(number.to_string()));
        }
        // Noticed while nobody asks for anything.
        client.event(EventKind::Disconnected);
        for number in 0..20 {
            assert_eq!(client.text(&["ECHO", &number.to_string()]), Some(number.to_string()));
        }
    });
}

#[test]
fn pushes_between_replies_belong_to_nobody() {
    let push = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n";
    let server = wrong_once(push, true);
    let client = open_ready(&server.url(), &[]);
    within(SOON, "all are answered", move || {
        for number in 0..20 {
            assert_eq!(client.text(&["ECHO", &number.to_string()]), Some(number.to_string()));
        }
        assert_eq!(client.stats().connects, 1);
    });
}

#[test]
fn half_a_reply_and_an_end_is_a_lost_reply() {
    let server = Scripted::serve(|number, peer| {
        while echo(peer) {
            if number == 0 {
                let _ = peer.request_after_handshake();
                peer.send("$10\r\nhalf");
                return;
            }
        }
    });
    let client = open_ready(&server.url(), &[]);
    within(SOON, "all are answered", move || {
        for number in 0..10 {
            assert_eq!(client.text(&["ECHO", &number.to_string()]), Some(number.to_string()));
        }
    });
}

#[test]
fn a_reply_beyond_the_limit_fails_its_command_and_no_other() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_reply_bytes", "1KiB")]);
    client.ask(&["SET", "big", &"x".repeat(5000)]);
    client.ask(&["SET", "small", "x"]);
    let one = client.clone();
    let error = within(SOON, "it fails", move || one.run(&["GET", "big"]));
    assert_fails(error, ErrorKind::Protocol, Outcome::NotApplied);
    assert_eq!(client.text(&["GET", "small"]).as_deref(), Some("x"));
    // It ran, and nobody knows with what reply.
    let two = client.clone();
    let error = within(SOON, "it fails", move || two.run(&["GETSET", "big", "y"]));
    assert_fails(error, ErrorKind::Protocol, Outcome::Unknown);
    assert_eq!(client.text(&["GET", "big"]).as_deref(), Some("y"));
    // Only the one that does no harm was given a second chance, as it might have been the network.
    assert_eq!((client.stats().disconnects, client.stats().resent), (3, 1));
    // Those behind it are answered.
    client.ask(&["SET", "big", &"x".repeat(5000)]);
    let mut pipeline = client.pipeline(PipelineOptions::default());
    append(&mut pipeline, &["GET", "small"]);
    append(&mut pipeline, &["GET", "big"]);
    append(&mut pipeline, &["GET", "small"]);
    let incomplete = within(SOON, "it fails", move || pipeline.execute()).unwrap_err();
    assert_eq!(incomplete.error.kind, ErrorKind::Protocol);
    let reply = incomplete.reply.unwrap();
    assert_eq!(reply.root().get(0).unwrap().as_bytes(), Some(&b"x"[..]));
    assert!(reply.root().get(1).unwrap().is_error() && reply.root().get(2).unwrap().is_error());
}

#[test]
fn a_nesting_beyond_the_limit_fails_its_command() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_reply_depth", "8")]);
    let script = "local t = {1} for i = 1, 20 do t = {t} end return t";
    let one = client.clone();
    let error = within(SOON, "it fails", move || one.run(&["EVAL_RO", script, "0"]));
    assert_fails(error, ErrorKind::Protocol, Outcome::NotApplied);
    client.ask(&["PING"]);
}

#[test]
fn many_threads_through_connections_that_break_each_get_their_own_reply() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "20")]);
    let done = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let (client, done) = (client.clone(), done.clone());
            std::thread::spawn(move || {
                for number in 0..400 {
                    let text = format!("{thread}:{number}:{}", "x".repeat(number % 300));
                    assert_eq!(client.text(&["ECHO", &text]), Some(text));
                    if number % 20 == 0 {
                        let mut pipeline = client.pipeline(PipelineOptions::default());
                        (0..5).for_each(|step| append(&mut pipeline, &["ECHO", &format!("{thread}:{number}:{step}")]));
                        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
                        for (step, value) in reply.root().iter().enumerate() {
                            assert_eq!(value.as_bytes().unwrap(), format!("{thread}:{number}:{step}").as_bytes());
                        }
                    }
                }
                done.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    let mut round = 0;
    while done.load(Ordering::Relaxed) < 8 {
        round += 1;
        match round % 4 {
            0 => proxy.reset_all(),
            1 => proxy.close_all(),
            2 => proxy.fragment(1 + round % 7),
            _ => proxy.fragment(0),
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(client.stats().disconnects > 0);
}
