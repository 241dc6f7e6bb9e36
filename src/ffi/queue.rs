//! Completion queues: a handle on [`CompletionQueue`], from which a program takes what became of its commands.

use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::Arc;

use super::bytes::{self, invalid, milliseconds};
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle};
use super::reply::rr_reply;
use super::status::{RR_BUFFERED, RR_EMPTY, RR_OK, rr_status};
use crate::client::{Completion, CompletionQueue, Executed, Incomplete};
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// Where what became of submitted commands waits to be taken.
///
/// Any number of threads may call any function with one queue at any time, except rr_queue_free(), which is the last.
/// Clients and queues may be freed in any order. A queue belongs to the process that made it.
pub struct rr_queue(Arc<CompletionQueue>);

impl Handle for rr_queue {
    const MAGIC: [u8; 8] = *b"rr_queue";
    const NAME: &'static str = "queue";
    const BOUND_TO_PROCESS: bool = true;
}

/// What became of one command, or pipeline. Its layout is part of the ABI and never changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rr_completion {
    /// What the program gave when it submitted it.
    pub tag: u64,
    /// The reply, freed with rr_reply_free(), if `status` is RR_OK. Of a pipeline that failed half-way also the replies that
    /// came, beside the error, as rr_pipeline_execute() gives them. Else NULL.
    pub reply: *mut rr_reply,
    /// Why there is none, freed with rr_error_free(); else NULL.
    pub error: *mut rr_error,
    /// RR_OK; RR_BUFFERED, with neither, if it was submitted with RR_SUBMIT_UNTIL_BUFFERED; or what rr_error_status() says of
    /// `error`.
    pub status: rr_status,
    /// Zero.
    pub reserved: i32,
}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_completion>() == 32);

impl rr_completion {
    fn new(Completion { tag, result, .. }: Completion) -> Self {
        let empty = rr_completion { tag, reply: null_mut(), error: null_mut(), status: RR_OK, reserved: 0 };
        let (reply, error) = match result {
            Ok(Executed::Buffered) => return rr_completion { status: RR_BUFFERED, ..empty },
            Ok(Executed::Reply(reply)) => (Some(reply), None),
            Err(Incomplete { error, reply }) => (reply, Some(error)),
        };
        let given = reply.map(|reply| handle::give(rr_reply::new(reply))).transpose();
        let (reply, error) = match given {
            Ok(reply) => (reply.unwrap_or(null_mut()), error),
            Err(failure) => (null_mut(), error.or(Some(failure))),
        };
        let Some(error) = error else { return rr_completion { reply, ..empty } };
        let status = error.kind as rr_status;
        rr_completion { reply, error: handle::give(rr_error::new(error)).unwrap_or(null_mut()), status, ..empty }
    }
}

/// The queue behind a handle, kept alive for a call even if it is freed meanwhile.
///
/// # Safety
///
/// As for [`handle::borrow`].
pub(super) unsafe fn borrow(queue: *const rr_queue) -> Result<Arc<CompletionQueue>> {
    // SAFETY: the caller's contract.
    unsafe { handle::borrow(queue) }.map(|queue| queue.0.clone())
}

/// Makes an empty queue. Freed with rr_queue_free().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_queue_new(queue: *mut *mut rr_queue, err: *mut *mut rr_error) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let queue = unsafe { bytes::out(queue, "queue")? };
        *queue = handle::give(rr_queue(Arc::default()))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Takes up to `max` completions, in the order in which their commands were answered, into `completions[0..max]`; waits
/// up to `timeout_ms` for the first (0: not at all). `count` is how many were taken; the rest of the array is left as it
/// was.
///
/// RR_OK with at least one; RR_EMPTY if none came in time; RR_ERR_CLOSED if the queue was closed or freed meanwhile.
/// Each completion is given once, to one of the threads that wait here.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_queue_next(
    queue: *mut rr_queue,
    completions: *mut rr_completion,
    max: usize,
    timeout_ms: i64,
    count: *mut usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let count = unsafe { bytes::number_out(count, "count")? };
        if completions.is_null() {
            return Err(bytes::null("completions"));
        }
        // SAFETY: the caller's contract.
        let queue = unsafe { borrow(queue)? };
        if max == 0 {
            return Err(invalid("max is 0: there is room for no completion"));
        }
        let taken = queue.next(max, Deadline::within(milliseconds(timeout_ms, "timeout_ms")?));
        for (index, completion) in taken.into_iter().enumerate() {
            // SAFETY: the array has `max` places, and no more were taken.
            let place = unsafe { completions.add(index) };
            // SAFETY: the same; it need not be initialised for this.
            unsafe { place.write(rr_completion::new(completion)) };
            *count = index + 1;
        }
        match *count {
            0 if queue.is_closed() => Err(Error::new(ErrorKind::Closed, "the queue is closed")),
            0 => Ok(RR_EMPTY),
            _ => Ok(RR_OK),
        }
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// A descriptor that is readable while there are completions to take, to be watched beside others with poll, epoll or an
/// event loop; or a negative RR_ERR_ number. Watch it only: rr_queue_next() makes it unreadable again when it has taken the
/// last. Of a queue that was closed it stays readable. It is the queue's: it is closed by rr_queue_free().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_queue_fd(queue: *mut rr_queue) -> c_int {
    guard::count(|| {
        // SAFETY: the caller's contract.
        unsafe { borrow(queue)? }.descriptor()
    })
}

/// Closes a queue: what is in it, and what would still come, is dropped, and every call that waits here, now or later, ends
/// with RR_ERR_CLOSED. So a thread that takes from it can be ended before it is freed. Commands that are on their way are not
/// cancelled. Closing once more is RR_OK.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_queue_close(queue: *mut rr_queue, err: *mut *mut rr_error) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        unsafe { borrow(queue)? }.close();
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Frees a queue, with what is in it. Commands that are on their way are not cancelled; what becomes of them is dropped.
/// Calls that wait in other threads end with RR_ERR_CLOSED; none may begin. Does nothing for NULL, and in a forked child.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_queue_free(queue: *mut rr_queue) {
    guard::value((), || {
        // SAFETY: the caller's contract.
        if let Some(rr_queue(queue)) = unsafe { handle::take(queue) } {
            queue.give_up();
        }
        Ok(())
    });
}
