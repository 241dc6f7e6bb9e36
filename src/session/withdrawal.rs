//! How a command that waits is given up by another thread. Owns where its result goes, and whether the server has it.
//!
//! Any thread withdraws; the thread that waits asks before it sends, and is woken when it does. It ends nothing at the server.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::delivery::completion::Target;
use crate::delivery::request::Completed;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::net::wake::Waker;
use crate::sync::Mutex;

/// How another thread gives up a command that waits, and where its result goes.
pub struct Withdrawal {
    /// Nobody wants it any more.
    is_withdrawn: AtomicBool,
    /// Ends the wait of its thread.
    waker: Waker,
    standing: Mutex<Standing>,
}

struct Standing {
    /// Where the result goes, until it went there.
    target: Option<Target>,
    /// The server has the command, or will in a moment.
    is_at_server: bool,
    /// What is known of it while the server does not have it.
    outcome: Outcome,
}

impl std::fmt::Debug for Withdrawal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Withdrawal").field("is_withdrawn", &self.is_withdrawn).finish_non_exhaustive()
    }
}

impl Withdrawal {
    /// For a command whose result goes to `target`.
    pub(super) fn new(target: Target) -> Result<Self> {
        let waker = Waker::new().map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
        let standing = Standing { target: Some(target), is_at_server: false, outcome: Outcome::NotApplied };
        Ok(Withdrawal { is_withdrawn: AtomicBool::new(false), waker, standing: Mutex::new(standing) })
    }

    /// Gives it up: false when it is completed already. What the server does not have completes here, the rest on its thread
    /// when it was ended there.
    pub(super) fn withdraw(&self) -> bool {
        let mut standing = self.standing.lock();
        let (is_at_server, outcome) = (standing.is_at_server, standing.outcome);
        let target = if is_at_server { None } else { standing.target.take() };
        if !is_at_server && target.is_none() {
            return false;
        }
        self.is_withdrawn.store(true, Ordering::Release);
        drop(standing);
        self.waker.wake();
        if let Some(target) = target {
            target.take(Err(cancelled().with_outcome(outcome).into()));
        }
        true
    }

    /// It goes to the server now, unless it was withdrawn.
    pub(super) fn departs(&self) -> bool {
        let mut standing = self.standing.lock();
        standing.is_at_server = !self.is_withdrawn();
        standing.is_at_server
    }

    /// The server does not have it, or is not known to have it, any more.
    pub(super) fn is_back(&self, outcome: Outcome) {
        let mut standing = self.standing.lock();
        standing.is_at_server = false;
        standing.outcome = outcome;
    }

    /// Does nobody want it any more?
    pub(super) fn is_withdrawn(&self) -> bool {
        self.is_withdrawn.load(Ordering::Acquire)
    }

    /// For attempts that it ends.
    pub(super) fn signals(&self) -> (&Waker, &AtomicBool) {
        (&self.waker, &self.is_withdrawn)
    }

    /// Hands the result over, if nobody did before.
    pub(super) fn complete(&self, completed: Completed) {
        let mut standing = self.standing.lock();
        standing.is_at_server = false;
        let target = standing.target.take();
        drop(standing);
        if let Some(target) = target {
            target.take(completed);
        }
    }
}

/// The failure of a command that was withdrawn.
pub(super) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the command was cancelled")
}
