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

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
