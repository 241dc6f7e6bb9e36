//! The failed list: buffered commands that will not be applied any more, kept so that a program can look at them, issue
//! them again or let them go. Bounded: beyond the limit the oldest goes. A plain value; the desk guards it.

use std::collections::VecDeque;

use crate::error::Error;
use crate::resp::decode_command;

/// A buffered command that will not be applied any more.
#[derive(Clone)]
pub struct FailedCommand {
    /// Its number; larger than those of earlier failures.
    pub id: u64,
    /// The command with its arguments; several when a pipeline failed as one.
    pub commands: Vec<Vec<Vec<u8>>>,
    /// Why it failed, with its outcome.
    pub error: Error,
}

impl std::fmt::Debug for FailedCommand {
    /// Without the arguments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let commands: Vec<usize> = self.commands.iter().map(Vec::len).collect();
        let mut shown = f.debug_struct("FailedCommand");
        shown.field("id", &self.id).field("argument_counts", &commands).field("error", &self.error).finish()
    }
}

/// One entry as it is kept.
#[derive(Clone)]
pub struct Kept {
    /// Its number.
    pub id: u64,
    /// The encoded command or commands.
    pub bytes: Box<[u8]>,
    /// How many replies they bring, when they are a batch.
    pub batch: Option<usize>,
    /// Are they all or nothing?
    pub is_atomic: bool,
    /// How many commands of the program it is.
    pub commands: u32,
    /// Why it failed.
    pub error: Error,
}

impl std::fmt::Debug for Kept {
    /// Without the arguments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Kept");
        shown.field("id", &self.id).field("commands", &self.commands).field("error", &self.error);
        shown.finish_non_exhaustive()
    }
}

/// The list.
#[derive(Debug)]
pub struct FailedList {
    kept: VecDeque<Kept>,
    limit: usize,
    last_id: u64,
}

impl FailedList {
    /// An empty list of at most `limit` entries.
    pub fn new(limit: usize) -> Self {
        FailedList { kept: VecDeque::new(), limit, last_id: 0 }
    }

    /// Adds an entry under the next number: returns that, and how many made room for it.
    pub fn add(&mut self, entry: Kept) -> (u64, u64) {
        self.last_id += 1;
        self.kept.push_back(Kept { id: self.last_id, ..entry });
        let discarded = self.kept.len().saturating_sub(self.limit);
        self.kept.drain(..discarded);
        (self.last_id, discarded as u64)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The oldest entry with a number above `after`.
    pub fn next(&self, after: u64) -> Option<FailedCommand> {
        let place = self.kept.partition_point(|kept| kept.id <= after);
        self.kept.get(place).map(|kept| FailedCommand {
            id: kept.id,
            commands: commands_of(&kept.bytes),
            error: kept.error.clone(),
        })
    }

    /// Removes the entry with this number.
    pub fn take(&mut self, id: u64) -> Option<Kept> {
        let place = self.kept.binary_search_by_key(&id, |kept| kept.id).ok()?;
        self.kept.remove(place)
    }
}

fn commands_of(mut bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut commands = Vec::new();
    while let Some((argv, length)) = decode_command(bytes) {
        commands.push(argv.into_iter().map(<[u8]>::to_vec).collect());
        bytes = bytes.get(length..).unwrap_or_default();
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::resp::encode;

    fn add(list: &mut FailedList, key: &str) -> (u64, u64) {
        let mut bytes = Vec::new();
        encode(&mut bytes, &[b"DEL", key.as_bytes()]);
        let error = Error::not_applied(ErrorKind::Expired, "too old");
        list.add(Kept { id: 0, bytes: bytes.into(), batch: None, is_atomic: false, commands: 1, error })
    }

    #[test]
    fn entries_are_walked_by_number_and_the_oldest_goes_first() {
        let mut list = FailedList::new(2);
        let (ids, discarded): (Vec<u64>, Vec<u64>) = ["a", "b", "c"].iter().map(|key| add(&mut list, key)).unzip();
        assert_eq!(discarded, [0, 0, 1]);
        assert_eq!(list.len(), 2);
        let first = list.next(0).unwrap();
        assert_eq!((first.id, &first.commands[0][1][..]), (ids[1], &b"b"[..]));
        assert_eq!(list.next(first.id).unwrap().id, ids[2]);
        assert!(list.next(ids[2]).is_none());
        assert!(list.take(ids[0]).is_none());
        assert!(list.take(ids[1]).is_some() && list.take(ids[1]).is_none());
    }
}
