//! What a client takes of its process, and that all of it is given back.
//!
//! Counting what this process holds needs a process in which nobody else opens anything: the tests take turns.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resilient_redis::client::{SubscriptionOptions, TopicKind};
use support::{
    Ask, SOON, Server, open, open_descriptors, open_ready, resident_kib, threads_of_this_process, wait_until,
};

fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn an_idle_client_has_one_thread_and_three_descriptors() {
    let _turn = alone();
    let server = Server::start();
    let before = (threads_of_this_process(), open_descriptors());
    let clients: Vec<_> = (0..10).map(|_| open_ready(&server.url(), &[])).collect();
    assert!(threads_of_this_process() <= before.0 + 10);
    assert!(open_descriptors() <= before.1 + 30);
    drop(clients);
    wait_until("all is given back", SOON, || threads_of_this_process() <= before.0 && open_descriptors() <= before.1);
}

#[test]
fn a_thousand_clients_leave_nothing_behind() {
    let _turn = alone();
    let server = Server::start();
    let url = server.url();
    let open_some = |count: usize| {
        for number in 0..count {
            let client = open(&url, &[]);
            if number % 2 == 0 {
                client.wait_ready(SOON).unwrap();
                client.ask(&["INCR", "n"]);
            }
            if number % 3 == 0 {
                client.close(Duration::ZERO).unwrap();
            }
        }
    };
    open_some(100);
    let before = (threads_of_this_process(), open_descriptors());
    let memory = resident_kib();
    open_some(900);
    wait_until("all is given back", SOON, || threads_of_this_process() <= before.0 && open_descriptors() <= before.1);
    let grown = resident_kib().saturating_sub(memory);
    assert!(grown < 4096, "{grown} KiB more");
    wait_until("the server has no client left", SOON, || {
        server.info("clients", "connected_clients").as_deref() == Some("1")
    });
}

#[test]
fn subscriptions_leave_nothing_behind() {
    let _turn = alone();
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let subscribe = |name: &str| {
        let subscription = client.subscription(&SubscriptionOptions::default()).unwrap();
        subscription.add(TopicKind::Channel, &[name.as_bytes()]).unwrap();
        subscription.wait(SOON).unwrap();
        let pushed = client.subscribe(TopicKind::Pattern, &[name.as_bytes()], Arc::new(|_| {})).unwrap();
        pushed.wait(SOON).unwrap();
    };
    // What stays as long as the client: the waker of its subscriptions, and the thread of its callbacks.
    subscribe("first");
    wait_until("the first is over", SOON, || {
        let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST", "TYPE", "pubsub"])).unwrap();
        list.is_empty()
    });
    let before = (threads_of_this_process(), open_descriptors());
    let memory = resident_kib();
    for number in 0..300 {
        subscribe(&number.to_string());
    }
    wait_until("all is given back", SOON, || threads_of_this_process() <= before.0 && open_descriptors() <= before.1);
    let grown = resident_kib().saturating_sub(memory);
    assert!(grown < 2048, "{grown} KiB more");
}

#[test]
fn the_output_buffer_is_bounded_while_a_server_does_not_read() {
    let _turn = alone();
    let server = Server::start();
    let options = [("max_output_bytes", "4MiB"), ("buffer_commands", "false"), ("command_timeout_ms", "1500")];
    let client = open_ready(&server.url(), &options);
    server.pause();
    let before = resident_kib();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let client = &client;
            scope.spawn(move || {
                let value = vec![b'x'; 3 << 20];
                let _ = client.command(&[b"SET", thread.to_string().as_bytes(), &value]);
            });
        }
    });
    let grown = resident_kib().saturating_sub(before) / 1024;
    // The threads' own values are 48 MiB.
    assert!(grown < 110, "{grown} MiB");
    server.resume();
    client.wait_ready(SOON).unwrap();
    client.ask(&["PING"]);
}
