//! The guard at the door: every exported function runs its body in here. Owns three boundaries: panics, forks, and
//! calls from inside a callback.
//!
//! Runs on the caller's thread and takes no lock, so that it answers in a forked child and under a signal's feet.
//!
//! | call                                            | inside a callback              | in a forked child      |
//! |-------------------------------------------------|--------------------------------|------------------------|
//! | on values: error, config, reply, event, failed, | yes                            | yes                    |
//! | message, script                                 |                                |                        |
//! | on a client, pipeline, transaction, monitor or  | yes                            | `RR_ERR_FORKED`        |
//! | subscription                                    |                                |                        |
//! | `rr_client_close`                               | `RR_ERR_IN_CALLBACK`           | `RR_ERR_FORKED`        |
//! | `rr_client_free`                                | yes, ends on another thread    | leaks on purpose       |
//! | `rr_pipeline_free`, `rr_transaction_free`,      | yes                            | leaks on purpose       |
//! | `rr_monitor_free`                               |                                |                        |
//! | `rr_subscription_free`                          | yes, ends its own after it     | leaks on purpose       |
//! | making a client                                 | yes                            | yes                    |

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::error::{self, rr_error};
use super::handle::{self, Handle};
use super::status::rr_status;
use crate::dispatch;
use crate::error::{Error, ErrorKind, Result};

/// Runs the body of a function that can fail: what it fails with, a panic included, goes to `err` and its number is
/// returned.
///
/// # Safety
///
/// `err` is NULL or writable.
pub(super) unsafe fn call(err: *mut *mut rr_error, body: impl FnOnce() -> Result<rr_status>) -> rr_status {
    // SAFETY: the caller's contract.
    unsafe { error::clear(err) };
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => return status,
        Ok(Err(failure)) => failure,
        Err(payload) => panicked(payload.as_ref()),
    };
    let status = failure.kind as rr_status;
    // SAFETY: the caller's contract.
    unsafe { error::give(err, failure) };
    status
}

/// Runs the body of a function that returns a plain value: `neutral` if it cannot.
pub(super) fn value<T>(neutral: T, body: impl FnOnce() -> Result<T>) -> T {
    catch_unwind(AssertUnwindSafe(body)).ok().and_then(Result::ok).unwrap_or(neutral)
}

/// Runs the body of a function that returns a count, or a negative status if it cannot.
pub(super) fn count<T: From<rr_status>>(body: impl FnOnce() -> Result<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(count)) => count,
        Ok(Err(failure)) => T::from(failure.kind as rr_status),
        Err(_) => T::from(ErrorKind::Panic as rr_status),
    }
}

/// Ends a handle, if there is one to end.
///
/// # Safety
///
/// As for [`handle::take`].
pub(super) unsafe fn free<T: Handle>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: the caller's contract.
    let taken = unsafe { handle::take(handle) };
    value((), || {
        drop(taken);
        Ok(())
    });
}

/// Fails inside a callback, where `function` would wait for itself.
pub(super) fn outside_callbacks(function: &str) -> Result<()> {
    if dispatch::in_callback() {
        return Err(Error::new(ErrorKind::InCallback, format!("{function} was called from inside a callback")));
    }
    Ok(())
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Panic, format!("the library itself failed: {}", text.unwrap_or("no reason given")))
}

/// How many forks lie between this process and the one that loaded the library.
static GENERATION: AtomicU64 = AtomicU64::new(0);
static WATCHING: AtomicBool = AtomicBool::new(false);

/// The present generation, to stamp a handle with. The first call starts the counting of forks.
///
/// Two threads that come first together both ask the system: then a fork counts twice, which does no harm, and no lock
/// is needed that a fork could leave locked.
pub(super) fn watch_forks() -> Result<u64> {
    if !WATCHING.load(Ordering::Acquire) {
        // SAFETY: the handler is a function that does nothing but an atomic addition.
        let refused = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        if refused != 0 {
            let cause = std::io::Error::from_raw_os_error(refused);
            return Err(Error::new(ErrorKind::System, format!("cannot watch for forks: {cause}")));
        }
        WATCHING.store(true, Ordering::Release);
    }
    Ok(GENERATION.load(Ordering::Relaxed))
}

/// Was a handle with this stamp made in the process that runs now?
pub(super) fn same_process(generation: u64) -> bool {
    generation == GENERATION.load(Ordering::Relaxed)
}

/// Where this copy of the library keeps its state: tells its handles from those of another copy in the same process.
pub(super) fn copy_of_library() -> u64 {
    (&raw const GENERATION).addr() as u64
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status_and_a_neutral_value() {
        // SAFETY: NULL is allowed.
        let status = unsafe { call(std::ptr::null_mut(), || panic!("on purpose")) };
        assert_eq!(status, ErrorKind::Panic as rr_status);
        assert_eq!(value(7, || panic!("on purpose")), 7);
        assert_eq!(count::<i64>(|| panic!("on purpose")), ErrorKind::Panic as i64);
    }
}
