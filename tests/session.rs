//! What a program changes about its connection holds on every later one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use resilient_redis::client::{Client, Executed, PipelineOptions};
use resilient_redis::error::{ErrorKind, Outcome};
use support::{Action, Ask, Plan, Proxy, SOON, Server, append, assert_fails, open_ready, wait_until};

/// Ends the connection and waits for the next one.
fn reconnect(client: &Client, proxy: &Proxy) {
    let before = client.stats().connects;
    proxy.reset_all();
    wait_until("there is another connection", SOON, || client.stats().connects > before);
    client.wait_ready(SOON).unwrap();
}

#[test]
fn the_configured_session_is_there_on_every_connection() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">secret", "allkeys", "allcommands"]);
    let proxy = Proxy::start(server.address());
    let options = [("db", "5"), ("client_name", "worker"), ("username", "app"), ("password", "secret")];
    for protocol in ["auto", "2"] {
        let mut all = options.to_vec();
        all.push(("protocol", protocol));
        let client = open_ready(&proxy.url(), &all);
        for _ in 0..2 {
            let info = client.text(&["CLIENT", "INFO"]).unwrap();
            for part in ["db=5 ", "name=worker ", "user=app "] {
                assert!(info.contains(part), "{part}: {info}");
            }
            reconnect(&client, &proxy);
        }
    }
}

#[test]
fn select_setname_auth_and_hello_at_run_time_are_there_after_a_reconnect() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">secret", "allkeys", "allcommands"]);
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    client.ask(&["SELECT", "3"]);
    client.ask(&["CLIENT", "SETNAME", "renamed"]);
    client.ask(&["AUTH", "app", "secret"]);
    reconnect(&client, &proxy);
    let info = client.text(&["CLIENT", "INFO"]).unwrap();
    for part in ["db=3 ", "name=renamed ", "user=app "] {
        assert!(info.contains(part), "{part}: {info}");
    }
    client.ask(&["HELLO", "2", "AUTH", "default", "any", "SETNAME", "again"]);
    client.ask(&["HSET", "h", "f", "v"]);
    for _ in 0..2 {
        let info = client.text(&["CLIENT", "INFO"]).unwrap();
        for part in ["db=3 ", "name=again ", "user=default "] {
            assert!(info.contains(part), "{part}: {info}");
        }
        assert_eq!(format!("{:?}", client.ask(&["HGETALL", "h"]).root().kind()), "Array");
        reconnect(&client, &proxy);
    }
}

#[test]
fn a_refused_change_is_not_remembered() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    assert_fails(client.run(&["SELECT", "99"]), ErrorKind::Server, Outcome::NotApplied);
    assert_fails(client.run(&["AUTH", "nobody", "nothing"]), ErrorKind::Server, Outcome::NotApplied);
    reconnect(&client, &proxy);
    client.ask(&["SET", "k", "v"]);
}

#[test]
fn changes_inside_a_pipeline_are_there_after_a_reconnect() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    for atomic in [false, true] {
        let client = open_ready(&proxy.url(), &[]);
        let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        append(&mut pipeline, &["SET", "k", "in 0"]);
        append(&mut pipeline, &["SELECT", "99"]);
        append(&mut pipeline, &["SELECT", "4"]);
        append(&mut pipeline, &["CLIENT", "SETNAME", "piped"]);
        append(&mut pipeline, &["SET", "k", "in 4"]);
        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
        let refused: Vec<bool> = reply.root().iter().map(|value| value.is_error()).collect();
        assert_eq!(refused, [false, true, false, false, false]);
        reconnect(&client, &proxy);
        assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("in 4"));
        assert!(client.text(&["CLIENT", "INFO"]).unwrap().contains("name=piped "));
    }
}

/// The part of a pipeline behind a SELECT that was answered belongs into that database, also on another connection.
#[test]
fn a_pipeline_that_is_cut_anywhere_behind_its_select_never_writes_into_another_database() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    for cut in 0..=20 {
        let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "10")]);
        let mut pipeline = client.pipeline(PipelineOptions::default());
        append(&mut pipeline, &["SELECT", "7"]);
        append(&mut pipeline, &["SET", "k", "v"]);
        append(&mut pipeline, &["INCR", "n"]);
        append(&mut pipeline, &["SELECT", "8"]);
        append(&mut pipeline, &["SET", "l", "w"]);
        proxy.cut_after_to_client(cut, if cut % 2 == 0 { Action::Close } else { Action::Reset });
        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
        assert!(reply.root().len() == 5 && reply.root().iter().all(|value| !value.is_error()), "{cut}: {reply:?}");
        proxy.forget_plans();
        assert_eq!(client.text(&["GET", "l"]).as_deref(), Some("w"), "{cut}");
        let mut connection = server.connection();
        for (db, keys) in [(0, 0), (7, 2), (8, 1)] {
            redis::cmd("SELECT").arg(db).exec(&mut connection).unwrap();
            let size: i64 = redis::cmd("DBSIZE").query(&mut connection).unwrap();
            assert_eq!(size, keys, "cut after {cut} bytes, database {db}");
        }
        server.command(&["FLUSHALL"]);
    }
}

/// Each SELECT is answered, and its connection ends at that moment: what follows must not land in the former database.
#[test]
fn a_select_whose_connection_ends_right_after_its_answer_holds() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "10")]);
    for round in 0..60 {
        let db = (round % 8 + 1).to_string();
        proxy.cut_after_to_client(5, if round % 2 == 0 { Action::Close } else { Action::Reset });
        client.ask(&["SELECT", &db]);
        let info = client.text(&["CLIENT", "INFO"]).unwrap();
        assert!(info.contains(&format!("db={db} ")), "{round}: {info}");
        proxy.forget_plans();
    }
}

#[test]
fn a_select_in_an_outage_waits_and_holds() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    proxy.plan(Plan::request_containing(b"SELECT", Action::Close));
    client.ask(&["SELECT", "6"]);
    reconnect(&client, &proxy);
    assert!(client.text(&["CLIENT", "INFO"]).unwrap().contains("db=6 "));
    assert_eq!(client.stats().buffered, 0);
}
