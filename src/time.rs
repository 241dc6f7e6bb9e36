//! The clock. Owns the only reading of the time in the library, so that tests can move it.
//!
//! Any thread may call it; it never blocks. What sleeps, sleeps in real time: moving the clock makes a deadline pass
//! at the next look at it and wakes nobody.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

static MOVED: AtomicU64 = AtomicU64::new(0);

/// The present moment.
#[inline]
pub fn now() -> Instant {
    Instant::now() + Duration::from_nanos(MOVED.load(Ordering::Relaxed))
}

/// Whole microseconds; all that fit into 64 bits, which is half a million years.
#[inline]
pub fn microseconds(duration: Duration) -> u64 {
    duration.as_secs().wrapping_mul(1_000_000).wrapping_add(u64::from(duration.subsec_micros()))
}

/// The present moment by the system's clock, for people; it may jump.
pub fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// A moment in four bytes, for what is kept in great numbers: milliseconds, of which the count starts again after 49
/// days. Good for ages below that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u32);

impl Stamp {
    /// The present moment.
    pub fn now() -> Self {
        Self::of(now())
    }

    /// A moment that was read from the clock.
    pub fn of(moment: Instant) -> Self {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let passed = moment.saturating_duration_since(*ORIGIN.get_or_init(|| moment));
        #[allow(clippy::cast_possible_truncation, reason = "the count starts again")]
        Stamp(passed.as_millis() as u32)
    }

    /// How long it is ago, to the millisecond below.
    pub fn age(self) -> Duration {
        Duration::from_millis(u64::from(Stamp::now().0.wrapping_sub(self.0)))
    }
}

/// Moves the clock of the whole process forward. For tests.
#[doc(hidden)]
pub fn advance(by: Duration) {
    MOVED.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// A moment at which waiting ends, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Never ends.
    pub const NEVER: Deadline = Deadline(None);

    /// Ends `timeout` after `from`.
    #[inline]
    pub fn after(from: Instant, timeout: Duration) -> Self {
        Deadline(from.checked_add(timeout))
    }

    /// Ends `timeout` from now.
    #[inline]
    pub fn within(timeout: Duration) -> Self {
        Self::after(now(), timeout)
    }

    /// Ends `timeout` from now, or never.
    pub fn within_or_never(timeout: Option<Duration>) -> Self {
        timeout.map_or(Self::NEVER, Self::within)
    }

    /// How long it was away at `moment`; `Duration::MAX` when it never ends.
    pub fn since(self, moment: Instant) -> Duration {
        self.0.map_or(Duration::MAX, |at| at.saturating_duration_since(moment))
    }

    /// What is left of it: `None` for ever, zero when it has passed.
    #[inline]
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(now()))
    }

    /// Has it passed?
    #[inline]
    pub fn has_passed(self) -> bool {
        self.0.is_some_and(|at| now() >= at)
    }

    /// The earlier of the two.
    pub fn min(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Deadline(Some(a.min(b))),
            (a, b) => Deadline(a.or(b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_deadline_wins_and_never_is_the_latest() {
        let start = now();
        let early = Deadline::after(start, Duration::from_secs(1));
        let late = Deadline::after(start, Duration::from_secs(2));
        assert_eq!(early.min(late), early);
        assert_eq!(Deadline::NEVER.min(late), late);
        assert_eq!(Deadline::NEVER.remaining(), None);
    }

    #[test]
    fn a_stamp_grows_older_also_across_the_start_of_its_count() {
        let stamp = Stamp::now();
        assert!(stamp.age() < Duration::from_secs(3600));
        let before_the_start = Stamp(stamp.0.wrapping_sub(5000));
        assert!(before_the_start.age() >= Duration::from_secs(5));
    }

    #[test]
    fn a_passed_deadline_has_nothing_left() {
        let passed = Deadline::after(now(), Duration::ZERO);
        assert!(passed.has_passed());
        assert_eq!(passed.remaining(), Some(Duration::ZERO));
    }
}
