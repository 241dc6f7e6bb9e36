//! Who waits for what becomes of a command in the line: a caller at its slot, or an operation, which is nobody's thread
//! but a place where its result goes.
//!
//! Any thread may settle a waiter; the first time counts. Nothing here blocks, sends, or runs a callback.

use std::time::{Duration, Instant};

use crate::delivery::atomic;
use crate::delivery::buffer::{Answer, Settled};
use crate::delivery::completion::Target;
use crate::delivery::past::fill_up;
use crate::delivery::policy;
use crate::delivery::request::{Completed, Executed, Incomplete};
use crate::error::Error;
use crate::link::slot::{Slot, Waited};
use crate::resp::Reply;
use crate::sync::Mutex;
use crate::time::Deadline;

/// See above.
#[derive(Debug)]
pub enum Waiter {
    /// A thread.
    Caller(Slot<Settled>),
    /// A command, or a pipeline, that was submitted.
    Operation(Operation),
}

/// What kind of thing was submitted.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// One command. Its error may be that of one that failed half-way.
    Command {
        /// See above.
        may_fail_halfway: bool,
    },
    /// A pipeline with so many replies.
    Batch(usize),
    /// One that is all or nothing.
    Atomic,
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
    /// It is complete as soon as it is accepted into the buffer.
    pub ends_when_buffered: bool,
    /// What it is.
    pub shape: Shape,
    /// Where it goes, until it went there.
    pub target: Mutex<Option<Target>>,
}

impl Operation {
    /// Hands over what it came to: false when that was done already.
    fn complete(&self, completed: Completed) -> bool {
        let target = self.target.lock().take();
        target.map(|target| target.take(completed)).is_some()
    }

    /// What the answer to what was sent, which is `bytes`, means for the program.
    fn judge(&self, answer: Answer, bytes: &[u8]) -> Completed {
        let root = answer.reply.root();
        let reply = match self.shape {
            Shape::Batch(_) => answer.reply,
            Shape::Command { may_fail_halfway } => match root.as_error() {
                None => answer.reply,
                Some(text) => {
                    let outcome = policy::outcome_of_error(&text, may_fail_halfway);
                    return Err(Error::server(&text, policy::outcome_after(outcome, answer.was_written)).into());
                }
            },
            Shape::Atomic => {
                let last = root.len().saturating_sub(1);
                atomic::exec_reply(bytes, root.iter().take(last), answer.reply.element(last)).map_err(|error| {
                    let outcome = policy::outcome_after(error.outcome, answer.was_written);
                    error.with_outcome(outcome)
                })?
            }
        };
        Ok(Executed::Reply(reply))
    }

    /// A failure, beside the replies that came before it.
    fn failure(&self, error: Error, answered: Option<Reply>) -> Incomplete {
        let reply = match self.shape {
            Shape::Batch(count) => answered.and_then(|answered| fill_up(count, answered, &error)),
            Shape::Command { .. } | Shape::Atomic => None,
        };
        Incomplete { error, reply }
    }
}

impl Waiter {
    /// A thread that will wait.
    pub fn caller() -> Self {
        Waiter::Caller(Slot::default())
    }

    /// What was sent, which is `bytes`, was answered: false when nobody wants to know any more.
    pub fn answer(&self, answer: Answer, bytes: &[u8]) -> bool {
        match self {
            Waiter::Caller(slot) => slot.settle(Settled::Answered(answer)),
            Waiter::Operation(operation) => operation.complete(operation.judge(answer, bytes)),
        }
    }

    /// It will not be sent, or not again, and has these replies of a batch: false when nobody wants to know any more.
    pub fn fail(&self, error: Error, answered: Option<Reply>) -> bool {
        match self {
            Waiter::Caller(slot) => slot.settle(Settled::Failed(error, answered)),
            Waiter::Operation(operation) => operation.complete(Err(operation.failure(error, answered))),
        }
    }

    /// It was accepted into the buffer, and that is all that whoever submitted it waits for.
    pub fn accept(&self) {
        if let Waiter::Operation(operation) = self {
            operation.complete(Ok(Executed::Buffered));
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
