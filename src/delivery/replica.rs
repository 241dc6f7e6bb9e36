//! Reads from a replica. Owns the connection to it, with a supervisor of its own, and when a read goes on to the primary
//! instead: whenever the replica does not answer it, or not well.
//!
//! A call runs on its caller's thread, as at the primary. Nothing waits here for an outage, nothing is buffered, and
//! nothing but reads is sent, so that nothing can be lost or run twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crate::config::{Config, ServerRole};
use crate::delivery::desk::Desk;
use crate::delivery::policy;
use crate::delivery::request::Request;
use crate::error::{self, Error, ErrorKind, Result};
use crate::link::lane::{Called, Ended, Lane, LaneSettings, LostEntry, Owner, Sink};
use crate::link::mover::Move;
use crate::link::supervisor::{Check, Crew, Supervision, Supervisor};
use crate::log::Level;
use crate::net::Refusal;
use crate::net::handshake::{Greeting, Identity};
use crate::net::replicas::{Replicas, split};
use crate::net::wake::Waker;
use crate::resp::Reply;
use crate::stats::Counters;
use crate::sync::Mutex;
use crate::time::{self, Deadline};

/// See above.
pub struct Replica {
    link: Arc<Link>,
    supervisor: Supervisor,
}

/// The connection, as its supervisor works it.
struct Link {
    desk: Weak<Desk>,
    known: Arc<Replicas>,
    /// The configuration says where it is.
    is_told: bool,
    supervision: Arc<Supervision>,
    /// Who the client was when it was introduced there: that version of its session.
    introduced: AtomicU64,
    /// The present one's address.
    address: Mutex<String>,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica").field("known", &self.link.known).finish_non_exhaustive()
    }
}

impl Replica {
    /// Begins to look for one, for the client behind `desk`.
    pub fn start(config: &Arc<Config>, desk: &Arc<Desk>, settings: LaneSettings) -> Result<Self> {
        let told: Vec<_> = config.replica_address.iter().filter_map(|address| split(address)).collect();
        let is_told = !told.is_empty();
        let known = Arc::new(Replicas::new(told));
        let waker = Waker::new().map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
        let waker = Arc::new(waker);
        // Counted apart: the client's numbers are those of its primary.
        let counters = Arc::new(Counters::default());
        let settings = LaneSettings { stall_timeout: patience(settings.stall_timeout), ..settings };
        let lane = Arc::new(Lane::new(settings, counters.clone(), waker.clone()));
        let supervision = Arc::new(Supervision::new(lane.clone(), waker));
        let link = Arc::new(Link {
            desk: Arc::downgrade(desk),
            known: known.clone(),
            is_told,
            supervision: supervision.clone(),
            introduced: AtomicU64::new(0),
            address: Mutex::default(),
        });
        let sink: Arc<dyn Sink> = link.clone();
        lane.attach(Arc::downgrade(&sink));
        let connector = Arc::new(desk.connector.to_replicas(known));
        let supervisor = Supervisor::start(config.clone(), connector, supervision, link.clone(), counters)?;
        Ok(Replica { link, supervisor })
    }

    /// The reply to a read; `None` when the primary has to be asked.
    pub(super) fn ask(&self, request: &Request<'_>, session: u64) -> Option<Reply> {
        let lane = &self.link.supervision.lane;
        if self.link.introduced.load(Ordering::Acquire) != session {
            // It was introduced as somebody who the client is not any more.
            lane.fail(lane.epoch(), Error::new(ErrorKind::ConnectionLost, "the session was changed"));
            return None;
        }
        let now = time::now();
        // The primary has the other half.
        let deadline = Deadline::after(now, patience(request.deadline.since(now)));
        match lane.call(request.body.batch(), deadline, |out| request.body.encode(out)) {
            Called::Answered(reply, epoch) => match refusal(&reply) {
                None => Some(reply),
                Some(text) => {
                    // To be a replica is no fault of it, so READONLY is none.
                    if policy::is_not_now(&text, ServerRole::Any) {
                        // It is of no use for now.
                        lane.fail(epoch, Error::new(ErrorKind::ConnectionLost, error::without_quotations(&text)));
                    }
                    None
                }
            },
            Called::Closed | Called::TimedOut { .. } | Called::Lost(_) => None,
        }
    }

    /// The primary has told which replicas it has.
    pub(super) fn learn(&self, addresses: impl Iterator<Item = String>) {
        let link = &self.link;
        if link.is_told || !link.known.learn(addresses) {
            return;
        }
        let lane = &link.supervision.lane;
        if lane.is_open() && !link.known.contains(&link.address.lock()) {
            let cause = Error::new(ErrorKind::ConnectionLost, "it is no replica of the primary any more");
            lane.fail(lane.epoch(), cause);
        }
        link.supervision.hurry();
    }

    /// Ends the connection and its thread.
    pub fn end(&self) {
        self.supervisor.stop();
    }
}

/// Half of what the client has.
fn patience(whole: Duration) -> Duration {
    (whole / 2).max(Duration::from_millis(1))
}

/// Why a reply is none that can be given out: the replica is not ready, or does not do this.
fn refusal(reply: &Reply) -> Option<String> {
    let root = reply.root();
    let is_refusal = |text: &str| policy::is_refused_before_running(text) || policy::is_forbidden(text);
    if let Some(text) = root.as_error() {
        return is_refusal(&text).then(|| text.into_owned());
    }
    if !root.kind().is_aggregate() {
        return None;
    }
    root.iter().find_map(|value| value.as_error().filter(|text| is_refusal(text)).map(std::borrow::Cow::into_owned))
}

impl Sink for Link {
    fn answered(&self, replies: &mut Vec<(u64, Reply)>, _epoch: u64) {
        replies.clear();
    }

    fn pushed(&self, _push: Reply) {}
}

impl Link {
    fn say(&self, text: impl FnOnce() -> String) {
        if let Some(desk) = self.desk.upgrade() {
            desk.events.log().write(Level::Debug, || format!("replica: {}", text()));
        }
    }
}

impl Crew for Link {
    fn identity(&self) -> Identity {
        match self.desk.upgrade() {
            Some(desk) => {
                let session = desk.session.lock();
                self.introduced.store(session.version, Ordering::Release);
                session.identity.clone()
            }
            None => Identity::of(&Config::default()),
        }
    }

    fn lost(&self, entries: Vec<LostEntry>, cause: &Error, _is_moving: bool) {
        self.say(|| format!("the connection is lost: {cause}"));
        for entry in entries {
            if let Owner::Caller(slot) = entry.owner {
                slot.settle(Ended::Lost(entry.loss));
            }
        }
    }

    fn leaving(&self) -> Option<(u64, Error)> {
        None
    }

    fn changes_over(&self) {}

    fn moving(&self) -> Option<Move> {
        None
    }

    fn not_moved(&self, _error: &Error) {}

    fn attempting(&self, _attempt: u32) {}

    fn waiting(&self, refusal: &Refusal, attempts: u32, _pause: Duration) {
        self.say(|| format!("attempt {attempts} to connect failed: {}", refusal.error()));
    }

    fn gave_up(&self, refusal: &Refusal, attempts: u32) {
        self.say(|| format!("gave up after {attempts} attempts: {}; only a slow probe goes on", refusal.error()));
    }

    fn resumed(&self) {}

    fn recover(&self, greeting: &Greeting, supervision: &Supervision) -> bool {
        self.say(|| format!("{} at {}", greeting, greeting.standing.address));
        self.address.lock().clone_from(&greeting.standing.address);
        supervision.lane.open()
    }

    fn check(&self) -> Check {
        Check::Ping
    }

    fn not_renewed(&self, error: &Error) {
        self.say(|| format!("the credentials could not be renewed: {error}"));
    }

    fn was_login_refused(&self) -> bool {
        false
    }

    fn sweep(&self) -> Option<Duration> {
        None
    }

    fn ended(&self) {}
}

/// Where a desk finds its replica, if it has one.
pub(super) type Reading = OnceLock<Arc<Replica>>;

impl Desk {
    /// From now on, reads go to `replica` first.
    pub fn read_from(&self, replica: Arc<Replica>) {
        let _ = self.replica.set(replica);
    }

    /// The reply of the replica, if it may be asked and answers.
    pub(super) fn ask_replica(&self, request: &Request<'_>) -> Option<Reply> {
        let replica = self.replica.get()?;
        if !request.nature.may_be_read_anywhere() || request.body.is_atomic() {
            return None;
        }
        let session = self.session_version.load(Ordering::Acquire);
        let reply = replica.ask(request, session)?;
        let commands = u64::from(request.body.commands());
        self.counters.replies.add(commands);
        self.counters.replica_reads.add(commands);
        self.counters.durations.record(time::microseconds(time::now().saturating_duration_since(request.since)));
        Some(reply)
    }
}
