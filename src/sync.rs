//! Locks. Owns the choice of lock for everything that threads may really contend for.
//!
//! These are the standard library's locks, which keep all their state in the lock itself. That matters after a fork: a
//! lock whose waiters sit in a table of the whole process can be left locked for ever in the child by a thread that
//! does not exist there, and a child has to be able to open a client of its own. (A lock that is only tried and
//! never waited for, as at the boundary, has no waiters to put anywhere.) A panic while a lock is held does not poison
//! it: every critical section leaves its data whole at each step that can fail.

use std::sync::{PoisonError, TryLockError};
use std::time::Duration;

pub use std::sync::MutexGuard;

use crate::time::Deadline;

/// A lock around a value.
#[derive(Debug, Default)]
pub struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Mutex(std::sync::Mutex::new(value))
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock, if nobody has it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// A condition that threads wait for with a lock released.
#[derive(Debug, Default)]
pub struct Condvar(std::sync::Condvar);

impl Condvar {
    /// A condition nobody waits for.
    pub const fn new() -> Self {
        Condvar(std::sync::Condvar::new())
    }

    /// Wakes everybody who waits.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Waits for a notification or the deadline. May also return early: look at the condition again.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>, deadline: Deadline) -> MutexGuard<'a, T> {
        const LONG: Duration = Duration::from_secs(3600);
        let left = deadline.remaining().unwrap_or(LONG).min(LONG);
        self.0.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
    }
}
