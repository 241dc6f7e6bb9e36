//! Pipelines: a handle on [`Pipeline`] that notices when two threads use it.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::bytes::{self, Arguments, Extensible, check_flags, time_limit};
use super::client::{self, rr_client};
use super::command::finish;
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle};
use super::reply::rr_reply;
use super::status::{RR_OK, rr_status};
use crate::client::{Executed, Incomplete, Pipeline, PipelineOptions};
use crate::error::{Error, ErrorKind, Result};

/// During an outage, wait for the replies instead of being buffered.
pub const RR_PIPELINE_NO_BUFFER: u32 = 1;
/// Never write a command of it a second time: if the connection is lost, the unanswered ones are of unknown outcome.
pub const RR_PIPELINE_NO_RETRY: u32 = 2;
/// Wrap it in MULTI and EXEC: all or nothing, and nothing of other clients in between.
pub const RR_PIPELINE_ATOMIC: u32 = 4;
/// Have the primary answer it, also if all of it only reads and read_from is replica: it then sees what was written before.
pub const RR_PIPELINE_FROM_PRIMARY: u32 = 8;

/// How a pipeline is executed. Set it all to zero, then struct_size to sizeof(rr_pipeline_options), then what you want.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_pipeline_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// How long one execution may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
    pub timeout_ms: i64,
    /// RR_PIPELINE_... added together; others are invalid.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: a size, a number of 64 bits and two of 32.
unsafe impl Extensible for rr_pipeline_options {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_pipeline_options>() == 24);

impl rr_pipeline_options {
    fn check(self) -> Result<PipelineOptions> {
        let known = RR_PIPELINE_NO_BUFFER | RR_PIPELINE_NO_RETRY | RR_PIPELINE_ATOMIC | RR_PIPELINE_FROM_PRIMARY;
        check_flags(self.flags, known, self.reserved)?;
        Ok(PipelineOptions {
            atomic: self.flags & RR_PIPELINE_ATOMIC != 0,
            timeout: time_limit(self.timeout_ms)?,
            no_buffer: self.flags & RR_PIPELINE_NO_BUFFER != 0,
            no_retry: self.flags & RR_PIPELINE_NO_RETRY != 0,
            from_primary: self.flags & RR_PIPELINE_FROM_PRIMARY != 0,
        })
    }
}

/// A batch of commands that are sent together; their replies come back together.
///
/// It belongs to one thread at a time; a call while another thread is in one answers RR_ERR_BUSY. It may be freed
/// before or after its client. In a forked child every function answers RR_ERR_FORKED.
pub struct rr_pipeline(Arc<Mutex<Pipeline>>);

impl Handle for rr_pipeline {
    const MAGIC: [u8; 8] = *b"rrpiplin";
    const NAME: &'static str = "pipeline";
    const BOUND_TO_PROCESS: bool = true;
}

/// The pipeline behind a handle, kept alive for a call even if it is freed meanwhile.
///
/// # Safety
///
/// As for [`handle::borrow`].
pub(super) unsafe fn borrow(pipeline: *const rr_pipeline) -> Result<Arc<Mutex<Pipeline>>> {
    // SAFETY: the caller's contract.
    unsafe { handle::borrow(pipeline) }.map(|pipeline| pipeline.0.clone())
}

/// The lock is tried and never waited for.
pub(super) fn enter(pipeline: &Mutex<Pipeline>) -> Result<MutexGuard<'_, Pipeline>> {
    pipeline.try_lock().ok_or_else(|| Error::new(ErrorKind::Busy, "another thread is using this pipeline"))
}

/// Makes an empty pipeline. `options` may be NULL. Freed with rr_pipeline_free().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_new(
    client: *mut rr_client,
    options: *const rr_pipeline_options,
    pipeline: *mut *mut rr_pipeline,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let pipeline = unsafe { bytes::out(pipeline, "pipeline")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let options = unsafe { bytes::read_struct(options, "options")? }.check()?;
        *pipeline = handle::give(rr_pipeline(Arc::new(Mutex::new(client.pipeline(options)))))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Adds a command, given as to rr_command(), and copies it. Nothing is sent yet.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_append(
    pipeline: *mut rr_pipeline,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let pipeline = unsafe { borrow(pipeline)? };
        let mut arguments = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::arguments(&mut arguments, argc, argv, argvlen)? };
        enter(&pipeline)?.append(&arguments)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Adds a command, given as to rr_command_packed(), and copies it. Nothing is sent yet.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_append_packed(
    pipeline: *mut rr_pipeline,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let pipeline = unsafe { borrow(pipeline)? };
        let mut arguments = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::packed(&mut arguments, argc, bytes, lengths)? };
        enter(&pipeline)?.append(&arguments)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// How many commands it holds, or a negative RR_ERR_ number when it cannot be told.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_length(pipeline: *const rr_pipeline) -> i64 {
    guard::count(|| {
        // SAFETY: the caller's contract.
        let pipeline = unsafe { borrow(pipeline)? };
        let length = enter(&pipeline)?.len();
        Ok(i64::try_from(length).unwrap_or(i64::MAX))
    })
}

/// Sends its commands and waits for all replies: an array with one per command, in order, in which a command that the
/// server refused is a value of RR_TYPE_ERROR. The commands stay in it, to be executed again, until
/// rr_pipeline_clear().
///
/// RR_OK with the reply, freed with rr_reply_free(); `reply` may be NULL if it is not wanted. RR_BUFFERED without one:
/// during an outage it is buffered as one unit if all its commands are writes that rr_command() would buffer. If only
/// some were answered, it fails and gives the reply too, beside the error: the replies that came, and in place of each
/// other one a value of RR_TYPE_ERROR that begins with "NOTAPPLIED" or "UNKNOWN". If none was, there is no reply and
/// rr_error_outcome() holds for all.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_execute(
    pipeline: *mut rr_pipeline,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::optional_out(reply) };
        // SAFETY: the caller's contract.
        let pipeline = unsafe { borrow(pipeline)? };
        let executed = enter(&pipeline)?.execute();
        match executed {
            Ok(executed) => finish(executed, place),
            Err(Incomplete { error, reply: None }) => Err(error),
            Err(Incomplete { error, reply: Some(reply) }) => finish(Executed::Reply(reply), place).and(Err(error)),
        }
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Empties it.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_clear(pipeline: *mut rr_pipeline, err: *mut *mut rr_error) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let pipeline = unsafe { borrow(pipeline)? };
        enter(&pipeline)?.clear();
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Frees a pipeline. Does nothing for NULL, and in a forked child.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_free(pipeline: *mut rr_pipeline) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(pipeline) }
}
