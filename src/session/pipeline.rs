//! Pipelines. (Signatures; the bodies are being written.)
use std::time::Duration;
use crate::client::Executed;
use crate::error::{Error, Result};
use crate::resp::Reply;

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
}

/// A batch of commands sent together. One thread at a time.
#[derive(Debug)]
pub struct Pipeline(());

/// A pipeline that was not answered in full.
#[derive(Debug)]
pub struct Incomplete {
    /// Why.
    pub error: Error,
    /// One reply per command: those that were answered, and in place of each other one an error value that starts with
    /// `NOTAPPLIED` or `UNKNOWN`. `None` when no command was answered and all share the outcome in `error`.
    pub reply: Option<Reply>,
}

impl Pipeline {
    /// Adds a command. It is copied.
    pub fn append(&mut self, _argv: &[&[u8]]) -> Result<()> { unimplemented!() }
    /// How many commands it holds.
    pub fn len(&self) -> usize { unimplemented!() }
    /// Sends it and waits; the commands stay in it, so that it can be executed again, until `clear`.
    pub fn execute(&mut self) -> std::result::Result<Executed, Incomplete> { unimplemented!() }
    /// Empties it.
    pub fn clear(&mut self) { unimplemented!() }
}
