//! Callbacks of submitted commands: functions whose results have come and that wait for the dispatcher. Owns their order.
//!
//! Any thread puts one in, and never waits; the dispatcher runs them, each once. None is dropped before it has run.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crate::delivery::permits::Permit;
use crate::delivery::request::Completed;
use crate::dispatch::{Dispatcher, Source, call_back};
use crate::error::Result;
use crate::sync::Mutex;

/// How many callbacks run before other sources have their turn.
const TURN: usize = 64;

/// The program's function for one completion. Runs on the dispatcher.
pub type CompletionHandler = Box<dyn FnOnce(Completed) + Send>;

/// A function and what to call it with.
pub(super) struct Due {
    pub(super) handler: CompletionHandler,
    pub(super) result: Completed,
    pub(super) permit: Permit,
}

/// Callbacks that wait for the dispatcher.
pub struct Callbacks {
    due: Mutex<VecDeque<Due>>,
    is_posted: AtomicBool,
    dispatcher: Arc<Dispatcher>,
    this: Weak<Callbacks>,
}

impl Callbacks {
    /// None yet.
    pub fn new(dispatcher: Arc<Dispatcher>) -> Arc<Self> {
        Arc::new_cyclic(|this| Callbacks {
            due: Mutex::default(),
            is_posted: AtomicBool::new(false),
            dispatcher,
            this: this.clone(),
        })
    }

    /// Makes sure that there is a thread for them.
    pub fn start(&self) -> Result<()> {
        self.dispatcher.start()
    }

    pub(super) fn push(&self, due: Due) {
        self.due.lock().push_back(due);
        if !self.is_posted.swap(true, Ordering::AcqRel)
            && let Some(this) = self.this.upgrade()
        {
            self.dispatcher.post(this);
        }
    }
}

impl Source for Callbacks {
    fn run(&self) -> bool {
        self.is_posted.store(false, Ordering::Release);
        for _ in 0..TURN {
            let Some(Due { handler, result, permit }) = self.due.lock().pop_front() else { return false };
            // Its place is free before it runs, so that it can submit the next command.
            drop(permit);
            call_back(|| handler(result));
        }
        !self.due.lock().is_empty() && !self.is_posted.swap(true, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::completion::Target;
    use crate::delivery::permits::Permits;
    use crate::delivery::request::Executed;
    use crate::resp::Reply;

    #[test]
    fn callbacks_run_on_the_dispatcher_in_order_and_may_take_the_place_they_leave() {
        let dispatcher = Arc::<Dispatcher>::default();
        let (callbacks, permits) = (Callbacks::new(dispatcher.clone()), Arc::new(Permits::new(200)));
        callbacks.start().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for number in 0..200 {
            let (seen, others) = (seen.clone(), permits.clone());
            let handler: CompletionHandler = Box::new(move |result| {
                assert!(others.try_take().is_some());
                let Ok(Executed::Reply(reply)) = result else { panic!("it has a reply") };
                seen.lock().push((number, reply.root().as_integer()));
            });
            let permit = permits.try_take().unwrap();
            Target::Call(callbacks.clone(), handler, permit).take(Ok(Executed::Reply(Reply::integer(number))));
        }
        dispatcher.stop();
        let expected: Vec<_> = (0..200).map(|number| (number, Some(number))).collect();
        assert_eq!(*seen.lock(), expected);
    }
}
