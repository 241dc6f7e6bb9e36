//! What is queued on one connection and not yet answered. Owns the output that no writer has claimed, the order of
//! entries, the offsets in the connection's stream that tell what was written, and the two roles while nobody has them.
//!
//! A plain value under the lane's lock; whoever holds that lock may use it. It touches no socket and wakes nobody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::link::lane::{Ended, Loss, LostEntry};
use crate::link::roles::{KEEP, Reader, Writer};
use crate::link::slot::Slot;
use crate::net::socket::Socket;

/// How far down the queue a leaving reader looks for somebody who waits, before it leaves the reading to the supervisor.
const SUCCESSORS: usize = 16;

/// Who is interested in a reply.
#[derive(Debug)]
pub enum Owner {
    /// A caller, waiting at its slot.
    Caller(Arc<Slot<Ended>>),
    /// The sink, under this token.
    Sink(u64),
    /// Nobody: the lane itself asked.
    Nobody,
}

/// Something queued, written or not, that has no reply yet.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) owner: Owner,
    /// Where its bytes start and end in the connection's stream.
    start: u64,
    end: u64,
    /// A batch of this many replies, or a single one.
    pub(super) batch: Option<usize>,
}

/// A server that takes longer to answer is far away: over a network, not in the same machine or rack.
const FAR: Duration = Duration::from_micros(500);

/// Everything under the lane's lock.
pub(super) struct Queue {
    pub(super) open: bool,
    /// Nothing new comes in, and the supervisor waits for the last answer.
    pub(super) is_shut: bool,
    pub(super) socket: Option<Arc<Socket>>,
    pub(super) down: Option<Error>,
    pub(super) epoch: u64,
    /// Bytes that no writer has claimed yet, and whose they are.
    pub(super) out: Vec<u8>,
    pub(super) unclaimed: VecDeque<Entry>,
    /// A command with a secret, which is written alone, before `out`, from memory that is wiped, and the sink's token.
    secret: Option<(Zeroizing<Vec<u8>>, u64)>,
    /// Claimed by a writer, not yet fetched by a reader.
    pub(super) claimed: VecDeque<Entry>,
    pub(super) in_flight: usize,
    /// When `in_flight` last rose from zero.
    pub(super) busy_since: Instant,
    /// The longest that a caller in flight since then is willing to wait.
    pub(super) stall_limit: Duration,
    /// Stream offset of the end of `out`.
    pub(super) queued: u64,
    /// Stream offset up to which the kernel has taken bytes.
    pub(super) written: u64,
    pub(super) writer: Option<Box<Writer>>,
    pub(super) reader: Option<Box<Reader>>,
    pub(super) waiting_for_room: usize,
    /// The supervisor was called to read and has not looked yet.
    called: bool,
    /// What was queued when the supervisor looked last: whether anything moves shows in the difference.
    looked: u64,
    /// The supervisor will look soon by itself.
    pub(super) lingers: bool,
    /// Somebody who takes completions does the reading for them.
    pub(super) is_pulled: bool,
    /// When that one last came or went.
    pub(super) pulled_at: Instant,
    /// How long the server takes to answer what is sent to it while it has nothing else to do.
    distance: Distance,
}

/// How far away the server is, as its answers tell.
#[derive(Debug, Default)]
struct Distance {
    /// About the shortest that was seen lately.
    shortest: Option<Duration>,
    /// What is in flight has been counted.
    is_counted: bool,
}

impl Distance {
    /// What was sent to an idle server was answered after this time.
    fn saw(&mut self, took: Duration) {
        let shortest = self.shortest.get_or_insert(took);
        // Slow commands and busy servers are forgotten soon, a longer way is learned slowly.
        *shortest = if took < *shortest { took } else { *shortest + (took - *shortest) / 16 };
    }
}

impl Queue {
    /// Nothing queued, no connection, both roles free.
    pub(super) fn new(now: Instant, reader: Reader) -> Self {
        Queue {
            open: false,
            is_shut: false,
            socket: None,
            down: None,
            epoch: 0,
            out: Vec::new(),
            unclaimed: VecDeque::new(),
            secret: None,
            claimed: VecDeque::new(),
            in_flight: 0,
            busy_since: now,
            stall_limit: Duration::ZERO,
            queued: 0,
            written: 0,
            writer: Some(Box::default()),
            reader: Some(Box::new(reader)),
            waiting_for_room: 0,
            called: false,
            looked: 0,
            lingers: false,
            is_pulled: false,
            pulled_at: now,
            distance: Distance::default(),
        }
    }

    /// Forgets the connection and gives out everything that had no reply, in order. Both roles must be back.
    pub(super) fn end_connection(&mut self) -> Vec<LostEntry> {
        let cause = self.down.take().unwrap_or_else(|| Error::new(ErrorKind::Closed, "the connection was closed"));
        let mut partial = None;
        let mut is_garbled = false;
        let mut entries = VecDeque::new();
        if let Some(reader) = self.reader.as_mut() {
            is_garbled = cause.kind == ErrorKind::Protocol && !reader.pending.is_empty();
            partial = reader.end_connection(&mut entries);
        }
        entries.append(&mut self.claimed);
        entries.append(&mut self.unclaimed);
        if let Some(writer) = self.writer.as_mut() {
            writer.wipe();
            **writer = Writer::default();
        }
        self.secret = None;
        let written = self.written;
        self.out = Vec::new();
        self.socket = None;
        self.open = false;
        self.is_shut = false;
        self.in_flight = 0;
        self.queued = 0;
        self.written = 0;
        self.epoch += 1;
        self.distance = Distance::default();
        entries
            .into_iter()
            .map(|entry| {
                let handed_over = written.clamp(entry.start, entry.end) - entry.start;
                let written = usize::try_from(handed_over).unwrap_or(usize::MAX);
                let is_garbled = std::mem::take(&mut is_garbled);
                let loss = Loss { written, partial: partial.take(), is_garbled, cause: cause.clone() };
                LostEntry { owner: entry.owner, loss }
            })
            .collect()
    }

    pub(super) fn add(&mut self, owner: Owner, batch: Option<usize>, now: Instant, encode: impl FnOnce(&mut Vec<u8>)) {
        let before = self.out.len();
        encode(&mut self.out);
        let start = self.queued;
        self.queued += (self.out.len() - before) as u64;
        self.unclaimed.push_back(Entry { owner, start, end: self.queued, batch });
        self.is_in_flight(now);
    }

    /// The same for one command whose bytes are to leave no trace in memory. Takes the place of one that was not claimed.
    pub(super) fn add_secret(&mut self, token: u64, bytes: Zeroizing<Vec<u8>>, now: Instant) {
        if self.secret.replace((bytes, token)).is_none() {
            self.is_in_flight(now);
        }
    }

    fn is_in_flight(&mut self, now: Instant) {
        if self.in_flight == 0 {
            self.busy_since = now;
            self.stall_limit = Duration::ZERO;
            self.distance.is_counted = false;
        }
        self.in_flight += 1;
    }

    /// Something was read at `moment`: the first answer since the server had nothing to do tells how far away it is.
    pub(super) fn heard(&mut self, moment: Instant) {
        if !std::mem::replace(&mut self.distance.is_counted, true) {
            self.distance.saw(moment.saturating_duration_since(self.busy_since));
        }
    }

    /// Is the server so far away that a command which waits for the answers to earlier ones comes much later?
    pub(super) fn is_far(&self) -> bool {
        self.distance.shortest.is_some_and(|shortest| shortest > FAR)
    }

    /// Nobody reads, and somebody should: does the supervisor have to be woken for it?
    pub(super) fn must_call(&mut self) -> bool {
        let comes_anyway = self.called || (self.lingers && self.is_pulled);
        self.called = true;
        !comes_anyway
    }

    /// The supervisor looks. Was anything queued since it did before?
    pub(super) fn looked_at(&mut self) -> bool {
        self.called = false;
        self.lingers = false;
        std::mem::replace(&mut self.looked, self.queued) != self.queued
    }

    /// The WRITER role, if it is free and there is something to write, with everything unclaimed claimed.
    pub(super) fn take_writer(&mut self) -> Option<Box<Writer>> {
        let mut writer = self.writer.take()?;
        if writer.written < writer.buffer.len() || self.claim(&mut writer) {
            return Some(writer);
        }
        self.writer = Some(writer);
        None
    }

    /// The WRITER role, if it is free and has nothing to write, with nothing claimed yet.
    pub(super) fn take_idle_writer(&mut self) -> Option<Box<Writer>> {
        self.writer.take_if(|writer| writer.written >= writer.buffer.len())
    }

    /// Moves what is queued into the hands of a writer that has nothing left. False when there is nothing.
    pub(super) fn claim(&mut self, writer: &mut Writer) -> bool {
        writer.written = 0;
        writer.wipe();
        writer.buffer.clear();
        if let Some((mut bytes, token)) = self.secret.take() {
            writer.buffer = std::mem::take(&mut *bytes);
            writer.is_secret = true;
            let (start, length) = (self.queued - self.out.len() as u64, writer.buffer.len() as u64);
            self.queued += length;
            for later in &mut self.unclaimed {
                later.start += length;
                later.end += length;
            }
            self.claimed.push_back(Entry { owner: Owner::Sink(token), start, end: start + length, batch: None });
            return true;
        }
        if writer.buffer.capacity() > KEEP {
            writer.buffer = Vec::new();
        }
        if self.out.is_empty() {
            return false;
        }
        std::mem::swap(&mut self.out, &mut writer.buffer);
        move_all(&mut self.unclaimed, &mut self.claimed);
        true
    }

    pub(super) fn take_reader(&mut self, epoch: u64) -> Option<Box<Reader>> {
        if self.epoch != epoch || self.socket.is_none() {
            return None;
        }
        let mut reader = self.reader.take()?;
        move_all(&mut self.claimed, &mut reader.pending);
        Some(reader)
    }

    /// Removes somebody's bytes from the output if no writer has claimed them.
    pub(super) fn take_back(&mut self, is_theirs: impl Fn(&Owner) -> bool) -> bool {
        let Some(place) = self.unclaimed.iter().position(|entry| is_theirs(&entry.owner)) else { return false };
        let Some(entry) = self.unclaimed.remove(place) else { return false };
        let base = self.queued - self.out.len() as u64;
        let length = entry.end - entry.start;
        let range = |offset: u64| usize::try_from(offset - base).unwrap_or(usize::MAX);
        self.out.drain(range(entry.start)..range(entry.end));
        for later in self.unclaimed.iter_mut().skip(place) {
            later.start -= length;
            later.end -= length;
        }
        self.queued -= length;
        self.in_flight = self.in_flight.saturating_sub(1);
        true
    }

    /// Somebody near the head of the queue who waits for a reply and can read meanwhile.
    pub(super) fn successor(&self, reader: &Reader) -> Option<Arc<Slot<Ended>>> {
        reader.pending.iter().chain(&self.claimed).chain(&self.unclaimed).take(SUCCESSORS).find_map(
            |entry| match &entry.owner {
                Owner::Caller(slot) if !slot.is_abandoned() => Some(slot.clone()),
                _ => None,
            },
        )
    }
}

/// Moves everything to the end of another queue; for nothing when that is empty.
#[inline]
pub(super) fn move_all(from: &mut VecDeque<Entry>, to: &mut VecDeque<Entry>) {
    if to.is_empty() {
        std::mem::swap(from, to);
    } else if !from.is_empty() {
        to.append(from);
    }
}
