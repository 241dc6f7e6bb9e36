//! How long calls took: a histogram that any thread adds to and any thread reads. Owns the bounds of its buckets.
//!
//! It lies on the path of every command: a duration costs two relaxed additions, and a third write when it is the longest
//! so far. It reads no clock, takes no lock and never allocates. A snapshot is not one instant: each number is.

use std::sync::atomic::{AtomicU64, Ordering};

/// The upper bounds of the buckets in microseconds, each part of its bucket. What is longer falls into one more bucket.
pub const BOUNDS: [u64; 19] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000,
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// For each length in bits of a duration: which is the first bucket that it may belong to, and that bucket's bound. It
/// belongs there or to the next one: between a power of two and the next there is never more than one bound.
static FIRST: [(u8, u64); 65] = first_buckets();

/// See above.
#[derive(Debug, Default)]
// Its own cache lines: what lies beside it is written as often.
#[repr(align(64))]
pub struct Histogram {
    counts: [AtomicU64; BUCKETS],
    total_us: AtomicU64,
    longest_us: AtomicU64,
}

/// What a histogram was when asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many lay in each bucket of [`BOUNDS`], and beyond the last.
    pub counts: [u64; BUCKETS],
    /// The sum of all, in microseconds.
    pub total_us: u64,
    /// The longest, in microseconds.
    pub longest_us: u64,
}

impl Histogram {
    /// Adds a duration in microseconds.
    #[inline]
    pub fn record(&self, us: u64) {
        let length = u64::BITS - us.leading_zeros();
        let (first, bound) = FIRST.get(length as usize).copied().unwrap_or_default();
        if let Some(count) = self.counts.get(usize::from(first) + usize::from(us > bound)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.total_us.fetch_add(us, Ordering::Relaxed);
        if us > self.longest_us.load(Ordering::Relaxed) {
            self.longest_us.fetch_max(us, Ordering::Relaxed);
        }
    }

    /// Copies it.
    pub fn snapshot(&self) -> Durations {
        let mut durations = Durations {
            total_us: self.total_us.load(Ordering::Relaxed),
            longest_us: self.longest_us.load(Ordering::Relaxed),
            ..Durations::default()
        };
        for (copy, count) in durations.counts.iter_mut().zip(&self.counts) {
            *copy = count.load(Ordering::Relaxed);
        }
        durations
    }
}

impl Durations {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[allow(clippy::indexing_slicing, reason = "runs when the library is compiled")]
#[allow(clippy::cast_possible_truncation, reason = "there are twenty buckets")]
const fn first_buckets() -> [(u8, u64); 65] {
    let mut table = [(0, 0); 65];
    let mut length = 0;
    while length < table.len() {
        // The shortest duration of this length.
        let least = if length == 0 { 0 } else { 1 << (length - 1) };
        let mut first = 0;
        while first < BOUNDS.len() && BOUNDS[first] < least {
            first += 1;
        }
        table[length] = (first as u8, if first < BOUNDS.len() { BOUNDS[first] } else { u64::MAX });
        length += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket_of(us: u64) -> usize {
        let histogram = Histogram::default();
        histogram.record(us);
        let Durations { counts, total_us, longest_us } = histogram.snapshot();
        assert_eq!((counts.iter().sum::<u64>(), total_us, longest_us), (1, us, us));
        counts.iter().position(|count| *count == 1).unwrap()
    }

    #[test]
    fn each_duration_lies_in_the_first_bucket_that_reaches_it() {
        let around = BOUNDS.iter().flat_map(|bound| [bound - 1, *bound, bound + 1]);
        let powers = (0..63).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for us in around.chain(powers) {
            let expected = BOUNDS.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS.len());
            assert_eq!(bucket_of(us), expected, "{us}");
        }
    }

    #[test]
    fn between_a_power_of_two_and_the_next_there_is_one_bound_at_most() {
        for bit in 0..63 {
            let octave = (1_u64 << bit)..(1 << (bit + 1));
            assert!(BOUNDS.iter().filter(|bound| octave.contains(*bound)).count() <= 1, "{octave:?}");
        }
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for thread in 1..=4 {
                let histogram = &histogram;
                scope.spawn(move || (0..10_000).for_each(|_| histogram.record(thread * 15)));
            }
        });
        let durations = histogram.snapshot();
        assert_eq!((durations.count(), durations.total_us, durations.longest_us), (40_000, 1_500_000, 60));
        assert_eq!(durations.counts[1..4], [10_000, 20_000, 10_000]);
    }
}
