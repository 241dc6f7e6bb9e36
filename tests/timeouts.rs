//! Deadlines: they end every wait, and what they say about a command stays true afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use resilient_redis::client::{Client, CommandOptions, Executed, PipelineOptions, State};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{Action, Direction};
use support::{Ask, Plan, Proxy, SOON, Server, append, assert_fails, is_buffered, is_reply, open_ready, wait_until};

fn limit(timeout: Duration) -> CommandOptions {
    CommandOptions { timeout: Some(timeout), ..CommandOptions::default() }
}

/// A frozen server holds the connection open and answers nothing.
#[test]
fn a_frozen_server_ends_in_timeouts_with_the_outcome_of_each_command() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "60000"), ("delivery", "at_most_once")]);
    client.ask(&["SET", "k", "v"]);
    server.pause();
    let begun = Instant::now();
    assert_fails(
        client.run_with(&["INCR", "n"], &limit(Duration::from_millis(100))),
        ErrorKind::Timeout,
        Outcome::Unknown,
    );
    assert_fails(
        client.run_with(&["GET", "k"], &limit(Duration::from_millis(100))),
        ErrorKind::Timeout,
        Outcome::NotApplied,
    );
    assert!((200..30_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    server.resume();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    // It was unknown, so it ran once or never.
    wait_until("the late command has run", SOON, || client.text(&["GET", "n"]).as_deref() == Some("1"));
}

#[test]
fn a_server_that_is_frozen_past_the_timeout_is_given_up_and_found_again() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "300"), ("connect_timeout_ms", "200")]);
    server.pause();
    let waiting = client.run_with(&["GET", "k"], &limit(Duration::from_millis(300)));
    assert_fails(waiting, ErrorKind::Timeout, Outcome::NotApplied);
    let lost = client.event(EventKind::Disconnected);
    assert!(lost.message.contains("nothing was read"), "{lost:?}");
    client.event(EventKind::Reconnecting);
    server.resume();
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "v"]);
}

#[test]
fn client_pause_only_delays() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let begun = Instant::now();
    server.command(&["CLIENT", "PAUSE", "300", "ALL"]);
    assert_eq!(client.number(&["INCR", "n"]), 1);
    assert!(begun.elapsed() >= Duration::from_millis(250), "{:?}", begun.elapsed());
    assert_eq!(client.stats().disconnects, 0);
}

#[test]
fn client_pause_past_the_timeout_loses_nothing() {
    let server = Server::start();
    let options = [("command_timeout_ms", "300"), ("connect_timeout_ms", "300"), ("outage_grace_ms", "100")];
    let client = open_ready(&server.url(), &options);
    server.command(&["CLIENT", "PAUSE", "1200", "WRITE"]);
    let mut expected = 0;
    let until = Instant::now() + Duration::from_millis(1000);
    while Instant::now() < until {
        match client.run(&["SADD", "set", &expected.to_string()]) {
            Ok(_) => expected += 1,
            Err(error) => assert_eq!((error.kind, error.outcome), (ErrorKind::Timeout, Outcome::Unknown), "{error:?}"),
        }
    }
    client.wait_ready(SOON).unwrap();
    client.flush(SOON).unwrap();
    let present = client.number(&["SCARD", "set"]);
    assert!(present >= expected, "{present} of {expected}");
}

/// The heart of "timed out, not applied": a writer that cannot write, callers behind it whose time passes, and a server
/// that reads on afterwards.
#[test]
fn what_timed_out_as_not_applied_is_never_applied() {
    let server = Server::start();
    for (round, delivery) in ["at_least_once", "at_most_once", "at_least_once"].into_iter().enumerate() {
        let options = [("delivery", delivery), ("buffer_commands", "false"), ("command_timeout_ms", "5000")];
        let client = open_ready(&server.url(), &options);
        server.pause();
        let big = "x".repeat(12 << 20);
        let threads: Vec<_> = (0..24_u64)
            .map(|thread| {
                let (client, big) = (client.clone(), big.clone());
                std::thread::spawn(move || {
                    // Two fill all socket buffers; the others stand behind them with little time.
                    let value = if thread < 2 { big.as_str() } else { "small" };
                    let mut told = Vec::new();
                    for number in 0..if thread < 2 { 1 } else { 20_u64 } {
                        let key = format!("{round}:{thread}:{number}");
                        let time =
                            Duration::from_millis(if thread < 2 { 350 } else { (thread * 7 + number * 3) % 40 + 1 });
                        match client.run_with(&["SET", &key, value], &limit(time)) {
                            Ok(Executed::Reply(_)) => told.push((key, None)),
                            Ok(Executed::Buffered) => panic!("buffered"),
                            Err(error) => {
                                assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
                                told.push((key, Some(error.outcome)));
                            }
                        }
                    }
                    told
                })
            })
            .collect();
        let told: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        server.resume();
        // All that was written before this has run when it is answered.
        client.ask(&["SET", "last", "1"]);
        let (mut not_applied, mut unknown) = (0, 0);
        for (key, outcome) in told {
            let exists = server.command(&["EXISTS", &key]) == redis::Value::Int(1);
            match outcome {
                Some(Outcome::NotApplied) => {
                    not_applied += 1;
                    assert!(!exists, "{key} was reported as not applied");
                }
                Some(Outcome::Unknown) => unknown += 1,
                None => assert!(exists, "{key} was answered"),
                other => panic!("{key}: {other:?}"),
            }
        }
        assert!(not_applied > 50 && unknown > 0, "{not_applied} not applied, {unknown} unknown");
        server.command(&["FLUSHALL"]);
    }
}

#[test]
fn tiny_timeouts_under_load_never_lie() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("buffer_commands", "false")]);
    let threads: Vec<_> = (0..8_u64)
        .map(|thread| {
            let client = client.clone();
            std::thread::spawn(move || {
                let mut told = Vec::new();
                for number in 0..400_u64 {
                    let key = format!("{thread}:{number}");
                    let time = Duration::from_micros((thread * 31 + number * 17) % 300);
                    let outcome = client.run_with(&["SET", &key, "1"], &limit(time)).err().map(|error| {
                        assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
                        error.outcome
                    });
                    told.push((key, outcome));
                }
                told
            })
        })
        .collect();
    let told: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    client.ask(&["SET", "last", "1"]);
    let mut connection = server.connection();
    for (key, outcome) in told {
        let exists: bool = redis::cmd("EXISTS").arg(&key).query(&mut connection).unwrap();
        match outcome {
            None => assert!(exists, "{key} was answered"),
            Some(Outcome::NotApplied) => assert!(!exists, "{key} was reported as not applied"),
            Some(_) => {}
        }
    }
    assert_eq!(client.stats().in_flight_now, 0);
}

#[test]
fn a_deadline_holds_through_an_outage_and_its_recovery() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("buffer_commands", "false"), ("command_timeout_ms", "300")]);
    // In flight when the connection ends, then waiting for one that does not come.
    proxy.refuse(true);
    proxy.plan(Plan::request_containing(b"INCR", Action::Close));
    let begun = Instant::now();
    assert_fails(client.run(&["INCR", "n"]), ErrorKind::Timeout, Outcome::Unknown);
    assert!((290..10_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    proxy.refuse(false);
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "n"]).as_deref(), Some("1"));
}

#[test]
fn who_waits_in_vain_is_told_why_there_is_no_connection() {
    let server = Server::start();
    let shared = [("buffer_max_commands", "1"), ("outage_grace_ms", "0")];
    let waiting = open_ready(&server.url(), &shared);
    let failing = open_ready(&server.url(), &[("reads_during_outage", "fail")]);
    let address = server.client_address();
    server.kill();
    for client in [&waiting, &failing] {
        client.event(EventKind::Reconnecting);
    }
    let brief = limit(Duration::from_millis(20));
    let second_write = |client: &Client| {
        assert!(is_buffered(&client.run(&["SET", "k", "v"])));
        client.run(&["SET", "k", "w"])
    };
    let told = [
        assert_fails(waiting.run_with(&["GET", "k"], &brief), ErrorKind::Timeout, Outcome::NotApplied),
        assert_fails(waiting.run_with(&["BLPOP", "list", "0"], &brief), ErrorKind::Timeout, Outcome::NotApplied),
        assert_fails(second_write(&waiting), ErrorKind::BufferFull, Outcome::NotApplied),
        assert_fails(failing.run(&["GET", "k"]), ErrorKind::Unavailable, Outcome::NotApplied),
        assert_fails(
            failing.run(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]),
            ErrorKind::Unavailable,
            Outcome::NotApplied,
        ),
        waiting.wait_ready(Duration::from_millis(20)).unwrap_err(),
    ];
    for error in &told {
        assert!(error.message.contains("refused") && error.message.contains(&address.to_string()), "{error:?}");
    }
    server.start_again();
    waiting.wait_ready(SOON).unwrap();
    server.pause();
    let late = assert_fails(waiting.run_with(&["GET", "k"], &brief), ErrorKind::Timeout, Outcome::NotApplied);
    assert!(!late.message.contains("connection"), "there is one, it only does not answer: {late:?}");
}

#[test]
fn a_write_that_was_lost_once_stays_unknown_however_its_second_attempt_ends() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("buffer_commands", "false"), ("command_timeout_ms", "600")]);
    // It runs, its reply is lost, and the server refuses the second attempt.
    proxy.plan(Plan::answer_to_request_containing(b"RPUSH", Action::Hold(Direction::ToClient)));
    let pushing = {
        let client = client.clone();
        std::thread::spawn(move || client.run(&["RPUSH", "list", "1"]))
    };
    proxy.wait_until("it has run", |state| state.plans_done == 1);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    proxy.reset_all();
    let error = assert_fails(pushing.join().unwrap(), ErrorKind::Server, Outcome::Unknown);
    assert_eq!(error.server_code.as_deref(), Some("OOM"));
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(client.number(&["LLEN", "list"]), 1);
}

#[test]
fn a_pipeline_that_times_out_in_an_outage_keeps_what_was_answered() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("buffer_commands", "false"), ("command_timeout_ms", "400")]);
    proxy.refuse(true);
    // The first reply has four bytes.
    proxy.cut_after_to_client(4, Action::Close);
    let mut pipeline = client.pipeline(PipelineOptions::default());
    for key in ["a", "b", "c"] {
        append(&mut pipeline, &["INCR", key]);
    }
    let incomplete = pipeline.execute().unwrap_err();
    assert_eq!((incomplete.error.kind, incomplete.error.outcome), (ErrorKind::Timeout, Outcome::Unknown));
    let reply = incomplete.reply.expect("what was answered");
    let values: Vec<_> =
        reply.root().iter().map(|value| (value.as_integer(), value.error_code().map(str::to_owned))).collect();
    let unknown = (None, Some("UNKNOWN".to_owned()));
    assert_eq!(values, [(Some(1), None), unknown.clone(), unknown]);
    proxy.refuse(false);
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "a"]).as_deref(), Some("1"), "what was answered is not run again");
}

#[test]
fn a_caller_that_waits_for_room_has_a_deadline_too() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_in_flight", "1"), ("buffer_commands", "false")]);
    server.pause();
    let first = {
        let client = client.clone();
        std::thread::spawn(move || client.run(&["SET", "first", "1"]))
    };
    wait_until("one is in flight", SOON, || client.stats().in_flight_now == 1);
    let second = client.run_with(&["SET", "second", "1"], &limit(Duration::from_millis(50)));
    assert_fails(second, ErrorKind::Timeout, Outcome::NotApplied);
    server.resume();
    assert!(is_reply(&first.join().unwrap()));
    client.ask(&["SET", "third", "1"]);
    assert_eq!(client.text(&["GET", "second"]), None);
    assert_eq!(client.state(), State::Ready);
}

#[test]
fn no_caller_is_kept_past_its_deadline_by_the_work_of_others() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("buffer_commands", "false")]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let longest = std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    client.ask(&["INCR", "n"]);
                }
            });
        }
        let mut longest = Duration::ZERO;
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            let begun = Instant::now();
            let _ = client.run_with(&["GET", "k"], &limit(Duration::from_millis(20)));
            longest = longest.max(begun.elapsed());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        longest
    });
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}
