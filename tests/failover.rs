//! The failover of one server: a primary and its replica behind a name that moves, promoted by hand under load.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use resilient_redis::client::{Client, CommandOptions, Executed, PipelineOptions, State};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::{Event, EventKind, Failover, History, ServerChange};
use support::{
    Action, Ask, Proxy, SOON, Server, Signpost, append, assert_fails, configuration, is_buffered, link_is_tls,
    open_ready, url_of, wait_until,
};

const THREADS: usize = 8;

/// A primary, and a replica of it that has caught up.
fn pair() -> (Server, Server) {
    let primary = Server::start();
    let replica = primary.start_replica();
    (primary, replica)
}

fn offset(server: &Server) -> i64 {
    server.info("replication", "master_repl_offset").unwrap().parse().unwrap()
}

fn promote(server: &Server) {
    server.command(&["REPLICAOF", "NO", "ONE"]);
}

fn follow(server: &Server, primary: &Server) {
    server.command(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
}

fn open_behind(signpost: &Signpost, options: &[(&str, &str)]) -> Client {
    let mut all =
        vec![("client_name", "program"), ("reconnect_max_delay_ms", "20"), ("health_check_interval_ms", "50")];
    all.extend(options);
    let client = Client::open_with(configuration(&url_of("cache.test"), &all), signpost.hooks()).unwrap();
    client.wait_ready(SOON).unwrap();
    client
}

fn failover(client: &Client) -> Failover {
    let event = client.event(EventKind::Failover);
    *event.failover.unwrap()
}

/// Threads that append numbers to a list each, and note which were accepted.
struct Load {
    enough: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn begin(client: &Client) -> Self {
        let (enough, accepted) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let threads = (0..THREADS)
            .map(|thread| {
                let (client, enough, accepted) = (client.clone(), enough.clone(), accepted.clone());
                std::thread::spawn(move || {
                    let mut numbers = Vec::new();
                    let list = format!("list:{thread}");
                    for number in 0.. {
                        if enough.load(Ordering::Acquire) {
                            break;
                        }
                        let number = number.to_string();
                        client.run(&["RPUSH", &list, &number]).unwrap();
                        numbers.push(number);
                        accepted.fetch_add(1, Ordering::AcqRel);
                        // Not more than the servers can keep up with, nor than the test has to compare.
                        std::thread::sleep(Duration::from_micros(500));
                    }
                    numbers
                })
            })
            .collect();
        Load { enough, accepted, threads }
    }

    /// Waits until so many more writes were accepted.
    fn goes_on(&self, more: usize) {
        let before = self.accepted.load(Ordering::Acquire);
        wait_until("more writes are accepted", SOON, || self.accepted.load(Ordering::Acquire) >= before + more);
    }

    /// What each thread's writes were, all of which were accepted.
    fn end(self, client: &Client) -> Vec<Vec<String>> {
        self.enough.store(true, Ordering::Release);
        let accepted = self.threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        client.wait_ready(SOON).unwrap();
        client.flush(SOON).unwrap();
        accepted
    }
}

fn lists(server: &Server) -> Vec<Vec<String>> {
    (0..THREADS)
        .map(|thread| {
            let list = server.command(&["LRANGE", &format!("list:{thread}"), "0", "-1"]);
            redis::from_redis_value(list).unwrap()
        })
        .collect()
}

/// Is the program connected to it?
fn has_program(server: &Server) -> bool {
    let clients: String = redis::from_redis_value(server.command(&["CLIENT", "LIST", "TYPE", "normal"])).unwrap();
    clients.contains("name=program")
}

/// All that was accepted is there, in its order; where nothing had to be sent again, exactly that.
fn assert_nothing_lost(accepted: &[Vec<String>], found: &[Vec<String>], client: &Client) {
    for (accepted, found) in accepted.iter().zip(found) {
        let mut once = Vec::new();
        let mut seen = HashSet::new();
        found.iter().filter(|number| seen.insert(*number)).for_each(|number| once.push(number.clone()));
        assert_eq!(accepted, &once);
        if client.stats().resent == 0 {
            assert_eq!(once.len(), found.len());
        }
    }
}

#[test]
fn a_primary_that_is_turned_into_a_replica_under_load_loses_nothing_and_is_left_alone() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    let load = Load::begin(&client);
    load.goes_on(500);
    // As an operator does it: writes are held back until the replica has everything.
    one.command(&["CLIENT", "PAUSE", "10000", "WRITE"]);
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    promote(&other);
    signpost.turn(&[other.client_address()]);
    follow(&one, &other);
    one.command(&["CLIENT", "UNPAUSE"]);
    load.goes_on(500);
    let accepted = load.end(&client);
    assert_nothing_lost(&accepted, &lists(&other), &client);
    assert_eq!(client.stats().resent_unsafe, 0, "the former primary refused what it had not run");
    assert!(!has_program(&one) && has_program(&other));
    let found = failover(&client);
    assert_eq!((found.change, found.history), (ServerChange::OtherServer, History::Continued));
    assert_eq!(Some(&*found.old_run_id), one.info("server", "run_id").as_deref());
    assert_eq!(Some(&*found.new_run_id), other.info("server", "run_id").as_deref());
    // And back again.
    one.wait_in_step_with(&other);
    let load = Load::begin(&client);
    load.goes_on(100);
    other.command(&["CLIENT", "PAUSE", "10000", "WRITE"]);
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    promote(&one);
    signpost.turn(&[one.client_address()]);
    follow(&other, &one);
    other.command(&["CLIENT", "UNPAUSE"]);
    load.goes_on(100);
    load.end(&client);
    assert_eq!(failover(&client).change, ServerChange::OtherServer);
    assert!(has_program(&one) && !has_program(&other));
}

#[test]
fn a_primary_that_is_stopped_under_load_loses_nothing() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    let load = Load::begin(&client);
    load.goes_on(500);
    // It ends when its replica has everything.
    one.stop();
    load.goes_on(100);
    promote(&other);
    signpost.turn(&[other.client_address()]);
    load.goes_on(500);
    let accepted = load.end(&client);
    assert_nothing_lost(&accepted, &lists(&other), &client);
    assert_eq!(failover(&client).change, ServerChange::OtherServer);
}

#[test]
fn a_primary_that_is_killed_under_load_loses_what_replication_lost_and_nothing_else() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    let load = Load::begin(&client);
    load.goes_on(500);
    wait_until("the replica has some of it", SOON, || lists(&other).iter().all(|list| !list.is_empty()));
    one.kill();
    load.goes_on(100);
    let replicated = lists(&other);
    promote(&other);
    signpost.turn(&[other.client_address()]);
    load.goes_on(500);
    let accepted = load.end(&client);
    for ((accepted, found), replicated) in accepted.iter().zip(lists(&other)).zip(replicated) {
        assert_eq!(found[..replicated.len()], replicated[..], "what the replica had stays");
        let found: HashSet<&String> = found.iter().collect();
        let lost: Vec<usize> = (0..accepted.len()).filter(|place| !found.contains(&accepted[*place])).collect();
        // What is missing is one piece at the end of what was answered before the kill.
        let (first, last) = (lost.first().copied().unwrap_or(0), lost.last().copied().unwrap_or(0));
        assert!(lost.is_empty() || (first == replicated.len() && last - first + 1 == lost.len()), "{lost:?}");
    }
    // The former primary comes back: it is nobody's any more.
    one.start_again();
    let load = Load::begin(&client);
    load.goes_on(100);
    load.end(&client);
    assert!(!has_program(&one) && has_program(&other));
}

#[test]
fn a_primary_that_freezes_is_left_and_what_it_does_later_is_nobody_s() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let options = [("command_timeout_ms", "1000"), ("connect_timeout_ms", "200")];
    let client = open_behind(&signpost, &options);
    client.ask(&["SET", "k", "before"]);
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    one.pause();
    // A question for its role may be on its way already: the connection may then be given up before the command is.
    let unbuffered = CommandOptions { no_buffer: true, ..CommandOptions::default() };
    let late = client.run_with(&["SET", "k", "late"], &unbuffered);
    assert_fails(late, ErrorKind::Timeout, Outcome::Unknown);
    promote(&other);
    signpost.turn(&[other.client_address()]);
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "after"]);
    one.resume();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("after"));
    wait_until("the connection to it is gone", SOON, || !has_program(&one));
    assert!(has_program(&other));
}

#[test]
fn data_that_was_rolled_back_is_told() {
    let one = Server::start();
    let between = Proxy::start(one.address());
    // The proxy speaks with whoever comes what the fixture speaks.
    let other = Server::builder().arg("replicaof", &format!("127.0.0.1 {}", between.port()));
    let other = if link_is_tls() { other.arg("tls-replication", "yes") } else { other };
    let other = other.start();
    other.wait_in_step_with(&one);
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    client.ask(&["SET", "kept", "v"]);
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    between.black_hole(true);
    let shared = offset(&other);
    client.ask(&["SET", "lost", "v"]);
    // The client has to have seen how far the server was by then.
    let checks = client.stats().health_checks;
    wait_until("the server was asked twice", SOON, || client.stats().health_checks >= checks + 2);
    let seen = offset(&one);
    one.kill();
    drop(between);
    promote(&other);
    signpost.turn(&[other.client_address()]);
    let event = client.event(EventKind::Failover);
    assert!(event.message.contains("another server has taken over"), "{event:?}");
    let found = event.failover.unwrap();
    assert_eq!((found.change, found.history), (ServerChange::OtherServer, History::RolledBack), "{found:?}");
    assert_eq!(found.shared_offset, Some(shared));
    assert!(found.old_offset.is_some_and(|old| old > shared && old <= seen), "{found:?}");
    client.wait_ready(SOON).unwrap();
    assert_eq!((client.text(&["GET", "kept"]).as_deref(), client.text(&["GET", "lost"])), (Some("v"), None));
}

#[test]
fn a_server_that_was_restarted_is_told_from_another_one_and_a_cut_is_neither() {
    let server = Server::builder().appendonly(true).start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "20")]);
    client.event(EventKind::Connected);
    server.restart();
    let found = failover(&client);
    assert_eq!((found.change, found.history), (ServerChange::Restarted, History::Unknown));
    client.event(EventKind::Connected);
    proxy.reset_all();
    let since: Vec<Event> = client.events_until(EventKind::Connected);
    assert!(since.iter().all(|event| event.kind != EventKind::Failover), "{since:?}");
}

#[test]
fn a_demotion_that_nobody_tells_is_noticed_by_who_only_reads() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    client.ask(&["SET", "k", "old"]);
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    promote(&other);
    other.command(&["SET", "k", "new"]);
    signpost.turn(&[other.client_address()]);
    // Its replication is broken, so that it would give out what is old for ever.
    one.command(&["REPLICAOF", "127.0.0.1", "1"]);
    wait_until("the new value is read", SOON, || client.text(&["GET", "k"]).as_deref() == Some("new"));
    assert!(!has_program(&one));
}

#[test]
fn of_several_addresses_the_primary_s_is_taken() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[other.client_address(), one.client_address()]);
    let client = open_behind(&signpost, &[("server_role", "primary")]);
    client.ask(&["SET", "k", "v"]);
    assert!(has_program(&one) && !has_program(&other));
    // They change places; the name gives both all the time.
    promote(&other);
    follow(&one, &other);
    wait_until("the other one is taken", SOON, || has_program(&other) && !has_program(&one));
    client.ask(&["SET", "k", "w"]);
}

#[test]
fn a_replica_serves_who_only_reads_until_there_is_something_to_write() {
    let (one, other) = pair();
    one.command(&["SET", "k", "v"]);
    let signpost = Signpost::to(&[other.client_address()]);
    let client = open_behind(&signpost, &[("outage_grace_ms", "0")]);
    wait_until("it is replicated", SOON, || client.text(&["GET", "k"]).as_deref() == Some("v"));
    assert!(has_program(&other));
    // Refused, so it waits for the primary.
    let patient = CommandOptions { no_buffer: true, timeout: Some(SOON), ..CommandOptions::default() };
    let writer = client.clone();
    let written = std::thread::spawn(move || writer.run_with(&["SET", "k", "w"], &patient));
    client.event(EventKind::Reconnecting);
    assert!(is_buffered(&client.run(&["SET", "l", "x"])));
    signpost.turn(&[one.client_address()]);
    assert!(matches!(written.join().unwrap(), Ok(Executed::Reply(_))));
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "l"]).as_deref(), Some("x"));
    assert!(has_program(&one) && !has_program(&other));
}

#[test]
fn with_any_a_replica_stays_and_with_primary_it_is_never_taken() {
    let (one, other) = pair();
    let any = open_behind(&Signpost::to(&[other.client_address()]), &[("server_role", "any")]);
    // A write is answered by it, whichever way it goes, and nobody's reads suffer.
    let connects = any.stats().connects;
    let refused = assert_fails(any.run(&["SET", "k", "v"]), ErrorKind::Server, Outcome::NotApplied);
    assert_eq!(refused.server_code.as_deref(), Some("READONLY"));
    for atomic in [false, true] {
        let mut pipeline = any.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        append(&mut pipeline, &["SET", "k", "v"]);
        let failed = match pipeline.execute() {
            Ok(executed) => format!("{executed:?}"),
            Err(incomplete) => format!("{:?}", incomplete.error),
        };
        assert!(failed.contains("READONLY"), "{failed}");
    }
    assert_fails(any.run(&["BLPOP", "list", "0"]), ErrorKind::Server, Outcome::NotApplied);
    assert_eq!((any.text(&["GET", "k"]), any.stats().connects, any.state()), (None, connects, State::Ready));
    assert!(has_program(&other));
    any.close(Duration::ZERO).unwrap();

    let config = configuration(&url_of("cache.test"), &[("server_role", "primary"), ("reconnect_max_delay_ms", "20")]);
    let client = Client::open_with(config, Signpost::to(&[other.client_address()]).hooks()).unwrap();
    let event = client.event(EventKind::Reconnecting);
    assert!(event.message.contains("is a replica of 127.0.0.1:"), "{event:?}");
    assert!(event.message.contains(&format!("({})", other.client_address())), "{event:?}");
    assert_ne!(client.state(), State::Ready);
    drop(one);
}

#[test]
fn transactions_and_commands_that_wait_go_to_the_new_primary() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    let waiting = client.clone();
    let popped = std::thread::spawn(move || waiting.text_of_pop("queue"));
    wait_until("it waits", SOON, || one.info("clients", "blocked_clients").as_deref() == Some("1"));
    promote(&other);
    signpost.turn(&[other.client_address()]);
    follow(&one, &other);
    client.wait_ready(SOON).unwrap();
    wait_until("it waits at the other", SOON, || other.info("clients", "blocked_clients").as_deref() == Some("1"));
    let transaction = client.transaction(&[b"k"], Default::default()).unwrap();
    transaction.queue(&[b"RPUSH", b"queue", b"element"]).unwrap();
    transaction.execute().unwrap();
    assert_eq!(popped.join().unwrap().as_deref(), Some("element"));
}

#[test]
fn connections_that_were_kept_for_later_are_not_used_for_the_next_server() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    let increment = || {
        let transaction = client.transaction(&[b"k"], Default::default()).unwrap();
        transaction.queue(&[b"INCR", b"k"]).unwrap();
        transaction.execute().unwrap().root().get(0).unwrap().as_integer()
    };
    let wait_in_vain = || {
        let short = CommandOptions { timeout: Some(Duration::from_millis(100)), ..CommandOptions::default() };
        // Ended at the server, over a connection that is kept for the next time.
        assert_fails(client.run_with(&["BLPOP", "nothing", "0"], &short), ErrorKind::Timeout, Outcome::NotApplied);
    };
    assert_eq!(increment(), Some(1));
    wait_in_vain();
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    // The former one is cut off and does not know it: it would run whatever comes.
    promote(&other);
    signpost.turn(&[other.client_address()]);
    let id = client.number(&["CLIENT", "ID"]).to_string();
    one.command(&["CLIENT", "KILL", "ID", &id]);
    failover(&client);
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "100"]);
    assert_eq!(increment(), Some(101));
    wait_in_vain();
    wait_in_vain();
}

#[test]
fn a_replica_is_left_when_only_a_transaction_has_something_to_write() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[other.client_address(), one.client_address()]);
    let client = open_behind(&signpost, &[]);
    assert!(has_program(&other));
    wait_until("a transaction finds the primary", SOON, || {
        let transaction = client.transaction(&[b"k"], Default::default()).unwrap();
        transaction.queue(&[b"INCR", b"k"]).unwrap();
        transaction.execute().is_ok()
    });
    wait_until("so does the client", SOON, || has_program(&one) && !has_program(&other));
}

#[test]
fn a_server_that_is_busy_when_it_is_asked_for_its_role_is_asked_again() {
    let (one, other) = pair();
    let signpost = Signpost::to(&[one.client_address()]);
    let client = open_behind(&signpost, &[]);
    one.command(&["CONFIG", "SET", "busy-reply-threshold", "10"]);
    let mut busy = one.connection();
    let script = std::thread::spawn(move || {
        let endless = "while true do end";
        let _: redis::RedisResult<redis::Value> = redis::cmd("EVAL").arg(endless).arg(0).query(&mut busy);
    });
    wait_until("it refuses everything", SOON, || {
        let checks = client.stats().health_checks;
        one.try_command(&["GET", "k"]).is_err_and(|error| error.to_string().contains("BUSY")) && checks > 0
    });
    let checks = client.stats().health_checks;
    wait_until("it was asked meanwhile", SOON, || client.stats().health_checks >= checks + 2);
    one.command(&["SCRIPT", "KILL"]);
    script.join().unwrap();
    promote(&other);
    signpost.turn(&[other.client_address()]);
    follow(&one, &other);
    wait_until("the demotion is noticed", SOON, || has_program(&other) && !has_program(&one));
}

#[test]
fn a_failover_whose_first_connection_breaks_is_told_all_the_same() {
    let (one, other) = pair();
    let proxy = Proxy::start(one.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0"), ("reconnect_max_delay_ms", "20")]);
    client.ask(&["SET", "k", "v"]);
    wait_until("the replica has everything", SOON, || offset(&one) == offset(&other));
    promote(&other);
    proxy.refuse(true);
    proxy.reset_all();
    client.wait_state(State::Reconnecting);
    assert!(is_buffered(&client.run(&["SET", "needle", "1"])));
    proxy.on_request_containing(b"needle", Action::Reset);
    proxy.retarget(other.address());
    proxy.refuse(false);
    let found = failover(&client);
    assert_eq!(Some(&*found.new_run_id), other.info("server", "run_id").as_deref());
    client.flush(SOON).unwrap();
    assert_eq!(client.stats().failovers, 1);
}

trait Pop {
    fn text_of_pop(&self, list: &str) -> Option<String>;
}

impl Pop for Client {
    fn text_of_pop(&self, list: &str) -> Option<String> {
        let reply = self.ask(&["BLPOP", list, "0"]);
        let element = reply.root().get(1)?;
        Some(String::from_utf8_lossy(element.as_bytes()?).into_owned())
    }
}
