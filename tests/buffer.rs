//! The buffer: its bounds, what happens beyond them, and what becomes of each command in it.

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
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{
    Action, Ask, Direction, Plan, Proxy, SOON, Server, append, assert_fails, is_buffered, is_reply, open_ready,
    wait_until,
};

/// A client whose server has just gone, and that buffers at once.
fn cut_off(server: &Server, options: &[(&str, &str)]) -> Client {
    let mut all = vec![("outage_grace_ms", "0")];
    all.extend_from_slice(options);
    let client = open_ready(&server.url(), &all);
    server.kill();
    client.event(EventKind::Disconnected);
    client
}

fn push(client: &Client, number: u64) -> bool {
    is_buffered(&client.run(&["RPUSH", "list", &number.to_string()]))
}

fn list(server: &Server) -> Vec<u64> {
    let numbers: Vec<String> = redis::from_redis_value(server.command(&["LRANGE", "list", "0", "-1"])).unwrap();
    numbers.iter().map(|number| number.parse().unwrap()).collect()
}

fn drain(server: &Server, client: &Client) {
    server.start_again();
    client.reconnect().unwrap();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
}

#[test]
fn a_full_buffer_rejects_what_was_not_applied() {
    let server = Server::start();
    let client = cut_off(&server, &[("buffer_max_commands", "3")]);
    assert!((1..=3).all(|number| push(&client, number)));
    let error = assert_fails(client.run(&["RPUSH", "list", "4"]), ErrorKind::BufferFull, Outcome::NotApplied);
    assert!(error.is_retryable());
    assert_fails(client.run(&["RPUSH", "list", "5"]), ErrorKind::BufferFull, Outcome::NotApplied);
    let full: Vec<_> = client.events_so_far().into_iter().filter(|event| event.kind == EventKind::BufferFull).collect();
    assert_eq!((full.len(), full[0].count), (1, 3), "announced once an outage: {full:?}");
    assert_eq!(client.stats().rejected, 2);
    drain(&server, &client);
    assert_eq!(list(&server), [1, 2, 3]);
}

#[test]
fn the_bytes_of_a_full_buffer_count_too() {
    let server = Server::start();
    let client = cut_off(&server, &[("buffer_max_bytes", "10KiB")]);
    let value = "x".repeat(4000);
    assert!(is_buffered(&client.run(&["SET", "a", &value])));
    assert!(is_buffered(&client.run(&["SET", "b", &value])));
    assert_fails(client.run(&["SET", "c", &value]), ErrorKind::BufferFull, Outcome::NotApplied);
    assert!(is_buffered(&client.run(&["SET", "d", "small"])));
    let bytes = client.stats().buffered_bytes_now;
    assert!((8000..10240).contains(&bytes), "{bytes}");
    drain(&server, &client);
    assert_eq!(client.stats().buffered_bytes_now, 0);
    assert_eq!(client.number(&["EXISTS", "a", "b", "c", "d"]), 3);
}

#[test]
fn a_pipeline_takes_the_room_of_its_commands() {
    let server = Server::start();
    let client = cut_off(&server, &[("buffer_max_commands", "5")]);
    let execute = |atomic, count: u64| {
        let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        (0..count).for_each(|number| append(&mut pipeline, &["RPUSH", "list", &number.to_string()]));
        pipeline.execute().map_err(|incomplete| incomplete.error)
    };
    assert!(is_buffered(&execute(true, 2)));
    assert!(is_buffered(&execute(false, 2)));
    assert_fails(execute(false, 2), ErrorKind::BufferFull, Outcome::NotApplied);
    assert!(push(&client, 7));
    assert_eq!(client.buffered(), 5);
    drain(&server, &client);
    assert_eq!(list(&server), [0, 1, 0, 1, 7]);
    assert_eq!(client.stats().replayed, 5);
}

#[test]
fn what_can_never_fit_costs_nobody_its_place() {
    let server = Server::start();
    for overflow in ["reject", "block", "drop_oldest"] {
        let client = cut_off(&server, &[("buffer_max_bytes", "4KiB"), ("buffer_overflow", overflow)]);
        assert!(push(&client, 1));
        let begun = Instant::now();
        let executed = client.run(&["SET", "big", &"x".repeat(5000)]);
        assert_fails(executed, ErrorKind::BufferFull, Outcome::NotApplied);
        assert!(begun.elapsed() < Duration::from_secs(4), "{overflow}");
        assert_eq!((client.buffered(), client.failed_count()), (1, 0), "{overflow}");
        drain(&server, &client);
    }
}

#[test]
fn a_full_buffer_that_blocks_lets_writers_in_as_it_drains() {
    let server = Server::start();
    let client = cut_off(&server, &[("buffer_max_commands", "10"), ("buffer_overflow", "block")]);
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let client = client.clone();
            std::thread::spawn(move || {
                (0..50).all(|number| client.run(&["SADD", "set", &format!("{thread}:{number}")]).is_ok())
            })
        })
        .collect();
    wait_until("it is full", SOON, || client.buffered() == 10);
    assert!(threads.iter().all(|thread| !thread.is_finished()));
    server.start_again();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    client.flush(SOON).unwrap();
    assert_eq!(client.number(&["SCARD", "set"]), 200);
}

#[test]
fn a_writer_that_a_full_buffer_blocks_has_a_deadline() {
    let server = Server::start();
    let client = cut_off(&server, &[("buffer_max_commands", "1"), ("buffer_overflow", "block")]);
    assert!(push(&client, 1));
    let options = CommandOptions { timeout: Some(Duration::from_millis(200)), ..CommandOptions::default() };
    let begun = Instant::now();
    assert_fails(client.run_with(&["RPUSH", "list", "2"], &options), ErrorKind::BufferFull, Outcome::NotApplied);
    assert!((190..4000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    drain(&server, &client);
    assert_eq!(list(&server), [1]);
}

/// Its reply is all that there is of it afterwards.
#[test]
fn what_takes_something_away_is_never_buffered() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["RPUSH", "list", "1", "2"]);
    server.command(&["SET", "count", "5"]);
    let client = cut_off(&server, &[("command_timeout_ms", "60000")]);
    let brief = CommandOptions { timeout: Some(Duration::from_millis(20)), ..CommandOptions::default() };
    for command in [&["LPOP", "list"][..], &["GETSET", "count", "0"], &["SET", "count", "0", "GET"], &["SPOP", "none"]]
    {
        assert_fails(client.run_with(command, &brief), ErrorKind::Timeout, Outcome::NotApplied);
    }
    let mut pipeline = client.pipeline(PipelineOptions { timeout: brief.timeout, ..PipelineOptions::default() });
    append(&mut pipeline, &["RPUSH", "list", "3"]);
    append(&mut pipeline, &["LPOP", "list"]);
    let failure = pipeline.execute().unwrap_err();
    assert_eq!((failure.error.kind, failure.error.outcome), (ErrorKind::Timeout, Outcome::NotApplied));
    assert!(push(&client, 4));
    let waiting = {
        let client = client.clone();
        std::thread::spawn(move || client.text(&["LPOP", "list"]))
    };
    server.start_again();
    assert_eq!(waiting.join().unwrap().as_deref(), Some("1"));
    assert_eq!(list(&server), [2, 4]);
    assert_eq!(client.text(&["GET", "count"]).as_deref(), Some("5"));
}

#[test]
fn a_full_buffer_that_drops_the_oldest_says_which() {
    let server = Server::start();
    let client = cut_off(&server, &[("buffer_max_commands", "3"), ("buffer_overflow", "drop_oldest")]);
    assert!((1..=5).all(|number| push(&client, number)));
    assert_eq!((client.buffered(), client.failed_count(), client.stats().dropped), (3, 2, 2));
    let mut after = 0;
    for number in ["1", "2"] {
        let event = client.event(EventKind::CommandDropped);
        let failed = client.failed_next(after).unwrap();
        after = failed.id;
        assert_eq!((event.failed_id, event.count), (failed.id, 1));
        assert_eq!((failed.error.kind, failed.error.outcome), (ErrorKind::Dropped, Outcome::NotApplied));
        assert_eq!(failed.commands[0][2], number.as_bytes());
    }
    drain(&server, &client);
    assert_eq!(list(&server), [3, 4, 5]);
}

#[test]
fn what_is_too_old_is_not_sent_any_more() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [("outage_grace_ms", "0"), ("buffer_max_age_ms", "600"), ("reconnect_backoff", "fixed")];
    let client = open_ready(&proxy.url(), &options);
    proxy.refuse(true);
    proxy.close_all();
    client.event(EventKind::Reconnecting);
    assert!(push(&client, 1));
    // Noticed although the next attempt is a minute away.
    let event = client.event(EventKind::CommandDropped);
    let failed = client.failed_next(0).unwrap();
    assert_eq!(
        (failed.id, failed.error.kind, failed.error.outcome),
        (event.failed_id, ErrorKind::Expired, Outcome::NotApplied)
    );
    assert_eq!((client.buffered(), client.stats().expired), (0, 1));
    client.event(EventKind::Drained);
    // A flush does not wait for it, and a new outage's worth is announced anew.
    client.flush(Duration::ZERO).unwrap();
    assert!(push(&client, 2));
    client.event(EventKind::Buffering);
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.flush(SOON).unwrap();
    assert_eq!(list(&server), [2]);
}

#[test]
fn a_buffered_write_that_the_server_refuses_is_listed_retried_and_discarded() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let client = cut_off(&server, &[]);
    assert!(is_buffered(&client.run(&["RPUSH", "string", "1"])));
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
    assert!(is_buffered(&client.run(&["INCR", "k"])));
    drain(&server, &client);
    assert_eq!((client.failed_count(), client.stats().failed), (2, 2));
    let first = client.failed_next(0).unwrap();
    let second = client.failed_next(first.id).unwrap();
    assert!(client.failed_next(second.id).is_none());
    assert_eq!(first.error.server_code.as_deref(), Some("WRONGTYPE"));
    assert_eq!(first.error.outcome, Outcome::NotApplied);
    assert_eq!(second.commands, [[b"INCR".to_vec(), b"k".to_vec()]]);
    let events: Vec<_> =
        client.events_so_far().into_iter().filter(|event| event.kind == EventKind::CommandFailed).collect();
    assert_eq!(events.iter().map(|event| event.failed_id).collect::<Vec<_>>(), [first.id, second.id]);

    // Again in vain, under another number.
    client.failed_retry(first.id).unwrap();
    client.flush(SOON).unwrap();
    let again = client.failed_next(second.id).unwrap();
    assert_eq!(again.commands, first.commands);
    client.ask(&["DEL", "string"]);
    client.failed_retry(again.id).unwrap();
    client.flush(SOON).unwrap();
    assert_eq!(client.number(&["LLEN", "string"]), 1);
    client.failed_discard(second.id).unwrap();
    assert_eq!(client.failed_count(), 0);
    assert_eq!(client.failed_discard(second.id).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(client.failed_retry(second.id).unwrap_err().kind, ErrorKind::InvalidArgument);
}

#[test]
fn of_a_buffered_pipeline_only_what_was_refused_is_listed() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let client = cut_off(&server, &[]);
    for atomic in [false, true] {
        let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        append(&mut pipeline, &["RPUSH", "list", "1"]);
        append(&mut pipeline, &["RPUSH", "string", "2"]);
        append(&mut pipeline, &["RPUSH", "list", "3"]);
        assert!(matches!(pipeline.execute(), Ok(Executed::Buffered)));
    }
    // One that is refused as a whole.
    let mut aborted = client.pipeline(PipelineOptions { atomic: true, ..PipelineOptions::default() });
    append(&mut aborted, &["RPUSH", "list", "4"]);
    append(&mut aborted, &["SET", "too few arguments"]);
    assert!(matches!(aborted.execute(), Ok(Executed::Buffered)));
    drain(&server, &client);
    assert_eq!(list(&server), [1, 3, 1, 3]);
    let mut after = 0;
    for _ in 0..2 {
        let failed = client.failed_next(after).unwrap();
        after = failed.id;
        assert_eq!(failed.commands, [[b"RPUSH".to_vec(), b"string".to_vec(), b"2".to_vec()]]);
        assert_eq!(failed.error.server_code.as_deref(), Some("WRONGTYPE"));
    }
    let failed = client.failed_next(after).unwrap();
    assert_eq!(failed.error.server_code.as_deref(), Some("EXECABORT"));
    assert_eq!(failed.commands.len(), 4, "MULTI, two commands, EXEC: {failed:?}");
    assert!(client.failed_next(failed.id).is_none());
}

#[test]
fn the_failed_list_is_bounded() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let client = cut_off(&server, &[("failed_max_commands", "2")]);
    for number in 1..=4 {
        assert!(is_buffered(&client.run(&["RPUSH", "string", &number.to_string()])));
    }
    drain(&server, &client);
    assert_eq!((client.failed_count(), client.stats().failed), (2, 4));
    assert_eq!(client.failed_next(0).unwrap().commands[0][2], b"3");
}

#[test]
fn flush_waits_for_the_last_answer_and_not_for_ever() {
    let server = Server::start();
    let client = cut_off(&server, &[]);
    client.flush(Duration::ZERO).unwrap();
    assert!(push(&client, 1));
    let error = client.flush(Duration::from_millis(50)).unwrap_err();
    assert_eq!((error.kind, error.outcome), (ErrorKind::Timeout, Outcome::None));
    drain(&server, &client);
    client.flush(Duration::ZERO).unwrap();
}

#[test]
fn buffered_commands_that_were_answered_are_not_sent_again_when_the_drain_is_cut() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0"), ("reconnect_max_delay_ms", "10")]);
    proxy.refuse(true);
    proxy.close_all();
    client.wait_state(State::Reconnecting);
    for number in 1..=100 {
        assert!(is_buffered(&client.run(&["RPUSH", "list", &number.to_string()])));
    }
    // The answer to the 60th does not come, and nothing behind it.
    let marker = b"$2\r\n60\r\n";
    proxy.plan(Plan::answer_to_request_containing(marker, Action::Reset));
    proxy.refuse(false);
    client.reconnect().unwrap();
    client.flush(SOON).unwrap();
    let list = list(&server);
    let mut distinct = list.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct, (1..=100).collect::<Vec<_>>());
    let twice: Vec<u64> =
        distinct.into_iter().filter(|number| list.iter().filter(|other| *other == number).count() > 1).collect();
    assert!(twice.len() as u64 <= client.stats().resent_unsafe, "{twice:?}");
    // Those of the first window were answered long before.
    assert!(twice.iter().all(|number| *number > 1), "{twice:?}");
    assert_eq!(client.stats().replayed, 100);
}

#[test]
fn at_most_once_lists_what_was_cut_in_the_drain_as_unknown_and_sends_the_rest() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [("outage_grace_ms", "0"), ("reconnect_max_delay_ms", "10"), ("delivery", "at_most_once")];
    let client = open_ready(&proxy.url(), &options);
    proxy.refuse(true);
    proxy.close_all();
    client.wait_state(State::Reconnecting);
    for number in 1..=100 {
        assert!(is_buffered(&client.run(&["RPUSH", "list", &number.to_string()])));
    }
    proxy.plan(Plan::request_containing(b"$2\r\n60\r\n", Action::Hold(Direction::ToClient)));
    proxy.refuse(false);
    client.reconnect().unwrap();
    proxy.wait_until("the sixtieth has arrived", |state| state.plans_done == 1);
    proxy.reset_all();
    client.flush(SOON).unwrap();
    let list = list(&server);
    let mut unknown = Vec::new();
    let mut after = 0;
    while let Some(failed) = client.failed_next(after) {
        after = failed.id;
        assert_eq!(failed.error.outcome, Outcome::Unknown);
        unknown.push(String::from_utf8(failed.commands[0][2].clone()).unwrap().parse::<u64>().unwrap());
    }
    assert!(unknown.contains(&60), "{unknown:?}");
    for number in 1..=100 {
        let times = list.iter().filter(|other| **other == number).count();
        assert!(times == 1 || (times == 0 && unknown.contains(&number)), "{number}: {times} times");
    }
    assert!(list.is_sorted());
    client.wait_ready(SOON).unwrap();
    assert_eq!((client.stats().buffered_bytes_now, client.stats().resent), (0, 0));
}

#[test]
fn a_buffered_pipeline_that_is_cut_goes_on_behind_what_was_answered() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    server.command(&["SET", "string", "x"]);
    for cut in [0, 1, 4, 5, 40, 78, 79, 83, 86] {
        let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0"), ("reconnect_max_delay_ms", "10")]);
        proxy.refuse(true);
        proxy.close_all();
        client.wait_state(State::Reconnecting);
        let mut pipeline = client.pipeline(PipelineOptions::default());
        for words in [["RPUSH", "list", "1"], ["RPUSH", "string", "2"], ["RPUSH", "list", "3"], ["RPUSH", "list", "4"]]
        {
            append(&mut pipeline, &words);
        }
        assert!(matches!(pipeline.execute(), Ok(Executed::Buffered)));
        proxy.plan(Plan::answer_to_request_containing(b"$1\r\n1\r\n", Action::Hold(Direction::ToClient)));
        proxy.refuse(false);
        client.reconnect().unwrap();
        // Only then is it known where the replies begin.
        proxy.wait_until("the first answer is there", |state| state.plans_done % 2 == 1);
        proxy.cut_after_to_client(cut, Action::Close);
        proxy.release();
        client.flush(SOON).unwrap();
        client.wait_ready(SOON).unwrap();
        proxy.forget_plans();
        let failed = client.failed_next(0).unwrap();
        assert_eq!(failed.commands, [[b"RPUSH".to_vec(), b"string".to_vec(), b"2".to_vec()]], "cut after {cut}");
        assert!(client.failed_next(failed.id).is_none(), "cut after {cut}");
        let list = list(&server);
        let mut distinct = list.clone();
        distinct.dedup();
        assert!(distinct.ends_with(&[3, 4]) && list.contains(&1), "cut after {cut}: {list:?}");
        if cut >= 4 {
            assert_eq!(list.iter().filter(|number| **number == 1).count(), 1, "cut after {cut}: {list:?}");
        }
        let stats = client.stats();
        assert_eq!((stats.buffered_now, stats.buffered_bytes_now), (0, 0), "cut after {cut}: {stats:?}");
        server.command(&["DEL", "list"]);
        // The next round counts its plans from an even number.
        if proxy.state().plans_done % 2 == 1 {
            proxy.plan(Plan::to_client(0, Action::Delay(Duration::from_millis(1))));
            client.ask(&["PING"]);
        }
    }
}

#[test]
fn close_drains_and_its_numbers_add_up() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let client = cut_off(&server, &[]);
    assert!((1..=20).all(|number| push(&client, number)));
    assert!(is_buffered(&client.run(&["RPUSH", "string", "1"])));
    let closing = {
        let client = client.clone();
        std::thread::spawn(move || client.close(SOON).unwrap())
    };
    let mut buffered = 21;
    wait_until("nothing new is let in", SOON, || match client.run(&["SET", "k", "v"]) {
        Ok(_) => {
            buffered += 1;
            false
        }
        Err(error) => error.kind == ErrorKind::Closed && error.outcome == Outcome::NotApplied,
    });
    server.start_again();
    let report = closing.join().unwrap();
    assert_eq!((report.drained, report.lost, report.unknown, report.failed), (buffered, 0, 0, 1), "{report:?}");
    assert_eq!(list(&server), (1..=20).collect::<Vec<_>>());
    assert_eq!(client.state(), State::Closed);
}

#[test]
fn close_without_a_server_reports_what_is_lost() {
    let server = Server::start();
    let client = cut_off(&server, &[]);
    assert!((1..=20).all(|number| push(&client, number)));
    let report = client.close(Duration::from_millis(100)).unwrap();
    assert_eq!((report.drained, report.lost, report.unknown, report.failed), (0, 20, 0, 0), "{report:?}");
}

#[test]
fn close_in_the_middle_of_a_drain_tells_lost_from_unknown() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0"), ("reconnect_max_delay_ms", "10")]);
    proxy.refuse(true);
    proxy.close_all();
    client.wait_state(State::Reconnecting);
    for number in 1..=50 {
        assert!(is_buffered(&client.run(&["RPUSH", "list", &number.to_string()])));
    }
    proxy.plan(Plan::answer_to_request_containing(b"$2\r\n10\r\n", Action::BlackHole));
    proxy.refuse(false);
    client.reconnect().unwrap();
    proxy.wait_until("nothing comes back any more", |state| state.plans_done == 1);
    let report = client.close(Duration::from_millis(100)).unwrap();
    assert!(report.unknown > 0 && report.lost > 0, "{report:?}");
    assert_eq!(client.stats().replayed + report.lost + report.unknown, 50, "{report:?}");
    let present = list(&server).len() as u64;
    assert!((client.stats().replayed..=client.stats().replayed + report.unknown).contains(&present), "{report:?}");
}

#[test]
fn a_write_answered_within_the_grace_is_not_buffered() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "4000")]);
    server.kill();
    let writer = {
        let client = client.clone();
        std::thread::spawn(move || client.run(&["SET", "k", "v"]))
    };
    client.event(EventKind::Reconnecting);
    server.start_again();
    assert!(is_reply(&writer.join().unwrap()));
    assert_eq!(client.stats().buffered, 0);
}
