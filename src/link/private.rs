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
use crate::net::connect::{Connected, Connector, Order};
use crate::net::credentials::{Credentials, Lease};
use crate::net::handshake::{Greeting, Identity, Interest};
use crate::net::socket::Socket;
use crate::net::talk::Talk;
use crate::net::wake::Waker;
use crate::net::{Attempt, Refusal};
use crate::resp::{Limits, Reply, encode};
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// A connection of one's own.
#[derive(Debug)]
pub struct Private {
    /// What is said on it.
    pub talk: Talk,
    /// What the server said of itself, and how it calls this connection.
    pub greeting: Greeting,
    /// Where it is, if somebody asked.
    pub place: Option<Place>,
    /// Until when the program's credentials are good.
    pub lease: Lease,
    /// How often they had been renewed when it was made.
    login: u64,
    /// Which server it leads to.
    server: u64,
}

/// Where a connection is: enough to name it to the server over another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which process serves it, by the name that Redis gives itself at each start; nothing when it does not tell.
    pub run_id: Option<String>,
    /// What the server calls the connection; nothing when it does not tell.
    pub client_id: Option<i64>,
}

/// All private connections of a client.
#[derive(Debug)]
pub struct Privates {
    config: Arc<Config>,
    connector: Arc<Connector>,
    has_ended: AtomicBool,
    sockets: Mutex<Vec<Weak<Socket>>>,
    /// They were ended.
    ended: Condvar,
}

impl Privates {
    /// None yet.
    pub fn new(config: Arc<Config>, connector: Arc<Connector>) -> Self {
        let (sockets, ended) = (Mutex::default(), Condvar::new());
        Privates { config, connector, has_ended: AtomicBool::new(false), sockets, ended }
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
        let limits = Limits { max_bytes: self.config.max_reply_bytes, max_depth: self.config.max_reply_depth };
        let (login, server) = (self.connector.login_generation(), self.connector.server());
        let Connected { talk, greeting, lease } = self
            .connector
            .connect(&Order { identity, interest: Interest::Role, limits, has_to_move: false }, &attempt)?;
        let mut sockets = self.sockets.lock();
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(talk.socket()));
        drop(sockets);
        if self.has_ended() {
            talk.socket().shutdown();
            return Err(Refusal::Unreachable(closed()));
        }
        Ok(Private { talk, greeting, place: None, lease, login, server })
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
            self.pause(pause);
            if self.has_ended() {
                return Err(closed());
            }
        }
    }

    /// Was it introduced with the credentials that are in use by now, and leads to the server that the client has by now?
    pub fn is_up_to_date(&self, private: &Private) -> bool {
        private.login == self.connector.login_generation() && private.server == self.connector.server()
    }

    /// The credentials that the program gives, if it does.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.connector.credentials()
    }

    /// Waits until then, or until they are ended.
    pub fn pause(&self, until: Deadline) {
        let mut sockets = self.sockets.lock();
        while !self.has_ended() && !until.has_passed() {
            sockets = self.ended.wait(sockets, until);
        }
    }

    /// Ends all of them: whoever waits on one returns, and there will be no more.
    pub fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
        for socket in self.sockets.lock().drain(..).filter_map(|socket| socket.upgrade()) {
            socket.shutdown();
        }
        self.ended.notify_all();
    }

    /// Were they ended?
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }
}

impl Private {
    /// Says some commands at once and listens to a reply to each.
    pub fn ask(&mut self, commands: &[&[&[u8]]], attempt: &Attempt<'_>) -> Result<Vec<Reply>> {
        let mut bytes = Vec::new();
        commands.iter().for_each(|argv| encode(&mut bytes, argv));
        self.talk.send(&bytes, attempt)?;
        commands.iter().map(|_| self.talk.reply(attempt)).collect()
    }

    /// Asks where it is, unless that was asked before. What the server refuses to tell is not known.
    pub fn locate(&mut self, attempt: &Attempt<'_>) -> Result<Place> {
        if let Some(place) = &self.place {
            return Ok(place.clone());
        }
        let replies = self.ask(&[&[b"INFO", b"server"], &[b"CLIENT", b"ID"]], attempt)?;
        let info = replies.first().and_then(|reply| reply.root().as_bytes()).map(String::from_utf8_lossy);
        let run_id = info.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("run_id:")));
        let client_id = replies.get(1).and_then(|reply| reply.root().as_integer());
        let place = Place { run_id: run_id.map(|id| id.trim().to_owned()), client_id };
        self.place = Some(place.clone());
        Ok(place)
    }

    /// Ends it with a reset, so that nothing of what the kernel still holds arrives later.
    pub fn cut(&self) {
        self.talk.socket().reset_on_close();
        self.talk.socket().shutdown();
    }
}

fn closed() -> Error {
    Error::not_applied(ErrorKind::Closed, "the client is closed")
}
