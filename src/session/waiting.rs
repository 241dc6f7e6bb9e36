//! Submitted commands that wait at the server: each has a thread of its own for as long as it does. Owns these threads, and
//! which of their commands there are.
//!
//! Any thread submits and cancels, and waits for nothing; what becomes of a command is decided by `blocking`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::command::Traits;
use crate::delivery::completion::Target;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::session::blocking::{Blocking, BlockingOptions};
use crate::session::withdrawal::Withdrawal;
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// A command needs little of it.
const STACK: usize = 256 << 10;

/// The commands that were submitted and wait, or are about to.
pub struct Waiting {
    blocking: Arc<Blocking>,
    running: Mutex<Line>,
    /// One of them has ended.
    changed: Condvar,
}

#[derive(Default)]
struct Line {
    withdrawals: HashMap<u64, Arc<Withdrawal>>,
    /// The client has ended: nothing new begins.
    is_over: bool,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

/// A command on its thread.
struct Running {
    all: Arc<Waiting>,
    id: u64,
    withdrawal: Arc<Withdrawal>,
}

impl Drop for Running {
    /// Whatever happened, it completes, and whoever waits for its end is told.
    fn drop(&mut self) {
        let error = Error::new(ErrorKind::Panic, "the library failed while the command was waiting");
        self.withdrawal.complete(Err(error.with_outcome(Outcome::Unknown).into()));
        self.all.running.lock().withdrawals.remove(&self.id);
        self.all.changed.notify_all();
    }
}

impl Waiting {
    /// None yet.
    pub fn new(blocking: Arc<Blocking>) -> Self {
        Waiting { blocking, running: Mutex::default(), changed: Condvar::new() }
    }

    /// Has the command wait on a thread of its own. Failing, it is not sent and nothing goes to `target`.
    pub fn submit(
        self: &Arc<Self>,
        id: u64,
        argv: &[&[u8]],
        traits: Traits,
        options: BlockingOptions,
        target: Target,
    ) -> Result<()> {
        let withdrawal = Arc::new(Withdrawal::new(target)?);
        let argv: Vec<Box<[u8]>> = argv.iter().map(|argument| (*argument).into()).collect();
        let mut running = self.running.lock();
        if running.is_over {
            return Err(Error::not_applied(ErrorKind::Closed, "the client is closed"));
        }
        running.withdrawals.insert(id, withdrawal.clone());
        drop(running);
        let all = self.clone();
        let run = move || {
            let running = Running { all, id, withdrawal };
            let argv: Vec<&[u8]> = argv.iter().map(|argument| &**argument).collect();
            let ended = running.all.blocking.call(&argv, traits, options, Some(&running.withdrawal));
            running.withdrawal.complete(ended.map_err(Into::into));
        };
        let thread = std::thread::Builder::new().name("rr-waiting".into()).stack_size(STACK).spawn(run);
        thread.map(drop).map_err(|error| {
            self.running.lock().withdrawals.remove(&id);
            Error::not_applied(ErrorKind::System, format!("no thread for a command that waits: {error}"))
        })
    }

    /// Gives up the command with this number: false when it is completed, or there is none.
    pub fn cancel(&self, id: u64) -> bool {
        let withdrawal = self.running.lock().withdrawals.get(&id).cloned();
        withdrawal.is_some_and(|withdrawal| withdrawal.withdraw())
    }

    /// Does anything wait?
    pub fn is_empty(&self) -> bool {
        self.running.lock().withdrawals.is_empty()
    }

    /// Lets nothing new begin and waits until all have completed. Their connections have been ended before.
    pub fn join(&self) {
        let mut running = self.running.lock();
        running.is_over = true;
        while !running.withdrawals.is_empty() {
            running = self.changed.wait(running, Deadline::NEVER);
        }
    }
}
