//! Scripts: found by the server whatever became of its memory of them, in their order, and treated by delivery as what
//! they are: writes that are not idempotent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use resilient_redis::client::{Client, Executed, PipelineOptions, Script, ScriptOptions, TransactionOptions};
use resilient_redis::error::{ErrorKind, Outcome, Result};
use resilient_redis::resp::Reply;
use support::{
    Action, Ask, Plan, Proxy, SOON, Server, append, assert_fails, is_buffered, is_reply, open_ready, wait_until,
};

const ADD: &[u8] = b"return redis.call('INCRBY', KEYS[1], ARGV[1])";
const READ_ONLY: ScriptOptions = ScriptOptions { timeout: None, no_buffer: false, no_retry: false, read_only: true };

fn add(client: &Client, script: &Script) -> Result<Executed> {
    client.run_script(script, 1, &[b"n", b"1"], &ScriptOptions::default())
}

#[track_caller]
fn sum(executed: Result<Executed>) -> i64 {
    match executed {
        Ok(Executed::Reply(reply)) => reply.root().as_integer().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn held(server: &Server) -> i64 {
    let text: Option<String> = redis::from_redis_value(server.command(&["GET", "n"])).unwrap();
    text.map_or(0, |text| text.parse().unwrap())
}

/// How often the server was asked for a script by its source, and by its digest.
fn asked(server: &Server) -> (u64, u64) {
    let calls = |name: &str| {
        let line = server.info("commandstats", &format!("cmdstat_{name}"));
        line.map_or(0, |line| line.strip_prefix("calls=").unwrap().split(',').next().unwrap().parse().unwrap())
    };
    (calls("eval"), calls("evalsha"))
}

#[test]
fn its_source_is_sent_once_and_again_after_the_server_forgot_it() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let script = Script::new(ADD).unwrap();
    assert_eq!((sum(add(&client, &script)), asked(&server)), (1, (1, 1)));
    assert_eq!((sum(add(&client, &script)), asked(&server)), (2, (1, 2)));
    client.ask(&["SCRIPT", "FLUSH"]);
    assert_eq!((sum(add(&client, &script)), asked(&server)), (3, (2, 3)));
    let client = open_ready(&server.url(), &[]);
    assert_eq!((sum(add(&client, &script)), asked(&server)), (4, (2, 4)));
}

#[test]
fn a_server_that_restarted_is_told_it_again() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "4000")]);
    let script = Script::new(ADD).unwrap();
    for times in 1..4 {
        assert_eq!(sum(add(&client, &script)), times);
        server.kill();
        server.start_again();
    }
}

#[test]
fn what_is_buffered_is_found_by_a_server_that_restarted() {
    for grace in ["0", "50"] {
        let server = Server::builder().appendonly(true).start();
        let client = open_ready(&server.url(), &[("outage_grace_ms", grace)]);
        let script = Script::new(ADD).unwrap();
        assert_eq!(sum(add(&client, &script)), 1);
        server.kill();
        (0..5).for_each(|_| assert!(is_buffered(&add(&client, &script))));
        server.start_again();
        client.flush(SOON).unwrap();
        assert_eq!((held(&server), client.failed_count()), (6, 0));
    }
}

#[test]
fn one_that_was_in_flight_when_the_server_died_is_found_by_the_next() {
    let server = Server::builder().appendonly(true).start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "10000"), ("health_check_interval_ms", "0")]);
    let script = Script::new(ADD).unwrap();
    assert_eq!(sum(add(&client, &script)), 1);
    proxy.plan(Plan::request_containing(b"EVALSHA", Action::BlackHole));
    let (other, again) = (client.clone(), script.clone());
    let calling = std::thread::spawn(move || add(&other, &again));
    proxy.wait_until("it is on its way", |state| state.plans_done == 1);
    server.kill();
    server.start_again();
    proxy.reset_all();
    assert_eq!(sum(calling.join().unwrap()), held(&server));
    assert!((2..=3).contains(&held(&server)));
}

#[test]
fn at_most_once_it_does_not_run_twice() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("delivery", "at_most_once")]);
    let script = Script::new(ADD).unwrap();
    assert_eq!(sum(add(&client, &script)), 1);
    for known in [true, false] {
        if !known {
            server.command(&["SCRIPT", "FLUSH"]);
        }
        // Where it is not known, it is the second attempt, with the source, that runs.
        let needle: &[u8] = if known { b"EVALSHA" } else { b"INCRBY" };
        proxy.plan(Plan::answer_to_request_containing(needle, Action::Reset));
        assert_fails(add(&client, &script), ErrorKind::ConnectionLost, Outcome::Unknown);
        client.wait_ready(SOON).unwrap();
    }
    assert_eq!(held(&server), 3);
    assert_eq!(proxy.state().plans_done, 2);
}

#[test]
fn in_pipelines_it_runs_in_its_place_whatever_the_server_remembers() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let (one, two) = (Script::new(ADD).unwrap(), Script::new(b"return redis.call('GET', KEYS[1])").unwrap());
    for atomic in [false, true] {
        client.ask(&["DEL", "n"]);
        client.ask(&["SCRIPT", "FLUSH"]);
        let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        for _ in 0..2 {
            append(&mut pipeline, &["INCR", "n"]);
            pipeline.append_script(&one, 1, &[b"n", b"10"]).unwrap();
            pipeline.append_script(&two, 1, &[b"n"]).unwrap();
            append(&mut pipeline, &["SCRIPT", "FLUSH"]);
        }
        let Ok(Executed::Reply(reply)) = pipeline.execute() else { panic!("no reply") };
        let ok = Reply::status("OK");
        let expected = [
            [Reply::integer(1), Reply::integer(11), Reply::bulk(b"11"), ok.clone()],
            [Reply::integer(12), Reply::integer(22), Reply::bulk(b"22"), ok],
        ];
        assert_eq!(reply, Reply::array(expected.concat()));
    }
}

#[test]
fn a_pipeline_that_goes_on_at_a_server_that_restarted_finds_its_scripts() {
    let server = Server::builder().appendonly(true).start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "10000"), ("health_check_interval_ms", "0")]);
    let script = Script::new(ADD).unwrap();
    // After no reply, and after the first one, two and three.
    for replies in 0..4 {
        server.command(&["DEL", "n"]);
        let before = proxy.state().plans_done;
        proxy.plan(Plan::to_client(4 * replies, Action::BlackHole));
        let (other, script) = (client.clone(), script.clone());
        let calling = std::thread::spawn(move || {
            let mut pipeline = other.pipeline(PipelineOptions::default());
            (0..4).for_each(|_| pipeline.append_script(&script, 1, &[b"n", b"1"]).unwrap());
            pipeline.execute()
        });
        proxy.wait_until("it is half answered", |state| state.plans_done > before);
        server.kill();
        server.start_again();
        proxy.reset_all();
        let Ok(Executed::Reply(reply)) = calling.join().unwrap() else { panic!("no reply") };
        assert_eq!(reply.root().len(), 4);
        assert!(reply.root().iter().all(|value| value.as_integer().is_some()), "{reply:?}");
        client.wait_ready(SOON).unwrap();
    }
}

#[test]
fn in_transactions_it_runs_whatever_the_server_remembers() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let script = Script::new(ADD).unwrap();
    for keys in [&[&b"n"[..]][..], &[]] {
        client.ask(&["DEL", "n"]);
        let transaction = client.transaction(keys, TransactionOptions::default()).unwrap();
        client.ask(&["SCRIPT", "FLUSH"]);
        transaction.queue_script(&script, 1, &[b"n", b"2"]).unwrap();
        transaction.queue_script(&script, 1, &[b"n", b"3"]).unwrap();
        assert_eq!(transaction.execute().unwrap(), Reply::array(vec![Reply::integer(2), Reply::integer(5)]));
    }
}

#[test]
fn one_that_only_reads_is_a_read() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reads_during_outage", "fail"), ("delivery", "at_most_once")]);
    let script = Script::new(b"return redis.call('GET', KEYS[1])").unwrap();
    let run = |client: &Client| client.run_script(&script, 1, &[b"n"], &READ_ONLY);
    assert!(is_reply(&run(&client)));
    let writing = client.run_script(&Script::new(ADD).unwrap(), 1, &[b"n", b"1"], &READ_ONLY);
    assert_fails(writing, ErrorKind::Server, Outcome::NotApplied);
    server.kill();
    wait_until("the loss is known", SOON, || client.state() != resilient_redis::client::State::Ready);
    assert_fails(run(&client), ErrorKind::Unavailable, Outcome::NotApplied);
}

#[test]
fn its_deadline_holds_over_both_attempts_and_its_size_is_checked_before_it_is_sent() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("max_output_bytes", "4KiB")]);
    let options = ScriptOptions { timeout: Some(Duration::from_millis(200)), ..ScriptOptions::default() };
    proxy.plan(Plan::request_containing(b"INCRBY", Action::BlackHole));
    let begun = std::time::Instant::now();
    let ended = client.run_script(&Script::new(ADD).unwrap(), 1, &[b"n", b"1"], &options);
    assert_fails(ended, ErrorKind::Timeout, Outcome::Unknown);
    assert!(begun.elapsed() < SOON);
    let long = Script::new(format!("return '{}'", "x".repeat(5000)).as_bytes()).unwrap();
    assert_fails(client.run_script(&long, 0, &[], &options), ErrorKind::TooLarge, Outcome::NotApplied);
    assert_fails(client.run_script(&long, 1, &[], &options), ErrorKind::InvalidArgument, Outcome::NotApplied);
}
