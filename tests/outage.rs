//! What a program sees of an outage: nothing, or exactly what happened.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use resilient_redis::client::{Client, Executed, State};
use resilient_redis::config::Config;
use support::{Server, wait_until};

const SOON: Duration = Duration::from_secs(20);

fn open(url: &str, options: &[(&str, &str)]) -> Client {
    let mut config = Config::from_url(url).unwrap();
    for (name, value) in options {
        config.set(name, value).unwrap();
    }
    Client::open(config, None).unwrap()
}

fn set(client: &Client, key: &str, value: &str) -> resilient_redis::error::Result<Executed> {
    client.command(&[b"SET", key.as_bytes(), value.as_bytes()])
}

fn get(client: &Client, key: &str) -> Option<String> {
    match client.command(&[b"GET", key.as_bytes()]).unwrap() {
        Executed::Reply(reply) => reply.root().as_bytes().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()),
        Executed::Buffered => panic!("a read was buffered"),
    }
}

#[test]
fn a_value_comes_back() {
    let server = Server::start();
    let client = open(&server.url(), &[]);
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.state(), State::Ready);
    assert!(matches!(set(&client, "k", "v").unwrap(), Executed::Reply(_)));
    assert_eq!(get(&client, "k").as_deref(), Some("v"));
    assert_eq!(get(&client, "none"), None);
}

#[test]
fn eight_threads_write_through_a_killed_and_restarted_server_and_lose_nothing() {
    let server = Server::builder().appendonly(true).start();
    let client = open(&server.url(), &[]);
    client.wait_ready(SOON).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let issued = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let (client, stop, issued) = (client.clone(), stop.clone(), issued.clone());
            std::thread::spawn(move || {
                let (mut count, mut buffered) = (0_u64, 0_u64);
                let key = format!("thread:{thread}");
                while !stop.load(Ordering::Relaxed) {
                    let number = (count + 1).to_string();
                    match client.command(&[b"RPUSH", key.as_bytes(), number.as_bytes()]) {
                        Ok(Executed::Reply(_)) => {}
                        Ok(Executed::Buffered) => buffered += 1,
                        Err(error) => panic!("thread {thread} number {number}: {error:?}"),
                    }
                    count += 1;
                    issued.fetch_add(1, Ordering::Relaxed);
                    if buffered > 0 && client.buffered() > 5000 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                (count, buffered)
            })
        })
        .collect();
    for _ in 0..2 {
        let before = issued.load(Ordering::Relaxed);
        wait_until("commands flow", SOON, || issued.load(Ordering::Relaxed) > before + 2000);
        server.kill();
        wait_until("writes are buffered", SOON, || client.buffered() > 500);
        server.start_again();
        wait_until("the buffer is empty", SOON, || client.buffered() == 0);
    }
    stop.store(true, Ordering::Relaxed);
    let counts: Vec<(u64, u64)> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    client.flush(SOON).unwrap();
    eprintln!("{:?} {counts:?}", client.stats());
    for (thread, (count, _)) in counts.iter().enumerate() {
        let numbers: Vec<String> =
            redis::from_redis_value(server.command(&["LRANGE", &format!("thread:{thread}"), "0", "-1"])).unwrap();
        let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().unwrap()).collect();
        // Sent again means that one may stand there twice in a row per outage, and none is missing or out of order.
        let mut distinct = numbers.clone();
        distinct.dedup();
        assert_eq!(distinct, (1..=*count).collect::<Vec<_>>(), "thread {thread}");
    }
}
