//! Transactions that watch keys: executed only if the watch held, never written twice, and of each the program is told
//! what the server holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::cell::Cell;
use std::time::Duration;

use resilient_redis::client::{Client, Ran, Transaction, TransactionOptions, Verdict};
use resilient_redis::error::{Error, ErrorKind, Outcome, Result};
use resilient_redis::resp::Reply;
use support::{Action, Ask, Direction, Plan, Proxy, SOON, Server, is_buffered, open, open_ready, wait_until, within};

fn argv<'a>(words: &'a [&'a str]) -> Vec<&'a [u8]> {
    words.iter().map(|word| word.as_bytes()).collect()
}

fn watching(client: &Client, keys: &[&str]) -> Transaction {
    client.transaction(&argv(keys), TransactionOptions::default()).unwrap()
}

fn timed(client: &Client, keys: &[&str], ms: u64) -> Result<Transaction> {
    let timeout = Some(Duration::from_millis(ms));
    client.transaction(&argv(keys), TransactionOptions { timeout, ..TransactionOptions::default() })
}

fn ask(transaction: &Transaction, words: &[&str]) -> Result<Reply> {
    transaction.command(&argv(words))
}

fn text(transaction: &Transaction, words: &[&str]) -> Option<String> {
    let reply = ask(transaction, words).unwrap();
    reply.root().as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn number(transaction: &Transaction, words: &[&str]) -> i64 {
    ask(transaction, words).unwrap().root().as_integer().unwrap()
}

fn queue(transaction: &Transaction, words: &[&str]) {
    transaction.queue(&argv(words)).unwrap();
}

#[track_caller]
fn fails<T: std::fmt::Debug>(ended: Result<T>, kind: ErrorKind, outcome: Outcome) -> Error {
    let error = ended.expect_err("it should fail");
    assert_eq!((error.kind, error.outcome), (kind, outcome), "{error:?}");
    error
}

/// A server behind a proxy, and a client whose shared connection says nothing by itself.
fn bench(options: &[(&str, &str)]) -> (Server, Proxy, Client) {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let mut all = vec![("health_check_interval_ms", "0"), ("reconnect_max_delay_ms", "10")];
    all.extend_from_slice(options);
    let client = open_ready(&proxy.url(), &all);
    (server, proxy, client)
}

fn held(server: &Server, key: &str) -> i64 {
    let text: Option<String> = redis::from_redis_value(server.command(&["GET", key])).unwrap();
    text.map_or(0, |text| text.parse().unwrap())
}

/// How many connections to this port of loopback the kernel holds for good.
fn established_to(port: u16) -> usize {
    let (peer, established) = (format!("0100007F:{port:04X}"), "01");
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row[2] == peer && row[3] == established).count()
}

#[test]
fn what_is_queued_is_executed_together_with_errors_in_place() {
    let server = Server::start();
    for protocol in ["2", "3"] {
        let client = open_ready(&server.url(), &[("protocol", protocol)]);
        client.ask(&["SET", "a", "5"]);
        let transaction = watching(&client, &["a", "b"]);
        assert_eq!(text(&transaction, &["GET", "a"]).as_deref(), Some("5"));
        queue(&transaction, &["SET", "a", "6"]);
        queue(&transaction, &["LPUSH", "a", "x"]);
        queue(&transaction, &["GET", "a"]);
        assert_eq!(transaction.len().unwrap(), 3);
        assert_eq!(client.text(&["GET", "a"]).as_deref(), Some("5"));
        let reply = transaction.execute().unwrap();
        let codes: Vec<_> = reply.root().iter().map(|value| value.error_code()).collect();
        assert_eq!(codes, [None, Some("WRONGTYPE"), None]);
        assert_eq!(reply.root().get(2).unwrap().as_bytes(), Some(&b"6"[..]));
    }
}

#[test]
fn a_key_that_somebody_else_changed_is_a_conflict() {
    let server = Server::start();
    for protocol in ["2", "3"] {
        let client = open_ready(&server.url(), &[("protocol", protocol)]);
        client.ask(&["DEL", "a", "b"]);
        let transaction = watching(&client, &["a"]);
        transaction.watch(&argv(&["b"])).unwrap();
        client.ask(&["SET", "b", "1"]);
        queue(&transaction, &["SET", "a", "1"]);
        let error = fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
        assert!(error.message.contains("a watched key was changed") && error.is_retryable(), "{error}");
        assert_eq!(client.text(&["GET", "a"]), None);
        // Over: it has to begin anew, and then forgets nothing of the new watch.
        fails(transaction.execute(), ErrorKind::InvalidArgument, Outcome::NotApplied);
        fails(transaction.queue(&argv(&["PING"])), ErrorKind::InvalidArgument, Outcome::NotApplied);
        transaction.watch(&argv(&["a"])).unwrap();
        queue(&transaction, &["SET", "a", "2"]);
        assert_eq!(transaction.execute().unwrap().root().len(), 1);
        assert_eq!(client.text(&["GET", "a"]).as_deref(), Some("2"));
    }
}

#[test]
fn with_nothing_queued_it_still_says_whether_a_key_was_changed() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let transaction = watching(&client, &["a"]);
    assert_eq!(transaction.execute().unwrap(), Reply::array(vec![]));
    transaction.watch(&argv(&["a"])).unwrap();
    client.ask(&["SET", "a", "1"]);
    fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
}

#[test]
fn what_is_discarded_is_not_executed_and_not_watched() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let transaction = watching(&client, &["a"]);
    let id = number(&transaction, &["CLIENT", "ID"]);
    queue(&transaction, &["SET", "a", "1"]);
    transaction.discard().unwrap();
    transaction.discard().unwrap();
    assert!(transaction.is_empty().unwrap());
    client.ask(&["SET", "a", "2"]);
    // The next one has the same connection, and not the former's watch.
    transaction.watch(&argv(&["b"])).unwrap();
    assert_eq!(number(&transaction, &["CLIENT", "ID"]), id);
    queue(&transaction, &["SET", "b", "1"]);
    assert_eq!(transaction.execute().unwrap().root().len(), 1);
    assert_eq!(client.text(&["GET", "a"]).as_deref(), Some("2"));
}

#[test]
fn a_connection_that_is_cut_while_watching_is_a_conflict() {
    for reads_on in [false, true] {
        let (server, proxy, client) = bench(&[]);
        let transaction = watching(&client, &["a"]);
        assert_eq!(text(&transaction, &["GET", "a"]), None);
        assert_eq!(established_to(proxy.port()), 2);
        proxy.refuse(true);
        proxy.reset_all();
        wait_until("the resets have arrived", SOON, || established_to(proxy.port()) == 0);
        if reads_on {
            fails(ask(&transaction, &["GET", "a"]), ErrorKind::Conflict, Outcome::NotApplied);
            fails(ask(&transaction, &["GET", "a"]), ErrorKind::Conflict, Outcome::NotApplied);
            fails(transaction.watch(&argv(&["b"])), ErrorKind::Conflict, Outcome::NotApplied);
        }
        queue(&transaction, &["SET", "a", "1"]);
        let error = fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
        assert!(error.message.contains("the connection was lost while watching"), "{error}");
        assert_eq!(held(&server, "a"), 0);
        proxy.refuse(false);
        transaction.watch(&argv(&["a"])).unwrap();
        queue(&transaction, &["SET", "a", "2"]);
        transaction.execute().unwrap();
        assert_eq!(held(&server, "a"), 2);
    }
}

#[test]
fn a_server_that_restarted_while_watching_is_a_conflict() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[]);
    let transaction = watching(&client, &["a"]);
    server.kill();
    server.start_again();
    client.wait_ready(SOON).unwrap();
    queue(&transaction, &["SET", "a", "1"]);
    fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
    assert_eq!(held(&server, "a"), 0);
}

/// Runs one transaction that increments `n`, with a plan made after its watch.
fn increment(client: &Client, arm: impl FnOnce()) -> Result<Reply> {
    let transaction = watching(client, &["n"]);
    queue(&transaction, &["INCR", "n"]);
    arm();
    transaction.execute()
}

#[test]
fn cut_anywhere_it_never_runs_twice_and_what_was_written_whole_is_never_called_a_conflict() {
    for level in ["at_least_once", "at_most_once"] {
        let (server, proxy, client) = bench(&[("delivery", level)]);
        increment(&client, || ()).unwrap();
        let before = Cell::new(None);
        increment(&client, || before.set(Some(proxy.state()))).unwrap();
        let (before, after) = (before.take().unwrap(), proxy.state());
        let request = after.bytes_to_server - before.bytes_to_server;
        let reply = after.bytes_to_client - before.bytes_to_client;
        let mut seen = [0; 3];
        let to_server = (0..=request).map(|bytes| (bytes >= request, Plan::to_server(bytes, Action::Reset)));
        let to_client = (0..reply).map(|bytes| (true, Plan::to_client(bytes, Action::Close)));
        for (at, (arrived, plan)) in to_server.chain(to_client).enumerate() {
            proxy.forget_plans();
            server.command(&["DEL", "n"]);
            let told = increment(&client, || proxy.plan(plan));
            let ran = held(&server, "n");
            match told {
                Ok(reply) => {
                    assert_eq!((reply, ran), (Reply::array(vec![Reply::integer(1)]), 1), "cut {at}");
                    seen[0] += 1;
                }
                Err(error) if error.outcome == Outcome::Unknown => {
                    assert_eq!(error.kind, ErrorKind::ConnectionLost, "cut {at}: {error:?}");
                    assert_eq!(ran, i64::from(arrived), "cut {at}");
                    seen[1] += 1;
                }
                Err(error) => {
                    assert_eq!((error.kind, error.outcome), (ErrorKind::Conflict, Outcome::NotApplied), "cut {at}");
                    assert!(ran == 0 && !arrived, "cut {at}: {error:?}");
                    seen[2] += 1;
                }
            }
        }
        assert!(seen[1] as u64 >= reply, "{seen:?}");
    }
}

#[test]
fn an_execution_without_an_answer_is_unknown_and_not_prepared_again() {
    let (server, proxy, client) = bench(&[]);
    let calls = Cell::new(0);
    proxy.plan(Plan::answer_to_request_containing(b"EXEC", Action::Reset));
    let ran = client.run_transaction(&argv(&["n"]), 10, |transaction| {
        calls.set(calls.get() + 1);
        transaction.queue(&argv(&["INCR", "n"]))?;
        Ok(Verdict::Execute)
    });
    let error = fails(ran, ErrorKind::ConnectionLost, Outcome::Unknown);
    assert!(!error.is_retryable());
    assert_eq!((calls.get(), held(&server, "n")), (1, 1));
}

#[test]
fn a_command_that_the_server_does_not_queue_is_named() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    for keys in [&["a"][..], &[]] {
        let transaction = watching(&client, keys);
        queue(&transaction, &["SET", "a", "1"]);
        queue(&transaction, &["LPUSH", "a"]);
        let error = fails(transaction.execute(), ErrorKind::Server, Outcome::NotApplied);
        assert_eq!(error.server_code.as_deref(), Some("EXECABORT"));
        assert!(error.message.contains("command 2 was refused, LPUSH: ERR wrong number of arg"), "{error}");
        assert_eq!(client.text(&["GET", "a"]), None);
    }
}

#[test]
fn the_function_is_called_again_with_fresh_reads_until_its_reads_held() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    client.ask(&["SET", "n", "1"]);
    let seen = Cell::new(Vec::new());
    let ran = client.run_transaction(&argv(&["n"]), 5, |transaction| {
        let now: i64 = text(transaction, &["GET", "n"]).unwrap().parse().unwrap();
        let mut all = seen.take();
        all.push(now);
        if all.len() < 3 {
            client.ask(&["INCR", "n"]);
        }
        seen.set(all);
        transaction.queue(&argv(&["SET", "n", &(now * 10).to_string()]))?;
        Ok(Verdict::Execute)
    });
    assert_eq!(ran.unwrap(), Ran::Executed(Reply::array(vec![Reply::status("OK")])));
    assert_eq!(seen.take(), [1, 2, 3]);
    assert_eq!(client.text(&["GET", "n"]).as_deref(), Some("30"));
}

#[test]
fn a_connection_that_is_cut_between_reads_and_execution_is_tried_again() {
    let (server, proxy, client) = bench(&[]);
    let calls = Cell::new(0);
    let ran = client.run_transaction(&argv(&["n"]), 5, |transaction| {
        calls.set(calls.get() + 1);
        if calls.get() < 3 {
            proxy.reset_all();
        }
        transaction.command(&argv(&["GET", "n"]))?;
        transaction.queue(&argv(&["INCR", "n"]))?;
        Ok(Verdict::Execute)
    });
    assert_eq!(ran.unwrap(), Ran::Executed(Reply::array(vec![Reply::integer(1)])));
    assert_eq!((calls.get(), held(&server, "n")), (3, 1));
}

#[test]
fn after_the_last_attempt_the_conflict_is_told() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let calls = Cell::new(0);
    let ran = client.run_transaction(&argv(&["n"]), 3, |transaction| {
        calls.set(calls.get() + 1);
        client.ask(&["INCR", "n"]);
        transaction.queue(&argv(&["SET", "n", "100"]))?;
        Ok(Verdict::Execute)
    });
    let error = fails(ran, ErrorKind::Conflict, Outcome::NotApplied);
    assert!(error.message.contains("attempt 3 of 3"), "{error}");
    assert_eq!((calls.get(), client.number(&["INCR", "n"])), (3, 4));
    let never = client.run_transaction(&[], 0, |_| panic!("no attempt was asked for"));
    fails(never, ErrorKind::InvalidArgument, Outcome::NotApplied);
}

#[test]
fn a_function_that_gives_up_is_not_called_again_and_its_number_is_told() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let give_up = |number| {
        let calls = Cell::new(0);
        let ran = client.run_transaction(&argv(&["n"]), 3, |transaction| {
            calls.set(calls.get() + 1);
            let _ = transaction.command(&argv(&["LPUSH", "text", "x"]));
            transaction.queue(&argv(&["INCR", "n"]))?;
            Ok(Verdict::GiveUp(number))
        });
        (ran, calls.get())
    };
    client.ask(&["SET", "text", "x"]);
    let (ran, calls) = give_up(7);
    assert_eq!((ran.unwrap(), calls), (Ran::GaveUp(7), 1));
    // The number of a failure that it met is that failure.
    let error = fails(give_up(ErrorKind::Server as i32).0, ErrorKind::Server, Outcome::NotApplied);
    assert_eq!(error.server_code.as_deref(), Some("WRONGTYPE"));
    fails(give_up(ErrorKind::Timeout as i32).0, ErrorKind::Timeout, Outcome::NotApplied);
    fails(give_up(-999).0, ErrorKind::InvalidArgument, Outcome::NotApplied);
    let (ran, calls) = give_up(ErrorKind::Conflict as i32);
    fails(ran, ErrorKind::Conflict, Outcome::NotApplied);
    assert_eq!((calls, client.text(&["GET", "n"])), (3, None));
}

#[test]
fn two_threads_in_one_are_told() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let transaction = watching(&client, &["a"]);
    let other = transaction.clone();
    server.pause();
    let slow = std::thread::spawn(move || other.command(&argv(&["PING"])).map(drop));
    wait_until("it is in use", SOON, || transaction.len().is_err_and(|error| error.kind == ErrorKind::Busy));
    fails(transaction.queue(&argv(&["PING"])), ErrorKind::Busy, Outcome::NotApplied);
    fails(transaction.execute(), ErrorKind::Busy, Outcome::NotApplied);
    fails(transaction.discard(), ErrorKind::Busy, Outcome::NotApplied);
    server.resume();
    slow.join().unwrap().unwrap();
    queue(&transaction, &["PING"]);
    transaction.execute().unwrap();
}

#[test]
fn what_does_not_belong_into_a_transaction_is_refused_with_a_reason() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let transaction = watching(&client, &["a"]);
    for (words, reason) in [
        (&["MULTI"][..], "rr_transaction_execute"),
        (&["EXEC"], "rr_transaction_execute"),
        (&["DISCARD"], "rr_transaction_discard"),
        (&["WATCH", "b"], "rr_transaction_watch"),
        (&["UNWATCH"], "rr_transaction_discard"),
        (&["SUBSCRIBE", "c"], "only borrows"),
        (&["MONITOR"], "only borrows"),
        (&["RESET"], "only borrows"),
        (&["SELECT", "1"], "use rr_command before"),
        (&["AUTH", "x"], "use rr_command before"),
        (&["BLPOP", "l", "0"], "could not wait"),
        (&["WAIT", "1", "0"], "could not wait"),
    ] {
        for refused in [transaction.queue(&argv(words)), ask(&transaction, words).map(drop)] {
            let error = fails(refused, ErrorKind::Unsupported, Outcome::NotApplied);
            assert!(error.message.starts_with(words[0]) && error.message.contains(reason), "{error}");
        }
    }
    fails(transaction.queue(&[]), ErrorKind::InvalidArgument, Outcome::NotApplied);
    assert!(transaction.is_empty().unwrap());
}

#[test]
fn its_connection_goes_back_to_be_used_again_unless_the_client_is_somebody_else_by_then() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let id_of = |keys: &[&str]| {
        let transaction = watching(&client, keys);
        let id = number(&transaction, &["CLIENT", "ID"]);
        transaction.execute().unwrap();
        id
    };
    let first = id_of(&["a"]);
    assert_ne!(first, client.number(&["CLIENT", "ID"]));
    assert_eq!(id_of(&["a"]), first);
    client.ask(&["SELECT", "1"]);
    client.ask(&["SET", "only", "here"]);
    let transaction = watching(&client, &["only"]);
    let second = number(&transaction, &["CLIENT", "ID"]);
    assert_ne!(second, first);
    assert_eq!(text(&transaction, &["GET", "only"]).as_deref(), Some("here"));
    // Changed while it is lent: it does not come back.
    client.ask(&["SELECT", "2"]);
    transaction.execute().unwrap();
    assert_ne!(id_of(&["a"]), second);
    wait_until("the others are gone", SOON, || {
        let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST"])).unwrap();
        !list.contains(&format!("id={first} ")) && !list.contains(&format!("id={second} "))
    });
}

#[test]
fn an_idle_connection_that_broke_is_not_used_again() {
    let (server, proxy, client) = bench(&[]);
    let transaction = watching(&client, &["a"]);
    let id = number(&transaction, &["CLIENT", "ID"]);
    transaction.execute().unwrap();
    server.command(&["CLIENT", "KILL", "ID", &id.to_string()]);
    transaction.watch(&argv(&["a"])).unwrap();
    assert_ne!(number(&transaction, &["CLIENT", "ID"]), id);
    transaction.execute().unwrap();
    // This time it is noticed only when it is used.
    proxy.plan(Plan::request_containing(b"WATCH", Action::Reset));
    transaction.watch(&argv(&["a"])).unwrap();
    queue(&transaction, &["INCR", "a"]);
    assert_eq!(transaction.execute().unwrap(), Reply::array(vec![Reply::integer(1)]));
}

#[test]
fn who_needs_one_connection_more_than_there_may_be_waits_for_one_until_the_deadline() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("private_max_connections", "2")]);
    let (first, second) = (watching(&client, &["a"]), watching(&client, &["a"]));
    let error = fails(timed(&client, &["a"], 50), ErrorKind::Timeout, Outcome::NotApplied);
    assert!(error.message.contains("private_max_connections"), "{error}");
    let other = client.clone();
    let third = std::thread::spawn(move || {
        let transaction = timed(&other, &["a"], 20_000).unwrap();
        queue(&transaction, &["INCR", "n"]);
        transaction.execute().unwrap()
    });
    // One that is freed in the middle of things makes room, too.
    drop(first);
    assert_eq!(third.join().unwrap(), Reply::array(vec![Reply::integer(1)]));
    second.execute().unwrap();
    let clients = || server.info("clients", "connected_clients").unwrap().parse::<u32>().unwrap();
    wait_until("the cut one is gone", SOON, || clients() <= 4);
    // Without keys none is needed.
    let busy = (watching(&client, &["a"]), watching(&client, &["a"]));
    let plain = watching(&client, &[]);
    queue(&plain, &["INCR", "n"]);
    assert_eq!(plain.execute().unwrap(), Reply::array(vec![Reply::integer(2)]));
    drop(busy);
}

#[test]
fn the_end_of_the_client_ends_its_transactions() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("private_max_connections", "1")]);
    let transaction = watching(&client, &["a"]);
    let other = client.clone();
    let waiting = std::thread::spawn(move || timed(&other, &["a"], 60_000).map(drop));
    let reading = transaction.clone();
    server.pause();
    let slow = std::thread::spawn(move || reading.command(&argv(&["INCR", "b"])).map(drop));
    wait_until("it is in a call", SOON, || transaction.len().is_err());
    client.close(Duration::ZERO).unwrap();
    let ended = within(SOON, "both return", move || (waiting.join().unwrap(), slow.join().unwrap()));
    fails(ended.0, ErrorKind::Closed, Outcome::NotApplied);
    fails(ended.1, ErrorKind::Closed, Outcome::Unknown);
    fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
    fails(transaction.watch(&argv(&["b"])), ErrorKind::Closed, Outcome::NotApplied);
    server.resume();
}

#[test]
fn a_deadline_ends_each_call_and_says_what_became_of_it() {
    let (server, proxy, client) = bench(&[]);
    let transaction = timed(&client, &["n"], 100).unwrap();
    queue(&transaction, &["INCR", "n"]);
    proxy.black_hole(true);
    fails(transaction.execute(), ErrorKind::Timeout, Outcome::Unknown);
    fails(timed(&client, &["n"], 100), ErrorKind::Timeout, Outcome::NotApplied);
    proxy.black_hole(false);
    let transaction = timed(&client, &["n"], 2000).unwrap();
    proxy.black_hole(true);
    fails(ask(&transaction, &["GET", "n"]), ErrorKind::Timeout, Outcome::NotApplied);
    fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
    proxy.black_hole(false);
    assert!(held(&server, "n") <= 1);
}

#[test]
fn a_server_that_became_a_replica_is_a_conflict_and_not_a_failure_for_good() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let transaction = watching(&client, &["n"]);
    queue(&transaction, &["INCR", "n"]);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = fails(transaction.execute(), ErrorKind::Conflict, Outcome::NotApplied);
    assert!(error.message.contains("READONLY"), "{error}");
    server.command(&["REPLICAOF", "NO", "ONE"]);
    transaction.watch(&argv(&["n"])).unwrap();
    queue(&transaction, &["INCR", "n"]);
    assert_eq!(transaction.execute().unwrap(), Reply::array(vec![Reply::integer(1)]));
}

#[test]
fn it_begins_behind_what_is_buffered() {
    let (server, proxy, client) = bench(&[("outage_grace_ms", "0")]);
    server.kill();
    // Nothing of it is on its way on the former connection, where the proxy would take it for the one that it holds.
    client.wait_state(resilient_redis::client::State::Reconnecting);
    for value in ["first", "second", "third"] {
        let accepted = client.run(&["SET", "a", value]);
        assert!(is_buffered(&accepted), "{accepted:?}");
    }
    // The others are sent and do not arrive: commands flow again, behind them.
    proxy.plan(Plan::request_containing(b"first", Action::Hold(Direction::ToServer)));
    server.start_again();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.buffered(), 2);
    fails(timed(&client, &["a"], 100), ErrorKind::Timeout, Outcome::NotApplied);
    proxy.release();
    assert_eq!(text(&watching(&client, &["a"]), &["GET", "a"]).as_deref(), Some("third"));
}

#[test]
fn an_outage_is_waited_for_until_the_deadline_and_giving_up_is_told_at_once() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    server.kill();
    fails(timed(&client, &["a"], 50), ErrorKind::Timeout, Outcome::NotApplied);
    let given_up = open("redis://127.0.0.1:1/", &[("reconnect_tries", "0")]);
    given_up.wait_state(resilient_redis::client::State::GaveUp);
    fails(timed(&given_up, &["a"], 60_000), ErrorKind::GaveUp, Outcome::NotApplied);
}

#[test]
fn without_keys_it_is_an_atomic_pipeline_that_is_sent_again_unless_told_otherwise() {
    for no_retry in [false, true] {
        let (server, proxy, client) = bench(&[]);
        let transaction = client.transaction(&[], TransactionOptions { no_retry, ..Default::default() }).unwrap();
        assert_eq!(text(&transaction, &["GET", "n"]), None);
        queue(&transaction, &["SET", "n", "1"]);
        queue(&transaction, &["INCR", "n"]);
        proxy.plan(Plan::answer_to_request_containing(b"EXEC", Action::Reset));
        let ended = transaction.execute();
        if no_retry {
            fails(ended, ErrorKind::ConnectionLost, Outcome::Unknown);
        } else {
            assert_eq!(ended.unwrap(), Reply::array(vec![Reply::status("OK"), Reply::integer(2)]));
        }
        assert_eq!(held(&server, "n"), 2);
        assert_eq!(proxy.state().plans_done, 1);
        transaction.watch(&[]).unwrap();
        assert_eq!(transaction.execute().unwrap(), Reply::array(vec![]));
    }
}

#[test]
fn a_server_that_does_not_take_multi_may_have_run_the_commands() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "odd", "on", ">pw", "~*", "+@all", "-multi"]);
    let client = open_ready(&server.url(), &[("username", "odd"), ("password", "pw")]);
    for keys in [&["n"][..], &[]] {
        let transaction = watching(&client, keys);
        queue(&transaction, &["INCR", "n"]);
        let error = fails(transaction.execute(), ErrorKind::Server, Outcome::Unknown);
        assert_eq!(error.server_code.as_deref(), Some("NOPERM"));
    }
    assert_eq!(held(&server, "n"), 2);
}

#[test]
fn a_transaction_larger_than_the_limit_is_not_sent() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_output_bytes", "4KiB")]);
    let transaction = watching(&client, &["a"]);
    queue(&transaction, &["SET", "a", &"x".repeat(5000)]);
    fails(transaction.execute(), ErrorKind::TooLarge, Outcome::NotApplied);
    fails(transaction.watch(&argv(&[&*"k".repeat(5000)])), ErrorKind::TooLarge, Outcome::NotApplied);
}
