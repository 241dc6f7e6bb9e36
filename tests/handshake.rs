//! From an address to a connection that takes commands: which servers are ready, which are not yet, and which refuse.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use resilient_redis::client::{Client, CommandOptions, State, SubscriptionOptions, TopicKind};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{
    Ask, Heard, Peer, Proxy, SOON, Scripted, Server, assert_fails, handshake_answer, is_buffered, is_reply, open,
    open_ready, wait_until,
};

#[test]
fn a_unix_socket_serves_like_a_port() {
    let server = Server::builder().unix_socket(true).tcp(false).start();
    let client = open_ready(&server.unix_url(), &[]);
    client.ask(&["SET", "k", "v"]);
    server.kill();
    assert!(is_buffered(&client.run(&["SET", "k", "w"])));
    server.start_again();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("w"));
}

#[test]
fn a_host_name_is_resolved() {
    let server = Server::start();
    // It may have an IPv6 address first, where nobody listens.
    let client = open_ready(&format!("redis://localhost:{}/", server.port()), &[]);
    client.ask(&["SET", "k", "v"]);
    server.restart();
    client.ask(&["PING"]);
}

#[test]
fn a_name_that_does_not_exist_is_an_outage() {
    let client = open("redis://name.invalid:6379/", &[]);
    let event = client.event(EventKind::Reconnecting);
    assert!(event.message.contains("name.invalid"), "{event:?}");
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
}

#[test]
fn every_protocol_version_serves() {
    let server = Server::start();
    for (protocol, kind) in [("auto", "Map"), ("3", "Map"), ("2", "Array")] {
        let client = open_ready(&server.url(), &[("protocol", protocol)]);
        client.ask(&["HSET", "h", "f", "v"]);
        let reply = client.ask(&["HGETALL", "h"]);
        assert_eq!(format!("{:?}", reply.root().kind()), kind, "protocol {protocol}");
    }
}

/// A server from before RESP3: it knows PING, SELECT and SET.
fn old_server(peer: &mut Peer) {
    while let Some(request) = peer.request() {
        match request.name().as_str() {
            "PING" => peer.send("+PONG\r\n"),
            "SET" | "SELECT" => peer.send("+OK\r\n"),
            name => peer.send(format!("-ERR unknown command `{name}`, with args beginning with: \r\n")),
        }
    }
}

#[test]
fn a_server_that_does_not_know_hello_is_spoken_to_in_resp2() {
    let server = Scripted::serve(|_, peer| old_server(peer));
    let client = open_ready(&server.url(), &[("db", "3")]);
    client.ask(&["SET", "k", "v"]);
    assert_eq!(server.total_connections(), 1);
    let names: Vec<String> = server.heard()[0].requests.iter().map(support::Request::name).collect();
    assert_eq!(names.iter().filter(|name| *name == "HELLO").count(), 1, "{names:?}");
    assert_eq!(names[names.len() - 5..], ["SELECT", "INFO", "INFO", "PING", "SET"], "{names:?}");
}

#[test]
fn protocol_2_never_sends_hello() {
    let server = Scripted::serve(|_, peer| old_server(peer));
    let client = open_ready(&server.url(), &[("protocol", "2")]);
    client.ask(&["SET", "k", "v"]);
    assert!(server.heard()[0].requests.iter().all(|request| request.name() != "HELLO"));
}

#[test]
fn protocol_3_refuses_a_server_without_it() {
    let server = Scripted::serve(|_, peer| old_server(peer));
    let client = open(&server.url(), &[("protocol", "3")]);
    let event = client.event(EventKind::GaveUp);
    assert!(event.message.contains("RESP3"), "{event:?}");
    assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::GaveUp, Outcome::NotApplied);
}

/// What a connection told of the library, word by word.
fn told(heard: &Heard) -> Vec<String> {
    let requests = heard.requests.iter().filter(|request| request.text(1) == "SETINFO");
    requests.map(|request| format!("{} {}", request.text(2), request.text(3))).collect()
}

/// A server that takes whatever sets up a connection, and knows a few commands.
fn willing_server(peer: &mut Peer) {
    while let Some(request) = peer.request_after_handshake() {
        match request.name().as_str() {
            "PING" => peer.send("+PONG\r\n"),
            "GET" => peer.send("$1\r\nv\r\n"),
            "SUBSCRIBE" => peer.send("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"),
            _ => peer.send("+OK\r\n"),
        }
    }
}

#[test]
fn every_connection_tells_the_server_which_library_it_is_of() {
    let (server, replica) =
        (Scripted::serve(|_, peer| willing_server(peer)), Scripted::serve(|_, peer| willing_server(peer)));
    let at = replica.address().to_string();
    for protocol in ["auto", "2"] {
        let options = [("protocol", protocol), ("read_from", "replica"), ("replica_address", at.as_str())];
        let client = open_ready(&server.url(), &options);
        let subscription = client.subscription(&SubscriptionOptions::default()).unwrap();
        subscription.add(TopicKind::Channel, &[b"c"]).unwrap();
        let _transaction = client.transaction(&[b"k"], Default::default()).unwrap();
        wait_until("the replica answers", SOON, || {
            client.ask(&["GET", "k"]);
            client.stats().replica_reads > 0
        });
        subscription.wait(SOON).unwrap();
    }
    let own = ["LIB-NAME resilient-redis".to_owned(), format!("LIB-VER {}", env!("CARGO_PKG_VERSION"))];
    let all = |heard: &[Heard], count: usize| heard.len() == count && heard.iter().all(|heard| told(heard) == own);
    server.wait_until("three connections of each client told it", |heard| all(heard, 6));
    replica.wait_until("one connection of each client told it", |heard| all(heard, 2));
}

#[test]
fn telling_of_the_library_takes_no_round_trip() {
    // It answers nothing before all has been said.
    let server = Scripted::serve(|_, peer| {
        let mut said = Vec::new();
        while said.last().is_none_or(|request: &support::Request| request.name() != "PING") {
            let Some(request) = peer.request() else { return };
            said.push(request);
        }
        for request in &said {
            peer.send(handshake_answer(request).unwrap_or_else(|| b"+PONG\r\n".to_vec()));
        }
        peer.listen_only();
    });
    let _client = open_ready(&server.url(), &[("client_name", "shop"), ("db", "3")]);
    assert_eq!((server.total_connections(), told(&server.heard()[0]).len()), (1, 2));
}

#[test]
fn a_program_tells_of_another_library_or_of_none() {
    let server = Scripted::serve(|_, peer| willing_server(peer));
    let own_version = format!("LIB-VER {}", env!("CARGO_PKG_VERSION"));
    for (options, expected) in [
        (&[("lib_name", "shop(1.2)"), ("lib_version", "v3")][..], &["LIB-NAME shop(1.2)", "LIB-VER v3"][..]),
        (&[("lib_name", "shop")], &["LIB-NAME shop"]),
        (&[("lib_version", "v3")], &["LIB-NAME resilient-redis", "LIB-VER v3"]),
        (&[("lib_version", "none")], &["LIB-NAME resilient-redis"]),
        (&[("lib_name", "resilient-redis")], &["LIB-NAME resilient-redis", &own_version]),
        (&[("lib_name", "none")], &[]),
        (&[("lib_name", "None"), ("lib_version", "v3")], &[]),
    ] {
        let before = server.total_connections();
        let _client = open_ready(&server.url(), options);
        assert_eq!(told(&server.heard()[before]), expected, "{options:?}");
    }
}

/// One before Redis 7.2 does not know it, and on any the user may not be allowed to say it.
#[test]
fn a_server_that_does_not_want_to_know_the_library_serves_all_the_same() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">secret", "allkeys", "+@all", "-client"]);
    let errors = || server.info("stats", "total_error_replies").unwrap().parse::<u64>().unwrap();
    let proxy = Proxy::start(server.address());
    let login = [("username", "app"), ("password", "secret"), ("db", "5"), ("maintenance_notifications", "false")];
    for protocol in ["auto", "2"] {
        for (name, each) in [("", 2), ("none", 0)] {
            let before = errors();
            let client =
                open_ready(&proxy.url(), &[&login[..], &[("protocol", protocol), ("lib_name", name)]].concat());
            client.ask(&["SET", "k", protocol]);
            // Another connection, of another kind, and the first one again.
            let transaction = client.transaction(&[b"k"], Default::default()).unwrap();
            assert_eq!(transaction.command(&[b"GET", b"k"]).unwrap().root().as_bytes(), Some(protocol.as_bytes()));
            drop(transaction);
            let connects = client.stats().connects;
            proxy.reset_all();
            wait_until("it is connected again", SOON, || client.stats().connects > connects);
            assert_eq!(client.text(&["GET", "k"]).as_deref(), Some(protocol));
            assert_eq!(errors() - before, 3 * each, "protocol {protocol}, lib_name {name:?}");
        }
    }
}

#[test]
fn a_database_that_the_server_does_not_have_is_named() {
    let server = Server::start();
    let client = open(&server.url(), &[("db", "99")]);
    let event = client.event(EventKind::GaveUp);
    assert!(event.message.contains("database"), "{event:?}");
    assert_eq!(client.state(), State::GaveUp);
}

#[test]
fn a_full_server_is_waited_for() {
    let server = Server::builder().arg("maxclients", "3").start();
    // A connection that is turned away may look like one until it is used.
    let enter = || {
        let mut other = server.try_connection(Duration::from_secs(1)).ok()?;
        redis::cmd("PING").exec(&mut other).ok()?;
        Some(other)
    };
    let others: Vec<_> = std::iter::from_fn(enter).take(3).collect();
    assert!(!others.is_empty() && enter().is_none());
    let client = open(&server.url(), &[]);
    let event = client.event(EventKind::Reconnecting);
    // Before there is a session Redis says nothing, and the client says what it may be.
    let words = if support::link_is_tls() { "room for another client (maxclients)" } else { "max number of clients" };
    assert!(event.message.contains(words), "{event:?}");
    assert!(is_buffered(&client.run(&["RPUSH", "list", "1"])));
    drop(others);
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.number(&["LLEN", "list"]), 1);
}

#[test]
fn a_server_that_is_still_loading_is_waited_for_from_the_start() {
    let server = Server::start();
    server.command(&["SET", "k", "v"]);
    server.restart_slowly_loading(Duration::from_millis(1500));
    let client = open(&server.url(), &[]);
    let event = client.event(EventKind::Reconnecting);
    assert!(event.message.contains("LOADING"), "{event:?}");
    assert!(is_buffered(&client.run(&["RPUSH", "list", "1"])));
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    assert_eq!(client.number(&["LLEN", "list"]), 1);
}

#[test]
fn a_server_that_restarts_and_loads_is_waited_for() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "20000")]);
    client.ask(&["RPUSH", "list", "1"]);
    server.load_slowly_next_time(Duration::from_millis(1500));
    server.kill();
    server.start_without_waiting();
    server.wait_loading();
    // None of these reaches the program as an error.
    for number in 2..=20 {
        client.run(&["RPUSH", "list", &number.to_string()]).unwrap();
    }
    assert_eq!(client.number(&["LLEN", "list"]), 20);
    client.flush(SOON).unwrap();
    assert_eq!(client.failed_count(), 0);
}

#[test]
fn a_primary_that_became_a_replica_is_waited_for() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "50")]);
    client.ask(&["RPUSH", "list", "0"]);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let mut expected = vec!["0".to_owned()];
    for number in 1..=20 {
        assert!(is_buffered(&client.run(&["RPUSH", "list", &number.to_string()])), "{number}");
        expected.push(number.to_string());
    }
    assert_ne!(client.state(), State::Ready);
    // Attempts are paced although each of them gets as far as an answer.
    let failures = client.stats().connect_failures;
    let begun = Instant::now();
    wait_until("some attempts were made", SOON, || client.stats().connect_failures >= failures + 10);
    assert!(begun.elapsed() > Duration::from_millis(50), "{:?}", begun.elapsed());
    server.command(&["REPLICAOF", "NO", "ONE"]);
    client.wait_ready(SOON).unwrap();
    client.flush(SOON).unwrap();
    let list: Vec<String> = redis::from_redis_value(server.command(&["LRANGE", "list", "0", "-1"])).unwrap();
    // What was refused was not applied: nothing stands there twice.
    assert_eq!(list, expected);
    assert_eq!((client.stats().resent_unsafe, client.failed_count()), (0, 0));
}

#[test]
fn a_replica_that_stays_one_ends_in_giving_up() {
    let server = Server::start();
    let mut options =
        vec![("reconnect_tries", "1"), ("reconnect_interval_ms", "600"), ("reconnect_max_delay_ms", "20")];
    options.push(("outage_grace_ms", "20"));
    let client = open_ready(&server.url(), &options);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
    let event = client.event(EventKind::GaveUp);
    assert!(event.message.contains("is a replica of 127.0.0.1:1"), "{event:?}");
    assert_fails(client.run(&["SET", "k", "w"]), ErrorKind::GaveUp, Outcome::NotApplied);
    // From then on one probe a second, and commands go on failing meanwhile.
    let failures = client.stats().connect_failures;
    let begun = Instant::now();
    wait_until("two probes were made", SOON, || {
        assert_fails(client.run(&["SET", "k", "w"]), ErrorKind::GaveUp, Outcome::NotApplied);
        client.stats().connect_failures >= failures + 2
    });
    assert!(begun.elapsed() > Duration::from_millis(1500), "{:?}", begun.elapsed());
    server.command(&["REPLICAOF", "NO", "ONE"]);
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
}

#[test]
fn a_replica_without_its_primary_is_waited_for() {
    let server = Server::builder().arg("replica-serve-stale-data", "no").start();
    server.command(&["SET", "k", "v"]);
    let client = open_ready(&server.url(), &[]);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let reader = {
        let client = client.clone();
        std::thread::spawn(move || client.text(&["GET", "k"]))
    };
    let refused = client.events_until(EventKind::Reconnecting).pop().unwrap();
    assert!(refused.message.contains("MASTERDOWN"), "{refused:?}");
    server.command(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(reader.join().unwrap().as_deref(), Some("v"));
}

#[test]
fn out_of_memory_is_told_to_who_waits_and_listed_for_who_does_not() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "0")]);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::Server, Outcome::NotApplied);
    assert_eq!(error.server_code.as_deref(), Some("OOM"));
    assert!(error.is_retryable());
    assert_eq!(client.state(), State::Ready);

    server.configure("maxmemory", "1");
    server.kill();
    client.event(EventKind::Disconnected);
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
    server.start_again();
    let event = client.event(EventKind::CommandFailed);
    let failed = client.failed_next(0).unwrap();
    assert_eq!(failed.id, event.failed_id);
    assert_eq!((failed.error.outcome, failed.error.server_code.as_deref()), (Outcome::NotApplied, Some("OOM")));
    assert_eq!(failed.commands, [[b"SET".to_vec(), b"k".to_vec(), b"v".to_vec()]]);
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    client.wait_ready(SOON).unwrap();
    client.failed_retry(failed.id).unwrap();
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    assert_eq!(client.failed_count(), 0);
}

/// Wrong credentials, which are then made right at the server.
fn wrong_then_right(client: &Client, proxy: &Proxy, make_right: impl FnOnce()) {
    let event = client.event(EventKind::AuthFailed);
    assert!(!event.message.contains("wrong-password"), "{event:?}");
    assert_eq!(client.state(), State::GaveUp);
    assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::Auth, Outcome::NotApplied);
    assert_fails(client.run(&["GET", "k"]), ErrorKind::Auth, Outcome::NotApplied);
    assert_eq!(client.wait_ready(SOON).unwrap_err().kind, ErrorKind::Auth);
    // Not hammered: there was one attempt, and there is no other until the probe or somebody asks for it.
    let no_attempt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait_until("nothing", Duration::from_millis(500), || proxy.total_connections() > 1);
    }));
    assert!(no_attempt.is_err() && proxy.total_connections() == 1);
    // An attempt that is refused again says so again.
    client.reconnect().unwrap();
    client.event(EventKind::AuthFailed);
    assert_eq!(proxy.total_connections(), 2);
    make_right();
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "v"]);
    assert_eq!(proxy.total_connections(), 3);
}

#[test]
fn a_wrong_password_is_not_hammered_and_reconnect_brings_the_client_back_at_once() {
    let server = Server::builder().password("right").start();
    let proxy = Proxy::start(server.address());
    let client = open(&proxy.url(), &[("password", "wrong-password")]);
    // The fixture's connection stays logged in.
    wrong_then_right(&client, &proxy, || {
        server.command(&["ACL", "SETUSER", "default", ">wrong-password"]);
    });
}

#[test]
fn a_wrong_password_of_an_acl_user_is_not_hammered_either() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">right", "allkeys", "allcommands"]);
    let proxy = Proxy::start(server.address());
    for protocol in ["auto", "2"] {
        let options = [("username", "app"), ("password", "wrong-password"), ("protocol", protocol)];
        let before = proxy.total_connections();
        let client = open(&proxy.url(), &options);
        wait_until("the attempt was made", SOON, || client.state() == State::GaveUp);
        assert_eq!(proxy.total_connections(), before + 1);
        assert_eq!(client.event(EventKind::AuthFailed).attempt, 1);
        server.command(&["ACL", "SETUSER", "app", ">wrong-password"]);
        client.reconnect().unwrap();
        client.wait_ready(SOON).unwrap();
        assert_eq!(client.text(&["ACL", "WHOAMI"]).as_deref(), Some("app"));
        server.command(&["ACL", "SETUSER", "app", "<wrong-password"]);
    }
}

#[test]
fn a_missing_password_is_a_wrong_one() {
    let server = Server::builder().password("right").start();
    for protocol in ["auto", "2"] {
        let client = open(&format!("redis://127.0.0.1:{}/", server.port()), &[("protocol", protocol)]);
        client.event(EventKind::AuthFailed);
        assert_fails(client.run(&["GET", "k"]), ErrorKind::Auth, Outcome::NotApplied);
    }
}

#[test]
fn the_slow_probe_finds_credentials_that_were_made_right() {
    let server = Server::builder().password("right").start();
    let proxy = Proxy::start(server.address());
    let client = open(&proxy.url(), &[("password", "wrong-password"), ("reconnect_interval_ms", "100")]);
    client.event(EventKind::AuthFailed);
    server.command(&["ACL", "SETUSER", "default", ">wrong-password"]);
    client.event(EventKind::Connected);
    client.ask(&["SET", "k", "v"]);
    // At most one probe a second.
    assert_eq!(proxy.total_connections(), 2);
}

#[test]
fn credentials_that_become_wrong_keep_what_is_buffered() {
    let server = Server::builder().password("right").start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "0")]);
    server.stop();
    client.event(EventKind::Disconnected);
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
    server.configure("user", "default on >other ~* +@all");
    server.start_without_waiting();
    client.event(EventKind::AuthFailed);
    assert_eq!(client.buffered(), 1);
    let mut connection =
        redis::Client::open(format!("redis://:other@127.0.0.1:{}/", server.port())).unwrap().get_connection().unwrap();
    redis::cmd("ACL").arg(&["SETUSER", "default", ">right"]).exec(&mut connection).unwrap();
    client.reconnect().unwrap();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
}

#[test]
fn a_server_that_accepts_and_closes_is_not_hammered() {
    let server = Scripted::serve(|_, peer| {
        // Ready for commands, it says, and closes.
        for answer in ["%0\r\n", "+PONG\r\n"] {
            let _ = peer.request();
            peer.send(answer);
        }
    });
    let client = open(&server.url(), &[]);
    wait_until("some connections were made", SOON, || server.total_connections() >= 8);
    let (before, begun) = (server.total_connections(), Instant::now());
    wait_until("some more were made", SOON, || server.total_connections() >= before + 3);
    assert!(begun.elapsed() > Duration::from_millis(30), "{:?}", begun.elapsed());
    drop(client);
}

#[test]
fn a_black_hole_ends_each_attempt_at_its_deadline() {
    let server = Scripted::silent();
    let client = open(&server.url(), &[("connect_timeout_ms", "200"), ("reconnect_max_delay_ms", "10")]);
    let begun = Instant::now();
    let event = client.event(EventKind::Reconnecting);
    assert!(event.message.contains("timeout"), "{event:?}");
    assert!((150..4000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    let no_buffer = CommandOptions { no_buffer: true, timeout: Some(Duration::from_millis(50)), ..Default::default() };
    assert_fails(client.run_with(&["SET", "k", "v"], &no_buffer), ErrorKind::Timeout, Outcome::NotApplied);
}

#[test]
fn a_client_connects_again_to_another_server_at_the_same_address() {
    let (one, other) = (Server::start(), Server::start());
    let proxy = Proxy::start(one.address());
    let client = open_ready(&proxy.url(), &[]);
    client.ask(&["SET", "k", "one"]);
    proxy.retarget(other.address());
    proxy.close_all();
    assert!(is_reply(&client.run(&["SET", "k", "other"])));
    assert_eq!(other.command(&["GET", "k"]), redis::Value::BulkString(b"other".to_vec()));
}
