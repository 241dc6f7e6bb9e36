//! Opening the client under test and asking it things in one line.
//!
//! Runs on the caller's thread. Everything panics with what it was about, at the caller's line; nothing waits for longer
//! than `SOON`.

use super::wait::wait_until;
use resilient_redis::client::{Client, CommandOptions, Completed, Executed, Pipeline, State};
use resilient_redis::config::Config;
use resilient_redis::error::{Error, ErrorKind, Outcome, Result};
use resilient_redis::event::{Event, EventKind};
use resilient_redis::resp::Reply;
use std::time::{Duration, Instant};

/// How long anything may take that will surely happen.
pub const SOON: Duration = Duration::from_secs(20);

/// The default configuration with a URL and options.
#[track_caller]
pub fn configuration(url: &str, options: &[(&str, &str)]) -> Config {
    let mut config = Config::from_url(url).unwrap();
    for (name, value) in options {
        config.set(name, value).unwrap();
    }
    config
}

/// A client that may not be connected yet.
#[track_caller]
pub fn open(url: &str, options: &[(&str, &str)]) -> Client {
    Client::open(configuration(url, options), None).unwrap()
}

/// A client that is connected.
#[track_caller]
pub fn open_ready(url: &str, options: &[(&str, &str)]) -> Client {
    let client = open(url, options);
    client.wait_ready(SOON).unwrap();
    client
}

/// The reply that something submitted came to, or its error.
#[track_caller]
pub fn reply_of(completed: Completed) -> Result<Reply> {
    match completed {
        Ok(Executed::Reply(reply)) => Ok(reply),
        Ok(Executed::Buffered) => panic!("it was buffered"),
        Err(incomplete) => Err(incomplete.error),
    }
}

fn argv<'a>(words: &'a [&'a str]) -> Vec<&'a [u8]> {
    words.iter().map(|word| word.as_bytes()).collect()
}

/// What tests ask of a client, in words.
pub trait Ask {
    /// Issues a command.
    fn run(&self, words: &[&str]) -> Result<Executed>;
    /// Issues a command with options of its own.
    fn run_with(&self, words: &[&str], options: &CommandOptions) -> Result<Executed>;
    /// The reply to a command.
    fn ask(&self, words: &[&str]) -> Reply;
    /// The text of the reply, if it is not nil.
    fn text(&self, words: &[&str]) -> Option<String>;
    /// The integer of the reply.
    fn number(&self, words: &[&str]) -> i64;
    /// Waits until the client is in this state.
    fn wait_state(&self, state: State);
    /// The events up to the first of this kind, which comes last.
    fn events_until(&self, kind: EventKind) -> Vec<Event>;
    /// The first event of this kind from now on.
    fn event(&self, kind: EventKind) -> Event;
    /// The events that have come and nobody has taken.
    fn events_so_far(&self) -> Vec<Event>;
}

impl Ask for Client {
    fn run(&self, words: &[&str]) -> Result<Executed> {
        self.command(&argv(words))
    }

    fn run_with(&self, words: &[&str], options: &CommandOptions) -> Result<Executed> {
        self.command_with(&argv(words), options)
    }

    #[track_caller]
    fn ask(&self, words: &[&str]) -> Reply {
        match self.run(words) {
            Ok(Executed::Reply(reply)) => reply,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[track_caller]
    fn text(&self, words: &[&str]) -> Option<String> {
        self.ask(words).root().as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    #[track_caller]
    fn number(&self, words: &[&str]) -> i64 {
        let reply = self.ask(words);
        reply.root().as_integer().unwrap_or_else(|| panic!("{words:?}: {reply:?}"))
    }

    #[track_caller]
    fn wait_state(&self, state: State) {
        let deadline = Instant::now() + SOON;
        while self.state() != state {
            assert!(Instant::now() < deadline, "waited for {state:?} in vain: {:?}", self.state());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[track_caller]
    fn events_until(&self, kind: EventKind) -> Vec<Event> {
        let deadline = Instant::now() + SOON;
        let mut events = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.next_event(left).unwrap_or_else(|| panic!("waited for {kind:?} in vain: {events:?}"));
            let found = event.kind == kind;
            events.push(event);
            if found {
                return events;
            }
        }
    }

    #[track_caller]
    fn event(&self, kind: EventKind) -> Event {
        self.events_until(kind).pop().unwrap()
    }

    fn events_so_far(&self) -> Vec<Event> {
        std::iter::from_fn(|| self.next_event(Duration::ZERO)).collect()
    }
}

/// Adds a command to a pipeline.
#[track_caller]
pub fn append(pipeline: &mut Pipeline, words: &[&str]) {
    pipeline.append(&argv(words)).unwrap();
}

/// Was it answered?
pub fn is_reply(executed: &Result<Executed>) -> bool {
    matches!(executed, Ok(Executed::Reply(_)))
}

/// Was it buffered?
pub fn is_buffered(executed: &Result<Executed>) -> bool {
    matches!(executed, Ok(Executed::Buffered))
}

/// Checks what kind of failure it is and what became of the command.
#[track_caller]
pub fn assert_fails(executed: Result<Executed>, kind: ErrorKind, outcome: Outcome) -> Error {
    let error = executed.expect_err("it should fail");
    assert_eq!((error.kind, error.outcome), (kind, outcome), "{error:?}");
    error
}

/// Runs `body` on a thread of its own and panics when it does not end within `limit`.
#[track_caller]
pub fn within<T: Send + 'static>(limit: Duration, what: &str, body: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(body);
    wait_until(what, limit, || thread.is_finished());
    match thread.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
