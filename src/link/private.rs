//! Private connections: for what cannot share one, such as a transaction that watches keys or a command that waits. Owns
//! that each is made like the shared one, and that all of them end with the client.
//!
//! Each belongs to one thread at a time, the one that made it or was given it. Any thread may end all. Nothing here
//! decides what is done when one is lost: nothing that was said on it is ever said again on another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crate::config::Config;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::link::backoff;
use crate::net::dial::Dialer;
use crate::net::handshake::{Greeting, Identity, handshake};
use crate::net::socket::Socket;
use crate::net::talk::Talk;
use crate::net::wake::{self, Waker};
use crate::net::{Attempt, Refusal};
use crate::resp::Limits;
use crate::sync::Mutex;
use crate::time::Deadline;

/// A connection of one's own.
#[derive(Debug)]
pub struct Private {
    /// What is said on it.
    pub talk: Talk,
    /// What the server said of itself, and how it calls this connection.
    pub greeting: Greeting,
}

/// All private connections of a client.
#[derive(Debug)]
pub struct Privates {
    config: Arc<Config>,
    has_ended: AtomicBool,
    sockets: Mutex<Vec<Weak<Socket>>>,
}

impl Privates {
    /// None yet.
    pub fn new(config: Arc<Config>) -> Self {
        Privates { config, has_ended: AtomicBool::new(false), sockets: Mutex::default() }
    }

    /// Something on a private connection that has to be done by `deadline`. It ends early when the client does, and
    /// looks up when `waker` is woken.
    pub fn attempt<'a>(&'a self, deadline: Deadline, waker: Option<&'a Waker>) -> Attempt<'a> {
        Attempt { deadline, limit: "the deadline", waker, abandoned: &self.has_ended }
    }

    /// One attempt at a connection, within `connect_timeout` and by `deadline`.
    pub fn connect_once(
        &self,
        identity: &Identity,
        deadline: Deadline,
        waker: Option<&Waker>,
    ) -> std::result::Result<Private, Refusal> {
        let deadline = deadline.min(Deadline::within(self.config.connect_timeout));
        let attempt = Attempt { deadline, limit: "the connect timeout", waker, abandoned: &self.has_ended };
        let socket = Dialer::default().dial(&self.config, &attempt).map_err(Refusal::Unreachable)?;
        let limits = Limits { max_bytes: self.config.max_reply_bytes, max_depth: self.config.max_reply_depth };
        let mut talk = Talk::new(socket, limits);
        let greeting = handshake(&mut talk, identity, &attempt)?;
        let mut sockets = self.sockets.lock();
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(talk.socket()));
        drop(sockets);
        if self.has_ended() {
            talk.socket().shutdown();
            return Err(Refusal::Unreachable(closed()));
        }
        Ok(Private { talk, greeting })
    }

    /// Attempts until there is a connection, the deadline passes, or the server refuses for good. Failing, nothing was
    /// sent.
    pub fn connect(&self, identity: &Identity, deadline: Deadline) -> Result<Private> {
        let mut failures = 0;
        loop {
            let refusal = match self.connect_once(identity, deadline, None) {
                Ok(private) => return Ok(private),
                Err(refusal) => refusal,
            };
            failures += 1;
            let pause = Deadline::within(backoff::jitter(&self.config, failures, backoff::draw));
            let error = refusal.error();
            if self.has_ended() {
                return Err(closed());
            }
            if refusal.is_lasting() {
                return Err(error.clone().with_outcome(Outcome::NotApplied));
            }
            if deadline.has_passed() || deadline.min(pause) == deadline {
                let text = format!("there was no connection before the deadline: {error}");
                return Err(Error::not_applied(ErrorKind::Timeout, text));
            }
            wake::wait(None, None, pause.remaining());
        }
    }

    /// Ends all of them: whoever waits on one returns, and there will be no more.
    pub fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
        for socket in self.sockets.lock().drain(..).filter_map(|socket| socket.upgrade()) {
            socket.shutdown();
        }
    }

    /// Were they ended?
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }
}

impl Private {
    /// Ends it with a reset, so that nothing of what the kernel still holds arrives later.
    pub fn cut(&self) {
        self.talk.socket().reset_on_close();
        self.talk.socket().shutdown();
    }
}

fn closed() -> Error {
    Error::not_applied(ErrorKind::Closed, "the client is closed")
}
