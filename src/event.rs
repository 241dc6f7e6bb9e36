//! Events: what a program is told about the life of its client. Owns the bounded queue they wait in and the
//! dispatcher thread that runs the program's callback.
//!
//! Any thread may announce an event; announcing never blocks and never runs the callback. When a queue is full the
//! oldest event makes room and the next one delivered says how many were missed. The dispatcher thread exists only
//! when there is a callback; it runs callbacks and nothing else, one at a time, in order, holding no lock.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::error::{Error, ErrorKind, Result};
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
}

impl EventKind {
    /// Every kind, in the order of its number.
    pub const ALL: [EventKind; 10] = [
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
    ];
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
    /// How many commands it concerns.
    pub count: u64,
    /// The place in the failed list of the command it concerns; 0 when none.
    pub failed_id: u64,
    /// How many events before this one were missed because nobody took them in time.
    pub missed: u64,
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
        }
    }
}

/// The program's function for events. Runs on the dispatcher thread.
pub type EventHandler = Arc<dyn Fn(&Event) + Send + Sync>;

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Is this thread running a callback of the program?
pub fn in_callback() -> bool {
    IN_CALLBACK.with(Cell::get)
}

/// A bounded queue of events that drops the oldest.
struct Queue {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    missed: AtomicU64,
}

impl Queue {
    fn new(size: usize) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(size.max(1));
        Queue { sender, receiver, missed: AtomicU64::new(0) }
    }

    fn push(&self, mut event: Event) {
        while let Err(TrySendError::Full(returned)) = self.sender.try_send(event) {
            if self.receiver.try_recv().is_ok() {
                self.missed.fetch_add(1, Ordering::Relaxed);
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
    pushed: Option<Arc<Queue>>,
    dispatcher: Option<Dispatcher>,
}

/// The thread that runs the handler, and how it ends: when the sender is gone.
struct Dispatcher {
    id: ThreadId,
    stop: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Events {
    /// Queues of `size` events; with a handler, a dispatcher thread that calls it.
    pub fn new(size: usize, handler: Option<EventHandler>) -> Result<Self> {
        let mut events = Events { pulled: Queue::new(size), pushed: None, dispatcher: None };
        let Some(handler) = handler else { return Ok(events) };
        let queue = Arc::new(Queue::new(size));
        events.pushed = Some(queue.clone());
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name("rr-dispatcher".into())
            .spawn(move || dispatch(&queue, &stopped, &handler))
            .map_err(|error| Error::new(ErrorKind::System, format!("cannot start the dispatcher thread: {error}")))?;
        events.dispatcher = Some(Dispatcher {
            id: thread.thread().id(),
            stop: Mutex::new(Some(stop)),
            thread: Mutex::new(Some(thread)),
        });
        Ok(events)
    }

    /// Tells the program. Never blocks.
    pub fn announce(&self, event: Event) {
        if let Some(queue) = &self.pushed {
            queue.push(event.clone());
        }
        self.pulled.push(event);
    }

    /// The next event that nobody has pulled yet, waiting up to `timeout` for one.
    pub fn next(&self, timeout: Duration) -> Option<Event> {
        self.pulled.receiver.recv_timeout(timeout).ok().map(|event| self.pulled.delivered(event))
    }

    /// Lets the handler see what was announced so far, then ends the dispatcher thread. After it returns the handler
    /// does not run any more, unless it is called from the handler itself, which then runs for the last time.
    pub fn stop(&self) {
        let Some(dispatcher) = &self.dispatcher else { return };
        drop(dispatcher.stop.lock().take());
        if dispatcher.id == std::thread::current().id() {
            return;
        }
        // Under the lock, so that a second caller returns no earlier than the first.
        let mut thread = dispatcher.thread.lock();
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.stop();
    }
}

fn dispatch(queue: &Queue, stopped: &Receiver<()>, handler: &EventHandler) {
    let run = |event: Event| {
        IN_CALLBACK.with(|flag| flag.set(true));
        let event = queue.delivered(event);
        // A panic of a handler written in Rust ends this event, not the thread.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handler(&event)));
        IN_CALLBACK.with(|flag| flag.set(false));
    };
    loop {
        crossbeam_channel::select_biased! {
            recv(queue.receiver) -> event => if let Ok(event) = event { run(event) },
            recv(stopped) -> _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_events_make_room_and_the_next_one_says_how_many() {
        let events = Events::new(2, None).unwrap();
        for _ in 0..5 {
            events.announce(Event::new(EventKind::Connected, "up"));
        }
        let first = events.next(Duration::ZERO).unwrap();
        assert_eq!(first.missed, 3);
        assert_eq!(events.next(Duration::ZERO).unwrap().missed, 0);
        assert!(events.next(Duration::ZERO).is_none());
    }

    #[test]
    fn the_handler_sees_events_in_order_and_none_after_stop() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let events = Events::new(
            16,
            Some(Arc::new(move |event: &Event| {
                assert!(in_callback());
                sink.lock().push(event.count);
            })),
        )
        .unwrap();
        for count in 0..10 {
            events.announce(Event { count, ..Event::new(EventKind::Drained, "x") });
        }
        events.stop();
        assert_eq!(*seen.lock(), (0..10).collect::<Vec<_>>());
        events.announce(Event::new(EventKind::Drained, "late"));
        assert_eq!(seen.lock().len(), 10);
        assert!(!in_callback());
    }
}
