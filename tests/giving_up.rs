//! When an outage lasts longer than the budget: what is refused, what is kept, and what brings the client back.
//!
//! Some tests move the clock, which is the clock of the whole process: here they take turns.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, State};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{Ask, Proxy, SOON, Scripted, Server, assert_fails, is_buffered, is_reply, open, open_ready, wait_until};

/// One test at a time: none shall have its clock moved by another.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client in an outage with one write buffered.
fn in_an_outage(options: &[(&str, &str)]) -> (Server, Proxy, Client) {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let mut all = vec![("outage_grace_ms", "0"), ("command_timeout_ms", "3600000")];
    all.extend_from_slice(options);
    let client = open_ready(&proxy.url(), &all);
    proxy.refuse(true);
    proxy.close_all();
    client.event(EventKind::Disconnected);
    assert!(is_buffered(&client.run(&["RPUSH", "list", "1"])));
    (server, proxy, client)
}

fn assert_gave_up(client: &Client) {
    assert_eq!(client.state(), State::GaveUp);
    for words in [&["RPUSH", "list", "2"][..], &["GET", "k"]] {
        let error = assert_fails(client.run(words), ErrorKind::GaveUp, Outcome::NotApplied);
        assert!(error.is_retryable());
    }
    assert_eq!(client.wait_ready(SOON).unwrap_err().kind, ErrorKind::GaveUp);
    assert_eq!(client.buffered(), 1, "what was buffered stays buffered");
}

#[test]
fn an_outage_is_survived_for_ten_minutes_and_then_given_up() {
    let _turn = turn();
    let (_server, proxy, client) = in_an_outage(&[]);
    let reader = {
        let client = client.clone();
        std::thread::spawn(move || client.run(&["GET", "k"]))
    };
    resilient_redis::time::advance(Duration::from_secs(590));
    let attempt = client.event(EventKind::Reconnecting).attempt;
    wait_until("attempts go on", SOON, || {
        client.events_until(EventKind::Reconnecting).pop().unwrap().attempt > attempt
    });
    assert_eq!(client.state(), State::Reconnecting);
    resilient_redis::time::advance(Duration::from_secs(20));
    let event = client.event(EventKind::GaveUp);
    assert!(event.attempt > attempt && event.message.contains("gave up"), "{event:?}");
    assert_fails(reader.join().unwrap(), ErrorKind::GaveUp, Outcome::NotApplied);
    assert_gave_up(&client);
    // Asked to, it comes back at once and with all it had.
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.number(&["LLEN", "list"]), 1);
}

#[test]
fn the_slow_probe_brings_a_client_back_by_itself() {
    let _turn = turn();
    let (_server, proxy, client) = in_an_outage(&[("reconnect_tries", "1"), ("reconnect_interval_ms", "100")]);
    client.event(EventKind::GaveUp);
    assert_gave_up(&client);
    proxy.refuse(false);
    client.event(EventKind::Connected);
    assert_eq!(client.number(&["LLEN", "list"]), 1);
}

/// It was told of credentials that are right by now, not of those that the attempt under way has.
#[test]
fn an_attempt_that_was_under_way_when_another_was_asked_for_gives_nothing_up() {
    let _turn = turn();
    let (refuse, told) = mpsc::channel();
    let told = Mutex::new(told);
    let server = Scripted::serve(move |number, peer| {
        if number == 0 {
            peer.request().unwrap();
            told.lock().unwrap().recv().unwrap();
            peer.send("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
        }
        while peer.request_after_handshake().is_some() {
            peer.send("+PONG\r\n");
        }
    });
    let client = open(&server.url(), &[("password", "p")]);
    server.wait_until("the first attempt has said who it is", |heard| {
        heard.first().is_some_and(|first| !first.requests.is_empty())
    });
    client.reconnect().unwrap();
    refuse.send(()).unwrap();
    client.wait_ready(SOON).unwrap();
    let events: Vec<_> = client.events_so_far().into_iter().map(|event| event.kind).collect();
    assert_eq!((events, client.stats().connect_failures), (vec![EventKind::Connected], 1));
}

#[test]
fn reconnect_starts_a_new_outage_budget() {
    let _turn = turn();
    let (_server, proxy, client) = in_an_outage(&[("reconnect_tries", "1"), ("reconnect_interval_ms", "300")]);
    client.event(EventKind::GaveUp);
    client.reconnect().unwrap();
    // Not given up any more from this moment on.
    assert!(is_buffered(&client.run(&["RPUSH", "list", "2"])));
    client.event(EventKind::Reconnecting);
    client.event(EventKind::GaveUp);
    assert_fails(client.run(&["RPUSH", "list", "3"]), ErrorKind::GaveUp, Outcome::NotApplied);
    client.reconnect().unwrap();
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.number(&["LLEN", "list"]), 2);
}

#[test]
fn with_no_tries_a_lost_connection_is_not_replaced_until_the_program_asks() {
    let _turn = turn();
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_tries", "0")]);
    client.ask(&["SET", "k", "v"]);
    // There is nothing to be made now, nor is this remembered.
    client.reconnect().unwrap();
    proxy.close_all();
    client.event(EventKind::GaveUp);
    assert_fails(client.run(&["GET", "k"]), ErrorKind::GaveUp, Outcome::NotApplied);
    assert_eq!(proxy.total_connections(), 1);
    resilient_redis::time::advance(Duration::from_secs(3600));
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!((client.text(&["GET", "k"]).as_deref(), proxy.total_connections()), (Some("v"), 2));
}

#[test]
fn with_no_tries_a_command_in_flight_ends_with_its_connection() {
    let _turn = turn();
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reconnect_tries", "0")]);
    server.pause();
    let writer = {
        let client = client.clone();
        std::thread::spawn(move || client.run(&["INCR", "n"]))
    };
    wait_until("it is in flight", SOON, || client.stats().in_flight_now == 1 && client.stats().bytes_written > 0);
    server.kill();
    let error = writer.join().unwrap().unwrap_err();
    assert_eq!((error.kind, error.outcome), (ErrorKind::GaveUp, Outcome::Unknown), "{error:?}");
}

#[test]
fn with_endless_tries_a_client_never_gives_up() {
    let _turn = turn();
    let (_server, proxy, client) = in_an_outage(&[("reconnect_tries", "-1")]);
    for _ in 0..3 {
        client.event(EventKind::Reconnecting);
        resilient_redis::time::advance(Duration::from_secs(100 * 86400));
    }
    client.event(EventKind::Reconnecting);
    assert_eq!(client.state(), State::Reconnecting);
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
}

#[test]
fn fixed_pauses_are_exact_and_their_number_is_the_budget() {
    let _turn = turn();
    let options = [("reconnect_backoff", "fixed"), ("reconnect_tries", "4"), ("reconnect_interval_ms", "150")];
    let begun = Instant::now();
    let (_server, _proxy, client) = in_an_outage(&options);
    let events = client.events_until(EventKind::GaveUp);
    let pauses: Vec<_> = events.iter().filter(|event| event.kind == EventKind::Reconnecting).collect();
    assert_eq!(pauses.iter().map(|event| event.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(pauses.iter().all(|event| event.delay == Duration::from_millis(150)), "{pauses:?}");
    // The clock may have been moved in a pause by somebody else; it then ends at once.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(events.last().unwrap().attempt, 4);
    assert_gave_up(&client);
}

#[test]
fn giving_up_at_the_start_is_like_giving_up_later() {
    let _turn = turn();
    let server = Server::start();
    let url = server.url();
    server.kill();
    let client = open(&url, &[("reconnect_tries", "1"), ("reconnect_interval_ms", "200"), ("outage_grace_ms", "0")]);
    assert!(is_buffered(&client.run(&["RPUSH", "list", "1"])));
    client.event(EventKind::GaveUp);
    assert_gave_up(&client);
    server.start_again();
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert!(is_reply(&client.run(&["RPUSH", "list", "2"])));
}

#[test]
fn a_client_that_gave_up_closes_at_once_and_says_what_is_lost() {
    let _turn = turn();
    let (_server, _proxy, client) = in_an_outage(&[("reconnect_tries", "1"), ("reconnect_interval_ms", "100")]);
    client.event(EventKind::GaveUp);
    let report = client.close(Duration::ZERO).unwrap();
    assert_eq!((report.drained, report.lost), (0, 1), "{report:?}");
}

#[test]
fn what_is_in_the_buffer_expires_by_the_clock() {
    let _turn = turn();
    let (_server, proxy, client) = in_an_outage(&[("buffer_max_age_ms", "3600000"), ("reconnect_tries", "-1")]);
    assert_eq!(client.failed_count(), 0);
    resilient_redis::time::advance(Duration::from_secs(3601));
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    let failed = client.failed_next(0).unwrap();
    assert_eq!((failed.error.kind, failed.error.outcome), (ErrorKind::Expired, Outcome::NotApplied));
    assert_eq!(client.number(&["LLEN", "list"]), 0);
}

/// Does this process have a thread of this name?
fn has_thread(name: &str) -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.flatten().any(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name))
}

#[test]
fn an_answer_to_a_look_up_that_nobody_waited_for_is_not_used_long_after() {
    let _turn = turn();
    let (one, other) = (Server::start(), Server::start());
    let signpost = support::Signpost::to(&[one.client_address()]);
    let (held, is_held) = (std::sync::Arc::new(std::sync::Mutex::new(())), std::sync::atomic::AtomicBool::new(false));
    let (gate, begun) = (held.clone(), std::sync::Arc::new(is_held));
    let (look_up, has_begun) = (signpost.look_up(), begun.clone());
    let hooks = resilient_redis::client::Hooks {
        look_up: Some(std::sync::Arc::new(move |host: &str, port| {
            let found = look_up(host, port);
            has_begun.store(true, std::sync::atomic::Ordering::SeqCst);
            drop(gate.lock().unwrap());
            found
        })),
        ..Default::default()
    };
    let config = support::configuration(&support::url_of("cache.test"), &[("health_check_interval_ms", "0")]);
    let client = resilient_redis::client::Client::open_with(config, hooks).unwrap();
    client.wait_ready(SOON).unwrap();
    begun.store(false, std::sync::atomic::Ordering::SeqCst);
    let closed = held.lock().unwrap();
    // A connection of its own, for which there is not time enough.
    let short =
        resilient_redis::client::CommandOptions { timeout: Some(Duration::from_millis(50)), ..Default::default() };
    client.run_with(&["BLPOP", "nothing", "0"], &short).unwrap_err();
    wait_until("it was looked up", SOON, || begun.load(std::sync::atomic::Ordering::SeqCst));
    drop(closed);
    signpost.turn(&[other.client_address()]);
    // Once the answer is there, time passes.
    wait_until("the look-up is over", SOON, || !has_thread("rr-resolver"));
    resilient_redis::time::advance(Duration::from_secs(60));
    let id = client.number(&["CLIENT", "ID"]).to_string();
    one.command(&["CLIENT", "KILL", "ID", &id]);
    client.event(EventKind::Disconnected);
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "where", "here"]);
    assert_eq!(other.command(&["EXISTS", "where"]), redis::Value::Int(1));
}
