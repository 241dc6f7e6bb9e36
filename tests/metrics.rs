//! Metrics: the text is what the format asks for, and says what happened.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, PipelineOptions, State};
use resilient_redis::event::EventKind;
use resilient_redis::metrics;
use support::{Ask, Proxy, SOON, Server, append, is_buffered, is_reply, open, open_ready, wait_until};

const DURATION: &str = "resilient_redis_command_duration_seconds";

/// A text, read as strictly as the format allows: a metric's lines stand together, first HELP, then TYPE, then samples
/// that belong to it, each series once.
#[derive(Debug, Default)]
struct Read {
    types: BTreeMap<String, String>,
    /// By name and labels.
    samples: BTreeMap<(String, Vec<(String, String)>), f64>,
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `{name="value",…}` as pairs, and what comes behind it.
fn labels(text: &str) -> (Vec<(String, String)>, &str) {
    let mut pairs = Vec::new();
    let mut rest = text.strip_prefix('{').expect("labels");
    loop {
        let (name, quoted) = rest.split_once("=\"").unwrap();
        assert!(is_name(name), "{text}");
        let mut value = String::new();
        let mut end = None;
        let mut letters = quoted.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                '\\' => match letters.next().unwrap().1 {
                    'n' => value.push('\n'),
                    escaped @ ('"' | '\\') => value.push(escaped),
                    other => panic!("\\{other} in {text}"),
                },
                _ => value.push(letter),
            }
        }
        pairs.push((name.to_owned(), value));
        let behind = &quoted[end.expect("the value ends")..];
        match behind.strip_prefix('}') {
            Some(behind) => return (pairs, behind),
            None => rest = behind.strip_prefix(',').expect("another label"),
        }
    }
}

impl Read {
    fn new(text: &str) -> Self {
        let mut read = Read::default();
        let (mut current, mut helped) = (String::new(), String::new());
        assert!(text.ends_with('\n') && !text.contains('\r'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(is_name(name) && !help.is_empty() && helped == current, "{line}");
                helped = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, helped, "TYPE follows HELP");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(read.types.insert(name.to_owned(), kind.to_owned()), None, "{line}");
                current = name.to_owned();
            } else {
                let at = line.find('{').unwrap_or_else(|| panic!("a sample without labels: {line}"));
                let (name, (labels, value)) = (line[..at].to_owned(), labels(&line[at..]));
                let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("{line} stands below {current}"));
                let suffixes: &[&str] =
                    if read.types[&current] == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.contains(&suffix), "{line}");
                let value: f64 = value.strip_prefix(' ').unwrap().parse().unwrap();
                assert_eq!(read.samples.insert((name, labels), value), None, "twice: {line}");
            }
        }
        assert_eq!(helped, current);
        read.check_histogram();
        read
    }

    fn check_histogram(&self) {
        let buckets = self.buckets();
        assert!(buckets.len() > 10 && buckets.is_sorted(), "{buckets:?}");
        assert!(buckets.iter().map(|(_, count)| count).is_sorted(), "{buckets:?}");
        assert_eq!(*buckets.last().unwrap(), (f64::INFINITY, self.value(&format!("{DURATION}_count"))));
    }

    /// Upper bound and count.
    fn buckets(&self) -> Vec<(f64, f64)> {
        let name = format!("{DURATION}_bucket");
        let mut buckets: Vec<(f64, f64)> = (self.samples.iter())
            .filter(|((other, _), _)| *other == name)
            .map(|((_, labels), count)| {
                let bound = &labels.iter().find(|(name, _)| name == "le").unwrap().1;
                (if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() }, *count)
            })
            .collect();
        buckets.sort_by(|one, other| one.partial_cmp(other).unwrap());
        buckets
    }

    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        let mut found = self.samples.iter().filter(|((other, labels), _)| other == name && labels.len() == 1);
        let (_, value) = found.next().unwrap_or_else(|| panic!("there is no {name}"));
        assert!(found.next().is_none(), "{name} twice");
        *value
    }

    #[track_caller]
    fn number(&self, name: &str) -> u64 {
        self.value(&format!("resilient_redis_{name}")) as u64
    }

    fn state(&self) -> Vec<&str> {
        let states = self.samples.iter().filter(|((name, _), value)| name == "resilient_redis_state" && **value == 1.0);
        states.map(|((_, labels), _)| labels.iter().find(|(name, _)| name == "state").unwrap().1.as_str()).collect()
    }
}

fn read(client: &Client) -> Read {
    Read::new(&client.metrics())
}

#[test]
fn the_documentation_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/METRICS.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, metrics::markdown()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == metrics::markdown(), "run: UPDATE_DOCS=1 cargo test --test metrics");
}

#[test]
fn the_text_lists_what_the_documentation_lists() {
    let server = Server::start();
    let read = read(&open_ready(&server.url(), &[]));
    let page = metrics::markdown();
    let rows: BTreeMap<String, String> = (page.lines())
        .filter_map(|line| line.strip_prefix("| `resilient_redis_")?.split_once("` | "))
        .filter(|(name, _)| is_name(name))
        .map(|(name, rest)| (format!("resilient_redis_{name}"), rest.split(" |").next().unwrap().to_owned()))
        .collect();
    assert_eq!(read.types, rows);
}

#[test]
fn a_text_says_what_the_statistics_say() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("client_name", "a\"b\\c")]);
    client.ask(&["SET", "key", "value"]);
    client.run(&["LPUSH", "key", "x"]).unwrap_err();
    let (before, read, stats) = (client.stats(), read(&client), client.stats());
    // Nothing happens in between: health checks are far away.
    assert_eq!(before, stats);
    for (name, expected) in [
        ("commands_total", stats.commands),
        ("replies_total", stats.replies),
        ("server_errors_total", stats.server_errors),
        ("connects_total", stats.connects),
        ("written_bytes_total", stats.bytes_written),
        ("read_bytes_total", stats.bytes_read),
        ("outages_total", 0),
        ("buffer_commands", 0),
        ("in_flight_commands", 0),
    ] {
        assert_eq!(read.number(name), expected, "{name}");
    }
    assert_eq!((stats.commands, stats.server_errors, stats.connects), (2, 1, 1));
    assert_eq!(read.value("resilient_redis_longest_call_seconds"), stats.longest_call_us as f64 / 1e6);
    assert_eq!(read.state(), ["READY"]);
    let named = |labels: &Vec<(String, String)>| labels.contains(&("client".into(), "a\"b\\c".into()));
    assert!(read.samples.keys().all(|(_, labels)| named(labels)), "{read:?}");
    client.close(Duration::ZERO).unwrap();
    assert_eq!(Read::new(&client.metrics()).state(), ["CLOSED"]);
}

/// 500 calls, and how long they took together.
fn make_calls(client: &Client) -> Duration {
    let mut spent = Duration::ZERO;
    for number in 0..500 {
        let begun = Instant::now();
        client.ask(&["SET", "key", &number.to_string()]);
        spent += begun.elapsed();
    }
    spent
}

#[test]
fn every_call_that_is_answered_has_a_duration_that_is_not_longer_than_it_took() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let threads = 4;
    let spent: Duration = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(|| make_calls(&client))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let count = |client: &Client| read(client).value(&format!("{DURATION}_count")) as u64;
    assert_eq!(count(&client), threads * 500);
    let sum = read(&client).value(&format!("{DURATION}_sum"));
    assert!(sum > 0.0 && sum <= spent.as_secs_f64(), "{sum} of {spent:?}");

    let mut pipeline = client.pipeline(PipelineOptions::default());
    append(&mut pipeline, &["SET", "a", "1"]);
    append(&mut pipeline, &["SET", "b", "1"]);
    pipeline.execute().unwrap();
    assert_eq!(count(&client), threads * 500 + 1, "a pipeline is one call");
    client.run(&["CONFIG", "SET", "no-such-option", "1"]).unwrap_err();
    assert_eq!(count(&client), threads * 500 + 2, "an error of the server is an answer");
}

#[test]
fn a_call_that_waits_through_an_outage_took_as_long_as_that() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0"), ("command_timeout_ms", "20000")]);
    proxy.refuse(true);
    proxy.close_all();
    client.event(EventKind::Disconnected);
    let reader = {
        let client = client.clone();
        std::thread::spawn(move || client.run(&["GET", "key"]))
    };
    assert!(is_buffered(&client.run(&["SET", "key", "value"])));
    let during = read(&client);
    assert_eq!((during.number("buffer_commands"), during.number("buffered_total")), (1, 1));
    assert!(during.state() == ["RECONNECTING"], "{:?}", during.state());
    assert_eq!(during.number("outages_total"), 0, "it is not over");
    let begun = Instant::now();
    wait_until("the outage is long enough", SOON, || begun.elapsed() > Duration::from_millis(600));
    proxy.refuse(false);
    assert!(is_reply(&reader.join().unwrap()));
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    let after = read(&client);
    let slow = |read: &Read| {
        let fast = read.buckets().iter().find(|(bound, _)| *bound == 0.5).unwrap().1;
        read.value(&format!("{DURATION}_count")) - fast
    };
    assert_eq!((slow(&during), slow(&after)), (0.0, 1.0));
    assert!(after.value("resilient_redis_longest_call_seconds") >= 0.6);
    assert_eq!((after.number("outages_total"), after.number("disconnects_total")), (1, 1));
    assert!(after.number("connect_failures_total") > 0);
    assert_eq!((after.number("replayed_total"), after.number("buffer_commands")), (1, 0));
    let outage = after.value("resilient_redis_outage_seconds_total");
    assert!(outage >= 0.6 && outage == after.value("resilient_redis_longest_outage_seconds"), "{outage}");
}

#[test]
fn the_time_before_the_first_connection_is_no_outage_and_outages_add_up() {
    let server = Server::start();
    server.kill();
    let client = open(&server.url(), &[("reconnect_max_delay_ms", "20")]);
    client.event(EventKind::Reconnecting);
    server.start_again();
    client.wait_ready(SOON).unwrap();
    assert_eq!(client.stats().outages, 0);
    let mut total = 0;
    for round in 1..=3 {
        server.restart();
        wait_until("it was noticed and is over", SOON, || client.stats().outages == round);
        total += client.stats().last_outage_us;
        client.wait_state(State::Ready);
    }
    let stats = client.stats();
    assert_eq!(stats.outage_total_us, total, "{stats:?}");
    assert_eq!(stats.disconnects, 3);
}

#[test]
fn what_the_full_failed_list_lets_go_is_counted() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let client = open_ready(&server.url(), &[("outage_grace_ms", "0"), ("failed_max_commands", "2")]);
    server.kill();
    client.event(EventKind::Disconnected);
    for number in 0..5 {
        assert!(is_buffered(&client.run(&["RPUSH", "string", &number.to_string()])));
    }
    let mut pipeline = client.pipeline(PipelineOptions::default());
    append(&mut pipeline, &["RPUSH", "string", "5"]);
    append(&mut pipeline, &["SET", "other", "6"]);
    pipeline.execute().unwrap();
    server.start_again();
    client.flush(SOON).unwrap();
    let stats = client.stats();
    assert_eq!((stats.failed, stats.failed_now, stats.failed_discarded), (6, 2, 4), "{stats:?}");
    let read = read(&client);
    assert_eq!((read.number("failed_discarded_total"), read.number("failed_list_entries")), (4, 2));
}
