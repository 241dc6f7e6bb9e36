//! Everything at once: many threads, tiny deadlines, and a network and a server that break in every way they can.
//!
//! Which fault comes when is drawn anew in each run; what must hold afterwards is not: every call ends by its deadline,
//! every account matches the data, and nothing is left in the client. A run that fails says its seed: with CHAOS_SEED set
//! to it the same faults and calls are drawn again, as far as the timing of threads lets them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, CommandOptions, CompletionQueue, Executed, PipelineOptions, SubmitOptions};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::time::Deadline;
use support::{Action, Ask, Proxy, SOON, Server, append, open_ready, wait_until};

const THREADS: u64 = 12;
const LASTING: Duration = Duration::from_secs(6);
/// How late a call may end on a machine that is busy with all this.
const SLACK: Duration = Duration::from_secs(4);

/// What a thread knows of the counter that it alone counts up.
#[derive(Default, Debug)]
struct Account {
    applied: i64,
    unknown: i64,
}

fn timeout(random: &mut fastrand::Rng) -> Duration {
    match random.u32(0..4) {
        0 => Duration::from_micros(random.u64(0..2000)),
        1 => Duration::from_millis(random.u64(1..50)),
        _ => Duration::from_millis(800),
    }
}

/// One call, and what it says about the counter.
fn call(client: &Client, key: &str, random: &mut fastrand::Rng, account: &mut Account) {
    let limit = timeout(random);
    let options = CommandOptions {
        timeout: Some(limit),
        no_buffer: random.bool(),
        no_retry: random.u32(0..4) == 0,
        ..CommandOptions::default()
    };
    let mut begun = Instant::now();
    let (count, ended) = match random.u32(0..6) {
        0 => (0, client.run_with(&["GET", key], &options)),
        1 => {
            let atomic = random.bool();
            let options = PipelineOptions {
                atomic,
                timeout: Some(limit),
                no_buffer: options.no_buffer,
                ..PipelineOptions::default()
            };
            let mut pipeline = client.pipeline(options);
            (0..3).for_each(|_| append(&mut pipeline, &["INCR", key]));
            let ended = pipeline.execute().map_err(|incomplete| {
                let Some(reply) = incomplete.reply else { return incomplete.error };
                for value in reply.root() {
                    match value.error_code() {
                        None => account.applied += 1,
                        Some("UNKNOWN") => account.unknown += 1,
                        Some(code) => assert_eq!(code, "NOTAPPLIED"),
                    }
                }
                // All of it is in the account.
                incomplete.error.with_outcome(Outcome::NotApplied)
            });
            (3, ended)
        }
        // Submitted, which takes as long as an outage does: only the time until it is taken over is bounded.
        2 => {
            let queue = Arc::<CompletionQueue>::default();
            let wait = SubmitOptions { command: options, wait: true, ..SubmitOptions::default() };
            let submitted = client.submit_to(&queue, 7, &[b"INCR", key.as_bytes()], &wait);
            assert!(begun.elapsed() < limit + SLACK);
            if random.u32(0..3) == 0
                && let Ok(id) = submitted
            {
                client.cancel(id);
            }
            begun = Instant::now() + SOON;
            let ended = submitted.and_then(|_| {
                let completion = queue.next(2, Deadline::within(SOON)).pop().expect("a completion");
                assert!(queue.next(1, Deadline::within(Duration::ZERO)).is_empty());
                completion.result.map_err(|incomplete| incomplete.error)
            });
            (1, ended)
        }
        _ => (1, client.run_with(&["INCR", key], &options)),
    };
    let taken = begun.elapsed();
    assert!(taken < limit + SLACK, "{taken:?} instead of {limit:?}: {ended:?}");
    match ended {
        Ok(Executed::Reply(_) | Executed::Buffered) => account.applied += count,
        Err(error) => {
            use ErrorKind::{Cancelled, ConnectionLost, Timeout, WouldBlock};
            let kinds = [Timeout, ConnectionLost, Cancelled, WouldBlock];
            assert!(kinds.contains(&error.kind), "{error:?}");
            match error.outcome {
                Outcome::NotApplied => {}
                Outcome::Unknown => account.unknown += count,
                other => panic!("{other:?}"),
            }
        }
    }
}

fn break_something(server: &Server, proxy: &Proxy, random: &mut fastrand::Rng) {
    let moment = |random: &mut fastrand::Rng| std::thread::sleep(Duration::from_millis(random.u64(1..120)));
    match random.u32(0..9) {
        0 => proxy.reset_all(),
        1 => proxy.close_all(),
        2 => proxy.cut_after_to_client(random.u64(0..500), Action::Reset),
        3 => proxy.cut_after_to_server(random.u64(0..500), Action::Close),
        4 => {
            proxy.black_hole(true);
            moment(random);
            proxy.black_hole(false);
        }
        5 => {
            server.pause();
            moment(random);
            server.resume();
        }
        6 => {
            proxy.refuse(true);
            proxy.reset_all();
            moment(random);
            proxy.refuse(false);
        }
        7 => {
            let _ = server.try_command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        }
        _ => {
            proxy.fragment(random.usize(1..100));
            moment(random);
            proxy.fragment(0);
        }
    }
    moment(random);
}

fn seed() -> u64 {
    let seed = std::env::var("CHAOS_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    println!("CHAOS_SEED={seed}");
    seed
}

fn survive(delivery: &str, check: impl Fn(u64, &Account, i64)) {
    let seed = seed();
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let options = [
        ("delivery", delivery),
        ("command_timeout_ms", "800"),
        ("connect_timeout_ms", "500"),
        ("outage_grace_ms", "30"),
        ("reconnect_max_delay_ms", "20"),
        ("health_check_interval_ms", "50"),
        ("max_in_flight", "8"),
        ("failed_max_commands", "100000"),
        ("buffer_max_commands", "1000000"),
    ];
    let client = open_ready(&proxy.url(), &options);
    let until = Instant::now() + LASTING;
    let mut accounts: Vec<Account> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(seed.wrapping_add(thread));
                    let mut account = Account::default();
                    while Instant::now() < until {
                        call(client, &format!("n:{thread}"), &mut random, &mut account);
                    }
                    account
                })
            })
            .collect();
        let mut random = fastrand::Rng::with_seed(seed.wrapping_add(THREADS));
        while Instant::now() < until {
            break_something(&server, &proxy, &mut random);
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    proxy.forget_plans();
    client.wait_ready(SOON).unwrap();
    client.flush(SOON).unwrap();
    wait_until("all is answered", SOON, || client.stats().in_flight_now == 0);
    let stats = client.stats();
    assert_eq!((stats.buffered_now, stats.buffered_bytes_now), (0, 0), "{stats:?}");
    assert!(stats.disconnects > 5, "{stats:?}");
    // What was buffered and cut in the drain is in the failed list.
    let mut after = 0;
    while let Some(failed) = client.failed_next(after) {
        after = failed.id;
        assert_eq!(failed.error.outcome, Outcome::Unknown, "{failed:?}");
        for command in failed.commands.iter().filter(|command| command[0] == b"INCR") {
            let thread: usize = std::str::from_utf8(&command[1][2..]).unwrap().parse().unwrap();
            accounts[thread].applied -= 1;
            accounts[thread].unknown += 1;
        }
    }
    for (thread, account) in (0..).zip(&accounts) {
        let held = client.text(&["GET", &format!("n:{thread}")]).map_or(0, |text| text.parse().unwrap());
        check(thread, account, held);
    }
}

#[test]
fn at_most_once_survives_everything_and_its_accounts_are_right() {
    survive("at_most_once", |thread, account, held| {
        let possible = account.applied..=account.applied + account.unknown;
        assert!(possible.contains(&held), "thread {thread}: {held} and {account:?}");
    });
}

#[test]
fn at_least_once_survives_everything_and_loses_nothing() {
    survive("at_least_once", |thread, account, held| {
        assert!(held >= account.applied, "thread {thread}: {held} and {account:?}");
    });
}
