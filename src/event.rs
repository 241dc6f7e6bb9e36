//! Events: what a program is told about the life of its client. Owns the bounded queues they wait in, one to be pulled
//! from and one for the callback.
//!
//! Any thread may announce an event; announcing never blocks and never runs the callback, which the dispatcher does. When
//! a queue is full the oldest event makes room and the next one delivered says how many were missed.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::dispatch::{Dispatcher, Source, call_back};
use crate::error::Result;
use crate::log::Log;
use crate::stats::Counters;
use crate::sync::Mutex;
use crate::time;

/// What happened. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum EventKind {
    /// The connection is up and everything buffered has been sent; commands flow.
    Connected = 1,
    /// The connection was lost, or refused commands as a server that is not ready does.
    Disconnected = 2,
    /// A connection attempt failed; the next one follows after `delay`.
    Reconnecting = 3,
    /// The reconnect budget is spent; only a slow probe goes on.
    GaveUp = 4,
    /// The first write of this outage went into the buffer.
    Buffering = 5,
    /// The buffer is empty again; `count` commands were sent from it.
    Drained = 6,
    /// A write found no room in the buffer. Announced once an outage.
    BufferFull = 7,
    /// A buffered command was refused by the server for good; it is in the failed list under `failed_id`.
    CommandFailed = 8,
    /// A buffered command was dropped (`drop_oldest`) or too old; it is in the failed list under `failed_id`.
    CommandDropped = 9,
    /// Never retried: the credentials were refused. Only a slow probe goes on.
    AuthFailed = 10,
    /// All subscriptions are there again after their connection was lost; what was published between `down_since` and `at`
    /// was not delivered. `count` is how many names.
    SubscriptionsRestored = 11,
    /// The connection is back and it is not the same server, or not the same data: `failover` says what has changed.
    Failover = 12,
    /// The server announces its own maintenance: that it moves, or may be slow for a while, or that this is over.
    Maintenance = 13,
}

impl EventKind {
    /// Every kind, in the order of its number.
    pub const ALL: [EventKind; 13] = [
        Self::Connected,
        Self::Disconnected,
        Self::Reconnecting,
        Self::GaveUp,
        Self::Buffering,
        Self::Drained,
        Self::BufferFull,
        Self::CommandFailed,
        Self::CommandDropped,
        Self::AuthFailed,
        Self::SubscriptionsRestored,
        Self::Failover,
        Self::Maintenance,
    ];
}

/// Which server there is after an outage. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum ServerChange {
    /// The same process, with another history of data: it was a replica meanwhile.
    SameServer = 1,
    /// A new process at the same address.
    Restarted = 2,
    /// Another server.
    OtherServer = 3,
}

/// What became of the data. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum History {
    /// That cannot be told from the outside.
    Unknown = 0,
    /// What the former server had when it was last asked is there.
    Continued = 1,
    /// The former server had data that is not there.
    RolledBack = 2,
}

/// What has changed when a connection came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// Which server it is.
    pub change: ServerChange,
    /// What became of the data.
    pub history: History,
    /// The former process, by the name that Redis gives itself at each start.
    pub old_run_id: Box<str>,
    /// The present one.
    pub new_run_id: Box<str>,
    /// How far the former one was in its replication stream when it was last asked: when it was connected to, and at each
    /// health check.
    pub old_offset: Option<i64>,
    /// Up to where the present one has the same stream.
    pub shared_offset: Option<i64>,
    /// How far the present one was when it was connected to.
    pub new_offset: Option<i64>,
}

impl fmt::Display for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.change {
            ServerChange::SameServer => "the same server is back with other data",
            ServerChange::Restarted => "the server was restarted",
            ServerChange::OtherServer => "another server has taken over",
        })?;
        write!(f, " (run id {}, was {})", self.new_run_id, self.old_run_id)?;
        match (self.history, self.old_offset, self.shared_offset) {
            (History::Continued, _, Some(shared)) => write!(f, "; it has the data up to offset {shared} at least"),
            (History::RolledBack, Some(old), Some(shared)) => {
                write!(f, "; it has the data up to offset {shared} only, and {old} was seen")
            }
            _ => f.write_str("; whether it has the same data cannot be told"),
        }
    }
}

/// One thing that happened, and when.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When, by the system's clock.
    pub at: SystemTime,
    /// One sentence for people: the cause, or what was done.
    pub message: Box<str>,
    /// How many connection attempts this outage has seen.
    pub attempt: u32,
    /// The pause before the next connection attempt.
    pub delay: Duration,
    /// How many commands, or subscriptions, it concerns.
    pub count: u64,
    /// The place in the failed list of the command it concerns; 0 when none.
    pub failed_id: u64,
    /// How many events before this one were missed because nobody took them in time.
    pub missed: u64,
    /// When what it says is over had begun.
    pub down_since: Option<SystemTime>,
    /// What has changed, of a failover.
    pub failover: Option<Box<Failover>>,
}

impl Event {
    /// An event of now.
    pub fn new(kind: EventKind, message: impl Into<String>) -> Self {
        Event {
            kind,
            at: time::wall_clock(),
            message: message.into().into_boxed_str(),
            attempt: 0,
            delay: Duration::ZERO,
            count: 0,
            failed_id: 0,
            missed: 0,
            down_since: None,
            failover: None,
        }
    }
}

/// The program's function for events. Runs on the dispatcher's thread.
pub type EventHandler = Arc<dyn Fn(&Event) + Send + Sync>;

/// A bounded queue of events that drops the oldest.
struct Queue {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    missed: AtomicU64,
    /// Where those that were missed are counted, if they are.
    counters: Option<Arc<Counters>>,
}

impl Queue {
    fn new(size: usize, counters: Option<Arc<Counters>>) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(size.max(1));
        Queue { sender, receiver, missed: AtomicU64::new(0), counters }
    }

    fn push(&self, mut event: Event) {
        while let Err(TrySendError::Full(returned)) = self.sender.try_send(event) {
            if self.receiver.try_recv().is_ok() {
                self.missed.fetch_add(1, Ordering::Relaxed);
                if let Some(counters) = &self.counters {
                    counters.events_missed.add(1);
                }
            }
            event = returned;
        }
    }

    fn delivered(&self, mut event: Event) -> Event {
        event.missed = self.missed.swap(0, Ordering::Relaxed);
        event
    }
}

/// Where a client's events go.
pub struct Events {
    pulled: Queue,
    pushed: Option<Arc<Pushed>>,
    dispatcher: Arc<Dispatcher>,
    log: Log,
    /// Held by who announces: the log, the handler and who pulls see the events in one order.
    turn: Mutex<()>,
    /// Let go of at the end, so that whoever waits sees it.
    open: Mutex<Option<Sender<Infallible>>>,
    ended: Receiver<Infallible>,
}

/// The handler, with the events that it has not seen yet.
struct Pushed {
    queue: Queue,
    handler: EventHandler,
    is_posted: AtomicBool,
}

impl Source for Pushed {
    fn run(&self) -> bool {
        self.is_posted.store(false, Ordering::Release);
        if let Ok(event) = self.queue.receiver.try_recv() {
            let event = self.queue.delivered(event);
            call_back(|| (self.handler)(&event));
        }
        !self.queue.receiver.is_empty() && !self.is_posted.swap(true, Ordering::AcqRel)
    }
}

impl Events {
    /// Queues of `size` events; the handler runs on the dispatcher. Each event is a line of `log`, too. What the handler
    /// misses is counted; without one, what nobody pulls in time.
    pub fn new(
        size: usize,
        handler: Option<EventHandler>,
        dispatcher: Arc<Dispatcher>,
        counters: Arc<Counters>,
        log: Log,
    ) -> Result<Self> {
        let (pushed, counters) = match handler {
            None => (None, Some(counters)),
            Some(handler) => {
                dispatcher.start()?;
                let queue = Queue::new(size, Some(counters));
                (Some(Arc::new(Pushed { queue, handler, is_posted: AtomicBool::new(false) })), None)
            }
        };
        let (open, ended) = crossbeam_channel::bounded(0);
        let (pulled, turn, open) = (Queue::new(size, counters), Mutex::default(), Mutex::new(Some(open)));
        Ok(Events { pulled, pushed, dispatcher, log, turn, open, ended })
    }

    /// The client's log, for what is no event.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Tells the program. Waits for nothing but the turn of others who announce.
    pub fn announce(&self, event: Event) {
        let _turn = self.turn.lock();
        self.log.event(&event);
        if let Some(pushed) = &self.pushed {
            pushed.queue.push(event.clone());
            if !pushed.is_posted.swap(true, Ordering::AcqRel) {
                self.dispatcher.post(pushed.clone());
            }
        }
        self.pulled.push(event);
    }

    /// The next event that nobody has pulled yet, waiting up to `timeout` for one, and not after the end.
    pub fn next(&self, timeout: Duration) -> Option<Event> {
        let receiver = &self.pulled.receiver;
        let event = receiver.try_recv().ok().or_else(|| {
            crossbeam_channel::select! {
                recv(receiver) -> event => event.ok(),
                recv(self.ended) -> _ => receiver.try_recv().ok(),
                default(timeout) => None,
            }
        });
        event.map(|event| self.pulled.delivered(event))
    }

    /// There will be no more events: whoever waits for one returns.
    pub fn end(&self) {
        self.open.lock().take();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::dispatch::in_callback;

    #[test]
    fn the_oldest_events_make_room_and_the_next_one_says_how_many() {
        let counters = Arc::<Counters>::default();
        let events = Events::new(2, None, Arc::default(), counters.clone(), Log::default()).unwrap();
        for _ in 0..5 {
            events.announce(Event::new(EventKind::Connected, "up"));
        }
        let first = events.next(Duration::ZERO).unwrap();
        assert_eq!((first.missed, counters.events_missed.get()), (3, 3));
        assert_eq!(events.next(Duration::ZERO).unwrap().missed, 0);
        assert!(events.next(Duration::ZERO).is_none());
    }

    #[test]
    fn events_of_many_threads_have_one_order_for_all_who_look() {
        const THREADS: u64 = 4;
        const EACH: u64 = 10_000;
        let seen = Arc::<Mutex<Vec<u64>>>::default();
        let sink = seen.clone();
        let handler: EventHandler = Arc::new(move |event: &Event| sink.lock().push(event.count));
        let (size, dispatcher) = ((THREADS * EACH) as usize, Arc::<Dispatcher>::default());
        let events = Events::new(size, Some(handler), dispatcher.clone(), Arc::default(), Log::default()).unwrap();
        let together = Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (events, together) = (&events, &together);
                scope.spawn(move || {
                    together.wait();
                    for number in 0..EACH {
                        let count = thread * EACH + number;
                        events.announce(Event { count, ..Event::new(EventKind::Drained, "x") });
                    }
                });
            }
        });
        dispatcher.stop();
        let pulled: Vec<u64> = std::iter::from_fn(|| events.next(Duration::ZERO)).map(|event| event.count).collect();
        assert_eq!(pulled.len(), size);
        assert!(pulled == *seen.lock());
    }

    #[test]
    fn the_handler_sees_events_in_order_and_none_after_stop() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let handler = move |event: &Event| {
            assert!(in_callback());
            sink.lock().push(event.count);
        };
        let dispatcher = Arc::<Dispatcher>::default();
        let handler: EventHandler = Arc::new(handler);
        let events = Events::new(16, Some(handler), dispatcher.clone(), Arc::default(), Log::default()).unwrap();
        for count in 0..10 {
            events.announce(Event { count, ..Event::new(EventKind::Drained, "x") });
        }
        dispatcher.stop();
        assert_eq!(*seen.lock(), (0..10).collect::<Vec<_>>());
        events.announce(Event::new(EventKind::Drained, "late"));
        assert_eq!(seen.lock().len(), 10);
        assert!(!in_callback());
    }
}
