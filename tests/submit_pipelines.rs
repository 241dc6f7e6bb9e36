//! Submitted pipelines, and submitted writes that end when they are buffered: each completes once, with all that is known.

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
    Client, CommandOptions, Completed, CompletionQueue, Executed, Pipeline, PipelineOptions, State, SubmitOptions,
};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::resp::Reply;
use resilient_redis::time::Deadline;
use support::{Action, Ask, Plan, Proxy, SOON, Server, open_ready, reply_of, wait_until};

const UNTIL_BUFFERED: SubmitOptions = SubmitOptions {
    command: CommandOptions { timeout: None, no_buffer: false, no_retry: false, from_primary: false },
    wait: false,
    ends_when_buffered: true,
};

fn queue() -> Arc<CompletionQueue> {
    Arc::default()
}

fn pipeline(client: &Client, options: PipelineOptions, commands: &[&[&str]]) -> Pipeline {
    let mut pipeline = client.pipeline(options);
    for words in commands {
        let argv: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        pipeline.append(&argv).unwrap();
    }
    pipeline
}

fn next(queue: &CompletionQueue) -> (u64, Completed) {
    let completion = queue.next(1, Deadline::within(SOON)).pop().expect("a completion");
    (completion.tag, completion.result)
}

fn is_empty(queue: &CompletionQueue) -> bool {
    queue.next(1, Deadline::within(Duration::ZERO)).is_empty()
}

fn numbers(reply: &Reply) -> Vec<Option<i64>> {
    reply.root().iter().map(|value| value.as_integer()).collect()
}

#[test]
fn pipelines_and_commands_complete_in_the_order_in_which_they_were_submitted() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let mut twice = pipeline(&client, PipelineOptions::default(), &[&["INCR", "n"], &["INCR", "n"]]);
    let atomic = PipelineOptions { atomic: true, ..PipelineOptions::default() };
    let mut all = pipeline(&client, atomic, &[&["INCR", "n"], &["LPUSH", "n", "x"], &["INCR", "n"]]);
    for round in 0..50 {
        client.submit_pipeline_to(&queue, 3 * round, &mut twice, &SubmitOptions::default()).unwrap();
        client.submit_to(&queue, 3 * round + 1, &[b"INCR", b"n"], &SubmitOptions::default()).unwrap();
        client.submit_pipeline_to(&queue, 3 * round + 2, &mut all, &SubmitOptions::default()).unwrap();
    }
    for round in 0..50 {
        let first = 5 * round as i64 + 1;
        let (tag, completed) = next(&queue);
        assert_eq!((tag, numbers(&reply_of(completed).unwrap())), (3 * round, vec![Some(first), Some(first + 1)]));
        let (tag, completed) = next(&queue);
        assert_eq!((tag, reply_of(completed).unwrap().root().as_integer()), (3 * round + 1, Some(first + 2)));
        let (tag, completed) = next(&queue);
        let reply = reply_of(completed).unwrap();
        assert_eq!((tag, numbers(&reply)), (3 * round + 2, vec![Some(first + 3), None, Some(first + 4)]));
        assert!(reply.root().get(1).unwrap().as_error().unwrap().starts_with("WRONGTYPE"));
    }
    assert!(is_empty(&queue));
}

#[test]
fn a_pipeline_may_be_submitted_with_a_function_and_be_changed_at_once() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut commands = pipeline(&client, PipelineOptions::default(), &[&["SET", "k", "v"], &["GET", "k"]]);
    let handler = Box::new(move |completed| sender.send(reply_of(completed)).unwrap());
    client.submit_pipeline(&mut commands, &SubmitOptions::default(), handler).unwrap();
    commands.clear();
    drop(commands);
    let reply = receiver.recv_timeout(SOON).unwrap().unwrap();
    assert_eq!(reply.root().get(1).unwrap().as_bytes(), Some(&b"v"[..]));
}

#[test]
fn what_cannot_be_submitted_of_a_pipeline_is_refused_at_once() {
    let server = Server::start();
    let (client, other) = (open_ready(&server.url(), &[]), open_ready(&server.url(), &[]));
    let queue = queue();
    let submit = |commands: &mut Pipeline| {
        let refused = client.submit_pipeline_to(&queue, 1, commands, &SubmitOptions::default()).unwrap_err();
        refused.kind
    };
    assert_eq!(submit(&mut client.pipeline(PipelineOptions::default())), ErrorKind::InvalidArgument);
    assert_eq!(submit(&mut pipeline(&other, PipelineOptions::default(), &[&["PING"]])), ErrorKind::InvalidArgument);
    let mut changing = pipeline(&client, PipelineOptions::default(), &[&["PING"], &["SELECT", "1"]]);
    assert_eq!(submit(&mut changing), ErrorKind::Unsupported);
    assert!(is_empty(&queue));
}

#[test]
fn an_atomic_pipeline_that_the_server_refuses_names_the_command() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let atomic = PipelineOptions { atomic: true, ..PipelineOptions::default() };
    let mut commands = pipeline(&client, atomic, &[&["SET", "k", "v"], &["NOSUCH", "secret"]]);
    client.submit_pipeline_to(&queue, 1, &mut commands, &SubmitOptions::default()).unwrap();
    let error = reply_of(next(&queue).1).unwrap_err();
    assert_eq!((error.server_code.as_deref(), error.outcome), (Some("EXECABORT"), Outcome::NotApplied));
    assert!(error.message.contains("command 2 was refused, NOSUCH"), "{error}");
    assert_eq!(client.stats().server_errors, 1);
    assert_eq!(client.text(&["GET", "k"]), None);
}

#[test]
fn a_pipeline_that_was_cut_half_way_completes_with_the_replies_that_came() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("delivery", "at_most_once"), ("reconnect_max_delay_ms", "20")]);
    let queue = queue();
    let mut commands = pipeline(
        &client,
        PipelineOptions::default(),
        &[&["INCR", "a"], &["INCR", "b"], &["INCR", "cut-here"], &["INCR", "d"]],
    );
    // Two replies of four bytes come.
    proxy.cut_after_to_client(8, Action::Reset);
    client.submit_pipeline_to(&queue, 1, &mut commands, &SubmitOptions::default()).unwrap();
    let incomplete = next(&queue).1.unwrap_err();
    assert_eq!((incomplete.error.kind, incomplete.error.outcome), (ErrorKind::ConnectionLost, Outcome::Unknown));
    let reply = incomplete.reply.expect("the replies that came");
    assert_eq!(numbers(&reply), [Some(1), Some(1), None, None]);
    assert_eq!(reply.root().get(3).unwrap().error_code(), Some("UNKNOWN"));
    assert!(is_empty(&queue));
}

#[test]
fn pipelines_survive_an_outage_whole_and_can_be_cancelled_in_it() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "50")]);
    let queue = queue();
    server.kill();
    client.wait_state(State::Reconnecting);
    // When their time has passed they are buffered like any other write.
    let soon = PipelineOptions { timeout: Some(Duration::from_millis(200)), ..PipelineOptions::default() };
    let mut commands = pipeline(&client, soon, &[&["INCR", "n"], &["INCR", "n"]]);
    for tag in 0..10 {
        client.submit_pipeline_to(&queue, tag, &mut commands, &SubmitOptions::default()).unwrap();
    }
    let id = client.submit_pipeline_to(&queue, 10, &mut commands, &SubmitOptions::default()).unwrap();
    assert!(client.cancel(id));
    let (tag, cancelled) = next(&queue);
    let cancelled = cancelled.unwrap_err();
    assert_eq!((tag, cancelled.error.kind, cancelled.error.outcome), (10, ErrorKind::Cancelled, Outcome::NotApplied));
    assert!(cancelled.reply.is_none());
    wait_until("they count in the buffer", SOON, || client.buffered() == 20);
    server.start_again();
    for round in 0..10 {
        let (tag, completed) = next(&queue);
        let first = 2 * round as i64 + 1;
        assert_eq!((tag, numbers(&reply_of(completed).unwrap())), (round, vec![Some(first), Some(first + 1)]));
    }
    assert_eq!((client.buffered(), client.failed_count()), (0, 0));
}

#[test]
fn with_until_buffered_a_write_completes_when_it_is_accepted_and_is_applied_later() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "50"), ("outage_grace_ms", "100")]);
    let queue = queue();
    // With a server it is an ordinary completion.
    client.submit_to(&queue, 1, &[b"INCR", b"n"], &UNTIL_BUFFERED).unwrap();
    assert_eq!(reply_of(next(&queue).1).unwrap().root().as_integer(), Some(1));
    server.kill();
    client.wait_state(State::Reconnecting);
    let mut commands = pipeline(&client, PipelineOptions::default(), &[&["INCR", "n"], &["LPUSH", "n", "x"]]);
    client.submit_to(&queue, 2, &[b"INCR", b"n"], &UNTIL_BUFFERED).unwrap();
    client.submit_pipeline_to(&queue, 3, &mut commands, &UNTIL_BUFFERED).unwrap();
    client.submit_to(&queue, 4, &[b"GET", b"n"], &UNTIL_BUFFERED).unwrap();
    for tag in [2, 3] {
        let (which, completed) = next(&queue);
        assert_eq!(which, tag);
        assert!(matches!(completed, Ok(Executed::Buffered)), "{completed:?}");
    }
    assert_eq!((client.buffered(), client.stats().buffered), (3, 3));
    // The second write comes when the grace is over, and the read waits for the server.
    client.submit_to(&queue, 5, &[b"INCR", b"n"], &UNTIL_BUFFERED).unwrap();
    let (tag, completed) = next(&queue);
    assert!(tag == 5 && matches!(completed, Ok(Executed::Buffered)), "{tag} {completed:?}");
    server.start_again();
    let (tag, completed) = next(&queue);
    assert_eq!((tag, reply_of(completed).unwrap().root().as_bytes()), (4, Some(&b"3"[..])));
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "n"]), Some("4".to_owned()));
    // What the server refused of the pipeline is in the failed list: whoever submitted it has been told already.
    assert_eq!(client.failed_count(), 1);
    assert!(is_empty(&queue));
}

#[test]
fn with_until_buffered_what_was_in_flight_when_the_server_died_completes_as_buffered() {
    let server = Server::builder().appendonly(true).start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "20"), ("outage_grace_ms", "50")]);
    let queue = queue();
    proxy.plan(Plan::request_containing(b"lost-key", Action::Close));
    proxy.refuse(true);
    client.submit_to(&queue, 1, &[b"SET", b"lost-key", b"v"], &UNTIL_BUFFERED).unwrap();
    let (tag, completed) = next(&queue);
    assert!(tag == 1 && matches!(completed, Ok(Executed::Buffered)), "{tag} {completed:?}");
    assert!(!client.cancel(1));
    proxy.refuse(false);
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "lost-key"]), Some("v".to_owned()));
}

#[test]
fn a_closed_queue_ends_every_wait_and_drops_what_comes() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let queue = queue();
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let queue = queue.clone();
            std::thread::spawn(move || queue.next(1, Deadline::NEVER).len())
        })
        .collect();
    server.pause();
    client.submit_to(&queue, 1, &[b"PING"], &SubmitOptions::default()).unwrap();
    queue.close();
    for thread in waiting {
        assert_eq!(thread.join().unwrap(), 0);
    }
    server.resume();
    wait_until("nothing is on its way", SOON, || client.stats().in_flight_now == 0);
    assert!(queue.next(1, Deadline::NEVER).is_empty());
}
