//! The log: every event and more as lines for people, up to the level asked for, without ever keeping the client waiting.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use resilient_redis::client::{Client, Hooks, State};
use resilient_redis::event::EventKind;
use resilient_redis::log::{Level, Logging, level_of, line_of};
use support::{Ask, Lines, Proxy, SOON, Server, configuration, is_buffered, open_logged, wait_until};

#[test]
fn an_outage_is_told_line_by_line() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let options = [("outage_grace_ms", "0"), ("buffer_max_commands", "2"), ("client_name", "shop")];
    let (client, lines) = open_logged(&server.url(), Level::Debug, &options);
    client.wait_ready(SOON).unwrap();
    lines.wait_for(Level::Info, &["connected: commands flow"]);
    let info = server.command(&["INFO", "server"]);
    let info: String = redis::from_redis_value(info).unwrap();
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap().trim();
    let id = client.number(&["CLIENT", "ID"]);
    let words = ["RESP3", &format!("version {version}"), "is a primary", &format!("connection {id}")];
    assert!(lines.has(Level::Info, &words), "{:?}", lines.so_far());

    server.kill();
    client.event(EventKind::Disconnected);
    lines.wait_for(Level::Warning, &["the connection is lost"]);
    assert!(is_buffered(&client.run(&["RPUSH", "string", "1"])));
    assert!(is_buffered(&client.run(&["RPUSH", "list", "2"])));
    client.run(&["RPUSH", "list", "3"]).unwrap_err();
    lines.wait_for(Level::Warning, &["attempt 2 to connect failed", &server.address().to_string(), "the next in"]);
    server.start_again();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    client.close(SOON).unwrap();

    let said = lines.so_far();
    let place = |level: Level, words: &[&str]| {
        let found =
            said.iter().position(|(other, line)| *other == level && words.iter().all(|word| line.contains(word)));
        found.unwrap_or_else(|| panic!("no line of {level:?} with {words:?}: {said:#?}"))
    };
    let order = [
        place(Level::Debug, &["attempt 1 to connect"]),
        place(Level::Info, &["the server speaks RESP3"]),
        place(Level::Debug, &["the state is Recovering"]),
        place(Level::Debug, &["the state is Ready"]),
        place(Level::Warning, &["the connection is lost"]),
        place(Level::Debug, &["the state is Reconnecting"]),
        place(Level::Warning, &["writes are being buffered"]),
        place(Level::Error, &["the buffer is full", "commands in it: 2"]),
        place(Level::Error, &["a buffered command failed", "number 1", "RPUSH: WRONGTYPE"]),
        place(Level::Info, &["the buffer is empty", "sent from it: 2"]),
        place(Level::Warning, &["closed", "in the failed list: 1"]),
    ];
    assert!(order.is_sorted(), "{order:?} of {said:#?}");
    assert_eq!(*order.last().unwrap(), said.len() - 1, "the report comes last: {said:#?}");
    place(Level::Info, &["commands flow again after", "ms; sent again: 0, answered from the buffer so far: "]);
    assert!(said.iter().all(|(_, line)| line.starts_with(&format!("shop at {}: ", server.address()))), "{said:#?}");
    assert!(said.iter().all(|(_, line)| !line.contains("string") && !line.contains("list ")), "{said:#?}");
}

#[test]
fn every_event_is_a_line() {
    let server = Server::start();
    let options = [("reconnect_max_delay_ms", "10"), ("outage_grace_ms", "0")];
    let (client, lines) = open_logged(&server.url(), Level::Info, &options);
    client.wait_ready(SOON).unwrap();
    server.kill();
    client.event(EventKind::Disconnected);
    assert!(is_buffered(&client.run(&["SET", "key", "value"])));
    let mut events = client.events_until(EventKind::Reconnecting);
    server.start_again();
    events.extend(client.events_until(EventKind::Connected));
    client.close(SOON).unwrap();
    events.extend(client.events_so_far());
    let said = lines.so_far();
    let mut rest = said.iter();
    for event in &events {
        let expected = line_of(event);
        let found = rest.any(|(level, line)| *level == level_of(event.kind) && line.ends_with(&expected));
        assert!(found, "{expected:?} is not there, or not in its order: {said:#?}");
    }
    assert!(events.len() >= 4, "{events:?}");
}

#[test]
fn only_what_was_asked_for_is_written() {
    for level in Level::ALL {
        let server = Server::start();
        let (client, lines) = open_logged(&server.url(), level, &[]);
        client.wait_ready(SOON).unwrap();
        server.restart();
        wait_until("the outage is over", SOON, || client.stats().outages == 1);
        client.wait_state(State::Ready);
        client.close(SOON).unwrap();
        let mut seen: Vec<Level> = lines.so_far().iter().map(|(level, _)| *level).collect();
        seen.sort_unstable();
        seen.dedup();
        let expected: Vec<Level> = Level::ALL[1..].iter().copied().filter(|other| *other <= level).collect();
        assert_eq!(seen, expected, "{level:?}");
    }
}

#[test]
fn a_callback_that_does_not_return_keeps_nobody_waiting_and_what_it_missed_is_said() {
    let server = Server::start();
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let lines = Lines::default();
    let (sink, opened) = (lines.clone(), gate.clone());
    let handler = Arc::new(move |level, line: &str| {
        let (open, changed) = &*opened;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        sink.add(level, line);
    });
    let hooks = Hooks { events: None, log: Some(Logging { level: Level::Debug, handler }), ..Hooks::default() };
    let config = configuration(&server.url(), &[("event_queue_size", "4"), ("reconnect_max_delay_ms", "10")]);
    let client = Client::open_with(config, hooks).unwrap();
    client.wait_ready(SOON).unwrap();
    for number in 1..=5 {
        server.restart();
        wait_until("the outage is over", SOON, || client.stats().outages == number);
        client.wait_state(State::Ready);
        client.ask(&["SET", "key", "value"]);
    }
    assert!(lines.so_far().is_empty(), "the callback has not returned yet");
    let missed = client.stats().log_lines_missed;
    assert!(missed >= 5, "{missed}");
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    client.close(SOON).unwrap();
    let said = lines.so_far();
    let number = |line: &String| line.split_once(" log lines before this one are missing")?.0.parse::<u64>().ok();
    let told: u64 = said.iter().filter_map(|(_, line)| number(line)).sum();
    assert_eq!(told, client.stats().log_lines_missed, "{said:#?}");
    assert!(said.last().unwrap().1.contains("closed"), "{said:#?}");
}

#[test]
fn a_client_that_is_dropped_says_what_it_leaves_behind() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let (client, lines) = open_logged(&proxy.url(), Level::Warning, &[("outage_grace_ms", "0")]);
    client.wait_ready(SOON).unwrap();
    proxy.refuse(true);
    proxy.close_all();
    client.event(EventKind::Disconnected);
    for _ in 0..3 {
        assert!(is_buffered(&client.run(&["INCR", "key"])));
    }
    drop(client);
    let said = lines.so_far();
    assert!(said.last().unwrap().1.contains("closed; sent from the buffer: 0, lost: 3, unknown: 0"), "{said:#?}");
}

#[test]
fn giving_up_and_options_that_may_not_be_meant_are_said() {
    let server = Server::start();
    let url = server.url();
    server.kill();
    let options = [("reconnect_tries", "0"), ("connect_timeout_ms", "9000"), ("outage_grace_ms", "6000")];
    let (client, lines) = open_logged(&url, Level::Debug, &options);
    lines.wait_for(Level::Error, &["gave up", &server.address().to_string()]);
    client.close(Duration::ZERO).unwrap();
    for words in ["reconnect_tries is 0", "connect_timeout_ms is above", "outage_grace_ms is not below"] {
        assert!(lines.has(Level::Warning, &[words]), "{words}: {:#?}", lines.so_far());
    }
    let defaults = configuration(&url, &[]);
    assert_eq!(defaults.surprises(), Vec::<String>::new());
}

#[test]
fn a_handler_may_use_the_client_and_drop_it() {
    let server = Server::start();
    let handle: Arc<Mutex<Option<Client>>> = Arc::default();
    let user = handle.clone();
    let handler = Arc::new(move |_, line: &str| {
        if line.contains("the connection is lost")
            && let Some(client) = user.lock().unwrap().take()
        {
            assert!(!client.metrics().is_empty());
            let _ = client.run(&["SET", "key", "value"]);
        }
    });
    let hooks = Hooks { events: None, log: Some(Logging { level: Level::Debug, handler }), ..Hooks::default() };
    let client = Client::open_with(configuration(&server.url(), &[("outage_grace_ms", "0")]), hooks).unwrap();
    client.wait_ready(SOON).unwrap();
    *handle.lock().unwrap() = Some(client);
    server.kill();
    wait_until("it was dropped", SOON, || handle.lock().unwrap().is_none());
}
