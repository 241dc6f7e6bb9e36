//! The combining lane: many threads' commands over one socket, in order. Owns how a call is made, timed out, lost, and
//! how the roles change hands.
//!
//! There is no thread between a caller and the socket. Whoever finds the WRITER role free writes everybody's bytes in
//! one system call; whoever finds the READER role free reads, decodes and completes everybody's slots. The roles are
//! two boxes: to hold the box is to have the role. Any thread may call; the supervisor installs and collects. The lane
//! never reconnects, never sends anything twice, and after any doubt about framing it is down for good until then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::link::company::Company;
use crate::link::queue::Queue;
use crate::link::roles::{Hand, Reader, Writer};
use crate::link::slot::{Slot, Waited};
use crate::net::wake::Waker;
use crate::resp::{Limits, Reply};
use crate::stats::Counters;
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::time::{self, Deadline};

pub use crate::link::queue::Owner;
pub use crate::link::unattended::Submitted;

/// What the lane is told once.
#[derive(Clone, Debug)]
pub struct LaneSettings {
    /// After this long with unanswered commands and nothing read, the connection is dead.
    pub stall_timeout: Duration,
    /// How long a waiting caller stays awake.
    pub spin: Duration,
    /// Whether callers wait a moment for each other where that pays.
    pub adaptive_spin: bool,
    /// How many calls may be in flight.
    pub max_in_flight: usize,
    /// How many bytes may wait to be written before callers have to wait.
    pub max_output_bytes: usize,
    /// Limits on replies.
    pub limits: Limits,
}

/// Takes what belongs to no waiting caller. Called by whichever thread reads, which holds no lock of the lane; it must
/// be quick, and may give the connection up but not send or wait on the lane.
pub trait Sink: Send + Sync {
    /// The replies to what was queued under these tokens, in order, on the connection with number `epoch`. Takes them
    /// out.
    fn answered(&self, replies: &mut Vec<(u64, Reply)>, epoch: u64);
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
    /// The connection was given up because what came as its reply was not understood.
    pub is_garbled: bool,
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

/// An entry that lost its connection.
#[derive(Debug)]
pub struct LostEntry {
    /// Who has to be told.
    pub owner: Owner,
    /// What is known.
    pub loss: Loss,
}

/// One multiplexed connection, or the place where the next one will be.
pub struct Lane {
    pub(super) settings: LaneSettings,
    pub(super) counters: Arc<Counters>,
    sink: OnceLock<Weak<dyn Sink>>,
    /// Wakes the supervisor.
    pub(super) attention: Arc<Waker>,
    pub(super) company: Company,
    pub(super) state: Mutex<Queue>,
    /// Room in the output buffer or in flight.
    pub(super) room: Condvar,
    /// A role came back while the lane is down.
    pub(super) roles_back: Condvar,
    born: Instant,
    /// How long the connection may be silent while commands are unanswered, in microseconds.
    patience: AtomicU64,
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
        let queue = Queue::new(now, Reader::new(settings.limits));
        Lane {
            company: Company::new(settings.adaptive_spin),
            patience: AtomicU64::new(time::microseconds(settings.stall_timeout)),
            settings,
            counters,
            sink: OnceLock::new(),
            attention,
            state: Mutex::new(queue),
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

    pub(super) fn sink(&self) -> Option<Arc<dyn Sink>> {
        self.sink.get()?.upgrade()
    }

    /// Sends what `encode` appends and waits for the reply, or for `batch` replies as one array.
    pub fn call(&self, batch: Option<usize>, deadline: Deadline, encode: impl FnOnce(&mut Vec<u8>)) -> Called {
        let now = time::now();
        let slot = Arc::new(Slot::default());
        let mut state = self.state.lock();
        let mut waited = false;
        while state.open && !self.has_room(&state) {
            if deadline.has_passed() {
                return Called::TimedOut { unsent: true };
            }
            waited = true;
            state.waiting_for_room += 1;
            state = self.room.wait(state, deadline);
            state.waiting_for_room -= 1;
        }
        let Some(socket) = state.socket.as_ref().filter(|_| state.open).cloned() else {
            return Called::Closed;
        };
        let epoch = state.epoch;
        let (others_come, others_wait) = (self.company.come(), state.in_flight > 0);
        // While the server has nothing to do, what there is goes at once.
        let is_gathering = others_come && others_wait;
        state.add(Owner::Caller(slot.clone()), batch, now, encode);
        let left = deadline.since(now);
        state.stall_limit = state.stall_limit.max(left);
        let writer = if is_gathering { state.take_idle_writer() } else { state.take_writer() };
        let reader = state.take_reader(epoch);
        drop(state);

        if is_gathering && writer.is_some() {
            self.company.gather();
        }
        let has_company = others_come || others_wait;
        let mut hand = Hand { lane: self, socket, epoch, reader, supervised: false, own: Some(&slot), has_company };
        waited |= writer.is_some_and(|writer| hand.write(writer, deadline));
        hand.read_until_done(deadline, (!waited).then_some(left));
        drop(hand);
        loop {
            match slot.wait(deadline, self.settings.spin) {
                Waited::Done => return Self::taken(&slot, epoch),
                Waited::TimedOut => return self.give_up(&slot, epoch),
                Waited::Called if deadline.has_passed() => return self.give_up(&slot, epoch),
                Waited::Called => {
                    if let Some(mut hand) = self.reading_hand(epoch) {
                        hand.own = Some(&slot);
                        hand.has_company = true;
                        hand.read_until_done(deadline, None);
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
        let mine = |owner: &Owner| matches!(owner, Owner::Caller(other) if Arc::ptr_eq(other, slot));
        if state.epoch == epoch && state.take_back(mine) {
            if state.waiting_for_room > 0 {
                self.room.notify_all();
            }
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

    pub(super) fn has_room(&self, state: &Queue) -> bool {
        state.in_flight < self.settings.max_in_flight && state.out.len() < self.settings.max_output_bytes
    }

    /// Lets callers in. False when there is no connection.
    pub fn open(&self) -> bool {
        let mut state = self.state.lock();
        state.open = state.socket.is_some() && state.down.is_none();
        state.open
    }

    /// Lets no more callers into the connection with number `epoch`; what is on its way is answered. The supervisor is woken
    /// when all of it is.
    pub fn shut(&self, epoch: u64) {
        let mut state = self.state.lock();
        if state.epoch != epoch {
            return;
        }
        state.open = false;
        state.is_shut = true;
        drop(state);
        self.room.notify_all();
    }

    /// How long it may go on with unanswered commands and nothing read, from now on.
    pub fn set_patience(&self, patience: Duration) {
        self.patience.store(time::microseconds(patience), Ordering::Relaxed);
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
        let is_broken = cause.kind != ErrorKind::Closed;
        state.down = Some(cause);
        state.open = false;
        if let Some(socket) = &state.socket {
            if is_broken {
                // What the kernel still holds is sent again or reported as unknown: it must not arrive late as well.
                socket.reset_on_close();
            }
            socket.shutdown();
        }
        drop(state);
        self.room.notify_all();
        self.attention.wake();
    }

    fn reading_hand(&self, epoch: u64) -> Option<Hand<'_>> {
        let mut state = self.state.lock();
        let socket = state.socket.as_ref()?.clone();
        let reader = state.take_reader(epoch)?;
        Some(Hand { lane: self, socket, epoch, reader: Some(reader), supervised: false, own: None, has_company: false })
    }

    /// How long after `moment` something was last read, in whole microseconds. For what was just read it is how long it
    /// took, without a look at the clock.
    #[inline]
    pub fn last_read_after(&self, moment: Instant) -> u64 {
        let moment = time::microseconds(moment.saturating_duration_since(self.born));
        self.last_read.load(Ordering::Relaxed).saturating_sub(moment)
    }

    pub(super) fn last_read(&self) -> Instant {
        self.born + Duration::from_micros(self.last_read.load(Ordering::Relaxed))
    }

    pub(super) fn note_read(&self) {
        let passed = time::now().saturating_duration_since(self.born);
        self.last_read.store(time::microseconds(passed), Ordering::Relaxed);
    }

    pub(super) fn stall_left(&self, state: &Queue) -> Option<Duration> {
        if state.in_flight == 0 {
            return None;
        }
        let stalled = time::now().saturating_duration_since(self.last_read().max(state.busy_since));
        let patience = Duration::from_micros(self.patience.load(Ordering::Relaxed));
        Some(state.stall_limit.max(patience).saturating_sub(stalled))
    }

    pub(super) fn stall_error(&self) -> Error {
        let silent = self.silent_for().as_millis();
        Error::new(ErrorKind::ConnectionLost, format!("commands were unanswered and nothing was read for {silent} ms"))
    }

    /// Wakes whom the reader has answered, while it goes on reading.
    pub(super) fn wake_answered(&self, reader: &mut Reader) {
        let mut state = self.state.lock();
        state.in_flight = state.in_flight.saturating_sub(std::mem::take(&mut reader.completed));
        state.heard(self.last_read());
        self.tell_when_done(&state);
        drop(state);
        self.wake_all(std::mem::take(&mut reader.sleepers));
    }

    fn tell_when_done(&self, state: &Queue) {
        if state.is_shut && state.in_flight == 0 {
            self.attention.wake();
        }
    }

    fn wake_all(&self, answered: Vec<Arc<Slot<Ended>>>) {
        if !answered.is_empty() {
            self.company.leave(answered.len());
            answered.iter().for_each(|slot| slot.wake());
        }
    }

    /// Gives the READER role back, finds somebody to go on reading, and wakes whom it has answered: they come upon a lane
    /// that is ready for them.
    ///
    /// `supervised`: the supervisor gives it back, and will look again by itself.
    pub(super) fn release_reader(&self, mut reader: Box<Reader>, supervised: bool) {
        let answered = std::mem::take(&mut reader.sleepers);
        self.pass_on(reader, supervised);
        self.wake_all(answered);
    }

    fn pass_on(&self, mut reader: Box<Reader>, supervised: bool) {
        let mut state = self.state.lock();
        loop {
            state.in_flight = state.in_flight.saturating_sub(std::mem::take(&mut reader.completed));
            self.tell_when_done(&state);
            if state.waiting_for_room > 0 {
                self.room.notify_all();
            }
            let down = state.down.is_some();
            let successor = if down { None } else { state.successor(&reader) };
            let unattended = successor.is_none() && state.in_flight > 0 && !supervised && state.must_call();
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

    pub(super) fn release_writer(&self, mut state: MutexGuard<'_, Queue>, writer: Box<Writer>) {
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
