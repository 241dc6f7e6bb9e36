//! The supervisor: one thread per client that keeps its lane connected. Owns the life of connections: attempts, pauses,
//! giving up, the slow probe, health checks, and noticing that a connection has ended while nobody uses it.
//!
//! It sleeps in `poll` and wakes for health checks only when all is well. What becomes of commands it leaves to its
//! crew, the layer above. It never drops a command and never runs a callback of the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::link::backoff::{self, Next};
use crate::link::lane::{Lane, LostEntry};
use crate::link::mover::{Move, Mover};
use crate::net::connect::{Connected, Connector, Order};
use crate::net::credentials::Lease;
use crate::net::handshake::{Greeting, Identity, Interest};
use crate::net::wake::{self, Waker};
use crate::net::{Attempt, Refusal};
use crate::resp::Limits;
use crate::stats::Counters;
use crate::sync::Mutex;
use crate::time::{self, Deadline};

/// A connection that lasted at least so long was of use, even if nothing was read from it.
const STEADY: Duration = Duration::from_secs(1);

/// How long a server that is left has to answer what is on its way.
const LAST_ANSWERS: Duration = Duration::from_millis(250);

/// What an open connection is asked from time to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Whether it is there, when nothing was read from it for a while.
    Ping,
    /// Its role, also while there is traffic.
    Role,
    /// Its role, at once.
    RoleNow,
}

/// The layer above, as the supervisor sees it. All of it runs on the supervisor's thread.
pub trait Crew: Send + Sync {
    /// Who the client is on the next connection.
    fn identity(&self) -> Identity;
    /// The connection is gone; these had no reply, in order. `is_moving`: another one is there to take its place.
    fn lost(&self, entries: Vec<LostEntry>, cause: &Error, is_moving: bool);
    /// The server is not the right one any more: the number of the connection to it, and why.
    fn leaving(&self) -> Option<(u64, Error)>;
    /// The server has announced that it moves, if it did so since the last time.
    fn moving(&self) -> Option<Move>;
    /// There is a connection to the new place, which takes over as soon as all is answered on the present one.
    fn changes_over(&self);
    /// There was no connection to the new place.
    fn not_moved(&self, error: &Error);
    /// An attempt begins, the first of an outage being number 1.
    fn attempting(&self, attempt: u32);
    /// An attempt failed; the next follows after `pause`.
    fn waiting(&self, refusal: &Refusal, attempts: u32, pause: Duration);
    /// No more attempts but the slow probe.
    fn gave_up(&self, refusal: &Refusal, attempts: u32);
    /// The program wants to start anew after giving up.
    fn resumed(&self);
    /// There is a connection: send what waits for one and open the lane. False when it was lost again before.
    fn recover(&self, greeting: &Greeting, supervision: &Supervision) -> bool;
    /// What to ask an open connection.
    fn check(&self) -> Check;
    /// The program did not give the credentials that are to take the place of those in use.
    fn not_renewed(&self, error: &Error);
    /// Did the server refuse such credentials since the last time?
    fn was_login_refused(&self) -> bool;
    /// Look after what gets old: when to look again.
    fn sweep(&self) -> Option<Duration>;
    /// The supervisor ends; nothing will be sent any more.
    fn ended(&self);
}

/// What the supervisor shares with the threads that steer it.
#[derive(Debug)]
pub struct Supervision {
    /// The lane it keeps.
    pub lane: Arc<Lane>,
    /// Ends its present wait.
    pub waker: Arc<Waker>,
    stopping: AtomicBool,
    hurry: AtomicBool,
}

impl Supervision {
    /// For a lane and the waker that the lane calls for attention with.
    pub fn new(lane: Arc<Lane>, waker: Arc<Waker>) -> Self {
        Supervision { lane, waker, stopping: AtomicBool::new(false), hurry: AtomicBool::new(false) }
    }

    /// The program asks for an attempt: ends the present pause, and an attempt that is under way gives nothing up.
    pub fn hurry(&self) {
        self.hurry.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn is_hurried(&self) -> bool {
        self.hurry.load(Ordering::Acquire)
    }

    /// Has the supervisor been told to end?
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// The thread, and how to end it.
#[derive(Debug)]
pub struct Supervisor {
    supervision: Arc<Supervision>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Supervisor {
    /// Starts the thread; the first attempt is made at once.
    pub fn start(
        config: Arc<Config>,
        connector: Arc<Connector>,
        supervision: Arc<Supervision>,
        crew: Arc<dyn Crew>,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let watch = Watch { config, connector, supervision: supervision.clone(), crew, counters };
        let thread = std::thread::Builder::new()
            .name("rr-supervisor".into())
            .spawn(move || watch.keep())
            .map_err(|error| Error::new(ErrorKind::System, format!("cannot start the supervisor thread: {error}")))?;
        Ok(Supervisor { supervision, thread: Mutex::new(Some(thread)) })
    }

    /// Ends the thread; the connection is closed. Returns when it has ended.
    pub fn stop(&self) {
        self.supervision.stopping.store(true, Ordering::Release);
        self.supervision.waker.wake();
        // Held meanwhile: whoever else stops it waits for its end, too.
        let mut thread = self.thread.lock();
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What is remembered from one attempt to the next.
struct Outage {
    since: Instant,
    attempts: u32,
    gave_up: bool,
    /// Why the last attempt failed, until its pause is over.
    refusal: Option<Refusal>,
}

impl Outage {
    fn begin() -> Self {
        Outage { since: time::now(), attempts: 0, gave_up: false, refusal: None }
    }

    fn failed(&mut self, refusal: Refusal) {
        self.attempts = self.attempts.saturating_add(1);
        self.refusal = Some(refusal);
    }
}

/// What the thread itself holds.
struct Watch {
    config: Arc<Config>,
    supervision: Arc<Supervision>,
    crew: Arc<dyn Crew>,
    counters: Arc<Counters>,
    connector: Arc<Connector>,
}

impl Watch {
    fn keep(self) {
        let lane = self.supervision.lane.clone();
        let mut outage = Outage::begin();
        let mut flaps = 0_u32;
        let mut next = self.connect(&mut outage);
        while let Some(Connected { talk, greeting, mut lease }) = next {
            self.counters.connects.add(1);
            if let Err(error) = lane.install(talk.into_socket()) {
                outage.failed(Refusal::Unreachable(Error::new(ErrorKind::System, error.to_string())));
                next = self.connect(&mut outage);
                continue;
            }
            let (begun, read) = (time::now(), self.counters.bytes_read.get());
            let was_open = self.crew.recover(&greeting, &self.supervision);
            let mut moved = None;
            if was_open {
                // Whoever asked for a connection has it.
                self.supervision.hurry.store(false, Ordering::Release);
                moved = self.serve(&mut lease);
                let lasted = time::now().saturating_duration_since(begun);
                let was_of_use = lasted >= STEADY || self.counters.bytes_read.get() > read;
                flaps = if was_of_use { 0 } else { flaps.saturating_add(1) };
                outage = Outage::begin();
            }
            let cause = lane.failure().unwrap_or_else(if moved.is_some() { moving } else { closing });
            if !was_open {
                outage.failed(Refusal::NotNow(cause.clone()));
            } else if self.config.reconnect_tries == Some(0) {
                outage.failed(Refusal::Unreachable(cause.clone()));
            }
            lane.fail(lane.epoch(), cause.clone());
            let entries = lane.collect();
            self.counters.disconnects.add(1);
            self.crew.lost(entries, &cause, moved.is_some());
            // The first attempt is made at once, but not for ever when each connection ends as soon as it is there.
            if flaps > 1 && moved.is_none() {
                self.pause(Some(backoff::jitter(&self.config, flaps - 1, backoff::draw)));
            }
            next = match moved {
                Some(connected) => Some(connected),
                None => self.connect(&mut outage),
            };
        }
        self.crew.ended();
    }

    /// Attempts until there is a connection; `None` when told to end.
    fn connect(&self, outage: &mut Outage) -> Option<Connected> {
        loop {
            // A connection that was made and lost again before it was of use counts as a failed attempt, too.
            if let Some(refusal) = outage.refusal.take() {
                self.pause_after(&refusal, outage);
            }
            if self.supervision.is_stopping() {
                return None;
            }
            if self.supervision.hurry.swap(false, Ordering::AcqRel) && outage.gave_up {
                *outage = Outage::begin();
                self.crew.resumed();
            }
            self.crew.attempting(outage.attempts.saturating_add(1));
            match self.attempt() {
                Ok(ready) => return Some(ready),
                Err(refusal) => {
                    self.counters.connect_failures.add(1);
                    outage.failed(refusal);
                }
            }
        }
    }

    fn pause_after(&self, refusal: &Refusal, outage: &mut Outage) {
        if self.supervision.is_stopping() {
            return;
        }
        let elapsed = time::now().saturating_duration_since(outage.since);
        let next = if outage.gave_up || refusal.is_lasting() {
            Next::GiveUp
        } else {
            backoff::next(&self.config, outage.attempts, elapsed, backoff::draw)
        };
        match next {
            Next::After(pause) => {
                self.crew.waiting(refusal, outage.attempts, pause);
                self.pause(Some(pause));
            }
            // The program has asked for an attempt meanwhile, which knows more than the one that failed: it is the first anew.
            Next::GiveUp if self.supervision.is_hurried() => *outage = Outage::begin(),
            Next::GiveUp => {
                if !outage.gave_up {
                    self.crew.gave_up(refusal, outage.attempts);
                    outage.gave_up = true;
                }
                self.pause(backoff::probe_interval(&self.config));
            }
        }
    }

    fn attempt(&self) -> std::result::Result<Connected, Refusal> {
        let attempt = Attempt {
            deadline: Deadline::within(self.config.connect_timeout),
            limit: "the connect timeout",
            waker: Some(&self.supervision.waker),
            abandoned: &self.supervision.stopping,
        };
        let identity = self.crew.identity();
        let order =
            Order { identity: &identity, interest: Interest::Standing, limits: Limits::default(), has_to_move: false };
        self.connector.connect(&order, &attempt)
    }

    /// Sleeps, unless hurried or told to end.
    fn pause(&self, length: Option<Duration>) {
        let deadline = Deadline::within_or_never(length);
        while !deadline.has_passed() && !self.supervision.is_hurried() && !self.supervision.is_stopping() {
            let left = earlier(deadline.remaining(), self.crew.sweep());
            wake::wait(Some(&self.supervision.waker), None, left);
        }
    }

    /// Looks after an open lane until its connection ends, the supervisor is told to end, or the server has moved: then
    /// the connection that takes its place is returned.
    fn serve(&self, lease: &mut Lease) -> Option<Connected> {
        let lane = &self.supervision.lane;
        let mut role_asked = time::now();
        let mut mover: Option<Mover> = None;
        loop {
            let down = || self.supervision.is_stopping() || lane.failure().is_some();
            if down() {
                return None;
            }
            if let Some((epoch, cause)) = self.crew.leaving() {
                // What else is on its way is told by the server itself whether it ran.
                self.finish(LAST_ANSWERS);
                lane.fail(epoch, cause);
                return None;
            }
            if let Some(going) = self.crew.moving() {
                mover = self.start_moving(going);
            }
            if let Some(made) = mover.as_ref().and_then(Mover::take) {
                mover = None;
                match made {
                    Ok(connected) => {
                        // Between two commands, it takes the place of the present one.
                        self.crew.changes_over();
                        self.finish(self.config.command_timeout);
                        return Some(connected);
                    }
                    Err(error) => self.crew.not_moved(&error),
                }
            }
            let mut until = earlier(self.crew.sweep(), self.renew(lease));
            let check = self.crew.check();
            // No later than the next health check, should the answers come meanwhile.
            until = earlier(earlier(until, lane.check_stall()), self.config.health_check_interval);
            let left = match (check, self.config.health_check_interval) {
                (Check::RoleNow, _) => Some(Duration::ZERO),
                (_, None) => None,
                (Check::Role, Some(interval)) => {
                    Some(interval.saturating_sub(time::now().saturating_duration_since(role_asked)))
                }
                (Check::Ping, Some(interval)) if lane.in_flight() == 0 => {
                    Some(interval.saturating_sub(lane.silent_for()))
                }
                (Check::Ping, Some(_)) => None,
            };
            if left == Some(Duration::ZERO) {
                match check {
                    Check::Ping => lane.queue_ping(),
                    Check::Role | Check::RoleNow => {
                        role_asked = time::now();
                        lane.queue_role();
                    }
                }
                continue;
            }
            // A moment more than asked for, so that what was waited for has really come.
            let until = earlier(until, left).map(|until| until + Duration::from_millis(1));
            lane.serve(&self.supervision.waker, until, &down);
        }
    }
}

impl Watch {
    fn start_moving(&self, going: Move) -> Option<Mover> {
        let (connector, attention) = (self.connector.clone(), self.supervision.waker.clone());
        let started = Mover::start(connector, self.crew.clone(), going, self.config.connect_timeout, attention);
        started.inspect_err(|error| self.crew.not_moved(error)).ok()
    }

    /// Lets no new commands in and waits for the answers to those that are on their way.
    fn finish(&self, patience: Duration) {
        let lane = &self.supervision.lane;
        lane.shut(lane.epoch());
        let deadline = Deadline::within(patience);
        let is_quiet = || lane.in_flight() == 0 || self.supervision.is_stopping() || lane.failure().is_some();
        while !is_quiet() && !deadline.has_passed() {
            let until = earlier(earlier(deadline.remaining(), self.crew.sweep()), lane.check_stall());
            lane.serve(&self.supervision.waker, until.map(|until| until + Duration::from_millis(1)), &is_quiet);
        }
    }

    /// Puts new credentials in place of those that expire, between two commands. How long until there is something to do.
    fn renew(&self, lease: &mut Lease) -> Option<Duration> {
        let credentials = self.connector.credentials()?;
        if self.crew.was_login_refused() {
            lease.was_refused(self.config.reconnect_interval);
        }
        match credentials.renew(lease, &self.supervision.waker) {
            Some(Ok(given)) => self.supervision.lane.queue_login(given.login.auth()),
            Some(Err(error)) => self.crew.not_renewed(&error),
            None => {}
        }
        lease.left()
    }
}

fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn moving() -> Error {
    Error::new(ErrorKind::ConnectionLost, "the server has moved")
}

fn closing() -> Error {
    Error::new(ErrorKind::Closed, "the client was closed")
}
