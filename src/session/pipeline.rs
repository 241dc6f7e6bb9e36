//! A pipeline: commands sent together, replies taken together. Owns the encoded commands and what they are.
//!
//! One thread at a time. Executing sends all of it at once and waits; through an outage it is one unit: what was
//! answered is kept, the rest is sent again or buffered as the configuration says. It never reorders.

use std::sync::Arc;
use std::time::Duration;

use crate::command::Traits;
use crate::delivery::desk::Desk;
use crate::delivery::policy::Nature;
use crate::delivery::request::{Body, Executed, Incomplete, Request, admit};
use crate::error::{Error, ErrorKind, Result};
use crate::resp::encode;
use crate::session::script::Script;
use crate::time::{self, Deadline};

/// How a pipeline is executed.
#[derive(Clone, Copy, Debug, Default)]
pub struct PipelineOptions {
    /// Wrap it in MULTI and EXEC: all or nothing.
    pub atomic: bool,
    /// How long one execution may take; `None`: `command_timeout_ms`.
    pub timeout: Option<Duration>,
    /// Wait through an outage for the replies instead of being buffered.
    pub no_buffer: bool,
    /// Never write a command of it a second time.
    pub no_retry: bool,
    /// Have the primary answer it, also if all of it only reads.
    pub from_primary: bool,
}

/// A batch of commands sent together.
pub struct Pipeline {
    desk: Arc<Desk>,
    options: PipelineOptions,
    timeout: Duration,
    /// MULTI first when atomic; EXEC is added to execute.
    bytes: Vec<u8>,
    count: usize,
    nature: Nature,
}

impl std::fmt::Debug for Pipeline {
    /// Without the commands.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Pipeline");
        shown.field("options", &self.options).field("count", &self.count).finish_non_exhaustive()
    }
}

impl Pipeline {
    /// An empty pipeline of the client behind `desk`.
    pub(crate) fn new(desk: Arc<Desk>, options: PipelineOptions) -> Self {
        let timeout = options.timeout.unwrap_or(desk.command_timeout());
        let mut pipeline = Pipeline { desk, options, timeout, bytes: Vec::new(), count: 0, nature: Nature::EMPTY };
        pipeline.clear();
        pipeline
    }

    /// Adds a command. It is copied.
    pub fn append(&mut self, argv: &[&[u8]]) -> Result<()> {
        let traits = admit(argv)?;
        self.add(argv, traits);
        Ok(())
    }

    /// Adds a script with its keys, which are the first `key_count` of its arguments, and the rest of them. Its source goes along each time, so that it runs whatever happens
    /// to the server's memory of scripts before and in between.
    pub fn append_script(&mut self, script: &Script, key_count: usize, arguments: &[&[u8]]) -> Result<()> {
        let call = script.call(key_count, arguments, false)?;
        self.append(&call.by_source())
    }

    /// Adds a command that was admitted.
    pub(super) fn add(&mut self, argv: &[&[u8]], traits: Traits) {
        self.nature = self.nature.and(Nature::of(traits));
        encode(&mut self.bytes, argv);
        self.count += 1;
    }

    /// How many commands it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Sends it and waits. The commands stay in it, so that it can be executed again, until `clear`.
    pub fn execute(&mut self) -> std::result::Result<Executed, Incomplete> {
        let desk = self.desk.clone();
        self.request(&desk, |request| desk.call(request))?
    }

    /// Makes a request of all of it, for the client behind `desk`, which has to be its own.
    pub(crate) fn request<T>(&mut self, desk: &Arc<Desk>, make: impl FnOnce(&Request<'_>) -> T) -> Result<T> {
        if self.count == 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "the pipeline has no commands"));
        }
        if !Arc::ptr_eq(desk, &self.desk) {
            return Err(Error::new(ErrorKind::InvalidArgument, "the pipeline belongs to another client"));
        }
        let (options, nature) = (self.options, self.nature);
        let since = time::now();
        let deadline = Deadline::after(since, self.timeout);
        Ok(self.whole(|bytes, count| {
            make(&Request {
                body: Body::Batch { bytes, count, is_atomic: options.atomic },
                nature: nature
                    .bufferable_if(!options.no_buffer)
                    .once_if(options.no_retry)
                    .from_primary_if(options.from_primary),
                since,
                deadline,
            })
        }))
    }

    /// Looks at all that is to be sent, and how many replies it brings.
    pub(super) fn whole<T>(&mut self, look: impl FnOnce(&[u8], usize) -> T) -> T {
        let before = self.bytes.len();
        let mut count = self.count;
        if self.options.atomic {
            encode(&mut self.bytes, &[b"EXEC"]);
            count += 2;
        }
        let seen = look(&self.bytes, count);
        self.bytes.truncate(before);
        seen
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
        self.nature = Nature::EMPTY;
        if self.options.atomic {
            encode(&mut self.bytes, &[b"MULTI"]);
        }
    }
}
