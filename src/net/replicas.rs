//! The replicas of the server, by the addresses that are known: told in the configuration, or by the primary itself. Owns
//! which of them is tried first.
//!
//! Any thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sync::Mutex;

/// See above.
#[derive(Debug, Default)]
pub struct Replicas {
    known: Mutex<Vec<(String, u16)>>,
    turn: AtomicUsize,
}

impl Replicas {
    /// Those that the configuration names, if it does.
    pub fn new(known: Vec<(String, u16)>) -> Self {
        let first = if known.is_empty() { 0 } else { fastrand::usize(..known.len()) };
        Replicas { known: Mutex::new(known), turn: AtomicUsize::new(first) }
    }

    /// The primary says that it has these: have they changed?
    pub fn learn(&self, addresses: impl Iterator<Item = String>) -> bool {
        let mut told: Vec<(String, u16)> = addresses.filter_map(|address| split(&address)).collect();
        told.sort();
        let mut known = self.known.lock();
        if *known == told {
            return false;
        }
        if !told.is_empty() {
            self.turn.store(fastrand::usize(..told.len()), Ordering::Relaxed);
        }
        *known = told;
        true
    }

    /// Is this one of them?
    pub fn contains(&self, address: &str) -> bool {
        split(address).is_some_and(|address| self.known.lock().contains(&address))
    }

    /// All of them, each time with another one first.
    pub fn in_turn(&self) -> Vec<(String, u16)> {
        let mut all = self.known.lock().clone();
        if !all.is_empty() {
            let first = self.turn.fetch_add(1, Ordering::Relaxed) % all.len();
            all.rotate_left(first);
        }
        all
    }
}

/// A host and a port as `host:port`, or `[address]:port`.
pub fn join(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Host and port of `host:port` or `[address]:port`.
pub fn split(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!bare.is_empty()).then(|| (bare.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_tried_in_turn_and_a_change_is_noticed() {
        let replicas = Replicas::default();
        assert!(replicas.in_turn().is_empty());
        let told = || ["a:1", "[::1]:2", "c:3", "nowhere", ":4", "d:0"].map(String::from).into_iter();
        assert!(replicas.learn(told()));
        assert!(!replicas.learn(told().rev()));
        let turns: Vec<_> = (0..3).map(|_| replicas.in_turn()).collect();
        assert!(turns.iter().all(|turn| turn.len() == 3));
        assert!(turns[0][0] != turns[1][0] && turns[1][0] != turns[2][0] && turns[0][0] != turns[2][0]);
        assert!(replicas.contains("[::1]:2") && replicas.contains("a:1") && !replicas.contains("d:0"));
        assert!(replicas.learn(std::iter::empty()));
        assert!(replicas.in_turn().is_empty());
    }
}
