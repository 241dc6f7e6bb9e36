//! The desk: where every call of the program comes. Owns the line of waiting commands, the failed list, the phase of the
//! outage, and the rules by which a call waits, is accepted into the buffer, or fails.
//!
//! Runs on the callers' threads. While the lane is open it adds nothing to a call but a look at the reply. It never
//! touches a socket; the supervisor works its other side (`recovery`). Lock order: the desk, then the lane.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::config::{Config, OutageReads};
use crate::delivery::atomic;
use crate::delivery::buffer::{Answer, Batch, Buffer, Item, Settled};
use crate::delivery::failed::FailedList;
use crate::delivery::lineage::Lineage;
use crate::delivery::past::{Past, encode_rest};
use crate::delivery::policy::{self, AfterLoss};
use crate::delivery::replica::Reading;
use crate::delivery::request::{Body, Executed, Incomplete, Request, length_of_commands};
use crate::delivery::session::Session;
use crate::delivery::waiter::Waiter;
use crate::error::{self, Error, ErrorKind, Outcome, Result};
use crate::event::Events;
use crate::link::lane::{Called, Lane, Loss};
use crate::link::mover::Move;
use crate::net::connect::Connector;
use crate::net::handshake::Identity;
use crate::net::wake::Waker;
use crate::resp::Reply;
use crate::stats::Counters;
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::time::{self, Deadline, Stamp};

pub use crate::delivery::state::State;

/// What the desk's lock guards.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) state: State,
    /// Set while `GaveUp`: what new commands get.
    pub(super) gave_up: Option<Error>,
    /// The program has closed the client: nothing new comes in.
    pub(super) is_closing: bool,
    /// How many threads wait for `changed`.
    pub(super) watchers: usize,
    /// Since when there is no open connection.
    pub(super) down_since: Instant,
    /// Why there is no open connection, as far as is known; `None` while there is one.
    pub(super) trouble: Option<Error>,
    /// What had been sent again, and answered from the buffer, when the last outage began; `None` before the first.
    pub(super) before_outage: Option<(u64, u64)>,
    /// Callers whose connection was lost and who have not said yet what they do.
    pub(super) expected: usize,
    pub(super) buffer: Buffer,
    pub(super) failed: FailedList,
    /// Commands sent from the buffer since the last time it was empty.
    pub(super) drained: u64,
    pub(super) said_buffering: bool,
    pub(super) said_full: bool,
    /// No submitted command has to be given up before.
    pub(super) next_deadline: Deadline,
    pub(super) lineage: Lineage,
    /// The present server does not tell its role to this user.
    pub(super) role_is_hidden: bool,
    /// Something suggests that the server is not a primary any more.
    pub(super) role_is_doubted: bool,
    /// The server did not take renewed credentials.
    pub(super) is_login_refused: bool,
    /// The connection to a server that is not the right one, until the supervisor ends it.
    pub(super) leaving: Option<(u64, Error)>,
    /// Where the server has announced to move, until the supervisor takes it.
    pub(super) moving: Option<Move>,
    /// The number of the last announcement of a move.
    pub(super) last_notice: Option<i64>,
    /// The connection that is coming up takes the place of one that served until then.
    pub(super) has_moved: bool,
}

impl Books {
    /// A message with the reason why there is no connection, if that is so.
    pub(super) fn explained(&self, message: &str) -> String {
        match &self.trouble {
            Some(trouble) => format!("{message}; there is no connection: {trouble}"),
            None => message.into(),
        }
    }

    /// What a read gets in an outage when reads do not wait.
    pub(super) fn refuses_read(&self) -> Error {
        Error::not_applied(
            ErrorKind::Unavailable,
            self.explained("reads do not wait in an outage (reads_during_outage)"),
        )
    }
}

/// Where every call comes.
pub struct Desk {
    pub(super) config: Arc<Config>,
    pub(super) connector: Arc<Connector>,
    pub(super) lane: Arc<Lane>,
    pub(super) counters: Arc<Counters>,
    pub(super) events: Arc<Events>,
    pub(super) session: Mutex<Session>,
    /// Wakes the supervisor.
    pub(super) attention: Arc<Waker>,
    pub(super) books: Mutex<Books>,
    /// Anything in the books that somebody may wait for has changed.
    changed: Condvar,
    /// The same as `is_closing` in the books, for calls that do not look there.
    pub(super) is_closing: AtomicBool,
    /// The server has announced that it may be slow.
    pub(super) is_in_maintenance: AtomicBool,
    pub(super) replica: Reading,
    /// The same as the version in the session, for calls that do not look there.
    pub(super) session_version: AtomicU64,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// How a call goes on after it could not be made on the lane.
enum Next {
    /// It is settled.
    Settled(Settled),
    /// It was accepted.
    Accepted,
    /// The lane is open again: try it there.
    Again,
}

impl Desk {
    /// A desk with an empty line, before the first connection.
    pub fn new(
        config: Arc<Config>,
        connector: Arc<Connector>,
        lane: Arc<Lane>,
        counters: Arc<Counters>,
        events: Arc<Events>,
        attention: Arc<Waker>,
    ) -> Self {
        let identity = Identity::of(&config);
        let failed = FailedList::new(config.failed_max_commands);
        Desk {
            config,
            connector,
            lane,
            counters,
            events,
            session: Mutex::new(Session { identity, version: 0, introduced: 0 }),
            attention,
            books: Mutex::new(Books {
                state: State::Connecting,
                gave_up: None,
                is_closing: false,
                watchers: 0,
                down_since: time::now(),
                trouble: None,
                before_outage: None,
                expected: 0,
                buffer: Buffer::default(),
                failed,
                drained: 0,
                said_buffering: false,
                said_full: false,
                next_deadline: Deadline::NEVER,
                lineage: Lineage::default(),
                role_is_hidden: false,
                role_is_doubted: false,
                is_login_refused: false,
                leaving: None,
                moving: None,
                last_notice: None,
                has_moved: false,
            }),
            changed: Condvar::new(),
            is_closing: AtomicBool::new(false),
            is_in_maintenance: AtomicBool::new(false),
            replica: Reading::new(),
            session_version: AtomicU64::new(0),
        }
    }

    /// Checks the call, counts it and makes it.
    pub fn call(&self, request: &Request<'_>) -> std::result::Result<Executed, Incomplete> {
        self.admit(request)?;
        self.execute(request)
    }

    /// Checks the call and counts it.
    pub fn admit(&self, request: &Request<'_>) -> Result<()> {
        self.counters.commands.add(u64::from(request.body.commands()));
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(is_closed());
        }
        if request.nature.changes_session() && self.connector.credentials().is_some() {
            request.body.refuse_login()?;
        }
        self.check_length(request)
    }

    pub(super) fn check_length(&self, request: &Request<'_>) -> Result<()> {
        let length = request.body.longest_len();
        let limit = self.config.max_output_bytes;
        if length <= limit {
            return Ok(());
        }
        let text = format!("the command has {length} bytes and max_output_bytes is {limit}");
        Err(Error::not_applied(ErrorKind::TooLarge, text))
    }

    /// Makes the call: sends it, waits, and goes through outages with it as the configuration says.
    fn execute(&self, request: &Request<'_>) -> std::result::Result<Executed, Incomplete> {
        if let Some(reply) = self.ask_replica(request) {
            return self.answered_elsewhere(request, reply);
        }
        let mut past = Past::default();
        loop {
            let remaining = request.body.batch().map(|count| count - past.count);
            let called = self.lane.call(remaining, request.deadline, |out| encode_rest(request, &past, out));
            match called {
                Called::Answered(reply, epoch) => match self.refused_for_now(&reply, request.body.is_atomic()) {
                    Some(text) => {
                        past.was_lost = true;
                        let mut books = self.books.lock();
                        books.expected += 1;
                        self.not_this_server(&mut books, epoch, &text);
                    }
                    None => {
                        let answer = Answer { reply, epoch, was_written: false };
                        return self.finish(request, past, Settled::Answered(answer));
                    }
                },
                Called::Closed => {}
                Called::TimedOut { unsent } => return Err(self.timed_out(request, past, !unsent)),
                Called::Lost(loss) => self.survive(request, &mut past, loss)?,
            }
            match self.queue(request, &mut past)? {
                Next::Settled(settled) => return self.finish(request, past, settled),
                Next::Accepted => return Ok(Executed::Buffered),
                Next::Again => {}
            }
        }
    }

    /// The server refused a command as one does that is not the right one, or not ready: it is left. What else is on its
    /// way is answered first, so that as little as possible is of unknown outcome.
    pub(super) fn not_this_server(&self, books: &mut Books, epoch: u64, refusal: &str) {
        if policy::needs_primary(refusal) {
            self.connector.demand().insist();
        }
        self.leave(books, epoch, not_ready(refusal));
    }

    /// The server is not the right one: the connection with number `epoch` is given up when all on it is answered.
    pub(super) fn leave(&self, books: &mut Books, epoch: u64, cause: Error) {
        if books.state != State::Ready {
            // The supervisor is at work on this connection and looks at nothing else.
            self.lane.fail(epoch, cause);
            return;
        }
        if books.leaving.is_none() && self.lane.epoch() == epoch {
            books.leaving = Some((epoch, cause));
            self.lane.shut(epoch);
            self.attention.wake();
        }
    }

    /// A command that writes was refused on another connection, as a replica does: asks the server of this one for its
    /// role. From now on nothing but a primary will do.
    pub fn doubt_role(&self) {
        self.connector.demand().insist();
        self.books.lock().role_is_doubted = true;
        self.attention.wake();
    }

    /// A call was lost: takes over what is known of it; an error when it may not be sent again.
    fn survive(&self, request: &Request<'_>, past: &mut Past, loss: Loss) -> std::result::Result<(), Incomplete> {
        let (cause, is_garbled) = (loss.cause.clone(), loss.is_garbled);
        past.garbled += u8::from(is_garbled);
        let (before, written) = (past.count, past.take_over(request, loss));
        if request.nature.changes_session() && past.count > before {
            self.remember_some(request.body, before, past.answered.as_ref());
        }
        match policy::after_loss(&self.config, request.nature, written, true) {
            AfterLoss::Again { may_repeat } if policy::after_garbling(past.garbled, may_repeat) => {
                if written {
                    self.counters.resent.add(1);
                }
                if may_repeat {
                    self.counters.resent_unsafe.add(1);
                }
                Ok(())
            }
            _ => {
                self.check_in();
                let error = not_sent_again(&cause, request.nature);
                self.counters.unknown.add(u64::from(error.outcome == Outcome::Unknown));
                Err(past.failed(request, error))
            }
        }
    }

    /// A caller whose connection was lost is accounted for.
    fn check_in(&self) {
        self.no_longer_expected(&mut self.books.lock());
    }

    fn no_longer_expected(&self, books: &mut Books) {
        books.expected = books.expected.saturating_sub(1);
        if books.expected == 0 {
            self.tell(books);
        }
    }

    /// Something in the books has changed.
    pub(super) fn tell(&self, books: &Books) {
        if books.watchers > 0 {
            self.changed.notify_all();
        }
    }

    /// Waits for a change in the books, or the deadline.
    pub(super) fn watch<'a>(&self, mut books: MutexGuard<'a, Books>, deadline: Deadline) -> MutexGuard<'a, Books> {
        books.watchers += 1;
        let mut books = self.changed.wait(books, deadline);
        books.watchers -= 1;
        books
    }

    /// Joins the line and waits there.
    fn queue(&self, request: &Request<'_>, past: &mut Past) -> std::result::Result<Next, Incomplete> {
        let is_bufferable = self.config.buffer_commands && request.nature.is_bufferable();
        let mut books = self.books.lock();
        if past.was_lost {
            self.no_longer_expected(&mut books);
        }
        let body = request.body.lasting();
        let length = body.encoded_len();
        let commands = request.body.commands();
        loop {
            if let Some(error) = self.closed_to(&books, !past.was_lost) {
                drop(books);
                return Err(past.failed(request, error));
            }
            if books.state == State::Ready && books.buffer.unsent() == 0 && self.lane.is_open() {
                return Ok(Next::Again);
            }
            let fails = self.config.reads_during_outage == OutageReads::Fail && !books.has_moved;
            if request.nature.is_read() && fails {
                let error = books.refuses_read();
                drop(books);
                return Err(past.failed(request, error));
            }
            let fresh = !past.was_lost;
            if !is_bufferable
                || !fresh
                || books.buffer.has_room(
                    commands,
                    length,
                    self.config.buffer_max_commands,
                    self.config.buffer_max_bytes,
                )
            {
                break;
            }
            books = self.make_room(books, commands, length, request.deadline)?;
        }
        let mut bytes = Vec::with_capacity(length);
        body.encode(&mut bytes);
        let batch = request.body.batch().map(|count| {
            let answered = past.answered.take();
            let begin = length_of_commands(&bytes, past.count);
            let is_atomic = request.body.is_atomic();
            Box::new(Batch { count: count - past.count, is_atomic, commands, begin, answered })
        });
        let patience = self.patience(&books, request.deadline);
        let accept_at_once = is_bufferable && patience.has_passed();
        let waiter = (!accept_at_once).then(|| Arc::new(Waiter::caller()));
        let item = Item {
            bytes: bytes.into_boxed_slice(),
            waiter: waiter.clone(),
            batch,
            since: Stamp::now(),
            nature: request.nature.bufferable_if(is_bufferable),
            is_accepted: accept_at_once,
            was_written: past.was_written,
            garbled: past.garbled,
        };
        if past.was_lost {
            books.buffer.insert_lost(item);
        } else {
            books.buffer.push(item);
        }
        let Some(waiter) = waiter else {
            self.accepted(&mut books, commands);
            return Ok(Next::Accepted);
        };
        drop(books);
        self.wait_in_line(request, past, &waiter, if is_bufferable { Some(patience) } else { None })
    }

    fn wait_in_line(
        &self,
        request: &Request<'_>,
        past: &Past,
        waiter: &Arc<Waiter>,
        patience: Option<Deadline>,
    ) -> std::result::Result<Next, Incomplete> {
        let until = patience.map_or(request.deadline, |patience| patience.min(request.deadline));
        if waiter.wait(until) {
            return Ok(waiter.take().map_or(Next::Again, Next::Settled));
        }
        let mut books = self.books.lock();
        if patience.is_some() && books.buffer.accept(waiter) {
            self.accepted(&mut books, request.body.commands());
            return Ok(Next::Accepted);
        }
        let withdrawn = books.buffer.withdraw(waiter);
        self.tell(&books);
        drop(books);
        match withdrawn {
            Some(withdrawn) => {
                let written = past.was_written || withdrawn.was_written;
                let past = Past { answered: withdrawn.answered, ..Past::default() };
                Err(self.timed_out(request, past, written))
            }
            // It left the line because it is settled; that is done under the lock.
            None => Ok(waiter.take().map_or(Next::Again, Next::Settled)),
        }
    }

    /// Why nothing is taken any more, neither new calls nor, when `is_new` is false, those that were in flight.
    pub(super) fn closed_to(&self, books: &Books, is_new: bool) -> Option<Error> {
        if books.state == State::Closed || (is_new && books.is_closing) {
            return Some(is_closed());
        }
        books.gave_up.clone()
    }

    fn timed_out(&self, request: &Request<'_>, mut past: Past, written: bool) -> Incomplete {
        self.counters.timeouts.add(1);
        let was_written = past.was_written || written;
        let explained = |message| self.books.lock().explained(message);
        let error = if was_written && !request.nature.is_read() {
            self.counters.unknown.add(1);
            Error::unknown(ErrorKind::Timeout, explained("the deadline passed after the command was written"))
        } else if was_written {
            Error::not_applied(ErrorKind::Timeout, explained("the deadline passed before the reply came"))
        } else {
            Error::not_applied(ErrorKind::Timeout, explained("the deadline passed before the command could be sent"))
        };
        past.failed(request, error)
    }

    /// Hands the replies to the caller.
    fn finish(
        &self,
        request: &Request<'_>,
        mut past: Past,
        settled: Settled,
    ) -> std::result::Result<Executed, Incomplete> {
        let Answer { reply, epoch, was_written } = match settled {
            Settled::Answered(answer) => answer,
            Settled::Failed(error, answered) => {
                past.answered = answered;
                return Err(past.failed(request, error));
            }
        };
        let was_written = (was_written || past.was_written) && !request.nature.is_read();
        let reply = match past.answered {
            Some(earlier) => Reply::concat(earlier, reply),
            None => reply,
        };
        self.counters.replies.add(u64::from(request.body.commands()));
        // The reply was the last thing that was read, or nearly so: no need to look at the clock.
        self.counters.durations.record(self.lane.last_read_after(request.since));
        if request.body.is_atomic() {
            let reply = self.finish_atomic(request, reply, was_written)?;
            if request.nature.changes_session() {
                self.remember(request.body, &reply, epoch);
            }
            return Ok(Executed::Reply(reply));
        }
        self.refuse_errors(request, &reply, was_written)?;
        if request.nature.changes_session() {
            self.remember(request.body, &reply, epoch);
        }
        Ok(Executed::Reply(reply))
    }

    /// Hands the reply of a replica to the caller.
    fn answered_elsewhere(&self, request: &Request<'_>, reply: Reply) -> std::result::Result<Executed, Incomplete> {
        self.refuse_errors(request, &reply, false)?;
        Ok(Executed::Reply(reply))
    }

    /// The server's error is that of a single command; those of a batch stay in their places.
    fn refuse_errors(&self, request: &Request<'_>, reply: &Reply, was_written: bool) -> Result<()> {
        let root = reply.root();
        let Some(text) = root.as_error().filter(|_| request.body.batch().is_none()) else { return Ok(()) };
        self.counters.server_errors.add(1);
        let outcome = policy::outcome_of_error(&text, request.nature.may_fail_halfway());
        Err(Error::server(&text, policy::outcome_after(outcome, was_written)))
    }

    /// Takes what EXEC answered out of the replies to MULTI, the commands and EXEC.
    fn finish_atomic(&self, request: &Request<'_>, reply: Reply, was_written: bool) -> Result<Reply> {
        let Body::Batch { bytes, .. } = request.body else { return Ok(reply) };
        let root = reply.root();
        let last = root.len().saturating_sub(1);
        atomic::exec_reply(bytes, root.iter().take(last), reply.element(last)).map_err(|error| {
            self.counters.server_errors.add(1);
            let outcome = policy::outcome_after(error.outcome, was_written);
            error.with_outcome(outcome)
        })
    }

    /// Queues what has not been sent, as long as at most `window` are unanswered.
    pub(super) fn send_unsent(&self, books: &mut Books, window: usize) {
        if books.state == State::Ready && !self.lane.is_open() {
            // It waits for the next connection.
            return;
        }
        while books.buffer.outstanding() < window
            && let Some((token, item)) = books.buffer.next_unsent()
            && self.lane.queue_for_sink(token, item.batch_count(), item.unanswered())
        {
            books.buffer.mark_sent();
        }
    }

    /// The text of the refusal when the whole of a reply says "not now", so that all of it can be asked again. A batch in
    /// which some commands were answered is left as it is.
    pub(super) fn refused_for_now(&self, reply: &Reply, is_atomic: bool) -> Option<String> {
        let wanted = self.config.server_role;
        let root = reply.root();
        if let Some(text) = root.as_error() {
            return policy::is_not_now(&text, wanted).then(|| text.into_owned());
        }
        if !root.kind().is_aggregate() || root.is_empty() {
            return None;
        }
        let refusal = |value: crate::resp::Value<'_>| {
            value.as_error().filter(|text| policy::is_not_now(text, wanted)).map(std::borrow::Cow::into_owned)
        };
        if is_atomic {
            // One refusal aborts all.
            return root.iter().find_map(refusal);
        }
        let first = refusal(root.get(0)?)?;
        root.iter().all(|value| refusal(value).is_some()).then_some(first)
    }
}

pub(super) fn not_ready(text: &str) -> Error {
    let text = error::without_quotations(text);
    Error::new(ErrorKind::ConnectionLost, format!("the server refused a command: {text}"))
}

/// The failure of a command that was written and is not written again.
pub fn not_sent_again(cause: &Error, nature: policy::Nature) -> Error {
    let kind = if cause.kind == ErrorKind::Protocol { ErrorKind::Protocol } else { ErrorKind::ConnectionLost };
    let outcome = if nature.is_read() { Outcome::NotApplied } else { Outcome::Unknown };
    Error::new(kind, format!("{cause}; the command was written and is not sent again")).with_outcome(outcome)
}

pub(super) fn is_closed() -> Error {
    Error::not_applied(ErrorKind::Closed, "the client is closed")
}
