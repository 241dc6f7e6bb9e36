//! Completions: where the results of submitted commands go. Owns the queue that a program takes them from, and its
//! descriptor.
//!
//! Any thread may complete; completing never blocks and never runs a callback. Each completion is delivered once.

use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread::ThreadId;

use crate::delivery::callbacks::{Callbacks, CompletionHandler, Due};
use crate::delivery::permits::Permit;
use crate::delivery::request::Completed;
use crate::error::Result;
use crate::net::beacon::Beacon;
use crate::net::wake::Waker;
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// What became of a submitted command.
#[derive(Debug)]
pub struct Completion {
    /// What the program gave it to know it by.
    pub tag: u64,
    /// The reply, or why there is none.
    pub result: Completed,
    /// Given back when the completion is taken.
    _permit: Permit,
}

/// Where one result goes.
pub enum Target {
    /// Into a queue, under a tag.
    Queue(Arc<CompletionQueue>, u64, Permit),
    /// To a function.
    Call(Arc<Callbacks>, CompletionHandler, Permit),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Target::Queue(..) => "Queue",
            Target::Call(..) => "Call",
        })
    }
}

impl Target {
    /// Takes the result.
    pub fn take(self, result: Completed) {
        match self {
            Target::Queue(queue, tag, permit) => queue.push(Completion { tag, result, _permit: permit }),
            Target::Call(callbacks, handler, permit) => callbacks.push(Due { handler, result, permit }),
        }
    }
}

/// Where the commands of a queue are answered. Who takes completions may do the reading, which saves a change of threads.
pub trait Driver: Send + Sync {
    /// Reads until there are `enough` completions, the deadline passes or `signal` is woken; or returns at once when
    /// somebody else reads.
    fn drive(&self, signal: &Waker, deadline: Deadline, enough: &dyn Fn() -> bool);
}

/// Completions that wait to be taken.
#[derive(Default)]
pub struct CompletionQueue {
    ready: Mutex<Ready>,
    changed: Condvar,
    /// Where the driver is in memory: to see quickly whether it is still the same.
    driver: AtomicUsize,
}

#[derive(Default)]
struct Ready {
    completions: VecDeque<Completion>,
    /// How many threads wait.
    waiting: usize,
    is_closed: bool,
    /// For the program.
    beacon: Beacon,
    /// For who drives.
    signal: Option<Arc<Waker>>,
    /// Who drives.
    driving: Option<ThreadId>,
    driver: Driven,
}

#[derive(Default)]
enum Driven {
    /// Nothing was submitted yet.
    #[default]
    ByNobody,
    /// All was submitted to this one.
    By(Weak<dyn Driver>),
    /// To several: nobody can read for all of them.
    ByMany,
}

/// No address of a driver.
const MANY: usize = 1;

impl std::fmt::Debug for CompletionQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompletionQueue").finish_non_exhaustive()
    }
}

impl CompletionQueue {
    fn push(&self, completion: Completion) {
        let mut ready = self.ready.lock();
        if ready.is_closed {
            return;
        }
        let was_empty = ready.completions.is_empty();
        ready.completions.push_back(completion);
        if was_empty
            && let Some(signal) = &ready.signal
            && ready.driving.is_some_and(|thread| thread != std::thread::current().id())
        {
            signal.wake();
        }
        ready.show();
        let somebody_waits = ready.waiting > 0;
        drop(ready);
        if somebody_waits && was_empty {
            self.changed.notify_all();
        }
    }

    /// Up to `most` completions, in the order in which the commands were answered; waits until the deadline for the
    /// first. None when there are none, and at once when the queue is closed.
    pub fn next(&self, most: usize, deadline: Deadline) -> Vec<Completion> {
        let mut ready = self.ready.lock();
        while ready.completions.is_empty() && !ready.is_closed && !deadline.has_passed() {
            if let Some((driver, signal)) = ready.begin_driving() {
                drop(ready);
                driver.drive(&signal, deadline, &|| self.has_some());
                ready = self.ready.lock();
                ready.driving = None;
                if !ready.completions.is_empty() || ready.is_closed {
                    break;
                }
            }
            ready.waiting += 1;
            ready = self.changed.wait(ready, deadline);
            ready.waiting -= 1;
        }
        let count = ready.completions.len().min(most);
        let taken: Vec<_> = ready.completions.drain(..count).collect();
        ready.show();
        if !ready.completions.is_empty() && ready.waiting > 0 {
            // What is left is for somebody else.
            self.changed.notify_all();
        }
        taken
    }

    /// A descriptor that is readable while [`next`](Self::next) would not wait: there are completions to take, or there
    /// never will be. It lives until the queue is [given up](Self::give_up).
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut ready = self.ready.lock();
        let has_some = ready.has_some();
        ready.beacon.descriptor(has_some)
    }

    /// Something is submitted to this one.
    #[inline]
    pub fn attach(&self, driver: &Arc<dyn Driver>) {
        let address = Arc::as_ptr(driver).addr();
        let known = self.driver.load(Ordering::Relaxed);
        if known != address && known != MANY {
            let mut ready = self.ready.lock();
            let is_first = matches!(ready.driver, Driven::ByNobody);
            ready.driver = if is_first { Driven::By(Arc::downgrade(driver)) } else { Driven::ByMany };
            self.driver.store(if is_first { address } else { MANY }, Ordering::Relaxed);
        }
    }

    /// Is there something to take, or will there never be?
    fn has_some(&self) -> bool {
        self.ready.lock().has_some()
    }

    /// Lets go of what is in it and of what would still come, and ends every wait.
    pub fn close(&self) {
        let mut ready = self.ready.lock();
        ready.is_closed = true;
        if let Some(signal) = &ready.signal {
            signal.wake();
        }
        let left = std::mem::take(&mut ready.completions);
        ready.show();
        drop(ready);
        self.changed.notify_all();
        drop(left);
    }

    /// Closes it for who will not look at it again: its descriptor is closed, too, although commands that are on their way
    /// still hold the queue.
    pub fn give_up(&self) {
        self.close();
        self.ready.lock().beacon.close();
    }

    /// Was it closed?
    pub fn is_closed(&self) -> bool {
        self.ready.lock().is_closed
    }
}

impl Ready {
    fn has_some(&self) -> bool {
        !self.completions.is_empty() || self.is_closed
    }

    fn show(&mut self) {
        let has_some = self.has_some();
        self.beacon.show(has_some);
    }

    fn signal(&mut self) -> Option<Arc<Waker>> {
        if self.signal.is_none() {
            self.signal = Some(Arc::new(Waker::new().ok()?));
        }
        self.signal.clone()
    }

    /// What this thread drives from now on; `None` when it cannot.
    fn begin_driving(&mut self) -> Option<(Arc<dyn Driver>, Arc<Waker>)> {
        let Driven::By(driver) = &self.driver else { return None };
        let driver = driver.upgrade().filter(|_| self.driving.is_none() && !self.beacon.is_watched())?;
        let signal = self.signal()?;
        self.driving = Some(std::thread::current().id());
        Some((driver, signal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::permits::Permits;
    use crate::delivery::request::Executed;
    use crate::resp::Reply;
    use std::time::Duration;

    fn target(queue: &Arc<CompletionQueue>, tag: u64, permits: &Arc<Permits>) -> Target {
        Target::Queue(queue.clone(), tag, permits.try_take().unwrap())
    }

    fn nothing() -> Completed {
        Ok(Executed::Reply(Reply::nil()))
    }

    fn soon() -> Deadline {
        Deadline::within(Duration::from_secs(10))
    }

    #[test]
    fn completions_are_taken_in_order_and_give_their_permits_back() {
        let (queue, permits) = (Arc::<CompletionQueue>::default(), Arc::new(Permits::new(3)));
        let targets: Vec<_> = (0..3).map(|tag| target(&queue, tag, &permits)).collect();
        assert!(permits.try_take().is_none());
        targets.into_iter().for_each(|target| target.take(nothing()));
        assert!(permits.try_take().is_none());
        let tags = |taken: Vec<Completion>| taken.iter().map(|completion| completion.tag).collect::<Vec<_>>();
        assert_eq!(tags(queue.next(2, soon())), [0, 1]);
        assert_eq!(permits.given(), 1);
        assert_eq!(tags(queue.next(2, soon())), [2]);
        assert!(queue.next(2, Deadline::within(Duration::ZERO)).is_empty());
    }

    #[test]
    fn the_descriptor_is_readable_exactly_while_there_is_something() {
        let (queue, permits) = (Arc::<CompletionQueue>::default(), Arc::new(Permits::new(9)));
        target(&queue, 1, &permits).take(nothing());
        let descriptor = queue.descriptor().unwrap();
        let readable = || crate::net::wake::is_readable(descriptor);
        assert!(readable());
        target(&queue, 2, &permits).take(nothing());
        assert_eq!(queue.next(1, soon()).len(), 1);
        assert!(readable());
        assert_eq!(queue.next(1, soon()).len(), 1);
        assert!(!readable());
        target(&queue, 3, &permits).take(nothing());
        assert!(readable());
        assert_eq!(queue.descriptor().unwrap(), descriptor);
        // Closed it has its answer, and keeps it.
        queue.close();
        assert!(queue.next(1, soon()).is_empty() && readable());
    }

    #[test]
    fn who_drives_and_takes_a_part_leaves_the_descriptor_readable() {
        /// Reads two replies as soon as the program watches the queue.
        struct Replies(Mutex<Vec<Target>>, Arc<CompletionQueue>);
        impl Driver for Replies {
            fn drive(&self, signal: &Waker, deadline: Deadline, enough: &dyn Fn() -> bool) {
                self.1.descriptor().unwrap();
                let targets = std::mem::take(&mut *self.0.lock());
                let other = std::thread::spawn(move || targets.into_iter().for_each(|target| target.take(nothing())));
                while !enough() {
                    crate::net::wake::wait(Some(signal), None, deadline.remaining());
                }
                other.join().unwrap();
            }
        }
        let (queue, permits) = (Arc::<CompletionQueue>::default(), Arc::new(Permits::new(9)));
        let targets = (1..3).map(|tag| target(&queue, tag, &permits)).collect();
        let driver: Arc<dyn Driver> = Arc::new(Replies(Mutex::new(targets), queue.clone()));
        queue.attach(&driver);
        assert_eq!(queue.next(1, soon()).len(), 1);
        assert!(crate::net::wake::is_readable(queue.descriptor().unwrap()));
        assert_eq!(queue.next(1, soon()).len(), 1);
        assert!(!crate::net::wake::is_readable(queue.descriptor().unwrap()));
    }

    #[test]
    fn closing_ends_a_wait_and_lets_go_of_what_comes() {
        let (queue, permits) = (Arc::<CompletionQueue>::default(), Arc::new(Permits::new(1)));
        let late = target(&queue, 1, &permits);
        let waiting = std::thread::spawn({
            let queue = queue.clone();
            move || queue.next(1, Deadline::NEVER).len()
        });
        queue.close();
        assert_eq!(waiting.join().unwrap(), 0);
        late.take(nothing());
        assert_eq!(permits.given(), 0);
    }
}
