//! The log of the client under test, line by line, as it grows.

use super::client::{SOON, configuration};
use super::wait::wait_until;
use resilient_redis::client::{Client, Hooks};
use resilient_redis::log::{Level, Logging};
use std::sync::{Arc, Mutex};

/// The lines of a client.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

impl Lines {
    pub fn add(&self, level: Level, line: &str) {
        self.0.lock().unwrap().push((level, line.to_owned()));
    }

    pub fn so_far(&self) -> Vec<(Level, String)> {
        self.0.lock().unwrap().clone()
    }

    /// How many lines of this level have all of these words?
    pub fn count(&self, level: Level, words: &[&str]) -> usize {
        let is_one = |(other, line): &&(Level, String)| *other == level && words.iter().all(|word| line.contains(word));
        self.so_far().iter().filter(is_one).count()
    }

    /// Is there a line of this level with all of these words?
    pub fn has(&self, level: Level, words: &[&str]) -> bool {
        self.count(level, words) > 0
    }

    #[track_caller]
    pub fn wait_for(&self, level: Level, words: &[&str]) {
        wait_until(&format!("there is a line with {words:?}"), SOON, || self.has(level, words));
    }
}

/// A client that may not be connected yet, and its log up to this level.
#[track_caller]
pub fn open_logged(url: &str, level: Level, options: &[(&str, &str)]) -> (Client, Lines) {
    let lines = Lines::default();
    let sink = lines.clone();
    let handler = Arc::new(move |level, line: &str| sink.add(level, line));
    let hooks = Hooks { events: None, log: Some(Logging { level, handler }), ..Hooks::default() };
    (Client::open_with(configuration(url, options), hooks).unwrap(), lines)
}
