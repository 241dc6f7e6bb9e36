//! An inbox: what one subscription was sent and has not taken yet. Owns the order, the bounds, and the account of what
//! found no room.
//!
//! The subscriber puts in and never waits; the program takes out, on its own threads or, with a handler, on the
//! dispatcher. Its own loop may watch a descriptor that says when there is something. When it is full the oldest messages
//! make room, and the next thing that is taken says how many. What comes while lost subscriptions are being restored is
//! held back until all are.

use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::dispatch::{Dispatcher, Gate, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::net::beacon::Beacon;
use crate::session::pubsub::message::{Gap, Message};
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// How many callbacks run before other sources of the dispatcher have their turn.
const TURN: usize = 64;

/// The program's function for messages. Runs on the dispatcher's thread.
pub type MessageHandler = Arc<dyn Fn(&Message) + Send + Sync>;

/// How much an inbox holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

/// See above.
pub(super) struct Inbox {
    bounds: Bounds,
    state: Mutex<State>,
    /// Something can be taken, or never will be.
    arrived: Condvar,
    outlet: Option<Outlet>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
    /// What the messages in the queue occupy.
    bytes: usize,
    /// From where in the queue on messages are held back.
    held_from: Option<usize>,
    /// Messages that made room, all of them older than the queue.
    dropped: u64,
    /// A gap that was to be told among those.
    dropped_gap: Option<Gap>,
    is_ended: bool,
    /// How many threads wait.
    waiting: usize,
    /// For the program's own loop, when it takes messages.
    beacon: Beacon,
}

/// Where a handler's messages go.
struct Outlet {
    gate: Gate,
    /// Taken out when the program ends the subscription.
    handler: Mutex<Option<MessageHandler>>,
    is_posted: AtomicBool,
    dispatcher: Arc<Dispatcher>,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl State {
    fn can_be_taken(&self) -> bool {
        self.dropped > 0 || self.dropped_gap.is_some() || (!self.queue.is_empty() && self.held_from != Some(0))
    }

    /// Would whoever takes have an answer at once?
    fn has_some(&self) -> bool {
        self.can_be_taken() || self.is_ended
    }

    fn show(&mut self) {
        let has_some = self.has_some();
        self.beacon.show(has_some);
    }

    fn take(&mut self) -> Option<Message> {
        if self.dropped > 0 {
            return Some(Message::Lost(std::mem::take(&mut self.dropped)));
        }
        if let Some(gap) = self.dropped_gap.take() {
            return Some(Message::Restored(Arc::new(gap)));
        }
        if self.held_from == Some(0) {
            return None;
        }
        let message = self.queue.pop_front()?;
        self.has_left(&message);
        Some(message)
    }

    fn has_left(&mut self, message: &Message) {
        self.held_from = self.held_from.map(|from| from.saturating_sub(1));
        self.bytes = self.bytes.saturating_sub(footprint(message));
    }

    /// The newest message stays, however large it is.
    fn make_room(&mut self, bounds: Bounds) {
        while self.queue.len() > bounds.messages || (self.bytes > bounds.bytes && self.queue.len() > 1) {
            let Some(message) = self.queue.pop_front() else { return };
            self.has_left(&message);
            match message {
                Message::Published(_) => self.dropped += 1,
                Message::Lost(count) => self.dropped += count,
                Message::Restored(gap) => {
                    self.dropped_gap = Some(self.dropped_gap.map_or(*gap, |earlier| earlier.and(*gap)));
                }
                // Who waits for the subscription is told.
                Message::Refused(_) => {}
            }
        }
    }
}

fn footprint(message: &Message) -> usize {
    match message {
        Message::Published(published) => published.footprint(),
        _ => 0,
    }
}

impl Inbox {
    /// An empty one; with a handler its messages go to that.
    pub(super) fn new(bounds: Bounds, handler: Option<(MessageHandler, Arc<Dispatcher>)>) -> Self {
        let outlet = handler.map(|(handler, dispatcher)| Outlet {
            gate: Gate::default(),
            handler: Mutex::new(Some(handler)),
            is_posted: AtomicBool::new(false),
            dispatcher,
        });
        Inbox { bounds, state: Mutex::default(), arrived: Condvar::new(), outlet }
    }

    /// Does it have a handler?
    pub(super) fn is_pushed(&self) -> bool {
        self.outlet.is_some()
    }

    /// Puts a message in. Never waits; nobody is told until [`tell`](Self::tell).
    pub(super) fn put(&self, message: Message) {
        let mut state = self.state.lock();
        if state.is_ended {
            return;
        }
        state.bytes += footprint(&message);
        state.queue.push_back(message);
        state.make_room(self.bounds);
        if !state.has_some() {
            // All that could be taken made room for what is held back.
            state.show();
        }
    }

    /// What comes from now on is held back. What was held back already will not be delivered: it came in the middle of
    /// what is one gap now.
    pub(super) fn hold(&self) {
        let mut state = self.state.lock();
        state.drop_held();
        state.held_from = Some(state.queue.len());
    }

    /// Lets what was held back go, behind `gap`. True if anything was being held back.
    pub(super) fn release(&self, gap: Option<Gap>) -> bool {
        let mut state = self.state.lock();
        let Some(at) = state.held_from.take() else { return false };
        if let Some(gap) = gap {
            state.queue.insert(at, Message::Restored(Arc::new(gap)));
            state.make_room(self.bounds);
        }
        true
    }

    /// Tells whoever takes messages that there are some.
    pub(super) fn tell(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if !state.has_some() {
            return;
        }
        state.show();
        let waits = state.waiting > 0;
        drop(state);
        if waits {
            self.arrived.notify_all();
        }
        if let Some(outlet) = &self.outlet
            && !outlet.is_posted.swap(true, Ordering::AcqRel)
        {
            outlet.dispatcher.post(self.clone());
        }
    }

    /// The next message; `None` when none comes in time. Fails when none ever will.
    pub(super) fn next(&self, timeout: Duration) -> Result<Option<Message>> {
        let mut state = self.state.lock();
        // Only who has to wait needs to know what time it is.
        let mut deadline = None;
        loop {
            if let Some(message) = state.take() {
                state.show();
                return Ok(Some(message));
            }
            if state.is_ended {
                return Err(Error::new(ErrorKind::Closed, "the subscription has ended"));
            }
            let deadline = *deadline.get_or_insert_with(|| Deadline::within(timeout));
            if deadline.has_passed() {
                return Ok(None);
            }
            state.waiting += 1;
            state = self.arrived.wait(state, deadline);
            state.waiting -= 1;
        }
    }

    /// A descriptor that is readable while [`next`](Self::next) would not wait. It lives until the inbox is
    /// [given up](Self::give_up).
    pub(super) fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        let has_some = state.has_some();
        state.beacon.descriptor(has_some)
    }

    /// Nothing comes any more. What has come can still be taken, but no handler is called with it.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.is_ended = true;
        if self.outlet.is_some() {
            *state = State { is_ended: true, waiting: state.waiting, ..State::default() };
        } else {
            state.drop_held();
        }
        state.show();
        drop(state);
        self.arrived.notify_all();
    }

    /// Ends it for good: after this returns the handler is not running and was given up, unless it is the handler that
    /// calls this, which is then its last call.
    pub(super) fn close(&self) {
        self.end();
        if let Some(outlet) = &self.outlet {
            outlet.gate.close();
            let handler = outlet.handler.lock().take();
            drop(handler);
        }
    }

    /// Ends it for who will not look at it again: its descriptor is closed, too, although the subscriber may hold the inbox
    /// for a moment longer.
    pub(super) fn give_up(&self) {
        self.close();
        self.state.lock().beacon.close();
    }
}

impl State {
    fn drop_held(&mut self) {
        if let Some(from) = self.held_from.take() {
            let held: usize = self.queue.range(from..).map(footprint).sum();
            self.bytes = self.bytes.saturating_sub(held);
            self.queue.truncate(from);
        }
    }
}

impl Source for Inbox {
    fn run(&self) -> bool {
        let Some(outlet) = &self.outlet else { return false };
        outlet.is_posted.store(false, Ordering::Release);
        for _ in 0..TURN {
            let Some(message) = self.state.lock().take() else { break };
            outlet.gate.call_back(|| {
                let handler = outlet.handler.lock().clone();
                if let Some(handler) = handler {
                    handler(&message);
                }
            });
        }
        self.state.lock().can_be_taken() && !outlet.is_posted.swap(true, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Reply;
    use crate::session::pubsub::message::{Published, Refused, TopicKind};
    use std::time::SystemTime;

    fn published(payload: &str) -> Message {
        let words = ["message", "c", payload].map(|word| Reply::bulk(word.as_bytes()));
        Message::Published(Published::new(TopicKind::Channel, Arc::new(Reply::array(words.into()))))
    }

    fn gap(from: u64, to: u64) -> Gap {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        Gap { down_since: at(from), up_at: at(to) }
    }

    fn all(inbox: &Inbox) -> Vec<String> {
        all_of(inbox, usize::MAX)
    }

    /// Takes and shows so many at most.
    fn all_of(inbox: &Inbox, most: usize) -> Vec<String> {
        let show = |message| match message {
            Message::Published(published) => String::from_utf8_lossy(published.payload()).into_owned(),
            Message::Lost(count) => format!("lost {count}"),
            Message::Restored(gap) => {
                let second = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
                format!("gap {} {}", second(gap.down_since), second(gap.up_at))
            }
            Message::Refused(refused) => refused.error.to_string(),
        };
        std::iter::from_fn(|| inbox.next(Duration::ZERO).ok().flatten()).take(most).map(show).collect()
    }

    fn inbox(messages: usize, bytes: usize) -> Inbox {
        Inbox::new(Bounds { messages, bytes }, None)
    }

    #[test]
    fn the_oldest_make_room_and_are_counted_before_what_is_left() {
        let inbox = inbox(3, usize::MAX);
        for number in 0..8 {
            inbox.put(published(&number.to_string()));
        }
        assert_eq!(all(&inbox), ["lost 5", "5", "6", "7"]);
        assert!(all(&inbox).is_empty());
    }

    #[test]
    fn bytes_are_bounded_too_and_the_newest_always_stays() {
        let one = footprint(&published("x"));
        let inbox = inbox(100, 2 * one);
        for payload in ["a", "b", "c"] {
            inbox.put(published(payload));
        }
        assert_eq!(all(&inbox), ["lost 1", "b", "c"]);
        inbox.put(published("d"));
        inbox.put(published(&"x".repeat(10 * one)));
        let left = all(&inbox);
        assert_eq!((left[0].as_str(), left.len(), left[1].len()), ("lost 1", 2, 10 * one));
        assert_eq!(inbox.state.lock().bytes, 0);
    }

    #[test]
    fn what_is_held_back_comes_behind_the_gap() {
        let inbox = inbox(100, usize::MAX);
        inbox.put(published("before"));
        inbox.hold();
        inbox.put(published("after"));
        assert_eq!(all(&inbox), ["before"]);
        assert!(inbox.release(Some(gap(1, 2))) && !inbox.release(None));
        assert_eq!(all(&inbox), ["gap 1 2", "after"]);
    }

    #[test]
    fn what_was_held_back_when_the_next_gap_begins_is_part_of_it() {
        let inbox = inbox(100, usize::MAX);
        inbox.hold();
        inbox.put(published("in the middle"));
        inbox.hold();
        inbox.put(published("after"));
        inbox.release(Some(gap(1, 3)));
        assert_eq!(all(&inbox), ["gap 1 3", "after"]);
        assert_eq!(inbox.state.lock().bytes, 0);
    }

    #[test]
    fn gaps_that_find_no_room_are_told_as_one() {
        let inbox = inbox(2, usize::MAX);
        inbox.put(published("a"));
        for number in 1..4 {
            inbox.hold();
            inbox.release(Some(gap(10 * number, 10 * number + 5)));
        }
        inbox.put(published("b"));
        inbox.put(published("c"));
        assert_eq!(all(&inbox), ["lost 1", "gap 10 35", "b", "c"]);
    }

    /// An inbox that is watched, and a way to look whether its descriptor is readable.
    fn watched(messages: usize) -> (Arc<Inbox>, impl Fn() -> bool) {
        let inbox = Arc::new(inbox(messages, usize::MAX));
        let descriptor = inbox.descriptor().unwrap();
        assert_eq!(inbox.descriptor().unwrap(), descriptor);
        (inbox, move || crate::net::wake::is_readable(descriptor))
    }

    #[test]
    fn the_descriptor_is_readable_exactly_while_there_is_something() {
        let (inbox, readable) = watched(2);
        assert!(!readable());
        for payload in ["a", "b", "c"] {
            inbox.put(published(payload));
        }
        inbox.tell();
        for taken in ["lost 1", "b", "c"] {
            assert!(readable(), "{taken}");
            assert_eq!(all_of(&inbox, 1), [taken]);
        }
        assert!(!readable());
        assert!(inbox.next(Duration::ZERO).unwrap().is_none() && !readable());
        inbox.put(published("d"));
        inbox.tell();
        assert!(readable());
        inbox.end();
        assert!(all(&inbox) == ["d"] && readable());
    }

    #[test]
    fn what_came_before_it_was_asked_for_makes_the_descriptor_readable() {
        let inbox = Arc::new(inbox(1, usize::MAX));
        inbox.put(published("a"));
        inbox.tell();
        assert!(crate::net::wake::is_readable(inbox.descriptor().unwrap()));
        let ended = self::inbox(1, usize::MAX);
        ended.end();
        assert!(crate::net::wake::is_readable(ended.descriptor().unwrap()));
    }

    #[test]
    fn what_is_held_back_does_not_make_the_descriptor_readable() {
        let (inbox, readable) = watched(1);
        inbox.hold();
        inbox.put(published("a"));
        inbox.tell();
        assert!(!readable());
        inbox.release(None);
        inbox.tell();
        assert!(readable());
        assert_eq!(all(&inbox), ["a"]);
        inbox.hold();
        inbox.release(Some(gap(1, 2)));
        inbox.tell();
        assert!(readable());
        assert_eq!(all(&inbox), ["gap 1 2"]);
        assert!(!readable());
    }

    #[test]
    fn a_refusal_that_makes_room_for_what_is_held_back_leaves_the_descriptor_unreadable() {
        let (inbox, readable) = watched(1);
        let error = Error::new(ErrorKind::Server, "NOPERM no");
        inbox.put(Message::Refused(Arc::new(Refused { kind: TopicKind::Channel, name: b"c"[..].into(), error })));
        inbox.tell();
        assert!(readable());
        inbox.hold();
        inbox.put(published("a"));
        assert!(inbox.next(Duration::ZERO).unwrap().is_none() && !readable());
    }

    #[test]
    fn what_has_come_can_be_taken_after_the_end() {
        let inbox = inbox(10, usize::MAX);
        inbox.put(published("a"));
        inbox.hold();
        inbox.put(published("never"));
        inbox.end();
        inbox.put(published("late"));
        assert_eq!(all(&inbox), ["a"]);
        assert_eq!(inbox.next(Duration::MAX).unwrap_err().kind, ErrorKind::Closed);
    }
}
