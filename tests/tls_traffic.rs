//! TLS: what goes over it, and what becomes of it when the connection is cut at any byte of a record.
//!
//! The proxy knows nothing of TLS here: it cuts what is encrypted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use resilient_redis::client::{
    Client, CompletionQueue, Executed, Message, PipelineOptions, SubmitOptions, Subscription, SubscriptionOptions,
    TopicKind, TransactionOptions,
};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use resilient_redis::log::Level;
use resilient_redis::time::Deadline;
use support::{
    Action, Ask, Authority, Direction, Plan, Proxy, SOON, Server, append, open, open_logged, open_ready, reply_of,
    wait_until, within,
};

const MIB: usize = 1 << 20;
const QUICK: [(&str, &str); 2] = [("outage_grace_ms", "4000"), ("reconnect_max_delay_ms", "10")];
const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

fn speaking(version: &str) -> Server {
    Server::builder().tls().arg("tls-protocols", version).start()
}

fn cut(direction: Direction, bytes: u64, action: Action) -> Plan {
    match direction {
        Direction::ToServer => Plan::to_server(bytes, action),
        Direction::ToClient => Plan::to_client(bytes, action),
    }
}

fn held(server: &Server, key: &str) -> i64 {
    let text: Option<String> = redis::from_redis_value(server.command(&["GET", key])).unwrap();
    text.map_or(0, |text| text.parse().unwrap())
}

/// Bytes of which each says where it is.
fn value(length: usize, seed: usize) -> Vec<u8> {
    (0..length / 8).flat_map(|place| (place * 31 + seed).to_le_bytes()).collect()
}

#[test]
fn a_session_is_resumed_at_the_next_connection() {
    for version in VERSIONS {
        let server = speaking(version);
        let proxy = Proxy::start(server.tls_address());
        let (client, lines) = open_logged(&Authority::common().url(proxy.address()), Level::Debug, &QUICK);
        client.wait_ready(SOON).unwrap();
        client.ask(&["PING"]);
        proxy.close_all();
        client.event(EventKind::Disconnected);
        client.wait_ready(SOON).unwrap();
        wait_until("both are told", SOON, || lines.count(Level::Debug, &["protected by"]) == 2);
        // The first had nothing to resume.
        assert_eq!(lines.count(Level::Debug, &["protected by", ", resumed"]), 1, "{version}: {:#?}", lines.so_far());
    }
}

#[test]
fn a_handshake_that_is_cut_anywhere_is_made_again() {
    for version in VERSIONS {
        let server = speaking(version);
        let proxy = Proxy::start(server.tls_address());
        let url = Authority::common().url(proxy.address());
        let before = proxy.state();
        drop(open_ready(&url, &QUICK));
        let after = proxy.state();
        let to_server = after.bytes_to_server - before.bytes_to_server;
        let to_client = after.bytes_to_client - before.bytes_to_client;
        assert!(to_server > 200 && to_client > 500, "{to_server} {to_client}");
        let points = (0..to_server).step_by(13).map(|bytes| (Direction::ToServer, bytes));
        let points = points.chain((0..to_client).step_by(29).map(|bytes| (Direction::ToClient, bytes)));
        for (number, (direction, bytes)) in (1..).zip(points) {
            let action = if number % 2 == 0 { Action::Close } else { Action::Reset };
            proxy.forget_plans();
            let next = proxy.total_connections();
            proxy.plan(cut(direction, bytes, action).counted_from_start().on_connection(next));
            let client = open(&url, &QUICK);
            assert_eq!(client.number(&["INCR", "n"]), number, "{version} {direction:?} {bytes} {action:?}");
            assert_eq!(held(&server, "n"), number, "{version} {direction:?} {bytes} {action:?}");
        }
    }
}

/// Cuts INCR at each byte of its record and of its reply's, and hands on whether the server surely has it, what the
/// program was told, and how often it ran.
fn cut_incr(options: &[(&str, &str)], check: impl Fn(&str, bool, Result<i64, Outcome>, i64)) {
    for version in VERSIONS {
        let server = speaking(version);
        let proxy = Proxy::start(server.tls_address());
        let client = open_ready(&Authority::common().url(proxy.address()), &[&QUICK, options].concat());
        client.ask(&["PING"]);
        let before = proxy.state();
        client.ask(&["INCR", "n"]);
        let after = proxy.state();
        let request = after.bytes_to_server - before.bytes_to_server;
        let reply = after.bytes_to_client - before.bytes_to_client;
        let points = (0..=request).map(|bytes| (Direction::ToServer, bytes));
        let points = points.chain((0..reply).map(|bytes| (Direction::ToClient, bytes)));
        for (direction, bytes) in points {
            for action in [Action::Close, Action::Reset] {
                let which = format!("{version} {direction:?} {bytes} of {request} and {reply} {action:?}");
                proxy.forget_plans();
                client.wait_ready(SOON).unwrap();
                // Whatever the server says of itself after the handshake has come before this reply.
                client.ask(&["DEL", "n"]);
                proxy.plan(cut(direction, bytes, action));
                let told = match client.run(&["INCR", "n"]) {
                    Ok(Executed::Reply(reply)) => Ok(reply.root().as_integer().unwrap()),
                    Ok(Executed::Buffered) => panic!("{which}: buffered"),
                    Err(error) => {
                        assert_eq!(error.kind, ErrorKind::ConnectionLost, "{which}: {error:?}");
                        Err(error.outcome)
                    }
                };
                let has_arrived = direction == Direction::ToClient || bytes >= request;
                check(&which, has_arrived, told, held(&server, "n"));
            }
        }
    }
}

#[test]
fn at_least_once_answers_an_incr_whose_records_were_cut_anywhere() {
    cut_incr(&[], |which, has_arrived, told, held| {
        let times = told.unwrap_or_else(|outcome| panic!("{which}: {outcome:?}"));
        assert_eq!(times, held, "{which}: the reply is that of the last run");
        assert!(held == 1 || (has_arrived && held == 2), "{which}: it ran {held} times");
    });
}

#[test]
fn at_most_once_never_runs_an_incr_twice_whose_records_were_cut_anywhere() {
    cut_incr(&[("delivery", "at_most_once")], |which, has_arrived, told, held| {
        assert_eq!(held, if told.is_ok() { 1 } else { i64::from(has_arrived) }, "{which}: {told:?}");
        match told {
            Ok(times) => assert_eq!(times, 1, "{which}"),
            Err(outcome) => assert_eq!(outcome, Outcome::Unknown, "{which}"),
        }
    });
}

#[test]
fn a_large_value_whose_records_are_cut_and_crumbled_arrives_whole() {
    let server = Server::builder().tls().start();
    let proxy = Proxy::start(server.tls_address());
    let client = open_ready(
        &Authority::common().url(proxy.address()),
        &[&QUICK[..], &[("command_timeout_ms", "20000")]].concat(),
    );
    let value = value(3 * MIB, 3);
    for (place, action) in [(1, Action::Close), (16_405, Action::Reset), (1_000_003, Action::Close)] {
        for fragment in [0, 1009] {
            proxy.fragment(fragment);
            proxy.cut_after_to_server(place, action);
            client.command(&[b"SET", b"k", &value]).unwrap();
            proxy.cut_after_to_client(place, action);
            let reply = client.ask(&["GET", "k"]);
            assert!(reply.root().as_bytes() == Some(&value[..]), "{place} {fragment}: it came back changed");
        }
    }
    assert!(client.stats().disconnects >= 12, "{:?}", client.stats());
}

#[test]
fn what_a_network_changes_in_a_record_reaches_nobody() {
    // A proxy cannot change bytes, so a peer of the test's own stands between.
    let server = Server::builder().tls().start();
    let client = open_ready(&tampered(&server), &QUICK);
    for number in 1..=20 {
        assert_eq!(client.text(&["ECHO", &number.to_string()]), Some(number.to_string()));
    }
    assert!(client.stats().disconnects >= 3, "{:?}", client.stats());
}

/// Where somebody listens who changes a bit of each connection's reply number five.
fn tampered(server: &Server) -> String {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, target) = (listener.local_addr().unwrap(), server.tls_address());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(target)) else { return };
            let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_client, &mut to_server);
                let _ = to_server.shutdown(std::net::Shutdown::Both);
            });
            let (mut from_server, mut to_client) = (server, client);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                let mut small = 0;
                while let Ok(length @ 1..) = from_server.read(&mut buffer) {
                    small += u32::from(length < 60);
                    if small == 5 {
                        buffer[length / 2] ^= 1;
                    }
                    if to_client.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                let _ = to_client.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    Authority::common().url(address)
}

#[test]
fn tens_of_mebibytes_go_both_ways() {
    for version in VERSIONS {
        let server = speaking(version);
        let client = open_ready(&server.tls_url(), &[("command_timeout_ms", "30000")]);
        let value = value(32 * MIB, 1);
        client.command(&[b"SET", b"k", &value]).unwrap();
        for _ in 0..2 {
            assert!(client.ask(&["GET", "k"]).root().as_bytes() == Some(&value[..]), "{version}: it came back changed");
        }
        assert!(client.text(&["PING"]).is_some());
        assert_eq!(client.stats().disconnects, 0);
    }
}

#[test]
fn many_threads_share_a_session_and_each_gets_its_own_replies() {
    let server = Server::builder().tls().start();
    let client = open_ready(&server.tls_url(), &[("command_timeout_ms", "30000")]);
    within(Duration::from_secs(60), "all are done", move || {
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let client = &client;
                scope.spawn(move || {
                    for number in 0..400 {
                        let text = format!("{thread}:{number}:{}", "x".repeat(number * 7 % 3000));
                        assert_eq!(client.text(&["ECHO", &text]), Some(text));
                    }
                });
            }
            for thread in 0..2 {
                let client = &client;
                scope.spawn(move || {
                    // Both directions at once, several times what the kernel and a record hold.
                    let (key, value) = (format!("large:{thread}"), value(2 * MIB, thread));
                    for _ in 0..3 {
                        let mut pipeline = client.pipeline(PipelineOptions::default());
                        for _ in 0..2 {
                            pipeline.append(&[b"SET", key.as_bytes(), &value]).unwrap();
                            append(&mut pipeline, &["GET", &key]);
                        }
                        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
                        for place in [1, 3] {
                            assert!(reply.root().get(place).unwrap().as_bytes() == Some(&value[..]));
                        }
                    }
                });
            }
        });
        assert_eq!(client.stats().disconnects, 0);
    });
}

#[test]
fn a_pipeline_of_many_records_is_answered_in_its_order() {
    let server = Server::builder().tls().start();
    let client = open_ready(&server.tls_url(), &[]);
    for atomic in [false, true] {
        let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        let filling = "x".repeat(50);
        for number in 0..30_000 {
            append(&mut pipeline, &["ECHO", &format!("{number}:{filling}")]);
        }
        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
        assert_eq!(reply.root().len(), 30_000);
        for (number, value) in reply.root().iter().enumerate() {
            assert_eq!(value.as_bytes().unwrap(), format!("{number}:{filling}").as_bytes());
        }
    }
}

#[test]
fn messages_transactions_waiting_commands_and_submitted_ones_go_over_tls_and_come_back_after_a_restart() {
    let server = Server::builder().appendonly(true).tls().start();
    let client = open_ready(&server.tls_url(), &QUICK);
    let subscription = client.subscription(&SubscriptionOptions::default()).unwrap();
    subscription.add(TopicKind::Channel, &[b"news"]).unwrap();
    let queue = Arc::<CompletionQueue>::default();
    for round in 1..=2 {
        publish_until_it_comes(&client, &subscription, &format!("round {round}"));

        let transaction = client.transaction(&[b"balance"], TransactionOptions::default()).unwrap();
        transaction.command(&[b"GET", b"balance"]).unwrap();
        transaction.queue(&[b"INCR", b"balance"]).unwrap();
        let reply = transaction.execute().unwrap();
        assert_eq!(reply.root().get(0).unwrap().as_integer(), Some(round));

        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| client.ask(&["BLPOP", "list", "0"]));
            wait_until("it waits", SOON, || server.info("clients", "blocked_clients").as_deref() == Some("1"));
            client.ask(&["RPUSH", "list", "element"]);
            let reply = waiting.join().unwrap();
            assert_eq!(reply.root().get(1).unwrap().as_bytes(), Some(&b"element"[..]));
        });

        for tag in 0..1000 {
            client.submit_to(&queue, tag, &[b"INCR", b"submitted"], &SubmitOptions::default()).unwrap();
        }
        let mut last = 0;
        for _ in 0..1000 {
            let completion = queue.next(1, Deadline::within(SOON)).pop().unwrap();
            last = reply_of(completion.result).unwrap().root().as_integer().unwrap();
        }
        assert_eq!(last, 1000 * round);
        if round == 1 {
            server.restart();
            client.event(EventKind::Disconnected);
            client.wait_ready(SOON).unwrap();
        }
    }
}

fn publish_until_it_comes(client: &Client, subscription: &Subscription, text: &str) {
    loop {
        client.ask(&["PUBLISH", "news", text]);
        while let Some(message) = subscription.next(Duration::from_millis(20)).unwrap() {
            if matches!(&message, Message::Published(published) if published.payload() == text.as_bytes()) {
                return;
            }
        }
    }
}
