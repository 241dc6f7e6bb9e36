//! The pool of private connections: each is lent to one user at a time and kept for the next. Owns how many there are
//! at most, and that none is used again about which there is any doubt.
//!
//! Runs on the borrowers' threads. A connection waits here until the same client, with the same user and database, wants
//! one; those that were idle for long are ended whenever one is lent or comes back. It sends nothing: whoever gives a
//! connection back vouches that the server holds nothing of his for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::delivery::desk::Desk;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::link::private::{Private, Privates};
use crate::net::Attempt;
use crate::net::handshake::Identity;
use crate::net::talk::Talk;
use crate::net::wake::Waker;
use crate::sync::{Condvar, Mutex};
use crate::time::{self, Deadline};

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(60);

/// See above.
pub struct Pool {
    desk: Arc<Desk>,
    privates: Arc<Privates>,
    most: usize,
    shelf: Mutex<Shelf>,
    /// One came back or was ended, or there will be no more.
    changed: Condvar,
}

#[derive(Default)]
struct Shelf {
    /// Lent, or being made to be lent.
    lent: usize,
    /// The one that was used last is at the end.
    idle: Vec<Idle>,
}

struct Idle {
    private: Private,
    /// As whom it was introduced.
    identity: Identity,
    since: Instant,
}

/// A connection that is lent. Dropped, it is cut; what else would be done with one in the middle of something?
pub struct Lent {
    pool: Arc<Pool>,
    /// There until it goes back.
    private: Option<Private>,
    identity: Identity,
    is_fresh: bool,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("most", &self.most).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lent").field("private", &self.private).finish_non_exhaustive()
    }
}

impl Pool {
    /// None yet, and never more than `most` at a time.
    pub fn new(desk: Arc<Desk>, privates: Arc<Privates>, most: usize) -> Self {
        Pool { desk, privates, most, shelf: Mutex::default(), changed: Condvar::new() }
    }

    /// A connection for the caller alone: one that is idle, or a new one. Waits behind what is buffered, as every new
    /// command does, and while all are lent. Failing, nothing was sent.
    pub fn lend(self: &Arc<Self>, deadline: Deadline) -> Result<Lent> {
        let not_applied = |error: Error| error.with_outcome(Outcome::NotApplied);
        self.desk.wait_ready(deadline).map_err(not_applied)?;
        self.desk.flush(deadline).map_err(not_applied)?;
        let identity = self.desk.present_identity();
        let idle = self.reserve(&identity, deadline)?;
        let is_fresh = idle.is_none();
        let private = match idle {
            Some(private) => Ok(private),
            None => self.privates.connect(&identity, deadline),
        };
        match private {
            Ok(private) => Ok(Lent { pool: self.clone(), private: Some(private), identity, is_fresh }),
            Err(error) => {
                self.is_over(None);
                Err(error)
            }
        }
    }

    /// Room for one more that is lent, and an idle one for it if there is one.
    fn reserve(&self, identity: &Identity, deadline: Deadline) -> Result<Option<Private>> {
        let mut shelf = self.shelf.lock();
        loop {
            if self.has_ended() {
                return Err(Error::not_applied(ErrorKind::Closed, "the client is closed"));
            }
            shelf.retire();
            while let Some(mut idle) = shelf.idle.pop() {
                let is_same = idle.identity == *identity && self.privates.is_up_to_date(&idle.private);
                if is_same && idle.private.talk.is_quiet() {
                    shelf.lent += 1;
                    return Ok(Some(idle.private));
                }
                idle.private.cut();
            }
            if shelf.lent < self.most {
                shelf.lent += 1;
                return Ok(None);
            }
            if deadline.has_passed() {
                let text = format!("all {} private connections are in use (private_max_connections)", self.most);
                return Err(Error::not_applied(ErrorKind::Timeout, text));
            }
            shelf = self.changed.wait(shelf, deadline);
        }
    }

    /// One is lent no longer; it is kept if it is given.
    fn is_over(&self, idle: Option<Idle>) {
        let mut shelf = self.shelf.lock();
        shelf.lent = shelf.lent.saturating_sub(1);
        shelf.retire();
        shelf.idle.extend(idle);
        self.changed.notify_all();
    }

    /// Forgets the idle ones and lets those go who wait for one. All private connections have been ended before.
    pub fn end(&self) {
        let mut shelf = self.shelf.lock();
        shelf.idle.clear();
        self.changed.notify_all();
    }

    /// Waits until then, or until they are ended.
    pub fn pause(&self, until: Deadline) {
        self.privates.pause(until);
    }

    /// Were they ended?
    pub fn has_ended(&self) -> bool {
        self.privates.has_ended()
    }
}

impl Shelf {
    /// Ends those that were idle for long: they are at the beginning.
    fn retire(&mut self) {
        let now = time::now();
        let old = self.idle.partition_point(|idle| now.saturating_duration_since(idle.since) >= IDLE);
        self.idle.drain(..old).for_each(|idle| idle.private.cut());
    }
}

impl Lent {
    /// What is said on it.
    pub fn talk(&mut self) -> Result<&mut Talk> {
        self.private().map(|private| &mut private.talk)
    }

    /// The connection itself.
    pub fn private(&mut self) -> Result<&mut Private> {
        self.private.as_mut().ok_or_else(|| Error::new(ErrorKind::ConnectionLost, "the connection was given back"))
    }

    /// Was it made for this, so that it cannot have broken while it was idle?
    pub fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// Has the server said nothing on it that was not listened to, not even that it is over?
    pub fn is_quiet(&mut self) -> bool {
        self.private.as_mut().is_some_and(|private| private.talk.is_quiet())
    }

    /// Says something and listens, on this connection and by `deadline`. It ends early when the client does, and looks
    /// up when `waker` is woken.
    pub fn converse<T>(
        &mut self,
        deadline: Deadline,
        waker: Option<&Waker>,
        what: impl FnOnce(&mut Talk, &Attempt<'_>) -> Result<T>,
    ) -> Result<T> {
        let pool = self.pool.clone();
        what(self.talk()?, &pool.privates.attempt(deadline, waker))
    }

    /// Gives it back: everything on it is answered, and the server holds nothing for it, neither a watch nor a
    /// subscription. It is cut all the same if anything is unread, or the client is somebody else by now.
    pub fn give_back(mut self) {
        let Some(mut private) = self.private.take() else { return };
        let is_as_before =
            self.identity == self.pool.desk.present_identity() && self.pool.privates.is_up_to_date(&private);
        let idle = if is_as_before && private.talk.is_quiet() && !self.pool.has_ended() {
            Some(Idle { private, identity: self.identity.clone(), since: time::now() })
        } else {
            private.cut();
            None
        };
        self.pool.is_over(idle);
        if self.pool.has_ended() {
            // It may have come back behind the end.
            self.pool.end();
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(private) = self.private.take() {
            private.cut();
            drop(private);
            self.pool.is_over(None);
        }
    }
}
