//! Values that do not fit into any socket buffer, both ways, and networks that pass them on in crumbs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use resilient_redis::client::{Client, Executed, PipelineOptions};
use resilient_redis::error::{ErrorKind, Outcome};
use support::{Action, Ask, Proxy, Server, append, assert_fails, open_ready, within};

const MIB: usize = 1 << 20;

/// Bytes of which each says where it is.
fn value(length: usize, seed: usize) -> Vec<u8> {
    (0..length / 8).flat_map(|place| (place * 31 + seed).to_le_bytes()).collect()
}

fn set(client: &Client, key: &str, value: &[u8]) {
    assert!(matches!(client.command(&[b"SET", key.as_bytes(), value]), Ok(Executed::Reply(_))));
}

fn assert_get(client: &Client, key: &str, value: &[u8]) {
    let reply = client.ask(&["GET", key]);
    // Not assert_eq: nobody wants to read that.
    assert!(reply.root().as_bytes() == Some(value), "{key} came back changed");
}

#[test]
fn sixty_four_mebibytes_go_both_ways() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "20000")]);
    let value = value(64 * MIB, 1);
    set(&client, "k", &value);
    assert_get(&client, "k", &value);
    assert_get(&client, "k", &value);
    client.ask(&["PING"]);
}

#[test]
fn many_threads_with_full_socket_buffers_do_not_wait_for_each_other_for_ever() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "30000")]);
    within(Duration::from_secs(60), "all are done", move || {
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let client = &client;
                scope.spawn(move || {
                    let (key, value) = (thread.to_string(), value(4 * MIB, thread));
                    for _ in 0..3 {
                        set(client, &key, &value);
                        // Both directions at once, several times what the kernel holds.
                        let mut pipeline = client.pipeline(PipelineOptions::default());
                        for _ in 0..2 {
                            pipeline.append(&[b"SET", key.as_bytes(), &value]).unwrap();
                            append(&mut pipeline, &["GET", &key]);
                        }
                        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
                        for place in [1, 3] {
                            assert!(reply.root().get(place).unwrap().as_bytes() == Some(&value[..]));
                        }
                        assert_get(client, &key, &value);
                    }
                });
            }
            scope.spawn(|| (0..200).for_each(|_| assert!(client.run(&["INCR", "n"]).is_ok())));
        });
        assert_eq!(client.stats().disconnects, 0);
    });
}

#[test]
fn crumbs_of_one_byte_make_whole_replies() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    proxy.fragment(1);
    let client = open_ready(&proxy.url(), &[]);
    let value = value(3000, 7);
    set(&client, "k", &value);
    assert_get(&client, "k", &value);
    let mut pipeline = client.pipeline(PipelineOptions { atomic: true, ..PipelineOptions::default() });
    append(&mut pipeline, &["HSET", "h", "f", "v"]);
    append(&mut pipeline, &["HGETALL", "h"]);
    append(&mut pipeline, &["GET", "none"]);
    let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
    assert_eq!(reply.root().len(), 3);
    assert!(reply.root().get(2).unwrap().is_nil());
}

#[test]
fn threads_share_a_network_that_is_slow_and_passes_on_crumbs() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    proxy.fragment(7);
    proxy.delay(Duration::from_millis(3));
    let client = open_ready(&proxy.url(), &[]);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = &client;
            scope.spawn(move || {
                for number in 0..20 {
                    let text = format!("{thread}:{number}");
                    assert_eq!(client.text(&["ECHO", &text]), Some(text));
                }
            });
        }
    });
    assert_eq!(client.stats().disconnects, 0);
}

#[test]
fn a_large_value_that_is_cut_on_its_way_arrives_whole_in_the_end() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "4000"), ("reconnect_max_delay_ms", "10")]);
    let value = value(8 * MIB, 3);
    for (place, action) in [(1, Action::Close), (100_000, Action::Reset), (3 * MIB as u64, Action::Close)] {
        proxy.cut_after_to_server(place, action);
        set(&client, "k", &value);
        proxy.cut_after_to_client(place, action);
        assert_get(&client, "k", &value);
    }
    assert!(client.stats().disconnects >= 6, "{:?}", client.stats());
}

#[test]
fn a_command_beyond_the_limit_is_refused_before_it_is_sent() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_output_bytes", "1MiB")]);
    let error =
        assert_fails(client.command(&[b"SET", b"k", &value(2 * MIB, 0)]), ErrorKind::TooLarge, Outcome::NotApplied);
    assert!(error.message.contains("max_output_bytes"), "{error:?}");
    client.ask(&["SET", "k", "small"]);
}
