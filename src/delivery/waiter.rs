//! Who waits for what becomes of a command in the line: a caller at its slot, or an operation, which is nobody's thread
//! but a place where its result goes.
//!
//! Any thread may settle a waiter; the first time counts. Nothing here blocks, sends, or runs a callback.

use std::time::{Duration, Instant};

use crate::delivery::buffer::Settled;
use crate::delivery::completion::Target;
use crate::delivery::policy;
use crate::error::{Error, Result};
use crate::link::slot::{Slot, Waited};
use crate::resp::Reply;
use crate::sync::Mutex;
use crate::time::Deadline;

/// See above.
#[derive(Debug)]
pub enum Waiter {
    /// A thread.
    Caller(Slot<Settled>),
    /// A command that was submitted.
    Operation(Operation),
}

/// A command that was submitted: where its result goes, and when it is given up.
#[derive(Debug)]
pub struct Operation {
    /// Its number among the client's operations.
    pub id: u64,
    /// When it was submitted.
    pub since: Instant,
    /// When it is given up, unless it was accepted into the buffer.
    pub deadline: Deadline,
    /// Its result must be an error of a command that may fail half-way, if it is one.
    pub may_fail_halfway: bool,
    target: Mutex<Option<Target>>,
}

impl Operation {
    /// Not completed yet.
    pub fn new(id: u64, since: Instant, deadline: Deadline, may_fail_halfway: bool, target: Target) -> Self {
        Operation { id, since, deadline, may_fail_halfway, target: Mutex::new(Some(target)) }
    }

    /// Hands the result over: false when there was one already.
    pub fn complete(&self, result: Result<Reply>) -> bool {
        let target = self.target.lock().take();
        target.map(|target| target.take(result)).is_some()
    }

    fn result(&self, settled: Settled) -> Result<Reply> {
        match settled {
            Settled::Failed(error, _) => Err(error),
            Settled::Answered(answer) => match answer.reply.root().as_error() {
                None => Ok(answer.reply),
                Some(text) => {
                    let outcome = policy::outcome_of_error(&text, self.may_fail_halfway);
                    Err(Error::server(&text, policy::outcome_after(outcome, answer.was_written)))
                }
            },
        }
    }
}

impl Waiter {
    /// A thread that will wait.
    pub fn caller() -> Self {
        Waiter::Caller(Slot::default())
    }

    /// Says what became of the command: false when nobody wants to know any more.
    pub fn settle(&self, settled: Settled) -> bool {
        match self {
            Waiter::Caller(slot) => slot.settle(settled),
            Waiter::Operation(operation) => operation.complete(operation.result(settled)),
        }
    }

    /// The operation, if it is one.
    pub fn operation(&self) -> Option<&Operation> {
        match self {
            Waiter::Caller(_) => None,
            Waiter::Operation(operation) => Some(operation),
        }
    }

    /// A caller waits. Anything but a result means that the time has passed.
    pub fn wait(&self, until: Deadline) -> bool {
        match self {
            Waiter::Caller(slot) => slot.wait(until, Duration::ZERO) == Waited::Done,
            Waiter::Operation(_) => false,
        }
    }

    /// A caller takes its result.
    pub fn take(&self) -> Option<Settled> {
        match self {
            Waiter::Caller(slot) => slot.take(),
            Waiter::Operation(_) => None,
        }
    }
}
