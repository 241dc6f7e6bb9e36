//! The desk's other side: what the supervisor does with the line. Owns the order of recovery: those who were in flight,
//! then those in the buffer, then everybody.
//!
//! Runs on the supervisor's thread, except for answers to what was sent from the line, which come on whichever thread
//! reads. It never blocks a caller for longer than it takes to look at the books.

use std::time::Duration;

use crate::delivery::buffer::{Answer, Item};
use crate::delivery::desk::{Books, Desk, State, not_sent_again};
use crate::delivery::failed::Kept;
use crate::delivery::policy::{self, AfterLoss};
use crate::delivery::request::{length_of_commands, names_of};
use crate::delivery::session::outdated;
use crate::error::{Error, ErrorKind, Outcome};
use crate::event::{Event, EventKind};
use crate::link::lane::{Ended, Loss, LostEntry, Owner, Sink};
use crate::link::mover::Move;
use crate::link::supervisor::{Check, Crew, Supervision};
use crate::link::upkeep::{LOGIN, ROLE};
use crate::log::Level;
use crate::net::Refusal;
use crate::net::demand::not_a_primary;
use crate::net::handshake::{Greeting, Identity};
use crate::net::notice::Notice;
use crate::net::replicas::join;
use crate::net::standing::Role;
use crate::resp::{Reply, Value};
use crate::time::{self, Deadline};

/// At most this many commands from the buffer are unanswered at a time. It starts at one and doubles, so that a server
/// that has just come up is asked gently.
const WINDOW: usize = 4096;
/// How long recovery waits for callers that were in flight to say what they do.
const ROLL_CALL: Duration = Duration::from_secs(1);

impl Sink for Desk {
    fn answered(&self, replies: &mut Vec<(u64, Reply)>, epoch: u64) {
        let mut books = self.books.lock();
        for (token, reply) in replies.drain(..) {
            if token == ROLE {
                self.heard_role(&mut books, &reply, epoch);
                continue;
            }
            if token == LOGIN {
                self.heard_login(&mut books, &reply);
                continue;
            }
            self.answered_one(&mut books, token, reply, epoch);
        }
        self.has_left(&mut books);
    }

    fn pushed(&self, push: Reply) {
        if let Some(notice) = Notice::read(push.root()) {
            self.announced(notice);
        }
    }
}

impl Desk {
    /// What was sent from the line under `token` was answered.
    fn answered_one(&self, books: &mut Books, token: u64, reply: Reply, epoch: u64) {
        let Some(item) = books.buffer.sent_item(token) else { return };
        if let Some(text) = self.refused_for_now(&reply, item.is_atomic()) {
            if !item.is_accepted && item.waiter.is_none() {
                // Its caller has left, and nothing was applied.
                books.buffer.finish(token);
            }
            // Anything else stays where it is and is sent again on the next connection.
            self.not_this_server(books, epoch, &text);
            return;
        }
        let Some(mut item) = books.buffer.finish(token) else { return };
        let reply = match item.take_answered() {
            Some(earlier) => Reply::concat(earlier, reply),
            None => reply,
        };
        if item.is_accepted {
            self.counters.replayed.add(u64::from(item.commands()));
            books.drained += u64::from(item.commands());
        }
        if let Some(waiter) = item.waiter.take() {
            if let Some(operation) = waiter.operation() {
                self.counters.replies.add(u64::from(item.commands()));
                self.counters.durations.record(self.lane.last_read_after(operation.since));
                self.counters.server_errors.add(u64::from(is_refused(&item, &reply)));
            }
            let was_written = item.was_written && !item.nature.is_read();
            // Under the lock: who does not find its command in the line any more finds its result.
            waiter.answer(Answer { reply, epoch, was_written }, &item.bytes);
        } else if item.is_accepted {
            self.keep_refused(books, item, &reply);
        }
    }

    /// An accepted command was answered: with an error, it goes to the failed list.
    fn keep_refused(&self, books: &mut Books, item: Item, reply: &Reply) {
        let root = reply.root();
        let refusal = match item.is_atomic() {
            true => root.get(root.len().saturating_sub(1)).and_then(|exec| exec.as_error()),
            false => root.as_error(),
        };
        match refusal {
            Some(text) => {
                self.counters.failed.add(u64::from(item.commands()));
                let error = refused(&item, &text);
                self.keep_failed(books, item, error, EventKind::CommandFailed);
            }
            None if item.batch.is_some() => self.keep_refused_ones(books, &item, reply),
            None => {}
        }
    }

    /// Of an accepted batch only the refused commands failed. The replies are those of its first commands.
    pub(super) fn keep_refused_ones(&self, books: &mut Books, item: &Item, replies: &Reply) {
        let (exec, mut start) = if item.is_atomic() {
            (replies.element(replies.root().len().saturating_sub(1)), length_of_commands(&item.bytes, 1))
        } else {
            (None, 0)
        };
        for value in exec.as_ref().unwrap_or(replies).root() {
            let rest = item.bytes.get(start..).unwrap_or_default();
            let length = length_of_commands(rest, 1);
            start += length;
            if let Some(text) = value.as_error() {
                self.counters.failed.add(1);
                let bytes = rest.get(..length).unwrap_or_default();
                let error = refused(item, &text);
                let message = format!("{}: {error}", names_of(bytes, 1));
                let bytes = bytes.into();
                let kept = Kept { id: 0, bytes, batch: None, is_atomic: false, commands: 1, error };
                let (failed_id, discarded) = books.failed.add(kept);
                self.counters.failed_discarded.add(discarded);
                let event = Event::new(EventKind::CommandFailed, message);
                self.events.announce(Event { failed_id, count: 1, ..event });
            }
        }
    }

    /// The server has told its role.
    fn heard_role(&self, books: &mut Books, reply: &Reply, epoch: u64) {
        match Role::told(reply.root()) {
            Some((Role::Replica(of), _)) if self.connector.demand().is_for_primary() => {
                self.leave(books, epoch, not_a_primary("the server", of.as_deref()));
            }
            Some((_, offset)) => {
                books.lineage.heard(offset);
                if let Some(replica) = self.replica.get() {
                    replica.learn(reply.root().get(2).into_iter().flat_map(|list| list.iter()).filter_map(address));
                }
            }
            // Anything else may be another answer next time.
            None => books.role_is_hidden |= reply.root().as_error().is_some_and(|text| policy::is_forbidden(&text)),
        }
    }

    /// The server has answered AUTH with renewed credentials.
    fn heard_login(&self, books: &mut Books, reply: &Reply) {
        match reply.root().as_error() {
            None => self.events.log().write(Level::Info, || "the credentials were renewed".into()),
            Some(text) => {
                books.is_login_refused = true;
                self.attention.wake();
                let error = Error::server(&text, Outcome::None);
                let text = format!("the server refused the renewed credentials: {error}");
                self.events.announce(Event::new(EventKind::AuthFailed, text));
            }
        }
    }

    /// A command from the line was lost with its connection: it stays in the line, or fails.
    fn judge_lost(&self, books: &mut Books, token: u64, loss: &mut Loss) {
        let Some(item) = books.buffer.sent_item(token) else { return };
        if !item.is_accepted && item.waiter.is_none() {
            // Its caller has left.
            books.buffer.finish(token);
            return;
        }
        let written = if item.is_atomic() {
            loss.written >= item.bytes.len()
        } else {
            let answered = loss.partial.take();
            let count = answered.as_ref().map_or(0, |reply| reply.root().len());
            let skipped = length_of_commands(item.unanswered(), count);
            if let Some(answered) = answered {
                item.answered(answered, skipped);
            }
            loss.written >= skipped + length_of_commands(item.unanswered(), 1)
        };
        item.was_written |= written;
        item.garbled += u8::from(loss.is_garbled);
        let garbled = item.garbled;
        let awaited = item.waiter.is_some();
        match policy::after_loss(&self.config, item.nature, written, awaited) {
            AfterLoss::Again { may_repeat } if policy::after_garbling(garbled, may_repeat) => {
                if written {
                    self.counters.resent.add(1);
                }
                if may_repeat {
                    self.counters.resent_unsafe.add(1);
                }
            }
            _ => {
                let error = not_sent_again(&loss.cause, item.nature);
                self.counters.unknown.add(u64::from(error.outcome == Outcome::Unknown));
                let Some(mut item) = books.buffer.finish(token) else { return };
                match item.waiter.take() {
                    Some(waiter) => {
                        let answered = item.take_answered();
                        waiter.fail(error, answered);
                    }
                    None => {
                        self.counters.failed.add(u64::from(item.unanswered_commands()));
                        self.keep_failed(books, item, error, EventKind::CommandFailed);
                    }
                }
                self.has_left(books);
            }
        }
    }

    /// Fails everybody who waits in the line and was not accepted.
    fn dismiss_waiting(&self, books: &mut Books, error: &Error) {
        while let Some(mut item) = books.buffer.take_unsent_where(|item| !item.is_accepted) {
            let mut error = error.clone();
            error.outcome =
                if item.was_written && !item.nature.is_read() { Outcome::Unknown } else { Outcome::NotApplied };
            if let Some(waiter) = item.waiter.take() {
                let answered = item.take_answered();
                waiter.fail(error, answered);
            }
        }
    }

    /// Takes out of the line what has become too old.
    pub(super) fn expire(&self, books: &mut Books) {
        let Some(limit) = self.config.buffer_max_age else { return };
        while books.buffer.oldest_accepted().is_some_and(|item| item.age() >= limit)
            && let Some(item) = books.buffer.take_unsent_where(|item| item.is_accepted)
        {
            self.counters.expired.add(u64::from(item.commands()));
            let outcome = if item.was_written { Outcome::Unknown } else { Outcome::NotApplied };
            let text = format!("the command was in the buffer for longer than {} ms", limit.as_millis());
            let error = Error::new(ErrorKind::Expired, text).with_outcome(outcome);
            self.keep_failed(books, item, error, EventKind::CommandDropped);
            self.has_left(books);
        }
    }

    /// Commands flow again: counts the outage and says what it was.
    fn account_for_outage(&self, books: &Books) -> String {
        let lasted = time::now().saturating_duration_since(books.down_since);
        let micros = u64::try_from(lasted.as_micros()).unwrap_or(u64::MAX);
        self.counters.last_outage_us.set(micros);
        self.counters.longest_outage_us.raise_to(micros);
        let Some((resent, replayed)) = books.before_outage else { return "commands flow".into() };
        self.counters.outages.add(1);
        self.counters.outage_total_us.add(micros);
        let (resent, replayed) = (self.counters.resent.get() - resent, self.counters.replayed.get() - replayed);
        let lasted = lasted.as_millis();
        format!(
            "commands flow again after {lasted} ms; sent again: {resent}, answered from the buffer so far: {replayed}"
        )
    }

    pub(super) fn set_state(&self, books: &mut Books, state: State) {
        if books.state != state {
            self.events.log().write(Level::Debug, || format!("the state is {state:?}"));
        }
        books.state = state;
        self.tell(books);
    }
}

impl Crew for Desk {
    fn identity(&self) -> Identity {
        let mut session = self.session.lock();
        session.introduced = session.version;
        session.identity.clone()
    }

    fn lost(&self, entries: Vec<LostEntry>, cause: &Error, is_moving: bool) {
        let mut books = self.books.lock();
        self.end_maintenance(&mut books);
        books.leaving = None;
        books.trouble = (!is_moving).then(|| cause.clone());
        let had_moved = std::mem::replace(&mut books.has_moved, is_moving);
        if is_moving {
            books.down_since = time::now();
        } else if books.state == State::Ready || had_moved {
            books.down_since = time::now();
            books.before_outage = Some((self.counters.resent.get(), self.counters.replayed.get()));
            self.events.announce(Event::new(EventKind::Disconnected, cause.message.clone()));
        }
        let state = if books.gave_up.is_some() { State::GaveUp } else { State::Reconnecting };
        self.set_state(&mut books, state);
        let mut callers = Vec::new();
        for mut entry in entries {
            match entry.owner {
                Owner::Sink(token) => self.judge_lost(&mut books, token, &mut entry.loss),
                Owner::Caller(slot) => callers.push((slot, entry.loss)),
                Owner::Nobody => {}
            }
        }
        books.buffer.rewind();
        // Those that end when they are buffered may end earlier than was known.
        books.next_deadline = books.next_deadline.min(self.patience(&books, Deadline::NEVER));
        books.expected += callers.len();
        drop(books);
        let mut left = 0;
        for (slot, loss) in callers {
            if !slot.settle(Ended::Lost(loss)) {
                left += 1;
            }
        }
        if left > 0 {
            let mut books = self.books.lock();
            books.expected = books.expected.saturating_sub(left);
        }
    }

    fn leaving(&self) -> Option<(u64, Error)> {
        // Kept until it is over: who is refused meanwhile does not begin it anew.
        self.books.lock().leaving.clone()
    }

    fn changes_over(&self) {
        self.books.lock().has_moved = true;
    }

    fn moving(&self) -> Option<Move> {
        self.books.lock().moving.take()
    }

    fn not_moved(&self, error: &Error) {
        self.could_not_move(error);
    }

    fn attempting(&self, attempt: u32) {
        self.events.log().write(Level::Debug, || format!("attempt {attempt} to connect"));
    }

    fn waiting(&self, refusal: &Refusal, attempts: u32, pause: Duration) {
        let mut books = self.books.lock();
        books.trouble = Some(refusal.error().clone());
        let event = Event::new(EventKind::Reconnecting, refusal.error().message.clone());
        self.events.announce(Event { attempt: attempts, delay: pause, ..event });
    }

    fn gave_up(&self, refusal: &Refusal, attempts: u32) {
        let (kind, event_kind) = match refusal {
            Refusal::Credentials(_) => (ErrorKind::Auth, EventKind::AuthFailed),
            refusal if refusal.error().kind == ErrorKind::Tls => (ErrorKind::Tls, EventKind::GaveUp),
            _ => (ErrorKind::GaveUp, EventKind::GaveUp),
        };
        let error = Error {
            kind,
            outcome: Outcome::NotApplied,
            server_code: refusal.error().server_code.clone(),
            message: format!("gave up connecting after {attempts} attempts: {}", refusal.error()).into(),
        };
        let mut books = self.books.lock();
        books.gave_up = Some(error.clone());
        self.dismiss_waiting(&mut books, &error);
        self.set_state(&mut books, State::GaveUp);
        self.events.announce(Event { attempt: attempts, ..Event::new(event_kind, error.message) });
    }

    fn recover(&self, greeting: &Greeting, supervision: &Supervision) -> bool {
        self.events.log().write(Level::Info, || greeting.to_string());
        let lane = &self.lane;
        let mut books = self.books.lock();
        books.role_is_hidden = greeting.role.is_none();
        self.set_state(&mut books, State::Recovering);
        let roll_call = Deadline::within(ROLL_CALL);
        while books.expected > 0 && !roll_call.has_passed() {
            books = self.watch(books, roll_call);
        }
        books.expected = 0;
        if !self.is_introduced() {
            lane.fail(lane.epoch(), outdated());
            return false;
        }
        let mut window = 1;
        loop {
            self.expire(&mut books);
            let late = self.give_up_late(&mut books);
            self.send_unsent(&mut books, window);
            // The first answer shows that the server takes commands.
            let is_proved = window > 1 || books.buffer.outstanding() == 0;
            if is_proved && books.buffer.unsent() == 0 && lane.open() {
                break;
            }
            drop(books);
            let down = || supervision.is_stopping() || lane.failure().is_some();
            let enough = || down() || self.books.lock().buffer.outstanding() <= window / 2;
            let patience = Deadline::within(self.config.command_timeout).min(late);
            lane.serve(&supervision.waker, patience.remaining(), &enough);
            lane.check_stall();
            if down() {
                return false;
            }
            books = self.books.lock();
            if books.buffer.outstanding() <= window / 2 {
                window = (window * 2).min(WINDOW);
            }
        }
        books.gave_up = None;
        let lost = books.down_since;
        let failover = books.lineage.arrived(&greeting.standing, lost, time::now());
        if failover.is_some() || greeting.standing.run_id.is_none() {
            self.connector.note_another_server();
        }
        if let Some(replica) = self.replica.get() {
            let online = greeting.standing.replicas.iter().filter(|(_, is_online)| *is_online);
            replica.learn(online.map(|(address, _)| address.clone()));
        }
        if let Some(failover) = failover {
            self.counters.failovers.add(1);
            let event = Event::new(EventKind::Failover, failover.to_string());
            self.events.announce(Event { failover: Some(Box::new(failover)), ..event });
        }
        books.trouble = None;
        self.set_state(&mut books, State::Ready);
        let message = if std::mem::take(&mut books.has_moved) {
            format!("moved to {}, between two commands", greeting.standing.address)
        } else {
            self.account_for_outage(&books)
        };
        self.events.announce(Event::new(EventKind::Connected, message));
        true
    }

    fn resumed(&self) {
        self.resume();
    }

    fn check(&self) -> Check {
        let mut books = self.books.lock();
        if books.role_is_hidden || !self.connector.demand().is_for_primary() {
            return Check::Ping;
        }
        if std::mem::take(&mut books.role_is_doubted) { Check::RoleNow } else { Check::Role }
    }

    fn not_renewed(&self, error: &Error) {
        self.events.log().write(Level::Warning, || format!("the credentials could not be renewed: {error}"));
    }

    fn was_login_refused(&self) -> bool {
        std::mem::take(&mut self.books.lock().is_login_refused)
    }

    fn sweep(&self) -> Option<Duration> {
        let mut books = self.books.lock();
        if books.state == State::Ready && books.buffer.unsent() > 0 {
            // Put back from the failed list while commands flow.
            self.send_unsent(&mut books, WINDOW);
            if books.buffer.unsent() > 0 {
                return Some(Duration::from_millis(1));
            }
        }
        let mut next = self.give_up_late(&mut books);
        if let Some(limit) = self.config.buffer_max_age {
            self.expire(&mut books);
            let oldest = books.buffer.oldest_accepted();
            next = oldest.map_or(next, |item| next.min(Deadline::within(limit.saturating_sub(item.age()))));
        }
        next.remaining()
    }

    fn ended(&self) {
        let mut books = self.books.lock();
        let error = Error::not_applied(ErrorKind::Closed, "the client was closed");
        self.dismiss_waiting(&mut books, &error);
        self.set_state(&mut books, State::Closed);
    }
}

/// Host and port of a replica, as ROLE tells them.
fn address(entry: Value<'_>) -> Option<String> {
    let part = |place| Some(String::from_utf8_lossy(entry.get(place)?.as_bytes()?).into_owned());
    Some(join(&part(0)?, &part(1)?))
}

/// Did the server refuse the whole of it? A batch that is all or nothing is refused by the answer to its EXEC.
fn is_refused(item: &Item, reply: &Reply) -> bool {
    let root = reply.root();
    match item.is_atomic() {
        true => root.get(root.len().saturating_sub(1)).is_some_and(|exec| exec.as_error().is_some()),
        false => reply.is_error(),
    }
}

fn refused(item: &Item, text: &str) -> Error {
    Error::server(
        text,
        policy::outcome_after(policy::outcome_of_error(text, item.nature.may_fail_halfway()), item.was_written),
    )
}
