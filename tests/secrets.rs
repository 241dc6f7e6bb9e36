//! Nothing secret is shown: no password and no argument of a command is in a log line, an event, an error, a metric or the
//! debug print of a type, whatever goes wrong. Replies and the failed list's commands are the program's own data and are
//! not looked at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resilient_redis::client::{
    Client, CommandOptions, CompletionQueue, CredentialsProvider, Hooks, Login, PipelineOptions, State, SubmitOptions,
    TopicKind,
};
use resilient_redis::config::Config;
use resilient_redis::event::{Event, EventKind};
use resilient_redis::log::{Level, Logging};
use resilient_redis::time::Deadline;
use support::{Action, Ask, Plan, Proxy, SOON, Scripted, Server, append, configuration, is_buffered, wait_until};

/// Is in every password and every argument here, and in nothing else.
const SECRET: &str = "hunter2";

/// Everything that was shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<String>>>);

impl Shown {
    fn see(&self, what: impl Debug) {
        self.0.lock().unwrap().push(format!("{what:?}"));
    }

    #[track_caller]
    fn failure<T: Debug>(&self, result: Result<T, impl Debug>) {
        match result {
            Ok(value) => panic!("it should fail: {value:?}"),
            Err(error) => self.see(error),
        }
    }

    fn client(&self, client: &Client) {
        self.see(client);
        self.see(client.metrics());
        self.see(client.stats());
        let mut after = 0;
        while let Some(failed) = client.failed_next(after) {
            after = failed.id;
            self.see(&failed.error);
            self.see(failed);
        }
    }

    #[track_caller]
    fn holds_nothing_secret(&self, at_least: usize) {
        let shown = self.0.lock().unwrap();
        let secret: Vec<&String> = shown.iter().filter(|text| text.to_lowercase().contains(SECRET)).collect();
        assert!(secret.is_empty(), "{secret:#?}");
        assert!(shown.len() >= at_least, "only {}: {shown:#?}", shown.len());
    }

    /// Was something with this text shown at all?
    #[track_caller]
    fn expect(&self, text: &str) {
        let shown = self.0.lock().unwrap();
        assert!(shown.iter().any(|shown| shown.contains(text)), "nothing said {text:?}: {shown:#?}");
    }
}

/// A client of which every line, event and failure is seen.
#[track_caller]
fn open_seen(config: Config, shown: &Shown) -> Client {
    open_seen_with(config, None, shown)
}

/// The same with credentials from the program.
#[track_caller]
fn open_seen_with(config: Config, credentials: Option<CredentialsProvider>, shown: &Shown) -> Client {
    shown.see(&config);
    let (lines, events) = (shown.clone(), shown.clone());
    let log = Logging { level: Level::Debug, handler: Arc::new(move |_, line: &str| lines.see(line)) };
    let hooks = Hooks {
        events: Some(Arc::new(move |event: &Event| events.see(event))),
        log: Some(log),
        credentials,
        ..Hooks::default()
    };
    shown.see(&hooks);
    Client::open_with(config, hooks).unwrap()
}

#[test]
fn no_credential_is_shown_however_it_is_given_and_refused() {
    let shown = Shown::default();
    let server = Server::builder().password("right-hunter2").start();
    let commands: [&[&str]; 2] = [
        &["ACL", "SETUSER", "app", "on", ">app-hunter2", "~*", "+@all"],
        &["ACL", "SETUSER", "old", "on", ">old-hunter2", "~*", "+@all"],
    ];
    for command in commands {
        server.command(command);
    }
    let at = server.address();
    // Wrong, by URL, by option and by user, with each protocol.
    for url in [
        format!("redis://:wrong-hunter2@{at}"),
        format!("redis://app:wrong-hunter2@{at}?protocol=2"),
        format!("redis://nobody:wrong-hunter2@{at}?client_name=shop"),
        format!("redis://{at}?password=wrong-hunter2&protocol=2"),
    ] {
        let client = open_seen(configuration(&url, &[]), &shown);
        client.event(EventKind::AuthFailed);
        client.wait_state(State::GaveUp);
        shown.failure(client.run(&["SET", "key-hunter2", "value-hunter2"]));
        shown.failure(client.wait_ready(SOON));
        shown.client(&client);
        client.close(Duration::ZERO).unwrap();
    }
    // Right, and then changed at run time.
    for url in [format!("redis://:right-hunter2@{at}"), format!("redis://app:app-hunter2@{at}")] {
        let client = open_seen(configuration(&url, &[]), &shown);
        client.wait_ready(SOON).unwrap();
        client.ask(&["AUTH", "right-hunter2"]);
        client.ask(&["AUTH", "app", "app-hunter2"]);
        client.ask(&["HELLO", "3", "AUTH", "old", "old-hunter2"]);
        for words in [
            &["AUTH", "wrong-hunter2"][..],
            &["AUTH", "app", "wrong-hunter2"],
            &["HELLO", "3", "AUTH", "app", "wrong-hunter2"],
            &["HELLO", "3", "hunter2"],
            &["HELLO", "hunter2"],
            &["ACL", "SETUSER", "app", "<gone-hunter2"],
            &["ACL", "SETUSER", "app", "#hunter2"],
            &["ACL", "GETUSER", "hunter2", "hunter2"],
            &["CONFIG", "SET", "requirepass-hunter2", "hunter2"],
            &["CLIENT", "SETNAME", "with space hunter2"],
            &["SELECT", "hunter2"],
        ] {
            shown.failure(client.run(words));
        }
        // The connection that is made now is refused: the user is gone.
        server.command(&["ACL", "SETUSER", "old", "resetpass"]);
        let kill = server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        shown.see(kill);
        wait_until("the old user is refused", SOON, || client.state() == State::GaveUp);
        shown.failure(client.run(&["GET", "key-hunter2"]));
        shown.client(&client);
        server.command(&["ACL", "SETUSER", "old", ">old-hunter2"]);
        drop(client);
    }
    for url in ["redis://:p/hunter2@host", "redis://user:hunter2@host:x", "rediss://:hunter2@h:x"] {
        shown.failure(Config::from_url(url));
    }
    shown.see(Config::from_url("rediss://:hunter2@h").unwrap());
    shown.expect("WRONGPASS");
    shown.expect("ACL SETUSER modifier '…'");
    shown.expect("attempt 1 to connect");
    shown.holds_nothing_secret(100);
}

#[test]
fn no_credential_that_the_program_gives_is_shown() {
    let shown = Shown::default();
    let server = Server::builder().password("admin-hunter2").start();
    server.command(&["ACL", "SETUSER", "app", "on", ">right-hunter2", "~*", "&*", "+@all"]);
    let given = Arc::new(Mutex::new("wrong-hunter2"));
    let password = given.clone();
    let provider: CredentialsProvider = Arc::new(move || {
        let password = password.lock().unwrap();
        let login = Login {
            username: Some(b"app".to_vec().into()),
            password: password.as_bytes().to_vec().into(),
            valid_for: Some(Duration::from_millis(100)),
        };
        Ok(login)
    });
    for protocol in ["3", "2"] {
        *given.lock().unwrap() = "wrong-hunter2";
        let options = [("protocol", protocol), ("reconnect_interval_ms", "100")];
        let config = configuration(&format!("redis://{}", server.address()), &options);
        let client = open_seen_with(config, Some(provider.clone()), &shown);
        client.event(EventKind::AuthFailed);
        *given.lock().unwrap() = "right-hunter2";
        client.wait_state(State::Ready);
        let subscription = client.subscription(&Default::default()).unwrap();
        subscription.add(TopicKind::Channel, &[b"news"]).unwrap();
        subscription.wait(SOON).unwrap();
        shown.see(&subscription);
        shown.failure(client.run(&["AUTH", "app", "right-hunter2"]));
        // Renewed, and then not any more.
        let before = client.stats().health_checks;
        shown.see(before);
        *given.lock().unwrap() = "old-hunter2";
        client.event(EventKind::AuthFailed);
        client.ask(&["PING"]);
        shown.see(Login { username: None, password: b"hunter2".to_vec().into(), valid_for: None });
        shown.client(&client);
        client.close(Duration::ZERO).unwrap();
    }
    shown.expect("the server refused the credentials");
    shown.expect("the server refused the renewed credentials");
    shown.holds_nothing_secret(40);
}

#[test]
fn no_argument_is_shown_whatever_becomes_of_a_command() {
    let shown = Shown::default();
    let server = Server::builder().appendonly(true).start();
    server.command(&["SET", "string-hunter2", "value-hunter2"]);
    let proxy = Proxy::start(server.address());
    let options = [
        ("outage_grace_ms", "0"),
        ("buffer_max_commands", "6"),
        ("buffer_overflow", "drop_oldest"),
        ("reconnect_max_delay_ms", "10"),
        ("max_output_bytes", "65536"),
        ("retry_unsafe", "no"),
    ];
    let client = open_seen(configuration(&proxy.url(), &options), &shown);
    client.wait_ready(SOON).unwrap();
    let large = "hunter2".repeat(20_000);
    for words in [
        &["NOSUCH", "arg-hunter2", "it's hunter2"][..],
        &["NO SUCH hunter2", "arg-hunter2"],
        &["CLIENT", "hunter2"],
        &["GET", "key-hunter2", "hunter2"],
        &["SET", "key-hunter2", "value-hunter2", "hunter2"],
        &["LPUSH", "string-hunter2", "value-hunter2"],
        &["INCR", "string-hunter2"],
        &["XREADGROUP", "GROUP", "group-hunter2", "me", "STREAMS", "key-hunter2", ">"],
        &["EVAL", "return redis.call('hunter2')", "0"],
        &["EVAL", "syntax hunter2", "0", "hunter2"],
        &["EVALSHA", "hunter2", "0"],
        &["FCALL", "hunter2", "0"],
        &["OBJECT", "HELP", "hunter2", "hunter2"],
        &["SUBSCRIBE", "channel-hunter2"],
        &["BLPOP", "string-hunter2", "0"],
        &["WATCH", "key-hunter2"],
        &["SET", "key-hunter2", &large],
        &["", "hunter2"],
    ] {
        shown.failure(client.run(words));
    }
    let pipeline = |commands: &[&[&str]], atomic| {
        let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
        commands.iter().for_each(|words| append(&mut pipeline, words));
        shown.see(&pipeline);
        pipeline.execute()
    };
    shown.failure(pipeline(&[&["SET", "key-hunter2", "hunter2"], &["NOSUCH", "arg-hunter2"]], true));

    // Submitted.
    let queue = Arc::new(CompletionQueue::default());
    let submit: [&[u8]; 2] = [b"NOSUCH", b"arg-hunter2"];
    client.submit_to(&queue, 1, &submit, &SubmitOptions::default()).unwrap();
    let mut completions = queue.next(1, Deadline::within(SOON));
    shown.failure(completions.pop().unwrap().result);

    // Cut behind the command: it may have run.
    proxy.plan(Plan::answer_to_request_containing(b"cut-hunter2", Action::Close));
    shown.failure(client.run(&["INCR", "cut-hunter2"]));
    client.wait_ready(SOON).unwrap();
    proxy.plan(Plan::request_containing(b"slow-hunter2", Action::BlackHole));
    let soon = CommandOptions { timeout: Some(Duration::from_millis(50)), ..CommandOptions::default() };
    shown.failure(client.run_with(&["INCR", "slow-hunter2"], &soon));
    proxy.release();
    proxy.refuse(true);
    proxy.close_all();
    wait_until("the outage is noticed", SOON, || client.state() != State::Ready);

    // Buffered: dropped, and refused when the server is back.
    for number in 0..4 {
        assert!(is_buffered(&client.run(&["SET", "old-hunter2", &format!("{number}-hunter2")])));
    }
    for words in [
        &["NOSUCH", "arg-hunter2", "b-hunter2"][..],
        &["LPUSH", "string-hunter2", "value-hunter2"],
        &["EVAL", "return redis.error_reply('no')", "0", "hunter2"],
        &["NO SUCH hunter2", "arg-hunter2"],
    ] {
        assert!(is_buffered(&client.run(words)), "{words:?}");
    }
    shown.see(pipeline(&[&["NOSUCH", "arg-hunter2"], &["INCR", "string-hunter2"]], true).is_ok());
    shown.failure(client.run_with(&["GET", "key-hunter2"], &soon));
    shown.client(&client);
    proxy.refuse(false);
    client.flush(SOON).unwrap();
    client.wait_ready(SOON).unwrap();
    shown.client(&client);
    client.close(SOON).unwrap();
    shown.failure(client.run(&["GET", "key-hunter2"]));
    shown.failure(client.failed_retry(u64::MAX));
    for text in ["NOSUCH: ERR unknown command", "a buffered command was dropped", "SET: dropped", "and 1 more"] {
        shown.expect(text);
    }
    shown.holds_nothing_secret(60);
}

#[test]
fn no_argument_is_shown_that_a_strange_server_quotes() {
    let shown = Shown::default();
    // It refuses all commands in its own way, the last time without being asked.
    let server = Scripted::serve(|connection, peer| {
        while let Some(request) = peer.request_after_handshake() {
            let echo = match connection {
                _ if request.name() == "PING" => "+PONG\r\n",
                0 => "-ERR I don't like \"hunter2\" and `hunter2`\r\n",
                1 => "-LOADING not yet 'hunter2'\r\n",
                2 => "-READONLY You can't write 'hunter2'\r\n",
                _ => "+OK\r\n-ERR stray 'hunter2'\r\n",
            };
            peer.send(echo);
            if connection == 0 && request.contains(b"last") {
                return;
            }
        }
    });
    let client = open_seen(configuration(&server.url(), &[("reconnect_max_delay_ms", "10")]), &shown);
    client.wait_ready(SOON).unwrap();
    shown.failure(client.run(&["SET", "key-hunter2", "value-hunter2"]));
    shown.failure(client.run(&["SET", "key-hunter2", "last"]));
    let patient = CommandOptions { no_buffer: true, ..CommandOptions::default() };
    client.run_with(&["SET", "key-hunter2", "value-hunter2"], &patient).unwrap();
    wait_until("there were strays", SOON, || client.stats().disconnects >= 4);
    shown.client(&client);
    client.close(Duration::ZERO).unwrap();
    shown.expect("ERR I don't like '…'");
    shown.expect("the server sent: ERR stray '…'");
    shown.holds_nothing_secret(10);
}
