//! The desk's other side: what the supervisor does with the line. Owns the order of recovery: those who were in flight,
//! then those in the buffer, then everybody.
//!
//! Runs on the supervisor's thread, except for answers to what was sent from the line, which come on whichever thread
//! reads. It never blocks a caller for longer than it takes to look at the books.

use std::time::Duration;

use crate::delivery::buffer::{Item, Settled};
use crate::delivery::desk::{Books, Desk, State, not_ready, refused_for_now};
use crate::delivery::policy::{self, AfterLoss};
use crate::delivery::request::length_of_commands;
use crate::error::{Error, ErrorKind, Outcome};
use crate::event::{Event, EventKind};
use crate::link::lane::{Ended, Loss, LostEntry, Owner, Sink};
use crate::link::supervisor::{Crew, Supervision};
use crate::net::Refusal;
use crate::net::handshake::{Greeting, Identity};
use crate::resp::Reply;
use crate::time::{self, Deadline};

/// At most this many commands from the buffer are unanswered at a time. It starts at one and doubles, so that a server
/// that has just come up is asked gently.
const WINDOW: usize = 4096;
/// How long recovery waits for callers that were in flight to say what they do.
const ROLL_CALL: Duration = Duration::from_secs(1);

impl Sink for Desk {
    fn answered(&self, token: u64, reply: Reply) {
        let mut books = self.books.lock();
        let Some(item) = books.buffer.sent_item(token) else { return };
        if let Some(text) = refused_for_now(&reply, item.is_atomic()) {
            // It stays where it is and is sent again on the next connection.
            item.was_written = false;
            self.lane.fail(self.lane.epoch(), not_ready(&text));
            return;
        }
        let Some(mut item) = books.buffer.finish(token) else { return };
        let reply = match item.batch.as_mut().and_then(|batch| batch.answered.take()) {
            Some(earlier) => Reply::concat(earlier, reply),
            None => reply,
        };
        if let Some(waiter) = item.waiter.take() {
            self.tell(&books);
            drop(books);
            waiter.settle(Settled::Answered(reply));
            return;
        }
        if item.is_accepted {
            self.counters.replayed.add(u64::from(item.commands));
            books.drained += u64::from(item.commands);
            self.keep_refused(&mut books, item, &reply);
            if books.buffer.accepted() == 0 {
                let count = std::mem::take(&mut books.drained);
                books.said_buffering = false;
                books.said_full = false;
                self.events.announce(Event { count, ..Event::new(EventKind::Drained, "the buffer is empty") });
            }
        }
        self.tell(&books);
    }

    fn pushed(&self, _push: Reply) {
        // Nothing on this connection subscribes to anything.
    }
}

impl Desk {
    /// An accepted command was answered: with an error, it goes to the failed list.
    fn keep_refused(&self, books: &mut Books, item: Item, reply: &Reply) {
        let is_script = item.nature.is_script;
        let mut keep = |item: Item, text: &str| {
            self.counters.failed.add(u64::from(item.commands));
            let error = Error::server(text, policy::outcome_of_error(text, is_script));
            self.keep_failed(books, item, error, EventKind::CommandFailed);
        };
        let root = reply.root();
        if let Some(text) = root.as_error() {
            return keep(item, &text);
        }
        let Some(count) = item.batch_count() else { return };
        if item.is_atomic() {
            let exec = root.get(root.len().saturating_sub(1));
            if let Some(text) = exec.and_then(|exec| exec.as_error()) {
                keep(item, &text);
            }
            return;
        }
        // Of a batch only the refused commands failed. The replies of an earlier connection come first; the bytes are
        // of the commands after them.
        let answered_before = root.len().saturating_sub(count);
        let mut start = 0;
        for value in root.iter().skip(answered_before) {
            let rest = item.bytes.get(start..).unwrap_or_default();
            let length = length_of_commands(rest, 1);
            start += length;
            if let Some(text) = value.as_error() {
                let one = Item {
                    bytes: rest.get(..length).unwrap_or_default().into(),
                    waiter: None,
                    batch: None,
                    commands: 1,
                    ..item
                };
                keep(one, &text);
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
        let answered = loss.partial.take();
        let written = if item.is_atomic() {
            loss.written >= item.bytes.len()
        } else {
            let count = answered.as_ref().map_or(0, |reply| reply.root().len());
            let skipped = length_of_commands(&item.bytes, count);
            let next = length_of_commands(item.bytes.get(skipped..).unwrap_or_default(), 1);
            if let (Some(batch), Some(answered)) = (item.batch.as_mut(), answered) {
                batch.count -= count;
                batch.answered = Some(match batch.answered.take() {
                    Some(earlier) => Reply::concat(earlier, answered),
                    None => answered,
                });
                item.bytes = item.bytes.get(skipped..).unwrap_or_default().into();
            }
            loss.written >= skipped + next
        };
        item.was_written |= written;
        let awaited = item.waiter.is_some();
        match policy::after_loss(&self.config, item.nature, item.no_retry, written, awaited) {
            AfterLoss::Again { may_repeat } => {
                if written {
                    self.counters.resent.add(1);
                }
                if may_repeat {
                    self.counters.resent_unsafe.add(1);
                }
            }
            AfterLoss::Unknown => {
                let error = Error::unknown(
                    ErrorKind::ConnectionLost,
                    format!("{}; the command was written and is not sent again", loss.cause),
                );
                self.counters.unknown.add(1);
                let Some(mut item) = books.buffer.finish(token) else { return };
                match item.waiter.take() {
                    Some(waiter) => {
                        waiter.settle(Settled::Failed(error, None));
                    }
                    None => {
                        self.counters.failed.add(u64::from(item.commands));
                        self.keep_failed(books, item, error, EventKind::CommandFailed);
                    }
                }
            }
        }
    }

    /// Fails everybody who waits in the line and was not accepted.
    fn dismiss_waiting(&self, books: &mut Books, error: &Error) {
        while let Some(mut item) = books.buffer.take_unsent_where(|item| !item.is_accepted) {
            let mut error = error.clone();
            error.outcome =
                if item.was_written && !item.nature.is_read { Outcome::Unknown } else { Outcome::NotApplied };
            if let Some(waiter) = item.waiter.take() {
                waiter.settle(Settled::Failed(error, None));
            }
        }
    }

    fn expire(&self, books: &mut Books) {
        let Some(limit) = self.config.buffer_max_age else { return };
        let now = time::now();
        while let Some(item) = books.buffer.take_unsent_where(|item| item.is_accepted && item.age(now) >= limit) {
            self.counters.expired.add(u64::from(item.commands));
            let outcome = if item.was_written { Outcome::Unknown } else { Outcome::NotApplied };
            let text = format!("the command was in the buffer for longer than {} ms", limit.as_millis());
            let error = Error::new(ErrorKind::Expired, text).with_outcome(outcome);
            self.keep_failed(books, item, error, EventKind::CommandDropped);
        }
        self.tell(books);
    }

    fn set_state(&self, books: &mut Books, state: State) {
        books.state = state;
        self.tell(books);
    }
}

impl Crew for Desk {
    fn identity(&self) -> Identity {
        self.identity.lock().clone()
    }

    fn lost(&self, entries: Vec<LostEntry>, cause: &Error) {
        let mut books = self.books.lock();
        if books.state == State::Ready {
            books.down_since = time::now();
            self.events.announce(Event::new(EventKind::Disconnected, cause.message.clone()));
        }
        self.set_state(&mut books, State::Reconnecting);
        let mut callers = Vec::new();
        for mut entry in entries {
            match entry.owner {
                Owner::Sink(token) => self.judge_lost(&mut books, token, &mut entry.loss),
                Owner::Caller(slot) => callers.push((slot, entry.loss)),
                Owner::Nobody => {}
            }
        }
        books.buffer.rewind();
        books.expected += callers.len();
        drop(books);
        let mut left = 0;
        for (slot, loss) in callers {
            if !slot.settle(Ended::Lost(loss)) {
                left += 1;
            }
        }
        if left > 0 {
            self.books.lock().expected -= left;
        }
    }

    fn waiting(&self, refusal: &Refusal, attempts: u32, pause: Duration) {
        let mut event = Event::new(EventKind::Reconnecting, refusal.error().message.clone());
        event.attempt = attempts;
        event.delay = pause;
        self.events.announce(event);
    }

    fn gave_up(&self, refusal: &Refusal, attempts: u32) {
        let (kind, event_kind) = match refusal {
            Refusal::Credentials(_) => (ErrorKind::Auth, EventKind::AuthFailed),
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

    fn recover(&self, _greeting: &Greeting, supervision: &Supervision) -> bool {
        let lane = &self.lane;
        let mut books = self.books.lock();
        books.gave_up = None;
        self.set_state(&mut books, State::Recovering);
        let roll_call = Deadline::within(ROLL_CALL);
        while books.expected > 0 && !roll_call.has_passed() {
            books = self.watch(books, roll_call);
        }
        books.expected = 0;
        let mut window = 1;
        loop {
            self.expire(&mut books);
            self.send_unsent(&mut books, window);
            // The first answer shows that the server takes commands.
            let is_proved = window > 1 || books.buffer.outstanding() == 0;
            if is_proved && books.buffer.unsent() == 0 && lane.open() {
                break;
            }
            drop(books);
            let down = || supervision.is_stopping() || lane.failure().is_some();
            let enough = || down() || self.books.lock().buffer.outstanding() <= window / 2;
            lane.serve(&supervision.waker, Some(self.config.command_timeout), &enough);
            lane.check_stall();
            if down() {
                return false;
            }
            books = self.books.lock();
            if books.buffer.outstanding() <= window / 2 {
                window = (window * 2).min(WINDOW);
            }
        }
        let outage = time::now().saturating_duration_since(books.down_since);
        let micros = u64::try_from(outage.as_micros()).unwrap_or(u64::MAX);
        self.counters.last_outage_us.set(micros);
        self.counters.longest_outage_us.raise_to(micros);
        self.set_state(&mut books, State::Ready);
        self.events.announce(Event::new(EventKind::Connected, "commands flow"));
        true
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
        let limit = self.config.buffer_max_age?;
        self.expire(&mut books);
        let oldest = books.buffer.oldest_accepted()?;
        Some(limit.saturating_sub(oldest.age(time::now())))
    }

    fn ended(&self) {
        let mut books = self.books.lock();
        let error = Error::not_applied(ErrorKind::Closed, "the client was closed");
        self.dismiss_waiting(&mut books, &error);
        self.set_state(&mut books, State::Closed);
    }
}
