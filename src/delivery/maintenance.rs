//! The server's maintenance, as it announces it. Owns that commands have more time while it goes on, and where the server
//! moves to.
//!
//! Runs on whichever thread reads; it stores what was said and wakes the supervisor, which acts on it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::delivery::desk::{Books, Desk};
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::link::mover::Move;
use crate::log::Level;
use crate::net::notice::Notice;
use crate::time::Deadline;

impl Desk {
    /// How long a call may take unless it says otherwise.
    pub fn command_timeout(&self) -> Duration {
        let usual = self.config.command_timeout;
        if self.is_in_maintenance.load(Ordering::Relaxed) { self.patient_timeout() } else { usual }
    }

    fn patient_timeout(&self) -> Duration {
        let usual = self.config.command_timeout;
        self.config.maintenance_timeout.map_or(usual, |patience| patience.max(usual))
    }

    /// The server has announced something.
    pub(super) fn announced(&self, notice: Notice) {
        let say = |text: String| self.events.announce(Event::new(EventKind::Maintenance, text));
        match notice {
            Notice::Begins(what) => {
                self.set_maintenance(true);
                say(format!("the server announces {what}: it may be slow for a while"));
            }
            Notice::Ends(what) => {
                self.set_maintenance(false);
                say(format!("the server announces {what}: that is over"));
            }
            Notice::Moving { number, within, to } => {
                let mut books = self.books.lock();
                if books.last_notice.replace(number) == Some(number) {
                    return;
                }
                let until = Deadline::within(within);
                // The name that is known leads to the new place before the time is over, but perhaps not at once.
                let from = if to.is_some() { Deadline::within(Duration::ZERO) } else { Deadline::within(within / 2) };
                let place = to.as_ref().map_or("another place".into(), |(host, port)| format!("{host}:{port}"));
                // Before anybody begins to move.
                self.connector.redirect(to, until);
                books.moving = Some(Move { from, until });
                drop(books);
                self.set_maintenance(true);
                self.attention.wake();
                say(format!("the server announces MOVING: to {place} within {} s", within.as_secs()));
            }
        }
    }

    fn set_maintenance(&self, is_on: bool) {
        self.is_in_maintenance.store(is_on, Ordering::Relaxed);
        self.lane.set_patience(if is_on { self.patient_timeout() } else { self.config.command_timeout });
    }

    /// The connection on which it was announced is no more.
    pub(super) fn end_maintenance(&self, books: &mut Books) {
        books.moving = None;
        books.last_notice = None;
        self.set_maintenance(false);
    }

    pub(super) fn could_not_move(&self, error: &Error) {
        self.set_maintenance(false);
        self.events
            .log()
            .write(Level::Warning, || format!("there is no connection to where the server moves: {error}"));
    }
}
