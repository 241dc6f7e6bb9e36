//! Events: handles on [`Event`], pulled with a timeout or pushed to the program's callback.

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::bytes::{self, c_text, milliseconds};
use super::callback::Userdata;
use super::client::{self, rr_client};
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle, Owned};
use super::status::{RR_EMPTY, RR_OK, rr_status};
use crate::event::{Event, EventHandler, EventKind, Failover, History, ServerChange};

/// What kind of event it is, or of message, or what a name is that is subscribed to. A later version may have new ones:
/// ignore a number you do not know.
pub type rr_kind = i32;

/// The connection is up and everything buffered has been sent; commands flow.
pub const RR_EVENT_CONNECTED: rr_kind = 1;
/// The connection was lost, or the server refuses commands as one that is not ready does.
pub const RR_EVENT_DISCONNECTED: rr_kind = 2;
/// A connection attempt failed; the next one follows after rr_event_delay_ms().
pub const RR_EVENT_RECONNECTING: rr_kind = 3;
/// The reconnect budget is spent; only a slow probe goes on.
pub const RR_EVENT_GAVE_UP: rr_kind = 4;
/// The first write of this outage went into the buffer.
pub const RR_EVENT_BUFFERING: rr_kind = 5;
/// The buffer is empty again; rr_event_count() commands were sent from it.
pub const RR_EVENT_DRAINED: rr_kind = 6;
/// A write found no room in the buffer. Announced once an outage.
pub const RR_EVENT_BUFFER_FULL: rr_kind = 7;
/// The server refused a buffered command for good; it is in the failed list as rr_event_failed_id().
pub const RR_EVENT_COMMAND_FAILED: rr_kind = 8;
/// A buffered command was dropped to make room, or became too old; it is in the failed list as rr_event_failed_id().
pub const RR_EVENT_COMMAND_DROPPED: rr_kind = 9;
/// The server refused the credentials. They are not tried again and again: only a slow probe goes on.
pub const RR_EVENT_AUTH_FAILED: rr_kind = 10;
/// The connection of the subscriptions had been lost, and all of them are there again: rr_event_count() names. What was
/// published between rr_event_down_since_ms() and rr_event_time_ms() was not delivered.
pub const RR_EVENT_SUBSCRIPTIONS_RESTORED: rr_kind = 11;
/// The connection is back, and it is not the same server or not the same data: rr_event_server_change() and
/// rr_event_history() say what has changed. It comes before RR_EVENT_CONNECTED.
pub const RR_EVENT_FAILOVER: rr_kind = 12;
/// The server announces its own maintenance: that it moves, or may be slow for a while, or that this is over.
pub const RR_EVENT_MAINTENANCE: rr_kind = 13;

/// The same process as before, with another history of data: it was a replica meanwhile.
pub const RR_SERVER_SAME: rr_kind = 1;
/// A new process at the same address.
pub const RR_SERVER_RESTARTED: rr_kind = 2;
/// Another server.
pub const RR_SERVER_OTHER: rr_kind = 3;

/// Whether the data is the same cannot be told from the outside, as after a restart.
pub const RR_HISTORY_UNKNOWN: rr_kind = 0;
/// What the former server had when it was last asked is there. What it took after that may be missing:
/// rr_event_shared_offset() says how far the two are the same.
pub const RR_HISTORY_CONTINUED: rr_kind = 1;
/// The former server had data that is not there, beyond rr_event_shared_offset().
pub const RR_HISTORY_ROLLED_BACK: rr_kind = 2;

const fn name(kind: EventKind) -> (rr_kind, &'static CStr) {
    match kind {
        EventKind::Connected => (RR_EVENT_CONNECTED, c"RR_EVENT_CONNECTED"),
        EventKind::Disconnected => (RR_EVENT_DISCONNECTED, c"RR_EVENT_DISCONNECTED"),
        EventKind::Reconnecting => (RR_EVENT_RECONNECTING, c"RR_EVENT_RECONNECTING"),
        EventKind::GaveUp => (RR_EVENT_GAVE_UP, c"RR_EVENT_GAVE_UP"),
        EventKind::Buffering => (RR_EVENT_BUFFERING, c"RR_EVENT_BUFFERING"),
        EventKind::Drained => (RR_EVENT_DRAINED, c"RR_EVENT_DRAINED"),
        EventKind::BufferFull => (RR_EVENT_BUFFER_FULL, c"RR_EVENT_BUFFER_FULL"),
        EventKind::CommandFailed => (RR_EVENT_COMMAND_FAILED, c"RR_EVENT_COMMAND_FAILED"),
        EventKind::CommandDropped => (RR_EVENT_COMMAND_DROPPED, c"RR_EVENT_COMMAND_DROPPED"),
        EventKind::AuthFailed => (RR_EVENT_AUTH_FAILED, c"RR_EVENT_AUTH_FAILED"),
        EventKind::SubscriptionsRestored => (RR_EVENT_SUBSCRIPTIONS_RESTORED, c"RR_EVENT_SUBSCRIPTIONS_RESTORED"),
        EventKind::Failover => (RR_EVENT_FAILOVER, c"RR_EVENT_FAILOVER"),
        EventKind::Maintenance => (RR_EVENT_MAINTENANCE, c"RR_EVENT_MAINTENANCE"),
    }
}

const fn change_number(change: ServerChange) -> rr_kind {
    match change {
        ServerChange::SameServer => RR_SERVER_SAME,
        ServerChange::Restarted => RR_SERVER_RESTARTED,
        ServerChange::OtherServer => RR_SERVER_OTHER,
    }
}

const fn history_number(history: History) -> rr_kind {
    match history {
        History::Unknown => RR_HISTORY_UNKNOWN,
        History::Continued => RR_HISTORY_CONTINUED,
        History::RolledBack => RR_HISTORY_ROLLED_BACK,
    }
}

/// Something that happened in the life of a client. It never changes: any number of threads may read it.
///
/// One that rr_event_next() gave is freed with rr_event_free(); one that a callback was given is not, and ends with
/// the callback.
pub struct rr_event {
    event: Event,
    message: CString,
    /// The run ids of a failover, the old one first.
    run_ids: [CString; 2],
}

impl Handle for rr_event {
    const MAGIC: [u8; 8] = *b"rr_event";
    const NAME: &'static str = "event";
}

impl rr_event {
    fn new(event: Event) -> Self {
        let message = c_text(&event.message);
        let run_ids = event.failover.as_ref().map_or_else(Default::default, |failover| {
            [&failover.old_run_id, &failover.new_run_id].map(|id| c_text(id))
        });
        rr_event { event, message, run_ids }
    }

    fn failover(&self) -> Option<&Failover> {
        self.event.failover.as_deref()
    }

    fn run_id(&self, which: usize) -> *const c_char {
        self.run_ids.get(which).map_or(c"".as_ptr(), |id| id.as_ptr())
    }

    fn offset(&self, which: impl Fn(&Failover) -> Option<i64>) -> i64 {
        self.failover().and_then(which).unwrap_or(-1)
    }
}

/// A program's function for the events of the clients that have it.
///
/// It runs on the thread of each such client on which all its callbacks run, one at a time, and in the order of the
/// events; for several clients that share it, at the same time. No lock is held: it may call anything of this
/// library except rr_client_close(), which answers RR_ERR_IN_CALLBACK (rr_client_free() works and finishes on another
/// thread). While it runs, further events wait, at most event_queue_size of them; then the oldest make room, and
/// rr_event_missed() counts them. `event` lives until it returns. It must not throw an exception or jump out. After
/// rr_client_close() or rr_client_free() has returned it does not run any more for that client.
pub type rr_event_callback = Option<unsafe extern "C" fn(event: *const rr_event, userdata: *mut c_void)>;

/// The program's callback as the library calls it.
pub(super) fn handler(
    callback: unsafe extern "C" fn(*const rr_event, *mut c_void),
    userdata: Userdata,
) -> EventHandler {
    Arc::new(move |event| {
        let Ok(event) = Owned::new(rr_event::new(event.clone())) else { return };
        // SAFETY: the program gave the function to be called like this; the event outlives the call.
        unsafe { callback(event.lend(), userdata.pointer()) };
    })
}

/// Takes the next event that nobody has taken yet, waiting up to `timeout_ms` for one (0: not at all).
///
/// RR_EMPTY if there was none in time, and RR_ERR_CLOSED if there is none and never will be. Events wait here whether
/// or not there is a callback, at most event_queue_size of them; then the oldest make room, and rr_event_missed()
/// counts them. Each event goes to one of the threads that wait here.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_next(
    client: *mut rr_client,
    timeout_ms: i64,
    event: *mut *mut rr_event,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(event, "event")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        let Some(event) = client.next_event(milliseconds(timeout_ms, "timeout_ms")?) else {
            return client::open(&client).map(|()| RR_EMPTY);
        };
        *place = handle::give(rr_event::new(event))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// What happened: RR_EVENT_... 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_kind(event: *const rr_event) -> rr_kind {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| event.event.kind as rr_kind))
}

/// One sentence for people: the cause, or what was done. It ends with a NUL and lives as long as the event. "" for
/// NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_message(event: *const rr_event) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(c"".as_ptr(), || unsafe { handle::borrow(event) }.map(|event| event.message.as_ptr()))
}

/// When it happened, by the system's clock: milliseconds since 1970. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_time_ms(event: *const rr_event) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| ms_since_1970(event.event.at)))
}

/// How many connection attempts this outage has seen. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_attempt(event: *const rr_event) -> u32 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| event.event.attempt))
}

/// The pause before the next connection attempt, in milliseconds. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_delay_ms(event: *const rr_event) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| whole_ms(event.event.delay)))
}

/// How many commands, or subscriptions, it concerns. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_count(event: *const rr_event) -> u64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| event.event.count))
}

/// The place in the failed list of the command it concerns, as rr_failed_next() gives it; 0 when none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_failed_id(event: *const rr_event) -> u64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| event.event.failed_id))
}

/// How many events before this one were missed because nobody took them in time. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_missed(event: *const rr_event) -> u64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| event.event.missed))
}

/// When that had begun which the event says is over, by the system's clock: milliseconds since 1970. 0 for events that
/// say nothing like it, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_down_since_ms(event: *const rr_event) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(event) }.map(|event| event.event.down_since.map_or(0, ms_since_1970)))
}

/// Which server there is after a failover: RR_SERVER_... 0 for other events, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_server_change(event: *const rr_event) -> rr_kind {
    guard::value(0, || {
        // SAFETY: the caller's contract.
        unsafe { handle::borrow(event) }
            .map(|event| event.failover().map_or(0, |failover| change_number(failover.change)))
    })
}

/// What became of the data in a failover: RR_HISTORY_... RR_HISTORY_UNKNOWN for other events, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_history(event: *const rr_event) -> rr_kind {
    guard::value(RR_HISTORY_UNKNOWN, || {
        // SAFETY: the caller's contract.
        unsafe { handle::borrow(event) }
            .map(|event| event.failover().map_or(RR_HISTORY_UNKNOWN, |failover| history_number(failover.history)))
    })
}

/// The former server's process in a failover, by the name that Redis gives itself at each start (`run_id` in INFO). It ends
/// with a NUL and lives as long as the event. "" for other events, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_old_run_id(event: *const rr_event) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(c"".as_ptr(), || unsafe { handle::borrow(event) }.map(|event| event.run_id(0)))
}

/// The present server's process in a failover, by the name that Redis gives itself at each start (`run_id` in INFO). It ends
/// with a NUL and lives as long as the event. "" for other events, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_new_run_id(event: *const rr_event) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(c"".as_ptr(), || unsafe { handle::borrow(event) }.map(|event| event.run_id(1)))
}

/// How far the former server was in its replication stream, in bytes, when it was last asked: when it was connected to, and
/// at each health check (health_check_interval_ms). -1 when that is not known, for other events, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_old_offset(event: *const rr_event) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(-1, || unsafe { handle::borrow(event) }.map(|event| event.offset(|failover| failover.old_offset)))
}

/// Up to where in that stream the present server has the same data. -1 when that is not known, for other events, and for
/// NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_shared_offset(event: *const rr_event) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(-1, || unsafe { handle::borrow(event) }.map(|event| event.offset(|failover| failover.shared_offset)))
}

/// How far the present server was in its replication stream when it was connected to. -1 when that is not known, for other
/// events, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_new_offset(event: *const rr_event) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(-1, || unsafe { handle::borrow(event) }.map(|event| event.offset(|failover| failover.new_offset)))
}

/// Frees an event that rr_event_next() gave. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_event_free(event: *mut rr_event) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(event) }
}

/// The constant's name, such as "RR_EVENT_CONNECTED", for logs. Never NULL, never freed; "unknown" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn rr_event_name(kind: rr_kind) -> *const c_char {
    EventKind::ALL
        .into_iter()
        .map(name)
        .find(|(number, _)| *number == kind)
        .map_or(c"unknown", |(_, name)| name)
        .as_ptr()
}

/// By the system's clock.
pub(super) fn ms_since_1970(at: SystemTime) -> i64 {
    whole_ms(at.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_number() {
        for kind in EventKind::ALL {
            assert_eq!(name(kind).0, kind as rr_kind);
        }
        for change in [ServerChange::SameServer, ServerChange::Restarted, ServerChange::OtherServer] {
            assert_eq!(change_number(change), change as rr_kind);
        }
        for history in [History::Unknown, History::Continued, History::RolledBack] {
            assert_eq!(history_number(history), history as rr_kind);
        }
    }
}
