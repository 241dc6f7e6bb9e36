//! A connection that nobody uses, or that nobody answers on, is watched all the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use resilient_redis::client::State;
use resilient_redis::event::EventKind;
use support::{Ask, Proxy, SOON, Scripted, Server, open_ready, wait_until};

fn pings(server: &Scripted) -> usize {
    named(server, "PING")
}

fn named(server: &Scripted, name: &str) -> usize {
    server.heard()[0].requests.iter().filter(|request| request.name() == name).count()
}

fn answering() -> Scripted {
    Scripted::serve(|_, peer| {
        while let Some(request) = peer.request_after_handshake() {
            peer.send(if request.name() == "PING" { "+PONG\r\n" } else { "+OK\r\n" });
        }
    })
}

#[test]
fn an_idle_connection_is_sent_a_ping_each_interval() {
    let server = answering();
    let client = open_ready(&server.url(), &[("health_check_interval_ms", "100"), ("server_role", "any")]);
    let (before, begun) = (pings(&server), Instant::now());
    wait_until("five were sent", SOON, || pings(&server) >= before + 5);
    let taken = begun.elapsed();
    assert!((380..2000).contains(&taken.as_millis()), "{taken:?}");
    assert!(client.stats().health_checks >= 5 && client.state() == State::Ready);
    assert_eq!(client.stats().commands, 0, "they are not the program's");
}

#[test]
fn a_busy_connection_is_sent_none() {
    let server = answering();
    let client = open_ready(&server.url(), &[("health_check_interval_ms", "200"), ("server_role", "any")]);
    let until = Instant::now() + Duration::from_millis(700);
    while Instant::now() < until {
        client.ask(&["SET", "k", "v"]);
    }
    assert_eq!(client.stats().health_checks, 0);
}

#[test]
fn a_primary_is_asked_for_its_role_each_interval_whether_it_is_busy_or_not() {
    let server = answering();
    let client = open_ready(&server.url(), &[("health_check_interval_ms", "100")]);
    let pings_before = pings(&server);
    wait_until("it was asked while nobody uses it", SOON, || named(&server, "ROLE") >= 2);
    let before = named(&server, "ROLE");
    wait_until("it was asked while it was busy", SOON, || {
        client.ask(&["SET", "k", "v"]);
        named(&server, "ROLE") >= before + 2
    });
    assert_eq!(pings(&server), pings_before, "one question is enough");
    assert!(client.stats().health_checks >= 4 && client.state() == State::Ready);
}

#[test]
fn a_server_that_hides_its_role_is_sent_pings() {
    let server = Scripted::serve(|_, peer| {
        while let Some(request) = peer.request() {
            match request.name().as_str() {
                "HELLO" => peer.send("%1\r\n+role\r\n+master\r\n"),
                "PING" => peer.send("+PONG\r\n"),
                _ => peer.send("-NOPERM this user has no permissions\r\n"),
            }
        }
    });
    let client = open_ready(&server.url(), &[("health_check_interval_ms", "50")]);
    let before = pings(&server);
    wait_until("pings are sent", SOON, || pings(&server) >= before + 3);
    assert_eq!(named(&server, "ROLE"), 1);
    assert_eq!(client.state(), State::Ready);
}

#[test]
fn health_checks_can_be_turned_off() {
    let server = answering();
    let client = open_ready(&server.url(), &[("health_check_interval_ms", "0")]);
    let before = pings(&server);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!((pings(&server), client.stats().health_checks), (before, 0));
}

#[test]
fn a_black_hole_is_noticed_by_the_health_check_alone() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [("health_check_interval_ms", "100"), ("command_timeout_ms", "200"), ("outage_grace_ms", "50")];
    let client = open_ready(&proxy.url(), &options);
    let begun = Instant::now();
    proxy.black_hole(true);
    let lost = client.event(EventKind::Disconnected);
    assert!(lost.message.contains("nothing was read"), "{lost:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    proxy.black_hole(false);
    client.wait_ready(SOON).unwrap();
}

#[test]
fn a_black_hole_is_noticed_by_a_command_without_health_checks() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [("health_check_interval_ms", "0"), ("command_timeout_ms", "300"), ("connect_timeout_ms", "300")];
    let client = open_ready(&proxy.url(), &options);
    proxy.black_hole(true);
    let short =
        resilient_redis::client::CommandOptions { timeout: Some(Duration::from_millis(50)), ..Default::default() };
    client.run_with(&["GET", "k"], &short).unwrap_err();
    // Its caller has long gone, and nobody else comes.
    client.event(EventKind::Disconnected);
    client.event(EventKind::Reconnecting);
    proxy.black_hole(false);
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "v"]);
}

#[test]
fn the_end_of_an_idle_connection_is_noticed_without_a_command() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("health_check_interval_ms", "0")]);
    for round in 1..=6 {
        if round % 2 == 0 {
            proxy.close_all()
        } else {
            proxy.reset_all()
        }
        wait_until("the loss is noticed", SOON, || client.stats().disconnects == round);
        client.wait_ready(SOON).unwrap();
    }
    server.kill();
    client.wait_state(State::Reconnecting);
    server.start_again();
    client.wait_state(State::Ready);
    assert_eq!(client.stats().commands, 0);
}

#[test]
fn a_slow_server_is_not_a_dead_one() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [("command_timeout_ms", "1500"), ("health_check_interval_ms", "50")];
    let client = open_ready(&proxy.url(), &options);
    proxy.delay(Duration::from_millis(100));
    for number in 1..=5 {
        assert_eq!(client.number(&["INCR", "n"]), number);
    }
    // One command that is allowed to take longer than the others.
    proxy.delay(Duration::ZERO);
    let patient = resilient_redis::client::CommandOptions { timeout: Some(SOON), ..Default::default() };
    client.run_with(&["DEBUG", "SLEEP", "2"], &patient).unwrap();
    assert_eq!(client.stats().disconnects, 0);
}
