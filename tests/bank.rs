//! The bank: many threads move money under WATCH while the server is killed and connections are cut. No money comes or
//! goes, no transfer happens twice, and of each the program is told what became of it.
//!
//! Which fault comes when is drawn anew in each run. A run that fails says its seed: with CHAOS_SEED set to it the same
//! faults are drawn again, as far as the timing of threads lets them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, Ran, Transaction, Verdict};
use resilient_redis::error::{ErrorKind, Outcome, Result};
use support::{Action, Ask, Proxy, SOON, Server, open_ready};

const THREADS: u64 = 8;
const ACCOUNTS: u64 = 10;
const MONEY: i64 = 1000;
const LASTING: Duration = Duration::from_secs(6);

/// What was told of the transfers.
#[derive(Default, Debug)]
struct Told {
    executed: Vec<String>,
    not_applied: Vec<String>,
    unknown: Vec<String>,
}

fn account(number: u64) -> String {
    format!("account:{number}")
}

fn balance(transaction: &Transaction, key: &str) -> Result<i64> {
    let reply = transaction.command(&[b"GET", key.as_bytes()])?;
    Ok(std::str::from_utf8(reply.root().as_bytes().unwrap()).unwrap().parse().unwrap())
}

fn transfer(client: &Client, id: &str, random: &mut fastrand::Rng, told: &mut Told) {
    let from = random.u64(0..ACCOUNTS);
    let to = (from + random.u64(1..ACCOUNTS)) % ACCOUNTS;
    let (from, to) = (account(from), account(to));
    let amount = random.i64(1..50);
    let ran = client.run_transaction(&[from.as_bytes(), to.as_bytes()], 20, |transaction| {
        let (left, right) = (balance(transaction, &from)? - amount, balance(transaction, &to)? + amount);
        transaction.queue(&[b"SET", from.as_bytes(), left.to_string().as_bytes()])?;
        transaction.queue(&[b"SET", to.as_bytes(), right.to_string().as_bytes()])?;
        transaction.queue(&[b"HINCRBY", b"transfers", id.as_bytes(), b"1"])?;
        Ok(Verdict::Execute)
    });
    match ran {
        Ok(Ran::Executed(replies)) => {
            assert_eq!(replies.root().get(2).unwrap().as_integer(), Some(1), "{id}");
            told.executed.push(id.into());
        }
        Ok(Ran::GaveUp(number)) => panic!("nobody gave up with {number}"),
        Err(error) => match (error.outcome, error.kind) {
            (Outcome::Unknown, ErrorKind::ConnectionLost | ErrorKind::Timeout) => told.unknown.push(id.into()),
            (Outcome::NotApplied, ErrorKind::Conflict | ErrorKind::Timeout) => told.not_applied.push(id.into()),
            _ => panic!("{id}: {error:?}"),
        },
    }
}

/// Tells the threads to end, also when what holds it panics: they would go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Breaks something.
fn disturb(server: &Server, proxy: &Proxy, random: &mut fastrand::Rng) {
    match random.u32(0..10) {
        0 => {
            server.kill();
            server.start_again();
        }
        1 => server.restart(),
        2 => proxy.reset_all(),
        3 => proxy.close_all(),
        4..7 => {
            proxy.cut_after_to_server(random.u64(0..400), if random.bool() { Action::Close } else { Action::Reset })
        }
        _ => proxy.cut_after_to_client(random.u64(0..200), if random.bool() { Action::Close } else { Action::Reset }),
    }
}

fn total(client: &Client) -> i64 {
    let keys: Vec<String> = (0..ACCOUNTS).map(account).collect();
    let mut argv: Vec<&[u8]> = vec![b"MGET"];
    argv.extend(keys.iter().map(String::as_bytes));
    let reply = match client.command(&argv) {
        Ok(resilient_redis::client::Executed::Reply(reply)) => reply,
        other => panic!("{other:?}"),
    };
    let amounts = reply.root().iter().map(|value| std::str::from_utf8(value.as_bytes().unwrap()).unwrap().to_owned());
    amounts.map(|text| text.parse::<i64>().unwrap()).sum()
}

fn run(delivery: &str, seed: u64) {
    let server = Server::builder().appendonly(true).start();
    let proxy = Proxy::start(server.address());
    let options = [("delivery", delivery), ("reconnect_max_delay_ms", "20"), ("command_timeout_ms", "20000")];
    let client = open_ready(&proxy.url(), &options);
    for number in 0..ACCOUNTS {
        client.ask(&["SET", &account(number), &MONEY.to_string()]);
    }
    let is_over = AtomicBool::new(false);
    let all: Vec<Told> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (client, is_over) = (&client, &is_over);
                let mut random = fastrand::Rng::with_seed(seed + 1 + thread);
                scope.spawn(move || {
                    let mut told = Told::default();
                    let mut count = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        count += 1;
                        transfer(client, &format!("{thread}-{count}"), &mut random, &mut told);
                    }
                    told
                })
            })
            .collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let over = Over(&is_over);
        let begun = Instant::now();
        while begun.elapsed() < LASTING {
            disturb(&server, &proxy, &mut random);
            // At any moment, also in the middle of an outage that the call waits for.
            assert_eq!(total(&client), MONEY * i64::try_from(ACCOUNTS).unwrap());
            std::thread::sleep(Duration::from_millis(random.u64(0..60)));
        }
        drop(over);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    proxy.forget_plans();
    client.wait_ready(SOON).unwrap();
    // What was still on its way has arrived or never will.
    server.restart();
    client.wait_ready(SOON).unwrap();
    assert_eq!(total(&client), MONEY * i64::try_from(ACCOUNTS).unwrap());
    let held: HashMap<String, i64> = redis::from_redis_value(server.command(&["HGETALL", "transfers"])).unwrap();
    let sums: Vec<usize> = all.iter().map(|told| told.executed.len()).collect();
    for told in &all {
        assert!(told.executed.iter().all(|id| held.get(id) == Some(&1)));
        assert!(told.not_applied.iter().all(|id| !held.contains_key(id)), "{told:?}");
        assert!(told.unknown.iter().all(|id| held.get(id).is_none_or(|times| *times == 1)));
    }
    assert!(held.values().all(|times| *times == 1));
    let unknown: usize = all.iter().map(|told| told.unknown.len()).sum();
    let not_applied: usize = all.iter().map(|told| told.not_applied.len()).sum();
    println!("{delivery}: executed {sums:?}, unknown {unknown}, not applied {not_applied}");
    assert!(sums.iter().all(|count| *count > 0), "{sums:?}");
    assert_eq!(client.stats().resent_unsafe, 0);
}

fn seed() -> u64 {
    let seed = std::env::var("CHAOS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("CHAOS_SEED={seed}");
    seed
}

#[test]
fn no_money_comes_or_goes_and_no_transfer_happens_twice_at_most_once() {
    run("at_most_once", seed());
}

#[test]
fn no_money_comes_or_goes_and_no_transfer_happens_twice_at_least_once_either() {
    run("at_least_once", seed());
}
