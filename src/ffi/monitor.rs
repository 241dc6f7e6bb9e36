//! Monitors: a handle on [`Monitor`] that notices when two threads use it, and handles on what it tells.

use std::ffi::{CString, c_char};
use std::ptr::null;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use super::bytes::{self, c_text, milliseconds};
use super::client::{self, rr_client};
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle};
use super::status::{RR_EMPTY, RR_OK, rr_status};
use crate::client::{Monitor, MonitorEnding, MonitorEntry};
use crate::error::{Error, ErrorKind, Result};

/// The server ran a command.
pub const RR_MONITOR_COMMAND: i32 = 1;
/// The connection was lost and is back: what ran in between is not told.
pub const RR_MONITOR_GAP: i32 = 2;

/// A stream of every command that the server runs, on a connection of its own that comes back.
///
/// It belongs to one thread at a time; a call while another thread is in one answers RR_ERR_BUSY. Only
/// rr_monitor_close() and rr_monitor_free() may be called at any time. It may be freed before or after its client. In a
/// forked child every function answers RR_ERR_FORKED.
pub struct rr_monitor {
    monitor: Arc<Mutex<Monitor>>,
    ending: Arc<MonitorEnding>,
}

impl Handle for rr_monitor {
    const MAGIC: [u8; 8] = *b"rrmonitr";
    const NAME: &'static str = "monitor";
    const BOUND_TO_PROCESS: bool = true;
}

impl Drop for rr_monitor {
    fn drop(&mut self) {
        self.ending.end();
    }
}

/// One thing that a monitor tells. It never changes: any number of threads may read it. Freed with
/// rr_monitor_entry_free().
pub struct rr_monitor_entry {
    kind: i32,
    time_us: i64,
    gap_ms: i64,
    db: i64,
    /// With a NUL at its end, as all below.
    line: Vec<u8>,
    address: CString,
    arguments: Vec<Vec<u8>>,
}

impl Handle for rr_monitor_entry {
    const MAGIC: [u8; 8] = *b"rrmonent";
    const NAME: &'static str = "monitor entry";
}

impl From<MonitorEntry> for rr_monitor_entry {
    fn from(entry: MonitorEntry) -> Self {
        let terminated = |mut bytes: Vec<u8>| {
            bytes.push(0);
            bytes
        };
        match entry {
            MonitorEntry::Command(told) => rr_monitor_entry {
                kind: RR_MONITOR_COMMAND,
                time_us: microseconds(told.at),
                gap_ms: 0,
                db: told.db,
                line: terminated(told.line),
                address: c_text(&String::from_utf8_lossy(&told.address)),
                arguments: told.arguments.into_iter().map(terminated).collect(),
            },
            MonitorEntry::Gap { lasted, until, cause } => rr_monitor_entry {
                kind: RR_MONITOR_GAP,
                time_us: microseconds(until),
                gap_ms: i64::try_from(lasted.as_millis()).unwrap_or(i64::MAX),
                db: 0,
                line: terminated(cause.as_bytes().to_vec()),
                address: CString::default(),
                arguments: Vec::new(),
            },
        }
    }
}

fn microseconds(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Bytes with a NUL behind them, as pointer and length.
fn lend(terminated: Option<&Vec<u8>>, length: &mut usize) -> *const c_char {
    let Some((_nul, bytes)) = terminated.and_then(|bytes| bytes.split_last()) else { return null() };
    *length = bytes.len();
    bytes.as_ptr().cast()
}

/// Begins to listen to every command that the server runs (MONITOR). It waits up to the option command_timeout_ms for a
/// connection of its own. Freed with rr_monitor_free().
///
/// A monitor costs the server a good part of its throughput, and shows the arguments of other programs: it is for looking
/// into things. The credentials in AUTH and HELLO the server leaves out itself.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_new(
    client: *mut rr_client,
    monitor: *mut *mut rr_monitor,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(monitor, "monitor")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        let monitor = client.monitor()?;
        let ending = monitor.ending();
        *place = handle::give(rr_monitor { monitor: Arc::new(Mutex::new(monitor)), ending })?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Takes the next entry, waiting up to `timeout_ms` for one (0: takes only what is there). RR_EMPTY if there was none in
/// time. RR_ERR_CLOSED when its client is closed, or when it is freed meanwhile.
///
/// After the connection was lost a call makes a new one, as far as its time allows, and gives an entry RR_MONITOR_GAP first.
/// Failing is not the end: call it again. What nobody takes waits at the server, which ends the connection of a reader
/// that is too slow (its client-output-buffer-limit): also a gap.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_next(
    monitor: *mut rr_monitor,
    timeout_ms: i64,
    entry: *mut *mut rr_monitor_entry,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(entry, "entry")? };
        // SAFETY: the caller's contract.
        let monitor = unsafe { handle::borrow(monitor) }.map(|monitor| monitor.monitor.clone())?;
        let timeout = milliseconds(timeout_ms, "timeout_ms")?;
        let taken = enter(&monitor)?.next(timeout)?;
        let Some(taken) = taken else { return Ok(RR_EMPTY) };
        *place = handle::give(rr_monitor_entry::from(taken))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// The lock is tried and never waited for.
fn enter(monitor: &Mutex<Monitor>) -> Result<parking_lot::MutexGuard<'_, Monitor>> {
    monitor.try_lock().ok_or_else(|| Error::new(ErrorKind::Busy, "another thread is using this monitor"))
}

/// Ends a monitor without freeing it: a call of rr_monitor_next() that is running in another thread, and every later one,
/// returns RR_ERR_CLOSED. It may be called at any time, also while another thread is in a call. Once more is RR_OK.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_close(monitor: *mut rr_monitor, err: *mut *mut rr_error) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        unsafe { handle::borrow(monitor)? }.ending.end();
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Ends a monitor and frees it. A call of rr_monitor_next() that is running in another thread returns RR_ERR_CLOSED; none
/// may begin. Does nothing for NULL, and in a forked child.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_free(monitor: *mut rr_monitor) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(monitor) }
}

/// What it is: RR_MONITOR_... A later version may know new ones: ignore a number you do not know. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_kind(entry: *const rr_monitor_entry) -> i32 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(entry) }.map(|entry| entry.kind))
}

/// When, in microseconds since 1970 UTC: when the command ran, by the server's clock, or when a gap ended, by this
/// machine's. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_time_us(entry: *const rr_monitor_entry) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(entry) }.map(|entry| entry.time_us))
}

/// How long a gap was, in milliseconds. 0 for other entries and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_gap_ms(entry: *const rr_monitor_entry) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(entry) }.map(|entry| entry.gap_ms))
}

/// In which database the command ran. 0 for other entries and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_db(entry: *const rr_monitor_entry) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(entry) }.map(|entry| entry.db))
}

/// For whom the command ran: an address and port, "unix:" and a path, or "lua" for a script. It ends with a NUL and lives
/// as long as the entry. "" for other entries and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_address(entry: *const rr_monitor_entry) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(c"".as_ptr(), || unsafe { handle::borrow(entry) }.map(|entry| entry.address.as_ptr()))
}

/// The line as the server sent it, or the cause of a gap: `*length` bytes, followed by a NUL that is not counted. They live
/// as long as the entry. NULL and 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_line(entry: *const rr_monitor_entry, length: *mut usize) -> *const c_char {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let length = unsafe { bytes::number_out(length, "length")? };
        // SAFETY: the caller's contract.
        let entry = unsafe { handle::borrow(entry)? };
        Ok(lend(Some(&entry.line), length))
    })
}

/// How many arguments, its name included, the command had. 0 for other entries, NULL, and a line of another form than is
/// known.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_argument_count(entry: *const rr_monitor_entry) -> usize {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(entry) }.map(|entry| entry.arguments.len()))
}

/// The argument at `argument`, from 0 (the name): `*length` bytes, followed by a NUL that is not counted. They live as
/// long as the entry. NULL and 0 if there is none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_argument(
    entry: *const rr_monitor_entry,
    argument: usize,
    length: *mut usize,
) -> *const c_char {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let length = unsafe { bytes::number_out(length, "length")? };
        // SAFETY: the caller's contract.
        let entry = unsafe { handle::borrow(entry)? };
        Ok(lend(entry.arguments.get(argument), length))
    })
}

/// Frees an entry. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_monitor_entry_free(entry: *mut rr_monitor_entry) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(entry) }
}
