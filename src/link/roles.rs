//! The two roles that move a connection's bytes, WRITER and READER, and the hand that uses them. Owns what is being
//! written, what was received, and the head of the queue that the next replies belong to.
//!
//! Runs on whichever thread holds a role: a caller's or the supervisor's. No lock is held while it writes, reads,
//! decodes or hands replies over. A hand gives its roles back, whatever happens.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroize;

use crate::error::{self, Error, ErrorKind};
use crate::link::lane::{Ended, Lane};
use crate::link::queue::{Entry, Owner, move_all};
use crate::link::slot::{Completion, Slot};
use crate::net;
use crate::net::socket::{Socket, Wait};
use crate::net::wake::{self, Interest};
use crate::resp::{Decoder, Limits, Progress, Reply};
use crate::time::Deadline;

/// How much is received at once when no large payload is under way.
const RECEIVE: usize = 64 << 10;
/// A buffer that grew beyond this is let go when it is empty.
pub(super) const KEEP: usize = 1 << 20;
/// How long a writer that cannot write leaves reading to somebody else before it looks again.
pub(super) const WRITER_PATIENCE: Duration = Duration::from_millis(20);

/// The WRITER role: what is being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) buffer: Vec<u8>,
    pub(super) written: usize,
    /// The buffer holds a secret.
    pub(super) is_secret: bool,
}

impl Writer {
    /// Leaves nothing of a secret in memory.
    pub(super) fn wipe(&mut self) {
        if std::mem::take(&mut self.is_secret) {
            self.buffer.zeroize();
        }
    }
}

/// The READER role: what was received, and the head of the queue.
pub(super) struct Reader {
    input: Vec<u8>,
    used: usize,
    decoder: Decoder,
    pub(super) pending: VecDeque<Entry>,
    batch_begun: bool,
    /// Completed and not yet subtracted from `in_flight`.
    pub(super) completed: usize,
    /// Replies for the sink, to be handed over when the input is used up.
    sunk: Vec<(u64, Reply)>,
    /// Whom to wake when the input is used up.
    pub(super) sleepers: Vec<Arc<Slot<Ended>>>,
}

/// A thread with a connection at hand and, perhaps, the READER role. Gives the role back when dropped.
pub(super) struct Hand<'a> {
    pub(super) lane: &'a Lane,
    pub(super) socket: Arc<Socket>,
    pub(super) epoch: u64,
    pub(super) reader: Option<Box<Reader>>,
    /// It is the supervisor's.
    pub(super) supervised: bool,
    /// Where its own caller waits.
    pub(super) own: Option<&'a Slot<Ended>>,
    /// Others were about when its call came.
    pub(super) has_company: bool,
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.lane.release_reader(reader, self.supervised);
        }
    }
}

impl Hand<'_> {
    /// Writes until nothing is queued or the deadline passes, then gives the WRITER role back. When the socket takes no
    /// more it reads meanwhile, or two full socket buffers would wait for each other. Returns whether it had to wait.
    pub(super) fn write(&mut self, mut writer: Box<Writer>, deadline: Deadline) -> bool {
        let lane = self.lane;
        let mut uncounted = 0;
        let mut waited = false;
        loop {
            let rest = writer.buffer.get(writer.written..).unwrap_or_default();
            if rest.is_empty() {
                let mut state = lane.state.lock();
                state.written += std::mem::take(&mut uncounted);
                if state.claim(&mut writer) {
                    if state.waiting_for_room > 0 {
                        lane.room.notify_all();
                    }
                    continue;
                }
                lane.release_writer(state, writer);
                return waited;
            }
            match self.socket.send(rest) {
                Ok(count) => {
                    writer.written += count;
                    uncounted += count as u64;
                    lane.counters.bytes_written.add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !deadline.has_passed() => {
                    waited = true;
                    if self.reader.is_none() {
                        self.reader = lane.state.lock().take_reader(self.epoch);
                    }
                    let interest = Interest { readable: self.reader.is_some(), writable: true };
                    let patience = deadline.remaining().map_or(WRITER_PATIENCE, |left| left.min(WRITER_PATIENCE));
                    wake::wait(None, Some((&self.socket, interest)), Some(patience));
                    self.read_available();
                }
                Err(error) => {
                    if error.kind() != io::ErrorKind::WouldBlock {
                        lane.fail(self.epoch, net::failure(&error, "writing failed: "));
                    }
                    let mut state = lane.state.lock();
                    state.written += uncounted;
                    lane.release_writer(state, writer);
                    return true;
                }
            }
        }
    }

    /// Writes as much as the socket takes at once; the supervisor writes the rest.
    pub(super) fn write_at_once(&mut self, writer: Box<Writer>) {
        self.write(writer, Deadline::within(Duration::ZERO));
    }

    /// Reads with the READER role, if it is at hand, until its own caller has its result, the deadline passes or the
    /// connection ends. `left` is how far away the deadline is now, if it is known.
    pub(super) fn read_until_done(&mut self, deadline: Deadline, mut left: Option<Duration>) {
        let lane = self.lane;
        let limit = lane.settings.stall_timeout;
        let mut spin_until = None;
        while self.reader.is_some() && !self.own.is_some_and(Slot::is_done) {
            self.wake_answered();
            if !lane.settings.spin.is_zero() {
                let until = *spin_until.get_or_insert_with(|| Deadline::within(lane.settings.spin));
                if !until.has_passed() {
                    self.receive(Wait::No);
                    continue;
                }
            } else if self.has_company && lane.company.look_out(|| self.receive(Wait::No) || self.reader.is_none()) {
                continue;
            }
            let left = left.take().or_else(|| deadline.remaining());
            match left {
                Some(Duration::ZERO) => return,
                // The socket's own timeout serves unless the deadline comes clearly earlier.
                Some(left) if left < limit - limit / 16 => {
                    let interest = Interest { readable: true, writable: false };
                    wake::wait(None, Some((&self.socket, interest)), Some(left));
                    self.receive(Wait::No);
                }
                _ => {
                    self.receive(Wait::Yes);
                }
            }
        }
    }

    /// Reads what is there. True when something was.
    pub(super) fn read_available(&mut self) -> bool {
        let mut any = false;
        while self.reader.is_some() && self.read_once() {
            any = true;
        }
        any
    }

    /// Reads some of what is there. True when something was.
    pub(super) fn read_once(&mut self) -> bool {
        let any = self.receive(Wait::No);
        if let Some(reader) = self.reader.as_mut().filter(|reader| reader.completed > 0) {
            // Whoever reads for others may go on for long: what is answered is not in flight any more.
            self.lane.wake_answered(reader);
        }
        any
    }

    /// Wakes whom the last bytes answered. Who gives the READER role back next leaves that to the release.
    fn wake_answered(&mut self) {
        if let Some(reader) = self.reader.as_mut().filter(|reader| !reader.sleepers.is_empty()) {
            self.lane.wake_answered(reader);
        }
    }

    /// Receives once and completes what that answers. True when bytes came. At the end of the connection the READER
    /// role is given back.
    fn receive(&mut self, wait: Wait) -> bool {
        let Some(reader) = self.reader.as_mut() else { return false };
        let cause = match reader.receive(&self.socket, wait) {
            Ok(0) => lost("the server closed the connection"),
            Ok(count) => {
                self.lane.note_read();
                self.lane.counters.bytes_read.add(count as u64);
                match reader.complete_all(self.lane, self.epoch) {
                    Ok(()) => return true,
                    Err(error) => error,
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return false;
            }
            Err(error) => net::failure(&error, "reading failed: "),
        };
        self.lane.fail(self.epoch, cause);
        if let Some(reader) = self.reader.take() {
            self.lane.release_reader(reader, self.supervised);
        }
        false
    }
}

impl Reader {
    /// Nothing received, nothing expected.
    pub(super) fn new(limits: Limits) -> Self {
        Reader {
            input: Vec::new(),
            used: 0,
            decoder: Decoder::new(limits),
            pending: VecDeque::new(),
            batch_begun: false,
            completed: 0,
            sunk: Vec::new(),
            sleepers: Vec::new(),
        }
    }

    /// Forgets the connection: what was pending goes to `entries`; the answered part of the first, if it is a batch, is
    /// returned.
    pub(super) fn end_connection(&mut self, entries: &mut VecDeque<Entry>) -> Option<Reply> {
        let partial = if std::mem::take(&mut self.batch_begun) { self.decoder.end_batch_early() } else { None };
        self.decoder.reset();
        self.input = Vec::new();
        self.used = 0;
        self.completed = 0;
        entries.append(&mut self.pending);
        partial
    }

    fn receive(&mut self, socket: &Socket, wait: Wait) -> io::Result<usize> {
        if self.used == self.input.len() {
            self.input.clear();
            self.used = 0;
            if let Some((payload, missing)) = self.decoder.direct() {
                // The decoder decides how far the payload grows; a receive never makes it grow beyond.
                let spare = payload.capacity() - payload.len();
                let most = if spare == 0 { missing.min(KEEP) } else { missing.min(spare) };
                return socket.receive(payload, most, wait);
            }
        } else if self.used > 0 {
            self.input.drain(..self.used);
            self.used = 0;
        }
        socket.receive(&mut self.input, RECEIVE, wait)
    }

    /// Decodes all that was received and completes the entries it answers.
    fn complete_all(&mut self, lane: &Lane, epoch: u64) -> Result<(), Error> {
        let ended = self.decode_all(lane);
        if !self.sunk.is_empty()
            && let Some(sink) = lane.sink()
        {
            sink.answered(&mut self.sunk, epoch);
            self.sunk.clear();
        }
        ended
    }

    fn decode_all(&mut self, lane: &Lane) -> Result<(), Error> {
        // At least once: what was received straight into its place is not in the input.
        loop {
            if self.pending.is_empty() {
                let mut state = lane.state.lock();
                state.in_flight = state.in_flight.saturating_sub(std::mem::take(&mut self.completed));
                move_all(&mut state.claimed, &mut self.pending);
            }
            if let Some(Entry { batch: Some(count), .. }) = self.pending.front()
                && !self.batch_begun
            {
                self.decoder.begin_batch(*count);
                self.batch_begun = true;
            }
            let rest = self.input.get(self.used..).unwrap_or_default();
            // Taken apart where it is: to move a reply costs about as much as to decode it.
            match self.decoder.decode(rest) {
                Err(error) => return Err(Error::new(ErrorKind::Protocol, error.to_string())),
                Ok((count, Progress::NeedMore)) => {
                    self.used += count;
                    return Ok(());
                }
                Ok((count, Progress::Push(push))) => {
                    self.used += count;
                    if let Some(sink) = lane.sink() {
                        sink.pushed(push);
                    }
                }
                Ok((count, Progress::Reply(reply))) => {
                    self.used += count;
                    let Some(entry) = self.pending.pop_front() else {
                        let said = reply.root().as_error().unwrap_or("a reply that nothing asked for".into());
                        let text = format!("the server sent: {}", error::without_quotations(&said));
                        return Err(Error::new(ErrorKind::Protocol, text));
                    };
                    self.batch_begun = false;
                    self.completed += 1;
                    match entry.owner {
                        Owner::Caller(slot) => {
                            if slot.complete(Ended::Answered(reply)) == Completion::Asleep {
                                self.sleepers.push(slot);
                            }
                        }
                        Owner::Sink(token) => self.sunk.push((token, reply)),
                        Owner::Nobody => {}
                    }
                }
            }
            if self.used == self.input.len() {
                return Ok(());
            }
        }
    }
}

fn lost(cause: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, cause)
}
