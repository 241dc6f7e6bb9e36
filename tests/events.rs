//! What a program is told about the life of its client, and in which order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use resilient_redis::client::Client;
use resilient_redis::event::{Event, EventKind};
use support::{Ask, SOON, Server, configuration, is_buffered, open_ready, wait_until};

#[test]
fn an_outage_is_told_from_its_first_to_its_last_moment() {
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string", "x"]);
    let begun = SystemTime::now();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "0"), ("buffer_max_commands", "3")]);
    assert_eq!(client.event(EventKind::Connected).missed, 0);
    server.kill();
    let lost = client.event(EventKind::Disconnected);
    assert!(!lost.message.is_empty());
    for words in [["RPUSH", "list", "1"], ["RPUSH", "string", "2"], ["RPUSH", "list", "3"]] {
        assert!(is_buffered(&client.run(&words)));
    }
    client.run(&["RPUSH", "list", "4"]).unwrap_err();
    server.start_again();
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    let events = client.events_so_far();
    let of = |kind: EventKind| events.iter().filter(move |event| event.kind == kind).collect::<Vec<&Event>>();
    assert_eq!((of(EventKind::Buffering).len(), of(EventKind::BufferFull).len()), (1, 1), "{events:?}");
    assert_eq!(of(EventKind::BufferFull)[0].count, 3);
    let attempts: Vec<u32> = of(EventKind::Reconnecting).iter().map(|event| event.attempt).collect();
    assert_eq!(attempts, (1..=attempts.len() as u32).collect::<Vec<_>>());
    assert!(of(EventKind::Reconnecting).iter().all(|event| event.delay <= Duration::from_secs(2)));
    assert_eq!(of(EventKind::CommandFailed).len(), 1);
    assert_eq!(of(EventKind::CommandFailed)[0].failed_id, client.failed_next(0).unwrap().id);
    assert_eq!((of(EventKind::Drained).len(), of(EventKind::Drained)[0].count), (1, 3), "{events:?}");
    assert_eq!(of(EventKind::Connected).len(), 1);
    let place = |kind| events.iter().position(|event| event.kind == kind).unwrap();
    assert!(place(EventKind::Buffering) < place(EventKind::BufferFull));
    assert!(place(EventKind::BufferFull) < place(EventKind::CommandFailed));
    assert!(place(EventKind::CommandFailed) < place(EventKind::Drained));
    assert!(events.is_sorted_by_key(|event| event.at), "{events:?}");
    assert!(events[0].at >= begun && events[events.len() - 1].at <= SystemTime::now(), "{events:?}");
}

#[test]
fn each_outage_is_told_anew() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("outage_grace_ms", "0"), ("buffer_max_commands", "1")]);
    for round in 1..=3_u64 {
        server.kill();
        client.event(EventKind::Disconnected);
        assert!(is_buffered(&client.run(&["SET", "k", "v"])));
        client.run(&["SET", "k", "w"]).unwrap_err();
        server.start_again();
        client.reconnect().unwrap();
        client.flush(SOON).unwrap();
        client.wait_ready(SOON).unwrap();
        let events = client.events_so_far();
        for kind in [EventKind::Buffering, EventKind::BufferFull, EventKind::Drained, EventKind::Connected] {
            assert_eq!(
                events.iter().filter(|event| event.kind == kind).count(),
                1,
                "round {round} {kind:?}: {events:?}"
            );
        }
        assert_eq!(client.stats().disconnects, round);
    }
}

#[test]
fn a_handler_sees_what_is_pulled_and_may_use_the_client() {
    let server = Server::start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handle: Arc<Mutex<Option<Client>>> = Arc::default();
    let (sink, user) = (seen.clone(), handle.clone());
    let handler = move |event: &Event| {
        if event.kind == EventKind::Connected
            && let Some(client) = user.lock().unwrap().as_ref()
        {
            let _ = client.run(&["INCR", "connected"]);
        }
        sink.lock().unwrap().push(event.kind);
    };
    let client = Client::open(configuration(&server.url(), &[]), Some(Arc::new(handler))).unwrap();
    client.wait_ready(SOON).unwrap();
    wait_until("the first is handled", SOON, || seen.lock().unwrap().len() == 1);
    *handle.lock().unwrap() = Some(client.clone());
    server.restart();
    let pulled: Vec<_> = client.events_until(EventKind::Connected).into_iter().map(|event| event.kind).collect();
    assert_eq!(pulled, [EventKind::Connected]);
    let pulled: Vec<_> = client.events_until(EventKind::Connected).into_iter().map(|event| event.kind).collect();
    wait_until("all is handled", SOON, || seen.lock().unwrap().len() > pulled.len());
    assert_eq!(seen.lock().unwrap()[1..], pulled);
    assert_eq!(client.text(&["GET", "connected"]).as_deref(), Some("1"));
    handle.lock().unwrap().take();
}

#[test]
fn a_handler_may_drop_the_last_client() {
    let server = Server::start();
    let handle: Arc<Mutex<Option<Client>>> = Arc::default();
    let user = handle.clone();
    let handler = move |event: &Event| {
        if event.kind == EventKind::Disconnected {
            user.lock().unwrap().take();
        }
    };
    let client = Client::open(configuration(&server.url(), &[]), Some(Arc::new(handler))).unwrap();
    client.wait_ready(SOON).unwrap();
    *handle.lock().unwrap() = Some(client);
    server.kill();
    wait_until("it was dropped", SOON, || handle.lock().unwrap().is_none());
}

#[test]
fn events_that_nobody_takes_are_bounded_and_counted() {
    let server = Server::start();
    let url = server.url();
    server.kill();
    let client = open_on(&url);
    wait_until("there were many attempts", SOON, || client.stats().connect_failures > 40);
    // Nothing comes any more from here on.
    client.close(Duration::ZERO).unwrap();
    let kept = client.events_so_far();
    assert!(kept.len() == 8 && kept[0].missed >= 20, "{kept:?}");
    assert!(kept[1..].iter().all(|event| event.missed == 0), "{kept:?}");
}

fn open_on(url: &str) -> Client {
    support::open(url, &[("event_queue_size", "8"), ("reconnect_max_delay_ms", "10")])
}

#[test]
fn whoever_waits_for_an_event_returns_when_the_client_is_closed() {
    let server = Server::start();
    let client = support::open_ready(&server.url(), &[]);
    client.events_so_far();
    std::thread::scope(|scope| {
        let waiting = [0, 1].map(|_| scope.spawn(|| while client.next_event(Duration::MAX).is_some() {}));
        client.close(Duration::ZERO).unwrap();
        for thread in waiting {
            wait_until("it returns", SOON, || thread.is_finished());
            thread.join().unwrap();
        }
    });
    assert!(client.next_event(Duration::MAX).is_none());
}
