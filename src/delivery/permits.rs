//! Permits: how many submitted commands may be on their way at a time. A command holds one from the moment it is submitted
//! until its completion is taken, so that all of it is bounded.
//!
//! Any thread. To take one waits only if asked to; to give one back never does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// How many submitted commands may be on their way at a time.
#[derive(Debug)]
pub struct Permits {
    most: usize,
    given: AtomicUsize,
    waiting: AtomicUsize,
    lock: Mutex<()>,
    returned: Condvar,
}

/// One command may be on its way. Given back when it is dropped.
#[derive(Debug)]
pub struct Permit(Arc<Permits>);

impl Permits {
    /// None given yet.
    pub fn new(most: usize) -> Self {
        Permits {
            most,
            given: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            lock: Mutex::new(()),
            returned: Condvar::new(),
        }
    }

    /// One, if there is one left.
    pub fn try_take(self: &Arc<Self>) -> Option<Permit> {
        let take = |given| if given < self.most { Some(given + 1) } else { None };
        self.given.fetch_update(Ordering::AcqRel, Ordering::Relaxed, take).ok()?;
        Some(Permit(self.clone()))
    }

    /// One, waiting for it until the deadline.
    pub fn take(self: &Arc<Self>, deadline: Deadline) -> Option<Permit> {
        if let Some(permit) = self.try_take() {
            return Some(permit);
        }
        let mut lock = self.lock.lock();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let permit = loop {
            let permit = self.try_take();
            if permit.is_some() || deadline.has_passed() {
                break permit;
            }
            lock = self.returned.wait(lock, deadline);
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        drop(lock);
        permit
    }

    /// How many are given.
    pub fn given(&self) -> usize {
        self.given.load(Ordering::Acquire)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.given.fetch_sub(1, Ordering::SeqCst);
        if self.0.waiting.load(Ordering::SeqCst) > 0 {
            drop(self.0.lock.lock());
            self.0.returned.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_waits_for_a_permit_gets_the_next_one_or_leaves_in_time() {
        let permits = Arc::new(Permits::new(1));
        let held = permits.try_take().unwrap();
        assert!(permits.take(Deadline::within(Duration::from_millis(1))).is_none());
        let waiting = std::thread::spawn({
            let permits = permits.clone();
            move || permits.take(Deadline::within(Duration::from_secs(10))).is_some()
        });
        drop(held);
        assert!(waiting.join().unwrap());
        assert_eq!(permits.given(), 0);
    }
}
