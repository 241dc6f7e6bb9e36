//! Writes that are accepted into the buffer: when, how many, and what becomes of those that there is no room for, or that
//! will not be applied after all.
//!
//! Runs under the desk's lock, on the callers' threads and the supervisor's. It sends nothing.

use std::time::Duration;

use crate::config::Overflow;
use crate::delivery::buffer::Item;
use crate::delivery::desk::{Books, Desk, State};
use crate::delivery::failed::Kept;
use crate::delivery::request::names_of;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::event::{Event, EventKind};
use crate::sync::MutexGuard;
use crate::time::Deadline;

/// While the buffer drains a new write waits at least so long for its own reply before it is buffered.
pub(super) const DRAIN_PATIENCE: Duration = Duration::from_millis(250);

impl Desk {
    /// How long a write waits for its reply before it is accepted instead.
    pub(super) fn patience(&self, books: &Books, deadline: Deadline) -> Deadline {
        let grace = self.config.outage_grace;
        let patience = match books.state {
            // The next connection is there already.
            _ if books.has_moved => Deadline::within(grace.max(DRAIN_PATIENCE)),
            State::Connecting | State::Reconnecting => Deadline::after(books.down_since, grace),
            // What waits is being answered: those who add to it are slowed down to that pace, or it would never end.
            State::Recovering => Deadline::within(grace.max(DRAIN_PATIENCE)),
            _ => Deadline::within(grace),
        };
        patience.min(deadline)
    }

    pub(super) fn accepted(&self, books: &mut Books, commands: u32) {
        self.counters.buffered.add(u64::from(commands));
        if !books.said_buffering {
            books.said_buffering = true;
            self.events.announce(Event::new(EventKind::Buffering, "writes are being buffered"));
        }
        if self.config.buffer_max_age.is_some() && books.buffer.accepted() == commands as usize {
            // The supervisor did not know of an age to look at.
            self.attention.wake();
        }
    }

    /// An accepted command has left the line.
    pub(super) fn has_left(&self, books: &mut Books) {
        if books.buffer.accepted() == 0 && std::mem::take(&mut books.said_buffering) {
            let count = std::mem::take(&mut books.drained);
            books.said_full = false;
            self.events.announce(Event { count, ..Event::new(EventKind::Drained, "the buffer is empty") });
        }
        self.tell(books);
    }

    /// The buffer has no room for a write: what `buffer_overflow` says.
    pub(super) fn make_room<'a>(
        &'a self,
        mut books: MutexGuard<'a, Books>,
        commands: u32,
        bytes: usize,
        deadline: Deadline,
    ) -> Result<MutexGuard<'a, Books>> {
        let (most, most_bytes) = (self.config.buffer_max_commands, self.config.buffer_max_bytes);
        if bytes > most_bytes || commands as usize > most {
            self.counters.rejected.add(u64::from(commands));
            let text = format!(
                "{commands} commands of {bytes} bytes do not fit into a buffer of {most} commands and {most_bytes} bytes"
            );
            return Err(Error::not_applied(ErrorKind::BufferFull, text));
        }
        self.expire(&mut books);
        if books.buffer.has_room(commands, bytes, most, most_bytes) {
            return Ok(books);
        }
        if !books.said_full {
            books.said_full = true;
            let count = books.buffer.accepted() as u64;
            let message = "the buffer is full";
            self.events.announce(Event { count, ..Event::new(EventKind::BufferFull, message) });
        }
        match self.config.buffer_overflow {
            Overflow::Block if !deadline.has_passed() => return Ok(self.watch(books, deadline)),
            Overflow::DropOldest => {
                if let Some(item) = books.buffer.take_unsent_where(|item| item.is_accepted) {
                    self.counters.dropped.add(u64::from(item.commands()));
                    let error =
                        Error::not_applied(ErrorKind::Dropped, "dropped from the full buffer for a newer command")
                            .with_outcome(if item.was_written { Outcome::Unknown } else { Outcome::NotApplied });
                    self.keep_failed(&mut books, item, error, EventKind::CommandDropped);
                    self.tell(&books);
                    return Ok(books);
                }
            }
            Overflow::Reject | Overflow::Block => {}
        }
        self.counters.rejected.add(u64::from(commands));
        let (held, held_bytes) = books.buffer.counted();
        let message = books.explained(&format!("the buffer is full: {held} commands, {held_bytes} bytes"));
        Err(Error::not_applied(ErrorKind::BufferFull, message))
    }

    /// Puts an accepted command that will not be applied into the failed list, and says so: of a batch what has no
    /// reply yet, and what was refused of the rest.
    pub(super) fn keep_failed(&self, books: &mut Books, mut item: Item, error: Error, kind: EventKind) {
        if let Some(waiter) = item.waiter.take() {
            // Who submitted it is told.
            waiter.fail(error, item.take_answered());
            return;
        }
        if let Some(answered) = item.take_answered() {
            self.keep_refused_ones(books, &item, &answered);
        }
        let message = format!("{}: {error}", names_of(item.unanswered(), item.unanswered_commands()));
        let (batch, is_atomic, commands) = (item.batch_count(), item.is_atomic(), item.unanswered_commands());
        let unanswered = item.unanswered();
        let bytes = if unanswered.len() == item.bytes.len() { item.bytes } else { unanswered.into() };
        let (failed_id, discarded) = books.failed.add(Kept { id: 0, bytes, batch, is_atomic, commands, error });
        self.counters.failed_discarded.add(discarded);
        self.events.announce(Event { failed_id, count: u64::from(commands), ..Event::new(kind, message) });
    }
}
