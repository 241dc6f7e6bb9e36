//! The terminal: one line that is written over once a second, above it what happened. Plain lines where there is no
//! terminal.
//!
//! It owns the clock of the run: every line is stamped when it is written. Any thread may write; one writes at a time.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub struct Screen {
    began: Instant,
    is_terminal: bool,
    /// Is there a line that will be written over?
    temporary: Mutex<bool>,
}

impl Screen {
    /// The run begins now.
    pub fn new() -> Self {
        Self { began: Instant::now(), is_terminal: std::io::stdout().is_terminal(), temporary: Mutex::new(false) }
    }

    /// Since the run began.
    pub fn passed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How it goes now.
    pub fn progress(&self, text: &str) {
        self.write(text, true);
    }

    /// Something was done to the server.
    pub fn mark(&self, text: &str) {
        let text = if self.is_terminal { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
        self.write(&text, false);
    }

    /// Something that happened.
    pub fn line(&self, text: &str) {
        self.write(text, false);
    }

    /// Nothing more is written over.
    pub fn done(&self) {
        if self.is_terminal {
            println!();
        }
    }

    fn write(&self, text: &str, temporary: bool) {
        let mut was_temporary = self.temporary.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut stdout = std::io::stdout().lock();
        let clear = if self.is_terminal && *was_temporary { "\r\x1b[K" } else { "" };
        let end = if self.is_terminal && temporary { "" } else { "\n" };
        // Where nobody reads any more, the run goes on all the same.
        let _ =
            write!(stdout, "{clear}{:7.3} s  {text}{end}", self.passed().as_secs_f64()).and_then(|()| stdout.flush());
        *was_temporary = temporary;
    }
}
