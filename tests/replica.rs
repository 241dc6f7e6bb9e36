//! Reads from a replica, with the primary as what is left when that does not answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use resilient_redis::client::{Client, CommandOptions, Executed, PipelineOptions, State};
use resilient_redis::config::Config;
use resilient_redis::error::ErrorKind;
use resilient_redis::event::EventKind;
use support::{Ask, Proxy, SOON, Server, Signpost, append, configuration, is_buffered, open_ready, wait_until};

/// How often this server has run a command.
fn calls(server: &Server, command: &str) -> u64 {
    let field = format!("cmdstat_{command}");
    let stats = server.info("commandstats", &field).unwrap_or_default();
    stats.split(',').find_map(|part| part.strip_prefix("calls=")).map_or(0, |calls| calls.parse().unwrap())
}

/// Waits until reads are answered by a replica.
fn wait_for_replica(client: &Client) {
    wait_until("a replica answers", SOON, || {
        let before = client.stats().replica_reads;
        client.ask(&["EXISTS", "nothing"]);
        client.stats().replica_reads > before
    });
}

fn open_reading(url: &str, options: &[(&str, &str)]) -> Client {
    let mut all = vec![("read_from", "replica"), ("reconnect_max_delay_ms", "20"), ("health_check_interval_ms", "100")];
    all.extend(options);
    let client = open_ready(url, &all);
    wait_for_replica(&client);
    client
}

#[test]
fn reads_go_to_the_replica_that_the_primary_names_and_all_else_to_the_primary() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let client = open_reading(&primary.url(), &[]);
    client.ask(&["SET", "k", "v"]);
    wait_until("it is replicated", SOON, || client.text(&["GET", "k"]).as_deref() == Some("v"));
    let before = (calls(&primary, "get"), calls(&replica, "get"));
    for _ in 0..10 {
        client.ask(&["GET", "k"]);
    }
    assert_eq!((calls(&primary, "get"), calls(&replica, "get")), (before.0, before.1 + 10));
    // What has to see what was written, what is not about data, and what writes besides.
    let from_primary = CommandOptions { from_primary: true, ..CommandOptions::default() };
    assert!(matches!(client.run_with(&["GET", "k"], &from_primary), Ok(Executed::Reply(_))));
    assert_eq!(calls(&primary, "get"), before.0 + 1);
    let run_id = primary.info("server", "run_id").unwrap();
    assert!(client.text(&["INFO", "server"]).unwrap().contains(&run_id));
    client.ask(&["GETEX", "k", "EX", "100"]);
    client.ask(&["SCAN", "0"]);
    assert_eq!((calls(&replica, "scan"), calls(&primary, "getex")), (0, 1));
    // An error of the server is the program's, from wherever it comes.
    client.ask(&["RPUSH", "list", "1"]);
    wait_until("it is replicated", SOON, || client.number(&["EXISTS", "list"]) == 1);
    let error = client.run(&["GET", "list"]).unwrap_err();
    assert_eq!((error.kind, error.server_code.as_deref()), (ErrorKind::Server, Some("WRONGTYPE")));
    let transaction = client.transaction(&[b"k"], Default::default()).unwrap();
    transaction.command(&[b"GET", b"k"]).unwrap();
    transaction.discard().unwrap();
    assert_eq!(calls(&primary, "get"), before.0 + 2);
}

#[test]
fn a_pipeline_that_only_reads_goes_there_whole_and_any_other_does_not() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let client = open_reading(&primary.url(), &[]);
    let run = |options: PipelineOptions, commands: &[&[&str]]| {
        let mut pipeline = client.pipeline(options);
        commands.iter().for_each(|words| append(&mut pipeline, words));
        assert!(matches!(pipeline.execute(), Ok(Executed::Reply(_))));
        (calls(&primary, "get"), calls(&replica, "get"))
    };
    let reads: &[&[&str]] = &[&["GET", "a"], &["GET", "b"]];
    assert_eq!(run(PipelineOptions::default(), reads), (0, 2));
    assert_eq!(run(PipelineOptions { from_primary: true, ..PipelineOptions::default() }, reads), (2, 2));
    assert_eq!(run(PipelineOptions { atomic: true, ..PipelineOptions::default() }, reads), (4, 2));
    assert_eq!(run(PipelineOptions::default(), &[&["GET", "a"], &["SET", "b", "1"]]), (5, 2));
}

#[test]
fn without_a_replica_the_primary_answers_and_one_that_comes_is_found() {
    let primary = Server::start();
    let options = [("read_from", "replica"), ("reconnect_max_delay_ms", "20"), ("health_check_interval_ms", "50")];
    let client = open_ready(&primary.url(), &options);
    client.ask(&["SET", "k", "v"]);
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    assert_eq!(client.stats().replica_reads, 0);
    let replica = primary.start_replica();
    wait_for_replica(&client);
    // It goes, and the next one comes.
    let other = primary.start_replica();
    drop(replica);
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    wait_until("the other one answers", SOON, || {
        client.ask(&["GET", "k"]);
        calls(&other, "get") > 0
    });
}

#[test]
fn a_replica_that_is_killed_cut_or_frozen_costs_no_read() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let proxy = Proxy::start(replica.address());
    let address = proxy.address().to_string();
    let client = open_reading(&primary.url(), &[("replica_address", &address), ("command_timeout_ms", "6000")]);
    client.ask(&["SET", "k", "v"]);
    wait_until("it is replicated", SOON, || client.text(&["GET", "k"]).as_deref() == Some("v"));
    for _ in 0..20 {
        proxy.reset_all();
        assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    }
    wait_for_replica(&client);
    // Half of the time is the primary's.
    proxy.black_hole(true);
    let begun = Instant::now();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    assert!((2900..6000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    assert!(begun.elapsed() < Duration::from_millis(2900), "it is known by then: {:?}", begun.elapsed());
    proxy.black_hole(false);
    wait_for_replica(&client);
    replica.kill();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    replica.start_without_waiting();
    wait_for_replica(&client);
    assert_eq!((client.state(), client.stats().disconnects), (State::Ready, 0));
}

#[test]
fn a_replica_that_has_lost_its_primary_and_will_not_answer_is_passed_over() {
    let primary = Server::start();
    let between = Proxy::start(primary.address());
    let replica = Server::builder()
        .arg("replicaof", &format!("127.0.0.1 {}", between.port()))
        .arg("replica-serve-stale-data", "no")
        .start();
    let address = replica.address().to_string();
    let client = open_reading(&primary.url(), &[("replica_address", &address)]);
    client.ask(&["SET", "k", "v"]);
    between.refuse(true);
    between.reset_all();
    wait_until("it knows", SOON, || replica.try_command(&["GET", "k"]).is_err());
    for _ in 0..5 {
        assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    }
    between.refuse(false);
    wait_for_replica(&client);
}

#[test]
fn what_a_replica_refuses_for_reasons_of_its_own_the_primary_answers() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let client = open_reading(&primary.url(), &[]);
    client.ask(&["SET", "k", "v"]);
    // Users are not replicated.
    replica.command(&["ACL", "SETUSER", "default", "-get"]);
    for _ in 0..5 {
        assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    }
    let mut pipeline = client.pipeline(PipelineOptions::default());
    append(&mut pipeline, &["EXISTS", "k"]);
    append(&mut pipeline, &["GET", "k"]);
    let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("it is answered") };
    assert_eq!(reply.root().get(1).unwrap().as_bytes(), Some(&b"v"[..]));
}

#[test]
fn reads_go_on_while_there_is_no_primary() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let client = open_reading(&primary.url(), &[("outage_grace_ms", "0")]);
    client.ask(&["SET", "k", "v"]);
    wait_until("it is replicated", SOON, || client.text(&["GET", "k"]).as_deref() == Some("v"));
    primary.kill();
    client.event(EventKind::Disconnected);
    assert!(is_buffered(&client.run(&["SET", "k", "w"])));
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
    drop(replica);
}

#[test]
fn after_a_failover_the_new_primary_s_replicas_are_read_from() {
    let one = Server::start();
    let other = one.start_replica();
    let signpost = Signpost::to(&[one.address()]);
    // The look-up is asked for the replicas' addresses, too.
    let look_up = signpost.look_up();
    let hooks = resilient_redis::client::Hooks {
        look_up: Some(std::sync::Arc::new(move |host: &str, port| match host.parse() {
            Ok(address) => Ok(vec![std::net::SocketAddr::new(address, port)]),
            Err(_) => look_up(host, port),
        })),
        ..Default::default()
    };
    let options = [("read_from", "replica"), ("reconnect_max_delay_ms", "20"), ("health_check_interval_ms", "50")];
    let client = Client::open_with(configuration("redis://cache.test/", &options), hooks).unwrap();
    client.wait_ready(SOON).unwrap();
    wait_for_replica(&client);
    assert!(calls(&other, "exists") > 0);
    other.command(&["REPLICAOF", "NO", "ONE"]);
    signpost.turn(&[other.address()]);
    one.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    client.event(EventKind::Failover);
    let before = calls(&one, "exists");
    wait_until("the former primary is read from", SOON, || {
        client.ask(&["EXISTS", "nothing"]);
        calls(&one, "exists") > before
    });
}

#[test]
fn the_replica_has_the_database_and_the_user_that_the_client_has() {
    let primary = Server::start();
    let replica = primary.start_replica();
    let client = open_reading(&primary.url(), &[]);
    client.ask(&["SELECT", "3"]);
    client.ask(&["SET", "k", "third"]);
    client.ask(&["SELECT", "0"]);
    client.ask(&["SET", "k", "first"]);
    // Whoever answers the client.
    let is_there = || matches!(replica.command(&["GET", "k"]), redis::Value::BulkString(value) if value == b"first");
    wait_until("it is replicated", SOON, is_there);
    wait_for_replica(&client);
    client.ask(&["SELECT", "3"]);
    // Whoever answers, it is out of the right database.
    for _ in 0..200 {
        assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("third"));
    }
    wait_for_replica(&client);
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("third"));
}

#[test]
fn an_address_that_cannot_be_one_and_one_that_is_never_used_are_refused() {
    let mut config = Config::default();
    for wrong in ["", "host"].iter().skip(1).chain(&["host:0", ":1", "host:x", "::1:6379", "0.0.0.0:1"]) {
        let error = config.set("replica_address", wrong).unwrap_err();
        assert!(error.message.contains("host:port"), "{error}");
    }
    config.set("replica_address", "[::1]:6379").unwrap();
    let error = config.validate().unwrap_err();
    assert!(error.message.contains("\"read_from\" is primary"), "{error}");
}
