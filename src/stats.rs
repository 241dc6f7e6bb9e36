//! Counters of one client. Owns the numbers behind `rr_client_stats` and `rr_client_metrics`.
//!
//! Written by every layer with relaxed atomics, off the path of a command where there is a choice; read by any thread
//! at any time. Counters only grow; gauges are marked so. A snapshot is not one instant: each number is.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::histogram::Histogram;

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The live counters.
        #[derive(Default, Debug)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: Counter,)+
            /// How long calls took that were answered, from their beginning until their last reply was read.
            pub durations: Histogram,
        }

        /// What the counters were when asked.
        #[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[doc = $doc])+ pub $name: u64,)+
            /// Gauge: commands in the buffer now.
            pub buffered_now: u64,
            /// Gauge: bytes of the commands in the buffer now.
            pub buffered_bytes_now: u64,
            /// Gauge: commands written or about to be, not yet answered.
            pub in_flight_now: u64,
            /// Gauge: entries in the failed list now.
            pub failed_now: u64,
            /// How long the slowest call took that was answered, in microseconds.
            pub longest_call_us: u64,
        }

        impl Counters {
            /// Copies the counters; the gauges are left at 0.
            pub fn snapshot(&self) -> Stats {
                let longest_call_us = self.durations.snapshot().longest_us;
                Stats { $($name: self.$name.get(),)+ longest_call_us, ..Stats::default() }
            }
        }
    };
}

counters! {
    /// Commands that the program issued (a pipeline counts each of its commands).
    commands,
    /// Replies that reached the program, server errors among them.
    replies,
    /// Replies that were server errors.
    server_errors,
    /// Commands that ended in a timeout.
    timeouts,
    /// Commands that were written again after a connection was lost.
    resent,
    /// Of those, the ones that may have run twice with an effect: not idempotent.
    resent_unsafe,
    /// Commands that ended with outcome unknown.
    unknown,
    /// Commands accepted into the buffer (each was answered `RR_BUFFERED`).
    buffered,
    /// Buffered commands that the server answered.
    replayed,
    /// Writes refused because the buffer was full.
    rejected,
    /// Buffered commands dropped to make room.
    dropped,
    /// Buffered commands that became too old.
    expired,
    /// Buffered commands that the server refused for good.
    failed,
    /// Connections made.
    connects,
    /// Connection attempts that failed.
    connect_failures,
    /// Connections lost.
    disconnects,
    /// Health checks sent.
    health_checks,
    /// Bytes written to the server.
    bytes_written,
    /// Bytes read from the server.
    bytes_read,
    /// How long the longest outage lasted, in microseconds, from the loss to commands flowing again. The time before the
    /// first connection counts here, too.
    longest_outage_us,
    /// How long the last outage lasted, in microseconds. The same.
    last_outage_us,
    /// Outages that ended with commands flowing again; the time before the first connection is none.
    outages,
    /// How long these outages lasted together, in microseconds.
    outage_total_us,
    /// Entries that the full failed list let go to make room for newer ones.
    failed_discarded,
    /// Events that were dropped because nobody took them with `rr_event_next`, or the callback did not come after.
    events_missed,
    /// Log lines that were dropped because the callback did not come after.
    log_lines_missed,
    /// Commands that a replica answered.
    replica_reads,
    /// Connections that led to another server, a restarted one, or other data than before.
    failovers,
}

/// One number that many threads write.
#[derive(Default, Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    #[inline]
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Raises it to `value` if that is more.
    pub fn raise_to(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_holds_what_was_counted() {
        let counters = Counters::default();
        counters.commands.add(3);
        counters.longest_outage_us.raise_to(5);
        counters.longest_outage_us.raise_to(2);
        let stats = counters.snapshot();
        assert_eq!((stats.commands, stats.longest_outage_us, stats.replies), (3, 5, 0));
    }
}
