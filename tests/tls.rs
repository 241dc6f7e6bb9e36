//! TLS: everything goes over it, and what goes wrong is said in full.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use support::{Ask, Server, open_ready};

#[test]
fn commands_go_over_tls() {
    let server = Server::builder().tls().start();
    let client = open_ready(&server.tls_url(), &[]);
    assert_eq!(client.text(&["SET", "k", "v"]).unwrap(), "OK");
    assert_eq!(client.text(&["GET", "k"]).unwrap(), "v");
    let large = "x".repeat(5 << 20);
    assert_eq!(client.text(&["SET", "large", &large]).unwrap(), "OK");
    assert_eq!(client.text(&["GET", "large"]).unwrap(), large);
}
