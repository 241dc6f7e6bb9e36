//! What is sent over the lane without a caller who waits: commands out of the line of the layer above, whose replies go to
//! the sink. Owns who writes and reads for them: mostly others; else those who take the results, or the supervisor.
//!
//! Any thread. Nothing here waits, but for those who ask to.

use std::time::Instant;

use crate::link::lane::Lane;
use crate::link::queue::Owner;
use crate::link::roles::{Hand, KEEP};
use crate::net::wake::{self, Interest, Waker};
use crate::time::{self, Deadline};

/// So many bytes are written by whoever queues them, also while others will write.
const WORTH_WRITING: usize = 16 << 10;

/// What became of a command that nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Its reply goes to the sink.
    Queued,
    /// Too much is queued or in flight; it was not taken.
    NoRoom,
    /// The lane is not open; it was not taken.
    Closed,
}

impl Lane {
    /// Queues an already encoded command or batch whose reply goes to the sink; also while the lane is not open to
    /// callers. False when there is no connection, or enough to be written already.
    pub fn queue_for_sink(&self, token: u64, batch: Option<usize>, bytes: &[u8]) -> bool {
        let now = time::now();
        let mut state = self.state.lock();
        if state.socket.is_none() || state.down.is_some() || state.out.len() >= KEEP {
            return false;
        }
        state.add(Owner::Sink(token), batch, now, |out| out.extend_from_slice(bytes));
        true
    }

    /// The same among the commands of callers: what it has come to.
    pub fn submit(&self, token: u64, batch: Option<usize>, bytes: &[u8], now: Instant) -> Submitted {
        let mut state = self.state.lock();
        let Some(socket) = state.socket.as_ref().filter(|_| state.open).cloned() else {
            return Submitted::Closed;
        };
        if !self.has_room(&state) {
            return Submitted::NoRoom;
        }
        let is_idle = state.in_flight == 0;
        state.add(Owner::Sink(token), batch, now, |out| out.extend_from_slice(bytes));
        // While earlier commands are unanswered there is somebody who will read, and who writes what there is by then; and
        // who takes completions comes for both, unless that one reads already.
        let is_attended = state.reader.is_none();
        // A server that is far away would have it much later.
        let is_worth_it = (is_idle && (is_attended || !state.is_pulled))
            || (is_attended && state.is_far())
            || state.out.len() >= WORTH_WRITING;
        let writer = if is_worth_it { state.take_writer() } else { None };
        let epoch = state.epoch;
        let must_call = !is_attended && state.must_call();
        drop(state);
        if let Some(writer) = writer {
            let mut hand =
                Hand { lane: self, socket, epoch, reader: None, supervised: false, own: None, has_company: false };
            hand.write_at_once(writer);
        }
        if must_call {
            self.attention.wake();
        }
        Submitted::Queued
    }

    /// Reads on the thread of somebody who takes completions, and writes before, until there are `enough`, the deadline
    /// passes, `signal` is woken, or somebody else reads.
    pub fn pull(&self, signal: &Waker, deadline: Deadline, enough: &dyn Fn() -> bool) {
        let mut state = self.state.lock();
        let Some(socket) = state.socket.as_ref().filter(|_| state.down.is_none()).cloned() else { return };
        let epoch = state.epoch;
        let writer = state.take_writer();
        // Also while nothing is on its way: what is submitted next finds somebody who reads.
        let reader = state.take_reader(epoch);
        if reader.is_some() {
            state.is_pulled = true;
            state.pulled_at = time::now();
        }
        drop(state);
        let mut hand = Hand { lane: self, socket, epoch, reader, supervised: false, own: None, has_company: false };
        if let Some(writer) = writer {
            hand.write_at_once(writer);
        }
        self.read_for(&mut hand, signal, deadline, enough);
        self.state.lock().pulled_at = time::now();
    }

    fn read_for(&self, hand: &mut Hand<'_>, signal: &Waker, deadline: Deadline, enough: &dyn Fn() -> bool) {
        while hand.reader.is_some() && !enough() {
            let readable = Interest { readable: true, writable: false };
            let ready = wake::wait(Some(signal), Some((&hand.socket, readable)), deadline.remaining());
            if ready.readable || ready.hung_up {
                hand.read_once();
                if enough() {
                    return;
                }
                // What was answered was for nobody here. What came meanwhile waits for whoever reads.
                let writer = self.state.lock().take_writer();
                if let Some(writer) = writer {
                    hand.write_at_once(writer);
                }
            } else if ready.woken || deadline.has_passed() {
                return;
            }
        }
    }

    /// Waits until there is room for one more, the lane is not open any more, or the deadline passes.
    pub fn wait_for_room(&self, deadline: Deadline) {
        let mut state = self.state.lock();
        while state.open && !self.has_room(&state) && !deadline.has_passed() {
            state.waiting_for_room += 1;
            state = self.room.wait(state, deadline);
            state.waiting_for_room -= 1;
        }
    }

    /// Takes back what was queued for the sink under `token`, if no writer has claimed it: it will never be written.
    pub fn take_back(&self, token: u64) -> bool {
        let mut state = self.state.lock();
        let is_taken = state.take_back(|owner| matches!(owner, Owner::Sink(other) if *other == token));
        if is_taken && state.waiting_for_room > 0 {
            self.room.notify_all();
        }
        is_taken
    }
}
