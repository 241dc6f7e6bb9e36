//! Commands that wait at the server: each on a connection of its own, none of them taking an element that nobody gets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, CommandOptions, Executed, PipelineOptions, State};
use resilient_redis::error::{ErrorKind, Outcome, Result};
use support::{
    Action, Ask, Direction, Plan, Proxy, ReservedPort, SOON, Server, assert_fails, is_reply, open, open_ready,
    wait_until, within,
};

fn blocked(server: &Server) -> usize {
    server.info("clients", "blocked_clients").unwrap().parse().unwrap()
}

fn wait_blocked(server: &Server, count: usize) {
    wait_until("the commands wait at the server", SOON, || blocked(server) == count);
}

fn length(server: &Server, key: &str) -> i64 {
    redis::from_redis_value(server.command(&["LLEN", key])).unwrap()
}

/// The ids of the connections on which a BLPOP waits.
fn waiting(server: &Server) -> Vec<String> {
    let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST"])).unwrap();
    let lines = list.lines().filter(|line| line.contains("cmd=blpop") && line.contains("flags=b"));
    lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Issues a command on a thread of its own.
fn begin(client: &Client, words: &'static [&'static str]) -> JoinHandle<Result<Executed>> {
    let client = client.clone();
    std::thread::spawn(move || client.run(words))
}

/// Issues a command with a limit on a thread of its own.
fn begin_with(
    client: &Client,
    words: &'static [&'static str],
    options: CommandOptions,
) -> JoinHandle<Result<Executed>> {
    let client = client.clone();
    std::thread::spawn(move || client.run_with(words, &options))
}

fn limit(milliseconds: u64) -> CommandOptions {
    CommandOptions { timeout: Some(Duration::from_millis(milliseconds)), ..CommandOptions::default() }
}

fn end(thread: JoinHandle<Result<Executed>>) -> Result<Executed> {
    wait_until("the call ends", SOON, || thread.is_finished());
    thread.join().unwrap()
}

/// The reply as redis-cli shows it, in one line.
#[track_caller]
fn shown(ended: Result<Executed>) -> String {
    match ended {
        Ok(Executed::Reply(reply)) => format!("{reply:?}").split_whitespace().collect::<Vec<_>>().join(" "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_blocking_command_is_answered_whether_it_waits_or_not() {
    let server = Server::start();
    for protocol in ["2", "3"] {
        let client = open_ready(&server.url(), &[("protocol", protocol)]);
        server.command(&["FLUSHALL"]);
        server.command(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
        let forms: [(&'static [&'static str], &[&str]); 10] = [
            (&["BLPOP", "l", "m", "0"], &["RPUSH", "m", "element"]),
            (&["BRPOP", "l", "5"], &["RPUSH", "l", "element"]),
            (&["BRPOPLPUSH", "l", "to", "5"], &["RPUSH", "l", "element"]),
            (&["BLMOVE", "l", "to", "LEFT", "RIGHT", "0"], &["RPUSH", "l", "element"]),
            (&["BLMPOP", "5", "2", "l", "m", "LEFT"], &["RPUSH", "m", "element"]),
            (&["BZPOPMIN", "z", "0"], &["ZADD", "z", "1", "element"]),
            (&["BZPOPMAX", "z", "5"], &["ZADD", "z", "1", "element"]),
            (&["BZMPOP", "0", "1", "z", "MIN"], &["ZADD", "z", "1", "element"]),
            (&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], &["XADD", "s", "*", "f", "element"]),
            (
                &["XREADGROUP", "GROUP", "g", "c", "BLOCK", "5000", "STREAMS", "s", ">"],
                &["XADD", "s", "*", "f", "element"],
            ),
        ];
        for (words, gift) in forms {
            if words[0] == "XREADGROUP" {
                server.command(&["XGROUP", "SETID", "s", "g", "$"]);
            }
            let waits = begin(&client, words);
            wait_blocked(&server, 1);
            server.command(gift);
            assert!(shown(end(waits)).contains("element"), "{words:?}");
            if words[0] != "XREAD" {
                server.command(gift);
                assert!(shown(client.run(words)).contains("element"), "{words:?}");
            }
        }
        let one = client.stats();
        assert_eq!((one.commands, one.replies, one.timeouts), (19, 19, 0), "no more commands than these were issued");
    }
}

#[test]
fn a_command_that_waits_holds_nobody_up() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let waits: Vec<_> = (0..8).map(|_| begin(&client, &["BLPOP", "l", "0"])).collect();
    wait_blocked(&server, 8);
    for _ in 0..100 {
        assert!(is_reply(&client.run_with(&["INCR", "n"], &limit(5000))));
    }
    assert_eq!(client.number(&["RPUSH", "l", "1", "2", "3", "4", "5", "6", "7", "8"]), 8);
    let mut got: Vec<String> = waits.into_iter().map(|waits| shown(end(waits))).collect();
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 8, "each got an element of its own: {got:?}");
}

#[test]
fn connections_are_used_again() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    for _ in 0..20 {
        client.ask(&["RPUSH", "l", "x"]);
        client.ask(&["BLPOP", "l", "0"]);
        assert!(client.ask(&["BLPOP", "l", "0.001"]).root().is_nil());
    }
    let clients: i64 = server.info("stats", "total_connections_received").unwrap().parse().unwrap();
    assert!(clients < 10, "{clients} connections");
}

#[test]
fn the_command_s_own_timeout_ends_in_nil() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "300"), ("outage_grace_ms", "10")]);
    for words in [&["BLPOP", "l", "0.6"][..], &["XREAD", "BLOCK", "600", "STREAMS", "s", "$"]] {
        let begun = Instant::now();
        assert!(client.ask(words).root().is_nil());
        assert!(begun.elapsed() >= Duration::from_millis(590));
    }
}

#[test]
fn what_the_server_refuses_is_told_and_the_connection_lives_on() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    client.ask(&["SET", "text", "x"]);
    for words in [&["BLPOP", "text", "0"][..], &["BLPOP", "l", "never"], &["BLPOP", "l"], &["BLPOP"]] {
        assert_fails(client.run(words), ErrorKind::Server, Outcome::NotApplied);
    }
    assert_eq!(client.stats().server_errors, 4);
    assert!(client.ask(&["BLPOP", "l", "0.001"]).root().is_nil());
}

#[test]
fn the_limit_of_the_call_is_the_deadline() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    for words in [&["BLPOP", "l", "0"][..], &["BLPOP", "l", "100"], &["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]] {
        let begun = Instant::now();
        assert_fails(client.run_with(words, &limit(100)), ErrorKind::Timeout, Outcome::NotApplied);
        assert!(begun.elapsed() >= Duration::from_millis(100) && begun.elapsed() < Duration::from_secs(5));
        wait_blocked(&server, 0);
    }
    assert_eq!((client.stats().timeouts, client.stats().unknown), (3, 0));
}

#[test]
fn without_a_limit_the_deadline_is_the_command_s_own_timeout_and_command_timeout() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("command_timeout_ms", "400"), ("outage_grace_ms", "10")]);
    client.ask(&["PING"]);
    let begun = Instant::now();
    let waits = begin(&client, &["BLPOP", "l", "0.5"]);
    wait_blocked(&server, 1);
    proxy.black_hole(true);
    assert_fails(end(waits), ErrorKind::Timeout, Outcome::Unknown);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(890) && took < Duration::from_secs(5), "{took:?}");
    proxy.black_hole(false);
    wait_blocked(&server, 0);
}

/// The push races the deadline: the element is either in the reply or in the list, and never nowhere.
#[test]
fn an_abandoned_blpop_takes_no_element() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let (mut replies, mut timeouts) = (0, 0);
    for round in 0..200_u64 {
        let waits = begin_with(&client, &["BLPOP", "l", "0"], limit(4 + round % 3));
        let pushes = {
            let client = client.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_micros(3500 + round * 25));
                client.number(&["RPUSH", "l", "element"])
            })
        };
        let ended = end(waits);
        pushes.join().unwrap();
        let left = length(&server, "l");
        if is_reply(&ended) {
            replies += 1;
            assert_eq!(left, 0, "round {round}");
        } else {
            timeouts += 1;
            assert_fails(ended, ErrorKind::Timeout, Outcome::NotApplied);
            assert_eq!(left, 1, "round {round}");
            server.command(&["DEL", "l"]);
        }
    }
    assert!(replies > 0 && timeouts > 0, "no race: {replies} replies, {timeouts} timeouts");
    assert_eq!(client.stats().unknown, 0);
}

#[test]
fn a_call_without_time_never_waits_at_the_server() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    for round in 0..100 {
        let options = CommandOptions { timeout: Some(Duration::from_micros(round * 10)), ..CommandOptions::default() };
        assert_fails(client.run_with(&["BLPOP", "l", "0"], &options), ErrorKind::Timeout, Outcome::NotApplied);
    }
    assert_eq!(blocked(&server), 0);
    client.ask(&["RPUSH", "l", "element"]);
    assert_eq!(length(&server, "l"), 1);
}

#[test]
fn one_that_cannot_be_ended_at_the_server_is_unknown_and_its_connection_is_reset() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", "nopass", "allkeys", "allcommands", "-client|unblock"]);
    let url = server.url().replace("://", "://app:x@");
    let client = open_ready(&url, &[]);
    assert_fails(client.run_with(&["BLPOP", "l", "0"], &limit(50)), ErrorKind::Timeout, Outcome::Unknown);
    wait_blocked(&server, 0);
    client.ask(&["RPUSH", "l", "element"]);
    assert_eq!(length(&server, "l"), 1);
    assert_eq!(client.stats().unknown, 1);
}

/// Some servers break down when a client that they keep waiting in a pause is to be ended.
#[test]
fn one_that_is_abandoned_while_the_server_pauses_its_clients_is_ended_after_the_pause() {
    let server = Server::start();
    for mode in ["WRITE", "ALL"] {
        let client = open_ready(&server.url(), &[]);
        assert!(client.ask(&["BLPOP", "l", "0.001"]).root().is_nil());
        for words in [&["BLPOP", "l", "0"][..], &["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"]] {
            server.try_command(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]).ok();
            server.command(&["CLIENT", "PAUSE", "500", mode]);
            assert_fails(client.run_with(words, &limit(50)), ErrorKind::Timeout, Outcome::NotApplied);
        }
        server.command(&["CLIENT", "PAUSE", "3000", mode]);
        assert_fails(client.run_with(&["BLPOP", "l", "0"], &limit(50)), ErrorKind::Timeout, Outcome::Unknown);
        server.command(&["CLIENT", "UNPAUSE"]);
        assert!(server.is_running());
        client.ask(&["RPUSH", "l", "element"]);
        assert_eq!((length(&server, "l"), blocked(&server)), (1, 0));
        server.command(&["DEL", "l"]);
    }
}

#[test]
fn closing_while_the_server_pauses_its_clients_does_it_no_harm() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    for mode in ["WRITE", "ALL"] {
        let client = open_ready(&proxy.url(), &[]);
        assert!(client.ask(&["BLPOP", "l", "0.001"]).root().is_nil());
        server.command(&["CLIENT", "PAUSE", "3000", mode]);
        let before = proxy.state().plans_done;
        proxy.on_request_containing(b"BLPOP", Action::Delay(Duration::ZERO));
        let waits = begin(&client, &["BLPOP", "l", "0"]);
        wait_until("the server has it", SOON, || proxy.state().plans_done > before);
        client.close(Duration::ZERO).unwrap();
        assert_eq!(end(waits).unwrap_err().kind, ErrorKind::Closed);
        server.command(&["CLIENT", "UNPAUSE"]);
        assert!(server.is_running());
    }
}

#[test]
fn in_a_pipeline_they_are_refused() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let mut pipeline = client.pipeline(PipelineOptions::default());
    let error = pipeline.append(&[b"BLPOP", b"l", b"0"]).unwrap_err();
    assert_eq!((error.kind, error.outcome), (ErrorKind::Unsupported, Outcome::NotApplied));
    assert!(error.message.contains("BLPOP") && error.message.contains("use rr_command"), "{error}");
}

#[test]
fn one_whose_connection_is_cut_while_it_waits_goes_on_waiting() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    let waits = begin(&client, &["BLPOP", "l", "0"]);
    for cut in 1..=5 {
        wait_blocked(&server, 1);
        if cut % 2 == 0 {
            proxy.reset_all()
        } else {
            proxy.close_all()
        }
        wait_until("it is sent again", SOON, || client.stats().resent == cut);
    }
    wait_blocked(&server, 1);
    server.command(&["RPUSH", "l", "element"]);
    assert!(shown(end(waits)).contains("element"));
    assert_eq!((client.stats().resent, client.stats().resent_unsafe), (5, 5));
}

/// The server does not see that the connection is lost: what waits there would be served first.
#[test]
fn the_former_attempt_is_ended_before_the_command_is_sent_again() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    for _ in 0..3 {
        proxy.plan(Plan::request_containing(b"BLPOP", Action::Hold(Direction::ToServer)));
        let waits = begin(&client, &["BLPOP", "l", "0"]);
        wait_until("it waits", SOON, || waiting(&server).len() == 1);
        let ghost = waiting(&server);
        proxy.reset_clients();
        wait_until("it waits on another connection and only there", SOON, || {
            let now = waiting(&server);
            now.len() == 1 && now != ghost
        });
        server.command(&["RPUSH", "l", "element"]);
        assert!(shown(end(waits)).contains("element"));
        proxy.release();
    }
}

#[test]
fn without_the_right_to_end_the_former_attempt_it_is_not_sent_again() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", "nopass", "allkeys", "allcommands", "-client|kill"]);
    server.command(&["ACL", "SETUSER", "blind", "on", "nopass", "allkeys", "allcommands", "-info"]);
    let proxy = Proxy::start(server.address());
    for user in ["app", "blind"] {
        let client = open_ready(&proxy.url().replace("://", &format!("://{user}:x@")), &[]);
        let waits = begin(&client, &["BLPOP", "l", "0"]);
        wait_blocked(&server, 1);
        proxy.reset_all();
        assert_fails(end(waits), ErrorKind::ConnectionLost, Outcome::Unknown);
    }
}

#[test]
fn delivery_levels_hold_for_blocking_commands() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let once = CommandOptions { no_retry: true, ..CommandOptions::default() };
    for (options, call) in [
        (&[("delivery", "at_most_once")][..], CommandOptions::default()),
        (&[("retry_unsafe", "false")], CommandOptions::default()),
        (&[], once),
    ] {
        let client = open_ready(&proxy.url(), options);
        let waits = begin_with(&client, &["BLPOP", "l", "0"], call);
        wait_blocked(&server, 1);
        proxy.reset_all();
        assert_fails(end(waits), ErrorKind::ConnectionLost, Outcome::Unknown);
        assert_eq!((client.stats().resent, client.stats().unknown), (0, 1));
        wait_blocked(&server, 0);
    }
}

#[test]
fn a_blocking_read_is_sent_again_with_the_time_that_is_left() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("delivery", "at_most_once")]);
    let waits = begin(&client, &["XREAD", "BLOCK", "20000", "STREAMS", "s", "0-0"]);
    wait_blocked(&server, 1);
    proxy.reset_all();
    wait_until("it is sent again", SOON, || client.stats().resent == 1);
    wait_blocked(&server, 1);
    server.command(&["XADD", "s", "*", "f", "element"]);
    assert!(shown(end(waits)).contains("element"));
    assert_eq!((client.stats().resent_unsafe, client.stats().unknown), (0, 0));

    let begun = Instant::now();
    let waits = begin(&client, &["XREAD", "BLOCK", "3000", "STREAMS", "t", "0-0"]);
    for cut in 2..5 {
        wait_blocked(&server, 1);
        std::thread::sleep(Duration::from_millis(700));
        proxy.reset_all();
        wait_until("it is sent again", SOON, || client.stats().resent == cut);
    }
    assert_eq!(shown(end(waits)), "(nil)");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(2990) && took < Duration::from_millis(4500), "{took:?}");
}

#[test]
fn one_that_waits_while_the_server_is_killed_and_restarted_goes_on_waiting() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[]);
    let waits: Vec<_> = (0..4).map(|_| begin(&client, &["BLMOVE", "l", "done", "LEFT", "RIGHT", "0"])).collect();
    wait_blocked(&server, 4);
    server.kill();
    client.wait_state(State::Reconnecting);
    server.start_again();
    wait_blocked(&server, 4);
    assert!(is_reply(&client.run(&["RPUSH", "l", "1", "2", "3", "4"])));
    waits.into_iter().for_each(|waits| assert!(is_reply(&end(waits))));
    assert_eq!((length(&server, "l"), length(&server, "done")), (0, 4));
}

#[test]
fn one_that_waits_at_a_primary_that_becomes_a_replica_goes_on_when_it_is_one_again() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let waits = begin(&client, &["BLPOP", "l", "0"]);
    wait_blocked(&server, 1);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    wait_blocked(&server, 0);
    server.command(&["REPLICAOF", "NO", "ONE"]);
    wait_blocked(&server, 1);
    server.command(&["RPUSH", "l", "element"]);
    assert!(shown(end(waits)).contains("element"));
}

/// What has to be said before the command itself is not waited for longer than any command is.
#[test]
fn a_server_that_does_not_answer_before_the_command_is_sent_is_tried_again() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("command_timeout_ms", "300"), ("outage_grace_ms", "10")]);
    assert_eq!(client.number(&["WAIT", "0", "0"]), 0);
    let before = proxy.total_connections();
    server.pause();
    let waits = begin(&client, &["WAIT", "0", "0"]);
    wait_until("another connection is tried", SOON, || proxy.total_connections() > before);
    server.resume();
    assert!(shown(end(waits)).contains('0'));
}

#[test]
fn during_an_outage_they_wait_for_its_end_and_are_never_buffered() {
    let server = Server::builder().appendonly(true).start();
    let client = open_ready(&server.url(), &[("command_timeout_ms", "300"), ("outage_grace_ms", "10")]);
    server.kill();
    client.wait_state(State::Reconnecting);
    assert_fails(client.run(&["BLPOP", "l", "0.1"]), ErrorKind::Timeout, Outcome::NotApplied);
    let waits = begin(&client, &["BLPOP", "l", "0"]);
    // What the same program has buffered is applied before.
    assert!(matches!(client.run(&["RPUSH", "l", "element"]), Ok(Executed::Buffered)));
    server.start_again();
    assert!(shown(end(waits)).contains("element"));
    assert_eq!(client.stats().buffered, 1);
}

#[test]
fn blocking_reads_fail_at_once_in_an_outage_when_told_so() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reads_during_outage", "fail")]);
    server.kill();
    client.wait_state(State::Reconnecting);
    let ended = client.run(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    assert_fails(ended, ErrorKind::Unavailable, Outcome::NotApplied);
}

#[test]
fn a_client_that_gives_up_ends_them() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reconnect_tries", "1"), ("reconnect_interval_ms", "200")]);
    let waits = begin(&client, &["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    wait_blocked(&server, 1);
    server.kill();
    assert_fails(end(waits), ErrorKind::GaveUp, Outcome::NotApplied);
}

#[test]
fn closing_ends_what_waits_and_no_element_is_taken_after_it() {
    let server = Server::start();
    for _ in 0..10 {
        let client = open_ready(&server.url(), &[]);
        let waits: Vec<_> = (0..3).map(|_| begin(&client, &["BLPOP", "l", "0"])).collect();
        wait_blocked(&server, 3);
        let closing = client.clone();
        within(Duration::from_secs(5), "closing ends", move || closing.close(Duration::from_secs(20)).unwrap());
        for waits in waits {
            assert_fails(end(waits), ErrorKind::Closed, Outcome::NotApplied);
        }
        server.command(&["RPUSH", "l", "element"]);
        assert_fails(client.run(&["BLPOP", "l", "0"]), ErrorKind::Closed, Outcome::NotApplied);
        assert_eq!(length(&server, "l"), 1);
        server.command(&["DEL", "l"]);
    }
}

/// The push races the end: the element is either in the reply or in the list, and never nowhere.
#[test]
fn closing_takes_no_element_along() {
    let server = Server::start();
    for round in 0..40_u64 {
        let client = open_ready(&server.url(), &[]);
        let waits = begin(&client, &["BLPOP", "l", "0"]);
        wait_blocked(&server, 1);
        let mut other = server.connection();
        let pushes = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(round * 20));
            redis::cmd("RPUSH").arg("l").arg("element").exec(&mut other).unwrap();
        });
        client.close(Duration::from_secs(5)).unwrap();
        let ended = end(waits);
        pushes.join().unwrap();
        if is_reply(&ended) {
            assert_eq!(length(&server, "l"), 0, "round {round}");
        } else {
            assert_fails(ended, ErrorKind::Closed, Outcome::NotApplied);
            assert_eq!(length(&server, "l"), 1, "round {round}");
            server.command(&["DEL", "l"]);
        }
    }
}

/// Moved and not popped, so that a reply that is lost loses nothing else.
#[test]
fn workers_that_move_their_jobs_lose_none_through_cuts_and_kills() {
    const JOBS: usize = 600;
    let server = Server::builder().appendonly(true).start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "20")]);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                loop {
                    match client.run(&["BLMOVE", "jobs", "done", "LEFT", "RIGHT", "0"]) {
                        Ok(_) => {}
                        Err(error) if error.kind == ErrorKind::Closed => return,
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        })
        .collect();
    for job in 0..JOBS {
        client.run(&["RPUSH", "jobs", &job.to_string()]).unwrap();
        match job % 100 {
            30 => proxy.reset_all(),
            60 => proxy.cut_after_to_client(job as u64, Action::Close),
            90 => {
                server.kill();
                server.start_again();
            }
            _ => {}
        }
    }
    proxy.forget_plans();
    client.flush(SOON).unwrap();
    // A job that was written twice, because its connection was lost, is there twice.
    wait_until("nothing is left to do", SOON, || length(&server, "jobs") == 0);
    client.close(SOON).unwrap();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let mut done: Vec<usize> = redis::from_redis_value(server.command(&["LRANGE", "done", "0", "-1"])).unwrap();
    done.sort_unstable();
    done.dedup();
    assert_eq!(done, (0..JOBS).collect::<Vec<_>>());
}

#[test]
fn closing_in_an_outage_ends_what_waits_at_once() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    let waits = begin(&client, &["BLPOP", "l", "0"]);
    wait_blocked(&server, 1);
    proxy.black_hole(true);
    let closing = client.clone();
    let begun = Instant::now();
    let closer = std::thread::spawn(move || closing.close(Duration::ZERO).unwrap());
    assert_fails(end(waits), ErrorKind::Closed, Outcome::Unknown);
    assert!(begun.elapsed() < Duration::from_secs(5));
    closer.join().unwrap();

    let nowhere = open(&proxy.url(), &[]);
    proxy.refuse(true);
    let waits = begin(&nowhere, &["BLPOP", "l", "0"]);
    nowhere.close(Duration::ZERO).unwrap();
    assert_fails(end(waits), ErrorKind::Closed, Outcome::NotApplied);
}

#[test]
fn one_that_finds_no_connection_free_waits_for_one_until_its_deadline() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("private_max_connections", "2")]);
    let mut waits: Vec<_> = (0..2).map(|_| begin(&client, &["BLPOP", "l", "0"])).collect();
    wait_blocked(&server, 2);
    let error =
        assert_fails(client.run_with(&["BLPOP", "l", "0"], &limit(100)), ErrorKind::Timeout, Outcome::NotApplied);
    assert!(error.message.contains("private_max_connections"), "{error}");
    waits.push(begin(&client, &["BLPOP", "l", "0"]));
    for element in ["1", "2", "3"] {
        server.command(&["RPUSH", "l", element]);
    }
    waits.into_iter().for_each(|waits| assert!(is_reply(&end(waits))));
}

#[test]
fn what_was_changed_at_run_time_holds_there_too() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">secret", "allkeys", "allcommands"]);
    let client = open_ready(&server.url(), &[]);
    assert!(client.ask(&["BLPOP", "l", "0.001"]).root().is_nil());
    client.ask(&["SELECT", "5"]);
    client.ask(&["AUTH", "app", "secret"]);
    client.ask(&["CLIENT", "SETNAME", "worker"]);
    let waits = begin(&client, &["BLPOP", "l", "0"]);
    wait_blocked(&server, 1);
    let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST"])).unwrap();
    let line = list.lines().find(|line| line.contains("cmd=blpop")).unwrap();
    assert!(line.contains("db=5 ") && line.contains("user=app ") && line.contains("name=worker "), "{line}");
    client.ask(&["RPUSH", "l", "element"]);
    assert!(shown(end(waits)).contains("element"));
}

#[test]
fn wait_counts_the_replicas_that_have_what_the_client_wrote_before() {
    let primary = Server::start();
    let replica = primary.start_replica();
    for protocol in ["2", "3"] {
        let client = open_ready(&primary.url(), &[("protocol", protocol)]);
        // Once, so that its connection exists before the writes.
        client.ask(&["SET", "k", "0"]);
        assert_eq!(client.number(&["WAIT", "1", "10000"]), 1);
        replica.pause();
        for value in ["1", "2", "3"] {
            client.ask(&["SET", "k", value]);
            assert_eq!(client.number(&["WAIT", "1", "100"]), 0, "nobody has {value}");
        }
        let waits = begin(&client, &["WAIT", "1", "0"]);
        wait_blocked(&primary, 1);
        replica.resume();
        assert!(shown(end(waits)).contains('1'));
        assert_eq!(replica.command(&["GET", "k"]), redis::Value::BulkString(b"3".to_vec()));
    }
}

#[test]
fn a_wait_whose_connection_is_lost_is_not_made_at_another_server() {
    let primary = Server::start();
    let proxy = Proxy::start(primary.address());
    let client = open_ready(&proxy.url(), &[]);
    let waits = begin(&client, &["WAIT", "1", "0"]);
    wait_blocked(&primary, 1);
    proxy.reset_all();
    assert_fails(end(waits), ErrorKind::ConnectionLost, Outcome::NotApplied);
    // One that is abandoned tells how many there are.
    assert!(shown(client.run_with(&["WAIT", "1", "0"], &limit(50))).contains('0'));
}

#[test]
fn wait_without_the_right_to_write_is_refused_and_says_why() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "app", "on", "nopass", "allkeys", "resetchannels", "allcommands"]);
    let client = open_ready(&server.url().replace("://", "://app:x@"), &[]);
    let error = assert_fails(client.run(&["WAIT", "0", "100"]), ErrorKind::Server, Outcome::NotApplied);
    assert_eq!(error.server_code.as_deref(), Some("NOPERM"));
    assert!(error.message.contains("SPUBLISH"), "{error}");
}

#[test]
fn wait_in_a_cluster_is_refused() {
    // The one that goes with the server's own port may be above all ports.
    let bus = ReservedPort::new();
    let bus = bus.number().to_string();
    let server = Server::builder().arg("cluster-enabled", "yes").arg("cluster-port", &bus).start();
    let client = open_ready(&server.url(), &[]);
    assert_fails(client.run(&["WAIT", "0", "100"]), ErrorKind::Unsupported, Outcome::NotApplied);
}

/// The file is not flushed to the disk until it is told to be.
#[test]
fn waitaof_waits_for_the_disk_where_the_server_knows_it() {
    let server = Server::builder().appendonly(true).arg("appendfsync", "no").start();
    let client = open_ready(&server.url(), &[]);
    let ended = client.run(&["WAITAOF", "1", "0", "100"]);
    if ended.is_err() {
        let error = assert_fails(ended, ErrorKind::Server, Outcome::NotApplied);
        assert!(error.message.starts_with("ERR unknown command 'WAITAOF'"), "Redis before 7.2: {error}");
        return;
    }
    for value in ["1", "2"] {
        client.ask(&["SET", "k", value]);
        assert!(client.ask(&["WAITAOF", "1", "0", "100"]).root().get(0).unwrap().as_integer() == Some(0), "{value}");
    }
    let waits = begin(&client, &["WAITAOF", "1", "0", "0"]);
    wait_blocked(&server, 1);
    server.command(&["CONFIG", "SET", "appendfsync", "always"]);
    client.ask(&["SET", "k", "3"]);
    assert!(is_reply(&end(waits)));
}
