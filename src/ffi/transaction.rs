//! Transactions: a handle on [`Transaction`], which notices by itself when two threads use it.

use std::ffi::{c_char, c_void};

use super::bytes::{self, Arguments, Extensible, check_flags, time_limit};
use super::client::{self, rr_client};
use super::command::finish;
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle, Owned};
use super::reply::rr_reply;
use super::script::{self, rr_script};
use super::status::{RR_OK, rr_status};
use crate::client::{Executed, Ran, Transaction, TransactionOptions, Verdict};
use crate::error::Result;

/// Never write it a second time: if the connection is lost before the reply, fail with RR_OUTCOME_UNKNOWN. With
/// watched keys it never is.
pub const RR_TRANSACTION_NO_RETRY: u32 = 1;

/// How a transaction is executed. Set it all to zero, then struct_size to sizeof(rr_transaction_options), then what you
/// want.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_transaction_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// How long each call on it may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
    pub timeout_ms: i64,
    /// RR_TRANSACTION_... added together; others are invalid.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: a size, a number of 64 bits and two of 32.
unsafe impl Extensible for rr_transaction_options {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_transaction_options>() == 24);

impl rr_transaction_options {
    fn check(self) -> Result<TransactionOptions> {
        check_flags(self.flags, RR_TRANSACTION_NO_RETRY, self.reserved)?;
        Ok(TransactionOptions {
            timeout: time_limit(self.timeout_ms)?,
            no_retry: self.flags & RR_TRANSACTION_NO_RETRY != 0,
        })
    }
}

/// Keys that are watched, and commands that are executed together unless one of those keys was changed meanwhile.
///
/// rr_transaction_new() watches keys, rr_transaction_command() reads at once, rr_transaction_queue() adds what is to be
/// done, and rr_transaction_execute() does all of that or nothing. rr_transaction_run() goes through it again after a
/// conflict.
///
/// While it watches it has a connection of its own (see the option private_max_connections), and the watch ends with
/// that connection: if it is lost, that is a conflict. Once it was executed or discarded the transaction is over, until
/// rr_transaction_watch() begins it anew.
///
/// It belongs to one thread at a time; a call while another thread is in one answers RR_ERR_BUSY. It may be freed
/// before or after its client. In a forked child every function answers RR_ERR_FORKED.
pub struct rr_transaction(Transaction);

impl Handle for rr_transaction {
    const MAGIC: [u8; 8] = *b"rrtransa";
    const NAME: &'static str = "transaction";
    const BOUND_TO_PROCESS: bool = true;
}

/// Prepares a transaction for rr_transaction_run(): reads with rr_transaction_command(), adds what is to be done with
/// rr_transaction_queue(), and returns 0 to have it executed, or another number to give up.
///
/// It runs on the thread that called rr_transaction_run(), perhaps several times, and may use the client. `transaction`
/// is lent: it is watching already, and is not executed, discarded or freed here.
pub type rr_transaction_function =
    Option<unsafe extern "C" fn(transaction: *mut rr_transaction, userdata: *mut c_void) -> i32>;

/// The transaction behind a handle, kept alive for a call even if it is freed meanwhile.
///
/// # Safety
///
/// As for [`handle::borrow`].
unsafe fn borrow(transaction: *const rr_transaction) -> Result<Transaction> {
    // SAFETY: the caller's contract.
    unsafe { handle::borrow(transaction) }.map(|transaction| transaction.0.clone())
}

/// Makes a transaction that watches `count` keys; `options` may be NULL. Freed with rr_transaction_free().
///
/// `keys[i]` is `lengths[i]` bytes; if `lengths` is NULL, each ends with a NUL instead. With no keys nothing is
/// watched, no connection of its own is needed, and what is executed is all or nothing as in an atomic pipeline.
///
/// It waits for its connection, during an outage too, and behind what is buffered: until commands flow, one of the
/// private_max_connections is free, or the time has passed. Failing, there is no transaction.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_new(
    client: *mut rr_client,
    options: *const rr_transaction_options,
    count: usize,
    keys: *const *const c_char,
    lengths: *const usize,
    transaction: *mut *mut rr_transaction,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let transaction = unsafe { bytes::out(transaction, "transaction")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let options = unsafe { bytes::read_struct(options, "options")? }.check()?;
        let mut watched = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::strings(&mut watched, count, keys, lengths, "keys")? };
        *transaction = handle::give(rr_transaction(client.transaction(&watched, options)?))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Watches keys, given as to rr_transaction_new(): more of them, or, after it was executed or discarded, the first of a
/// transaction that begins anew. RR_ERR_CONFLICT if it was watching and its connection is lost.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_watch(
    transaction: *mut rr_transaction,
    count: usize,
    keys: *const *const c_char,
    lengths: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let transaction = unsafe { borrow(transaction)? };
        let mut watched = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::strings(&mut watched, count, keys, lengths, "keys")? };
        transaction.watch(&watched)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// The body of the functions that send a command at once.
///
/// # Safety
///
/// As for the functions that call it; `fill` reads the arguments that their caller gave.
unsafe fn issue<'a>(
    transaction: *mut rr_transaction,
    fill: impl FnOnce(&mut Arguments<'a>) -> Result<()>,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let reply = unsafe { bytes::optional_out(reply) };
        // SAFETY: the caller's contract.
        let transaction = unsafe { borrow(transaction)? };
        let mut arguments = Arguments::new();
        fill(&mut arguments)?;
        finish(Executed::Reply(transaction.command(&arguments)?), reply)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Sends a command at once, given as to rr_command(), and waits for its reply: most often a read of what is watched.
///
/// A write is possible, is not part of what is executed, and makes that a conflict if its key is watched. Commands that
/// change the connection are refused. If the connection is lost: RR_ERR_CONFLICT for a read, RR_ERR_CONNECTION_LOST with
/// an unknown outcome for a write; whatever follows is a conflict. Without watched keys it goes the way of any other
/// command, and is not buffered.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_command(
    transaction: *mut rr_transaction,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::arguments(into, argc, argv, argvlen) };
    // SAFETY: the caller's contract.
    unsafe { issue(transaction, fill, reply, err) }
}

/// rr_transaction_command() with the command given as to rr_command_packed().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_command_packed(
    transaction: *mut rr_transaction,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    // SAFETY: the caller's contract.
    let fill = |into: &mut _| unsafe { bytes::packed(into, argc, bytes, lengths) };
    // SAFETY: the caller's contract.
    unsafe { issue(transaction, fill, reply, err) }
}

/// Adds a command, given as to rr_command(), to what is executed, and copies it. Nothing is sent yet.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_queue(
    transaction: *mut rr_transaction,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let transaction = unsafe { borrow(transaction)? };
        let mut arguments = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::arguments(&mut arguments, argc, argv, argvlen)? };
        transaction.queue(&arguments)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// rr_transaction_queue() with the command given as to rr_command_packed().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_queue_packed(
    transaction: *mut rr_transaction,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let transaction = unsafe { borrow(transaction)? };
        let mut arguments = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::packed(&mut arguments, argc, bytes, lengths)? };
        transaction.queue(&arguments)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Adds a script with its arguments, given as to rr_script_run(), to what is executed. All of it is copied.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_queue_script(
    transaction: *mut rr_transaction,
    script: *const rr_script,
    key_count: usize,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let transaction = unsafe { borrow(transaction)? };
        // SAFETY: the caller's contract.
        let script = unsafe { script::borrow(script)? };
        let mut arguments = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::strings(&mut arguments, argc, argv, argvlen, "argv")? };
        transaction.queue_script(&script, key_count, &arguments)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Executes what is queued, all of it or nothing, and waits. Whatever it returns, nothing is queued or watched
/// afterwards.
///
/// RR_OK with the reply, freed with rr_reply_free() (`reply` may be NULL): an array with one value per command, in order,
/// in which a command that failed while it ran is a value of RR_TYPE_ERROR. With nothing queued it is empty and tells
/// that no watched key was changed.
///
/// RR_ERR_CONFLICT, not applied: a watched key was changed, the connection was lost before all of it was written, or
/// the server was not ready for it (READONLY, LOADING). Begin anew, with fresh reads.
///
/// RR_ERR_SERVER with the code "EXECABORT", not applied: the server refused a command that was queued; the message
/// names it. RR_ERR_CONNECTION_LOST or RR_ERR_TIMEOUT with an unknown outcome: it was written, and may have run. With
/// watched keys it is never written a second time, whatever the option delivery says.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_execute(
    transaction: *mut rr_transaction,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let reply = unsafe { bytes::optional_out(reply) };
        // SAFETY: the caller's contract.
        let transaction = unsafe { borrow(transaction)? };
        finish(Executed::Reply(transaction.execute()?), reply)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Forgets what is queued and watched.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_discard(
    transaction: *mut rr_transaction,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        unsafe { borrow(transaction)? }.discard()?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Frees a transaction. While it is watching this ends its connection, which rr_transaction_discard() would keep for the
/// next. Does nothing for NULL, and in a forked child.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_free(transaction: *mut rr_transaction) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(transaction) }
}

/// Watches `count` keys, given as to rr_transaction_new(), calls `function` to read and to queue, and executes what it
/// queued; after a conflict all of that once more, with fresh reads and after a pause of some milliseconds, until it
/// was executed or `max_attempts` were made.
///
/// RR_OK and the failures are those of rr_transaction_execute(), RR_ERR_CONFLICT that of the last attempt. What may have
/// run is not tried again.
///
/// A number above 0 that `function` gives up with is returned as it is, without an error object. One below 0 is that of
/// a failure, so that `function` can return what a call in it returned: RR_ERR_CONFLICT leads to the next attempt, any
/// other is returned, with the error of the last call on the transaction if it was that one.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_transaction_run(
    client: *mut rr_client,
    count: usize,
    keys: *const *const c_char,
    lengths: *const usize,
    function: rr_transaction_function,
    userdata: *mut c_void,
    max_attempts: u32,
    reply: *mut *mut rr_reply,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let reply = unsafe { bytes::optional_out(reply) };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        let function = function.ok_or_else(|| bytes::null("function"))?;
        let mut watched = Arguments::new();
        // SAFETY: the caller's contract.
        unsafe { bytes::strings(&mut watched, count, keys, lengths, "keys")? };
        let ran = client.run_transaction(&watched, max_attempts, |transaction| {
            let lent = Owned::new(rr_transaction(transaction.clone()))?;
            // SAFETY: the program gave the function for this; the handle lives through the call.
            match unsafe { function(lent.lend().cast_mut(), userdata) } {
                0 => Ok(Verdict::Execute),
                number => Ok(Verdict::GiveUp(number)),
            }
        })?;
        match ran {
            Ran::Executed(replies) => finish(Executed::Reply(replies), reply),
            Ran::GaveUp(number) => Ok(number),
        }
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
