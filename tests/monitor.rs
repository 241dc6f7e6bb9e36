//! MONITOR: a stream that comes back, says where it has a gap, and ends when it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant, SystemTime};

use resilient_redis::client::{Monitor, MonitorEntry, Monitored};
use resilient_redis::error::{Error, ErrorKind};
use support::{Ask, Proxy, SOON, Server, open, open_ready, wait_until};

/// The next entry that is about a command of this name, or a gap.
#[track_caller]
fn next(monitor: &mut Monitor, name: &str) -> MonitorEntry {
    let deadline = Instant::now() + SOON;
    loop {
        assert!(Instant::now() < deadline, "waited for {name} in vain");
        match monitor.next(Duration::from_millis(100)).unwrap() {
            Some(MonitorEntry::Command(told)) if !told.arguments[0].eq_ignore_ascii_case(name.as_bytes()) => {}
            Some(entry) => return entry,
            None => {}
        }
    }
}

#[track_caller]
fn command(monitor: &mut Monitor, name: &str) -> Monitored {
    match next(monitor, name) {
        MonitorEntry::Command(told) => told,
        gap @ MonitorEntry::Gap { .. } => panic!("{gap:?}"),
    }
}

#[test]
fn a_monitor_tells_each_command_with_its_arguments() {
    let server = Server::start();
    for protocol in ["2", "3"] {
        let client = open_ready(&server.url(), &[("protocol", protocol), ("db", "3")]);
        let mut monitor = client.monitor().unwrap();
        let value: Vec<u8> = (0..=255).collect();
        client.command(&[b"SET", b"k \"x\"", &value, b""]).unwrap_err();
        client.command(&[b"SET", b"k \"x\"", &value]).unwrap();
        for more in [1, 0] {
            let told = command(&mut monitor, "SET");
            let mut expected = vec![b"SET".to_vec(), b"k \"x\"".to_vec(), value.clone()];
            expected.extend((0..more).map(|_| Vec::new()));
            assert_eq!(told.arguments, expected);
            assert_eq!(told.db, 3);
            assert!(told.address.starts_with(b"127.0.0.1:"));
            assert!(told.at.elapsed().unwrap_or_default() < SOON && told.at <= SystemTime::now() + SOON);
            assert!(told.line.ends_with(if more == 1 { b"\" \"\"" } else { b"\\xff\"" }));
        }
        client.ask(&["EVAL", "return redis.call('GET', KEYS[1])", "1", "k"]);
        assert_eq!(command(&mut monitor, "GET").address, b"lua");
        assert_eq!(monitor.next(Duration::ZERO).unwrap(), None);
    }
}

#[test]
fn a_monitor_comes_back_after_a_restart_and_tells_the_gap() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let mut monitor = client.monitor().unwrap();
    for round in 0..3 {
        client.ask(&["SET", "k", "before"]);
        assert_eq!(command(&mut monitor, "SET").arguments[2], b"before");
        server.kill();
        assert_eq!(monitor.next(Duration::from_millis(50)).unwrap(), None, "{round}");
        server.start_again();
        let MonitorEntry::Gap { lasted, cause, .. } = next(&mut monitor, "no command") else { panic!("no gap") };
        assert!(lasted >= Duration::from_millis(49) && lasted < SOON && !cause.is_empty(), "{lasted:?} {cause}");
        client.wait_ready(SOON).unwrap();
    }
}

#[test]
fn a_cut_is_a_gap_and_closing_ends_the_stream() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    let mut monitor = client.monitor().unwrap();
    proxy.reset_all();
    assert!(matches!(next(&mut monitor, "no command"), MonitorEntry::Gap { .. }));
    server.command(&["SET", "k", "v"]);
    command(&mut monitor, "SET");

    let taking = std::thread::spawn(move || {
        loop {
            if let Err(error) = monitor.next(Duration::from_secs(60)) {
                return error;
            }
        }
    });
    client.close(Duration::ZERO).unwrap();
    wait_until("the call ends", SOON, || taking.is_finished());
    assert_eq!(taking.join().unwrap().kind, ErrorKind::Closed);
}

#[test]
fn another_thread_ends_a_monitor_that_waits_also_in_an_outage() {
    let server = Server::start();
    for outage in [false, true] {
        let client = open(&server.url(), &[]);
        let mut monitor = client.monitor().unwrap();
        let ending = monitor.ending();
        if outage {
            server.kill();
            assert_eq!(monitor.next(Duration::from_millis(10)).unwrap(), None);
        }
        let taking = std::thread::spawn(move || -> Error {
            loop {
                if let Err(error) = monitor.next(Duration::from_secs(60)) {
                    return error;
                }
            }
        });
        ending.end();
        wait_until("the call ends", SOON, || taking.is_finished());
        assert_eq!(taking.join().unwrap().kind, ErrorKind::Closed);
    }
}

/// What nobody takes waits in the kernel and at the server, not here; the server ends it when that is too much.
#[test]
fn a_reader_that_is_too_slow_is_cut_off_and_told_a_gap() {
    let server = Server::builder().arg("client-output-buffer-limit", "normal 100kb 0 0").start();
    let client = open_ready(&server.url(), &[]);
    let mut monitor = client.monitor().unwrap();
    let value = "x".repeat(100_000);
    let mut sent = 0;
    wait_until("the server ends the connection", SOON, || {
        client.ask(&["SET", "k", &value]);
        sent += 1;
        let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST"])).unwrap();
        !list.contains("cmd=monitor")
    });
    let mut told = 0;
    while let MonitorEntry::Command(_) = next(&mut monitor, "SET") {
        told += 1;
    }
    assert!(told < sent, "{told} of {sent}");
    client.ask(&["SET", "k", "after"]);
    assert_eq!(command(&mut monitor, "SET").arguments[2], b"after");
}

#[test]
fn a_monitor_that_may_not_be_is_refused() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", "nopass", "allkeys", "allcommands", "-monitor"]);
    let client = open_ready(&server.url().replace("://", "://app:x@"), &[]);
    let error = client.monitor().unwrap_err();
    assert_eq!((error.kind, error.server_code.as_deref()), (ErrorKind::Server, Some("NOPERM")));
    server.kill();
    let absent = open(&server.url(), &[("command_timeout_ms", "300"), ("outage_grace_ms", "10")]);
    assert_eq!(absent.monitor().unwrap_err().kind, ErrorKind::Timeout);
}
