//! Scripts: a handle on [`Script`], and the functions that run one.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::bytes::{self, Arguments, Extensible, check_flags, time_limit};
use super::client::{self, rr_client};
use super::command::finish;
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle};
use super::pipeline::{self, rr_pipeline};
use super::reply::rr_reply;
use super::status::{RR_OK, rr_status};
use crate::client::{Script, ScriptOptions};
use crate::error::Result;

/// During an outage, wait for the reply instead of being buffered.
pub const RR_SCRIPT_NO_BUFFER: u32 = 1;
/// Never write it a second time: if the connection is lost before the reply, fail with RR_OUTCOME_UNKNOWN.
pub const RR_SCRIPT_NO_RETRY: u32 = 2;
/// It only reads, and the server holds it to that (EVALSHA_RO, from Redis 7 on): during an outage it waits as a read.
pub const RR_SCRIPT_READ_ONLY: u32 = 4;

/// How a script is run. Set it all to zero, then struct_size to sizeof(rr_script_options), then what you want.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_script_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// How long the call may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
    pub timeout_ms: i64,
    /// RR_SCRIPT_... added together; others are invalid.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: a size, a number of 64 bits and two of 32.
unsafe impl Extensible for rr_script_options {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_script_options>() == 24);

impl rr_script_options {
    fn check(self) -> Result<ScriptOptions> {
        let known = RR_SCRIPT_NO_BUFFER | RR_SCRIPT_NO_RETRY | RR_SCRIPT_READ_ONLY;
        check_flags(self.flags, known, self.reserved)?;
        Ok(ScriptOptions {
            timeout: time_limit(self.timeout_ms)?,
            no_buffer: self.flags & RR_SCRIPT_NO_BUFFER != 0,
            no_retry: self.flags & RR_SCRIPT_NO_RETRY != 0,
            read_only: self.flags & RR_SCRIPT_READ_ONLY != 0,
        })
    }
}

/// A script that servers run, in Lua. It belongs to no client and never changes: any number of threads may use it.
pub struct rr_script(Arc<Script>);

impl Handle for rr_script {
    const MAGIC: [u8; 8] = *b"rrscript";
    const NAME: &'static str = "script";
}

/// The script behind a handle, kept alive for a call even if it is freed meanwhile.
///
/// # Safety
///
/// As for [`handle::borrow`].
pub(super) unsafe fn borrow(script: *const rr_script) -> Result<Arc<Script>> {
    // SAFETY: the caller's contract.
    unsafe { handle::borrow(script) }.map(|script| script.0.clone())
}

/// Makes a script of `length` bytes of source, which are copied and not looked at: a mistake in them is the server's to
/// find. Freed with rr_script_free().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_script_new(
    source: *const c_char,
    length: usize,
    script: *mut *mut rr_script,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let script = unsafe { bytes::out(script, "script")? };
        // SAFETY: the caller's contract.
        let source = unsafe { bytes::measured(source.cast(), length, "source")? };
        *script = handle::give(rr_script(Arc::new(Script::new(source)?)))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// The body of the functions that run a script.
///
/// # Safety
///
/// As for the functions that call it; `fill` reads the arguments that their caller gave.
unsafe fn run<'a>(
    client: *mut rr_client,
    script: *const rr_script,
    options: *const rr_script_options,
    key_count: usize,
    fill: impl FnOnce(&mut Arguments<'a>) -> Result<()>,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let reply = unsafe { bytes::optional_out(reply) };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let script = unsafe { borrow(script)? };
        // SAFETY: the caller's contract.
        let options = unsafe { bytes::read_struct(options, "options")? }.check()?;
        let mut arguments = Arguments::new();
        fill(&mut arguments)?;
        finish(client.run_script(&script, key_count, &arguments, &options)?, reply)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Runs a script and waits for its reply, as rr_command() does with a command. `options` may be NULL.
///
/// `argv` holds its `argc` arguments, which may be none; the first `key_count` of them are the keys (KEYS), the others
/// are ARGV. It is sent by its digest, and once more with its source if the server does not know it. What is buffered
/// during an outage is kept with its source, so that a server that was restarted finds it, too.
///
/// An error that the script itself ends with is RR_ERR_SERVER and of unknown outcome: what it did before that stays.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_script_run(
    client: *mut rr_client,
    script: *const rr_script,
    options: *const rr_script_options,
    key_count: usize,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::strings(into, argc, argv, argvlen, "argv") };
    // SAFETY: the caller's contract.
    unsafe { run(client, script, options, key_count, fill, reply, err) }
}

/// rr_script_run() for callers without arrays of pointers; the arguments are given as to rr_command_packed().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_script_run_packed(
    client: *mut rr_client,
    script: *const rr_script,
    options: *const rr_script_options,
    key_count: usize,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::packed_strings(into, argc, bytes, lengths) };
    // SAFETY: the caller's contract.
    unsafe { run(client, script, options, key_count, fill, reply, err) }
}

/// Adds a script with its arguments, given as to rr_script_run(), to a pipeline. All of it is copied.
///
/// Its source goes along, so that it runs in its place whatever became of the server's memory of scripts, between the
/// commands of the pipeline, too.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_pipeline_append_script(
    pipeline: *mut rr_pipeline,
    script: *const rr_script,
    key_count: usize,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let pipeline = unsafe { pipeline::borrow(pipeline)? };
        // SAFETY: the caller's contract.
        let script = unsafe { borrow(script)? };
        let mut arguments = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::strings(&mut arguments, argc, argv, argvlen, "argv")? };
        pipeline::enter(&pipeline)?.append_script(&script, key_count, &arguments)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Frees a script. What was sent or appended of it stays. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_script_free(script: *mut rr_script) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(script) }
}
