//! Submitted commands and pipelines: those that nobody's thread waits for. Owns how one enters the line, is cancelled, and
//! is given up when its time has passed.
//!
//! They stand in the line from the first moment, so that the line is their retry log like that of buffered commands, and
//! are sent at once while the lane is open. Submitting runs on the program's threads and waits for nothing unless asked
//! to; giving up runs on the supervisor's. Lock order: the desk, then the lane.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::config::OutageReads;
use crate::delivery::acceptance::DRAIN_PATIENCE;
use crate::delivery::buffer::{Batch, Item};
use crate::delivery::completion::Driver;
use crate::delivery::desk::{Books, Desk, State, is_closed};
use crate::delivery::request::Request;
use crate::delivery::waiter::{Operation, Waiter};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::link::lane::Submitted;
use crate::net::wake::Waker;
use crate::time::{Deadline, Stamp};

impl Desk {
    /// Takes a command over: its operation is completed once, later, by another thread. Failing, it is not, and the
    /// command will not be sent. Waits for room until `patience`.
    pub fn submit(&self, request: &Request<'_>, operation: Operation, patience: Deadline) -> Result<()> {
        let submitted = self.take_over(request, operation, patience);
        // One that finds no room comes again.
        if !submitted.as_ref().is_err_and(|error| error.kind == ErrorKind::WouldBlock) {
            self.counters.commands.add(u64::from(request.body.commands()));
        }
        submitted
    }

    fn take_over(&self, request: &Request<'_>, operation: Operation, patience: Deadline) -> Result<()> {
        let commands = request.body.commands();
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(is_closed());
        }
        self.check_length(request)?;
        let mut bytes = Vec::with_capacity(request.body.encoded_len());
        request.body.encode(&mut bytes);
        let (deadline, ends_when_buffered) = (operation.deadline, operation.ends_when_buffered);
        let batch = request.body.batch().map(|count| {
            let is_atomic = request.body.is_atomic();
            Box::new(Batch { count, is_atomic, commands, begin: 0, answered: None })
        });
        let nature = request.nature.bufferable_if(self.config.buffer_commands);
        let mut item = Item {
            bytes: bytes.into_boxed_slice(),
            waiter: Some(Arc::new(Waiter::Operation(operation))),
            batch,
            since: Stamp::of(request.since),
            nature,
            is_accepted: false,
            was_written: false,
            garbled: 0,
        };
        let mut books = self.books.lock();
        loop {
            if let Some(error) = self.closed_to(&books, true) {
                return Err(error);
            }
            if books.state == State::Ready {
                // What was put back from the failed list goes first.
                self.send_unsent(&mut books, usize::MAX);
                let submitted = match books.buffer.unsent() {
                    0 => self.lane.submit(books.buffer.next_token(), request.body.batch(), &item.bytes, request.since),
                    _ if self.lane.is_open() => Submitted::NoRoom,
                    _ => Submitted::Closed,
                };
                match submitted {
                    Submitted::Queued => {
                        books.buffer.push(item);
                        books.buffer.mark_sent();
                        self.expect_by(&mut books, deadline);
                        return Ok(());
                    }
                    Submitted::NoRoom if patience.has_passed() => return Err(would_block("too much is on its way")),
                    Submitted::NoRoom => {
                        drop(books);
                        self.lane.wait_for_room(patience);
                        books = self.books.lock();
                        continue;
                    }
                    Submitted::Closed => {}
                }
            }
            if nature.is_read() && self.config.reads_during_outage == OutageReads::Fail {
                return Err(books.refuses_read());
            }
            let (most, most_bytes) = (self.config.buffer_max_commands, self.config.buffer_max_bytes);
            if !nature.is_bufferable() || books.buffer.has_room(commands, item.bytes.len(), most, most_bytes) {
                break;
            }
            books = self.make_room(books, commands, item.bytes.len(), patience)?;
        }
        let accepted_at = self.patience(&books, Deadline::NEVER);
        item.is_accepted = nature.is_bufferable() && accepted_at.has_passed();
        if item.is_accepted {
            if ends_when_buffered && let Some(waiter) = item.waiter.take() {
                waiter.accept();
            }
            books.buffer.push(item);
            self.accepted(&mut books, commands);
            self.expect_by(&mut books, deadline);
        } else {
            books.buffer.push(item);
            let ends_early = ends_when_buffered && nature.is_bufferable();
            self.expect_by(&mut books, if ends_early { deadline.min(accepted_at) } else { deadline });
        }
        Ok(())
    }

    /// Gives a submitted command up: false when it is completed already, or there is none with this number. It completes
    /// with an error that says whether it may have run.
    pub fn cancel(&self, id: u64) -> bool {
        let mut books = self.books.lock();
        let Some(place) = books.buffer.place_where(|operation| operation.id == id) else { return false };
        self.give_up(&mut books, place, Error::new(ErrorKind::Cancelled, "the command was cancelled"));
        self.tell(&books);
        true
    }

    /// An operation has a deadline that the supervisor may not know of.
    fn expect_by(&self, books: &mut Books, deadline: Deadline) {
        if deadline.min(books.next_deadline) != books.next_deadline {
            books.next_deadline = deadline;
            self.attention.wake();
        }
    }

    /// Gives up the submitted commands whose time has passed. Returns when to look again.
    pub(super) fn give_up_late(&self, books: &mut Books) -> Deadline {
        if !books.next_deadline.has_passed() {
            return books.next_deadline;
        }
        let mut next = Deadline::NEVER;
        let (mut buffered, mut late) = (Vec::new(), Vec::new());
        for (place, item, operation) in books.buffer.operations() {
            if item.is_accepted {
                continue;
            }
            if operation.deadline.has_passed() {
                late.push(place);
                continue;
            }
            next = next.min(operation.deadline);
            if operation.ends_when_buffered && item.nature.is_bufferable() && books.state != State::Ready {
                match self.patience_with(books, operation) {
                    accepted_at if accepted_at.has_passed() => buffered.push(place),
                    accepted_at => next = next.min(accepted_at),
                }
            }
        }
        for place in buffered {
            self.accept_operation(books, place);
        }
        // From the end, so that those before keep their places.
        for place in late.into_iter().rev() {
            if books.state != State::Ready && self.accept_operation(books, place) {
                // Its caller does not wait: it is buffered like any other write.
                continue;
            }
            self.counters.timeouts.add(1);
            let message = books.explained("the deadline passed before the reply came");
            self.give_up(books, place, Error::new(ErrorKind::Timeout, message));
        }
        self.tell(books);
        books.next_deadline = next;
        next
    }

    /// When a submitted write that waits in the line is accepted.
    fn patience_with(&self, books: &Books, operation: &Operation) -> Deadline {
        match books.state {
            State::Connecting | State::Reconnecting if !books.has_moved => self.patience(books, Deadline::NEVER),
            _ => {
                let since = operation.since.max(books.down_since);
                Deadline::after(since, self.config.outage_grace.max(DRAIN_PATIENCE))
            }
        }
    }

    /// The unsent write at this place in the line is accepted into the buffer. False if it is nothing of the kind.
    fn accept_operation(&self, books: &mut Books, place: usize) -> bool {
        let Some((commands, waiter)) = books.buffer.accept_at(place) else { return false };
        if let Some(waiter) = waiter {
            waiter.accept();
        }
        self.accepted(books, commands);
        true
    }

    /// The command at this place in the line completes with this error; its outcome is what is known of it.
    fn give_up(&self, books: &mut Books, place: usize, error: Error) {
        let Some((token, is_read)) = books.buffer.token_at(place) else { return };
        let unanswered = if is_read { Outcome::NotApplied } else { Outcome::Unknown };
        let (waiter, answered, outcome) = match token {
            // On its way: its reply will come, for nobody.
            Some(token) if !self.lane.take_back(token) => {
                let answered = books.buffer.sent_item(token).and_then(Item::take_answered);
                (books.buffer.disown(token), answered, unanswered)
            }
            _ => {
                let item = match token {
                    Some(token) => books.buffer.finish(token),
                    None => books.buffer.remove_unsent(place),
                };
                let Some(mut item) = item else { return };
                let outcome = if item.was_written { unanswered } else { Outcome::NotApplied };
                (item.waiter.take(), item.take_answered(), outcome)
            }
        };
        self.counters.unknown.add(u64::from(outcome == Outcome::Unknown));
        if let Some(waiter) = waiter {
            waiter.fail(error.with_outcome(outcome), answered);
        }
        self.has_left(books);
    }
}

impl Driver for Desk {
    fn drive(&self, signal: &Waker, deadline: Deadline, enough: &dyn Fn() -> bool) {
        self.lane.pull(signal, deadline, enough);
    }
}

/// Submitting would have to wait.
pub fn would_block(cause: &str) -> Error {
    Error::not_applied(ErrorKind::WouldBlock, format!("{cause}: take completions, or wait"))
}
