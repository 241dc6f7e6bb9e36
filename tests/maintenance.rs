//! Maintenance that a server announces: it moves, migrates or fails over, and commands go on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use resilient_redis::client::{Client, State};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::{Event, EventKind};
use support::{
    Ask, Heard, Peer, Proxy, Request, SOON, Scripted, Server, assert_fails, configuration, open, open_ready, wait_until,
};

/// A counter that several scripted servers share, as if they had the same data.
#[derive(Clone, Default)]
struct Data(Arc<AtomicI64>);

impl Data {
    /// Counts, answers everything else with OK, and lets `besides` do what it wants with a request first.
    fn serve(&self, besides: impl Fn(usize, &mut Peer, &Request) -> bool + Send + Sync + 'static) -> Scripted {
        let data = self.clone();
        Scripted::serve(move |number, peer| {
            while let Some(request) = peer.request_after_handshake() {
                if besides(number, peer, &request) {
                    continue;
                }
                match request.name().as_str() {
                    "INCR" => {
                        let value = data.0.fetch_add(1, Ordering::SeqCst) + 1;
                        peer.send(format!(":{value}\r\n"));
                    }
                    "PING" => peer.send("+PONG\r\n"),
                    _ => peer.send("+OK\r\n"),
                }
            }
        })
    }
}

fn push(words: &[&str]) -> String {
    let text = words.iter().map(|word| match word.parse::<i64>() {
        Ok(number) => format!(":{number}\r\n"),
        Err(_) if *word == "null" => "_\r\n".into(),
        Err(_) => format!("${}\r\n{word}\r\n", word.len()),
    });
    format!(">{}\r\n{}", words.len(), text.collect::<String>())
}

fn moving(to: &str, seconds: &str) -> String {
    push(&["MOVING", "1", seconds, to])
}

fn requests(heard: &[Heard], connection: usize, name: &str) -> usize {
    heard.get(connection).map_or(0, |heard| heard.requests.iter().filter(|request| request.name() == name).count())
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

#[test]
fn announcements_are_asked_for_unless_told_otherwise_and_never_in_the_old_protocol() {
    let server = Data::default().serve(|_, _, _| false);
    for (options, asked) in [
        (&[][..], Some("internal-ip")),
        (&[("maintenance_endpoint", "external-fqdn")], Some("external-fqdn")),
        (&[("maintenance_notifications", "no")], None),
        (&[("protocol", "2")], None),
    ] {
        let number = server.total_connections();
        let client = open_ready(&server.url(), options);
        let heard = &server.heard()[number];
        let found = heard.requests.iter().find(|request| request.text(1).eq_ignore_ascii_case("MAINT_NOTIFICATIONS"));
        assert_eq!(found.map(|request| request.text(4)).as_deref(), asked, "{options:?}");
        client.close(Duration::ZERO).unwrap();
    }
}

#[test]
fn a_server_that_does_not_know_them_serves_all_the_same() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    client.ask(&["SET", "k", "v"]);
    assert_eq!(kinds(&client.events_so_far()), [EventKind::Connected]);
}

#[test]
fn a_move_under_load_is_made_between_two_commands_and_nobody_notices() {
    let data = Data::default();
    let new = data.serve(|_, _, _| false);
    let to = new.address().to_string();
    let old = data.serve(move |_, peer, request| {
        if request.name() == "MOVE" {
            peer.send(moving(&to, "30"));
        }
        false
    });
    let client = open_ready(&old.url(), &[]);
    let enough = Arc::<AtomicBool>::default();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (client, enough) = (client.clone(), enough.clone());
            std::thread::spawn(move || {
                let mut counts = Vec::new();
                while !enough.load(Ordering::Acquire) {
                    counts.push(client.number(&["INCR", "k"]));
                }
                counts
            })
        })
        .collect();
    old.wait_until("there is load", |heard| requests(heard, 0, "INCR") > 200);
    client.ask(&["MOVE"]);
    new.wait_until("the load has moved", |heard| requests(heard, 0, "INCR") > 200);
    enough.store(true, Ordering::Release);
    let mut counts: Vec<i64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    counts.sort_unstable();
    // Each was counted once, and everybody got his own number.
    assert_eq!(counts, (1..=data.0.load(Ordering::SeqCst)).collect::<Vec<_>>());
    let stats = client.stats();
    assert_eq!((stats.resent, stats.buffered, stats.outages, stats.connect_failures), (0, 0, 0, 0), "{stats:?}");
    let events = client.events_so_far();
    assert_eq!(kinds(&events), [EventKind::Connected, EventKind::Maintenance, EventKind::Connected], "{events:?}");
    assert!(events[1].message.contains(&format!("MOVING: to {}", new.address())), "{events:?}");
    assert!(events[2].message.contains(&format!("moved to {}", new.address())), "{events:?}");
    old.wait_until("the old connection is over", |heard| heard[0].ending.is_some());
}

#[test]
fn what_is_on_its_way_is_answered_by_the_old_server_and_what_comes_meanwhile_goes_to_the_new_one() {
    let data = Data::default();
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let new = data.serve(|_, _, _| false);
    let (to, held) = (new.address().to_string(), gate.clone());
    let old = data.serve(move |_, peer, request| {
        if request.name() != "SLOW" {
            return false;
        }
        peer.send(moving(&to, "30"));
        let (open, changed) = &*held;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        peer.send("+from the old one\r\n");
        true
    });
    let client = open_ready(&old.url(), &[("outage_grace_ms", "4000")]);
    let slow = client.clone();
    let slow = std::thread::spawn(move || slow.text(&["SLOW"]));
    new.wait_until("the new place is connected to first", |heard| requests(heard, 0, "PING") == 1);
    wait_until("nothing new goes to the old one", SOON, || client.state() != State::Ready);
    let waiting = client.clone();
    let waiting = std::thread::spawn(move || waiting.number(&["INCR", "k"]));
    assert!(old.heard()[0].ending.is_none());
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    assert_eq!(slow.join().unwrap().as_deref(), Some("from the old one"));
    assert_eq!(waiting.join().unwrap(), 1);
    assert_eq!((requests(&old.heard(), 0, "INCR"), requests(&new.heard(), 0, "INCR")), (0, 1));
    assert_eq!((client.stats().resent, client.stats().buffered), (0, 0));
}

#[test]
fn without_a_place_the_configured_name_is_connected_to_anew_within_the_time() {
    let data = Data::default();
    let server = data.serve(|number, peer, request| {
        if request.name() == "MOVE" && number == 0 {
            peer.send(moving("null", "1"));
        }
        false
    });
    let client = open_ready(&server.url(), &[("maintenance_endpoint", "none")]);
    let begun = Instant::now();
    client.ask(&["MOVE"]);
    server.wait_until("it is connected to anew", |heard| heard.len() == 2);
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
    server.wait_until("the first connection is over", |heard| heard[0].ending.is_some());
    client.wait_ready(SOON).unwrap();
    client.ask(&["INCR", "k"]);
    assert_eq!(client.stats().outages, 0);
}

#[test]
fn a_place_that_does_not_answer_is_tried_until_it_does_and_the_old_one_serves_meanwhile() {
    let data = Data::default();
    let new = data.serve(|_, _, _| false);
    let proxy = Proxy::start(new.address());
    proxy.refuse(true);
    let to = proxy.address().to_string();
    let old = data.serve(move |_, peer, request| {
        if request.name() == "MOVE" {
            peer.send(moving(&to, "60"));
        }
        false
    });
    let client = open_ready(&old.url(), &[]);
    client.ask(&["MOVE"]);
    for count in 1..=5 {
        assert_eq!(client.number(&["INCR", "k"]), count);
    }
    assert_eq!(requests(&old.heard(), 0, "INCR"), 5);
    proxy.refuse(false);
    new.wait_until("it is connected to", |heard| requests(heard, 0, "PING") == 1);
    old.wait_until("the old connection is over", |heard| heard[0].ending.is_some());
    assert_eq!(client.number(&["INCR", "k"]), 6);
}

#[test]
fn an_old_server_that_ends_too_early_is_followed_to_the_new_place() {
    let data = Data::default();
    let new = data.serve(|_, _, _| false);
    let proxy = Proxy::start(new.address());
    proxy.refuse(true);
    let to = proxy.address().to_string();
    let old = data.serve(move |_, peer, request| {
        if request.name() == "MOVE" {
            peer.send(moving(&to, "60"));
        }
        if request.name() == "END" {
            peer.socket().shutdown(std::net::Shutdown::Both).unwrap();
            return true;
        }
        false
    });
    let client = open_ready(&old.url(), &[("reconnect_max_delay_ms", "20"), ("delivery", "at_most_once")]);
    client.ask(&["MOVE"]);
    proxy.refuse(false);
    let _ = client.run(&["END"]);
    // The place that was announced is tried before the one that is configured.
    client.wait_ready(SOON).unwrap();
    client.ask(&["INCR", "k"]);
    let new = new.heard();
    assert_eq!((0..new.len()).map(|connection| requests(&new, connection, "INCR")).sum::<usize>(), 1);
}

#[test]
fn while_maintenance_goes_on_commands_have_more_time_and_the_connection_is_not_given_up() {
    let data = Data::default();
    let server = data.serve(|_, peer, request| match request.name().as_str() {
        "BEGIN" => {
            peer.send(push(&["MIGRATING", "1", "5", "shards"]));
            false
        }
        "FINISH" => {
            peer.send(push(&["MIGRATED", "2", "shards"]));
            false
        }
        "SLOW" => {
            std::thread::sleep(Duration::from_millis(500));
            false
        }
        _ => false,
    });
    let options = [("command_timeout_ms", "200"), ("outage_grace_ms", "100"), ("maintenance_timeout_ms", "10000")];
    let client = open_ready(&server.url(), &options);
    client.ask(&["BEGIN"]);
    client.ask(&["SLOW"]);
    assert_eq!(client.stats().disconnects, 0);
    client.ask(&["FINISH"]);
    assert_fails(client.run(&["SLOW"]), ErrorKind::Timeout, Outcome::Unknown);
    let events = client.events_so_far();
    let said: Vec<&str> = events.iter().filter(|e| e.kind == EventKind::Maintenance).map(|e| &*e.message).collect();
    assert!(said.len() == 2 && said[0].contains("MIGRATING") && said[1].contains("MIGRATED"), "{said:?}");
}

#[test]
fn a_client_that_is_closed_while_its_server_moves_ends_at_once() {
    let data = Data::default();
    let nowhere = Scripted::silent();
    let to = nowhere.address().to_string();
    let server = data.serve(move |_, peer, request| {
        if request.name() == "MOVE" {
            peer.send(moving(&to, "3600"));
        }
        false
    });
    let client: Client = Client::open(configuration(&server.url(), &[("connect_timeout_ms", "60000")]), None).unwrap();
    client.wait_ready(SOON).unwrap();
    client.ask(&["MOVE"]);
    nowhere.wait_until("the new place is connected to", |heard| heard.len() == 1);
    let begun = Instant::now();
    client.close(Duration::ZERO).unwrap();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn pushes_that_are_no_announcements_are_passed_over() {
    let data = Data::default();
    let server = data.serve(|_, peer, request| {
        if request.name() == "PUSH" {
            peer.send(push(&["MOVING", "1", "10", "nowhere"]));
            peer.send(push(&["MOVING", "x"]));
            peer.send(push(&["invalidate", "key"]));
        }
        false
    });
    let client = open(&server.url(), &[]);
    client.wait_ready(SOON).unwrap();
    client.ask(&["PUSH"]);
    assert_eq!(client.number(&["INCR", "k"]), 1);
    assert_eq!(kinds(&client.events_so_far()), [EventKind::Connected]);
}
