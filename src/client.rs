//! The facade: everything that a program can do with a client. (Signatures; the bodies are being written.)
use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{Event, EventHandler};
use crate::resp::Reply;
use crate::stats::Stats;

pub use crate::session::pipeline::{Incomplete, Pipeline, PipelineOptions};

/// A client: any function, any thread, any time.
#[derive(Clone, Debug)]
pub struct Client(());

/// What a command that did not fail came to.
#[derive(Debug)]
pub enum Executed {
    /// The server's reply; never an error reply at the top level.
    Reply(Reply),
    /// Accepted into the buffer during an outage; it will be applied after recovery, in order.
    Buffered,
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
}

/// The state of a client's connection. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum State {
    /// The first connection is being made.
    Connecting = 0,
    /// Commands flow.
    Ready = 1,
    /// The connection is lost; attempts go on.
    Reconnecting = 2,
    /// The connection is back; what waited is being sent.
    Recovering = 3,
    /// The reconnect budget is spent, or the credentials were refused; only a slow probe goes on.
    GaveUp = 4,
    /// Closed by the program.
    Closed = 5,
}

/// What `close` left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloseReport {
    /// Buffered commands that were sent while closing.
    pub drained: u64,
    /// Buffered commands that could not be sent: they are lost with the client.
    pub lost: u64,
    /// Buffered commands whose bytes were written but not answered: they may have run.
    pub unknown: u64,
    /// Commands that were left in the failed list.
    pub failed: u64,
}

/// A buffered command that will not be applied any more, kept for inspection.
#[derive(Clone, Debug)]
pub struct FailedCommand {
    /// Its number, larger than those of earlier failures.
    pub id: u64,
    /// The command and its arguments. (Several commands when a pipeline was buffered as one unit.)
    pub commands: Vec<Vec<Vec<u8>>>,
    /// Why it failed.
    pub error: Error,
}

impl Client {
    /// Returns at once; the connection is made in the background.
    pub fn open(_config: Config, _handler: Option<EventHandler>) -> Result<Client> { unimplemented!() }
    pub fn wait_ready(&self, _timeout: Duration) -> Result<()> { unimplemented!() }
    pub fn state(&self) -> State { unimplemented!() }
    /// Tries to connect now, also after giving up.
    pub fn reconnect(&self) -> Result<()> { unimplemented!() }
    pub fn command(&self, _argv: &[&[u8]]) -> Result<Executed> { unimplemented!() }
    pub fn command_with(&self, _argv: &[&[u8]], _options: &CommandOptions) -> Result<Executed> { unimplemented!() }
    pub fn pipeline(&self, _options: PipelineOptions) -> Pipeline { unimplemented!() }
    /// Waits until the buffer is empty.
    pub fn flush(&self, _timeout: Duration) -> Result<()> { unimplemented!() }
    pub fn close(&self, _drain_timeout: Duration) -> Result<CloseReport> { unimplemented!() }
    pub fn stats(&self) -> Stats { unimplemented!() }
    pub fn buffered(&self) -> u64 { unimplemented!() }
    pub fn next_event(&self, _timeout: Duration) -> Option<Event> { unimplemented!() }
    pub fn failed_count(&self) -> u64 { unimplemented!() }
    /// The oldest failed command with an id above `after` (0: the first).
    pub fn failed_next(&self, _after: u64) -> Option<FailedCommand> { unimplemented!() }
    /// Puts it back at the end of the buffer; `InvalidArgument` when there is none with that id.
    pub fn failed_retry(&self, _id: u64) -> Result<()> { unimplemented!() }
    pub fn failed_discard(&self, _id: u64) -> Result<()> { unimplemented!() }
}
