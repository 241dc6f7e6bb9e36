//! The desk as those see it who watch and steer: state, waiting for it, flushing, closing, counters, the failed list.
//!
//! Runs on the callers' threads, holds the books only to look or to make one change, and never sends anything itself
//! but what is put back from the failed list.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::delivery::buffer::{Batch, Item};
use crate::delivery::desk::{Desk, State, is_closed};
use crate::delivery::failed::FailedCommand;
use crate::delivery::policy::Nature;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::stats::Stats;
use crate::time::{Deadline, Stamp};

impl Desk {
    /// The program wants an attempt now, whatever was given up.
    pub fn resume(&self) {
        let mut books = self.books.lock();
        if books.gave_up.take().is_some() && books.state == State::GaveUp {
            self.set_state(&mut books, State::Reconnecting);
        }
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        let books = self.books.lock();
        match books.state {
            // The loss is known to the lane before the supervisor has entered it in the books.
            State::Ready if !self.lane.is_open() => State::Reconnecting,
            state => state,
        }
    }

    /// What a read gets in an outage when reads do not wait.
    pub fn refuses_read(&self) -> Error {
        self.books.lock().refuses_read()
    }

    /// Waits until commands flow.
    pub fn wait_ready(&self, deadline: Deadline) -> Result<()> {
        let mut books = self.books.lock();
        loop {
            if let Some(error) = self.closed_to(&books, true) {
                return Err(error.with_outcome(Outcome::None));
            }
            if books.state == State::Ready && self.lane.is_open() {
                return Ok(());
            }
            if deadline.has_passed() {
                let message = books.explained("the deadline passed before commands flowed");
                return Err(Error::new(ErrorKind::Timeout, message));
            }
            books = self.watch(books, deadline);
        }
    }

    /// Waits until no accepted command is left in the buffer.
    pub fn flush(&self, deadline: Deadline) -> Result<()> {
        let mut books = self.books.lock();
        loop {
            let left = books.buffer.accepted();
            if left == 0 {
                return Ok(());
            }
            if books.state == State::Closed {
                return Err(Error::new(
                    ErrorKind::Closed,
                    format!("the client is closed; {left} commands are buffered"),
                ));
            }
            if deadline.has_passed() {
                return Err(Error::new(ErrorKind::Timeout, format!("{left} commands are still buffered")));
            }
            books = self.watch(books, deadline);
        }
    }

    /// Waits until no call is in flight.
    pub fn wait_quiet(&self, deadline: Deadline) {
        let mut books = self.books.lock();
        while books.state == State::Ready && self.lane.in_flight() > 0 && !deadline.has_passed() {
            books = self.watch(books, deadline.min(Deadline::within(Duration::from_millis(1))));
        }
    }

    /// Lets nothing new in.
    pub fn start_closing(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        let mut books = self.books.lock();
        books.is_closing = true;
        self.tell(&books);
    }

    /// How many accepted commands are in the buffer.
    pub fn buffered(&self) -> u64 {
        self.books.lock().buffer.accepted() as u64
    }

    /// How many accepted commands are left at the end: never written, and perhaps applied. Those that were submitted
    /// complete with that.
    pub fn left_behind(&self) -> (u64, u64) {
        let mut books = self.books.lock();
        let (mut lost, mut unknown) = (0, 0);
        while let Some(mut item) = books.buffer.take_unsent_where(|item| item.is_accepted) {
            let (count, outcome) =
                if item.was_written { (&mut unknown, Outcome::Unknown) } else { (&mut lost, Outcome::NotApplied) };
            *count += u64::from(item.commands());
            if let Some(waiter) = item.waiter.take() {
                waiter.fail(is_closed().with_outcome(outcome), item.take_answered());
            }
        }
        (lost, unknown)
    }

    /// Adds the gauges to a snapshot of the counters.
    pub fn stats(&self) -> Stats {
        let mut stats = self.counters.snapshot();
        let books = self.books.lock();
        stats.buffered_now = books.buffer.accepted() as u64;
        stats.buffered_bytes_now = books.buffer.accepted_bytes() as u64;
        stats.failed_now = books.failed.len() as u64;
        drop(books);
        stats.in_flight_now = self.lane.in_flight() as u64;
        stats
    }

    /// How many failed commands are kept.
    pub fn failed_count(&self) -> u64 {
        self.books.lock().failed.len() as u64
    }

    /// The oldest failed command with a number above `after`.
    pub fn failed_next(&self, after: u64) -> Option<FailedCommand> {
        self.books.lock().failed.next(after)
    }

    /// Forgets a failed command.
    pub fn failed_discard(&self, id: u64) -> Result<()> {
        self.books.lock().failed.take(id).map(drop).ok_or_else(|| no_such_failure(id))
    }

    /// Puts a failed command back at the end of the buffer.
    pub fn failed_retry(&self, id: u64) -> Result<()> {
        let mut books = self.books.lock();
        if let Some(error) = self.closed_to(&books, true) {
            return Err(error);
        }
        let kept = books.failed.take(id).ok_or_else(|| no_such_failure(id))?;
        let commands = kept.commands;
        let is_atomic = kept.is_atomic;
        let batch = kept.batch.map(|count| Box::new(Batch { count, is_atomic, commands, begin: 0, answered: None }));
        books.buffer.push(Item {
            bytes: kept.bytes,
            waiter: None,
            batch,
            since: Stamp::now(),
            nature: Nature::WRITE,
            is_accepted: true,
            was_written: false,
            garbled: 0,
        });
        self.counters.buffered.add(u64::from(commands));
        if books.state == State::Ready {
            self.send_unsent(&mut books, usize::MAX);
        }
        Ok(())
    }
}

fn no_such_failure(id: u64) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("there is no failed command with the id {id}"))
}
