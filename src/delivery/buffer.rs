//! The buffer: the line in which commands wait for a connection, and stay until they are answered. Owns their order and
//! the count of room.
//!
//! Two kinds stand in the line: those whose caller still waits, and those that were accepted (`RR_BUFFERED`) and whose
//! caller has gone. What was sent stays at the head until it is answered, so that the line is its own retry log. A plain
//! value: the desk guards it. It never sends, wakes or drops anything by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::delivery::policy::Nature;
use crate::delivery::waiter::{Operation, Waiter};
use crate::error::Error;
use crate::resp::Reply;
use crate::time::Stamp;

/// How waiting in the line ended.
#[derive(Debug)]
pub enum Settled {
    /// The server answered.
    Answered(Answer),
    /// It will not be sent, or not again. The replies of a batch that had come.
    Failed(Error, Option<Reply>),
}

/// An answer, and what has to be known of its way.
#[derive(Debug)]
pub struct Answer {
    /// The reply, or all replies of a batch.
    pub reply: Reply,
    /// The connection that it came on.
    pub epoch: u64,
    /// It was written on an earlier connection, too, and may have run there.
    pub was_written: bool,
}

/// What is known of a command whose caller has stopped waiting.
#[derive(Debug)]
pub struct Withdrawn {
    /// Its last byte may have been handed to the kernel.
    pub was_written: bool,
    /// The replies of a batch that had come.
    pub answered: Option<Reply>,
}

/// A batch in the line.
#[derive(Debug)]
pub struct Batch {
    /// How many replies are still to come.
    pub count: usize,
    /// Its commands are all or nothing.
    pub is_atomic: bool,
    /// How many commands of the program it is.
    pub commands: u32,
    /// Where in the bytes the commands begin that have no reply yet.
    pub begin: usize,
    /// Replies that came over earlier connections.
    pub answered: Option<Reply>,
}

/// A command, or a batch, in the line.
pub struct Item {
    /// Encoded. Empty: it is finished, and waits for those before it to leave the line.
    pub bytes: Box<[u8]>,
    /// Who waits; `None` when a caller's command was accepted, and when who waited has left.
    pub waiter: Option<Arc<Waiter>>,
    /// For a batch.
    pub batch: Option<Box<Batch>>,
    /// When it joined the line.
    pub since: Stamp,
    /// What it is. If it may be buffered it takes part in the bounds of the buffer.
    pub nature: Nature,
    /// It was accepted: its caller was told that it will be applied.
    pub is_accepted: bool,
    /// Its last byte may have been handed to the kernel on an earlier connection.
    pub was_written: bool,
    /// How often its reply was not understood.
    pub garbled: u8,
}

impl std::fmt::Debug for Item {
    /// Without the arguments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Item");
        shown.field("nature", &self.nature).field("is_accepted", &self.is_accepted).finish_non_exhaustive()
    }
}

// Many thousands may stand in the line.
const _: () = assert!(size_of::<Item>() <= 40);

/// The line.
#[derive(Debug, Default)]
pub struct Buffer {
    items: VecDeque<Item>,
    /// The token of the first item.
    first: u64,
    /// How many items from the front have been sent on the present connection.
    sent: usize,
    /// How many items from the front were there when the connection was lost: what was in flight then goes behind them.
    old: usize,
    /// Sent and unanswered.
    outstanding: usize,
    accepted: usize,
    accepted_bytes: usize,
    counted: usize,
    counted_bytes: usize,
}

impl Buffer {
    /// Adds to the end.
    pub fn push(&mut self, item: Item) {
        self.count(&item);
        if self.items.len() == self.items.capacity() {
            // In small steps: doubling would leave up to half of a large buffer unused.
            self.items.reserve_exact((self.items.len() / 16).max(64));
        }
        self.items.push_back(item);
    }

    /// Adds what was in flight when the connection was lost: before all that came later.
    pub fn insert_lost(&mut self, item: Item) {
        self.count(&item);
        let place = self.old.max(self.sent).min(self.items.len());
        self.items.insert(place, item);
        self.old = place + 1;
    }

    fn count(&mut self, item: &Item) {
        if item.is_accepted {
            self.accepted += item.commands() as usize;
            self.accepted_bytes += item.bytes.len();
        }
        if item.nature.is_bufferable() {
            self.counted += item.commands() as usize;
            self.counted_bytes += item.bytes.len();
        }
    }

    fn discount(&mut self, item: &Item) {
        if item.is_accepted {
            self.accepted -= item.commands() as usize;
            self.accepted_bytes -= item.bytes.len();
        }
        if item.nature.is_bufferable() {
            self.counted -= item.commands() as usize;
            self.counted_bytes -= item.bytes.len();
        }
    }

    /// How many commands were accepted and are not yet finished.
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Their bytes.
    pub fn accepted_bytes(&self) -> usize {
        self.accepted_bytes
    }

    /// How many commands and bytes take up room: those accepted, and those in flight that would be.
    pub fn counted(&self) -> (usize, usize) {
        (self.counted, self.counted_bytes)
    }

    /// Is there room for `commands` more, of `bytes` bytes together?
    pub fn has_room(&self, commands: u32, bytes: usize, max_commands: usize, max_bytes: usize) -> bool {
        self.counted.saturating_add(commands as usize) <= max_commands
            && self.counted_bytes.saturating_add(bytes) <= max_bytes
    }

    /// How many have not been sent on the present connection.
    pub fn unsent(&self) -> usize {
        self.items.len() - self.sent
    }

    /// How many were sent and not answered.
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// The next item to send, with its token.
    pub fn next_unsent(&self) -> Option<(u64, &Item)> {
        self.items.get(self.sent).map(|item| (self.first + self.sent as u64, item))
    }

    /// The item that `next_unsent` gave is sent.
    pub fn mark_sent(&mut self) {
        if self.sent < self.items.len() {
            self.sent += 1;
            self.outstanding += 1;
        }
    }

    /// The sent item with this token.
    pub fn sent_item(&mut self, token: u64) -> Option<&mut Item> {
        let place = usize::try_from(token.checked_sub(self.first)?).ok()?;
        if place >= self.sent {
            return None;
        }
        self.items.get_mut(place).filter(|item| !item.is_finished())
    }

    /// The sent item with this token is finished: what is left of it, without its place in the line.
    pub fn finish(&mut self, token: u64) -> Option<Item> {
        let item = self.sent_item(token)?;
        let finished = Item {
            bytes: std::mem::take(&mut item.bytes),
            waiter: item.waiter.take(),
            batch: item.batch.take(),
            ..*item
        };
        item.is_accepted = false;
        self.outstanding = self.outstanding.saturating_sub(1);
        self.discount(&finished);
        while self.items.front().is_some_and(Item::is_finished) {
            self.items.pop_front();
            self.first += 1;
            self.sent = self.sent.saturating_sub(1);
            self.old = self.old.saturating_sub(1);
        }
        Some(finished)
    }

    /// The connection is lost: nothing in the line counts as sent any more.
    pub fn rewind(&mut self) {
        let before = self.items.len();
        for place in 0..self.items.len() {
            // Its caller has left and was told so: it must not be sent again.
            let is_nobody_s = self
                .items
                .get(place)
                .is_some_and(|item| !item.is_finished() && !item.is_accepted && item.waiter.is_none());
            if is_nobody_s && let Some(item) = self.items.get_mut(place) {
                let left =
                    Item { bytes: std::mem::take(&mut item.bytes), waiter: None, batch: item.batch.take(), ..*item };
                self.discount(&left);
            }
        }
        self.items.retain(|item| !item.is_finished());
        self.first += (before - self.items.len()) as u64;
        self.sent = 0;
        self.outstanding = 0;
        self.old = self.items.len();
    }

    /// The caller stops waiting and was told that its command is accepted. False when it is not in the line any more.
    pub fn accept(&mut self, waiter: &Arc<Waiter>) -> bool {
        let Some(place) = self.place_of(waiter) else { return false };
        let Some(item) = self.items.get_mut(place) else { return false };
        item.waiter = None;
        item.is_accepted = true;
        self.accepted += item.commands() as usize;
        self.accepted_bytes += item.bytes.len();
        true
    }

    /// The caller stops waiting and wants its command gone. `None` when it is not in the line any more.
    pub fn withdraw(&mut self, waiter: &Arc<Waiter>) -> Option<Withdrawn> {
        let place = self.place_of(waiter)?;
        if place < self.sent {
            // It is on its way and its reply will come: it keeps its place, for nobody.
            let item = self.items.get_mut(place)?;
            item.waiter = None;
            return Some(Withdrawn { was_written: true, answered: item.take_answered() });
        }
        let mut item = self.remove_unsent(place)?;
        Some(Withdrawn { was_written: item.was_written, answered: item.take_answered() })
    }

    /// Removes the first unsent item that fits.
    pub fn take_unsent_where(&mut self, fits: impl Fn(&Item) -> bool) -> Option<Item> {
        let place = self.items.iter().skip(self.sent).position(fits)?;
        self.remove_unsent(self.sent + place)
    }

    /// The first accepted item that was not sent.
    pub fn oldest_accepted(&self) -> Option<&Item> {
        self.items.iter().skip(self.sent).find(|item| item.is_accepted)
    }

    /// The token that the next item at the end will have.
    pub fn next_token(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    /// The submitted commands in the line, with their places.
    pub fn operations(&self) -> impl Iterator<Item = (usize, &Item, &Operation)> {
        let numbered = self.items.iter().enumerate();
        numbered.filter_map(|(place, item)| Some((place, item, item.waiter.as_ref()?.operation()?)))
    }

    /// The place of a submitted command.
    pub fn place_where(&self, is_it: impl Fn(&Operation) -> bool) -> Option<usize> {
        self.operations().find(|(_, _, operation)| is_it(operation)).map(|(place, ..)| place)
    }

    /// The token of the item at this place if it was sent, and whether it is a read.
    pub fn token_at(&self, place: usize) -> Option<(Option<u64>, bool)> {
        let is_read = self.items.get(place)?.nature.is_read();
        Some(((place < self.sent).then_some(self.first + place as u64), is_read))
    }

    /// The unsent write at this place counts as accepted from now on: how many commands it is, and who need not wait any
    /// longer. `None` if it is nothing of the kind.
    pub fn accept_at(&mut self, place: usize) -> Option<(u32, Option<Arc<Waiter>>)> {
        let fits = |item: &&mut Item| !item.is_accepted && item.nature.is_bufferable();
        let item = self.items.get_mut(place).filter(fits).filter(|_| place >= self.sent)?;
        item.is_accepted = true;
        let waiter = item.waiter.take_if(|waiter| waiter.operation().is_some_and(|it| it.ends_when_buffered));
        let commands = item.commands();
        self.accepted += commands as usize;
        self.accepted_bytes += item.bytes.len();
        Some((commands, waiter))
    }

    /// Nobody wants to know any more what becomes of the sent item with this token. It keeps its place.
    pub fn disown(&mut self, token: u64) -> Option<Arc<Waiter>> {
        let item = self.sent_item(token)?;
        let waiter = item.waiter.take();
        if std::mem::take(&mut item.is_accepted) {
            let (commands, bytes) = (item.commands() as usize, item.bytes.len());
            self.accepted -= commands;
            self.accepted_bytes -= bytes;
        }
        waiter
    }

    /// Is it all empty?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Removes the item at this place, if it was not sent.
    pub fn remove_unsent(&mut self, place: usize) -> Option<Item> {
        if place < self.sent {
            return None;
        }
        let item = self.items.remove(place)?;
        if place < self.old {
            self.old -= 1;
        }
        self.discount(&item);
        Some(item)
    }

    fn place_of(&self, waiter: &Arc<Waiter>) -> Option<usize> {
        self.items.iter().rposition(|item| item.waiter.as_ref().is_some_and(|other| Arc::ptr_eq(other, waiter)))
    }
}

impl Item {
    /// How long it has been in the line.
    pub fn age(&self) -> Duration {
        self.since.age()
    }

    fn is_finished(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many commands of the program it is.
    pub fn commands(&self) -> u32 {
        self.batch.as_ref().map_or(1, |batch| batch.commands)
    }

    /// The bytes of the commands that have no reply yet.
    pub fn unanswered(&self) -> &[u8] {
        let begin = self.batch.as_ref().map_or(0, |batch| batch.begin);
        self.bytes.get(begin..).unwrap_or_default()
    }

    /// The first of the commands of a batch were answered, which take `length` bytes.
    pub fn answered(&mut self, replies: Reply, length: usize) {
        let Some(batch) = self.batch.as_mut() else { return };
        batch.count = batch.count.saturating_sub(replies.root().len());
        batch.begin += length;
        batch.answered = Some(match batch.answered.take() {
            Some(earlier) => Reply::concat(earlier, replies),
            None => replies,
        });
    }

    /// The replies of a batch that came over earlier connections.
    pub fn take_answered(&mut self) -> Option<Reply> {
        self.batch.as_mut()?.answered.take()
    }

    /// How many commands of the program have no reply yet.
    pub fn unanswered_commands(&self) -> u32 {
        match &self.batch {
            Some(batch) if !batch.is_atomic => u32::try_from(batch.count).unwrap_or(u32::MAX),
            _ => self.commands(),
        }
    }

    /// How many replies it brings, when it is a batch.
    pub fn batch_count(&self) -> Option<usize> {
        self.batch.as_ref().map(|batch| batch.count)
    }

    /// Is it a batch that is all or nothing?
    pub fn is_atomic(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| batch.is_atomic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, is_accepted: bool) -> Item {
        Item {
            bytes: name.as_bytes().into(),
            waiter: (!is_accepted).then(|| Arc::new(Waiter::caller())),
            batch: None,
            since: Stamp::now(),
            nature: Nature::EMPTY,
            is_accepted,
            was_written: false,
            garbled: 0,
        }
    }

    fn line(buffer: &Buffer) -> Vec<String> {
        buffer.items.iter().map(|item| String::from_utf8_lossy(&item.bytes).into_owned()).collect()
    }

    fn send_all(buffer: &mut Buffer) -> Vec<u64> {
        let mut tokens = Vec::new();
        while let Some((token, _)) = buffer.next_unsent() {
            tokens.push(token);
            buffer.mark_sent();
        }
        tokens
    }

    #[test]
    fn what_was_in_flight_goes_behind_the_old_and_before_the_new() {
        let mut buffer = Buffer::default();
        buffer.push(item("old", true));
        send_all(&mut buffer);
        buffer.rewind();
        buffer.push(item("new", true));
        buffer.insert_lost(item("lost 1", false));
        buffer.insert_lost(item("lost 2", false));
        assert_eq!(line(&buffer), ["old", "lost 1", "lost 2", "new"]);
    }

    #[test]
    fn an_answer_out_of_turn_waits_for_those_before_it_and_is_not_sent_again() {
        let mut buffer = Buffer::default();
        for name in ["a", "b", "c"] {
            buffer.push(item(name, true));
        }
        let tokens = send_all(&mut buffer);
        assert!(buffer.finish(tokens[1]).is_some());
        assert!(buffer.finish(tokens[1]).is_none());
        assert_eq!((buffer.accepted(), buffer.outstanding()), (2, 2));
        buffer.rewind();
        assert_eq!(line(&buffer), ["a", "c"]);
        let tokens = send_all(&mut buffer);
        assert_eq!(buffer.finish(tokens[0]).unwrap().bytes[..], b"a"[..]);
        assert_eq!(buffer.finish(tokens[1]).unwrap().bytes[..], b"c"[..]);
        assert!(buffer.is_empty());
        assert_eq!((buffer.accepted(), buffer.accepted_bytes(), buffer.counted, buffer.counted_bytes), (0, 0, 0, 0));
    }

    #[test]
    fn room_counts_commands_and_bytes() {
        let mut buffer = Buffer::default();
        buffer.push(item("1234", true));
        assert!(buffer.has_room(1, 6, 2, 10));
        assert!(!buffer.has_room(1, 7, 2, 10));
        assert!(!buffer.has_room(1, 1, 1, 10));
    }

    #[test]
    fn a_waiting_caller_can_be_accepted_or_withdraw() {
        let mut buffer = Buffer::default();
        buffer.push(item("a", false));
        buffer.push(item("b", false));
        let waiters: Vec<_> = buffer.items.iter().map(|item| item.waiter.clone().unwrap()).collect();
        assert!(buffer.accept(&waiters[0]) && !buffer.accept(&waiters[0]));
        assert!(!buffer.withdraw(&waiters[1]).unwrap().was_written);
        assert!(buffer.withdraw(&waiters[1]).is_none());
        assert_eq!((line(&buffer), buffer.accepted()), (vec!["a".to_owned()], 1));
    }

    #[test]
    fn a_sent_command_that_is_withdrawn_keeps_its_place() {
        let mut buffer = Buffer::default();
        buffer.push(item("a", false));
        let waiter = buffer.items[0].waiter.clone().unwrap();
        let tokens = send_all(&mut buffer);
        assert!(buffer.withdraw(&waiter).unwrap().was_written);
        assert!(buffer.finish(tokens[0]).is_some());
    }
}
