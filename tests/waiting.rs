//! Submitted commands that wait at the server: each completes once, and a cancelled one takes nothing that nobody gets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use resilient_redis::client::{Client, CommandOptions, Completed, CompletionQueue, SubmitOptions};
use resilient_redis::error::{Error, ErrorKind, Outcome};
use resilient_redis::time::Deadline;
use support::{Ask, Proxy, SOON, Server, open, open_ready, reply_of, threads_of_this_process, wait_until};

fn queue() -> Arc<CompletionQueue> {
    Arc::default()
}

fn blocked(server: &Server) -> usize {
    server.info("clients", "blocked_clients").unwrap().parse().unwrap()
}

fn wait_blocked(server: &Server, count: usize) {
    wait_until("the commands wait at the server", SOON, || blocked(server) == count);
}

fn submit_with(client: &Client, queue: &Arc<CompletionQueue>, tag: u64, words: &[&str], options: SubmitOptions) -> u64 {
    let argv: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    client.submit_to(queue, tag, &argv, &options).unwrap()
}

fn submit(client: &Client, queue: &Arc<CompletionQueue>, tag: u64, words: &[&str]) -> u64 {
    submit_with(client, queue, tag, words, SubmitOptions::default())
}

fn next(queue: &CompletionQueue) -> (u64, Completed) {
    let completion = queue.next(1, Deadline::within(SOON)).pop().expect("a completion");
    (completion.tag, completion.result)
}

fn failed(queue: &CompletionQueue) -> Error {
    reply_of(next(queue).1).unwrap_err()
}

fn element(completed: Completed) -> String {
    let reply = reply_of(completed).unwrap();
    String::from_utf8(reply.root().get(1).unwrap().as_bytes().unwrap().to_vec()).unwrap()
}

#[test]
fn a_submitted_command_waits_without_holding_anybody_up_and_gets_its_element() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let before = threads_of_this_process();
    for tag in 0..8 {
        submit(&client, &queue, tag, &["BLPOP", &format!("list:{tag}"), "0"]);
    }
    wait_blocked(&server, 8);
    submit(&client, &queue, 100, &["PING"]);
    assert_eq!(next(&queue).0, 100);
    for tag in (0..8).rev() {
        client.ask(&["RPUSH", &format!("list:{tag}"), &format!("element {tag}")]);
        let (which, completed) = next(&queue);
        assert_eq!((which, element(completed)), (tag, format!("element {tag}")));
    }
    wait_until("their threads have ended", SOON, || threads_of_this_process() <= before + 1);
    submit(&client, &queue, 9, &["BLPOP", "list", "0.01"]);
    assert!(reply_of(next(&queue).1).unwrap().root().is_nil());
}

#[test]
fn a_deadline_ends_it_at_the_server() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let timeout = Some(Duration::from_millis(50));
    let options = SubmitOptions { command: CommandOptions { timeout, ..Default::default() }, ..Default::default() };
    submit_with(&client, &queue, 1, &["BLPOP", "list", "0"], options);
    let error = failed(&queue);
    assert_eq!((error.kind, error.outcome), (ErrorKind::Timeout, Outcome::NotApplied));
    assert_eq!(blocked(&server), 0);
}

#[test]
fn what_is_cancelled_while_it_waits_is_ended_at_the_server_and_takes_nothing() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    for round in 0..20 {
        let id = submit(&client, &queue, round, &["BLPOP", "list", "0"]);
        wait_blocked(&server, 1);
        assert!(client.cancel(id));
        let error = failed(&queue);
        assert_eq!((error.kind, error.outcome), (ErrorKind::Cancelled, Outcome::NotApplied), "{error}");
        assert!(!client.cancel(id));
        assert_eq!(blocked(&server), 0);
    }
    client.ask(&["RPUSH", "list", "x"]);
    assert_eq!(client.number(&["LLEN", "list"]), 1);
}

#[test]
fn a_cancel_that_meets_an_element_loses_neither() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let mut got = 0;
    for round in 0..200 {
        let id = submit(&client, &queue, round, &["BLPOP", "list", "0"]);
        if round % 4 == 0 {
            wait_blocked(&server, 1);
        }
        std::thread::scope(|scope| {
            let pusher = scope.spawn(|| client.ask(&["RPUSH", "list", &round.to_string()]));
            client.cancel(id);
            pusher.join().unwrap();
        });
        match reply_of(next(&queue).1) {
            Ok(_) => got += 1,
            Err(error) => {
                assert_eq!((error.kind, error.outcome), (ErrorKind::Cancelled, Outcome::NotApplied), "{error}");
                assert_eq!(client.text(&["LPOP", "list"]), Some(round.to_string()));
            }
        }
        assert_eq!(client.number(&["LLEN", "list"]), 0, "round {round}");
    }
    assert!(got <= 200);
}

#[test]
fn what_is_cancelled_before_the_server_has_it_completes_at_once_and_is_never_sent() {
    let server = Server::start();
    let url = server.url();
    server.kill();
    let client = open(&url, &[("reconnect_max_delay_ms", "50"), ("buffer_commands", "no")]);
    let queue = queue();
    let id = submit(&client, &queue, 1, &["BLMOVE", "a", "b", "LEFT", "LEFT", "0"]);
    assert!(client.cancel(id));
    let error = failed(&queue);
    assert_eq!((error.kind, error.outcome), (ErrorKind::Cancelled, Outcome::NotApplied));
    server.start_again();
    client.wait_ready(SOON).unwrap();
    client.ask(&["RPUSH", "a", "x"]);
    assert_eq!(server.info("commandstats", "cmdstat_blmove"), None);
    assert_eq!(client.number(&["LLEN", "a"]), 1);
}

#[test]
fn it_survives_a_restart_of_the_server_and_gets_its_element() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "50")]);
    let queue = queue();
    submit(&client, &queue, 1, &["BLPOP", "list", "0"]);
    wait_blocked(&server, 1);
    server.kill();
    server.start_again();
    wait_blocked(&server, 1);
    client.ask(&["RPUSH", "list", "after"]);
    assert_eq!(element(next(&queue).1), "after");
}

#[test]
fn closing_and_dropping_end_what_waits_and_all_of_it_completes() {
    let server = Server::start();
    for close in [true, false] {
        let client = open_ready(&server.url(), &[]);
        let queue = queue();
        let called = Arc::new(AtomicUsize::new(0));
        for tag in 0..10 {
            submit(&client, &queue, tag, &["BLPOP", "list", "0"]);
            let called = called.clone();
            let handler = Box::new(move |completed| {
                assert_eq!(reply_of(completed).unwrap_err().kind, ErrorKind::Closed);
                called.fetch_add(1, Ordering::SeqCst);
            });
            client.submit(&[b"BLPOP", b"list", b"0"], &SubmitOptions::default(), handler).unwrap();
        }
        wait_blocked(&server, 20);
        if close {
            client.close(Duration::ZERO).unwrap();
        }
        drop(client);
        assert_eq!(called.load(Ordering::SeqCst), 10);
        for _ in 0..10 {
            let error = failed(&queue);
            assert_eq!((error.kind, error.outcome), (ErrorKind::Closed, Outcome::NotApplied), "{error}");
        }
        wait_blocked(&server, 0);
    }
}

#[test]
fn what_is_cancelled_at_a_server_that_does_not_answer_completes_all_the_same() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    let queue = queue();
    let id = submit(&client, &queue, 1, &["BLPOP", "list", "0"]);
    wait_blocked(&server, 1);
    proxy.black_hole(true);
    assert!(client.cancel(id));
    let error = failed(&queue);
    assert_eq!((error.kind, error.outcome), (ErrorKind::Cancelled, Outcome::Unknown), "{error}");
}
