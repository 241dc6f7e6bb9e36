//! What an outage program left behind: samples over time, the fate of every write, and its account.
//!
//! Owns the reading of the lines that `workload.h` writes; nothing here knows what they mean for the promise.

use std::collections::BTreeMap;
use std::path::Path;

/// One look at a running program. Times are microseconds since 1970; counts are totals so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub at_us: i64,
    pub issued: u64,
    pub replied: u64,
    pub accepted_into_buffer: u64,
    pub buffered_now: u64,
    /// Of the writes that ended since the look before; `None` when none did.
    pub median_us: Option<u64>,
    pub longest_us: Option<u64>,
    pub state: String,
}

/// The record of one program, as far as it is written.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub samples: Vec<Sample>,
    /// When a reply came after writes that got none.
    pub recovered_us: Vec<i64>,
    /// For each thread one letter for each number from 1: `r`eplied, `b`uffered, `n`ot applied, `a`pplied, `u`nknown.
    pub fates: Vec<String>,
}

impl Record {
    /// What is in the file so far; nothing if there is no file yet.
    pub fn read(path: &Path) -> Self {
        std::fs::read_to_string(path).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut record = Self::default();
        // A line that is still being written has no end yet.
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            match kind {
                "sample" => record.samples.extend(sample(rest)),
                "recovered" => record.recovered_us.extend(rest.parse::<i64>()),
                "fates" => record.fates.extend(rest.split_once(' ').map(|(_, letters)| letters.to_owned())),
                _ => {}
            }
        }
        record
    }
}

fn sample(line: &str) -> Option<Sample> {
    let mut fields = line.split(' ');
    Some(Sample {
        at_us: fields.next()?.parse().ok()?,
        issued: fields.next()?.parse().ok()?,
        replied: fields.next()?.parse().ok()?,
        accepted_into_buffer: fields.next()?.parse().ok()?,
        buffered_now: fields.next()?.parse().ok()?,
        median_us: fields.next()?.parse().ok(),
        longest_us: fields.next()?.parse().ok(),
        state: fields.next()?.to_owned(),
    })
}

/// The `account` lines that a program prints in the end, by name.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub version: String,
    numbers: BTreeMap<String, u64>,
}

impl Told {
    pub fn note(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("account"), Some(name), Some(number)) => {
                self.numbers.insert(name.to_owned(), number.parse().unwrap_or_default());
                true
            }
            (Some("version"), Some(version), None) => {
                version.clone_into(&mut self.version);
                true
            }
            _ => false,
        }
    }

    /// `None` if the program has no such number.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.numbers.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_far_as_it_is_written() {
        let text = "sample 1000 12 10 2 2 -1 -1 RR_STATE_READY\nsample 2000 13 11 2 0 40 90 -\nrecovered 1500\n\
                    fates 0 rrb\nfates 1 \nsample 30";
        let record = Record::parse(text);
        assert_eq!(record.samples.len(), 2);
        assert_eq!(record.samples[0].median_us, None);
        assert_eq!(record.samples[1].longest_us, Some(90));
        assert_eq!(record.recovered_us, [1500]);
        assert_eq!(record.fates, ["rrb", ""]);
    }
}
