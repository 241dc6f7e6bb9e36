//! What a client can be told. Owns [`Config`], and how text from code, a URL or the environment becomes a checked one.
//!
//! The options' names, ranges, defaults and meanings are in one table ([`Config::options`]), which setting, reading,
//! checking and `docs/CONFIGURATION.md` all follow.
//!
//! A plain value; any thread. It opens no connection, resolves no name and never shows a password.

mod option;
mod page;
mod table;
mod url;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

pub use option::{OptionSpec, Unit};

/// What the name of an option's environment variable starts with.
const VARIABLE_PREFIX: &str = "RR_";

/// Text that is never shown: its `Debug` is `***`, and it has no `Display`. Wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Secret::new(text)
    }
}

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

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
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

/// The oldest version of TLS to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// What role the server must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// A replica will do until the client has had a primary, or has something to write.
    Auto,
    /// A primary.
    Primary,
    /// Any.
    Any,
}

/// Where reads go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// To the primary, as everything.
    Primary,
    /// To a replica, or to the primary when there is none.
    Replica,
}

/// How a server names the place that it moves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the server's")]
pub enum MaintenanceEndpoint {
    /// As the address that is connected to and TLS suggest.
    Auto,
    InternalIp,
    InternalFqdn,
    ExternalIp,
    ExternalFqdn,
    /// Not at all: the configured name leads there.
    None,
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

/// Everything a client can be told.
///
/// Made by [`Config::default`], [`Config::from_url`] or [`Config::from_environment`]; changed by [`Config::set`], by
/// applying a URL or the environment, or field by field. Each source overrides what was there before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each option is documented once, in the table that docs/CONFIGURATION.md is made from")]
pub struct Config {
    pub address: Address,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub db: u32,
    pub client_name: Option<String>,
    pub lib_name: Option<String>,
    pub lib_version: Option<String>,
    pub protocol: Protocol,
    pub server_role: ServerRole,
    pub read_from: ReadFrom,
    pub replica_address: Option<String>,
    pub maintenance_notifications: bool,
    pub maintenance_endpoint: MaintenanceEndpoint,
    pub maintenance_timeout: Option<Duration>,
    pub tls: bool,
    pub tls_ca_file: Option<PathBuf>,
    pub tls_cert_file: Option<PathBuf>,
    pub tls_key_file: Option<PathBuf>,
    pub tls_server_name: Option<String>,
    pub tls_min_version: TlsVersion,
    pub tls_insecure_skip_verify: bool,
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
    pub adaptive_spin: bool,
    pub max_in_flight: usize,
    pub max_submitted: usize,
    pub private_max_connections: usize,
    pub max_output_bytes: usize,
    pub max_reply_bytes: u64,
    pub max_reply_depth: usize,
    pub event_queue_size: usize,
    pub subscription_queue_size: usize,
    pub subscription_queue_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            address: Address::Tcp { host: "127.0.0.1".into(), port: 6379 },
            username: None,
            password: None,
            db: 0,
            client_name: None,
            lib_name: None,
            lib_version: None,
            protocol: Protocol::Auto,
            server_role: ServerRole::Auto,
            read_from: ReadFrom::Primary,
            replica_address: None,
            maintenance_notifications: true,
            maintenance_endpoint: MaintenanceEndpoint::Auto,
            maintenance_timeout: Some(Duration::from_secs(10)),
            tls: false,
            tls_ca_file: None,
            tls_cert_file: None,
            tls_key_file: None,
            tls_server_name: None,
            tls_min_version: TlsVersion::V1_2,
            tls_insecure_skip_verify: false,
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
            adaptive_spin: true,
            max_in_flight: 65_536,
            max_submitted: 65_536,
            private_max_connections: 64,
            max_output_bytes: 128 << 20,
            max_reply_bytes: 1 << 30,
            max_reply_depth: 128,
            event_queue_size: 1024,
            subscription_queue_size: 65_536,
            subscription_queue_bytes: 64 << 20,
        }
    }
}

impl Config {
    /// Every option, in the order of `docs/CONFIGURATION.md`.
    pub fn options() -> &'static [OptionSpec] {
        table::OPTIONS
    }

    /// Sets the option `name` from text.
    ///
    /// Checks the name, the value and its range; contradictions between options are left to [`Config::validate`], so
    /// that the order of calls does not matter. An error leaves the configuration as it was.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        find(name)?.set(self, value)
    }

    /// The option `name` as text that [`Config::set`] takes: numbers are plain (bytes without a suffix), what is not
    /// set is empty. A secret reads back as `***` when it is set.
    pub fn get(&self, name: &str) -> Result<String> {
        Ok(find(name)?.get(self))
    }

    /// The default configuration with what `url` says.
    pub fn from_url(url: &str) -> Result<Self> {
        let mut config = Config::default();
        config.apply_url(url)?;
        Ok(config)
    }

    /// Applies what `url` says: always the whole address (without a port, 6379), and of the rest what it names.
    ///
    /// An error leaves the configuration as it was; its message never holds a part of the URL that may be a secret.
    pub fn apply_url(&mut self, url: &str) -> Result<()> {
        let mut changed = self.clone();
        url::apply(&mut changed, url)?;
        *self = changed;
        Ok(())
    }

    /// The default configuration with what the environment says.
    pub fn from_environment() -> Result<Self> {
        let mut config = Config::default();
        config.apply_environment()?;
        Ok(config)
    }

    /// Applies the process environment: `RR_URL` first, then `RR_<OPTION>` for every option.
    ///
    /// An error leaves the configuration as it was.
    pub fn apply_environment(&mut self) -> Result<()> {
        let mut variables = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match (name.starts_with(VARIABLE_PREFIX), value.into_string()) {
                (false, _) => {}
                (true, Ok(value)) => variables.push((name, value)),
                (true, Err(_)) if is_variable(&name) => {
                    return Err(refusal(format!("environment variable {name}: the value is not UTF-8 text")));
                }
                // Somebody else's; the name alone is enough to see whether it is a misspelt one of ours.
                (true, Err(_)) => variables.push((name, String::from("?"))),
            }
        }
        self.apply_variables(variables)
    }

    /// [`Config::apply_environment`] with `variables` in place of the process environment.
    ///
    /// An empty value counts as not set. An unknown `RR_…` name is left alone, because the prefix is not ours alone,
    /// unless it differs so little from an option's that it must be a misspelling.
    pub fn apply_variables<N, V>(&mut self, variables: impl IntoIterator<Item = (N, V)>) -> Result<()>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut values = BTreeMap::new();
        let mut url = None;
        for (name, value) in variables {
            let value = value.as_ref();
            let Some(suffix) = name.as_ref().strip_prefix(VARIABLE_PREFIX) else { continue };
            if value.is_empty() {
                continue;
            }
            if suffix == "URL" {
                url = Some(value.to_owned());
            } else if let Some(spec) = Config::options().iter().find(|spec| spec.variable_suffix() == suffix) {
                values.insert(spec.name, value.to_owned());
            } else if let Some(meant) = misspelt(suffix) {
                let variable = name.as_ref();
                return Err(refusal(format!(
                    "environment variable {variable} is not an option: did you mean {}?",
                    meant.variable()
                )));
            }
        }
        if let Some(other) = ["host", "port"].into_iter().find(|name| values.contains_key(name))
            && values.contains_key("unix_socket")
        {
            return Err(refusal(format!(
                "environment variables RR_UNIX_SOCKET and RR_{} name two addresses: set one of them",
                other.to_ascii_uppercase()
            )));
        }
        let mut changed = self.clone();
        if let Some(url) = url {
            changed.apply_url(&url).map_err(|error| within("environment variable RR_URL", &error))?;
        }
        for spec in Config::options() {
            if let Some(value) = values.get(spec.name) {
                spec.set(&mut changed, value)
                    .map_err(|error| within(&format!("environment variable {}", spec.variable()), &error))?;
            }
        }
        *self = changed;
        Ok(())
    }

    /// Checks every value again (the fields can be written directly) and that the options do not contradict each
    /// other. A client is created only from a configuration that passes.
    pub fn validate(&self) -> Result<()> {
        for spec in Config::options() {
            spec.check(self)?;
        }
        if let Some(username) = &self.username
            && self.password.is_none()
        {
            return Err(refusal(format!(
                "option \"username\" is {username:?} but \"password\" is not set: set both, or neither \
                 (for a user with nopass, any password will do)"
            )));
        }
        if self.replica_address.is_some() && self.read_from == ReadFrom::Primary {
            return Err(refusal(
                "option \"replica_address\" is set but \"read_from\" is primary: set \"read_from\" to replica",
            ));
        }
        self.validate_tls()
    }

    fn validate_tls(&self) -> Result<()> {
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(_), None) => {
                return Err(refusal(
                    "option \"tls_cert_file\" is set but \"tls_key_file\" is not: the certificate needs its key",
                ));
            }
            (None, Some(_)) => {
                return Err(refusal(
                    "option \"tls_key_file\" is set but \"tls_cert_file\" is not: the key needs its certificate",
                ));
            }
            _ => {}
        }
        let is_set = [
            ("tls_ca_file", self.tls_ca_file.is_some()),
            ("tls_cert_file", self.tls_cert_file.is_some()),
            ("tls_server_name", self.tls_server_name.is_some()),
            ("tls_insecure_skip_verify", self.tls_insecure_skip_verify),
        ];
        // Somebody who names a certificate takes the connection for a protected one.
        if let Some((name, _)) = is_set.iter().find(|(_, is_set)| *is_set && !self.tls) {
            return Err(refusal(format!(
                "option \"{name}\" is set but \"tls\" is off: set \"tls\" to true, or use a URL with rediss://"
            )));
        }
        match &self.address {
            Address::Unix(path) if self.tls => Err(refusal(format!(
                "option \"tls\" is on and the address is the unix socket {}, where servers speak no TLS: switch one of them off",
                path.display()
            ))),
            Address::Tcp { host, .. } if self.tls && host.contains('%') && self.tls_server_name.is_none() => {
                Err(refusal(format!(
                    "option \"tls\" is on and the host {host:?} has a zone, which no certificate names: set \"tls_server_name\""
                )))
            }
            _ => Ok(()),
        }
    }

    /// The name, and the version if there is one, by which each server is told what speaks to it.
    pub fn library(&self) -> Option<(&str, Option<&str>)> {
        let own = ("resilient-redis", env!("CARGO_PKG_VERSION"));
        let told = |text: &&str| !text.eq_ignore_ascii_case("none");
        let name = Some(self.lib_name.as_deref().unwrap_or(own.0)).filter(told)?;
        let version = self.lib_version.as_deref().or((name == own.0).then_some(own.1));
        Some((name, version.filter(told)))
    }

    /// What is allowed and may all the same not be what was meant, one sentence each, for the log.
    pub fn surprises(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut say = |is_so: bool, sentence: &str| {
            if is_so {
                found.push(sentence.to_owned());
            }
        };
        say(
            self.buffer_commands && self.outage_grace >= self.command_timeout,
            "outage_grace_ms is not below command_timeout_ms: during an outage a write is buffered only at its deadline",
        );
        say(
            self.connect_timeout > self.command_timeout,
            "connect_timeout_ms is above command_timeout_ms: a call may time out while one attempt to connect still goes on",
        );
        say(
            self.health_check_interval.is_none() && self.tcp_keepalive.is_none(),
            "health_check_interval_ms and tcp_keepalive_ms are both off: an idle connection that is dead is noticed by the \
             next command only",
        );
        say(
            !self.buffer_commands && self.reads_during_outage == OutageReads::Fail,
            "buffer_commands is off and reads_during_outage is fail: reads fail at once in an outage, and writes wait",
        );
        say(
            self.tls_insecure_skip_verify,
            "tls_insecure_skip_verify is on: whoever is in the network between can pose as the server, read everything and \
             change it",
        );
        say(
            self.reconnect_tries == Some(0),
            "reconnect_tries is 0: after a connection is lost no new one is made until the program asks for it",
        );
        say(
            self.library().is_none() && self.lib_version.is_some(),
            "lib_version is set and lib_name is none: the server is told neither",
        );
        found
    }

    /// The text of `docs/CONFIGURATION.md`.
    pub fn markdown() -> String {
        page::markdown()
    }
}

fn refusal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// The same refusal, saying where the value came from.
fn within(source: &str, error: &Error) -> Error {
    refusal(format!("{source}: {}", error.message))
}

fn is_variable(name: &str) -> bool {
    name == "RR_URL" || Config::options().iter().any(|spec| spec.variable() == name)
}

fn find(name: &str) -> Result<&'static OptionSpec> {
    if let Some(spec) = Config::options().iter().find(|spec| spec.name == name) {
        return Ok(spec);
    }
    let advice = match nearest(name) {
        Some((spec, distance)) if distance <= (spec.name.len() / 3).max(2) => format!("did you mean {:?}?", spec.name),
        _ => "docs/CONFIGURATION.md lists them".into(),
    };
    Err(refusal(format!("there is no option {}: {advice}", option::quoted(name))))
}

/// The option whose variable somebody must have meant by `RR_<suffix>`: one character off, or two where the name has
/// eight or more. Names of three characters and fewer resemble too much to be guessed.
fn misspelt(suffix: &str) -> Option<&'static OptionSpec> {
    let (spec, distance) = nearest(&suffix.to_ascii_lowercase())?;
    let limit = match spec.name.len() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    (distance <= limit).then_some(spec)
}

fn nearest(name: &str) -> Option<(&'static OptionSpec, usize)> {
    Config::options().iter().map(|spec| (spec, edit_distance(spec.name, name))).min_by_key(|(_, distance)| *distance)
}

/// How many characters must be inserted, removed or replaced to get from one to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, wanted) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, found) in row.iter_mut().zip(std::iter::once(None).chain(to.chars().map(Some))) {
            if let Some(found) = found {
                left = (diagonal + usize::from(found != wanted)).min(left + 1).min(*cell + 1);
            }
            diagonal = std::mem::replace(cell, left);
        }
    }
    row.last().copied().unwrap_or(0)
}
