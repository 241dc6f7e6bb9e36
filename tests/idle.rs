//! Private connections that nobody uses for a minute are ended. Alone in its program, because it moves the clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use resilient_redis::client::TransactionOptions;
use resilient_redis::time;
use support::{SOON, Server, open_ready, wait_until};

#[test]
fn a_connection_that_nobody_used_for_a_minute_is_ended() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "600000"), ("health_check_interval_ms", "0")]);
    let watching = || client.transaction(&[b"a"], TransactionOptions::default()).unwrap();
    let id = |transaction: &resilient_redis::client::Transaction| {
        transaction.command(&[b"CLIENT", b"ID"]).unwrap().root().as_integer().unwrap()
    };
    let (first, second) = (watching(), watching());
    let (old, young) = (id(&first), id(&second));
    first.discard().unwrap();
    time::advance(Duration::from_secs(45));
    second.discard().unwrap();
    time::advance(Duration::from_secs(30));
    assert_eq!(id(&watching()), young);
    wait_until("the old one is gone", SOON, || {
        let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST"])).unwrap();
        !list.contains(&format!("id={old} "))
    });
}
