//! Statistics: what a client counted, as a struct that may grow at its end.

use super::bytes::{self, Extensible};
use super::client::{self, rr_client};
use super::error::rr_error;
use super::guard;
use super::status::{RR_OK, rr_status};
use crate::stats::Stats;

/// What a client counted since it was made. The numbers only grow, except last_outage_us and those that end in "now".
/// Later versions may add some at the end.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_stats {
    /// Set by the caller.
    pub struct_size: usize,
    /// Commands that the program issued (a pipeline counts each of its commands).
    pub commands: u64,
    /// Replies that reached the program, server errors among them.
    pub replies: u64,
    /// Replies that were server errors.
    pub server_errors: u64,
    /// Commands that ended in a timeout.
    pub timeouts: u64,
    /// Commands that were written again after a connection was lost.
    pub resent: u64,
    /// Of those, the ones that may have run twice with an effect: not idempotent.
    pub resent_unsafe: u64,
    /// Commands that ended with outcome unknown.
    pub unknown: u64,
    /// Commands accepted into the buffer (each was answered RR_BUFFERED).
    pub buffered: u64,
    /// Buffered commands that the server answered.
    pub replayed: u64,
    /// Writes refused because the buffer was full.
    pub rejected: u64,
    /// Buffered commands dropped to make room.
    pub dropped: u64,
    /// Buffered commands that became too old.
    pub expired: u64,
    /// Buffered commands that the server refused for good.
    pub failed: u64,
    /// Connections made.
    pub connects: u64,
    /// Connection attempts that failed.
    pub connect_failures: u64,
    /// Connections lost.
    pub disconnects: u64,
    /// Health checks sent.
    pub health_checks: u64,
    /// Bytes written to the server.
    pub bytes_written: u64,
    /// Bytes read from the server.
    pub bytes_read: u64,
    /// How long the longest outage lasted, in microseconds, from the loss to commands flowing again. The time before the
    /// first connection counts here, too.
    pub longest_outage_us: u64,
    /// How long the last outage lasted, in microseconds. The same.
    pub last_outage_us: u64,
    /// Commands in the buffer now.
    pub buffered_now: u64,
    /// Bytes of the commands in the buffer now.
    pub buffered_bytes_now: u64,
    /// Commands written or about to be, not yet answered.
    pub in_flight_now: u64,
    /// Entries in the failed list now.
    pub failed_now: u64,
    /// Outages that ended with commands flowing again; the time before the first connection is none.
    pub outages: u64,
    /// How long these outages lasted together, in microseconds.
    pub outage_total_us: u64,
    /// Entries that the full failed list let go to make room for newer ones.
    pub failed_discarded: u64,
    /// Events that were dropped because the callback, or without one rr_event_next(), did not take them in time.
    pub events_missed: u64,
    /// Log lines that were dropped because the log callback did not come after.
    pub log_lines_missed: u64,
    /// How long the slowest call took that was answered, in microseconds; a pipeline is one call.
    pub longest_call_us: u64,
    /// Commands that a replica answered.
    pub replica_reads: u64,
    /// Connections that led to another server, a restarted one, or other data than before (RR_EVENT_FAILOVER).
    pub failovers: u64,
}

// SAFETY: a size and numbers of 64 bits.
unsafe impl Extensible for rr_stats {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_stats>() == 272);

/// Takes each number over by its name. A new counter has to find its place here.
macro_rules! take_over {
    ($stats:expr; $($name:ident)+) => {{
        let Stats { $($name,)+ } = $stats;
        rr_stats { struct_size: size_of::<rr_stats>(), $($name,)+ }
    }};
}

impl From<Stats> for rr_stats {
    #[rustfmt::skip]
    fn from(stats: Stats) -> Self {
        take_over! { stats;
            commands replies server_errors timeouts resent resent_unsafe unknown buffered
            replayed rejected dropped expired failed connects connect_failures disconnects
            health_checks bytes_written bytes_read longest_outage_us last_outage_us buffered_now buffered_bytes_now in_flight_now
            failed_now
            outages outage_total_us failed_discarded events_missed log_lines_missed longest_call_us
            replica_reads failovers
        }
    }
}

/// Fills `stats` as far as its struct_size reaches; what this library does not know of it becomes 0. Set struct_size to
/// sizeof(rr_stats) before the call. The numbers are not of one instant: each is.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_stats(
    client: *const rr_client,
    stats: *mut rr_stats,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::struct_out(stats, "stats")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        place.fill(&rr_stats::from(client.stats()));
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// How many commands are in the buffer now, or a negative RR_ERR_ number when it cannot be told.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_buffered(client: *const rr_client) -> i64 {
    // SAFETY: the caller's contract.
    guard::count(|| unsafe { client::borrow(client) }.map(|client| client.buffered().cast_signed()))
}
