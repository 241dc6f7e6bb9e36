//! The log: lines for people about the life of a client, for the callback that the program gave. Owns the levels, the
//! text of the line that each event becomes, and the bounded queue in which lines wait.
//!
//! Any thread may write; writing never blocks and never runs the callback, which the dispatcher does. Without a callback,
//! or below its level, no line is made. When the queue is full the oldest line makes room, and a line says how many did. No
//! line holds a credential or an argument of a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::dispatch::{Dispatcher, Source, call_back};
use crate::error::Result;
use crate::event::{Event, EventKind};
use crate::stats::Counters;

/// How much a line matters. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Level {
    /// Something is lost or will not come back by itself.
    Error = 1,
    /// Something is wrong that the client deals with.
    Warning = 2,
    /// What happens in a client's life.
    Info = 3,
    /// Each step.
    Debug = 4,
}

impl Level {
    /// Every level, in the order of its number.
    pub const ALL: [Level; 4] = [Self::Error, Self::Warning, Self::Info, Self::Debug];
}

/// The program's function for log lines. Runs on the dispatcher's thread.
pub type LogHandler = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// A callback for log lines, and up to which level it wants them.
#[derive(Clone)]
pub struct Logging {
    /// Lines of this level, and of those that matter more.
    pub level: Level,
    /// The program's function.
    pub handler: LogHandler,
}

impl std::fmt::Debug for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logging").field("level", &self.level).finish_non_exhaustive()
    }
}

/// Where a client's lines go.
#[derive(Default)]
pub struct Log {
    lines: Option<Arc<Lines>>,
    dispatcher: Arc<Dispatcher>,
    /// What each line begins with.
    subject: Box<str>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// The callback, with the lines that it has not seen yet.
struct Lines {
    logging: Logging,
    sender: Sender<(Level, Box<str>)>,
    receiver: Receiver<(Level, Box<str>)>,
    missed: AtomicU64,
    is_posted: AtomicBool,
    counters: Arc<Counters>,
}

impl Source for Lines {
    fn run(&self) -> bool {
        self.is_posted.store(false, Ordering::Release);
        if let Ok((level, line)) = self.receiver.try_recv() {
            let missed = self.missed.swap(0, Ordering::Relaxed);
            if missed > 0 {
                let text =
                    format!("{missed} log lines before this one are missing: the log callback did not come after");
                call_back(|| (self.logging.handler)(Level::Warning, &text));
            }
            call_back(|| (self.logging.handler)(level, &line));
        }
        !self.receiver.is_empty() && !self.is_posted.swap(true, Ordering::AcqRel)
    }
}

impl Lines {
    fn push(&self, mut line: (Level, Box<str>)) {
        while let Err(TrySendError::Full(returned)) = self.sender.try_send(line) {
            if self.receiver.try_recv().is_ok() {
                self.missed.fetch_add(1, Ordering::Relaxed);
                self.counters.log_lines_missed.add(1);
            }
            line = returned;
        }
    }
}

impl Log {
    /// A queue of `size` lines, each of which begins with `subject`; the callback runs on the dispatcher.
    pub fn new(
        size: usize,
        subject: String,
        logging: Option<Logging>,
        dispatcher: Arc<Dispatcher>,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let lines = match logging {
            None => None,
            Some(logging) => {
                dispatcher.start()?;
                let (sender, receiver) = crossbeam_channel::bounded(size.max(1));
                let (missed, is_posted) = (AtomicU64::new(0), AtomicBool::new(false));
                Some(Arc::new(Lines { logging, sender, receiver, missed, is_posted, counters }))
            }
        };
        Ok(Log { lines, dispatcher, subject: subject.into() })
    }

    /// Writes a line, if somebody wants it. Never blocks.
    pub fn write(&self, level: Level, text: impl FnOnce() -> String) {
        let Some(lines) = self.lines.as_ref().filter(|lines| level <= lines.logging.level) else { return };
        // What a server says may go over several lines.
        let line = format!("{}: {}", self.subject, text()).replace(['\n', '\r'], " ");
        lines.push((level, line.into()));
        if !lines.is_posted.swap(true, Ordering::AcqRel) {
            self.dispatcher.post(lines.clone());
        }
    }

    /// Writes the line that an event is.
    pub fn event(&self, event: &Event) {
        self.write(level_of(event.kind), || line_of(event));
    }
}

/// How much an event matters.
pub fn level_of(kind: EventKind) -> Level {
    match kind {
        EventKind::Connected | EventKind::Drained | EventKind::Maintenance => Level::Info,
        EventKind::Disconnected
        | EventKind::Reconnecting
        | EventKind::Buffering
        | EventKind::SubscriptionsRestored
        | EventKind::Failover => Level::Warning,
        EventKind::GaveUp
        | EventKind::BufferFull
        | EventKind::CommandFailed
        | EventKind::CommandDropped
        | EventKind::AuthFailed => Level::Error,
    }
}

/// What an event says as a line.
pub fn line_of(event: &Event) -> String {
    let Event { message, attempt, count, failed_id, .. } = event;
    match event.kind {
        EventKind::Connected => format!("connected: {message}"),
        EventKind::Disconnected => format!("the connection is lost: {message}"),
        EventKind::Reconnecting => {
            format!("attempt {attempt} to connect failed: {message}; the next in {} ms", event.delay.as_millis())
        }
        EventKind::GaveUp | EventKind::AuthFailed => format!("{message}; only a slow probe goes on"),
        EventKind::Buffering | EventKind::SubscriptionsRestored | EventKind::Failover | EventKind::Maintenance => {
            message.to_string()
        }
        EventKind::Drained => format!("{message}; commands sent from it: {count}"),
        EventKind::BufferFull => format!("{message}; commands in it: {count}"),
        EventKind::CommandFailed => {
            format!("a buffered command failed (number {failed_id} in the failed list): {message}")
        }
        EventKind::CommandDropped => {
            format!("a buffered command was dropped (number {failed_id} in the failed list): {message}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::in_callback;
    use crate::sync::Mutex;

    type Seen = Arc<Mutex<Vec<(Level, String)>>>;

    fn log(size: usize, level: Level, seen: &Seen) -> (Log, Arc<Dispatcher>, Arc<Counters>) {
        let (dispatcher, counters) = (Arc::<Dispatcher>::default(), Arc::<Counters>::default());
        let seen = seen.clone();
        let handler = Arc::new(move |level, line: &str| {
            assert!(in_callback());
            seen.lock().push((level, line.to_owned()));
        });
        let logging = Some(Logging { level, handler });
        (Log::new(size, "here".into(), logging, dispatcher.clone(), counters.clone()).unwrap(), dispatcher, counters)
    }

    #[test]
    fn lines_come_in_order_up_to_the_level_and_none_after_the_end() {
        let seen = Seen::default();
        let (log, dispatcher, _) = log(64, Level::Info, &seen);
        for level in Level::ALL {
            log.write(level, || format!("{level:?}"));
        }
        log.write(Level::Debug, || panic!("nobody wants this line"));
        dispatcher.stop();
        log.write(Level::Error, || "late".into());
        let lines = [(Level::Error, "here: Error"), (Level::Warning, "here: Warning"), (Level::Info, "here: Info")];
        assert_eq!(*seen.lock(), lines.map(|(level, line)| (level, line.to_owned())));
    }

    #[test]
    fn without_a_callback_no_line_is_made() {
        Log::default().write(Level::Error, || panic!("nobody wants this line"));
    }

    #[test]
    fn lines_that_do_not_fit_are_counted_and_said_before_the_next_one() {
        let seen = Seen::default();
        let (log, dispatcher, counters) = log(2, Level::Debug, &seen);
        let lines = log.lines.as_ref().unwrap();
        // As if it were posted already, so that nothing is taken meanwhile.
        lines.is_posted.store(true, Ordering::Release);
        for number in 0..5 {
            log.write(Level::Info, || number.to_string());
        }
        dispatcher.post(lines.clone());
        dispatcher.stop();
        let seen: Vec<String> = seen.lock().iter().map(|(_, line)| line.clone()).collect();
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert!(seen[0].starts_with("3 log lines before this one"), "{seen:?}");
        assert_eq!(seen[1..], ["here: 3", "here: 4"]);
        assert_eq!(counters.log_lines_missed.get(), 3);
    }

    #[test]
    fn every_event_is_a_line_that_says_what_the_event_says() {
        for kind in EventKind::ALL {
            let line = line_of(&Event { count: 7, attempt: 7, failed_id: 7, ..Event::new(kind, "the cause") });
            assert!(line.contains("the cause") && !line.contains('\n'), "{kind:?}: {line}");
        }
    }
}
