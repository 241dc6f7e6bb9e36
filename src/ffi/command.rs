//! Commands: an argv in, a reply out. The path that every microsecond counts on.

use std::ffi::{c_char, c_void};
use std::ptr::null;

use super::bytes::{self, Arguments, Extensible, check_flags, time_limit};
use super::client::{self, rr_client};
use super::error::rr_error;
use super::guard;
use super::handle;
use super::reply::rr_reply;
use super::status::{RR_BUFFERED, RR_OK, rr_status};
use crate::client::{CommandOptions, Executed, SubmitOptions};
use crate::error::Result;

/// During an outage, wait for the reply instead of being buffered.
pub const RR_COMMAND_NO_BUFFER: u32 = 1;
/// Never write it a second time: if the connection is lost before the reply, fail with RR_OUTCOME_UNKNOWN.
pub const RR_COMMAND_NO_RETRY: u32 = 2;
/// For the functions that submit only: wait for room, up to the command's time, instead of RR_ERR_WOULD_BLOCK.
pub const RR_SUBMIT_WAIT: u32 = 4;
/// For the functions that submit only: a write that is accepted into the buffer during an outage completes with RR_BUFFERED
/// then, as it does with rr_command(), and not when it is answered.
pub const RR_SUBMIT_UNTIL_BUFFERED: u32 = 16;
/// Have the primary answer it, also if it only reads and read_from is replica: it then sees what was written before.
pub const RR_COMMAND_FROM_PRIMARY: u32 = 8;

/// How one command differs from the client's settings. Set it all to zero, then struct_size to
/// sizeof(rr_command_options), then what you want.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_command_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// How long the call may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
    pub timeout_ms: i64,
    /// RR_COMMAND_... added together, for submitting RR_SUBMIT_... too; others are invalid.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: a size, a number of 64 bits and two of 32.
unsafe impl Extensible for rr_command_options {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_command_options>() == 24);

impl rr_command_options {
    fn check(self) -> Result<CommandOptions> {
        let known = RR_COMMAND_NO_BUFFER | RR_COMMAND_NO_RETRY | RR_COMMAND_FROM_PRIMARY;
        check_flags(self.flags, known, self.reserved)?;
        Ok(CommandOptions {
            timeout: time_limit(self.timeout_ms)?,
            no_buffer: self.flags & RR_COMMAND_NO_BUFFER != 0,
            no_retry: self.flags & RR_COMMAND_NO_RETRY != 0,
            from_primary: self.flags & RR_COMMAND_FROM_PRIMARY != 0,
        })
    }
}

impl rr_command_options {
    /// The same for a command that is submitted.
    pub(super) fn check_submit(self) -> Result<SubmitOptions> {
        let flags = self.flags & !(RR_SUBMIT_WAIT | RR_SUBMIT_UNTIL_BUFFERED);
        let command = rr_command_options { flags, ..self }.check()?;
        Ok(SubmitOptions { command, ..submission(self.flags) })
    }
}

/// What the flags say that are for submitting only.
pub(super) fn submission(flags: u32) -> SubmitOptions {
    SubmitOptions {
        command: CommandOptions::default(),
        wait: flags & RR_SUBMIT_WAIT != 0,
        ends_when_buffered: flags & RR_SUBMIT_UNTIL_BUFFERED != 0,
    }
}

/// Hands a command's result to C.
pub(super) fn finish(executed: Executed, place: Option<&mut *mut rr_reply>) -> Result<rr_status> {
    let Executed::Reply(reply) = executed else { return Ok(RR_BUFFERED) };
    if let Some(place) = place {
        *place = handle::give(rr_reply::new(reply))?;
    }
    Ok(RR_OK)
}

/// The body of every function that issues a command.
///
/// # Safety
///
/// As for the functions that call it; `fill` reads the arguments that their caller gave.
unsafe fn issue<'a>(
    client: *mut rr_client,
    options: *const rr_command_options,
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
        let options = unsafe { bytes::read_struct(options, "options")? }.check()?;
        let mut arguments = Arguments::new();
        fill(&mut arguments)?;
        finish(client.command_with(&arguments, &options)?, reply)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Issues a command and waits for its reply.
///
/// The command is `argc` arguments, the first being its name. `argv[i]` is `argvlen[i]` bytes of any kind, and may be
/// NULL if that is 0. If `argvlen` is NULL, each ends with a NUL instead. They are only read during the call.
///
/// RR_OK with the reply, freed with rr_reply_free(); `reply` may be NULL if it is not wanted. RR_BUFFERED without one:
/// a write during an outage, which will be applied after it. An error reply of the server is RR_ERR_SERVER, not a
/// reply. Every failure says by rr_error_outcome() what became of the command. It waits no longer than the option
/// command_timeout_ms.
///
/// A command whose reply hands out what it takes away (LPOP, SPOP, ZPOPMIN, GETDEL, GETSET, SET with GET, XREADGROUP, ...) is
/// never buffered, since nobody would get that: it waits for its reply.
///
/// A command that waits at the server (BLPOP, BLMOVE, XREAD with BLOCK, WAIT, ...) has a connection of its own, so that
/// nobody waits behind it, and is never buffered. It may take the time that it asks for itself and command_timeout_ms on
/// top, or for ever if it asks for that; a timeout_ms in its options takes the place of both. When the time has passed
/// it is ended at the server, which may take a second more: RR_ERR_TIMEOUT with RR_OUTCOME_NOT_APPLIED then means that it
/// took no element and never will.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_command(
    client: *mut rr_client,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::arguments(into, argc, argv, argvlen) };
    // SAFETY: the caller's contract.
    unsafe { issue(client, null(), fill, reply, err) }
}

/// rr_command() with options; NULL for none.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_command_with(
    client: *mut rr_client,
    options: *const rr_command_options,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::arguments(into, argc, argv, argvlen) };
    // SAFETY: the caller's contract.
    unsafe { issue(client, options, fill, reply, err) }
}

/// rr_command() for callers without arrays of pointers: all arguments one after the other in `bytes`, without anything
/// between them, and their `argc` lengths. `bytes` may be NULL if all are 0.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_command_packed(
    client: *mut rr_client,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::packed(into, argc, bytes, lengths) };
    // SAFETY: the caller's contract.
    unsafe { issue(client, null(), fill, reply, err) }
}

/// rr_command_packed() with options; NULL for none.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_command_packed_with(
    client: *mut rr_client,
    options: *const rr_command_options,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::packed(into, argc, bytes, lengths) };
    // SAFETY: the caller's contract.
    unsafe { issue(client, options, fill, reply, err) }
}
