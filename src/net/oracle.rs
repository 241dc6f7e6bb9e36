//! Questions that may take long to answer, each asked on a thread of its own: what the system is asked about names, and
//! the program about addresses and credentials. Owns that the same question is not asked twice at a time.
//!
//! Any thread may ask; it waits no longer than its attempt allows. An answer that comes later is kept for whoever asks
//! next, once. A thread lives as long as its question; the program's functions are waited for at the end.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::dispatch::call_back;
use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;
use crate::net::wake::Waker;
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// How often somebody who waits for an answer looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// See above.
pub struct Oracle<Q, A> {
    /// What its threads are called.
    name: &'static str,
    inner: Arc<Inner<Q, A>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Inner<Q, A> {
    answer: Box<dyn Fn(&Q) -> A + Send + Sync>,
    open: Mutex<Vec<Open<Q, A>>>,
    /// Some question is answered.
    answered: Condvar,
}

/// A question that was asked and whose answer nobody has taken.
struct Open<Q, A> {
    question: Q,
    pending: Pending<A>,
    wakers: Vec<Arc<Waker>>,
}

/// Where the answer to a question will be; nothing if the function that was asked broke down.
pub struct Pending<A>(Arc<OnceLock<Option<A>>>);

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
        let inner = Inner { answer: Box::new(answer), open: Mutex::default(), answered: Condvar::new() };
        Oracle { name, inner: Arc::new(inner), threads: Mutex::default() }
    }

    /// The answer; an error when it does not come in time or nobody wants it any more.
    pub fn ask(&self, question: &Q, attempt: &Attempt<'_>) -> Result<A> {
        let pending = self.begin(question, None)?;
        let mut open = self.inner.open.lock();
        loop {
            if let Some(answer) = pending.0.get() {
                forget(&mut open, &pending);
                return taken(answer);
            }
            if attempt.abandoned.load(Ordering::Acquire) {
                return Err(Error::new(ErrorKind::Closed, "the client is being closed"));
            }
            if attempt.deadline.has_passed() {
                return Err(Error::new(ErrorKind::Timeout, format!("{} passed", attempt.limit)));
            }
            open = self.inner.answered.wait(open, attempt.deadline.min(Deadline::within(GLANCE)));
        }
    }

    /// Asks and does not wait: `waker` is woken when [`Oracle::take`] will find the answer.
    pub fn begin(&self, question: &Q, waker: Option<Arc<Waker>>) -> Result<Pending<A>> {
        let mut open = self.inner.open.lock();
        if let Some(other) = open.iter_mut().find(|other| other.question == *question) {
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
                let mut open = inner.open.lock();
                let _ = place.0.set(answer);
                let here = open.iter_mut().find(|other| Arc::ptr_eq(&other.pending.0, &place.0));
                here.into_iter().flat_map(|here| here.wakers.drain(..)).for_each(|waker| waker.wake());
                drop(open);
                inner.answered.notify_all();
            })
            .map_err(|error| {
                Error::new(ErrorKind::System, format!("cannot start a thread ({}): {error}", self.name))
            })?;
        open.push(Open { question: question.clone(), pending: pending.clone(), wakers: waker.into_iter().collect() });
        drop(open);
        let mut threads = self.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(pending)
    }

    /// The answer, if it has come.
    pub fn take(&self, pending: &Pending<A>) -> Option<Result<A>> {
        let mut open = self.inner.open.lock();
        let answer = pending.0.get()?;
        forget(&mut open, pending);
        Some(taken(answer))
    }

    /// Waits until the function runs no more. Nothing must be asked any more.
    pub fn end(&self) {
        for thread in std::mem::take(&mut *self.threads.lock()) {
            // The function itself may have freed the client.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

fn forget<Q, A>(open: &mut Vec<Open<Q, A>>, pending: &Pending<A>) {
    open.retain(|other| !Arc::ptr_eq(&other.pending.0, &pending.0));
}

fn taken<A: Clone>(answer: &Option<A>) -> Result<A> {
    answer.clone().ok_or_else(|| Error::new(ErrorKind::System, "the function that was asked broke down"))
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
