//! The combining lane: many threads' commands over one socket, in order. Owns the output buffer, the queue of what is in
//! flight, and the two roles that move bytes.
//!
//! There is no thread between a caller and the socket. Whoever finds the WRITER role free writes everybody's bytes in
//! one system call; whoever finds the READER role free reads, decodes and completes everybody's slots. The roles are
//! two boxes: to hold the box is to have the role. Any thread may call; the supervisor installs and collects. The lane
//! never reconnects, never sends anything twice, and after any doubt about framing it is down for good until then.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::link::slot::{Completion, Slot, Waited};
use crate::net::socket::{Socket, Wait};
use crate::net::wake::{self, Interest, Waker};
use crate::resp::{Decoder, Limits, Progress, Reply};
use crate::stats::Counters;
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::time::{self, Deadline};

/// How much is received at once when no large payload is under way.
const RECEIVE: usize = 64 << 10;
/// A buffer that grew beyond this is let go when it is empty.
const KEEP: usize = 1 << 20;
/// How long a writer that cannot write leaves reading to somebody else before it looks again.
const WRITER_PATIENCE: Duration = Duration::from_millis(20);
/// How far down the queue a leaving reader looks for somebody who waits, before it leaves the reading to the supervisor.
const SUCCESSORS: usize = 16;

/// What the lane is told once.
#[derive(Clone, Debug)]
pub struct LaneSettings {
    /// After this long with unanswered commands and nothing read, the connection is dead.
    pub stall_timeout: Duration,
    /// How long a waiting caller stays awake.
    pub spin: Duration,
    /// How many calls may be in flight.
    pub max_in_flight: usize,
    /// How many bytes may wait to be written before callers have to wait.
    pub max_output_bytes: usize,
    /// Limits on replies.
    pub limits: Limits,
}

/// Takes what belongs to no waiting caller. Called by whichever thread reads, which holds no lock of the lane; it must
/// be quick and must not call the lane.
pub trait Sink: Send + Sync {
    /// The reply to what was queued under `token`.
    fn answered(&self, token: u64, reply: Reply);
    /// The server pushed something that is no reply.
    fn pushed(&self, push: Reply);
}

/// How a call ended that is handed over through a slot.
#[derive(Debug)]
pub enum Ended {
    /// The server answered.
    Answered(Reply),
    /// The connection was lost first.
    Lost(Loss),
}

/// What is known of a call whose connection was lost.
#[derive(Debug)]
pub struct Loss {
    /// How many of its bytes were handed to the kernel. A command that was not handed over to its last byte cannot
    /// have run.
    pub written: usize,
    /// The replies of a batch that came before the loss.
    pub partial: Option<Reply>,
    /// Why the connection was lost.
    pub cause: Error,
}

/// How a call ended.
#[derive(Debug)]
pub enum Called {
    /// The server answered, on the connection with this number.
    Answered(Reply, u64),
    /// The lane is not open; nothing was queued.
    Closed,
    /// The deadline passed. `unsent`: the bytes were taken back and will never be written.
    TimedOut {
        /// See above.
        unsent: bool,
    },
    /// The connection was lost.
    Lost(Loss),
}

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
struct Entry {
    owner: Owner,
    /// Where its bytes start and end in the connection's stream.
    start: u64,
    end: u64,
    /// A batch of this many replies, or a single one.
    batch: Option<usize>,
}

/// An entry that lost its connection.
#[derive(Debug)]
pub struct LostEntry {
    /// Who has to be told.
    pub owner: Owner,
    /// What is known.
    pub loss: Loss,
}

/// The WRITER role: what is being written.
#[derive(Debug, Default)]
struct Writer {
    buffer: Vec<u8>,
    written: usize,
}

/// The READER role: what was received, and the head of the queue.
struct Reader {
    input: Vec<u8>,
    used: usize,
    decoder: Decoder,
    pending: VecDeque<Entry>,
    batch_begun: bool,
    /// Completed and not yet subtracted from `in_flight`.
    completed: usize,
    /// Whom to wake when the input is used up.
    sleepers: Vec<Arc<Slot<Ended>>>,
}

struct State {
    open: bool,
    socket: Option<Arc<Socket>>,
    down: Option<Error>,
    epoch: u64,
    /// Bytes that no writer has claimed yet, and whose they are.
    out: Vec<u8>,
    unclaimed: VecDeque<Entry>,
    /// Claimed by a writer, not yet fetched by a reader.
    claimed: VecDeque<Entry>,
    in_flight: usize,
    /// When `in_flight` last rose from zero.
    busy_since: Instant,
    /// The longest that a caller in flight since then is willing to wait.
    stall_limit: Duration,
    /// Stream offset of the end of `out`.
    queued: u64,
    /// Stream offset up to which the kernel has taken bytes.
    written: u64,
    writer: Option<Box<Writer>>,
    reader: Option<Box<Reader>>,
    waiting_for_room: usize,
}

/// One multiplexed connection, or the place where the next one will be.
pub struct Lane {
    settings: LaneSettings,
    counters: Arc<Counters>,
    sink: OnceLock<Weak<dyn Sink>>,
    /// Wakes the supervisor.
    attention: Arc<Waker>,
    state: Mutex<State>,
    /// Room in the output buffer or in flight.
    room: Condvar,
    /// A role came back while the lane is down.
    roles_back: Condvar,
    born: Instant,
    /// Microseconds after `born` at which bytes were last read.
    last_read: AtomicU64,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

impl Lane {
    /// A lane without a connection.
    pub fn new(settings: LaneSettings, counters: Arc<Counters>, attention: Arc<Waker>) -> Self {
        let now = time::now();
        let reader = Reader {
            input: Vec::new(),
            used: 0,
            decoder: Decoder::new(settings.limits),
            pending: VecDeque::new(),
            batch_begun: false,
            completed: 0,
            sleepers: Vec::new(),
        };
        Lane {
            settings,
            counters,
            sink: OnceLock::new(),
            attention,
            state: Mutex::new(State {
                open: false,
                socket: None,
                down: None,
                epoch: 0,
                out: Vec::new(),
                unclaimed: VecDeque::new(),
                claimed: VecDeque::new(),
                in_flight: 0,
                busy_since: now,
                stall_limit: Duration::ZERO,
                queued: 0,
                written: 0,
                writer: Some(Box::default()),
                reader: Some(Box::new(reader)),
                waiting_for_room: 0,
            }),
            room: Condvar::new(),
            roles_back: Condvar::new(),
            born: now,
            last_read: AtomicU64::new(0),
        }
    }

    /// Says who takes what belongs to no caller. Once, before the first connection.
    pub fn attach(&self, sink: Weak<dyn Sink>) {
        let _ = self.sink.set(sink);
    }

    fn sink(&self) -> Option<Arc<dyn Sink>> {
        self.sink.get()?.upgrade()
    }

    // ---- callers ----------------------------------------------------------------------------------------------------

    /// Sends what `encode` appends and waits for the reply, or for `batch` replies as one array.
    pub fn call(&self, batch: Option<usize>, deadline: Deadline, encode: impl FnOnce(&mut Vec<u8>)) -> Called {
        let now = time::now();
        let slot = Arc::new(Slot::default());
        let mut state = self.state.lock();
        while state.open && !self.has_room(&state) {
            if deadline.has_passed() {
                return Called::TimedOut { unsent: true };
            }
            state.waiting_for_room += 1;
            state = self.room.wait(state, deadline);
            state.waiting_for_room -= 1;
        }
        let Some(socket) = state.socket.as_ref().filter(|_| state.open).cloned() else {
            return Called::Closed;
        };
        let epoch = state.epoch;
        state.queue(Owner::Caller(slot.clone()), batch, now, encode);
        state.stall_limit = state.stall_limit.max(deadline.since(now));
        let writer = state.take_writer();
        let reader = state.take_reader(epoch);
        drop(state);

        let mut hand = Hand { lane: self, socket, epoch, reader };
        if let Some(writer) = writer {
            hand.write(writer, deadline);
        }
        hand.read_until_done(&slot, deadline);
        drop(hand);
        loop {
            match slot.wait(deadline, self.settings.spin) {
                Waited::Done => return Self::taken(&slot, epoch),
                Waited::TimedOut => return self.give_up(&slot, epoch),
                Waited::Called if deadline.has_passed() => return self.give_up(&slot, epoch),
                Waited::Called => {
                    if let Some(mut hand) = self.reading_hand(epoch) {
                        hand.read_until_done(&slot, deadline);
                    }
                }
            }
        }
    }

    fn taken(slot: &Slot<Ended>, epoch: u64) -> Called {
        match slot.take() {
            Some(Ended::Answered(reply)) => Called::Answered(reply, epoch),
            Some(Ended::Lost(loss)) => Called::Lost(loss),
            // A slot is done only after a result was put into it, and its owner takes it once.
            None => Called::Closed,
        }
    }

    /// The deadline of a caller passed: takes its bytes back if nobody has claimed them.
    fn give_up(&self, slot: &Arc<Slot<Ended>>, epoch: u64) -> Called {
        if !slot.abandon() {
            return Self::taken(slot, epoch);
        }
        // If it was this caller's turn to read, the role goes to the next one.
        drop(self.reading_hand(epoch));
        let mut state = self.state.lock();
        if state.epoch == epoch && state.take_back(slot) {
            return Called::TimedOut { unsent: true };
        }
        let stalled = state.epoch == epoch && self.stall_left(&state) == Some(Duration::ZERO);
        drop(state);
        if stalled {
            self.fail(epoch, self.stall_error());
        }
        self.attention.wake();
        Called::TimedOut { unsent: false }
    }

    fn has_room(&self, state: &State) -> bool {
        state.in_flight < self.settings.max_in_flight && state.out.len() < self.settings.max_output_bytes
    }

    // ---- the layer above --------------------------------------------------------------------------------------------

    /// Queues an already encoded command or batch whose reply goes to the sink; also while the lane is not open to
    /// callers. False when there is no connection, or enough to be written already.
    pub fn queue_for_sink(&self, token: u64, batch: Option<usize>, bytes: &[u8]) -> bool {
        let now = time::now();
        let mut state = self.state.lock();
        if state.socket.is_none() || state.down.is_some() || state.out.len() >= KEEP {
            return false;
        }
        state.queue(Owner::Sink(token), batch, now, |out| out.extend_from_slice(bytes));
        true
    }

    /// Lets callers in. False when there is no connection.
    pub fn open(&self) -> bool {
        let mut state = self.state.lock();
        state.open = state.socket.is_some() && state.down.is_none();
        state.open
    }

    /// May callers come in?
    pub fn is_open(&self) -> bool {
        self.state.lock().open
    }

    /// How many calls have no reply yet.
    pub fn in_flight(&self) -> usize {
        self.state.lock().in_flight
    }

    /// The number of the present connection.
    pub fn epoch(&self) -> u64 {
        self.state.lock().epoch
    }

    /// Declares the connection with number `epoch` dead. Whoever is blocked on it returns soon.
    pub fn fail(&self, epoch: u64, cause: Error) {
        let mut state = self.state.lock();
        if state.epoch != epoch || state.down.is_some() || state.socket.is_none() {
            return;
        }
        state.down = Some(cause);
        state.open = false;
        if let Some(socket) = &state.socket {
            socket.shutdown();
        }
        drop(state);
        self.room.notify_all();
        self.attention.wake();
    }

    // ---- the supervisor ---------------------------------------------------------------------------------------------

    /// Puts a ready socket into service, not yet open to callers.
    pub fn install(&self, socket: Socket) -> io::Result<()> {
        socket.set_receive_timeout(self.settings.stall_timeout)?;
        let mut state = self.state.lock();
        state.socket = Some(Arc::new(socket));
        state.down = None;
        drop(state);
        self.note_read();
        Ok(())
    }

    /// Why the connection is down, if it is.
    pub fn failure(&self) -> Option<Error> {
        self.state.lock().down.clone()
    }

    /// Takes the dead connection out of service, with everything that had no reply, in order.
    pub fn collect(&self) -> Vec<LostEntry> {
        let mut state = self.state.lock();
        while state.reader.is_none() || state.writer.is_none() {
            state = self.roles_back.wait(state, Deadline::within(Duration::from_secs(1)));
        }
        let cause = state.down.take().unwrap_or_else(|| Error::new(ErrorKind::Closed, "the connection was closed"));
        let mut partial = None;
        let mut entries = VecDeque::new();
        if let Some(reader) = state.reader.as_mut() {
            if std::mem::take(&mut reader.batch_begun) {
                partial = reader.decoder.end_batch_early();
            }
            reader.decoder.reset();
            reader.input = Vec::new();
            reader.used = 0;
            reader.completed = 0;
            entries.append(&mut reader.pending);
        }
        entries.append(&mut state.claimed);
        entries.append(&mut state.unclaimed);
        if let Some(writer) = state.writer.as_mut() {
            **writer = Writer::default();
        }
        let written = state.written;
        state.out = Vec::new();
        state.socket = None;
        state.open = false;
        state.in_flight = 0;
        state.queued = 0;
        state.written = 0;
        state.epoch += 1;
        drop(state);
        self.room.notify_all();
        entries
            .into_iter()
            .map(|entry| {
                let handed_over = written.clamp(entry.start, entry.end) - entry.start;
                let written = usize::try_from(handed_over).unwrap_or(usize::MAX);
                LostEntry { owner: entry.owner, loss: Loss { written, partial: partial.take(), cause: cause.clone() } }
            })
            .collect()
    }

    /// Queues a health check that nobody waits for.
    pub fn queue_ping(&self) {
        let now = time::now();
        let mut state = self.state.lock();
        if state.socket.is_some() && state.down.is_none() {
            state.queue(Owner::Nobody, None, now, |out| out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n"));
            self.counters.health_checks.add(1);
        }
    }

    /// How long nothing was read.
    pub fn silent_for(&self) -> Duration {
        time::now().saturating_duration_since(self.last_read())
    }

    /// How much longer unanswered commands may go without anything being read; `None` when all are answered. Declares
    /// the connection dead when nothing is left.
    pub fn check_stall(&self) -> Option<Duration> {
        let state = self.state.lock();
        let left = self.stall_left(&state)?;
        let epoch = state.epoch;
        drop(state);
        if left.is_zero() {
            self.fail(epoch, self.stall_error());
        }
        Some(left)
    }

    /// Looks after the connection on the supervisor's thread until the waker is woken, the time passes, `enough` says
    /// so, or the connection is down: notices its end, writes and reads what no caller does.
    pub fn serve(&self, waker: &Waker, timeout: Option<Duration>, enough: &dyn Fn() -> bool) {
        let deadline = Deadline::within_or_never(timeout);
        while !enough() && !deadline.has_passed() {
            let mut state = self.state.lock();
            let Some(socket) = state.socket.as_ref().filter(|_| state.down.is_none()).cloned() else { return };
            let epoch = state.epoch;
            let writer = state.take_writer();
            let reader = if state.in_flight > 0 { state.take_reader(epoch) } else { None };
            let nobody_reads = reader.is_some();
            drop(state);
            let mut hand = Hand { lane: self, socket: socket.clone(), epoch, reader };
            if let Some(writer) = writer {
                hand.write(writer, Deadline::within(WRITER_PATIENCE));
            }
            let interest = Interest { readable: nobody_reads, writable: false };
            if nobody_reads && hand.read_available() {
                continue;
            }
            let ready = wake::wait(Some(waker), Some((&socket, interest)), deadline.remaining());
            if ready.woken {
                return;
            }
            if ready.readable || ready.hung_up {
                if hand.reader.is_none() {
                    hand.reader = self.state.lock().take_reader(epoch);
                }
                if hand.reader.is_some() {
                    hand.read_available();
                } else {
                    // A caller reads and will see the end itself.
                    wake::wait(Some(waker), None, Some(Duration::from_millis(1)));
                    return;
                }
            }
        }
    }

    fn reading_hand(&self, epoch: u64) -> Option<Hand<'_>> {
        let mut state = self.state.lock();
        let socket = state.socket.as_ref()?.clone();
        let reader = state.take_reader(epoch)?;
        Some(Hand { lane: self, socket, epoch, reader: Some(reader) })
    }

    fn last_read(&self) -> Instant {
        self.born + Duration::from_micros(self.last_read.load(Ordering::Relaxed))
    }

    fn note_read(&self) {
        let passed = time::now().saturating_duration_since(self.born).as_micros();
        self.last_read.store(u64::try_from(passed).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn stall_left(&self, state: &State) -> Option<Duration> {
        if state.in_flight == 0 {
            return None;
        }
        let stalled = time::now().saturating_duration_since(self.last_read().max(state.busy_since));
        Some(state.stall_limit.max(self.settings.stall_timeout).saturating_sub(stalled))
    }

    fn stall_error(&self) -> Error {
        let silent = self.silent_for().as_millis();
        Error::new(ErrorKind::ConnectionLost, format!("commands were unanswered and nothing was read for {silent} ms"))
    }

    /// Gives the READER role back and finds somebody to go on reading.
    fn release_reader(&self, mut reader: Box<Reader>) {
        let mut state = self.state.lock();
        loop {
            state.in_flight = state.in_flight.saturating_sub(std::mem::take(&mut reader.completed));
            if state.waiting_for_room > 0 {
                self.room.notify_all();
            }
            let down = state.down.is_some();
            let successor = if down { None } else { state.successor(&reader) };
            let unattended = successor.is_none() && state.in_flight > 0;
            state.reader = Some(reader);
            drop(state);
            if down {
                self.roles_back.notify_all();
                return;
            }
            match successor {
                Some(slot) if slot.call() => return,
                Some(_) => {}
                None if unattended => return self.attention.wake(),
                None => return,
            }
            // The chosen one has left meanwhile: look again, unless somebody else reads by now.
            state = self.state.lock();
            match state.reader.take() {
                Some(again) => reader = again,
                None => return,
            }
        }
    }

    fn release_writer(&self, mut state: MutexGuard<'_, State>, writer: Box<Writer>) {
        let unfinished = writer.written < writer.buffer.len();
        state.writer = Some(writer);
        let down = state.down.is_some();
        drop(state);
        if down {
            self.roles_back.notify_all();
        } else if unfinished {
            self.attention.wake();
        }
    }
}

impl State {
    fn queue(&mut self, owner: Owner, batch: Option<usize>, now: Instant, encode: impl FnOnce(&mut Vec<u8>)) {
        let before = self.out.len();
        encode(&mut self.out);
        let start = self.queued;
        self.queued += (self.out.len() - before) as u64;
        self.unclaimed.push_back(Entry { owner, start, end: self.queued, batch });
        if self.in_flight == 0 {
            self.busy_since = now;
            self.stall_limit = Duration::ZERO;
        }
        self.in_flight += 1;
    }

    /// The WRITER role, if it is free and there is something to write, with everything unclaimed claimed.
    fn take_writer(&mut self) -> Option<Box<Writer>> {
        let mut writer = self.writer.take()?;
        if writer.written < writer.buffer.len() || self.claim(&mut writer) {
            return Some(writer);
        }
        self.writer = Some(writer);
        None
    }

    /// Moves what is queued into the hands of a writer that has nothing left. False when there is nothing.
    fn claim(&mut self, writer: &mut Writer) -> bool {
        writer.written = 0;
        writer.buffer.clear();
        if writer.buffer.capacity() > KEEP {
            writer.buffer = Vec::new();
        }
        if self.out.is_empty() {
            return false;
        }
        std::mem::swap(&mut self.out, &mut writer.buffer);
        self.claimed.append(&mut self.unclaimed);
        true
    }

    fn take_reader(&mut self, epoch: u64) -> Option<Box<Reader>> {
        if self.epoch != epoch || self.socket.is_none() {
            return None;
        }
        let mut reader = self.reader.take()?;
        reader.pending.append(&mut self.claimed);
        Some(reader)
    }

    /// Removes a caller's bytes from the output if no writer has claimed them.
    fn take_back(&mut self, slot: &Arc<Slot<Ended>>) -> bool {
        let mine = |entry: &Entry| matches!(&entry.owner, Owner::Caller(other) if Arc::ptr_eq(other, slot));
        let Some(place) = self.unclaimed.iter().position(mine) else { return false };
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
    fn successor(&self, reader: &Reader) -> Option<Arc<Slot<Ended>>> {
        reader.pending.iter().chain(&self.claimed).chain(&self.unclaimed).take(SUCCESSORS).find_map(
            |entry| match &entry.owner {
                Owner::Caller(slot) if !slot.is_abandoned() => Some(slot.clone()),
                _ => None,
            },
        )
    }
}

/// A thread with a connection at hand and, perhaps, the READER role. Gives the role back when dropped.
struct Hand<'a> {
    lane: &'a Lane,
    socket: Arc<Socket>,
    epoch: u64,
    reader: Option<Box<Reader>>,
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.lane.release_reader(reader);
        }
    }
}

impl Hand<'_> {
    /// Writes until nothing is queued or the deadline passes, then gives the WRITER role back. When the socket takes no
    /// more it reads meanwhile, or two full socket buffers would wait for each other.
    fn write(&mut self, mut writer: Box<Writer>, deadline: Deadline) {
        let lane = self.lane;
        let mut uncounted = 0;
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
                return lane.release_writer(state, writer);
            }
            match self.socket.send(rest) {
                Ok(count) => {
                    writer.written += count;
                    uncounted += count as u64;
                    lane.counters.bytes_written.add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !deadline.has_passed() => {
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
                        lane.fail(self.epoch, lost(&format!("writing failed: {error}")));
                    }
                    let mut state = lane.state.lock();
                    state.written += uncounted;
                    return lane.release_writer(state, writer);
                }
            }
        }
    }

    /// Reads with the READER role, if it is at hand, until the slot has its result, the deadline passes or the
    /// connection ends.
    fn read_until_done(&mut self, slot: &Slot<Ended>, deadline: Deadline) {
        let lane = self.lane;
        let limit = lane.settings.stall_timeout;
        let mut spin_until = None;
        while self.reader.is_some() && !slot.is_done() {
            if !lane.settings.spin.is_zero() {
                let until = *spin_until.get_or_insert_with(|| Deadline::within(lane.settings.spin));
                if !until.has_passed() {
                    self.receive(Wait::No);
                    continue;
                }
            }
            match deadline.remaining() {
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
    fn read_available(&mut self) -> bool {
        let mut any = false;
        while self.reader.is_some() && self.receive(Wait::No) {
            any = true;
        }
        any
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
                match reader.complete_all(self.lane) {
                    Ok(()) => return true,
                    Err(error) => error,
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return false;
            }
            Err(error) => lost(&format!("reading failed: {error}")),
        };
        self.lane.fail(self.epoch, cause);
        if let Some(reader) = self.reader.take() {
            self.lane.release_reader(reader);
        }
        false
    }
}

impl Reader {
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
    fn complete_all(&mut self, lane: &Lane) -> Result<(), Error> {
        let ended = self.decode_all(lane);
        for slot in self.sleepers.drain(..) {
            slot.wake();
        }
        ended
    }

    fn decode_all(&mut self, lane: &Lane) -> Result<(), Error> {
        while self.used < self.input.len() {
            if self.pending.is_empty() {
                let mut state = lane.state.lock();
                state.in_flight = state.in_flight.saturating_sub(std::mem::take(&mut self.completed));
                self.pending.append(&mut state.claimed);
            }
            if let Some(Entry { batch: Some(count), .. }) = self.pending.front()
                && !self.batch_begun
            {
                self.decoder.begin_batch(*count);
                self.batch_begun = true;
            }
            let rest = self.input.get(self.used..).unwrap_or_default();
            let (count, progress) =
                self.decoder.decode(rest).map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))?;
            self.used += count;
            match progress {
                Progress::NeedMore => return Ok(()),
                Progress::Push(push) => {
                    if let Some(sink) = lane.sink() {
                        sink.pushed(push);
                    }
                }
                Progress::Reply(reply) => {
                    let Some(entry) = self.pending.pop_front() else {
                        let said =
                            reply.root().as_error().unwrap_or("a reply that nothing asked for".into()).into_owned();
                        return Err(Error::new(ErrorKind::Protocol, format!("the server sent: {said}")));
                    };
                    self.batch_begun = false;
                    self.completed += 1;
                    match entry.owner {
                        Owner::Caller(slot) => {
                            if slot.complete(Ended::Answered(reply)) == Completion::Asleep {
                                self.sleepers.push(slot);
                            }
                        }
                        Owner::Sink(token) => {
                            if let Some(sink) = lane.sink() {
                                sink.answered(token, reply);
                            }
                        }
                        Owner::Nobody => {}
                    }
                }
            }
        }
        Ok(())
    }
}

fn lost(cause: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, cause)
}
