//! Submitted commands: each completes once, with what became of it, through whatever happens.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resilient_redis::client::{Client, CommandOptions, Completion, CompletionQueue, State, SubmitOptions};
use resilient_redis::error::{Error, ErrorKind, Outcome, Result};
use resilient_redis::event::EventKind;
use resilient_redis::time::Deadline;
use support::{Action, Ask, Direction, Proxy, SOON, Server, open, open_ready, reply_of, wait_until};

fn queue() -> Arc<CompletionQueue> {
    Arc::default()
}

fn submit_with(
    client: &Client,
    queue: &Arc<CompletionQueue>,
    tag: u64,
    argv: &[&str],
    options: SubmitOptions,
) -> Result<u64> {
    let argv: Vec<&[u8]> = argv.iter().map(|argument| argument.as_bytes()).collect();
    client.submit_to(queue, tag, &argv, &options)
}

fn submit(client: &Client, queue: &Arc<CompletionQueue>, tag: u64, argv: &[&str]) -> u64 {
    submit_with(client, queue, tag, argv, SubmitOptions::default()).unwrap()
}

fn within_ms(milliseconds: u64) -> SubmitOptions {
    let timeout = Some(Duration::from_millis(milliseconds));
    SubmitOptions { command: CommandOptions { timeout, ..CommandOptions::default() }, ..SubmitOptions::default() }
}

/// Exactly so many completions, by tag.
fn take(queue: &CompletionQueue, count: usize) -> HashMap<u64, Completion> {
    let mut taken = HashMap::new();
    while taken.len() < count {
        let some = queue.next(100, Deadline::within(SOON));
        assert!(!some.is_empty(), "{} of {count} completions came", taken.len());
        for completion in some {
            assert!(taken.insert(completion.tag, completion).is_none(), "a completion came twice");
        }
    }
    assert!(queue.next(1, Deadline::within(Duration::ZERO)).is_empty());
    taken
}

fn take_one(queue: &CompletionQueue) -> Result<Option<String>> {
    let completion = take(queue, 1).into_values().next().unwrap();
    reply_of(completion.result)
        .map(|reply| reply.root().as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

fn fails(result: Result<Option<String>>, kind: ErrorKind, outcome: Outcome) -> Error {
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.outcome), (kind, outcome), "{error:?}");
    error
}

#[test]
fn replies_come_with_their_tags_in_the_order_of_their_commands() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    for round in 0..20 {
        for tag in 0..500 {
            submit(&client, &queue, tag, &["INCR", &format!("n:{round}")]);
        }
        let mut next = 0;
        while next < 500 {
            for completion in queue.next(64, Deadline::within(SOON)) {
                assert_eq!(completion.tag, next);
                assert_eq!(reply_of(completion.result).unwrap().root().as_integer(), Some(next as i64 + 1));
                next += 1;
            }
        }
    }
    wait_until("nothing is in flight", SOON, || client.stats().in_flight_now == 0);
    assert_eq!(client.stats().replies, 10_000);
}

#[test]
fn submitted_and_waited_for_commands_of_a_thread_keep_their_order() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                let (queue, key) = (queue(), format!("list:{thread}"));
                for number in 0..300 {
                    submit(client, &queue, number, &["RPUSH", &key, &(2 * number).to_string()]);
                    client.ask(&["RPUSH", &key, &(2 * number + 1).to_string()]);
                }
                take(&queue, 300);
                let list = client.ask(&["LRANGE", &key, "0", "-1"]);
                let numbers: Vec<u64> = list
                    .root()
                    .iter()
                    .map(|value| String::from_utf8_lossy(value.as_bytes().unwrap()).parse().unwrap())
                    .collect();
                assert_eq!(numbers, (0..600).collect::<Vec<_>>());
            });
        }
    });
}

#[test]
fn callbacks_run_once_each_in_order_and_may_submit_the_next() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    fn next(client: Client, seen: Arc<Mutex<Vec<i64>>>, left: usize) {
        let again = client.clone();
        let handler = Box::new(move |completed| {
            seen.lock().unwrap().push(reply_of(completed).unwrap().root().as_integer().unwrap());
            if left > 1 {
                next(again, seen, left - 1);
            }
        });
        client.submit(&[b"INCR", b"n"], &SubmitOptions::default(), handler).unwrap();
    }
    next(client.clone(), seen.clone(), 200);
    wait_until("all ran", SOON, || seen.lock().unwrap().len() == 200);
    assert_eq!(*seen.lock().unwrap(), (1..=200).collect::<Vec<_>>());
}

#[test]
fn an_error_of_the_server_is_a_completion_with_its_outcome() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    client.ask(&["SET", "text", "x"]);
    submit(&client, &queue, 1, &["LPUSH", "text", "y"]);
    let error = fails(take_one(&queue), ErrorKind::Server, Outcome::NotApplied);
    assert_eq!(error.server_code.as_deref(), Some("WRONGTYPE"));
}

#[test]
fn what_cannot_be_submitted_is_refused_at_once() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    for argv in [&["SELECT", "1"][..], &["SUBSCRIBE", "c"], &[""]] {
        let error = submit_with(&client, &queue, 1, argv, SubmitOptions::default()).unwrap_err();
        assert_eq!(error.outcome, Outcome::NotApplied, "{error:?}");
    }
    assert!(queue.next(1, Deadline::within(Duration::ZERO)).is_empty());
}

#[test]
fn too_much_on_its_way_would_block_or_is_waited_for() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_submitted", "3")]);
    let queue = queue();
    for tag in 0..3 {
        submit(&client, &queue, tag, &["PING"]);
    }
    let full = submit_with(&client, &queue, 3, &["PING"], SubmitOptions::default()).unwrap_err();
    assert_eq!((full.kind, full.outcome), (ErrorKind::WouldBlock, Outcome::NotApplied));
    assert!(full.is_retryable());
    let patient = SubmitOptions { wait: true, ..within_ms(20) };
    let full = submit_with(&client, &queue, 3, &["PING"], patient).unwrap_err();
    assert_eq!(full.kind, ErrorKind::WouldBlock);
    std::thread::scope(|scope| {
        let waiting = scope
            .spawn(|| submit_with(&client, &queue, 3, &["PING"], SubmitOptions { wait: true, ..within_ms(10_000) }));
        take(&queue, 3);
        waiting.join().unwrap().unwrap();
    });
    take(&queue, 1);
}

#[test]
fn what_finds_no_room_is_counted_when_it_comes_again() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_in_flight", "1")]);
    let queue = queue();
    server.pause();
    submit(&client, &queue, 1, &["PING"]);
    for _ in 0..5 {
        let full = submit_with(&client, &queue, 2, &["PING"], SubmitOptions::default()).unwrap_err();
        assert_eq!(full.kind, ErrorKind::WouldBlock);
    }
    server.resume();
    take(&queue, 1);
    // Its completion may come a moment before its room is free.
    submit_with(&client, &queue, 2, &["PING"], SubmitOptions { wait: true, ..SubmitOptions::default() }).unwrap();
    take(&queue, 1);
    assert_eq!(client.stats().commands, 2);
}

#[test]
fn a_frozen_server_ends_in_completions_with_the_outcome_of_each_command() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    server.pause();
    let options = within_ms(50);
    submit_with(&client, &queue, 1, &["INCR", "n"], options).unwrap();
    submit_with(&client, &queue, 2, &["GET", "n"], options).unwrap();
    // The first was written at once, the second waits for whoever reads.
    let taken = take(&queue, 2);
    let outcome = |tag| taken[&tag].result.as_ref().map(drop).unwrap_err().error.clone();
    assert_eq!((outcome(1).kind, outcome(1).outcome), (ErrorKind::Timeout, Outcome::Unknown));
    assert_eq!((outcome(2).kind, outcome(2).outcome), (ErrorKind::Timeout, Outcome::NotApplied));
    server.resume();
    assert_eq!(client.text(&["GET", "n"]), Some("1".to_owned()));
}

#[test]
fn what_was_cancelled_before_it_was_written_is_never_applied() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let mut not_applied = 0;
    // Somebody may write them all before the first is cancelled.
    for round in 0..100 {
        server.pause();
        submit(&client, &queue, 0, &["SET", "first", "x"]);
        let key = |tag: u64| format!("k:{round}:{tag}");
        let ids: Vec<u64> = (1..=100).map(|tag| submit(&client, &queue, tag, &["SET", &key(tag), "x"])).collect();
        assert!(ids.iter().all(|id| client.cancel(*id)));
        assert!(!client.cancel(ids[0]) && !client.cancel(999_999));
        server.resume();
        let taken = take(&queue, 101);
        assert!(taken[&0].result.is_ok());
        for tag in 1..=100_u64 {
            let error = &taken[&tag].result.as_ref().map(drop).unwrap_err().error;
            assert_eq!(error.kind, ErrorKind::Cancelled);
            if error.outcome == Outcome::NotApplied {
                not_applied += 1;
                assert_eq!(client.text(&["GET", &key(tag)]), None, "{tag}");
            }
        }
        if not_applied > 0 {
            return;
        }
    }
    panic!("none was cancelled in time");
}

#[test]
fn in_an_outage_a_write_completes_when_it_is_really_answered() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "300"), ("outage_grace_ms", "30")]);
    let queue = queue();
    server.kill();
    client.event(EventKind::Disconnected);
    for tag in 0..100 {
        submit(&client, &queue, tag, &["RPUSH", "list", &tag.to_string()]);
    }
    submit(&client, &queue, 100, &["GET", "k"]);
    // Reads have their deadline, writes are buffered beyond theirs.
    fails(take_one(&queue), ErrorKind::Timeout, Outcome::NotApplied);
    wait_until("all writes are buffered", SOON, || client.buffered() == 100);
    server.start_again();
    let taken = take(&queue, 100);
    for (tag, completion) in taken {
        assert_eq!(reply_of(completion.result).unwrap().root().as_integer(), Some(tag as i64 + 1));
    }
    assert_eq!((client.buffered(), client.failed_count()), (0, 0));
}

#[test]
fn in_an_outage_the_rules_of_the_buffer_hold() {
    let server = Server::start();
    let port = server.port();
    drop(server);
    let url = format!("redis://127.0.0.1:{port}");
    let small = [("buffer_max_commands", "2"), ("outage_grace_ms", "0"), ("reads_during_outage", "fail")];
    for (overflow, options) in [("reject", 0), ("block", 0), ("drop_oldest", 1)] {
        let client = open(&url, &[&small[..], &[("buffer_overflow", overflow)]].concat());
        let queue = queue();
        client.event(EventKind::Reconnecting);
        for tag in 0..2 {
            submit(&client, &queue, tag, &["SET", "k", "v"]);
        }
        let third = submit_with(&client, &queue, 2, &["SET", "k", "v"], SubmitOptions::default());
        if options == 0 {
            assert_eq!(third.unwrap_err().kind, ErrorKind::BufferFull);
        } else {
            third.unwrap();
            let dropped = take(&queue, 1).remove(&0).unwrap().result.unwrap_err().error;
            assert_eq!((dropped.kind, dropped.outcome), (ErrorKind::Dropped, Outcome::NotApplied));
            assert_eq!(client.failed_count(), 0);
        }
        let read = submit_with(&client, &queue, 3, &["GET", "k"], SubmitOptions::default()).unwrap_err();
        assert_eq!((read.kind, read.outcome), (ErrorKind::Unavailable, Outcome::NotApplied));
        // At the end what was accepted completes, too.
        let report = client.close(Duration::ZERO).unwrap();
        assert_eq!(report.lost, 2);
        for (_, completion) in take(&queue, 2) {
            let error = completion.result.unwrap_err().error;
            assert_eq!((error.kind, error.outcome), (ErrorKind::Closed, Outcome::NotApplied));
        }
    }
}

#[test]
fn every_command_completes_once_through_kills_and_nothing_is_lost() {
    let server = Server::builder().appendonly(true).start();
    let options = [("reconnect_max_delay_ms", "50"), ("buffer_max_commands", "100000")];
    let client = open_ready(&server.url(), &options);
    let queue = queue();
    const COUNT: u64 = 20_000;
    let submitted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for tag in 0..COUNT {
                let options = SubmitOptions { wait: true, ..within_ms(60_000) };
                submit_with(&client, &queue, tag, &["SET", &format!("k:{tag}"), "x"], options).unwrap();
                submitted.fetch_add(1, Ordering::Relaxed);
            }
        });
        for part in 1..=3 {
            wait_until("some are submitted", SOON, || submitted.load(Ordering::Relaxed) >= part * COUNT as usize / 4);
            server.kill();
            server.start_again();
        }
    });
    for (_, completion) in take(&queue, COUNT as usize) {
        completion.result.unwrap();
    }
    assert_eq!(client.number(&["DBSIZE"]), COUNT as i64);
}

#[test]
fn at_most_once_never_applies_a_submitted_command_twice() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [("delivery", "at_most_once"), ("reconnect_max_delay_ms", "10")];
    let client = open_ready(&proxy.url(), &options);
    let queue = queue();
    for round in 0..40 {
        proxy.cut_after_to_client(20 + round * 7, Action::Reset);
        let key = format!("n:{round}");
        for tag in 0..20 {
            submit(&client, &queue, tag, &["INCR", &key]);
        }
        let (mut applied, mut unknown) = (0, 0);
        for (_, completion) in take(&queue, 20) {
            match reply_of(completion.result) {
                Ok(_) => applied += 1,
                Err(error) if error.outcome == Outcome::Unknown => unknown += 1,
                Err(error) => assert_eq!(error.outcome, Outcome::NotApplied, "{error:?}"),
            }
        }
        client.wait_ready(SOON).unwrap();
        let held = client.text(&["GET", &key]).map_or(0, |text| text.parse().unwrap());
        assert!((applied..=applied + unknown).contains(&held), "{applied} {unknown} {held}");
    }
}

#[test]
fn closing_completes_what_is_on_its_way() {
    let server = Server::start();
    for close in [true, false] {
        let client = open_ready(&server.url(), &[]);
        let queue = queue();
        let called = Arc::new(AtomicUsize::new(0));
        server.pause();
        for tag in 0..50 {
            submit(&client, &queue, tag, &["INCR", "n"]);
            let called = called.clone();
            let handler = Box::new(move |_| {
                called.fetch_add(1, Ordering::SeqCst);
            });
            client.submit(&[b"INCR", b"n"], &SubmitOptions::default(), handler).unwrap();
        }
        if close {
            client.close(Duration::ZERO).unwrap();
            let late = submit_with(&client, &queue, 99, &["PING"], SubmitOptions::default()).unwrap_err();
            assert_eq!(late.kind, ErrorKind::Closed);
        }
        drop(client);
        assert_eq!(called.load(Ordering::SeqCst), 50);
        for (_, completion) in take(&queue, 50) {
            let error = completion.result.unwrap_err().error;
            assert!(matches!(error.outcome, Outcome::NotApplied | Outcome::Unknown), "{error:?}");
        }
        server.resume();
    }
}

#[test]
fn what_is_answered_is_in_flight_no_longer_whoever_reads_it() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let (one, other) = (queue(), queue());
    submit(&client, &one, 1, &["PING"]);
    assert_eq!(take(&one, 1).len(), 1);
    submit(&client, &other, 2, &["DEBUG", "SLEEP", "0.1"]);
    // It reads for the other queue, for as long as nothing comes for its own.
    let reading = one.clone();
    let reader = std::thread::spawn(move || reading.next(1, Deadline::within(SOON)));
    assert_eq!(take(&other, 1).len(), 1);
    wait_until("nothing is in flight", Duration::from_secs(5), || client.stats().in_flight_now == 0);
    assert!(!reader.is_finished());
    submit(&client, &one, 3, &["PING"]);
    assert_eq!(reader.join().unwrap().len(), 1);
}

#[test]
fn what_was_given_up_after_it_was_refused_is_not_sent_to_the_next_server() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let signpost = support::Signpost::to(&[replica.client_address()]);
    let options = [("reconnect_max_delay_ms", "20")];
    let config = support::configuration(&support::url_of("cache.test"), &options);
    let client = Client::open_with(config, signpost.hooks()).unwrap();
    client.wait_ready(SOON).unwrap();
    let queue = queue();
    // The second is held back by the server, so that it is not left at once when it has refused the first.
    replica.command(&["CLIENT", "PAUSE", "1000", "WRITE"]);
    let id = submit(&client, &queue, 1, &["INCR", "k"]);
    submit(&client, &queue, 2, &["PFCOUNT", "h"]);
    wait_until("it is refused", SOON, || client.state() != resilient_redis::client::State::Ready);
    assert!(client.cancel(id));
    signpost.turn(&[primary.client_address()]);
    let completions = take(&queue, 2);
    assert_eq!(completions[&1].result.as_ref().unwrap_err().error.kind, ErrorKind::Cancelled);
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "after", "x"]);
    assert_eq!(client.text(&["GET", "k"]), None);
}

#[test]
fn a_server_that_is_far_away_is_sent_each_command_at_once() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    let (queue, (told, came)) = (queue(), std::sync::mpsc::channel());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // How much was on its way to the server when each was answered.
            while !queue.next(1, Deadline::within(SOON)).is_empty() {
                told.send(proxy.bytes_to_server()).unwrap();
            }
        });
        proxy.delay_one_way(Direction::ToClient, Duration::from_millis(20));
        for round in 0..10 {
            // The first tells how far away the server is.
            submit(&client, &queue, 0, &["PING"]);
            came.recv_timeout(SOON).unwrap();
            wait_until("the server has nothing to do", SOON, || client.stats().in_flight_now == 0);
            let before = proxy.bytes_to_server();
            submit(&client, &queue, 1, &["ECHO", "1"]);
            submit(&client, &queue, 2, &["ECHO", "2"]);
            let sent = came.recv_timeout(SOON).unwrap() - before;
            assert_eq!(sent, 2 * "*2\r\n$4\r\nECHO\r\n$1\r\n1\r\n".len() as u64, "round {round}");
            came.recv_timeout(SOON).unwrap();
        }
        queue.close();
    });
}

#[test]
fn a_deadline_holds_while_the_client_recovers_too() {
    let server = Server::start();
    server.kill();
    let client = open(&server.url(), &[("reconnect_max_delay_ms", "20"), ("command_timeout_ms", "20000")]);
    let queue = queue();
    client.event(EventKind::Reconnecting);
    // Neither may be buffered: both wait for the connection, and the second behind the first.
    let options = |ms| SubmitOptions {
        command: CommandOptions { no_buffer: true, ..within_ms(ms).command },
        ..SubmitOptions::default()
    };
    submit_with(&client, &queue, 1, &["DEBUG", "SLEEP", "1.5"], options(20_000)).unwrap();
    submit_with(&client, &queue, 2, &["SET", "k", "v"], options(700)).unwrap();
    server.start_again();
    let completion = queue.next(1, Deadline::within(SOON)).pop().unwrap();
    assert_eq!(completion.tag, 2, "it is given up before the first is answered");
    assert_eq!(completion.result.unwrap_err().error.kind, ErrorKind::Timeout);
    assert_eq!(take(&queue, 1).len(), 1);
}

#[test]
fn what_waits_behind_a_command_that_was_given_up_is_sent_when_that_is_answered() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    std::thread::scope(|scope| {
        let (told, came) = std::sync::mpsc::channel();
        scope.spawn({
            let queue = queue.clone();
            move || {
                while let Some(completion) = queue.next(1, Deadline::within(SOON)).pop() {
                    told.send(completion).unwrap();
                }
            }
        });
        for round in 0..20 {
            // The server is known to be near.
            submit(&client, &queue, 0, &["PING"]);
            assert!(came.recv_timeout(SOON).unwrap().result.is_ok());
            server.pause();
            let id = submit(&client, &queue, 1, &["PING"]);
            assert!(client.cancel(id));
            let given_up = came.recv_timeout(SOON).unwrap();
            assert_eq!((given_up.tag, given_up.result.unwrap_err().error.kind), (1, ErrorKind::Cancelled));
            // By now, in most rounds, the other thread reads again: its next look is at the answer that nobody wants.
            std::thread::sleep(Duration::from_millis(2));
            submit(&client, &queue, 2, &["PING"]);
            server.resume();
            let sent = came.recv_timeout(SOON).unwrap();
            assert!(sent.result.is_ok(), "round {round}: {sent:?}");
        }
        queue.close();
    });
}

#[test]
fn whoever_takes_completions_while_nothing_is_on_its_way_sees_restarts_through() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "20")]);
    let queue = queue();
    std::thread::scope(|scope| {
        let (told, came) = std::sync::mpsc::channel();
        scope.spawn({
            let queue = queue.clone();
            move || {
                while let Some(completion) = queue.next(16, Deadline::within(SOON)).pop() {
                    told.send(completion).unwrap();
                }
            }
        });
        for round in 0..5 {
            submit(&client, &queue, round, &["PING"]);
            let completion = came.recv_timeout(SOON).unwrap();
            assert_eq!(completion.tag, round);
            assert!(completion.result.is_ok(), "round {round}: {completion:?}");
            // Calls that wait share the connection with it.
            client.ask(&["SET", "k", "v"]);
            server.kill();
            client.wait_state(State::Reconnecting);
            server.start_again();
            client.wait_ready(SOON).unwrap();
        }
        queue.close();
    });
}

#[test]
fn completions_are_given_out_while_the_socket_takes_no_more() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "60000")]);
    let queue = queue();
    submit(&client, &queue, 0, &["PING"]);
    assert_eq!(take(&queue, 1).len(), 1);
    let value = vec![b'x'; 16 << 20];
    // Who writes what the socket does not take is a matter of chance: in some rounds it is who takes completions.
    for round in 0..15 {
        server.pause();
        let ids: Vec<u64> = (1..=20).map(|tag| submit(&client, &queue, tag, &["PING"])).collect();
        let (told, came) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // One for each time that the other thread takes completions.
                for (id, ()) in ids.iter().zip(came) {
                    assert!(client.cancel(*id));
                }
            });
            client.submit_to(&queue, 99, &[b"SET", b"big", &value], &SubmitOptions::default()).unwrap();
            for tag in 1..=20 {
                told.send(()).unwrap();
                let patience = Deadline::within(Duration::from_secs(4));
                let completion = queue.next(1, patience).pop();
                assert_eq!(completion.map(|completion| completion.tag), Some(tag), "round {round}");
                assert!(!patience.has_passed(), "round {round}: it came when nothing more was waited for");
            }
            drop(told);
        });
        server.resume();
        assert!(take(&queue, 1)[&99].result.is_ok());
    }
}
