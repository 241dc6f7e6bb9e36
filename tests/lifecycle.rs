//! Opening, sharing, closing and dropping: every call ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use resilient_redis::client::{Executed, PipelineOptions, State};
use resilient_redis::error::{ErrorKind, Outcome};
use support::{Ask, SOON, Scripted, Server, append, assert_fails, is_reply, open, open_ready, wait_until, within};

#[test]
fn many_clients_live_side_by_side() {
    let server = Server::start();
    let clients: Vec<_> = (0..100).map(|_| open(&server.url(), &[("outage_grace_ms", "4000")])).collect();
    std::thread::scope(|scope| {
        for clients in clients.chunks(25) {
            scope.spawn(move || {
                clients.iter().for_each(|client| assert!(client.ask(&["INCR", "n"]).root().as_integer().is_some()))
            });
        }
    });
    assert_eq!(clients[0].text(&["GET", "n"]).as_deref(), Some("100"));
    server.restart();
    std::thread::scope(|scope| {
        for clients in clients.chunks(25) {
            scope.spawn(move || clients.iter().for_each(|client| assert!(client.run(&["INCR", "n"]).is_ok())));
        }
    });
}

#[test]
fn threads_come_and_go() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    for _ in 0..40 {
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| (0..5).for_each(|_| assert!(is_reply(&client.run(&["INCR", "n"])))));
            }
        });
    }
    assert_eq!(client.text(&["GET", "n"]).as_deref(), Some("2000"));
    assert_eq!(client.stats().in_flight_now, 0);
}

#[test]
fn closing_while_others_are_in_calls_ends_every_call() {
    for round in 0..20 {
        let server = Server::start();
        let client = open_ready(&server.url(), &[]);
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let client = client.clone();
                std::thread::spawn(move || {
                    let mut answered = 0;
                    loop {
                        match client.run(&["RPUSH", &thread.to_string(), "x"]) {
                            Ok(Executed::Reply(_)) => answered += 1,
                            Ok(Executed::Buffered) => panic!("there was no outage"),
                            Err(error) => return (answered, error),
                        }
                    }
                })
            })
            .collect();
        wait_until("commands flow", SOON, || client.stats().replies > 100);
        let drain = if round % 2 == 0 { Duration::ZERO } else { SOON };
        let report = client.close(drain).unwrap();
        assert_eq!((report.lost, report.unknown), (0, 0), "{report:?}");
        for (thread, handle) in threads.into_iter().enumerate() {
            let (answered, error) = within(SOON, "every call ends", move || handle.join().unwrap());
            assert_eq!(error.kind, ErrorKind::Closed, "{error:?}");
            let held: i64 = redis::from_redis_value(server.command(&["LLEN", &thread.to_string()])).unwrap();
            match error.outcome {
                Outcome::NotApplied => assert_eq!(held, answered),
                Outcome::Unknown if drain.is_zero() => assert!((answered..=answered + 1).contains(&held)),
                other => panic!("{other:?}: {error:?}"),
            }
        }
    }
}

#[test]
fn dropping_while_others_are_in_calls_of_an_outage_ends_every_call() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("buffer_commands", "false"), ("command_timeout_ms", "60000")]);
    server.kill();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || client.run(&["GET", "k"]))
        })
        .collect();
    wait_until("all are waiting", SOON, || client.stats().commands == 8);
    client.close(Duration::ZERO).unwrap();
    for thread in threads {
        let ended = within(SOON, "every call ends", move || thread.join().unwrap());
        assert_fails(ended, ErrorKind::Closed, Outcome::NotApplied);
    }
}

#[test]
fn closing_twice_is_closing_once() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let both: Vec<_> = (0..2)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                let report = client.close(SOON).unwrap();
                assert_eq!(client.state(), State::Closed);
                report
            })
        })
        .collect();
    both.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap().lost, 0));
    assert_eq!(client.close(SOON).unwrap().drained, 0);
    wait_until("the server has seen the end", SOON, || {
        server.info("clients", "connected_clients").as_deref() == Some("1")
    });
}

#[test]
fn a_closed_client_refuses_everything_and_stays_closed() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let mut pipeline = client.pipeline(PipelineOptions::default());
    append(&mut pipeline, &["SET", "k", "v"]);
    client.close(Duration::ZERO).unwrap();
    assert_eq!(client.state(), State::Closed);
    assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::Closed, Outcome::NotApplied);
    assert_fails(client.run(&["GET", "k"]), ErrorKind::Closed, Outcome::NotApplied);
    assert_eq!(pipeline.execute().unwrap_err().error.kind, ErrorKind::Closed);
    assert_eq!(client.wait_ready(SOON).unwrap_err().kind, ErrorKind::Closed);
    assert_eq!(client.reconnect().unwrap_err().kind, ErrorKind::Closed);
    client.flush(SOON).unwrap();
    drop(client);
    assert_eq!(pipeline.execute().unwrap_err().error.kind, ErrorKind::Closed);
    assert_eq!(server.command(&["EXISTS", "k"]), redis::Value::Int(0));
}

#[test]
fn dropping_during_a_connect_into_a_black_hole_returns_promptly() {
    // One that accepts and is silent, and an address that swallows everything.
    let server = Scripted::silent();
    for url in [server.url(), "redis://192.0.2.1:6379/".into(), "redis://name.invalid:6379/".into()] {
        let client = open(&url, &[("connect_timeout_ms", "30000")]);
        std::thread::sleep(Duration::from_millis(20));
        let begun = Instant::now();
        drop(client);
        assert!(begun.elapsed() < Duration::from_secs(10), "{url}: {:?}", begun.elapsed());
    }
}

#[test]
fn dropping_in_the_pause_between_attempts_returns_promptly() {
    let server = Server::start();
    let url = server.url();
    server.kill();
    let client = open(&url, &[("reconnect_backoff", "fixed"), ("reconnect_interval_ms", "60000")]);
    client.event(resilient_redis::event::EventKind::Reconnecting);
    let begun = Instant::now();
    drop(client);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn no_more_commands_are_in_flight_than_allowed() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_in_flight", "4")]);
    let most = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| (0..100).for_each(|_| assert!(is_reply(&client.run(&["INCR", "n"]))))))
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            most.fetch_max(client.stats().in_flight_now, std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert!((1..=4).contains(&most.into_inner()));
    assert_eq!(client.text(&["GET", "n"]).as_deref(), Some("2400"));
}

#[test]
fn a_client_that_is_cloned_is_one_client() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let clone = client.clone();
    drop(client);
    clone.ask(&["SET", "k", "v"]);
    assert_eq!(clone.stats().connects, 1);
}

#[test]
fn an_empty_command_and_an_empty_pipeline_are_refused() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    assert_fails(client.command(&[]), ErrorKind::InvalidArgument, Outcome::NotApplied);
    assert_fails(client.run(&["SUBSCRIBE", "c"]), ErrorKind::Unsupported, Outcome::NotApplied);
    assert_fails(client.run(&["MONITOR"]), ErrorKind::Unsupported, Outcome::NotApplied);
    let mut pipeline = client.pipeline(PipelineOptions::default());
    assert_eq!(pipeline.execute().unwrap_err().error.kind, ErrorKind::InvalidArgument);
}
