//! The failed list: buffered commands that will not be applied any more, to be looked at, retried or discarded.

use std::ffi::c_char;
use std::ptr::null;

use super::bytes;
use super::client::{self, rr_client};
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle, Owned};
use super::status::{RR_EMPTY, RR_OK, rr_status};
use crate::client::FailedCommand;

/// A copy of an entry of the failed list: a buffered command that the server refused for good, that was dropped to make
/// room, or that became too old. It never changes: any number of threads may read it. Freed with rr_failed_free().
///
/// A pipeline that was buffered as one unit is one entry with several commands.
pub struct rr_failed {
    /// With a NUL behind each argument.
    failed: FailedCommand,
    error: Owned<rr_error>,
}

impl Handle for rr_failed {
    const MAGIC: [u8; 8] = *b"rrfailed";
    const NAME: &'static str = "failed command";
}

/// How many entries the failed list has, or a negative RR_ERR_ number when it cannot be told.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_count(client: *const rr_client) -> i64 {
    // SAFETY: the caller's contract.
    guard::count(|| unsafe { client::borrow(client) }.map(|client| client.failed_count().cast_signed()))
}

/// Copies the oldest entry with an id above `after_id`; 0 for the first. It stays in the list. RR_EMPTY if there is none.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_next(
    client: *const rr_client,
    after_id: u64,
    failed: *mut *mut rr_failed,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(failed, "failed")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        let Some(mut failed) = client.failed_next(after_id) else { return Ok(RR_EMPTY) };
        failed.commands.iter_mut().flatten().for_each(|argument| argument.push(0));
        let error = Owned::new(rr_error::new(failed.error.clone()))?;
        *place = handle::give(rr_failed { failed, error })?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Its number: larger than those of earlier failures of the same client. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_id(failed: *const rr_failed) -> u64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(failed) }.map(|failed| failed.failed.id))
}

/// Why it failed. It lives as long as the entry: do not free it. NULL for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_error(failed: *const rr_failed) -> *const rr_error {
    // SAFETY: the caller's contract.
    guard::value(null(), || unsafe { handle::borrow(failed) }.map(|failed| failed.error.lend()))
}

/// How many commands the entry has. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_command_count(failed: *const rr_failed) -> usize {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(failed) }.map(|failed| failed.failed.commands.len()))
}

/// How many arguments, its name included, the command at `command`, from 0, has. 0 if there is none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_argument_count(failed: *const rr_failed, command: usize) -> usize {
    guard::value(0, || {
        // SAFETY: the caller's contract.
        let failed = unsafe { handle::borrow(failed)? };
        Ok(failed.failed.commands.get(command).map_or(0, Vec::len))
    })
}

/// The argument at `argument`, from 0 (the name), of the command at `command`: `*length` bytes, followed by a NUL that is
/// not counted. They live as long as the entry. NULL and 0 if there is none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_argument(
    failed: *const rr_failed,
    command: usize,
    argument: usize,
    length: *mut usize,
) -> *const c_char {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let length = unsafe { bytes::number_out(length, "length")? };
        // SAFETY: the caller's contract.
        let failed = unsafe { handle::borrow(failed)? };
        let found = failed.failed.commands.get(command).and_then(|command| command.get(argument));
        let Some((_nul, bytes)) = found.and_then(|bytes| bytes.split_last()) else { return Ok(null()) };
        *length = bytes.len();
        Ok(bytes.as_ptr().cast())
    })
}

/// Frees the copy of an entry; the entry stays in the list. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_free(failed: *mut rr_failed) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(failed) }
}

/// Takes the entry with this id out of the failed list and puts it at the end of the buffer, to be sent again.
/// RR_ERR_INVALID_ARGUMENT if there is none with that id.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_retry(client: *mut rr_client, id: u64, err: *mut *mut rr_error) -> rr_status {
    // SAFETY: the caller's contract.
    let body = || unsafe { client::borrow(client) }?.failed_retry(id).map(|()| RR_OK);
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Takes the entry with this id out of the failed list for good. RR_ERR_INVALID_ARGUMENT if there is none.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_failed_discard(client: *mut rr_client, id: u64, err: *mut *mut rr_error) -> rr_status {
    // SAFETY: the caller's contract.
    let body = || unsafe { client::borrow(client) }?.failed_discard(id).map(|()| RR_OK);
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
