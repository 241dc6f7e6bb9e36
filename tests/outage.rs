//! What a program sees of an outage: nothing, or exactly what happened.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, CommandOptions, Executed, PipelineOptions, State};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{Action, Ask, Proxy, SOON, Server, assert_fails, is_buffered, is_reply, open, open_ready, wait_until};

const THREADS: usize = 8;

/// What one thread was told about one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Answered,
    Buffered,
    NotApplied,
    Unknown,
}

/// Threads that each count up and send every number with `send`, until stopped.
struct Load {
    stop: Arc<AtomicBool>,
    issued: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Vec<Told>>>,
}

impl Load {
    fn start(client: &Client, send: impl Fn(&Client, usize, u64) -> Told + Send + Sync + 'static) -> Self {
        let (stop, issued) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let send = Arc::new(send);
        let threads = (0..THREADS).map(|thread| {
            let (client, stop, issued, send) = (client.clone(), stop.clone(), issued.clone(), send.clone());
            std::thread::spawn(move || {
                let mut told = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    told.push(send(&client, thread, told.len() as u64 + 1));
                    issued.fetch_add(1, Ordering::Relaxed);
                    // Slower and slower, so that the buffer does not overflow.
                    let pause = client.buffered() / 100;
                    if pause > 0 {
                        std::thread::sleep(Duration::from_millis(pause));
                    }
                }
                told
            })
        });
        Load { threads: threads.collect(), stop, issued }
    }

    fn wait_for(&self, more: u64) {
        let before = self.issued.load(Ordering::Relaxed);
        wait_until("commands flow", SOON, || self.issued.load(Ordering::Relaxed) > before + more);
    }

    fn stop(self) -> Vec<Vec<Told>> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}

fn kill_twice(server: &Server, client: &Client, load: &Load) {
    for _ in 0..2 {
        load.wait_for(1000);
        server.kill();
        wait_until("writes are buffered", SOON, || client.buffered() > 300);
        server.start_again();
        wait_until("the buffer is empty", SOON, || client.buffered() == 0);
    }
}

/// What stands in the list that a thread has pushed its numbers to.
fn pushed(server: &Server, thread: usize) -> Vec<u64> {
    let numbers: Vec<String> =
        redis::from_redis_value(server.command(&["LRANGE", &format!("thread:{thread}"), "0", "-1"])).unwrap();
    numbers.iter().map(|number| number.parse().unwrap()).collect()
}

fn without_repetition(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.dedup();
    numbers
}

fn push(client: &Client, thread: usize, number: u64) -> Told {
    match client.run(&["RPUSH", &format!("thread:{thread}"), &number.to_string()]) {
        Ok(Executed::Reply(_)) => Told::Answered,
        Ok(Executed::Buffered) => Told::Buffered,
        Err(error) if error.outcome == Outcome::NotApplied => Told::NotApplied,
        Err(error) if error.outcome == Outcome::Unknown => Told::Unknown,
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_value_comes_back() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    assert_eq!(client.state(), State::Ready);
    client.ask(&["SET", "k", "v"]);
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    assert_eq!(client.text(&["GET", "none"]), None);
}

#[test]
fn eight_threads_write_through_a_killed_and_restarted_server_and_lose_nothing() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[]);
    let load = Load::start(&client, push);
    kill_twice(&server, &client, &load);
    let told = load.stop();
    client.flush(SOON).unwrap();
    for (thread, told) in told.iter().enumerate() {
        assert!(told.iter().all(|told| matches!(told, Told::Answered | Told::Buffered)), "thread {thread}");
        // Sent again means that one may stand there twice in a row per outage, and none is missing or out of order.
        let expected: Vec<u64> = (1..=told.len() as u64).collect();
        assert_eq!(without_repetition(pushed(&server, thread)), expected, "thread {thread}");
    }
    let stats = client.stats();
    assert_eq!((stats.buffered_now, stats.failed_now, stats.buffered_bytes_now), (0, 0, 0), "{stats:?}");
    assert_eq!(stats.buffered, stats.replayed, "{stats:?}");
}

#[test]
fn eight_threads_of_pipelines_write_through_kills_and_lose_nothing() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[]);
    let load = Load::start(&client, |client, thread, round| {
        let mut pipeline = client.pipeline(PipelineOptions::default());
        let key = format!("thread:{thread}");
        for step in 0..3 {
            support::append(&mut pipeline, &["RPUSH", &key, &(3 * (round - 1) + step + 1).to_string()]);
        }
        match pipeline.execute() {
            Ok(Executed::Reply(reply)) => {
                assert!(reply.root().len() == 3 && reply.root().iter().all(|value| value.as_integer().is_some()));
                Told::Answered
            }
            Ok(Executed::Buffered) => Told::Buffered,
            Err(incomplete) => panic!("{incomplete:?}"),
        }
    });
    kill_twice(&server, &client, &load);
    let told = load.stop();
    client.flush(SOON).unwrap();
    for (thread, told) in told.iter().enumerate() {
        // Some of a batch may run twice: what follows one of its numbers is the next one or an earlier one of the same.
        let numbers = pushed(&server, thread);
        let mut reached = 0;
        for number in numbers {
            assert!(number <= reached + 1, "thread {thread}: {number} follows {reached}");
            assert!(number + 2 >= reached, "thread {thread}: {number} follows {reached}");
            reached = reached.max(number);
        }
        assert_eq!(reached, 3 * told.len() as u64, "thread {thread}");
    }
}

#[test]
fn an_atomic_pipeline_is_all_or_nothing_through_kills() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[]);
    let load = Load::start(&client, |client, thread, round| {
        let mut pipeline = client.pipeline(PipelineOptions { atomic: true, ..PipelineOptions::default() });
        let round = round.to_string();
        support::append(&mut pipeline, &["RPUSH", &format!("thread:{thread}"), &round]);
        support::append(&mut pipeline, &["RPUSH", &format!("twin:{thread}"), &round]);
        match pipeline.execute() {
            Ok(Executed::Reply(reply)) => {
                let lengths: Vec<_> = reply.root().iter().map(|value| value.as_integer().unwrap()).collect();
                assert!(lengths.len() == 2 && lengths[0] == lengths[1], "{lengths:?}");
                Told::Answered
            }
            Ok(Executed::Buffered) => Told::Buffered,
            Err(incomplete) => panic!("{incomplete:?}"),
        }
    });
    kill_twice(&server, &client, &load);
    let told = load.stop();
    client.flush(SOON).unwrap();
    for (thread, told) in told.iter().enumerate() {
        let numbers = pushed(&server, thread);
        let twin: Vec<u64> =
            redis::from_redis_value(server.command(&["LRANGE", &format!("twin:{thread}"), "0", "-1"])).unwrap();
        assert_eq!(numbers, twin, "thread {thread}");
        let expected: Vec<u64> = (1..=told.len() as u64).collect();
        assert_eq!(without_repetition(numbers), expected, "thread {thread}");
    }
}

#[test]
fn at_most_once_never_applies_twice_and_every_account_matches_the_data() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("delivery", "at_most_once")]);
    let load = Load::start(&client, push);
    kill_twice(&server, &client, &load);
    let told = load.stop();
    client.flush(SOON).unwrap();
    let mut failed_unknown = Vec::new();
    let mut after = 0;
    while let Some(failed) = client.failed_next(after) {
        after = failed.id;
        assert_eq!(failed.error.outcome, Outcome::Unknown, "{failed:?}");
        failed_unknown.push(String::from_utf8(failed.commands[0][1..].join(&b' ')).unwrap());
    }
    let mut unknown = 0;
    for (thread, told) in told.iter().enumerate() {
        let numbers = pushed(&server, thread);
        let mut counts = vec![0; told.len() + 1];
        numbers.iter().for_each(|number| counts[usize::try_from(*number).unwrap()] += 1);
        for (place, told) in told.iter().enumerate() {
            let (number, count) = (place + 1, counts[place + 1]);
            let is_open = failed_unknown.contains(&format!("thread:{thread} {number}"));
            match told {
                Told::Answered => assert_eq!(count, 1, "thread {thread} number {number} was answered"),
                Told::Buffered if is_open => assert!(count <= 1, "thread {thread} number {number} is unknown"),
                Told::Buffered => assert_eq!(count, 1, "thread {thread} number {number} was buffered"),
                Told::NotApplied => assert_eq!(count, 0, "thread {thread} number {number} was not applied"),
                Told::Unknown => assert!(count <= 1, "thread {thread} number {number} is unknown"),
            }
            unknown += usize::from(*told == Told::Unknown);
        }
        assert!(numbers.is_sorted(), "thread {thread} is out of order");
    }
    let stats = client.stats();
    assert_eq!((stats.resent, stats.resent_unsafe), (0, 0), "{stats:?}");
    assert_eq!(stats.unknown as usize, unknown + failed_unknown.len(), "{stats:?}");
}

#[test]
fn killed_connections_under_load_lose_nothing() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let load = Load::start(&client, push);
    for _ in 0..20 {
        load.wait_for(50);
        // The fixture's own connection is a normal one, too, and finds out at its next use.
        let _ = server.try_command(&["CLIENT", "KILL", "TYPE", "normal"]);
    }
    load.wait_for(50);
    let told = load.stop();
    client.flush(SOON).unwrap();
    assert!(client.stats().disconnects >= 10, "{:?}", client.stats());
    for (thread, told) in told.iter().enumerate() {
        assert!(told.iter().all(|told| matches!(told, Told::Answered | Told::Buffered)), "thread {thread}");
        let expected: Vec<u64> = (1..=told.len() as u64).collect();
        assert_eq!(without_repetition(pushed(&server, thread)), expected, "thread {thread}");
    }
}

#[test]
fn a_blip_shorter_than_the_grace_is_invisible() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "3000")]);
    let load = Load::start(&client, push);
    load.wait_for(200);
    server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    wait_until("the loss is noticed", SOON, || client.stats().disconnects == 1);
    load.wait_for(200);
    let told = load.stop();
    assert!(told.iter().flatten().all(|told| *told == Told::Answered));
    assert_eq!(client.stats().buffered, 0);
    let kinds: Vec<_> = client.events_so_far().into_iter().map(|event| event.kind).collect();
    assert!(!kinds.contains(&EventKind::Buffering), "{kinds:?}");
}

#[test]
fn a_write_is_buffered_only_after_the_grace_and_at_once_from_then_on() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "3000")]);
    server.kill();
    let begun = Instant::now();
    assert!(is_buffered(&client.run(&["SET", "a", "1"])));
    assert!(begun.elapsed() >= Duration::from_millis(2990), "{:?}", begun.elapsed());
    let begun = Instant::now();
    assert!(is_buffered(&client.run(&["SET", "b", "2"])));
    assert!(begun.elapsed() < Duration::from_millis(2900), "{:?}", begun.elapsed());
    server.start_again();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "b"]).as_deref(), Some("2"));
}

#[test]
fn a_read_waits_for_the_recovery() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[]);
    client.ask(&["SET", "k", "v"]);
    server.kill();
    let reader = {
        let client = client.clone();
        std::thread::spawn(move || client.text(&["GET", "k"]))
    };
    client.event(EventKind::Reconnecting);
    assert!(!reader.is_finished());
    server.start_again();
    assert_eq!(reader.join().unwrap().as_deref(), Some("v"));
}

#[test]
fn a_read_that_waits_in_vain_was_not_applied() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "300"), ("outage_grace_ms", "50")]);
    server.kill();
    assert_fails(client.run(&["GET", "k"]), ErrorKind::Timeout, Outcome::NotApplied);
}

#[test]
fn reads_fail_at_once_when_told_so() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reads_during_outage", "fail")]);
    server.kill();
    client.event(EventKind::Disconnected);
    let begun = Instant::now();
    assert_fails(client.run(&["GET", "k"]), ErrorKind::Unavailable, Outcome::NotApplied);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
}

#[test]
fn a_write_whose_reply_is_needed_waits_instead_of_being_buffered() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "0")]);
    server.kill();
    client.event(EventKind::Disconnected);
    let no_buffer = CommandOptions { no_buffer: true, ..CommandOptions::default() };
    let short = CommandOptions { timeout: Some(Duration::from_millis(100)), ..no_buffer };
    assert_fails(client.run_with(&["SET", "never", "1"], &short), ErrorKind::Timeout, Outcome::NotApplied);
    let waiting = {
        let client = client.clone();
        std::thread::spawn(move || client.run_with(&["INCR", "n"], &no_buffer))
    };
    server.start_again();
    assert!(is_reply(&waiting.join().unwrap()));
    assert_eq!(client.text(&["GET", "never"]), None);
    assert_eq!(client.stats().buffered, 0);
}

#[test]
fn without_a_buffer_writes_wait_like_reads() {
    let server = Server::start();
    let options = [("buffer_commands", "false"), ("command_timeout_ms", "400"), ("outage_grace_ms", "0")];
    let client = open_ready(&server.url(), &options);
    server.kill();
    // Until then a command could still be written, into nothing.
    client.event(EventKind::Disconnected);
    assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::Timeout, Outcome::NotApplied);
    server.start_again();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]), None);
}

#[test]
fn a_server_that_is_absent_at_the_start_is_an_outage_like_any_other() {
    let server = Server::start();
    let url = server.url();
    server.kill();
    let client = open(&url, &[]);
    assert_eq!(client.state(), State::Connecting);
    assert!(is_buffered(&client.run(&["RPUSH", "k", "1"])));
    assert!(is_buffered(&client.run(&["RPUSH", "k", "2"])));
    let reader = {
        let client = client.clone();
        std::thread::spawn(move || client.number(&["LLEN", "k"]))
    };
    client.event(EventKind::Reconnecting);
    server.start_again();
    // It was issued after them.
    assert_eq!(reader.join().unwrap(), 2);
    client.wait_ready(SOON).unwrap();
}

#[test]
fn a_new_command_never_overtakes_a_buffered_one() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0")]);
    proxy.refuse(true);
    proxy.close_all();
    client.event(EventKind::Disconnected);
    for number in 1..=5000 {
        assert!(is_buffered(&client.run(&["SET", "k", &number.to_string()])));
    }
    // Slow enough for a new command to have a chance.
    proxy.delay(Duration::from_millis(5));
    proxy.refuse(false);
    client.reconnect().unwrap();
    wait_until("what was buffered is being sent", SOON, || client.state() != State::Reconnecting);
    let mut last = 5000;
    loop {
        last += 1;
        let written = client.run(&["SET", "k", &last.to_string()]).unwrap();
        if matches!(written, Executed::Reply(_)) {
            break;
        }
    }
    // Had it overtaken any, that one would be the last by now.
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).unwrap(), last.to_string());

    // Nor does one that finds the lane open.
    proxy.refuse(true);
    proxy.close_all();
    client.wait_state(State::Reconnecting);
    for number in 1..=5000 {
        assert!(is_buffered(&client.run(&["SET", "k", &number.to_string()])));
    }
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "last"]);
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("last"));
}

#[test]
fn the_gate_opens_although_the_load_never_pauses() {
    // Writes are buffered at once, so that nothing slows down those who write while the buffer drains.
    for grace in ["0", "1"] {
        let server = Server::start();
        let client = open_ready(&server.url(), &[("outage_grace_ms", grace), ("buffer_max_commands", "2000")]);
        let stop = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (client, stop) = (client.clone(), stop.clone());
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let _ = client.run(&["INCR", &format!("n:{thread}")]);
                    }
                })
            })
            .collect();
        for _ in 0..3 {
            server.kill();
            wait_until("the buffer is full", SOON, || client.buffered() >= 1990);
            server.start_again();
            client.wait_ready(SOON).unwrap();
            wait_until("all is drained", SOON, || client.buffered() == 0);
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn the_last_and_the_longest_outage_are_measured() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    server.kill();
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
    server.start_again();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    let stats = client.stats();
    assert!(stats.last_outage_us >= 200_000 && stats.longest_outage_us >= stats.last_outage_us, "{stats:?}");
}

#[test]
fn a_command_in_flight_survives_a_reset_that_comes_instead_of_its_reply() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    proxy.cut_after_to_client(0, Action::Reset);
    client.ask(&["SET", "k", "v"]);
    assert_eq!(client.stats().resent, 1);
    assert_eq!(server.command(&["GET", "k"]), redis::Value::BulkString(b"v".to_vec()));
}
