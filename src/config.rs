//! Options: their names, types, ranges, defaults and meanings, in one table. Owns how text from code, a URL's query
//! or the environment becomes a checked [`Config`].
//!
//! A plain value; any thread. It opens no connection and resolves no name.

use std::path::PathBuf;
use std::time::Duration;

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP host name or numeric address, and port.
    Tcp {
        /// Host name or numeric address; resolved again at each attempt.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// A unix socket's path.
    Unix(PathBuf),
}

/// Which version of RESP to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RESP3, or RESP2 with a server that does not know HELLO.
    Auto,
    /// RESP2 only.
    Resp2,
    /// RESP3 or no connection.
    Resp3,
}

/// How pauses between connection attempts grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// At once, then exponential with full jitter up to `reconnect_max_delay_ms`.
    Jitter,
    /// Exactly `reconnect_interval_ms` between attempts.
    Fixed,
}

/// What happens to a write when the buffer has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// It fails at once, not applied.
    Reject,
    /// It waits for room until its deadline.
    Block,
    /// The oldest buffered command goes to the failed list.
    DropOldest,
}

/// What reads do during an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageReads {
    /// They wait for recovery until their deadline.
    Wait,
    /// They fail at once, not applied.
    Fail,
}

/// What is done with commands that were written and not answered when a connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// They fail with outcome unknown.
    AtMostOnce,
    /// They are sent again.
    AtLeastOnce,
}

/// Everything a client can be told. Made by [`Config::default`], [`Config::from_url`] or [`Config::set`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each option is documented once, in the table that docs/CONFIGURATION.md is made from")]
pub struct Config {
    pub address: Address,
    pub username: Option<String>,
    pub password: Option<String>,
    pub db: u32,
    pub client_name: Option<String>,
    pub protocol: Protocol,
    /// `None` is for ever.
    pub reconnect_tries: Option<u32>,
    pub reconnect_interval: Duration,
    pub reconnect_backoff: Backoff,
    pub reconnect_max_delay: Duration,
    pub buffer_commands: bool,
    pub buffer_max_commands: usize,
    pub buffer_max_bytes: usize,
    pub buffer_max_age: Option<Duration>,
    pub buffer_overflow: Overflow,
    pub outage_grace: Duration,
    pub reads_during_outage: OutageReads,
    pub delivery: Delivery,
    pub retry_unsafe: bool,
    pub failed_max_commands: usize,
    pub command_timeout: Duration,
    pub connect_timeout: Duration,
    pub health_check_interval: Option<Duration>,
    pub tcp_nodelay: bool,
    pub tcp_user_timeout: Option<Duration>,
    pub tcp_keepalive: Option<Duration>,
    pub spin: Duration,
    pub max_in_flight: usize,
    pub max_output_bytes: usize,
    pub max_reply_bytes: u64,
    pub max_reply_depth: usize,
    pub event_queue_size: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            address: Address::Tcp { host: "127.0.0.1".into(), port: 6379 },
            username: None,
            password: None,
            db: 0,
            client_name: None,
            protocol: Protocol::Auto,
            reconnect_tries: Some(10),
            reconnect_interval: Duration::from_secs(60),
            reconnect_backoff: Backoff::Jitter,
            reconnect_max_delay: Duration::from_secs(2),
            buffer_commands: true,
            buffer_max_commands: 10_000,
            buffer_max_bytes: 64 << 20,
            buffer_max_age: None,
            buffer_overflow: Overflow::Reject,
            outage_grace: Duration::from_millis(250),
            reads_during_outage: OutageReads::Wait,
            delivery: Delivery::AtLeastOnce,
            retry_unsafe: true,
            failed_max_commands: 10_000,
            command_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            health_check_interval: Some(Duration::from_secs(10)),
            tcp_nodelay: true,
            tcp_user_timeout: Some(Duration::from_secs(5)),
            tcp_keepalive: Some(Duration::from_secs(30)),
            spin: Duration::ZERO,
            max_in_flight: 65_536,
            max_output_bytes: 128 << 20,
            max_reply_bytes: 1 << 30,
            max_reply_depth: 128,
            event_queue_size: 1024,
        }
    }
}
