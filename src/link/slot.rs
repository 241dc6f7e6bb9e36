//! Where one caller waits for what becomes of its command. Owns the hand-over of a result from the thread that reads to
//! the thread that asked, and the sleep in between.
//!
//! Its owner waits and abandons; any other thread may complete it, once, or ask its owner to look after the lane.
//! Completing wakes nobody unless the owner really sleeps. It takes no lock that is held while anything else is done.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::sync::Mutex;
use crate::time::Deadline;

/// The owner is awake, or about to look again.
const AWAKE: u32 = 0;
/// The owner sleeps.
const ASLEEP: u32 = 1;
/// The owner was asked to look after the lane and has not looked yet.
const CALLED: u32 = 2;
/// There is a result.
const DONE: u32 = 3;
/// The owner has left: a result is of no use any more.
const ABANDONED: u32 = 4;

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There is a result to take.
    Done,
    /// The lane wants somebody to read.
    Called,
    /// The deadline passed.
    TimedOut,
}

/// How the owner of a slot took its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// It sleeps and has to be woken with [`Slot::wake`].
    Asleep,
    /// It will see the result by itself.
    Awake,
    /// It has left.
    Unwanted,
}

/// Where one caller waits.
#[derive(Debug)]
pub struct Slot<T> {
    state: AtomicU32,
    result: Mutex<Option<T>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Slot { state: AtomicU32::new(AWAKE), result: Mutex::new(None) }
    }
}

impl<T> Slot<T> {
    /// Hands over the result.
    pub fn complete(&self, result: T) -> Completion {
        *self.result.lock() = Some(result);
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state == ABANDONED || state == DONE {
                return Completion::Unwanted;
            }
            match self.state.compare_exchange_weak(state, DONE, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(ASLEEP) => return Completion::Asleep,
                Ok(_) => return Completion::Awake,
                Err(now) => state = now,
            }
        }
    }

    /// Hands over the result and wakes the owner if it sleeps: false when it has left.
    pub fn settle(&self, result: T) -> bool {
        let completion = self.complete(result);
        if completion == Completion::Asleep {
            self.wake();
        }
        completion != Completion::Unwanted
    }

    /// Asks the owner to look after the lane: false when it has its result or has left.
    pub fn call(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state == ABANDONED || state == DONE {
                return false;
            }
            match self.state.compare_exchange_weak(state, CALLED, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(before) => {
                    if before == ASLEEP {
                        self.wake();
                    }
                    return true;
                }
                Err(now) => state = now,
            }
        }
    }

    /// Wakes the owner after `complete` said that it sleeps.
    pub fn wake(&self) {
        futex_wake(&self.state);
    }

    /// Is there a result?
    #[inline]
    pub fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Has the owner left?
    pub fn is_abandoned(&self) -> bool {
        self.state.load(Ordering::Acquire) == ABANDONED
    }

    /// The owner takes the result.
    pub fn take(&self) -> Option<T> {
        self.result.lock().take()
    }

    /// The owner leaves without a result: false when there is one after all.
    pub fn abandon(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state != DONE {
            match self.state.compare_exchange_weak(state, ABANDONED, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// The owner waits, at first awake for `spin`, then asleep.
    pub fn wait(&self, deadline: Deadline, spin: Duration) -> Waited {
        if !spin.is_zero() {
            let until = Deadline::within(spin);
            while !until.has_passed() {
                for _ in 0..32 {
                    if let Some(ended) = self.look() {
                        return ended;
                    }
                    std::hint::spin_loop();
                }
            }
        }
        loop {
            if let Some(ended) = self.look() {
                return ended;
            }
            if self.state.compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, Ordering::Acquire).is_err() {
                continue;
            }
            let left = deadline.remaining();
            if left != Some(Duration::ZERO) {
                futex_wait(&self.state, ASLEEP, left);
            }
            // Still asleep: the time passed, or a signal came.
            if self.state.compare_exchange(ASLEEP, AWAKE, Ordering::AcqRel, Ordering::Acquire).is_ok()
                && deadline.has_passed()
            {
                return Waited::TimedOut;
            }
        }
    }

    fn look(&self) -> Option<Waited> {
        match self.state.load(Ordering::Acquire) {
            DONE => Some(Waited::Done),
            CALLED => match self.state.compare_exchange(CALLED, AWAKE, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => Some(Waited::Called),
                Err(_) => Some(Waited::Done),
            },
            _ => None,
        }
    }
}

fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
    let limit = timeout.map(|timeout| libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(timeout.subsec_nanos()),
    });
    // SAFETY: the word and the time live through the call; the kernel only reads them.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            expected,
            limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
        )
    };
}

fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word lives through the call; the kernel uses its address only.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_result_wakes_its_owner() {
        let slot = Arc::new(Slot::default());
        let other = slot.clone();
        let thread = std::thread::spawn(move || assert!(other.settle(7)));
        assert_eq!(slot.wait(Deadline::within(Duration::from_secs(10)), Duration::ZERO), Waited::Done);
        assert_eq!(slot.take(), Some(7));
        thread.join().unwrap();
    }

    #[test]
    fn an_abandoned_slot_takes_no_result_and_a_done_one_is_not_abandoned() {
        let slot = Slot::default();
        assert_eq!(slot.wait(Deadline::within(Duration::from_millis(1)), Duration::ZERO), Waited::TimedOut);
        assert!(slot.abandon());
        assert!(!slot.settle(1) && !slot.is_done() && !slot.call());
        let slot = Slot::default();
        slot.complete(2);
        assert!(!slot.abandon());
        assert_eq!(slot.take(), Some(2));
    }

    #[test]
    fn a_call_ends_the_wait_without_a_result() {
        let slot = Slot::<()>::default();
        assert!(slot.call());
        assert_eq!(slot.wait(Deadline::NEVER, Duration::ZERO), Waited::Called);
        assert!(!slot.is_done());
    }
}
