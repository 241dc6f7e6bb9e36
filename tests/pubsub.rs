//! Subscriptions: what is published comes once and in order, whatever happens to the connection, and what does not come is
//! told in its place.
//!
//! Publishers number their messages, so that a reader sees what is missing, what comes twice and what overtakes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use resilient_redis::client::{Client, Message, Published, Subscription, SubscriptionOptions, TopicKind};
use resilient_redis::error::ErrorKind;
use resilient_redis::event::EventKind;
use support::{Account, Ask, Proxy, Publisher, ReservedPort, SOON, Server, open, open_ready, wait_until, within};

use TopicKind::{Channel, Pattern, ShardChannel};

fn names<'a>(words: &'a [&'a str]) -> Vec<&'a [u8]> {
    words.iter().map(|word| word.as_bytes()).collect()
}

fn subscription(client: &Client) -> Subscription {
    client.subscription(&SubscriptionOptions::default()).unwrap()
}

/// Subscribes and waits until the server has agreed.
#[track_caller]
fn subscribed(client: &Client, kind: TopicKind, words: &[&str]) -> Subscription {
    let subscription = subscription(client);
    subscription.add(kind, &names(words)).unwrap();
    subscription.wait(SOON).unwrap();
    subscription
}

#[track_caller]
fn next(subscription: &Subscription) -> Message {
    subscription.next(SOON).unwrap().expect("a message that comes in time")
}

#[track_caller]
fn published(subscription: &Subscription) -> Published {
    match next(subscription) {
        Message::Published(published) => published,
        other => panic!("not a message that was published: {other:?}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn payload(subscription: &Subscription) -> String {
    text(published(subscription).payload())
}

#[track_caller]
fn nothing(subscription: &Subscription) {
    assert!(matches!(subscription.next(Duration::ZERO), Ok(None)));
}

fn publish(server: &Server, channel: &str, payload: &str) -> i64 {
    redis::from_redis_value(server.command(&["PUBLISH", channel, payload])).unwrap()
}

fn subscribers(server: &Server, channel: &str) -> i64 {
    let (_, count): (String, i64) = redis::from_redis_value(server.command(&["PUBSUB", "NUMSUB", channel])).unwrap();
    count
}

fn through_ten_restarts(protocol: &str) {
    let server = Arc::new(Server::start());
    let options = [("protocol", protocol), ("reconnect_max_delay_ms", "100")];
    let client = open_ready(&server.url(), &options);
    let channels: Vec<String> = (0..100).map(|number| format!("news.{}.{number}", number % 10)).collect();
    let patterns: Vec<String> = (0..10).map(|number| format!("news.{number}.*")).collect();
    let subscription = subscription(&client);
    let bytes = |names: &[String]| names.iter().map(|name| name.clone().into_bytes()).collect::<Vec<_>>();
    let (channel_names, pattern_names) = (bytes(&channels), bytes(&patterns));
    subscription.add(Channel, &channel_names.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    subscription.add(Pattern, &pattern_names.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    subscription.wait(SOON).unwrap();

    let publisher = Publisher::start(&server, channels.clone());
    let mut account = Account::default();
    std::thread::scope(|scope| {
        let restarts = scope.spawn(|| {
            for round in 0..10 {
                publisher.wait_for(500);
                if round % 2 == 0 {
                    server.kill()
                } else {
                    server.stop()
                }
                server.start_again();
                // As long as the client does not know of the loss it is content.
                wait_until("it has subscribed again", SOON, || subscribers(&server, &channels[0]) == 1);
                subscription.wait(SOON).unwrap();
            }
            publisher.wait_for(500);
        });
        while !restarts.is_finished() {
            if let Some(message) = subscription.next(Duration::from_millis(20)).unwrap() {
                account.take(&message);
            }
        }
    });
    let last = publisher.stop();
    account.finish(&subscription, &channels, &last);
    assert_eq!(account.gaps.len(), 10);
    assert_eq!(account.last.len(), 200, "each channel comes by itself and by a pattern");
    assert!(account.messages > 10_000);
    let restored: Vec<_> =
        client.events_so_far().into_iter().filter(|event| event.kind == EventKind::SubscriptionsRestored).collect();
    let told: Vec<_> = restored.iter().map(|event| (event.down_since.unwrap(), event.at)).collect();
    assert_eq!(told, account.gaps.iter().map(|gap| (gap.down_since, gap.up_at)).collect::<Vec<_>>());
    assert!(restored.iter().all(|event| event.count == 110));
}

#[test]
fn a_hundred_channels_and_ten_patterns_survive_ten_restarts_of_the_server() {
    through_ten_restarts("3");
}

#[test]
fn they_survive_them_with_the_old_protocol_too() {
    through_ten_restarts("2");
}

#[test]
fn killed_connections_lose_nothing_but_what_the_gaps_say() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "20")]);
    let channels = vec!["a".to_owned(), "b".to_owned()];
    let subscription = subscribed(&client, Channel, &["a", "b"]);
    let publisher = Publisher::start(&server, channels.clone());
    let mut account = Account::default();
    for _ in 0..30 {
        publisher.wait_for(20);
        subscription.wait(SOON).unwrap();
        let killed: i64 = redis::from_redis_value(server.command(&["CLIENT", "KILL", "TYPE", "pubsub"])).unwrap();
        assert_eq!(killed, 1);
        let gaps = account.gaps.len();
        while account.gaps.len() == gaps {
            account.take(&next(&subscription));
        }
    }
    publisher.wait_for(20);
    let last = publisher.stop();
    account.finish(&subscription, &channels, &last);
    assert_eq!(account.gaps.len(), 30);
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_its_restoration_has_one_gap() {
    let server = Arc::new(Server::start());
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("reconnect_max_delay_ms", "20")]);
    let many: Vec<String> = (0..1000).map(|number| format!("channel.{number}")).collect();
    let subscription = subscription(&client);
    subscription.add(Channel, &many.iter().map(|name| name.as_bytes()).collect::<Vec<_>>()).unwrap();
    subscription.wait(SOON).unwrap();
    let publisher = Publisher::start(&server, many.iter().step_by(100).cloned().collect());
    let mut account = Account::default();
    publisher.wait_for(100);
    for bytes in [2_000, 9_000, 20_000, 30_000] {
        proxy.cut_after_to_client(bytes, support::Action::Reset);
    }
    let killed: i64 = redis::from_redis_value(server.command(&["CLIENT", "KILL", "TYPE", "pubsub"])).unwrap();
    assert_eq!(killed, 1);
    wait_until("all cuts are made", SOON, || proxy.state().plans_done == 4);
    subscription.wait(SOON).unwrap();
    publisher.wait_for(100);
    let channels: Vec<String> = many.iter().step_by(100).cloned().collect();
    let last = publisher.stop();
    account.finish(&subscription, &channels, &last);
    assert!(!account.gaps.is_empty() && account.missing > 0);
}

#[test]
fn names_come_and_go_while_messages_pour_in() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[]);
    let channels: Vec<String> = ["steady", "changing"].map(str::to_owned).into();
    let subscription = subscribed(&client, Channel, &["steady"]);
    let publisher = Publisher::start(&server, channels);
    let mut last = 0;
    let mut seen_of_changing = 0;
    let mut look = |message: Message, changing_is_wanted: bool| {
        let Message::Published(published) = message else { panic!("unexpected: {message:?}") };
        if published.channel() == b"steady" {
            let number: u64 = text(published.payload()).parse().unwrap();
            assert!(last == 0 || number == last + 1, "{number} after {last}");
            last = number;
        } else {
            assert!(changing_is_wanted);
            seen_of_changing += 1;
        }
        published.channel() == b"changing"
    };
    for _ in 0..50 {
        subscription.add(Channel, &[b"changing"]).unwrap();
        while !look(next(&subscription), true) {}
        subscription.remove(Channel, &[b"changing"]).unwrap();
        // Those that had come before are still there.
        while let Some(message) = subscription.next(Duration::ZERO).unwrap() {
            look(message, true);
        }
        for _ in 0..3 {
            look(next(&subscription), false);
        }
    }
    publisher.stop();
    assert!(seen_of_changing >= 50);
    wait_until("the server has forgotten it", SOON, || subscribers(&server, "changing") == 0);
    assert_eq!(subscribers(&server, "steady"), 1);
}

#[test]
fn two_subscriptions_share_a_channel_and_one_goes() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let stays = subscribed(&client, Channel, &["shared"]);
    let goes = subscribed(&client, Channel, &["shared", "own"]);
    assert_eq!(publish(&server, "shared", "to both"), 1);
    assert_eq!((payload(&stays), payload(&goes)), ("to both".into(), "to both".into()));
    drop(goes);
    wait_until("the server has forgotten what only the other wanted", SOON, || subscribers(&server, "own") == 0);
    assert_eq!(publish(&server, "shared", "to one"), 1);
    assert_eq!(payload(&stays), "to one");
    stays.remove(Channel, &[b"shared", b"never had"]).unwrap();
    wait_until("nobody is left", SOON, || subscribers(&server, "shared") == 0);
    assert_eq!(publish(&server, "shared", "to nobody"), 0);
    nothing(&stays);
}

#[test]
fn a_message_comes_once_for_each_match() {
    for protocol in ["2", "3"] {
        let server = Server::start();
        let client = open_ready(&server.url(), &[("protocol", protocol)]);
        let subscription = subscribed(&client, Pattern, &["a*", "*b"]);
        subscription.add(Channel, &[b"ab", b"ab"]).unwrap();
        subscription.wait(SOON).unwrap();
        assert_eq!(publish(&server, "ab", "x"), 3);
        let mut came: Vec<_> = (0..3).map(|_| published(&subscription)).collect();
        assert!(came.iter().all(|message| message.channel() == b"ab" && message.payload() == b"x"));
        assert_eq!(came[0].kind(), Channel, "as the server sends them");
        came.sort_by_key(|message| message.pattern().map(<[u8]>::to_vec));
        assert_eq!(came.iter().map(Published::pattern).collect::<Vec<_>>(), [None, Some(&b"*b"[..]), Some(b"a*")]);
        nothing(&subscription);
    }
}

#[test]
fn shard_channels_are_a_kind_of_their_own() {
    for protocol in ["2", "3"] {
        let server = Server::start();
        let client = open_ready(&server.url(), &[("protocol", protocol)]);
        let subscription = subscribed(&client, ShardChannel, &["s"]);
        assert_eq!(publish(&server, "s", "to the channel"), 0);
        server.command(&["SPUBLISH", "s", "to the shard"]);
        let message = published(&subscription);
        assert_eq!(
            (message.kind(), message.channel(), message.payload()),
            (ShardChannel, &b"s"[..], &b"to the shard"[..])
        );
        server.restart();
        assert!(matches!(next(&subscription), Message::Restored(_)));
        server.command(&["SPUBLISH", "s", "again"]);
        assert_eq!(payload(&subscription), "again");
        subscription.remove(ShardChannel, &[b"s"]).unwrap();
        let count =
            || -> Vec<String> { redis::from_redis_value(server.command(&["PUBSUB", "SHARDCHANNELS"])).unwrap() };
        wait_until("the server has forgotten it", SOON, || count().is_empty());
    }
}

#[test]
fn what_a_server_takes_back_is_subscribed_to_again_with_a_gap() {
    // For the nodes of the cluster, of which there is one; it has to be given, because the usual one may be too high.
    let bus = ReservedPort::new();
    let server = Server::builder().arg("cluster-enabled", "yes").arg("cluster-port", &bus.number().to_string()).start();
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    let ok = || server.try_command(&["GET", "x"]).is_ok();
    wait_until("the cluster of one is ready", SOON, ok);
    let client = open_ready(&server.url(), &[]);
    let subscription = subscribed(&client, ShardChannel, &["s"]);
    let other = subscribed(&client, Channel, &["c"]);
    let slot: i64 = redis::from_redis_value(server.command(&["CLUSTER", "KEYSLOT", "s"])).unwrap();
    server.command(&["CLUSTER", "DELSLOTS", &slot.to_string()]);
    let Message::Refused(refused) = next(&subscription) else { panic!("it is refused while nobody has the slot") };
    assert_eq!((&*refused.name, refused.kind), (&b"s"[..], ShardChannel));
    assert_eq!(subscription.wait(SOON).unwrap_err().kind, ErrorKind::Server);
    server.command(&["CLUSTER", "ADDSLOTS", &slot.to_string()]);
    assert!(matches!(next(&subscription), Message::Restored(_)));
    assert_eq!(client.event(EventKind::SubscriptionsRestored).count, 1);
    server.command(&["SPUBLISH", "s", "again"]);
    assert_eq!(payload(&subscription), "again");
    nothing(&other);
}

#[test]
fn what_finds_no_room_is_counted_in_its_place_and_nobody_waits_for_it() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("subscription_queue_size", "10")]);
    let slow = subscribed(&client, Channel, &["c"]);
    let roomy = SubscriptionOptions { queue_size: Some(1000), ..SubscriptionOptions::default() };
    let quick = client.subscription(&roomy).unwrap();
    quick.add(Channel, &[b"c"]).unwrap();
    let small = SubscriptionOptions { queue_bytes: Some(2000), ..SubscriptionOptions::default() };
    let small = client.subscription(&small).unwrap();
    small.add(Channel, &[b"c"]).unwrap();
    quick.wait(SOON).unwrap();
    for number in 0..100 {
        publish(&server, "c", &number.to_string());
        assert_eq!(client.text(&["PING"]).as_deref(), Some("PONG"));
    }
    for number in 0..100 {
        assert_eq!(payload(&quick), number.to_string());
    }
    let Message::Lost(count) = next(&slow) else { panic!("the loss is not told") };
    assert_eq!(count, 90);
    for number in 90..100 {
        assert_eq!(payload(&slow), number.to_string());
    }
    let Message::Lost(count) = next(&small) else { panic!("the loss is not told") };
    assert!((80..100).contains(&count));
    for number in count..100 {
        assert_eq!(payload(&small), number.to_string());
    }
    for subscription in [&slow, &quick, &small] {
        nothing(subscription);
    }
    publish(&server, "c", "next");
    assert_eq!(payload(&slow), "next");
}

#[test]
fn a_channel_that_the_user_may_not_have_is_told_and_asked_for_again() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "u", "on", ">p", "+@all", "~*", "resetchannels", "&allowed*"]);
    let options = [("username", "u"), ("password", "p"), ("reconnect_interval_ms", "1000")];
    for protocol in ["2", "3"] {
        let client = open_ready(&server.url(), &[&options[..], &[("protocol", protocol)]].concat());
        let subscription = subscription(&client);
        let mut wanted = names(&["allowed.1", "secret", "allowed.2"]);
        subscription.add(Channel, &wanted).unwrap();
        let error = subscription.wait(SOON).unwrap_err();
        assert_eq!((error.kind, error.server_code.as_deref()), (ErrorKind::Server, Some("NOPERM")));
        let Message::Refused(refused) = next(&subscription) else { panic!("the refusal is not told") };
        assert_eq!((&*refused.name, refused.kind), (&b"secret"[..], Channel));
        wait_until("the others are there", SOON, || {
            subscribers(&server, "allowed.1") == 1 && subscribers(&server, "allowed.2") == 1
        });
        publish(&server, "allowed.1", "x");
        assert_eq!(payload(&subscription), "x");
        server.command(&["ACL", "SETUSER", "u", "&secret"]);
        wait_until("it is asked for again", SOON, || subscription.wait(Duration::ZERO).is_ok());
        publish(&server, "secret", "not any more");
        assert_eq!(payload(&subscription), "not any more");
        wanted.pop();
        subscription.remove(Channel, &wanted).unwrap();
        drop(subscription);
        client.close(Duration::ZERO).unwrap();
        server.command(&["ACL", "SETUSER", "u", "resetchannels", "&allowed*"]);
    }
}

#[test]
fn wrong_credentials_are_not_hammered() {
    let server = Server::start();
    server.command(&["ACL", "SETUSER", "u", "on", ">p", "+@all", "~*", "allchannels"]);
    let client = open_ready(&server.url(), &[("username", "u"), ("password", "p")]);
    let subscription = subscribed(&client, Channel, &["c"]);
    server.command(&["ACL", "SETUSER", "u", "resetpass", ">other"]);
    server.command(&["CLIENT", "KILL", "USER", "u"]);
    client.wait_state(resilient_redis::client::State::GaveUp);
    let refused = || -> u64 {
        let counts = server.info("commandstats", "cmdstat_hello").unwrap();
        counts.split(',').find_map(|count| count.strip_prefix("failed_calls=")).unwrap().parse().unwrap()
    };
    wait_until("both connections were refused", SOON, || refused() >= 2);
    let before = refused();
    // Long enough for hundreds of attempts, were they made as after other failures.
    assert!(matches!(subscription.next(Duration::from_millis(1500)), Ok(None)));
    assert_eq!(refused(), before);
    server.command(&["ACL", "SETUSER", "u", "resetpass", ">p"]);
    client.reconnect().unwrap();
    assert!(matches!(next(&subscription), Message::Restored(_)));
}

#[test]
fn a_connection_that_goes_silent_is_noticed_and_made_again() {
    let server = Server::start();
    for protocol in ["2", "3"] {
        let proxy = Proxy::start(server.address());
        let options = [
            ("protocol", protocol),
            ("health_check_interval_ms", "100"),
            ("command_timeout_ms", "300"),
            ("outage_grace_ms", "50"),
        ];
        let client = open_ready(&proxy.url(), &options);
        let subscription = subscribed(&client, Channel, &["c"]);
        // Some health checks pass, and nothing comes of them.
        assert!(matches!(subscription.next(Duration::from_millis(500)), Ok(None)));
        assert_eq!(proxy.state().total_connections, 2);
        proxy.black_hole(true);
        let silent_since = SystemTime::now();
        wait_until("both connections are given up", SOON, || proxy.state().total_connections > 3);
        proxy.black_hole(false);
        let Message::Restored(gap) = next(&subscription) else { panic!("the gap is not told") };
        assert!(gap.down_since <= silent_since + Duration::from_millis(50), "{gap:?}");
        publish(&server, "c", "x");
        assert_eq!(payload(&subscription), "x");
    }
}

#[test]
fn a_subscription_may_be_made_before_there_is_a_server() {
    let server = Server::start();
    server.kill();
    let client = open(&server.url(), &[("reconnect_max_delay_ms", "50")]);
    let subscription = subscription(&client);
    subscription.add(Channel, &[b"c"]).unwrap();
    assert_eq!(subscription.wait(Duration::ZERO).unwrap_err().kind, ErrorKind::Timeout);
    server.start_again();
    subscription.wait(SOON).unwrap();
    publish(&server, "c", "x");
    assert_eq!(payload(&subscription), "x");
    nothing(&subscription);
}

#[test]
fn what_cannot_be_subscribed_to_is_told() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("max_output_bytes", "1KiB")]);
    let subscription = subscription(&client);
    subscription.wait(Duration::ZERO).unwrap();
    assert_eq!(subscription.add(Channel, &[]).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(subscription.add(Channel, &[&[b'x'; 1025]]).unwrap_err().kind, ErrorKind::TooLarge);
    subscription.add(Channel, &[b"", b"\r\n\0\xff"]).unwrap();
    subscription.wait(SOON).unwrap();
    publish(&server, "", "to the empty name");
    assert_eq!(payload(&subscription), "to the empty name");
}

#[test]
fn closing_ends_who_waits_and_what_had_come_can_still_be_taken() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let waiting = subscribed(&client, Channel, &["quiet"]);
    let full = subscribed(&client, Channel, &["c"]);
    let probe = subscribed(&client, Channel, &["c"]);
    publish(&server, "c", "x");
    assert_eq!(payload(&probe), "x");
    let consumer = std::thread::spawn(move || waiting.next(Duration::from_secs(3600)).unwrap_err().kind);
    let closer = client.clone();
    within(SOON, "the client is closed", move || closer.close(Duration::ZERO).unwrap());
    assert_eq!(within(SOON, "the consumer returns", move || consumer.join().unwrap()), ErrorKind::Closed);
    assert_eq!(payload(&full), "x");
    for error in [
        full.next(Duration::ZERO).unwrap_err(),
        full.add(Channel, &[b"d"]).unwrap_err(),
        full.remove(Channel, &[b"c"]).unwrap_err(),
        full.wait(SOON).unwrap_err(),
        client.subscription(&SubscriptionOptions::default()).unwrap_err(),
    ] {
        assert_eq!(error.kind, ErrorKind::Closed, "{error:?}");
    }
    drop(client);
    drop(full);
}

#[test]
fn the_connection_and_the_thread_are_there_as_long_as_a_subscription_is() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[]);
    let of_pubsub =
        || -> String { redis::from_redis_value(server.command(&["CLIENT", "LIST", "TYPE", "pubsub"])).unwrap() };
    for _ in 0..20 {
        let (one, other) = (subscribed(&client, Channel, &["a"]), subscribed(&client, Pattern, &["b*"]));
        assert_eq!(of_pubsub().lines().count(), 1);
        drop(one);
        publish(&server, "bc", "x");
        assert_eq!(payload(&other), "x");
        drop(other);
        wait_until("the connection is gone", SOON, || of_pubsub().is_empty());
    }
}

/// A handler's messages, as they come.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u64>>>);

impl Seen {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[test]
fn a_handler_gets_messages_in_order_through_an_outage() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[]);
    let account = Arc::new(Mutex::new(Account::default()));
    let sink = account.clone();
    let handler = move |message: &Message| sink.lock().unwrap().take(message);
    let subscription = client.subscribe(Channel, &[b"c"], Arc::new(handler)).unwrap();
    subscription.wait(SOON).unwrap();
    assert_eq!(subscription.next(Duration::ZERO).unwrap_err().kind, ErrorKind::InvalidArgument);
    let publisher = Publisher::start(&server, vec!["c".to_owned()]);
    publisher.wait_for(1000);
    server.restart();
    subscription.wait(SOON).unwrap();
    publisher.wait_for(1000);
    let last = publisher.stop()[0];
    let place = ("c".to_owned(), String::new());
    wait_until("the last has come", SOON, || {
        account.lock().unwrap().last.get(&place).is_some_and(|(number, _)| *number == last)
    });
    assert_eq!(account.lock().unwrap().gaps.len(), 1);
}

#[test]
fn after_the_end_of_a_subscription_that_is_being_poured_on_its_handler_is_gone() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[]);
    let publisher = Publisher::start(&server, vec!["c".to_owned()]);
    for _ in 0..100 {
        let (seen, alive) = (Seen::default(), Arc::new(()));
        let (sink, token, is_over) = (seen.clone(), alive.clone(), Arc::new(AtomicBool::new(false)));
        let over = is_over.clone();
        let handler = move |_: &Message| {
            let _token = &token;
            assert!(!over.load(Ordering::SeqCst), "called after the end");
            sink.0.lock().unwrap().push(1);
        };
        let subscription = client.subscribe(Channel, &[b"c"], Arc::new(handler)).unwrap();
        wait_until("messages come", SOON, || seen.count() > 0);
        drop(subscription);
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(Arc::strong_count(&alive), 1, "the handler was given up");
    }
    publisher.stop();
}

#[test]
fn a_handler_may_end_its_own_subscription_and_that_call_is_the_last() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[]);
    let publisher = Publisher::start(&server, vec!["c".to_owned()]);
    for _ in 0..50 {
        let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let (seen, alive) = (Seen::default(), Arc::new(()));
        let (sink, token, mine) = (seen.clone(), alive.clone(), own.clone());
        let handler = move |_: &Message| {
            let _token = &token;
            if let Some(subscription) = mine.lock().unwrap().take() {
                drop(subscription);
                sink.0.lock().unwrap().push(1);
            } else if !sink.0.lock().unwrap().is_empty() {
                sink.0.lock().unwrap().push(2);
            }
        };
        *own.lock().unwrap() = Some(client.subscribe(Channel, &[b"c"], Arc::new(handler)).unwrap());
        wait_until("it has ended itself", SOON, || seen.count() > 0);
        wait_until("the handler is given up", SOON, || Arc::strong_count(&alive) == 1);
        assert_eq!(seen.count(), 1);
    }
    publisher.stop();
}

#[test]
fn a_slow_handler_delays_neither_close_nor_others() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[]);
    let (enter, entered) = std::sync::mpsc::channel::<()>();
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let left = Mutex::new(left);
    let calls = Arc::new(AtomicU64::new(0));
    let count = calls.clone();
    let handler = move |_: &Message| {
        count.fetch_add(1, Ordering::SeqCst);
        enter.send(()).unwrap();
        let _ = left.lock().unwrap().recv();
    };
    let slow = client.subscribe(Channel, &[b"c"], Arc::new(handler)).unwrap();
    slow.wait(SOON).unwrap();
    let pulled = subscribed(&client, Channel, &["c"]);
    for number in 0..1000 {
        publish(&server, "c", &number.to_string());
    }
    entered.recv().unwrap();
    for number in 0..1000 {
        assert_eq!(payload(&pulled), number.to_string());
    }
    let closer = client.clone();
    let closing = std::thread::spawn(move || closer.close(Duration::ZERO).unwrap());
    wait_until("the end has begun", SOON, || pulled.next(Duration::ZERO).is_err());
    leave.send(()).unwrap();
    within(SOON, "the client is closed", move || closing.join().unwrap());
    assert_eq!(calls.load(Ordering::SeqCst), 1, "what waited for the handler went with the client");
}

#[test]
fn a_subscription_that_begins_while_the_last_one_ends_sees_no_gap() {
    let server = Arc::new(Server::start());
    let client = open_ready(&server.url(), &[]);
    let publisher = Publisher::start(&server, vec!["c".to_owned()]);
    for round in 0..2000_u32 {
        let subscription = subscribed(&client, Channel, &["c"]);
        published(&subscription);
        drop(subscription);
        // Every moment of the end is met at some time.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(u64::from(round % 200)) {}
    }
    publisher.stop();
    assert!(client.events_so_far().iter().all(|event| event.kind != EventKind::SubscriptionsRestored));
}

#[test]
fn subscriptions_that_come_and_go_while_there_is_no_server_do_not_wait_for_it() {
    let server = Server::start();
    let client = open_ready(&server.url(), &[("reconnect_max_delay_ms", "10")]);
    server.kill();
    let (one, busy) = (client.clone(), client.clone());
    within(SOON, "all have come and gone", move || {
        for round in 0..2000_u32 {
            let subscription = subscription(&one);
            subscription.add(Channel, &[b"c"]).unwrap();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_micros(u64::from(round % 200)) {}
        }
    });
    server.start_again();
    let subscription = subscribed(&busy, Channel, &["c"]);
    publish(&server, "c", "x");
    assert_eq!(payload(&subscription), "x");
}

#[test]
fn a_gap_begins_when_the_server_was_last_heard_and_not_when_the_connection_breaks() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[]);
    let subscription = subscribed(&client, Channel, &["c"]);
    for how in [Proxy::reset_all, Proxy::close_all] {
        publish(&server, "c", "before");
        assert_eq!(payload(&subscription), "before");
        proxy.black_hole(true);
        let silent_since = SystemTime::now();
        publish(&server, "c", "lost");
        assert!(matches!(subscription.next(Duration::from_millis(200)), Ok(None)));
        how(&proxy);
        proxy.black_hole(false);
        let Message::Restored(gap) = next(&subscription) else { panic!("the gap is not told") };
        assert!(gap.down_since <= silent_since, "{gap:?} {silent_since:?}");
    }
}
