//! Credentials that the program gives: tokens that expire, passwords that are changed while the client is connected.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resilient_redis::client::{Client, Hooks, Login, PipelineOptions, State, SubscriptionOptions, TopicKind};
use resilient_redis::config::Config;
use resilient_redis::error::{Error, ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use support::{Ask, Proxy, SOON, Server, append, assert_fails, configuration, is_buffered, url, wait_until};

/// Where the program has its credentials from: what it gives at each time.
#[derive(Clone, Default)]
struct Vault {
    inner: Arc<Mutex<Inside>>,
    asked: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Inside {
    user: Option<String>,
    password: String,
    valid_for: Option<Duration>,
    is_shut: bool,
}

impl Vault {
    fn of(user: Option<&str>, password: &str, valid_for: Option<Duration>) -> Self {
        let vault = Vault::default();
        vault.change(user, password, valid_for);
        vault
    }

    fn change(&self, user: Option<&str>, password: &str, valid_for: Option<Duration>) {
        let user = user.map(str::to_owned);
        *self.inner.lock().unwrap() = Inside { user, password: password.into(), valid_for, is_shut: false };
    }

    fn shut(&self, is_shut: bool) {
        self.inner.lock().unwrap().is_shut = is_shut;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn hooks(&self) -> Hooks {
        let vault = self.clone();
        let provider = move || {
            vault.asked.fetch_add(1, Ordering::SeqCst);
            let inside = vault.inner.lock().unwrap();
            if inside.is_shut {
                return Err(Error::new(ErrorKind::System, "the vault is shut"));
            }
            Ok(Login {
                username: inside.user.clone().map(|user| user.into_bytes().into()),
                password: inside.password.clone().into_bytes().into(),
                valid_for: inside.valid_for,
            })
        };
        Hooks { credentials: Some(Arc::new(provider)), ..Hooks::default() }
    }

    fn open(&self, url: &str, options: &[(&str, &str)]) -> Client {
        let mut all = vec![("reconnect_max_delay_ms", "20"), ("reconnect_interval_ms", "100")];
        all.extend(options);
        Client::open_with(configuration(url, &all), self.hooks()).unwrap()
    }
}

fn guarded(password: &str) -> Server {
    Server::builder().password(password).start()
}

/// Its address, without a password.
fn bare(server: &Server) -> String {
    url(server.client_address())
}

/// The names that connections with this name are logged in under.
fn users_of(server: &Server, name: &str) -> Vec<String> {
    let list: String = redis::from_redis_value(server.command(&["CLIENT", "LIST"])).unwrap();
    let field = |line: &str, field: &str| {
        line.split(' ').find_map(|part| part.strip_prefix(field)?.strip_prefix('=').map(str::to_owned))
    };
    list.lines()
        .filter(|line| field(line, "name").as_deref() == Some(name))
        .filter_map(|line| field(line, "user"))
        .collect()
}

fn make_user(server: &Server, name: &str, password: &str) {
    server.command(&["ACL", "SETUSER", name, "reset", "on", &format!(">{password}"), "~*", "&*", "+@all"]);
}

#[test]
fn they_are_asked_for_at_each_connection_and_the_present_ones_count() {
    let server = guarded("first");
    let proxy = Proxy::start(server.address());
    for protocol in ["3", "2"] {
        server.command(&["CONFIG", "SET", "requirepass", "first"]);
        let vault = Vault::of(None, "first", None);
        let client = vault.open(&proxy.url(), &[("protocol", protocol)]);
        client.wait_ready(SOON).unwrap();
        client.ask(&["SET", "k", "v"]);
        assert_eq!(vault.asked(), 1);
        // Changed at the server and in the vault: the next connection has the new ones, and nobody notices.
        server.command(&["CONFIG", "SET", "requirepass", "second"]);
        vault.change(None, "second", None);
        proxy.reset_all();
        assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
        client.transaction(&[b"k"], Default::default()).unwrap().discard().unwrap();
        assert!(vault.asked() >= 3, "{}", vault.asked());
        assert_eq!(client.state(), State::Ready);
    }
}

#[test]
fn connections_that_are_there_are_told_before_they_expire() {
    let server = guarded("admin");
    make_user(&server, "app", "one");
    let vault = Vault::of(Some("app"), "one", Some(Duration::from_millis(200)));
    let client = vault.open(&bare(&server), &[("client_name", "program")]);
    client.wait_ready(SOON).unwrap();
    let subscription = client.subscription(&SubscriptionOptions::default()).unwrap();
    subscription.add(TopicKind::Channel, &[b"news"]).unwrap();
    subscription.wait(SOON).unwrap();
    assert_eq!(users_of(&server, "program"), ["app", "app"]);
    let id = client.number(&["CLIENT", "ID"]);
    // The next token is that of another user, so that the server shows who has it.
    make_user(&server, "next", "two");
    vault.change(Some("next"), "two", Some(Duration::from_secs(3600)));
    wait_until("both connections have it", SOON, || users_of(&server, "program") == ["next", "next"]);
    assert_eq!(client.number(&["CLIENT", "ID"]), id, "on the same connection");
    let (before, stats) = (vault.asked(), client.stats());
    assert_eq!((stats.disconnects, stats.server_errors), (0, 0));
    // It lasts: nobody asks again for an hour.
    client.ask(&["SET", "k", "v"]);
    assert_eq!(vault.asked(), before);
    assert!(client.events_so_far().iter().all(|event| event.kind == EventKind::Connected));
}

#[test]
fn they_are_renewed_under_load_and_no_command_notices() {
    let server = guarded("admin");
    make_user(&server, "app", "one");
    let vault = Vault::of(Some("app"), "one", Some(Duration::from_millis(40)));
    let client = vault.open(&bare(&server), &[]);
    client.wait_ready(SOON).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (client, vault) = (client.clone(), vault.clone());
            std::thread::spawn(move || {
                let mut count = 0;
                while vault.asked() < 20 {
                    let key = format!("count:{thread}");
                    count += 1;
                    assert_eq!(client.number(&["INCR", &key]), count);
                    let mut pipeline = client.pipeline(PipelineOptions { atomic: true, ..PipelineOptions::default() });
                    append(&mut pipeline, &["INCR", &key]);
                    append(&mut pipeline, &["GET", &key]);
                    let replies = pipeline.execute().unwrap();
                    count += 1;
                    let resilient_redis::client::Executed::Reply(reply) = replies else { panic!("buffered") };
                    assert_eq!(reply.root().get(0).unwrap().as_integer(), Some(count));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(client.stats().disconnects, 0);
    assert_eq!(client.state(), State::Ready);
}

#[test]
fn wrong_ones_are_not_hammered_and_right_ones_bring_the_client_back() {
    let server = guarded("right");
    let vault = Vault::of(None, "wrong", None);
    let options = [("outage_grace_ms", "0"), ("reconnect_interval_ms", "600")];
    let client = vault.open(&bare(&server), &options);
    let event = client.event(EventKind::AuthFailed);
    assert!(event.message.contains("refused the credentials"), "{event:?}");
    assert_eq!(vault.asked(), 1);
    assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::Auth, Outcome::NotApplied);
    // The slow probe asks the program anew each time.
    vault.change(None, "right", None);
    client.wait_state(State::Ready);
    assert!(vault.asked() <= 3, "{}", vault.asked());
    client.ask(&["SET", "k", "v"]);
}

#[test]
fn a_program_that_has_none_for_a_while_is_an_outage() {
    let server = guarded("right");
    let vault = Vault::of(None, "right", None);
    vault.shut(true);
    let client = vault.open(&bare(&server), &[("outage_grace_ms", "0")]);
    let event = client.event(EventKind::Reconnecting);
    assert!(event.message.contains("the credentials callback gave none: the vault is shut"), "{event:?}");
    assert!(is_buffered(&client.run(&["SET", "k", "v"])));
    vault.shut(false);
    client.flush(SOON).unwrap();
    assert_eq!(client.text(&["GET", "k"]).as_deref(), Some("v"));
}

#[test]
fn renewed_ones_that_the_server_refuses_are_an_event_and_the_connection_stays() {
    let server = guarded("admin");
    make_user(&server, "app", "one");
    let vault = Vault::of(Some("app"), "one", Some(Duration::from_millis(100)));
    let client = vault.open(&bare(&server), &[]);
    client.wait_ready(SOON).unwrap();
    vault.change(Some("app"), "wrong", Some(Duration::from_millis(100)));
    let event = client.event(EventKind::AuthFailed);
    assert!(event.message.contains("the server refused the renewed credentials: WRONGPASS"), "{event:?}");
    client.ask(&["SET", "k", "v"]);
    let asked = vault.asked();
    vault.change(Some("app"), "one", Some(Duration::from_secs(3600)));
    wait_until("the program is asked again", SOON, || vault.asked() > asked);
    client.ask(&["SET", "k", "v"]);
    assert_eq!((client.state(), client.stats().disconnects), (State::Ready, 0));
}

#[test]
fn a_callback_that_takes_longer_than_an_attempt_is_asked_once_and_its_answer_is_used() {
    let server = guarded("right");
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (asked, wait) = (Arc::new(AtomicUsize::new(0)), Mutex::new(wait));
    let count = asked.clone();
    let provider = move || {
        count.fetch_add(1, Ordering::SeqCst);
        let _ = wait.lock().unwrap().recv();
        Ok(Login { username: None, password: b"right".to_vec().into(), valid_for: None })
    };
    let hooks = Hooks { credentials: Some(Arc::new(provider)), ..Hooks::default() };
    let options = [("connect_timeout_ms", "50"), ("reconnect_max_delay_ms", "20")];
    let client = Client::open_with(configuration(&bare(&server), &options), hooks).unwrap();
    for _ in 0..3 {
        let event = client.event(EventKind::Reconnecting);
        assert!(event.message.contains("connect timeout"), "{event:?}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    go.send(()).unwrap();
    client.wait_ready(SOON).unwrap();
    drop(go);
}

#[test]
fn closing_waits_for_a_callback_that_runs_and_it_never_runs_again() {
    let server = guarded("right");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, wait) = (Mutex::new(begun), Mutex::new(wait));
    let is_over = Arc::new(AtomicUsize::new(0));
    let over = is_over.clone();
    let provider = move || {
        begun.lock().unwrap().send(()).unwrap();
        let _ = wait.lock().unwrap().recv();
        over.fetch_add(1, Ordering::SeqCst);
        Ok(Login { username: None, password: b"right".to_vec().into(), valid_for: None })
    };
    let hooks = Hooks { credentials: Some(Arc::new(provider)), ..Hooks::default() };
    let client = Client::open_with(configuration(&bare(&server), &[]), hooks).unwrap();
    has_begun.recv().unwrap();
    let closing = std::thread::spawn(move || client.close(Duration::ZERO));
    go.send(()).unwrap();
    closing.join().unwrap().unwrap();
    assert_eq!(is_over.load(Ordering::SeqCst), 1);
    assert!(has_begun.try_recv().is_err());
}

#[test]
fn a_password_beside_the_callback_and_auth_as_a_command_are_refused() {
    let vault = Vault::of(None, "right", None);
    let config = Config::from_url("redis://:other@127.0.0.1:1/").unwrap();
    let error = Client::open_with(config, vault.hooks()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("credentials callback"), "{error}");

    let server = guarded("right");
    let client = vault.open(&bare(&server), &[]);
    client.wait_ready(SOON).unwrap();
    for words in [&["AUTH", "right"][..], &["AUTH", "default", "right"], &["HELLO", "3", "AUTH", "default", "right"]] {
        let error = assert_fails(client.run(words), ErrorKind::Unsupported, Outcome::NotApplied);
        assert!(error.message.contains("credentials callback"), "{error}");
        let mut pipeline = client.pipeline(PipelineOptions::default());
        append(&mut pipeline, &["PING"]);
        append(&mut pipeline, words);
        assert_eq!(pipeline.execute().unwrap_err().error.kind, ErrorKind::Unsupported);
    }
    client.ask(&["HELLO", "3"]);
    client.ask(&["CLIENT", "SETNAME", "x"]);
}
