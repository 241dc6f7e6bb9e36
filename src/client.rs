//! The facade: everything that a program can do with a client. Owns how the layers below are put together, and their
//! end.
//!
//! A client may be used by any thread at any time; clones are the same client. It makes no decisions: those are
//! delivery's. The last clone that is dropped ends the connection and its threads at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::command::{Placement, Traits};
use crate::config::{Config, ReadFrom};
use crate::delivery::callbacks::Callbacks;
use crate::delivery::completion::{Driver, Target};
use crate::delivery::desk::Desk;
use crate::delivery::permits::{Permit, Permits};
use crate::delivery::policy::Nature;
use crate::delivery::replica::Replica;
use crate::delivery::request::{Body, Request, admit_anywhere, admit_unattended};
use crate::delivery::submission::would_block;
use crate::delivery::waiter::{Operation, Shape};
use crate::dispatch::Dispatcher;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, EventHandler, Events};
use crate::link::lane::{Lane, LaneSettings, Sink};
use crate::link::private::Privates;
use crate::link::supervisor::{Supervision, Supervisor};
use crate::log::{Level, Log, Logging};
use crate::metrics;
use crate::net::connect::Connector;
use crate::net::wake::Waker;
use crate::resp::Limits;
use crate::session::blocking::{Blocking, BlockingOptions};
use crate::session::pool::Pool;
use crate::session::pubsub::Hub;
use crate::session::transaction::Ground;
use crate::session::waiting::Waiting;
use crate::stats::{Counters, Stats};
use crate::sync::Mutex;
use crate::time::{self, Deadline};

pub use crate::delivery::callbacks::CompletionHandler;
pub use crate::delivery::completion::{Completion, CompletionQueue};
pub use crate::delivery::desk::State;
pub use crate::delivery::failed::FailedCommand;
pub use crate::delivery::request::{Completed, Executed, Incomplete};
pub use crate::net::credentials::{CredentialsProvider, Login};
pub use crate::net::resolve::LookUp;
pub use crate::session::monitor::{Ending as MonitorEnding, Monitor, MonitorEntry, Monitored};
pub use crate::session::pipeline::{Pipeline, PipelineOptions};
pub use crate::session::pubsub::{
    Gap, Message, MessageHandler, Published, Refused, Subscription, SubscriptionOptions, TopicKind,
};
pub use crate::session::script::{Script, ScriptOptions};
pub use crate::session::transaction::{Ran, Transaction, TransactionOptions, Verdict};

/// A client: any function, any thread, any time.
#[derive(Clone, Debug)]
pub struct Client {
    core: Arc<Core>,
}

/// How one command differs from the client's settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommandOptions {
    /// How long the call may take; `None`: `command_timeout_ms`.
    pub timeout: Option<Duration>,
    /// Wait through an outage for the reply instead of being buffered.
    pub no_buffer: bool,
    /// Never write it a second time.
    pub no_retry: bool,
    /// Have the primary answer it, also if it only reads.
    pub from_primary: bool,
}

/// How a submitted command differs from the client's settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubmitOptions {
    /// As for a command that is waited for.
    pub command: CommandOptions,
    /// Wait for room instead of failing when too much is on its way, up to the command's time.
    pub wait: bool,
    /// Complete as [`Executed::Buffered`] when it is accepted into the buffer, not when it is answered.
    pub ends_when_buffered: bool,
}

/// The functions of a program that its client calls.
#[derive(Clone, Default)]
pub struct Hooks {
    /// The function for events. It runs on the client's own thread for callbacks.
    pub events: Option<EventHandler>,
    /// The function for log lines. It runs there, too.
    pub log: Option<Logging>,
    /// The function that turns a host name into addresses, in place of the system.
    pub look_up: Option<LookUp>,
    /// The function that gives credentials, in place of those that are configured.
    pub credentials: Option<CredentialsProvider>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks")
            .field("events", &self.events.is_some())
            .field("log", &self.log)
            .field("look_up", &self.look_up.is_some())
            .field("credentials", &self.credentials.is_some())
            .finish()
    }
}

/// What `close` left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloseReport {
    /// Buffered commands that were answered while closing.
    pub drained: u64,
    /// Buffered commands that were not sent: they are lost with the client.
    pub lost: u64,
    /// Buffered commands that were written and not answered: they may have run.
    pub unknown: u64,
    /// Commands that were left in the failed list.
    pub failed: u64,
}

struct Core {
    config: Arc<Config>,
    desk: Arc<Desk>,
    dispatcher: Arc<Dispatcher>,
    events: Arc<Events>,
    counters: Arc<Counters>,
    supervision: Arc<Supervision>,
    supervisor: Supervisor,
    replica: Option<Arc<Replica>>,
    connector: Arc<Connector>,
    privates: Arc<Privates>,
    permits: Arc<Permits>,
    /// The desk, as those see it who take completions.
    driver: Arc<dyn Driver>,
    callbacks: Arc<Callbacks>,
    last_operation: AtomicU64,
    pool: Arc<Pool>,
    /// The commands that wait at the server.
    blocking: Arc<Blocking>,
    /// Those of them that were submitted.
    waiting: Arc<Waiting>,
    hub: Arc<Hub>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if !self.waiting.is_empty() {
            self.blocking.interrupt();
        }
        self.desk.start_closing();
        self.end(self.counters.replayed.get());
    }
}

impl Core {
    /// Ends the connections and the threads. Nothing new comes in any more; `before`: how many commands had been answered
    /// from the buffer when closing began.
    fn end(&self, before: u64) -> CloseReport {
        self.privates.end();
        self.pool.end();
        self.hub.end();
        self.supervisor.stop();
        if let Some(replica) = &self.replica {
            replica.end();
        }
        self.connector.end();
        self.waiting.join();
        // The completions of what is left, and a line that says what it was, are the last callbacks.
        let (lost, unknown) = self.desk.left_behind();
        let (drained, failed) = (self.counters.replayed.get() - before, self.desk.failed_count());
        let level = if lost + unknown + failed > 0 { Level::Warning } else { Level::Info };
        self.events.log().write(level, || {
            format!("closed; sent from the buffer: {drained}, lost: {lost}, unknown: {unknown}, in the failed list: {failed}")
        });
        self.events.end();
        self.dispatcher.stop();
        CloseReport { drained, lost, unknown, failed }
    }
}

impl Client {
    /// Checks the configuration and returns at once; the connection is made in the background. `handler` runs on a
    /// thread of its own.
    pub fn open(config: Config, handler: Option<EventHandler>) -> Result<Client> {
        Self::open_with(config, Hooks { events: handler, ..Hooks::default() })
    }

    /// The same with any of the functions that a program may want to be called.
    pub fn open_with(config: Config, hooks: Hooks) -> Result<Client> {
        config.validate()?;
        let config = Arc::new(config);
        let counters = Arc::new(Counters::default());
        let dispatcher = Arc::<Dispatcher>::default();
        let size = config.event_queue_size;
        let log = Log::new(size, subject(&config), hooks.log, dispatcher.clone(), counters.clone())?;
        for sentence in config.surprises() {
            log.write(Level::Warning, || sentence);
        }
        let events = Events::new(size, hooks.events, dispatcher.clone(), counters.clone(), log)?;
        let events = Arc::new(events);
        let connector = Arc::new(Connector::new(config.clone(), hooks.look_up, hooks.credentials, events.clone())?);
        let waker = Waker::new().map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
        let waker = Arc::new(waker);
        let lane = Arc::new(Lane::new(lane_settings(&config), counters.clone(), waker.clone()));
        let desk =
            Desk::new(config.clone(), connector.clone(), lane.clone(), counters.clone(), events.clone(), waker.clone());
        let desk = Arc::new(desk);
        let sink: Arc<dyn Sink> = desk.clone();
        lane.attach(Arc::downgrade(&sink));
        let supervision = Arc::new(Supervision::new(lane, waker));
        let privates = Arc::new(Privates::new(config.clone(), connector.clone()));
        let permits = Arc::new(Permits::new(config.max_submitted));
        let callbacks = Callbacks::new(dispatcher.clone());
        let driver: Arc<dyn Driver> = desk.clone();
        let pool = Arc::new(Pool::new(desk.clone(), privates.clone(), config.private_max_connections));
        let hub = Hub::new(config.clone(), desk.clone(), privates.clone(), events.clone(), dispatcher.clone());
        let hub = Arc::new(hub);
        let replica = match config.read_from {
            ReadFrom::Primary => None,
            ReadFrom::Replica => {
                let replica = Arc::new(Replica::start(&config, &desk, lane_settings(&config))?);
                desk.read_from(replica.clone());
                Some(replica)
            }
        };
        let supervisor =
            Supervisor::start(config.clone(), connector.clone(), supervision.clone(), desk.clone(), counters.clone())?;
        let blocking = Blocking::new(config.clone(), desk.clone(), privates.clone(), pool.clone(), counters.clone());
        let blocking = Arc::new(blocking);
        let waiting = Arc::new(Waiting::new(blocking.clone()));
        Ok(Client {
            core: Arc::new(Core {
                config,
                desk,
                dispatcher,
                events,
                counters,
                supervision,
                supervisor,
                replica,
                connector,
                privates,
                permits,
                driver,
                callbacks,
                last_operation: AtomicU64::new(0),
                pool,
                blocking,
                waiting,
                hub,
            }),
        })
    }

    /// Waits until commands flow. Fails when the client gave up, is closed, or the time has passed.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        self.core.desk.wait_ready(Deadline::within(timeout))
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        self.core.desk.state()
    }

    /// Tries to connect now instead of after the present pause, also after giving up, and asks again for subscriptions that
    /// the server refused. When an attempt that is under way fails, another is made at once; a connection that is there is
    /// left alone.
    pub fn reconnect(&self) -> Result<()> {
        let state = self.state();
        if state == State::Closed {
            return Err(Error::new(ErrorKind::Closed, "the client is closed"));
        }
        self.core.desk.resume();
        if state != State::Ready {
            self.core.supervision.hurry();
        }
        self.core.hub.hurry();
        Ok(())
    }

    /// Sends a command and waits for its reply.
    pub fn command(&self, argv: &[&[u8]]) -> Result<Executed> {
        self.command_with(argv, &CommandOptions::default())
    }

    /// Sends a command with settings of its own and waits for its reply.
    pub fn command_with(&self, argv: &[&[u8]], options: &CommandOptions) -> Result<Executed> {
        let traits = admit_anywhere(argv)?;
        if traits.placement() == Placement::Blocking {
            return self.core.blocking.wait(argv, traits, blocking_options(options));
        }
        let since = time::now();
        let request = Request {
            body: Body::Command(argv),
            nature: Nature::of(traits)
                .bufferable_if(!options.no_buffer)
                .once_if(options.no_retry)
                .from_primary_if(options.from_primary),
            since,
            deadline: Deadline::after(since, options.timeout.unwrap_or_else(|| self.core.desk.command_timeout())),
        };
        self.core.desk.call(&request).map_err(|incomplete| incomplete.error)
    }

    /// Sends a command whose reply goes to `handler`, which runs on the client's dispatcher, once. Returns its number.
    /// Failing, the handler is dropped and the command is not sent.
    pub fn submit(&self, argv: &[&[u8]], options: &SubmitOptions, handler: CompletionHandler) -> Result<u64> {
        self.core.callbacks.start()?;
        let callbacks = self.core.callbacks.clone();
        self.submit_for(argv, options, |permit| Target::Call(callbacks, handler, permit))
    }

    /// Sends a command whose reply goes into a queue, under `tag`. Returns its number. Failing, nothing goes there.
    pub fn submit_to(
        &self,
        queue: &Arc<CompletionQueue>,
        tag: u64,
        argv: &[&[u8]],
        options: &SubmitOptions,
    ) -> Result<u64> {
        queue.attach(&self.core.driver);
        self.submit_for(argv, options, |permit| Target::Queue(queue.clone(), tag, permit))
    }

    fn submit_for(
        &self,
        argv: &[&[u8]],
        options: &SubmitOptions,
        target: impl FnOnce(Permit) -> Target,
    ) -> Result<u64> {
        let traits = admit_unattended(argv)?;
        let command = options.command;
        if traits.placement() == Placement::Blocking {
            return self.submit_waiting(argv, traits, options, target);
        }
        let since = time::now();
        let request = Request {
            body: Body::Command(argv),
            nature: Nature::of(traits).bufferable_if(!command.no_buffer).once_if(command.no_retry),
            since,
            deadline: Deadline::after(since, command.timeout.unwrap_or_else(|| self.core.desk.command_timeout())),
        };
        self.take_over(&request, options, target)
    }

    /// A command that waits at the server has a thread of its own meanwhile.
    fn submit_waiting(
        &self,
        argv: &[&[u8]],
        traits: Traits,
        options: &SubmitOptions,
        target: impl FnOnce(Permit) -> Target,
    ) -> Result<u64> {
        let limit = options.command.timeout.unwrap_or_else(|| self.core.desk.command_timeout());
        let permit =
            self.permit(if options.wait { Deadline::within(limit) } else { Deadline::within(Duration::ZERO) })?;
        let id = self.next_id();
        self.core.waiting.submit(id, argv, traits, blocking_options(&options.command), target(permit))?;
        Ok(id)
    }

    fn permit(&self, patience: Deadline) -> Result<Permit> {
        self.core.permits.take(patience).ok_or_else(|| would_block("too many commands are on their way"))
    }

    fn next_id(&self) -> u64 {
        self.core.last_operation.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends a pipeline whose replies go to `handler`, as [`submit`](Self::submit) does with a command. The commands stay in
    /// the pipeline.
    pub fn submit_pipeline(
        &self,
        pipeline: &mut Pipeline,
        options: &SubmitOptions,
        handler: CompletionHandler,
    ) -> Result<u64> {
        self.core.callbacks.start()?;
        let callbacks = self.core.callbacks.clone();
        self.submit_whole(pipeline, options, |permit| Target::Call(callbacks, handler, permit))
    }

    /// Sends a pipeline whose replies go into a queue, under `tag`. The commands stay in the pipeline.
    pub fn submit_pipeline_to(
        &self,
        queue: &Arc<CompletionQueue>,
        tag: u64,
        pipeline: &mut Pipeline,
        options: &SubmitOptions,
    ) -> Result<u64> {
        queue.attach(&self.core.driver);
        self.submit_whole(pipeline, options, |permit| Target::Queue(queue.clone(), tag, permit))
    }

    fn submit_whole(
        &self,
        pipeline: &mut Pipeline,
        options: &SubmitOptions,
        target: impl FnOnce(Permit) -> Target,
    ) -> Result<u64> {
        pipeline.request(&self.core.desk, |request| {
            if request.nature.changes_session() {
                let why = "a pipeline with a command that changes the connection has to be waited for";
                return Err(Error::not_applied(ErrorKind::Unsupported, why));
            }
            self.take_over(request, options, target)
        })?
    }

    fn take_over(
        &self,
        request: &Request<'_>,
        options: &SubmitOptions,
        target: impl FnOnce(Permit) -> Target,
    ) -> Result<u64> {
        let patience = if options.wait { request.deadline } else { Deadline::after(request.since, Duration::ZERO) };
        let (permit, id) = (self.permit(patience)?, self.next_id());
        let shape = match request.body {
            Body::Batch { is_atomic: true, .. } => Shape::Atomic,
            Body::Batch { count, .. } => Shape::Batch(count),
            _ => Shape::Command { may_fail_halfway: request.nature.may_fail_halfway() },
        };
        let operation = Operation {
            id,
            since: request.since,
            deadline: request.deadline,
            ends_when_buffered: options.ends_when_buffered,
            shape,
            target: Mutex::new(Some(target(permit))),
        };
        self.core.desk.submit(request, operation, patience)?;
        Ok(id)
    }

    /// Gives up the submitted command or pipeline with this number: it is not sent if it was not yet, and completes with an error
    /// that says so. False when it is completed already.
    pub fn cancel(&self, id: u64) -> bool {
        self.core.desk.cancel(id) || self.core.waiting.cancel(id)
    }

    /// An empty pipeline.
    pub fn pipeline(&self, options: PipelineOptions) -> Pipeline {
        Pipeline::new(self.core.desk.clone(), options)
    }

    /// A subscription to nothing as yet, from which messages are taken.
    pub fn subscription(&self, options: &SubscriptionOptions) -> Result<Subscription> {
        Subscription::new(&self.core.hub, options, None)
    }

    /// A subscription to `names`, of which `handler` gets the messages on the dispatcher's thread.
    pub fn subscribe(&self, kind: TopicKind, names: &[&[u8]], handler: MessageHandler) -> Result<Subscription> {
        let subscription = Subscription::new(&self.core.hub, &SubscriptionOptions::default(), Some(handler))?;
        subscription.add(kind, names)?;
        Ok(subscription)
    }

    /// A transaction that watches `keys`, on a connection of its own; without any, one that is only all or nothing.
    pub fn transaction(&self, keys: &[&[u8]], options: TransactionOptions) -> Result<Transaction> {
        let transaction = self.idle_transaction(options);
        transaction.watch(keys)?;
        Ok(transaction)
    }

    /// Watches `keys`, lets `prepare` read and queue, and executes what it queued; after a conflict all of that once
    /// more, up to `max_attempts` times. What may have run is never run again.
    pub fn run_transaction(
        &self,
        keys: &[&[u8]],
        max_attempts: u32,
        prepare: impl FnMut(&Transaction) -> Result<Verdict>,
    ) -> Result<Ran> {
        self.idle_transaction(TransactionOptions::default()).run(keys, max_attempts, prepare)
    }

    fn idle_transaction(&self, options: TransactionOptions) -> Transaction {
        let core = &self.core;
        let ground = Ground {
            config: core.config.clone(),
            desk: core.desk.clone(),
            pool: core.pool.clone(),
            counters: core.counters.clone(),
        };
        Transaction::new(ground, options)
    }

    /// Runs a script with `arguments`, of which the first `key_count` are keys, and waits for its reply.
    pub fn run_script(
        &self,
        script: &Script,
        key_count: usize,
        arguments: &[&[u8]],
        options: &ScriptOptions,
    ) -> Result<Executed> {
        script.run(&self.core.desk, key_count, arguments, options)
    }

    /// Every command that the server runs from now on. Waits up to `command_timeout_ms` for its connection.
    pub fn monitor(&self) -> Result<Monitor> {
        let core = &self.core;
        let deadline = Deadline::within(core.config.command_timeout);
        Monitor::open(core.config.clone(), core.desk.clone(), core.privates.clone(), deadline)
    }

    /// Waits until the buffer is empty.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        self.core.desk.flush(Deadline::within(timeout))
    }

    /// Lets nothing new in, waits up to `drain_timeout` for what is buffered and in flight, ends the connection and says
    /// what is left. A second call reports the same end with nothing left.
    pub fn close(&self, drain_timeout: Duration) -> Result<CloseReport> {
        let deadline = Deadline::within(drain_timeout);
        let desk = &self.core.desk;
        self.core.blocking.interrupt();
        desk.start_closing();
        let before = self.core.counters.replayed.get();
        // What is left when the time has passed is in the report.
        let _ = desk.flush(deadline);
        desk.wait_quiet(deadline);
        Ok(self.core.end(before))
    }

    /// The counters now.
    pub fn stats(&self) -> Stats {
        self.core.desk.stats()
    }

    /// The counters, the state and the histogram of durations now, in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        let state = self.state();
        let states = State::ALL.map(|other| (other.name(), other == state));
        let name = self.core.config.client_name.as_deref().unwrap_or_default();
        metrics::text(name, &states, &self.stats(), &self.core.counters.durations.snapshot())
    }

    /// How many commands are in the buffer.
    pub fn buffered(&self) -> u64 {
        self.core.desk.buffered()
    }

    /// The next event, waiting up to `timeout` for one.
    pub fn next_event(&self, timeout: Duration) -> Option<Event> {
        self.core.events.next(timeout)
    }

    /// How many commands are in the failed list.
    pub fn failed_count(&self) -> u64 {
        self.core.desk.failed_count()
    }

    /// The oldest failed command with a number above `after`; 0 is below all.
    pub fn failed_next(&self, after: u64) -> Option<FailedCommand> {
        self.core.desk.failed_next(after)
    }

    /// Puts a failed command back at the end of the buffer.
    pub fn failed_retry(&self, id: u64) -> Result<()> {
        let retried = self.core.desk.failed_retry(id);
        self.core.supervision.waker.wake();
        retried
    }

    /// Forgets a failed command.
    pub fn failed_discard(&self, id: u64) -> Result<()> {
        self.core.desk.failed_discard(id)
    }
}

fn blocking_options(options: &CommandOptions) -> BlockingOptions {
    BlockingOptions { timeout: options.timeout, once_only: options.no_retry }
}

/// What each line of the log begins with.
fn subject(config: &Config) -> String {
    match &config.client_name {
        Some(name) => format!("{name} at {}", config.address),
        None => config.address.to_string(),
    }
}

fn lane_settings(config: &Config) -> LaneSettings {
    LaneSettings {
        stall_timeout: config.command_timeout,
        spin: config.spin,
        adaptive_spin: config.adaptive_spin,
        max_in_flight: config.max_in_flight,
        max_output_bytes: config.max_output_bytes,
        limits: Limits { max_bytes: config.max_reply_bytes, max_depth: config.max_reply_depth },
    }
}
