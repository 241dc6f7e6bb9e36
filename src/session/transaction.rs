//! A transaction: keys that are watched, reads, then commands that are executed together unless a watched key changed.
//! Owns that nothing is executed whose watch did not hold, and that nothing is written twice.
//!
//! One thread at a time, which is noticed. Watching, it has a connection of its own from the pool; the watch ends with
//! that connection, and then nothing is executed. Without watched keys it is an atomic pipeline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::command::{self, Placement, Refusal, Traits};
use crate::config::Config;
use crate::delivery::atomic;
use crate::delivery::desk::Desk;
use crate::delivery::policy::{self, Nature};
use crate::delivery::request::{Body, Executed, Request};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::link::backoff;
use crate::resp::{Reply, encode};
use crate::session::pipeline::{Pipeline, PipelineOptions};
use crate::session::pool::{Lent, Pool};
use crate::session::script::Script;
use crate::stats::Counters;
use crate::time::{self, Deadline};

/// How long giving a watch up may take before its connection is given up instead.
const UNWATCH: Duration = Duration::from_secs(1);
/// The longest pause after the first conflict; it doubles up to sixteen times that.
const PAUSE: Duration = Duration::from_millis(2);
/// What is said of a watch whose connection is gone.
const LOST: &str = "the connection was lost while watching";

/// How a transaction is executed.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransactionOptions {
    /// How long each call may take; `None`: `command_timeout_ms`.
    pub timeout: Option<Duration>,
    /// Never write it a second time. With watched keys nothing ever is.
    pub no_retry: bool,
}

/// What the function that prepares a transaction wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Execute it.
    Execute,
    /// Do not, and report this number: above zero the program's own, below that of an [`ErrorKind`].
    GiveUp(i32),
}

/// How a transaction that was prepared by a function ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// It was executed: the replies, one per command.
    Executed(Reply),
    /// The function gave up with this number.
    GaveUp(i32),
}

/// What a transaction needs of its client.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) config: Arc<Config>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) counters: Arc<Counters>,
}

/// See above. Clones are the same transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    ground: Ground,
    timeout: Duration,
    watch: Watch,
    queued: Pipeline,
    /// Why the last call that failed did.
    failure: Option<Error>,
}

#[derive(Debug)]
enum Watch {
    /// Not begun, executed, or discarded.
    Over,
    /// Begun, without any key.
    Nothing,
    /// Keys are watched on this connection.
    On(Box<Lent>),
    /// Keys were watched on a connection that is lost.
    Lost(Error),
}

impl Transaction {
    /// One that has not begun.
    pub(crate) fn new(ground: Ground, options: TransactionOptions) -> Self {
        let timeout = options.timeout.unwrap_or_else(|| ground.desk.command_timeout());
        let pipeline = PipelineOptions {
            atomic: true,
            timeout: Some(timeout),
            no_buffer: true,
            no_retry: options.no_retry,
            from_primary: true,
        };
        let queued = Pipeline::new(ground.desk.clone(), pipeline);
        let inner = Inner { ground, timeout, watch: Watch::Over, queued, failure: None };
        Transaction { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Begins, watching `keys`, which may be none; or watches more of them.
    pub fn watch(&self, keys: &[&[u8]]) -> Result<()> {
        self.enter()?.noting(|inner| inner.watch(keys))
    }

    /// Sends a command at once and waits for its reply.
    pub fn command(&self, argv: &[&[u8]]) -> Result<Reply> {
        self.enter()?.noting(|inner| inner.command(argv))
    }

    /// Adds a command to those that are executed. It is copied.
    pub fn queue(&self, argv: &[&[u8]]) -> Result<()> {
        self.enter()?.noting(|inner| inner.queue(argv))
    }

    /// Adds a script with its arguments, of which the first `key_count` are keys, to what is executed.
    pub fn queue_script(&self, script: &Script, key_count: usize, arguments: &[&[u8]]) -> Result<()> {
        let call = script.call(key_count, arguments, false)?;
        self.queue(&call.by_source())
    }

    /// How many commands are queued.
    pub fn len(&self) -> Result<usize> {
        Ok(self.enter()?.queued.len())
    }

    /// Is none queued?
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.enter()?.queued.is_empty())
    }

    /// Executes what is queued: the replies, one per command, errors in place. Whatever comes of it, the transaction is
    /// over and empty, until `watch` begins it anew.
    pub fn execute(&self) -> Result<Reply> {
        self.enter()?.noting(Inner::execute)
    }

    /// Forgets what is queued and watched. The transaction is over, until `watch` begins it anew.
    pub fn discard(&self) -> Result<()> {
        self.enter()?.discard();
        Ok(())
    }

    /// Watches `keys`, lets `prepare` read and queue, and executes; after a conflict once more, with fresh reads, up to
    /// `max_attempts` times in all.
    pub(crate) fn run(
        &self,
        keys: &[&[u8]],
        max_attempts: u32,
        mut prepare: impl FnMut(&Transaction) -> Result<Verdict>,
    ) -> Result<Ran> {
        if max_attempts == 0 {
            return Err(Error::not_applied(ErrorKind::InvalidArgument, "max_attempts is 0"));
        }
        let mut made = 1;
        loop {
            let mut ended = self.attempt(keys, &mut prepare);
            self.discard()?;
            match &mut ended {
                Err(error) if error.kind == ErrorKind::Conflict && made < max_attempts => {
                    let most = PAUSE * 2_u32.pow((made - 1).min(4));
                    let pool = self.enter()?.ground.pool.clone();
                    pool.pause(Deadline::within(backoff::draw(most)));
                    made += 1;
                }
                Err(error) if error.kind == ErrorKind::Conflict => {
                    error.message = format!("{} (attempt {made} of {max_attempts})", error.message).into();
                    return ended;
                }
                _ => return ended,
            }
        }
    }

    fn attempt(&self, keys: &[&[u8]], prepare: &mut impl FnMut(&Transaction) -> Result<Verdict>) -> Result<Ran> {
        self.watch(keys)?;
        self.enter()?.failure = None;
        match prepare(self)? {
            Verdict::Execute => self.execute().map(Ran::Executed),
            Verdict::GiveUp(number) if number < 0 => Err(self.enter()?.given_up(number)),
            Verdict::GiveUp(number) => Ok(Ran::GaveUp(number)),
        }
    }

    /// The lock is tried and never waited for.
    fn enter(&self) -> Result<MutexGuard<'_, Inner>> {
        let busy = || Error::not_applied(ErrorKind::Busy, "another thread is using this transaction");
        self.inner.try_lock().ok_or_else(busy)
    }
}

impl Inner {
    fn noting<T>(&mut self, body: impl FnOnce(&mut Inner) -> Result<T>) -> Result<T> {
        let ended = body(self);
        if let Err(error) = &ended {
            self.failure = Some(error.clone());
        }
        ended
    }

    /// The failure behind a number that a function gave up with: the one that it met, if it did.
    fn given_up(&mut self, number: i32) -> Error {
        if let Some(failure) = self.failure.take_if(|failure| failure.kind as i32 == number) {
            return failure;
        }
        let kind = ErrorKind::ALL.into_iter().find(|kind| *kind as i32 == number);
        let text = format!("the function gave the transaction up with {number}");
        Error::not_applied(kind.unwrap_or(ErrorKind::InvalidArgument), text)
    }

    fn watch(&mut self, keys: &[&[u8]]) -> Result<()> {
        if let Watch::Lost(cause) = &self.watch {
            return Err(cause.clone());
        }
        if keys.is_empty() {
            if matches!(self.watch, Watch::Over) {
                self.watch = Watch::Nothing;
            }
            return Ok(());
        }
        let mut argv: Vec<&[u8]> = vec![b"WATCH"];
        argv.extend_from_slice(keys);
        let bytes = self.encoded(&argv)?;
        let deadline = Deadline::within(self.timeout);
        if matches!(self.watch, Watch::On(_)) {
            return match self.ask(&bytes, true, deadline)?.root().as_error() {
                Some(text) => Err(Error::server(&text, Outcome::NotApplied)),
                None => Ok(()),
            };
        }
        let lent = self.begin(&bytes, deadline)?;
        self.watch = Watch::On(Box::new(lent));
        Ok(())
    }

    /// A connection on which `watch` was answered. To watch changes nothing, so that it is done again where it failed.
    fn begin(&self, watch: &[u8], deadline: Deadline) -> Result<Lent> {
        let mut failures = 0;
        loop {
            let mut lent = self.ground.pool.lend(deadline)?;
            let said = lent.converse(deadline, None, |talk, attempt| {
                talk.send(watch, attempt)?;
                talk.reply(attempt)
            });
            let cause = match said.as_ref().map(|reply| reply.root().as_error()) {
                Ok(None) => return Ok(lent),
                Ok(Some(text)) if policy::is_not_now(&text, self.ground.config.server_role) => {
                    Error::server(&text, Outcome::NotApplied).message.to_string()
                }
                Ok(Some(text)) => {
                    lent.give_back();
                    return Err(Error::server(&text, Outcome::NotApplied));
                }
                Err(error) => error.message.to_string(),
            };
            if self.ground.pool.has_ended() {
                return Err(closed());
            }
            if !lent.is_fresh() && said.is_err() && !deadline.has_passed() {
                // It broke while it was idle.
                continue;
            }
            drop(lent);
            failures += 1;
            let pause = Deadline::within(backoff::jitter(&self.ground.config, failures, backoff::draw));
            if deadline.has_passed() || deadline.min(pause) == deadline {
                let text = format!("the keys could not be watched before the deadline: {cause}");
                return Err(Error::not_applied(ErrorKind::Timeout, text));
            }
            self.ground.pool.pause(pause);
        }
    }

    fn command(&mut self, argv: &[&[u8]]) -> Result<Reply> {
        let nature = Nature::of(admit(argv)?).bufferable_if(false);
        let since = time::now();
        let deadline = Deadline::after(since, self.timeout);
        let reply = match &self.watch {
            Watch::Over => return Err(not_begun()),
            Watch::Lost(cause) => return Err(cause.clone()),
            Watch::Nothing => {
                let request = Request { body: Body::Command(argv), nature, since, deadline };
                return match self.ground.desk.call(&request).map_err(|incomplete| incomplete.error)? {
                    Executed::Reply(reply) => Ok(reply),
                    Executed::Buffered => Err(Error::unknown(ErrorKind::Unavailable, "there is an outage")),
                };
            }
            Watch::On(_) => {
                let bytes = self.encoded(argv)?;
                self.ground.counters.commands.add(1);
                self.ask(&bytes, nature.is_read(), deadline)?
            }
        };
        self.ground.answered(1, since);
        match reply.root().as_error() {
            Some(text) => {
                self.ground.counters.server_errors.add(1);
                Err(Error::server(&text, policy::outcome_of_error(&text, nature.may_fail_halfway())))
            }
            None => Ok(reply),
        }
    }

    /// Says something on the connection that watches. If that fails, the watch is lost.
    fn ask(&mut self, bytes: &[u8], is_read: bool, deadline: Deadline) -> Result<Reply> {
        let Watch::On(lent) = &mut self.watch else { return Err(not_begun()) };
        let mut sent = 0;
        let said = lent.converse(deadline, None, |talk, attempt| {
            talk.send_counted(bytes, &mut sent, attempt)?;
            talk.reply(attempt)
        });
        said.map_err(|cause| {
            let lost = conflict(&format!("{LOST}: {cause}"));
            self.watch = Watch::Lost(lost.clone());
            self.ground.failed(cause, sent == bytes.len() && !is_read, lost)
        })
    }

    fn queue(&mut self, argv: &[&[u8]]) -> Result<()> {
        let traits = admit(argv)?;
        if matches!(self.watch, Watch::Over) {
            return Err(not_begun());
        }
        self.queued.add(argv, traits);
        Ok(())
    }

    fn execute(&mut self) -> Result<Reply> {
        let ended = match std::mem::replace(&mut self.watch, Watch::Over) {
            Watch::Over => Err(not_begun()),
            Watch::Lost(cause) => Err(cause),
            Watch::Nothing if self.queued.is_empty() => Ok(Reply::array(Vec::new())),
            Watch::Nothing => match self.queued.execute() {
                Ok(Executed::Reply(reply)) => Ok(reply),
                Ok(Executed::Buffered) => Err(Error::unknown(ErrorKind::Unavailable, "there is an outage")),
                Err(incomplete) => Err(incomplete.error),
            },
            Watch::On(lent) => self.ground.execute_on(*lent, &mut self.queued, self.timeout),
        };
        self.queued.clear();
        ended
    }

    fn discard(&mut self) {
        self.queued.clear();
        let Watch::On(mut lent) = std::mem::replace(&mut self.watch, Watch::Over) else { return };
        let mut unwatch = Vec::new();
        encode(&mut unwatch, &[b"UNWATCH"]);
        let said = lent.converse(Deadline::within(UNWATCH.min(self.timeout)), None, |talk, attempt| {
            talk.send(&unwatch, attempt)?;
            talk.reply(attempt)
        });
        if said.is_ok_and(|reply| !reply.is_error()) {
            lent.give_back();
        }
    }

    fn encoded(&self, argv: &[&[u8]]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        encode(&mut bytes, argv);
        self.ground.check_length(bytes.len())?;
        Ok(bytes)
    }
}

impl Ground {
    fn check_length(&self, length: usize) -> Result<()> {
        let limit = self.config.max_output_bytes;
        if length <= limit {
            return Ok(());
        }
        let text = format!("{length} bytes are to be sent and max_output_bytes is {limit}");
        Err(Error::not_applied(ErrorKind::TooLarge, text))
    }

    /// Says MULTI, the commands and EXEC in one write on the connection that watches, and listens to the replies.
    fn execute_on(&self, mut lent: Lent, queued: &mut Pipeline, timeout: Duration) -> Result<Reply> {
        let commands = queued.len() as u64;
        let since = time::now();
        let deadline = Deadline::after(since, timeout);
        queued.whole(|bytes, count| {
            self.check_length(bytes.len())?;
            self.counters.commands.add(commands);
            if !lent.is_quiet() {
                return Err(if self.pool.has_ended() { closed() } else { conflict(LOST) });
            }
            let (mut sent, mut replies) = (0, Vec::with_capacity(count));
            let said = lent.converse(deadline, None, |talk, attempt| {
                talk.send_counted(bytes, &mut sent, attempt)?;
                for _ in 0..count {
                    replies.push(talk.reply(attempt)?);
                }
                Ok(())
            });
            said.map_err(|cause| {
                let lost = conflict(&format!("{LOST}: {cause}"));
                self.failed(cause, sent == bytes.len(), lost)
            })?;
            self.answered(commands, since);
            self.judge(bytes, replies, lent)
        })
    }

    /// A call that began at `since` was answered.
    fn answered(&self, commands: u64, since: Instant) {
        self.counters.replies.add(commands);
        let passed = time::now().saturating_duration_since(since);
        self.counters.durations.record(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX));
    }

    /// What the replies to MULTI, the commands and EXEC mean.
    fn judge(&self, bytes: &[u8], mut replies: Vec<Reply>, lent: Lent) -> Result<Reply> {
        let exec = replies.pop();
        let refusal = exec.as_ref().and_then(|exec| exec.root().as_error().map(std::borrow::Cow::into_owned));
        let before = || replies.iter().map(Reply::root);
        let ended = atomic::exec_reply(bytes, before(), exec);
        let Some(refusal) = refusal else {
            // The server watches nothing any more.
            lent.give_back();
            let reply = ended?;
            return if reply.root().is_nil() { Err(conflict("a watched key was changed")) } else { Ok(reply) };
        };
        let error = ended.err().unwrap_or_else(|| Error::server(&refusal, Outcome::Unknown));
        if error.outcome == Outcome::NotApplied
            && atomic::is_refused_for_now(before(), &refusal, self.config.server_role)
        {
            // This connection is not used again: the next may lead to a server that is ready.
            if policy::needs_primary(&refusal)
                || before().any(|value| value.as_error().is_some_and(|text| policy::needs_primary(&text)))
            {
                self.desk.doubt_role();
            }
            return Err(conflict(&format!("the server is not ready: {error}")));
        }
        self.counters.server_errors.add(1);
        if refusal.starts_with("EXECABORT") {
            lent.give_back();
        }
        Err(error)
    }

    /// The failure of what was said on a connection that failed; `lost` when it surely did not run.
    fn failed(&self, cause: Error, may_have_run: bool, lost: Error) -> Error {
        let has_ended = self.pool.has_ended();
        if cause.kind == ErrorKind::Timeout {
            self.counters.timeouts.add(1);
        }
        if may_have_run {
            self.counters.unknown.add(1);
            let kind = match cause.kind {
                _ if has_ended => ErrorKind::Closed,
                kind @ (ErrorKind::Timeout | ErrorKind::Protocol) => kind,
                _ => ErrorKind::ConnectionLost,
            };
            return Error::unknown(kind, format!("{cause}; it was written and is never sent again"));
        }
        match cause.kind {
            _ if has_ended => closed(),
            ErrorKind::Timeout => cause.with_outcome(Outcome::NotApplied),
            _ => lost,
        }
    }
}

/// What a command is, if it may be sent or queued in a transaction.
fn admit(argv: &[&[u8]]) -> Result<Traits> {
    if argv.first().is_none_or(|name| name.is_empty()) {
        return Err(Error::not_applied(ErrorKind::InvalidArgument, "the command has no name"));
    }
    let traits = command::classify(argv);
    let why = match traits.placement() {
        Placement::Shared => return Ok(traits),
        Placement::Session(_) => "it changes the connection, which a transaction only borrows: use rr_command before",
        Placement::Blocking => "inside a transaction it could not wait",
        Placement::Refused(Refusal::Transaction) => {
            "the transaction says that itself: use rr_transaction_execute or rr_transaction_discard"
        }
        Placement::Refused(Refusal::Watch) => {
            "the transaction says that itself: use rr_transaction_watch or rr_transaction_discard"
        }
        Placement::Refused(_) => "it would change the connection, which a transaction only borrows",
    };
    Err(Error::not_applied(ErrorKind::Unsupported, format!("{}: {why}", command::name(argv))))
}

fn conflict(text: &str) -> Error {
    Error::not_applied(ErrorKind::Conflict, format!("{text}; nothing was executed"))
}

fn not_begun() -> Error {
    let text = "the transaction is over: rr_transaction_watch begins it anew";
    Error::not_applied(ErrorKind::InvalidArgument, text)
}

fn closed() -> Error {
    Error::not_applied(ErrorKind::Closed, "the client is closed")
}
