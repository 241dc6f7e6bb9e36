//! Questions that may take long to answer, each asked on a thread of its own: what the system is asked about names, and
//! the program about addresses and credentials. Owns that the same question is not asked twice at a time.
//!
//! Any thread may ask; it waits no longer than its attempt allows. An answer that comes later is kept for whoever asks
//! soon after, once. A thread lives as long as its question; the program's functions are waited for at the end.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::dispatch::call_back;
use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;
use crate::net::wake::Waker;
use crate::sync::{Condvar, Mutex};
use crate::time::{self, Deadline};

/// How often somebody who waits for an answer looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(50);
/// An answer that nobody took is no answer any more after this long: what was asked may have changed.
const FRESH: Duration = Duration::from_secs(5);

/// See above.
pub struct Oracle<Q, A> {
    /// What its threads are called.
    name: &'static str,
    inner: Arc<Inner<Q, A>>,
}

struct Inner<Q, A> {
    answer: Box<dyn Fn(&Q) -> A + Send + Sync>,
    state: Mutex<State<Q, A>>,
    /// Some question is answered.
    answered: Condvar,
}

struct State<Q, A> {
    open: Vec<Open<Q, A>>,
    threads: Vec<JoinHandle<()>>,
    has_ended: bool,
}

/// A question that was asked and whose answer nobody has taken.
struct Open<Q, A> {
    question: Q,
    pending: Pending<A>,
    wakers: Vec<Arc<Waker>>,
}

/// Where the answer to a question will be, and since when; nothing if the function that was asked broke down.
pub struct Pending<A>(Arc<OnceLock<(Option<A>, Instant)>>);

impl<A> Clone for Pending<A> {
    fn clone(&self) -> Self {
        Pending(self.0.clone())
    }
}

impl<Q, A> Oracle<Q, A>
where
    Q: Clone + Eq + Send + Sync + 'static,
    A: Clone + Send + Sync + 'static,
{
    /// Questions are answered by `answer`.
    pub fn new(name: &'static str, answer: impl Fn(&Q) -> A + Send + Sync + 'static) -> Self {
        let state = Mutex::new(State { open: Vec::new(), threads: Vec::new(), has_ended: false });
        Oracle { name, inner: Arc::new(Inner { answer: Box::new(answer), state, answered: Condvar::new() }) }
    }

    /// The answer; an error when it does not come in time or nobody wants it any more.
    pub fn ask(&self, question: &Q, attempt: &Attempt<'_>) -> Result<A> {
        let is_wanted = || match attempt.abandoned.load(Ordering::Acquire) {
            true => Err(closed()),
            false => Ok(()),
        };
        is_wanted()?;
        let pending = self.begin(question, None)?;
        let mut state = self.inner.state.lock();
        loop {
            if let Some((answer, _)) = pending.0.get() {
                forget(&mut state.open, &pending);
                return taken(answer);
            }
            is_wanted()?;
            if attempt.deadline.has_passed() {
                return Err(Error::new(ErrorKind::Timeout, format!("{} passed", attempt.limit)));
            }
            state = self.inner.answered.wait(state, attempt.deadline.min(Deadline::within(GLANCE)));
        }
    }

    /// Asks and does not wait: `waker` is woken when [`Oracle::take`] will find the answer.
    pub fn begin(&self, question: &Q, waker: Option<Arc<Waker>>) -> Result<Pending<A>> {
        let mut state = self.inner.state.lock();
        if state.has_ended {
            return Err(closed());
        }
        let now = time::now();
        state.open.retain(|other| {
            other.pending.0.get().is_none_or(|(_, given)| now.saturating_duration_since(*given) < FRESH)
        });
        if let Some(other) = state.open.iter_mut().find(|other| other.question == *question) {
            other.wakers.extend(waker.clone());
            if other.pending.0.get().is_some()
                && let Some(waker) = waker
            {
                waker.wake();
            }
            return Ok(other.pending.clone());
        }
        let pending = Pending(Arc::default());
        let (inner, place, asked) = (self.inner.clone(), pending.clone(), question.clone());
        let thread = std::thread::Builder::new()
            .name(self.name.into())
            .spawn(move || {
                let mut answer = None;
                call_back(|| answer = Some((inner.answer)(&asked)));
                let mut state = inner.state.lock();
                let _ = place.0.set((answer, time::now()));
                let here = state.open.iter_mut().find(|other| Arc::ptr_eq(&other.pending.0, &place.0));
                here.into_iter().flat_map(|here| here.wakers.drain(..)).for_each(|waker| waker.wake());
                drop(state);
                inner.answered.notify_all();
            })
            .map_err(|error| {
                Error::new(ErrorKind::System, format!("cannot start a thread ({}): {error}", self.name))
            })?;
        let wakers = waker.into_iter().collect();
        state.open.push(Open { question: question.clone(), pending: pending.clone(), wakers });
        state.threads.retain(|thread| !thread.is_finished());
        state.threads.push(thread);
        Ok(pending)
    }

    /// The answer, if it has come.
    pub fn take(&self, pending: &Pending<A>) -> Option<Result<A>> {
        let mut state = self.inner.state.lock();
        let (answer, _) = pending.0.get()?;
        forget(&mut state.open, pending);
        Some(taken(answer))
    }

    /// Waits until the function runs no more, and forgets all answers. Nothing can be asked any more.
    pub fn end(&self) {
        let mut state = self.inner.state.lock();
        state.has_ended = true;
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        for thread in threads {
            // The function itself may have freed the client.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
        self.inner.state.lock().open.clear();
    }
}

fn forget<Q, A>(open: &mut Vec<Open<Q, A>>, pending: &Pending<A>) {
    open.retain(|other| !Arc::ptr_eq(&other.pending.0, &pending.0));
}

fn taken<A: Clone>(answer: &Option<A>) -> Result<A> {
    answer.clone().ok_or_else(|| Error::new(ErrorKind::System, "the function that was asked broke down"))
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the client is being closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32};

    fn attempt(abandoned: &AtomicBool, timeout: Duration) -> Attempt<'_> {
        Attempt { deadline: Deadline::within(timeout), limit: "the connect timeout", waker: None, abandoned }
    }

    #[test]
    fn a_question_that_outlives_its_attempt_is_not_asked_twice_and_its_answer_is_kept() {
        let (go, wait) = crossbeam_channel::bounded::<()>(0);
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let oracle = Oracle::new("test", move |question: &u32| {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = wait.recv();
            question + 1
        });
        let nobody = AtomicBool::new(false);
        for _ in 0..2 {
            let error = oracle.ask(&1, &attempt(&nobody, Duration::from_millis(5))).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Timeout);
        }
        go.send(()).unwrap();
        assert_eq!(oracle.ask(&1, &attempt(&nobody, Duration::from_secs(60))).unwrap(), 2);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        drop(go);
        assert_eq!(oracle.ask(&1, &attempt(&nobody, Duration::from_secs(60))).unwrap(), 2);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        oracle.end();
    }

    #[test]
    fn who_does_not_want_the_answer_any_more_does_not_wait() {
        let (go, wait) = crossbeam_channel::bounded::<()>(0);
        let oracle = Oracle::new("test", move |(): &()| {
            let _ = wait.recv();
        });
        let error = oracle.ask(&(), &attempt(&AtomicBool::new(true), Duration::from_secs(3600))).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Closed);
        drop(go);
        oracle.end();
    }

    #[test]
    fn a_function_that_breaks_down_is_told_and_asked_again() {
        let oracle = Oracle::new("test", |question: &u32| assert_eq!(*question, 2));
        let nobody = AtomicBool::new(false);
        let error = oracle.ask(&1, &attempt(&nobody, Duration::from_secs(60))).unwrap_err();
        assert!(error.message.contains("broke down"), "{error}");
        oracle.ask(&2, &attempt(&nobody, Duration::from_secs(60))).unwrap();
    }

    #[test]
    fn a_waker_is_woken_when_the_answer_is_there() {
        let waker = Arc::new(Waker::new().unwrap());
        let oracle = Oracle::new("test", |(): &()| 7);
        let pending = oracle.begin(&(), Some(waker.clone())).unwrap();
        assert!(crate::net::wake::wait(Some(&waker), None, Some(Duration::from_secs(60))).woken);
        assert_eq!(oracle.take(&pending).unwrap().unwrap(), 7);
    }
}
