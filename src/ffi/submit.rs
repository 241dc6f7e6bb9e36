//! Submitting: commands whose replies come later, to a callback or into a queue.

use std::ffi::{c_char, c_void};

use super::bytes::{self, Arguments, check_flags};
use super::callback::{Userdata, rr_destroy};
use super::client::{self, rr_client};
use super::command::{RR_SUBMIT_UNTIL_BUFFERED, RR_SUBMIT_WAIT, rr_command_options, submission};
use super::error::rr_error;
use super::guard;
use super::handle::Owned;
use super::pipeline::{self, rr_pipeline};
use super::queue::{self, rr_queue};
use super::reply::rr_reply;
use super::status::{RR_BUFFERED, RR_EMPTY, RR_OK, rr_status};
use crate::client::{Client, Completed, CompletionHandler, Executed, Incomplete, Pipeline, SubmitOptions};
use crate::error::{Error, Result};

/// A program's function for one submitted command, or pipeline.
///
/// RR_OK with `reply`, or another status with `error`; the other of the two is NULL, but for a pipeline that failed half-way:
/// `reply` is then what came, as rr_pipeline_execute() gives it. RR_BUFFERED with neither if it was submitted with
/// RR_SUBMIT_UNTIL_BUFFERED. Both live until it returns. It runs
/// once, on the thread on which all callbacks of the client run, one at a time, in the order in which their commands were
/// answered. No lock is held: it may call anything of this library except rr_client_close(), which answers
/// RR_ERR_IN_CALLBACK; a command that it waits for holds up all other callbacks. It must not throw an exception or jump
/// out. It runs for every command that was submitted, also while the client is closed or freed, and never after that.
pub type rr_completion_callback = Option<
    unsafe extern "C" fn(status: rr_status, reply: *const rr_reply, error: *const rr_error, userdata: *mut c_void),
>;

/// The program's callback as the library calls it.
fn handler(
    callback: unsafe extern "C" fn(rr_status, *const rr_reply, *const rr_error, *mut c_void),
    userdata: Userdata,
) -> CompletionHandler {
    Box::new(move |completed: Completed| {
        let (status, reply, error) = match completed {
            Ok(Executed::Buffered) => (RR_BUFFERED, None, None),
            Ok(Executed::Reply(reply)) => (RR_OK, Some(reply), None),
            Err(Incomplete { error, reply }) => (error.kind as rr_status, reply, Some(error)),
        };
        let Ok(reply) = reply.map(|reply| Owned::new(rr_reply::new(reply))).transpose() else { return };
        let Ok(error) = error.map(|error| Owned::new(rr_error::new(error))).transpose() else { return };
        let lent_reply = reply.as_ref().map_or(std::ptr::null(), Owned::lend);
        let lent_error = error.as_ref().map_or(std::ptr::null(), Owned::lend);
        // SAFETY: the program gave the function to be called like this; reply and error outlive the call.
        unsafe { callback(status, lent_reply, lent_error, userdata.pointer()) };
    })
}

/// The body of every function that submits a command.
///
/// # Safety
///
/// As for the functions that call it; `fill` reads the arguments that their caller gave.
unsafe fn submit<'a>(
    client: *mut rr_client,
    options: *const rr_command_options,
    fill: impl FnOnce(&mut Arguments<'a>) -> Result<()>,
    id: *mut u64,
    err: *mut *mut rr_error,
    go: impl FnOnce(&Client, &Arguments<'a>, &SubmitOptions) -> Result<u64>,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::optional_number_out(id) };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let options = unsafe { bytes::read_struct(options, "options")? }.check_submit()?;
        let mut arguments = Arguments::new();
        fill(&mut arguments)?;
        let number = go(&client, &arguments, &options)?;
        if let Some(place) = place {
            *place = number;
        }
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Sends a command, given as to rr_command(), and returns without waiting for its reply, which goes to `callback`.
///
/// It never waits for the network. RR_OK: the command is on its way, or in the buffer during an outage, and `callback`
/// will run once with what becomes of it; `id` (may be NULL) is its number, for rr_cancel(). Otherwise it was not taken,
/// will not be sent, and `callback` does not run: RR_ERR_WOULD_BLOCK when max_submitted commands are on their way already
/// or too much waits to be written; with RR_SUBMIT_WAIT in the options it waits for room instead, up to the command's time.
/// RR_ERR_BUFFER_FULL as for any other write in an outage.
///
/// In an outage a write that may be buffered completes when it is really answered, however long that takes; reads and
/// writes with RR_COMMAND_NO_BUFFER fail when their time has passed. With RR_SUBMIT_UNTIL_BUFFERED such a write completes when
/// it is accepted into the buffer, with RR_BUFFERED; from then on it is like any other that is buffered.
///
/// Commands of one thread keep their order, those that are waited for included. Commands that change the connection (SELECT,
/// AUTH, ...) are RR_ERR_UNSUPPORTED. One that waits at the server (BLPOP, ...) has a connection of its own, as with
/// rr_command(), and a thread of its own for as long as it waits; it has no place in the order.
///
/// `destroy` ends `userdata` after the call of `callback`, or before this returns when it fails. `options` may be NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_submit(
    client: *mut rr_client,
    options: *const rr_command_options,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    callback: rr_completion_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    id: *mut u64,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::arguments(into, argc, argv, argvlen) };
    let go = |client: &Client, arguments: &Arguments<'_>, options: &SubmitOptions| {
        let callback = callback.ok_or_else(|| bytes::null("callback"))?;
        client.submit(arguments, options, handler(callback, userdata))
    };
    // SAFETY: the caller's contract.
    unsafe { submit(client, options, fill, id, err, go) }
}

/// rr_submit() with a queue in place of a callback: what becomes of the command goes there, under `tag`, which the program
/// chooses. The queue may be shared by any number of clients.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_submit_to(
    client: *mut rr_client,
    queue: *mut rr_queue,
    tag: u64,
    options: *const rr_command_options,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    id: *mut u64,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::arguments(into, argc, argv, argvlen) };
    let go = |client: &Client, arguments: &Arguments<'_>, options: &SubmitOptions| {
        // SAFETY: the caller's contract.
        client.submit_to(&unsafe { queue::borrow(queue)? }, tag, arguments, options)
    };
    // SAFETY: the caller's contract.
    unsafe { submit(client, options, fill, id, err, go) }
}

/// rr_submit_to() for callers without arrays of pointers, as rr_command_packed().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_submit_packed_to(
    client: *mut rr_client,
    queue: *mut rr_queue,
    tag: u64,
    options: *const rr_command_options,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    id: *mut u64,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::packed(into, argc, bytes, lengths) };
    let go = |client: &Client, arguments: &Arguments<'_>, options: &SubmitOptions| {
        // SAFETY: the caller's contract.
        client.submit_to(&unsafe { queue::borrow(queue)? }, tag, arguments, options)
    };
    // SAFETY: the caller's contract.
    unsafe { submit(client, options, fill, id, err, go) }
}

/// The body of the functions that submit a pipeline.
///
/// # Safety
///
/// As for the functions that call it.
unsafe fn submit_whole(
    client: *mut rr_client,
    pipeline: *mut rr_pipeline,
    flags: u32,
    id: *mut u64,
    err: *mut *mut rr_error,
    go: impl FnOnce(&Client, &mut Pipeline, &SubmitOptions) -> Result<u64>,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::optional_number_out(id) };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let pipeline = unsafe { pipeline::borrow(pipeline)? };
        check_flags(flags, RR_SUBMIT_WAIT | RR_SUBMIT_UNTIL_BUFFERED, 0)?;
        let number = go(&client, &mut *pipeline::enter(&pipeline)?, &submission(flags))?;
        if let Some(place) = place {
            *place = number;
        }
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Sends a pipeline of `client` as rr_pipeline_execute() does, and returns without waiting for its replies, which go to
/// `callback`: all that is said of rr_submit() holds for it. It is one of the max_submitted, completes once, and its options
/// are those that it was made with. `flags` are RR_SUBMIT_... added together.
///
/// What it holds is copied: it can be changed, submitted again, executed or freed as soon as this returns.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_submit_pipeline(
    client: *mut rr_client,
    pipeline: *mut rr_pipeline,
    flags: u32,
    callback: rr_completion_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    id: *mut u64,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    let go = |client: &Client, pipeline: &mut Pipeline, options: &SubmitOptions| {
        let callback = callback.ok_or_else(|| bytes::null("callback"))?;
        client.submit_pipeline(pipeline, options, handler(callback, userdata))
    };
    // SAFETY: the caller's contract.
    unsafe { submit_whole(client, pipeline, flags, id, err, go) }
}

/// rr_submit_pipeline() with a queue in place of a callback: what becomes of the pipeline goes there, under `tag`.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_submit_pipeline_to(
    client: *mut rr_client,
    queue: *mut rr_queue,
    tag: u64,
    pipeline: *mut rr_pipeline,
    flags: u32,
    id: *mut u64,
    err: *mut *mut rr_error,
) -> rr_status {
    let go = |client: &Client, pipeline: &mut Pipeline, options: &SubmitOptions| {
        // SAFETY: the caller's contract.
        client.submit_pipeline_to(&unsafe { queue::borrow(queue)? }, tag, pipeline, options)
    };
    // SAFETY: the caller's contract.
    unsafe { submit_whole(client, pipeline, flags, id, err, go) }
}

/// Gives up the submitted command, or pipeline, with this number. RR_OK: it completes at once with RR_ERR_CANCELLED, and
/// rr_error_outcome() says whether it was taken back before it was written (RR_OUTCOME_NOT_APPLIED: it is never sent) or
/// may run (RR_OUTCOME_UNKNOWN). RR_EMPTY: it is completed already, or there is none with this number.
///
/// One that waits at the server (BLPOP, ...) is ended there first, which may take a second, and then completes with
/// RR_ERR_CANCELLED: RR_OUTCOME_NOT_APPLIED means that it took no element and never will. If it got one in this very moment
/// it completes with that.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_cancel(client: *mut rr_client, id: u64, err: *mut *mut rr_error) -> rr_status {
    // SAFETY: the caller's contract.
    let cancelled = || unsafe { client::borrow(client) }.map(|client| client.cancel(id));
    let body = || Ok::<_, Error>(if cancelled()? { RR_OK } else { RR_EMPTY });
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
