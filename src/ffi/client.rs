//! Clients: a handle on [`Client`], its life and its state.

use std::ffi::{CStr, c_char};
use std::mem::ManuallyDrop;
use std::time::Duration;

use super::bytes::{self, Extensible, milliseconds};
use super::config::rr_config;
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle};
use super::status::{RR_OK, rr_status};
use crate::client::{Client, CloseReport, Hooks, State};
use crate::config::Config;
use crate::dispatch;
use crate::error::{Error, ErrorKind, Result};

/// A connection to Redis that comes back, and what waits for it.
///
/// Any number of threads may call any function with one client at any time, except rr_client_free(), which is the
/// last. One client for a whole program is the way to use it: the commands of all threads share its connection. A
/// client belongs to the process that made it: in a forked child every function answers RR_ERR_FORKED, and
/// rr_client_free() does nothing.
pub struct rr_client(Client);

impl Handle for rr_client {
    const MAGIC: [u8; 8] = *b"rrclient";
    const NAME: &'static str = "client";
    const BOUND_TO_PROCESS: bool = true;
}

/// What a client's connection is doing.
pub type rr_state = i32;

/// The first connection is being made.
pub const RR_STATE_CONNECTING: rr_state = 0;
/// Commands flow.
pub const RR_STATE_READY: rr_state = 1;
/// The connection is lost; attempts to make a new one go on.
pub const RR_STATE_RECONNECTING: rr_state = 2;
/// The connection is back; what waited is being sent.
pub const RR_STATE_RECOVERING: rr_state = 3;
/// The reconnect budget is spent, or the credentials were refused; only a slow probe goes on.
pub const RR_STATE_GAVE_UP: rr_state = 4;
/// Closed by the program.
pub const RR_STATE_CLOSED: rr_state = 5;

const STATES: [(State, rr_state, &CStr); 6] = [
    (State::Connecting, RR_STATE_CONNECTING, c"RR_STATE_CONNECTING"),
    (State::Ready, RR_STATE_READY, c"RR_STATE_READY"),
    (State::Reconnecting, RR_STATE_RECONNECTING, c"RR_STATE_RECONNECTING"),
    (State::Recovering, RR_STATE_RECOVERING, c"RR_STATE_RECOVERING"),
    (State::GaveUp, RR_STATE_GAVE_UP, c"RR_STATE_GAVE_UP"),
    (State::Closed, RR_STATE_CLOSED, c"RR_STATE_CLOSED"),
];

/// What rr_client_close() left behind. Set struct_size to sizeof(rr_close_report) before the call.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_close_report {
    /// Set by the caller.
    pub struct_size: usize,
    /// Buffered commands that were sent while closing.
    pub drained: u64,
    /// Buffered commands that could not be sent: they are lost with the client.
    pub lost: u64,
    /// Buffered commands that were written but not answered: they may have run.
    pub unknown: u64,
    /// Commands that were left in the failed list.
    pub failed: u64,
}

// SAFETY: a size and four numbers of 64 bits.
unsafe impl Extensible for rr_close_report {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_close_report>() == 40);

impl From<CloseReport> for rr_close_report {
    fn from(CloseReport { drained, lost, unknown, failed }: CloseReport) -> Self {
        rr_close_report { struct_size: size_of::<Self>(), drained, lost, unknown, failed }
    }
}

/// The client behind a handle, kept alive for a call even if it is freed meanwhile.
///
/// # Safety
///
/// As for [`handle::borrow`].
pub(super) unsafe fn borrow(client: *const rr_client) -> Result<Client> {
    // SAFETY: the caller's contract.
    unsafe { handle::borrow(client) }.map(|client| client.0.clone())
}

/// Fails when the client is closed.
pub(super) fn open(client: &Client) -> Result<()> {
    match client.state() {
        State::Closed => Err(Error::not_applied(ErrorKind::Closed, "the client is closed")),
        _ => Ok(()),
    }
}

fn start(config: Config, hooks: Hooks) -> Result<*mut rr_client> {
    guard::watch_forks()?;
    handle::give(rr_client(Client::open_with(config, hooks)?))
}

/// Makes a client as `config` says, or with every default if that is NULL (the server is 127.0.0.1:6379). Returns at
/// once; the connection is made in the background, and the server may be down. Freed with rr_client_free().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_new(
    config: *const rr_config,
    client: *mut *mut rr_client,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let client = unsafe { bytes::out(client, "client")? };
        let (config, hooks) = if config.is_null() {
            (Config::default(), Hooks::default())
        } else {
            // SAFETY: the caller's contract.
            let told = unsafe { handle::borrow(config)? }.read()?;
            (told.config.clone(), told.hooks.clone())
        };
        *client = start(config, hooks)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Makes a client from a URL: rr_config_from_url() and rr_client_new() in one.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_open(
    url: *const c_char,
    client: *mut *mut rr_client,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let client = unsafe { bytes::out(client, "client")? };
        // SAFETY: the caller's contract.
        let url = unsafe { bytes::text(url, "url")? };
        *client = start(Config::from_url(url)?, Hooks::default())?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Waits up to `timeout_ms` until commands flow (0: looks once). A program need not call it: commands wait by
/// themselves. RR_ERR_TIMEOUT if there is no connection in time; RR_ERR_GAVE_UP and RR_ERR_CLOSED at once.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_wait_ready(
    client: *const rr_client,
    timeout_ms: i64,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let client = unsafe { borrow(client)? };
        client.wait_ready(milliseconds(timeout_ms, "timeout_ms")?)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// What the connection is doing: RR_STATE_..., or a negative RR_ERR_ number when it cannot be told.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_state(client: *const rr_client) -> rr_state {
    // SAFETY: the caller's contract.
    guard::count(|| unsafe { borrow(client) }.map(|client| client.state() as rr_state))
}

/// The constant's name, such as "RR_STATE_READY", for logs. Never NULL, never freed; "unknown" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn rr_state_name(state: rr_state) -> *const c_char {
    STATES.iter().find(|(_, number, _)| *number == state).map_or(c"unknown", |(.., name)| name).as_ptr()
}

/// Tries to connect now instead of after the present pause, also after giving up, and asks again for subscriptions
/// that the server refused. When an attempt that is under way fails, another is made at once; a connection that is
/// there is left alone. Returns at once.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_reconnect(client: *mut rr_client, err: *mut *mut rr_error) -> rr_status {
    // SAFETY: the caller's contract.
    let body = || unsafe { borrow(client) }?.reconnect().map(|()| RR_OK);
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Waits up to `timeout_ms` until every buffered command is sent and answered, or failed (0: looks once).
/// RR_ERR_TIMEOUT if some are left; they stay buffered.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_flush(
    client: *mut rr_client,
    timeout_ms: i64,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let client = unsafe { borrow(client)? };
        client.flush(milliseconds(timeout_ms, "timeout_ms")?)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Stops accepting commands, waits up to `drain_timeout_ms` for those that are buffered or in flight, and disconnects.
///
/// `report` may be NULL. From then on commands answer RR_ERR_CLOSED, and so do, at once, those that wait at the server
/// (BLPOP, ...). When this returns, no callback of the client is
/// running or will: it waits for one that is, so hold no lock that the callback takes. RR_ERR_IN_CALLBACK from inside a
/// callback. The client is freed with rr_client_free() all the same. Closing once more is RR_OK, with nothing left.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_close(
    client: *mut rr_client,
    drain_timeout_ms: i64,
    report: *mut rr_close_report,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = if report.is_null() { None } else { Some(unsafe { bytes::struct_out(report, "report")? }) };
        // SAFETY: the caller's contract.
        let client = unsafe { borrow(client)? };
        guard::outside_callbacks("rr_client_close")?;
        let report = client.close(milliseconds(drain_timeout_ms, "drain_timeout_ms")?)?;
        if let Some(place) = place {
            place.fill(&rr_close_report::from(report));
        }
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Closes a client, if it is not closed yet, without waiting for what is buffered, and frees it. Does nothing for NULL.
///
/// Calls that are running in other threads end with RR_ERR_CLOSED; none may begin. Pipelines and monitors of the client
/// can still be freed. When it returns, no callback of the client is running or will: it waits for one that is, so hold
/// no lock that the callback takes. From inside a callback it returns at once and the client ends on another thread. In a
/// forked child it does nothing: what the client holds belongs to the parent.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_free(client: *mut rr_client) {
    guard::value((), || {
        // SAFETY: the caller's contract.
        match unsafe { handle::take(client) } {
            Some(rr_client(client)) if dispatch::in_callback() => end_elsewhere(client),
            Some(rr_client(client)) => end(client),
            None => {}
        }
        Ok(())
    });
}

/// Closing first makes sure that the callback has ended, also when a call in another thread still holds the client.
fn end(client: Client) {
    // It fails when it is closed already.
    let _ = client.close(Duration::ZERO);
}

/// Inside a callback the client would wait for itself. Without a thread to be had it leaks, which is better.
fn end_elsewhere(client: Client) {
    let mut client = ManuallyDrop::new(client);
    let thread = std::thread::Builder::new().name("rr-free".into());
    // SAFETY: taken once, on the new thread; if there is none, never.
    let _ = thread.spawn(move || end(unsafe { ManuallyDrop::take(&mut client) }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_number() {
        for ((state, number, name), listed) in STATES.iter().zip(State::ALL) {
            assert_eq!((*state, *state as rr_state), (listed, *number));
            assert_eq!(name.to_str().unwrap(), format!("RR_STATE_{}", state.name()));
        }
    }
}
