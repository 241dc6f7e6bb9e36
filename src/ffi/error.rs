//! Error objects: why a call failed and what became of the command, for C to read.

use std::ffi::{CString, c_char};
use std::ptr::null;

use super::bytes::{self, c_text};
use super::guard;
use super::handle::{self, Handle};
use super::status::{RR_OK, kind, rr_status};
use crate::error::{Error, ErrorKind, Outcome};

/// What became of a command that did not return its reply.
pub type rr_outcome = i32;

/// The failure is not about a command.
pub const RR_OUTCOME_NONE: rr_outcome = 0;
/// The server did not run it, and it will never be sent later. Issuing it again is safe.
pub const RR_OUTCOME_NOT_APPLIED: rr_outcome = 1;
/// It ran, once; its reply is lost.
pub const RR_OUTCOME_APPLIED: rr_outcome = 2;
/// It was written and no answer came: it may have run. Look before issuing it again.
pub const RR_OUTCOME_UNKNOWN: rr_outcome = 3;

const _: () = {
    assert!(RR_OUTCOME_NONE == Outcome::None as i32);
    assert!(RR_OUTCOME_NOT_APPLIED == Outcome::NotApplied as i32);
    assert!(RR_OUTCOME_APPLIED == Outcome::Applied as i32);
    assert!(RR_OUTCOME_UNKNOWN == Outcome::Unknown as i32);
};

/// Why a call failed, and what became of the command.
///
/// Made by the call that failed, when it was given a place for it; freed with rr_error_free(). It never changes: any
/// number of threads may read it. It holds no credentials and no arguments of the command.
pub struct rr_error {
    error: Error,
    message: CString,
    server_code: Option<CString>,
}

impl Handle for rr_error {
    const MAGIC: [u8; 8] = *b"rr_error";
    const NAME: &'static str = "error";
}

impl rr_error {
    pub(super) fn new(error: Error) -> Self {
        let message = c_text(&error.message);
        let server_code = error.server_code.as_deref().map(c_text);
        rr_error { error, message, server_code }
    }
}

/// Says that there is no error yet.
///
/// # Safety
///
/// `err` is NULL or writable.
pub(super) unsafe fn clear(err: *mut *mut rr_error) {
    // SAFETY: the caller's contract.
    unsafe { bytes::optional_out(err) };
}

/// Hands an error to C, if it wants it.
///
/// # Safety
///
/// `err` is NULL or writable.
pub(super) unsafe fn give(err: *mut *mut rr_error, error: Error) {
    // SAFETY: the caller's contract.
    if let Some(place) = unsafe { bytes::optional_out(err) } {
        *place = handle::give(rr_error::new(error)).unwrap_or(std::ptr::null_mut());
    }
}

/// Makes an error, for code built on this library that reports its own failures the same way.
///
/// `status` is one of the RR_ERR_ numbers, else RR_ERR_INVALID_ARGUMENT is taken; `message` is copied and may be NULL.
/// Freed with rr_error_free(). NULL only if the library itself fails.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_new(status: rr_status, message: *const c_char) -> *mut rr_error {
    guard::value(std::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let message = unsafe { bytes::text(message, "message") }.unwrap_or_default();
        handle::give(rr_error::new(Error::new(kind(status).unwrap_or(ErrorKind::InvalidArgument), message)))
    })
}

/// The number that the failed call returned. RR_OK for NULL: no error.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_status(error: *const rr_error) -> rr_status {
    // SAFETY: the caller's contract.
    guard::value(RR_OK, || unsafe { handle::borrow(error) }.map(|error| error.error.kind as rr_status))
}

/// One sentence for people, ending with a NUL. It lives as long as the error. "" for NULL.
///
/// For RR_ERR_SERVER it is the server's own text, without the arguments that some errors quote.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_message(error: *const rr_error) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(c"".as_ptr(), || unsafe { handle::borrow(error) }.map(|error| error.message.as_ptr()))
}

/// The first word of the server's error, such as "WRONGTYPE". It lives as long as the error. NULL if the server did
/// not answer with an error, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_server_code(error: *const rr_error) -> *const c_char {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let error = unsafe { handle::borrow(error)? };
        Ok(error.server_code.as_ref().map_or(null(), |code| code.as_ptr()))
    })
}

/// What became of the command: RR_OUTCOME_... RR_OUTCOME_NONE for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_outcome(error: *const rr_error) -> rr_outcome {
    // SAFETY: the caller's contract.
    guard::value(RR_OUTCOME_NONE, || unsafe { handle::borrow(error) }.map(|error| error.error.outcome as rr_outcome))
}

/// Would the same command have a fair chance if it were issued again, and could it not run twice? True only when it
/// was not applied and the cause is one that passes. False for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_is_retryable(error: *const rr_error) -> bool {
    // SAFETY: the caller's contract.
    guard::value(false, || unsafe { handle::borrow(error) }.map(|error| error.error.is_retryable()))
}

/// Frees an error. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_error_free(error: *mut rr_error) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(error) }
}

/// The constant's name, such as "RR_OUTCOME_UNKNOWN", for logs. Never NULL, never freed; "unknown" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn rr_outcome_name(outcome: rr_outcome) -> *const c_char {
    let name = match outcome {
        RR_OUTCOME_NONE => c"RR_OUTCOME_NONE",
        RR_OUTCOME_NOT_APPLIED => c"RR_OUTCOME_NOT_APPLIED",
        RR_OUTCOME_APPLIED => c"RR_OUTCOME_APPLIED",
        RR_OUTCOME_UNKNOWN => c"RR_OUTCOME_UNKNOWN",
        _ => c"unknown",
    };
    name.as_ptr()
}
