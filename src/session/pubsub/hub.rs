//! The hub: where all subscriptions of a client meet. Owns who wants what, and the life of the subscriber thread.
//!
//! Any thread. The thread begins with the first subscription and ends with the last, or with the client; nothing here
//! waits for it but the end of the client. Lock order: the hub, then an inbox, then the dispatcher.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::config::Config;
use crate::delivery::desk::Desk;
use crate::dispatch::Dispatcher;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::link::private::Privates;
use crate::net::wake::Waker;
use crate::session::pubsub::inbox::Inbox;
use crate::session::pubsub::message::TopicKind;
use crate::session::pubsub::subscriber;
use crate::session::pubsub::topics::{Name, Reader, Standing, Topics};
use crate::sync::{Condvar, Mutex};
use crate::time::Deadline;

/// What the hub's lock guards.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) topics: Topics,
    members: HashMap<u64, Member>,
    last_id: u64,
    has_ended: bool,
    /// The thread is there, and has not decided to end.
    is_running: bool,
    /// The program asks for an attempt at once.
    pub(super) hurry: bool,
    /// Made with the first subscription.
    waker: Option<Arc<Waker>>,
}

#[derive(Debug)]
struct Member {
    inbox: Arc<Inbox>,
    wants: HashSet<(TopicKind, Name)>,
}

/// What the thread has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// End.
    End,
    /// There are subscriptions, to nothing as yet.
    Wait,
    /// Keep a connection.
    Connect,
}

/// See above.
pub(crate) struct Hub {
    pub(super) config: Arc<Config>,
    pub(super) desk: Arc<Desk>,
    pub(super) privates: Arc<Privates>,
    pub(super) events: Arc<Events>,
    pub(super) dispatcher: Arc<Dispatcher>,
    books: Mutex<Books>,
    /// How some topic stands has changed, or all has ended.
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Hub {
    /// No subscriptions yet.
    pub(crate) fn new(
        config: Arc<Config>,
        desk: Arc<Desk>,
        privates: Arc<Privates>,
        events: Arc<Events>,
        dispatcher: Arc<Dispatcher>,
    ) -> Self {
        let (books, changed) = (Mutex::default(), Condvar::new());
        Hub { config, desk, privates, events, dispatcher, books, changed, thread: Mutex::default() }
    }

    /// A subscription to nothing as yet. Returns its number.
    pub(super) fn join(self: &Arc<Self>, inbox: &Arc<Inbox>) -> Result<u64> {
        let mut thread = self.thread.lock();
        let mut books = self.books.lock();
        if books.has_ended {
            return Err(closed());
        }
        let waker = match &books.waker {
            Some(waker) => waker.clone(),
            None => {
                let made = Waker::new();
                let made = made.map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
                books.waker.insert(Arc::new(made)).clone()
            }
        };
        if !books.is_running {
            // The last one has nothing more to do but to end.
            if let Some(former) = thread.take() {
                let _ = former.join();
            }
            let hub = self.clone();
            let started = std::thread::Builder::new()
                .name("rr-subscriber".into())
                .spawn(move || subscriber::keep(&hub, &waker))
                .map_err(|error| {
                    Error::new(ErrorKind::System, format!("cannot start the subscriber thread: {error}"))
                })?;
            *thread = Some(started);
            books.is_running = true;
        }
        books.last_id += 1;
        let id = books.last_id;
        books.members.insert(id, Member { inbox: inbox.clone(), wants: HashSet::new() });
        Ok(id)
    }

    /// The subscription is over.
    pub(super) fn leave(&self, id: u64) {
        let mut books = self.books.lock();
        let Some(member) = books.members.remove(&id) else { return };
        for (kind, name) in &member.wants {
            books.topics.remove(*kind, name, id);
        }
        self.changed(&books);
    }

    /// The subscription wants these names too.
    pub(super) fn add(&self, id: u64, kind: TopicKind, names: &[&[u8]]) -> Result<()> {
        self.check(names)?;
        let mut books = self.books.lock();
        let Books { members, topics, has_ended: false, .. } = &mut *books else { return Err(closed()) };
        let member = members.get_mut(&id).ok_or_else(over)?;
        for name in names {
            let name: Name = (*name).into();
            if member.wants.insert((kind, name.clone())) {
                topics.add(kind, &name, Reader { id, inbox: member.inbox.clone() });
            }
        }
        self.changed(&books);
        Ok(())
    }

    /// The subscription does not want these names any more.
    pub(super) fn remove(&self, id: u64, kind: TopicKind, names: &[&[u8]]) -> Result<()> {
        self.check(names)?;
        let mut books = self.books.lock();
        let Books { members, topics, has_ended: false, .. } = &mut *books else { return Err(closed()) };
        let member = members.get_mut(&id).ok_or_else(over)?;
        for name in names {
            if let Some((kind, name)) = member.wants.take(&(kind, (*name).into())) {
                topics.remove(kind, &name, id);
            }
        }
        self.changed(&books);
        Ok(())
    }

    fn check(&self, names: &[&[u8]]) -> Result<()> {
        if names.is_empty() {
            return Err(Error::not_applied(ErrorKind::InvalidArgument, "there is no name to subscribe to"));
        }
        let limit = self.config.max_output_bytes;
        match names.iter().find(|name| name.len() > limit) {
            None => Ok(()),
            Some(name) => {
                let text = format!("a name has {} bytes and max_output_bytes is {limit}", name.len());
                Err(Error::not_applied(ErrorKind::TooLarge, text))
            }
        }
    }

    /// Somebody may wait for this, and the thread has something to look at.
    fn changed(&self, books: &Books) {
        if let Some(waker) = &books.waker {
            waker.wake();
        }
        self.changed.notify_all();
    }

    /// Waits until the server has agreed to all that the subscription wants.
    pub(super) fn wait(&self, id: u64, deadline: Deadline) -> Result<()> {
        let mut books = self.books.lock();
        loop {
            if books.has_ended {
                return Err(closed());
            }
            let member = books.members.get(&id).ok_or_else(over)?;
            let mut standings = member.wants.iter().map(|(kind, name)| books.topics.standing(*kind, name));
            match standings.find(|standing| !matches!(standing, Standing::Subscribed)) {
                None | Some(Standing::Subscribed) => return Ok(()),
                Some(Standing::Refused(error)) => return Err(error),
                Some(Standing::Waiting) => {}
            }
            if deadline.has_passed() {
                let text = "the deadline passed before the server had agreed to every name";
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            books = self.changed.wait(books, deadline);
        }
    }

    /// Attempts at once, and asks again for what was refused.
    pub(crate) fn hurry(&self) {
        let mut books = self.books.lock();
        books.hurry = true;
        books.topics.retry_now();
        self.changed(&books);
    }

    /// Ends every subscription and the thread, and returns when it has ended. Private connections were ended before.
    pub(crate) fn end(&self) {
        let mut books = self.books.lock();
        books.has_ended = true;
        for member in books.members.values() {
            member.inbox.end();
        }
        self.changed(&books);
        drop(books);
        // Held meanwhile: whoever else ends it waits for its end, too.
        let mut thread = self.thread.lock();
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }

    /// For the thread: what there is to do. After [`Task::End`] it touches nothing any more, and does not ask again.
    pub(super) fn task(&self) -> Task {
        let mut books = self.books.lock();
        if books.has_ended || books.members.is_empty() {
            books.is_running = false;
            return Task::End;
        }
        if books.topics.is_empty() { Task::Wait } else { Task::Connect }
    }

    /// For the thread: has the program asked for an attempt, or is there nothing to attempt for?
    pub(super) fn is_hurried(&self) -> bool {
        let mut books = self.books.lock();
        std::mem::take(&mut books.hurry) || books.has_ended || books.members.is_empty()
    }

    /// For the thread: looks into the books, and tells those who wait if it says that something has changed.
    pub(super) fn with_books<T>(&self, body: impl FnOnce(&mut Books) -> (bool, T)) -> T {
        let mut books = self.books.lock();
        let (has_changed, value) = body(&mut books);
        drop(books);
        if has_changed {
            self.changed.notify_all();
        }
        value
    }
}

impl Books {
    /// Is there nobody to keep a connection for?
    pub(super) fn is_over(&self) -> bool {
        self.has_ended || self.members.is_empty()
    }

    /// Lets go on what was held back, if all that was being restored is.
    pub(super) fn settle(&mut self) -> Option<super::topics::Restoration> {
        self.topics.settle(self.members.values().map(|member| &member.inbox))
    }
}

fn closed() -> Error {
    Error::not_applied(ErrorKind::Closed, "the client is closed")
}

fn over() -> Error {
    Error::not_applied(ErrorKind::Closed, "the subscription has ended")
}
