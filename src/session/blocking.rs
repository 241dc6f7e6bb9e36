//! Blocking commands: each waits on a connection of its own, so that nobody waits behind it. Owns what becomes of one
//! whose connection is lost or whose caller waits no longer: it is ended at the server before anything else is done, so
//! that it cannot take an element that nobody would get.
//!
//! Runs on the callers' threads, and those of `waiting`; the one that closes the client ends what is waiting. It sends
//! nothing on the shared connection, and it decides nothing that policy decides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::command::{self, Traits, blocking_key, blocking_timeout, shortened_timeout};
use crate::config::{Config, OutageReads};
use crate::delivery::desk::{Desk, State, not_sent_again};
use crate::delivery::policy::{self, AfterLoss, Nature};
use crate::delivery::request::{Body, Executed, Request};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::link::backoff;
use crate::link::private::{Place, Private, Privates};
use crate::net::Attempt;
use crate::net::socket::Socket;
use crate::resp::{Kind, Reply, encode};
use crate::session::pool::{Lent, Pool};
use crate::session::unblock::{Target, Unblocker};
use crate::session::withdrawal::{Withdrawal, cancelled};
use crate::stats::Counters;
use crate::sync::{Condvar, Mutex};
use crate::time::{self, Deadline};

/// How long to wait for the answer of a command that was ended at the server, before asking for its end once more: the
/// server may have read the one before the other.
const ONCE_MORE: Duration = Duration::from_millis(20);
/// The longest that a caller is kept past its deadline for the sake of an element.
const GRACE: Duration = Duration::from_secs(1);
/// Where is published for the sake of WAIT. Nobody listens there.
const NOWHERE: &[u8] = b"resilient-redis:wait";

/// See above.
pub struct Blocking {
    config: Arc<Config>,
    desk: Arc<Desk>,
    privates: Arc<Privates>,
    pool: Arc<Pool>,
    unblocker: Unblocker,
    counters: Arc<Counters>,
    waiting: Mutex<Waiting>,
    /// A command waits no longer.
    changed: Condvar,
}

/// What waits at the server now.
#[derive(Default)]
struct Waiting {
    places: Vec<Waits>,
    is_closing: bool,
}

/// One that waits: how to end it at the server, where that is known, and at our end.
struct Waits {
    target: Option<Target>,
    socket: Arc<Socket>,
}

/// How one such command differs from the client's settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockingOptions {
    /// How long it may take; `None`: as long as the command itself asks for, and `command_timeout` on top.
    pub timeout: Option<Duration>,
    /// Never write it a second time.
    pub once_only: bool,
}

/// One call on its way.
struct Call<'a> {
    argv: &'a [&'a [u8]],
    /// How another thread gives it up, when one may.
    withdrawal: Option<&'a Withdrawal>,
    nature: Nature,
    begun: Instant,
    deadline: Deadline,
    /// It was written on a connection that is lost by now.
    was_written: bool,
    /// Where it may still be waiting.
    ghost: Option<Place>,
    garbled: u8,
    /// How many connections were lost under it.
    losses: u32,
    /// Since when a server that is not ready refuses it, and how often it did.
    refused: Option<(Instant, u32)>,
}

/// How an attempt on one connection ended. The connection is of no more use but for `Answered`.
enum Ended {
    Answered(Reply),
    /// Nobody waits for it any more, and it was answered before that could be told to the server.
    Late(Reply),
    Lost {
        error: Error,
        written: bool,
        place: Place,
    },
    Failed(Error),
}

impl std::fmt::Debug for Blocking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}

impl Blocking {
    /// Nothing waits yet.
    pub fn new(
        config: Arc<Config>,
        desk: Arc<Desk>,
        privates: Arc<Privates>,
        pool: Arc<Pool>,
        counters: Arc<Counters>,
    ) -> Self {
        let unblocker = Unblocker::new(desk.clone(), privates.clone());
        let waiting = Mutex::default();
        Blocking { config, desk, privates, pool, unblocker, counters, waiting, changed: Condvar::new() }
    }

    /// Issues a blocking command and waits for its reply.
    pub fn wait(&self, argv: &[&[u8]], traits: Traits, options: BlockingOptions) -> Result<Executed> {
        self.call(argv, traits, options, None)
    }

    /// The same, which ends early when it is withdrawn.
    pub(super) fn call(
        &self,
        argv: &[&[u8]],
        traits: Traits,
        options: BlockingOptions,
        withdrawal: Option<&Withdrawal>,
    ) -> Result<Executed> {
        let BlockingOptions { timeout, once_only } = options;
        let nature = Nature::of(traits);
        // WAIT and WAITAOF are about the server that they are sent to: on another one their answer would be about
        // something else.
        let is_about_server = !traits.is_read() && !traits.is_write();
        let nature = if is_about_server { nature.harmless().once_if(true) } else { nature.once_if(once_only) };
        let own = blocking_timeout(argv).map(|own| own.saturating_add(self.config.command_timeout));
        let begun = time::now();
        let deadline = timeout.or(own).map_or(Deadline::NEVER, |limit| Deadline::after(begun, limit));
        self.desk.admit(&Request { body: Body::Command(argv), nature, since: begun, deadline })?;
        let call = Call {
            argv,
            withdrawal,
            nature,
            begun,
            deadline,
            was_written: false,
            ghost: None,
            garbled: 0,
            losses: 0,
            refused: None,
        };
        let ended = self.execute(call, is_about_server);
        match &ended {
            Ok(_) => self.counters.replies.add(1),
            Err(error) => {
                self.counters.replies.add(u64::from(error.kind == ErrorKind::Server));
                self.counters.server_errors.add(u64::from(error.kind == ErrorKind::Server));
                self.counters.timeouts.add(u64::from(error.kind == ErrorKind::Timeout));
                self.counters.unknown.add(u64::from(error.outcome == Outcome::Unknown));
            }
        }
        ended.map(Executed::Reply)
    }

    fn execute(&self, mut call: Call<'_>, is_about_server: bool) -> Result<Reply> {
        loop {
            if call.is_withdrawn() {
                return Err(call.failed(cancelled()));
            }
            let mut lent = self.connection(&call)?;
            let ended = match lent.private() {
                Ok(private) => self.attempt(private, &mut call, is_about_server),
                Err(error) => return Err(call.failed(error)),
            };
            match ended {
                Ended::Answered(reply) => {
                    if let Some(text) = reply.root().as_error() {
                        if policy::is_not_now(&text, self.config.server_role) || policy::is_forced_end(&text) {
                            drop(lent);
                            self.refused(&mut call, &text)?;
                            continue;
                        }
                        lent.give_back();
                        return Err(call.failed(Error::server(&text, Outcome::NotApplied)));
                    }
                    lent.give_back();
                    return Ok(reply);
                }
                Ended::Late(reply) => {
                    lent.give_back();
                    if reply.root().kind() == Kind::Nil {
                        return Err(call.failed(if call.is_withdrawn() { cancelled() } else { too_late() }));
                    }
                    return match reply.root().as_error() {
                        Some(text) => Err(call.failed(Error::server(&text, Outcome::NotApplied))),
                        None => Ok(reply),
                    };
                }
                Ended::Lost { error, written, place } => {
                    drop(lent);
                    self.survive(&mut call, &error, written, place)?;
                    call.is_back();
                }
                Ended::Failed(error) => return Err(error),
            }
        }
    }

    /// A connection to make the call on.
    fn connection(&self, call: &Call<'_>) -> Result<Lent> {
        loop {
            if call.nature.is_read()
                && self.config.reads_during_outage == OutageReads::Fail
                && matches!(self.desk.state(), State::Connecting | State::Reconnecting)
            {
                return Err(call.failed(self.desk.refuses_read()));
            }
            // Not all of the time at once: the client may give up meanwhile.
            let slice = Deadline::within(self.config.connect_timeout.saturating_mul(2));
            match self.pool.lend(call.deadline.min(slice)) {
                Ok(lent) => return Ok(lent),
                Err(error) if error.kind == ErrorKind::Timeout && !call.deadline.has_passed() => {}
                Err(error) => return Err(call.failed(error)),
            }
        }
    }

    /// Makes the call on this connection.
    fn attempt(&self, private: &mut Private, call: &mut Call<'_>, is_about_server: bool) -> Ended {
        let place = match private.locate(&self.in_time(call)) {
            Ok(place) => place,
            Err(error) => return Ended::Lost { error, written: false, place: Place::default() },
        };
        if let Err(ended) = self.lay(private, call, &place) {
            return ended;
        }
        if is_about_server && let Err(ended) = self.write_something(private, call, &place) {
            return ended;
        }
        let key = if call.nature.is_read() { None } else { blocking_key(call.argv).map(<[u8]>::to_vec) };
        let target = place.client_id.map(|client| Target { client, key });
        let waits = Waits { target: target.clone(), socket: private.talk.socket().clone() };
        let Some(_entry) = self.enter(waits) else { return Ended::Failed(call.failed(closed())) };
        let mut attempt = self.privates.attempt(call.deadline, None);
        if let Some((waker, is_withdrawn)) = call.withdrawal.map(Withdrawal::signals) {
            (attempt.waker, attempt.abandoned) = (Some(waker), is_withdrawn);
        }
        if call.deadline.has_passed() {
            return Ended::Failed(call.failed(too_late_to_send()));
        }
        if !call.departs() {
            return Ended::Failed(call.failed(cancelled()));
        }
        if let Err(error) = private.talk.send(&call.encoded(), &attempt) {
            // A part of a command is not run.
            return Ended::Lost { error, written: false, place };
        }
        match private.talk.reply(&attempt) {
            Ok(reply) if reply.root().kind() == Kind::Nil && self.is_closing() => Ended::Failed(call.failed(closed())),
            Ok(reply) => Ended::Answered(reply),
            Err(error) if error.kind == ErrorKind::Timeout || call.is_withdrawn() => {
                self.abandon(private, call, target.as_ref())
            }
            Err(error) => Ended::Lost { error, written: true, place },
        }
    }

    /// For what a server answers at once.
    fn in_time(&self, call: &Call<'_>) -> Attempt<'_> {
        self.privates.attempt(call.deadline.min(Deadline::within(self.config.command_timeout)), None)
    }

    /// The caller waits no longer: ends the command at the server and takes what it says.
    fn abandon(&self, private: &mut Private, call: &mut Call<'_>, target: Option<&Target>) -> Ended {
        let grace = Deadline::within(GRACE.min(self.config.command_timeout));
        while let Some(target) = target
            && !grace.has_passed()
            && self.unblocker.unblock(std::slice::from_ref(target), grace).is_ok()
        {
            let pause = grace.min(Deadline::within(ONCE_MORE));
            match private.talk.reply(&self.privates.attempt(pause, None)) {
                Ok(reply) => return Ended::Late(reply),
                Err(error) if error.kind == ErrorKind::Timeout => {}
                Err(_) => break,
            }
        }
        call.was_written = true;
        if call.is_withdrawn() {
            let text = "the command was cancelled while it was waiting, and it could not be ended at the server";
            return Ended::Failed(call.failed(Error::new(ErrorKind::Cancelled, text)));
        }
        let text = "the deadline passed while the command was waiting, and it could not be ended at the server";
        Ended::Failed(call.failed(Error::new(ErrorKind::Timeout, text)))
    }

    /// Makes sure that a former attempt of the call does not wait any more.
    fn lay(&self, private: &mut Private, call: &mut Call<'_>, here: &Place) -> std::result::Result<(), Ended> {
        let Some(ghost) = call.ghost.clone() else { return Ok(()) };
        let told = ghost.run_id.is_some() && here.run_id.is_some();
        if told && ghost.run_id != here.run_id {
            // The process that it waited in is gone, or serves this client no more; and ids are given out again.
            call.ghost = None;
            return Ok(());
        }
        let refused = |why: &str| {
            let text = format!(
                "the connection was lost while the command was waiting, and whether it still does cannot be told ({why}): it is not sent again"
            );
            Ended::Failed(call.failed(Error::new(ErrorKind::ConnectionLost, text)))
        };
        let (true, Some(client)) = (told, ghost.client_id) else {
            return Err(refused("it takes INFO and CLIENT ID"));
        };
        let client = client.to_string();
        match private.ask(&[&[b"CLIENT", b"KILL", b"ID", client.as_bytes()]], &self.in_time(call)) {
            Err(error) => Err(Ended::Lost { error, written: false, place: here.clone() }),
            Ok(replies) => match replies.first().and_then(|reply| reply.root().as_error()) {
                Some(text) => Err(refused(&text)),
                None => {
                    call.ghost = None;
                    Ok(())
                }
            },
        }
    }

    /// WAIT counts who has what its own connection wrote, which is nothing so far. What is written now, and changes nothing,
    /// comes behind everything that the client has written before, so that who has this has that.
    fn write_something(&self, private: &mut Private, call: &Call<'_>, here: &Place) -> std::result::Result<(), Ended> {
        let name = command::name(call.argv);
        // What is published goes to replicas; what WAITAOF waits for has to go to the file, too.
        let (write, what): (&[&[u8]], _) = match name.as_str() {
            "WAIT" => (&[b"SPUBLISH", NOWHERE, b""], format!("SPUBLISH to {}", String::from_utf8_lossy(NOWHERE))),
            _ => (&[b"SWAPDB", b"0", b"0"], "SWAPDB 0 0".to_owned()),
        };
        // Only a server of a cluster accepts READONLY; there, what is published does not go to replicas.
        let replies = private.ask(&[write, &[b"READONLY"]], &self.in_time(call)).map_err(|error| Ended::Lost {
            error,
            written: false,
            place: here.clone(),
        })?;
        if !replies.get(1).is_some_and(Reply::is_error) {
            let text = format!("{name}: in a cluster it cannot be told from another connection what replicas have");
            return Err(Ended::Failed(Error::not_applied(ErrorKind::Unsupported, text)));
        }
        match replies.first().and_then(|reply| reply.root().as_error()) {
            // Before Redis 7 any command will do, such as the other one.
            Some(text) if !text.starts_with("ERR unknown command") => {
                let text = format!("{text} ({name} needs {what} first)");
                Err(Ended::Failed(Error::server(&text, Outcome::NotApplied)))
            }
            _ => Ok(()),
        }
    }

    /// A connection is lost: an error when the call is not made again.
    fn survive(&self, call: &mut Call<'_>, error: &Error, written: bool, place: Place) -> Result<()> {
        let is_garbled = error.kind == ErrorKind::Protocol;
        call.garbled += u8::from(is_garbled);
        call.was_written |= written;
        if self.privates.has_ended() || self.is_closing() {
            return Err(call.failed(closed()));
        }
        if error.kind == ErrorKind::Timeout && call.deadline.has_passed() {
            return Err(call.failed(too_late_to_send()));
        }
        match policy::after_loss(&self.config, call.nature, written, true) {
            AfterLoss::Again { may_repeat } if policy::after_garbling(call.garbled, may_repeat) => {
                self.counters.resent.add(u64::from(written));
                self.counters.resent_unsafe.add(u64::from(may_repeat));
                if written && !call.nature.is_read() {
                    call.ghost = Some(place);
                }
                // The first new connection is made at once.
                if call.losses > 0 {
                    let pause = Deadline::within(backoff::jitter(&self.config, call.losses, backoff::draw));
                    self.privates.pause(pause.min(call.deadline));
                }
                call.losses += 1;
                Ok(())
            }
            _ => Err(not_sent_again(error, call.nature)),
        }
    }

    /// A server that is not ready refused the call: waits a moment, or gives up as an outage is given up.
    fn refused(&self, call: &mut Call<'_>, text: &str) -> Result<()> {
        let (since, count) = call.refused.unwrap_or((time::now(), 0));
        call.refused = Some((since, count + 1));
        if policy::needs_primary(text) {
            self.desk.doubt_role();
        }
        let end = backoff::budget(&self.config).map_or(Deadline::NEVER, |budget| Deadline::after(since, budget));
        if end.min(call.deadline).has_passed() {
            return Err(call.failed(Error::server(text, Outcome::NotApplied)));
        }
        let pause = Deadline::within(backoff::jitter(&self.config, count + 1, backoff::draw));
        self.privates.pause(pause.min(call.deadline));
        Ok(())
    }

    /// The command begins to wait, unless the client is being closed.
    fn enter(&self, waits: Waits) -> Option<Entry<'_>> {
        let socket = waits.socket.clone();
        let mut waiting = self.waiting.lock();
        if waiting.is_closing {
            return None;
        }
        waiting.places.push(waits);
        Some(Entry { blocking: self, socket })
    }

    fn is_closing(&self) -> bool {
        self.waiting.lock().is_closing
    }

    /// The client is being closed: ends what waits, without losing what it gets in this very moment, and lets no more in.
    pub fn interrupt(&self) {
        let grace = Deadline::within(GRACE.min(self.config.command_timeout));
        let mut waiting = self.waiting.lock();
        waiting.is_closing = true;
        while !waiting.places.is_empty() && !grace.has_passed() {
            let targets: Vec<Target> = waiting.places.iter().filter_map(|waits| waits.target.clone()).collect();
            drop(waiting);
            let asked = self.unblocker.unblock(&targets, grace);
            waiting = self.waiting.lock();
            if targets.is_empty() || asked.is_err() {
                break;
            }
            let pause = grace.min(Deadline::within(ONCE_MORE));
            while !waiting.places.is_empty() && !pause.has_passed() {
                waiting = self.changed.wait(waiting, pause);
            }
        }
        waiting.places.iter().for_each(|waits| waits.socket.shutdown());
    }
}

/// A command that waits; dropped when it does no more.
struct Entry<'a> {
    blocking: &'a Blocking,
    socket: Arc<Socket>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.blocking.waiting.lock().places.retain(|waits| !Arc::ptr_eq(&waits.socket, &self.socket));
        self.blocking.changed.notify_all();
    }
}

impl Call<'_> {
    /// The command, asking for no more time than is left of what it asks for.
    fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let passed = time::now().saturating_duration_since(self.begun);
        let left = blocking_timeout(self.argv).map(|own| own.saturating_sub(passed)).unwrap_or_default();
        match shortened_timeout(self.argv, left).filter(|_| self.was_written || self.refused.is_some()) {
            Some((at, text)) => {
                let mut argv = self.argv.to_vec();
                if let Some(argument) = argv.get_mut(at) {
                    *argument = text.as_bytes();
                }
                encode(&mut bytes, &argv);
            }
            None => encode(&mut bytes, self.argv),
        }
        bytes
    }

    /// The error, with what became of the command.
    fn failed(&self, error: Error) -> Error {
        error.with_outcome(self.outcome())
    }

    /// What is known of it while no server has it.
    fn outcome(&self) -> Outcome {
        if self.was_written && !self.nature.is_read() { Outcome::Unknown } else { Outcome::NotApplied }
    }

    /// Does nobody want it any more?
    fn is_withdrawn(&self) -> bool {
        self.withdrawal.is_some_and(Withdrawal::is_withdrawn)
    }

    /// It is about to be sent: false when nobody wants it any more.
    fn departs(&self) -> bool {
        self.withdrawal.is_none_or(Withdrawal::departs)
    }

    /// Its connection is lost, and it is to be sent again.
    fn is_back(&self) {
        if let Some(withdrawal) = self.withdrawal {
            withdrawal.is_back(self.outcome());
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the client is closed")
}

fn too_late_to_send() -> Error {
    Error::new(ErrorKind::Timeout, "the deadline passed before the command could be sent")
}

fn too_late() -> Error {
    Error::new(ErrorKind::Timeout, "the deadline passed while the command was waiting; it was ended at the server")
}
