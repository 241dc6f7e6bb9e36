//! The dispatcher: one thread per client that runs the program's callbacks and nothing else. Owns that they run one at a
//! time, under no lock, and that none runs after it was ended.
//!
//! What has callbacks to run is a source. Sources take turns, each source's callbacks keep their order. Any thread may
//! post; posting never blocks and never runs a callback. The thread exists from the first source on that needs it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{JoinHandle, ThreadId};

use crossbeam_channel::{Receiver, Sender};

use crate::error::{Error, ErrorKind, Result};
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// Something with callbacks to run. It posts itself when it has some, and not again until they have begun to run.
pub trait Source: Send + Sync {
    /// Runs some of the callbacks that are due, through [`call_back`]. True if there are more.
    fn run(&self) -> bool;
}

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Is this thread running a callback of the program?
pub fn in_callback() -> bool {
    IN_CALLBACK.with(Cell::get)
}

/// Runs a callback of the program. A panic of one written in Rust ends it and nothing else.
pub fn call_back(callback: impl FnOnce()) {
    IN_CALLBACK.with(|flag| flag.set(true));
    let _ = catch_unwind(AssertUnwindSafe(callback));
    IN_CALLBACK.with(|flag| flag.set(false));
}

/// See above.
#[derive(Default)]
pub struct Dispatcher {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    /// Nobody has needed it yet.
    #[default]
    Idle,
    Running {
        posts: Sender<Arc<dyn Source>>,
        thread: JoinHandle<()>,
    },
    /// No more posts. The thread is still to be waited for.
    Ending(ThreadId, Arc<Mutex<Option<JoinHandle<()>>>>),
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}

impl Dispatcher {
    /// Makes sure that there is a thread.
    pub fn start(&self) -> Result<()> {
        let mut state = self.state.lock();
        match &*state {
            State::Idle => {}
            State::Running { .. } => return Ok(()),
            State::Ending(..) => return Err(Error::new(ErrorKind::Closed, "the client is closed")),
        }
        let (posts, posted) = crossbeam_channel::unbounded();
        let thread = std::thread::Builder::new()
            .name("rr-dispatcher".into())
            .spawn(move || dispatch(&posted))
            .map_err(|error| Error::new(ErrorKind::System, format!("cannot start the dispatcher thread: {error}")))?;
        *state = State::Running { posts, thread };
        Ok(())
    }

    /// The source has callbacks to run. False when it is too late for that.
    pub fn post(&self, source: Arc<dyn Source>) -> bool {
        match &*self.state.lock() {
            State::Running { posts, .. } => posts.send(source).is_ok(),
            State::Idle | State::Ending(..) => false,
        }
    }

    /// Lets those run that were posted so far, then ends the thread. After it returns no callback runs any more, unless
    /// it is called from one, which is then the last.
    pub fn stop(&self) {
        let mut state = self.state.lock();
        let (id, thread) = match std::mem::take(&mut *state) {
            State::Idle => {
                let nobody = std::thread::current().id();
                *state = State::Ending(nobody, Arc::default());
                return;
            }
            State::Running { thread, .. } => (thread.thread().id(), Arc::new(Mutex::new(Some(thread)))),
            State::Ending(id, thread) => (id, thread),
        };
        *state = State::Ending(id, thread.clone());
        drop(state);
        if id == std::thread::current().id() {
            return;
        }
        // Under the lock, so that a second caller returns no earlier than the first.
        let mut thread = thread.lock();
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.stop();
    }
}

fn dispatch(posted: &Receiver<Arc<dyn Source>>) {
    let mut turns = std::collections::VecDeque::new();
    loop {
        // Those that have more to run take turns with those that come.
        let source = match turns.pop_front() {
            Some(source) => source,
            None => match posted.recv() {
                Ok(source) => source,
                Err(_) => return,
            },
        };
        if source.run() {
            turns.push_back(source);
        }
        turns.extend(posted.try_iter());
    }
}

/// Lets one source's callbacks through, until it is closed. For what is freed on its own, while its client lives on.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    is_closed: bool,
    inside: Option<ThreadId>,
}

impl Gate {
    /// Runs a callback unless the gate is closed.
    pub fn call_back(&self, callback: impl FnOnce()) {
        {
            let mut state = self.state.lock();
            if state.is_closed {
                return;
            }
            state.inside = Some(std::thread::current().id());
        }
        call_back(callback);
        self.state.lock().inside = None;
        self.changed.notify_all();
    }

    /// Lets no more callbacks through. After it returns none is running, unless it is called from inside of it: that is
    /// then the last.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        while state.inside.is_some_and(|thread| thread != std::thread::current().id()) {
            state = self.changed.wait(state, Deadline::NEVER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Numbers {
        left: AtomicUsize,
        seen: Arc<Mutex<Vec<(char, usize)>>>,
        name: char,
    }

    impl Source for Numbers {
        fn run(&self) -> bool {
            let left = self.left.fetch_sub(1, Ordering::SeqCst);
            call_back(|| {
                assert!(in_callback());
                self.seen.lock().push((self.name, left));
            });
            left > 1
        }
    }

    #[test]
    fn sources_take_turns_and_all_that_was_posted_runs_before_the_end() {
        let seen: Arc<Mutex<Vec<_>>> = Arc::default();
        let source = |name| Arc::new(Numbers { left: AtomicUsize::new(3), seen: seen.clone(), name });
        let dispatcher = Dispatcher::default();
        assert!(!dispatcher.post(source('x')));
        dispatcher.start().unwrap();
        dispatcher.start().unwrap();
        assert!(dispatcher.post(source('a')) && dispatcher.post(source('b')));
        dispatcher.stop();
        dispatcher.stop();
        assert!(!dispatcher.post(source('y')) && dispatcher.start().is_err() && !in_callback());
        let of = |name| seen.lock().iter().filter(|(other, _)| *other == name).map(|(_, at)| *at).collect::<Vec<_>>();
        assert_eq!((of('a'), of('b')), (vec![3, 2, 1], vec![3, 2, 1]));
    }

    #[test]
    fn a_closed_gate_waits_for_who_is_inside_and_lets_nobody_in() {
        let gate = Arc::new(Gate::default());
        let (entered, inside) = crossbeam_channel::bounded::<()>(0);
        let (leave, left) = crossbeam_channel::bounded::<()>(0);
        let other = gate.clone();
        let ended = Arc::new(AtomicUsize::new(0));
        let count = ended.clone();
        let thread = std::thread::spawn(move || {
            other.call_back(|| {
                entered.send(()).unwrap();
                left.recv().unwrap();
                count.fetch_add(1, Ordering::SeqCst);
            });
        });
        inside.recv().unwrap();
        let waiting = std::thread::spawn({
            let (gate, ended) = (gate.clone(), ended.clone());
            move || {
                gate.close();
                ended.load(Ordering::SeqCst)
            }
        });
        leave.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), 1);
        thread.join().unwrap();
        gate.call_back(|| panic!("the gate is closed"));
    }

    #[test]
    fn a_gate_can_be_closed_from_inside() {
        let gate = Gate::default();
        let mut calls = 0;
        gate.call_back(|| {
            calls += 1;
            gate.close();
        });
        gate.call_back(|| calls += 1);
        assert_eq!(calls, 1);
    }
}
