//! The subscriber: the thread that keeps the connection of all subscriptions. Owns what is said on it: requests and health
//! checks out; answers and messages in.
//!
//! It connects again for as long as anybody subscribes, and asks for everything anew on each connection. It never waits
//! for who takes messages and never runs a callback of the program.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::event::{Event, EventKind};
use crate::link::backoff::{self, Next};
use crate::link::private::Private;
use crate::log::Level;
use crate::net::Refusal;
use crate::net::credentials::Lease;
use crate::net::talk::{Heard, Talk};
use crate::net::wake::{self, Interest, Waker};
use crate::resp::{Reply, encode, encode_argument, encode_header};
use crate::session::pubsub::hub::{Books, Hub, Task};
use crate::session::pubsub::inbox::Inbox;
use crate::session::pubsub::message::{Message, Published, Said, TopicKind};
use crate::session::pubsub::topics::{Name, Request, Restoration};
use crate::time::{self, Deadline};

/// The most requests that wait for their answers.
const WINDOW: usize = 16;
/// How many things are listened to before anything else is looked at.
const BATCH: usize = 256;
/// A connection that lasted at least so long was of use, even if nothing was published.
const STEADY: Duration = Duration::from_secs(1);
/// When what was refused for the moment is asked for again.
const NOT_NOW: Duration = Duration::from_secs(1);

/// The thread's life.
pub(super) fn keep(hub: &Arc<Hub>, waker: &Arc<Waker>) {
    let mut outage = Outage { since: time::now(), failures: 0, pause: Some(Duration::ZERO) };
    while let Some(private) = connect(hub, waker, &mut outage) {
        let begun = time::now();
        let mut line = Line::new(hub, waker, private);
        let _ = line.serve();
        line.talk.socket().shutdown();
        let was_of_use = line.was_of_use || time::now().saturating_duration_since(begun) >= STEADY;
        let heard_at = line.heard_at;
        hub.with_books(|books| {
            books.topics.lost(heard_at);
            (true, ())
        });
        outage = outage.after_loss(hub, was_of_use);
    }
}

/// What is remembered from one attempt to the next.
struct Outage {
    since: Instant,
    failures: u32,
    /// Before the next attempt; `None`: until the program asks for one.
    pause: Option<Duration>,
}

impl Outage {
    /// The first attempt is made at once, but not for ever when each connection ends as soon as it is there.
    fn after_loss(&self, hub: &Hub, was_of_use: bool) -> Self {
        let failures = if was_of_use { 0 } else { self.failures.saturating_add(1) };
        let pause = match (hub.config.reconnect_tries, failures) {
            (Some(0), _) => None,
            (_, 0 | 1) => Some(Duration::ZERO),
            (_, failures) => Some(backoff::jitter(&hub.config, failures - 1, backoff::draw)),
        };
        Outage { since: time::now(), failures, pause }
    }

    /// It goes on for as long as there are subscriptions, slowly once it has lasted or asking again does not help.
    fn after_failure(&mut self, hub: &Hub, refusal: &Refusal) {
        self.failures = self.failures.saturating_add(1);
        let elapsed = time::now().saturating_duration_since(self.since);
        self.pause = match backoff::next(&hub.config, self.failures, elapsed, backoff::draw) {
            Next::After(pause) if !refusal.is_lasting() => Some(pause),
            _ => backoff::probe_interval(&hub.config),
        };
    }
}

/// Attempts until there is a connection; `None` when there is nobody to keep one for.
fn connect(hub: &Hub, waker: &Arc<Waker>, outage: &mut Outage) -> Option<Private> {
    loop {
        match hub.task() {
            Task::End => return None,
            Task::Wait => {
                wake::wait(Some(waker), None, None);
                outage.since = time::now();
                continue;
            }
            Task::Connect => {}
        }
        let over = outage.pause.map_or(Deadline::NEVER, Deadline::within);
        while !over.has_passed() && !hub.is_hurried() {
            wake::wait(Some(waker), None, over.remaining());
        }
        match hub.task() {
            // Not to be asked a second time: another thread may be there by then.
            Task::End => return None,
            Task::Wait => continue,
            Task::Connect => {}
        }
        match hub.privates.connect_once(&hub.desk.present_identity(), Deadline::NEVER, Some(waker)) {
            Ok(private) => return Some(private),
            Err(refusal) => outage.after_failure(hub, &refusal),
        }
    }
}

/// What the server has not answered yet.
enum Asked {
    Ping,
    /// AUTH with renewed credentials.
    Login,
    Change {
        request: Request,
        answered: usize,
    },
}

/// One connection.
struct Line<'a> {
    hub: &'a Arc<Hub>,
    waker: &'a Arc<Waker>,
    talk: Talk,
    lease: Lease,
    asked: VecDeque<Asked>,
    /// Since when something is unanswered.
    asked_since: Instant,
    /// When the server was last heard, by both clocks.
    heard: Instant,
    heard_at: SystemTime,
    /// Something was published on it.
    was_of_use: bool,
}

impl<'a> Line<'a> {
    fn new(hub: &'a Arc<Hub>, waker: &'a Arc<Waker>, private: Private) -> Self {
        let (now, at) = (time::now(), time::wall_clock());
        // In the old protocol nothing can be said in between but about subscriptions.
        let lease = if private.greeting.protocol == 3 { private.lease } else { Lease::default() };
        Line {
            hub,
            waker,
            talk: private.talk,
            lease,
            asked: VecDeque::new(),
            asked_since: now,
            heard: now,
            heard_at: at,
            was_of_use: false,
        }
    }

    /// Keeps the connection until it ends, which is an error, or nobody needs it.
    fn serve(&mut self) -> Result<()> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut before = (self.heard, self.heard_at);
        loop {
            if !self.ask()? {
                return Ok(());
            }
            let ended = self.listen(&mut batch);
            if batch.is_empty() && ended.is_err() {
                // What came was no more than the end, which TLS has words for.
                (self.heard, self.heard_at) = before;
            }
            if !batch.is_empty() {
                self.understand(&mut batch)?;
                before = (self.heard, self.heard_at);
                ended?;
                continue;
            }
            ended?;
            let left = self.look_after_health()?;
            before = (self.heard, self.heard_at);
            let interest = Interest { readable: true, writable: false };
            let ready = wake::wait(Some(self.waker), Some((self.talk.socket(), interest)), left);
            // The end of a connection says nothing of when the server was last there.
            if ready.readable && !ready.hung_up {
                self.was_heard();
            }
        }
    }

    fn was_heard(&mut self) {
        (self.heard, self.heard_at) = (time::now(), time::wall_clock());
    }

    /// Sends what is to be asked for. False when nobody needs the connection any more.
    fn ask(&mut self) -> Result<bool> {
        let mut bytes = Vec::new();
        while self.asked.len() < WINDOW {
            let heard_at = self.heard_at;
            let next = self.hub.with_books(|books| {
                if books.is_over() {
                    // Who subscribes from now on does so on the next connection.
                    books.topics.lost(heard_at);
                    return (false, None);
                }
                (false, Some((books.topics.next_request(), books.settle())))
            });
            let Some((request, restoration)) = next else { return Ok(false) };
            self.announce(restoration);
            let Some(request) = request else { break };
            encode_header(&mut bytes, request.names.len() + 1);
            encode_argument(&mut bytes, request.kind.command(request.wants));
            request.names.iter().for_each(|name| encode_argument(&mut bytes, name));
            self.will_answer(Asked::Change { request, answered: 0 });
        }
        self.send(&bytes).map(|()| true)
    }

    fn will_answer(&mut self, asked: Asked) {
        if self.asked.is_empty() {
            self.asked_since = time::now();
        }
        self.asked.push_back(asked);
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let attempt = self.hub.privates.attempt(Deadline::within(self.hub.config.command_timeout), None);
        self.talk.send(bytes, &attempt)
    }

    /// Takes what has come, a batch at most.
    fn listen(&mut self, batch: &mut Vec<Reply>) -> Result<()> {
        let attempt = self.hub.privates.attempt(Deadline::within(Duration::ZERO), None);
        while batch.len() < BATCH {
            match self.talk.listen(&attempt) {
                Ok(Heard::Reply(said) | Heard::Push(said)) => batch.push(said),
                Err(error) if error.kind == ErrorKind::Timeout => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn understand(&mut self, batch: &mut Vec<Reply>) -> Result<()> {
        self.was_heard();
        let hub = self.hub;
        let mut reached: Vec<Arc<Inbox>> = Vec::new();
        let mut restored: Vec<Restoration> = Vec::new();
        let result = hub.with_books(|books| {
            let before = self.asked.len();
            let mut has_changed = false;
            let mut result = Ok(());
            for said in batch.drain(..) {
                match self.hear(books, said, &mut reached) {
                    Ok(None) => {}
                    Ok(Some(answer)) => {
                        has_changed = true;
                        restored.extend(answer);
                    }
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
            restored.extend(books.settle());
            (has_changed || before != self.asked.len(), result)
        });
        for inbox in reached {
            inbox.tell();
        }
        restored.into_iter().for_each(|restoration| self.announce(Some(restoration)));
        result
    }

    /// `Some` when it was about a topic and not a message.
    fn hear(
        &mut self,
        books: &mut Books,
        mut said: Reply,
        reached: &mut Vec<Arc<Inbox>>,
    ) -> Result<Option<Option<Restoration>>> {
        match Said::of(said.root()) {
            Said::Message(kind, name) => {
                let readers = books.topics.readers(kind, name);
                if readers.is_empty() {
                    return Ok(None);
                }
                said.terminate();
                let published = Published::new(kind, Arc::new(said));
                for reader in readers {
                    reader.inbox.put(Message::Published(published.clone()));
                    if !reached.iter().any(|inbox| Arc::ptr_eq(inbox, &reader.inbox)) {
                        reached.push(reader.inbox.clone());
                    }
                }
                self.was_of_use = true;
                Ok(None)
            }
            Said::Changed(kind, is_on, name) => self.hear_change(books, kind, is_on, &name.into()).map(Some),
            Said::Pong => match self.asked.pop_front() {
                Some(Asked::Ping) => Ok(None),
                _ => Err(unasked(&said)),
            },
            Said::Refusal => self.hear_refusal(books, &said).map(|()| Some(None)),
            Said::Other if said.root().kind() == crate::resp::Kind::Push => Ok(None),
            Said::Other if matches!(self.asked.front(), Some(Asked::Login)) => {
                self.asked.pop_front();
                Ok(None)
            }
            Said::Other => Err(unasked(&said)),
        }
    }

    fn hear_change(
        &mut self,
        books: &mut Books,
        kind: TopicKind,
        is_on: bool,
        name: &Name,
    ) -> Result<Option<Restoration>> {
        if let Some(Asked::Change { request, answered }) = self.asked.front_mut()
            && (request.kind, request.wants) == (kind, is_on)
            && request.names.get(*answered) == Some(name)
        {
            *answered += 1;
            if *answered == request.names.len() {
                self.asked.pop_front();
                self.asked_since = time::now();
            }
            return Ok(books.topics.answered(kind, is_on, name));
        }
        if is_on {
            return Err(Error::new(ErrorKind::Protocol, "the server began a subscription that nobody asked for"));
        }
        books.topics.taken_back(kind, name, self.heard_at);
        Ok(None)
    }

    fn hear_refusal(&mut self, books: &mut Books, said: &Reply) -> Result<()> {
        let request = match self.asked.pop_front() {
            // Who may not PING is alive all the same.
            Some(Asked::Ping) => return Ok(()),
            Some(Asked::Login) => {
                // The event is the other connection's, which is refused as well.
                self.lease.was_refused(self.hub.config.reconnect_interval);
                return Ok(());
            }
            Some(Asked::Change { request, answered: 0 }) => request,
            _ => return Err(unasked(said)),
        };
        self.asked_since = time::now();
        if request.names.len() > 1 {
            books.topics.ask_alone(request.kind, &request.names);
            return Ok(());
        }
        let text = said.root().as_error().unwrap_or_default();
        let error = Error::server(&text, Outcome::NotApplied);
        let slow = backoff::probe_interval(&self.hub.config).unwrap_or(self.hub.config.reconnect_interval);
        let pause = if error.is_retryable() { NOT_NOW } else { slow };
        for name in &request.names {
            books.topics.refused(request.kind, name, error.clone(), pause);
        }
        Ok(())
    }

    fn announce(&self, restoration: Option<Restoration>) {
        let Some(Restoration { gap, topics }) = restoration else { return };
        let lasted = gap.up_at.duration_since(gap.down_since).unwrap_or_default().as_millis();
        let message = format!("{topics} subscriptions restored after {lasted} ms without messages");
        let event = Event::new(EventKind::SubscriptionsRestored, message);
        self.hub.events.announce(Event {
            at: gap.up_at,
            count: topics as u64,
            down_since: Some(gap.down_since),
            ..event
        });
    }

    /// Puts new credentials in place of those that expire. How long until there is something to do.
    fn renew(&mut self) -> Result<Option<Duration>> {
        let Some(credentials) = self.hub.privates.credentials() else { return Ok(None) };
        match credentials.renew(&mut self.lease, self.waker) {
            Some(Ok(given)) => {
                self.will_answer(Asked::Login);
                self.send(&given.login.auth())?;
            }
            Some(Err(error)) => {
                let text = || format!("the credentials of the subscriptions could not be renewed: {error}");
                self.hub.events.log().write(Level::Warning, text);
            }
            None => {}
        }
        Ok(self.lease.left())
    }

    /// Asks a silent server whether it is there. How long until there is something to look at again.
    fn look_after_health(&mut self) -> Result<Option<Duration>> {
        let config = &self.hub.config;
        let silent = |since: Instant| time::now().saturating_duration_since(since);
        let mut left = self.hub.with_books(|books| (false, books.topics.retry_in()));
        if let Some(rest) = self.renew()? {
            left = Some(left.map_or(rest, |left| left.min(rest)));
        }
        if self.asked.is_empty()
            && let Some(interval) = config.health_check_interval
        {
            match interval.checked_sub(silent(self.heard)).filter(|rest| !rest.is_zero()) {
                Some(rest) => left = Some(left.map_or(rest, |left| left.min(rest))),
                None => {
                    let mut ping = Vec::new();
                    encode(&mut ping, &[b"PING"]);
                    self.will_answer(Asked::Ping);
                    self.send(&ping)?;
                }
            }
        }
        if !self.asked.is_empty() {
            let unheard = silent(self.heard.max(self.asked_since));
            match config.command_timeout.checked_sub(unheard).filter(|rest| !rest.is_zero()) {
                Some(rest) => left = Some(left.map_or(rest, |left| left.min(rest))),
                None => return Err(Error::new(ErrorKind::Timeout, "the server does not answer")),
            }
        }
        // A moment more than asked for, so that what was waited for has really come.
        Ok(left.map(|left| left + Duration::from_millis(1)))
    }
}

fn unasked(said: &Reply) -> Error {
    let text = said.root().as_error().map_or_else(String::new, |text| format!(": {text}"));
    Error::new(ErrorKind::Protocol, format!("the server answered what nobody asked{text}"))
}
