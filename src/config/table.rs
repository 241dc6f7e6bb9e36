//! The table of options: name, type and range, default, meaning, and how each is read from and written to [`Config`].
//!
//! It is the only place that knows an option; adding one is adding an entry to [`OPTIONS`]. Pure functions on text, any
//! thread. It never shows a secret, and it never accepts a value that it would have to bend.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Address, Backoff, Config, Delivery, OutageReads, Overflow, Protocol, Secret, refusal};
use crate::error::Result;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const KIB: i64 = 1 << 10;
const GIB: i64 = 1 << 30;
const COUNT: i64 = 100_000_000;

/// What a secret reads back as.
const HIDDEN: &str = "***";

/// One option.
#[derive(Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// The section of `docs/CONFIGURATION.md` it belongs to.
    pub group: &'static str,
    /// Its name in [`Config::set`], in a URL's query, and after `RR_` in upper case in the environment.
    pub name: &'static str,
    /// The default as text; empty is not set.
    pub default: &'static str,
    /// What it does and what follows from it, for people.
    pub meaning: &'static str,
    /// Its value is never shown.
    pub secret: bool,
    kind: Kind,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Bytes; the text may end in `KiB`, `MiB` or `GiB`.
    Bytes,
}

type Get<T> = fn(&Config) -> Option<T>;
/// A refusal says what would be right.
type Set<T> = fn(&mut Config, T) -> std::result::Result<(), &'static str>;

#[derive(Debug)]
enum Kind {
    Flag { get: Get<bool>, set: Set<bool> },
    Number { unit: Unit, min: i64, max: i64, zero: Option<&'static str>, get: Get<i64>, set: Set<i64> },
    Choice { names: &'static [&'static str], get: Get<&'static str>, set: for<'a> fn(&mut Config, &'a str) -> Chosen },
    Text { rule: &'static str, allowed: fn(&str) -> bool, get: Get<String>, set: for<'a> fn(&mut Config, &'a str) },
}

/// What became of a choice.
enum Chosen {
    Done,
    Unknown,
    Refused(&'static str),
}

/// A field that is a number in text.
trait Number {
    fn number(&self) -> i64;
    fn from_number(number: i64) -> Self;
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl Number for $type {
            fn number(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
            fn from_number(number: i64) -> Self {
                <$type>::try_from(number).unwrap_or(<$type>::MAX)
            }
        }
    )*};
}

whole_numbers!(u32 u64 usize);

/// Milliseconds, rounded up: a short duration must not turn into the zero that switches something off.
impl Number for Duration {
    fn number(&self) -> i64 {
        i64::try_from(self.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
    }
    fn from_number(number: i64) -> Self {
        Duration::from_millis(u64::try_from(number).unwrap_or(0))
    }
}

/// 0 is none; a duration of nothing, which only a field written directly can have, is outside every range.
impl Number for Option<Duration> {
    fn number(&self) -> i64 {
        self.map_or(0, |duration| if duration.is_zero() { -1 } else { duration.number() })
    }
    fn from_number(number: i64) -> Self {
        (number != 0).then(|| Duration::from_number(number))
    }
}

/// -1 is none.
impl Number for Option<u32> {
    fn number(&self) -> i64 {
        self.as_ref().map_or(-1, Number::number)
    }
    fn from_number(number: i64) -> Self {
        (number >= 0).then(|| u32::from_number(number))
    }
}

macro_rules! flag {
    ($field:ident) => {
        Kind::Flag {
            get: |config| Some(config.$field),
            set: |config, value| {
                config.$field = value;
                Ok(())
            },
        }
    };
}

macro_rules! number {
    ($field:ident, $unit:ident, $min:expr, $max:expr) => {
        number!($field, $unit, $min, $max, None)
    };
    ($field:ident, $unit:ident, $min:expr, $max:expr, $zero:expr) => {
        Kind::Number {
            unit: Unit::$unit,
            min: $min,
            max: $max,
            zero: $zero,
            get: |config| Some(config.$field.number()),
            set: |config, value| {
                config.$field = Number::from_number(value);
                Ok(())
            },
        }
    };
}

macro_rules! choice {
    ($field:ident, $($name:literal $(or $alias:literal)? => $value:path),+ $(; $($known:literal => $why:literal),+)?) => {
        Kind::Choice {
            names: &[$($name),+],
            get: |config| Some(match config.$field { $($value => $name),+ }),
            set: |config, text| {
                config.$field = match text {
                    $($name $(| $alias)? => $value,)+
                    $($($known => return Chosen::Refused($why),)+)?
                    _ => return Chosen::Unknown,
                };
                Chosen::Done
            },
        }
    };
}

macro_rules! text {
    ($field:ident, $rule:expr, $allowed:expr) => {
        Kind::Text {
            rule: $rule,
            allowed: $allowed,
            get: |config| config.$field.clone(),
            set: |config, value| config.$field = (!value.is_empty()).then(|| value.into()),
        }
    };
}

macro_rules! options {
    ($($group:literal { $($name:literal $(($secret:ident))? = $default:literal, $kind:expr, $meaning:literal;)+ })+) => {
        &[$($(OptionSpec {
            group: $group,
            name: $name,
            default: $default,
            meaning: $meaning,
            secret: options!(@ $($secret)?),
            kind: $kind,
        }),+),+]
    };
    (@) => { false };
    (@ secret) => { true };
}

/// Every option.
pub(super) static OPTIONS: &[OptionSpec] = options! {
    "Server" {
        "host" = "127.0.0.1",
        Kind::Text {
            rule: "a host name, an IPv4 address or an IPv6 address (not 0.0.0.0 or ::, which are for listening)",
            allowed: |text| is_host(unbracketed(text)),
            get: |config| match &config.address {
                Address::Tcp { host, .. } => Some(host.clone()),
                Address::Unix(_) => None,
            },
            set: |config, value| {
                let host = unbracketed(value).to_owned();
                match &mut config.address {
                    Address::Tcp { host: old, .. } => *old = host,
                    Address::Unix(_) => config.address = Address::Tcp { host, port: 6379 },
                }
            },
        },
        "The server's host name or address. A name is resolved again at each connection attempt, so that a DNS change \
         is followed. Setting it leaves a unix socket for port 6379 of this host.";
        "port" = "6379",
        Kind::Number {
            unit: Unit::Count,
            min: 1,
            max: 65535,
            zero: None,
            get: |config| match config.address {
                Address::Tcp { port, .. } => Some(i64::from(port)),
                Address::Unix(_) => None,
            },
            set: |config, value| match &mut config.address {
                Address::Tcp { port, .. } => {
                    *port = u16::try_from(value).unwrap_or(u16::MAX);
                    Ok(())
                }
                Address::Unix(_) => Err("the address is a unix socket, which has no port; set host first"),
            },
        },
        "The server's TCP port.";
        "unix_socket" = "",
        Kind::Text {
            rule: "a path of at most 107 bytes without a NUL",
            allowed: |text| text.len() <= 107 && without_nul(text),
            get: |config| match &config.address {
                Address::Unix(path) => Some(path.to_string_lossy().into_owned()),
                Address::Tcp { .. } => None,
            },
            set: |config, value| match &config.address {
                Address::Tcp { .. } if value.is_empty() => {}
                _ if value.is_empty() => config.address = Config::default().address,
                _ => config.address = Address::Unix(PathBuf::from(value)),
            },
        },
        "The path of the server's unix socket; takes the place of `host` and `port`, which then read back empty.";
        "protocol" = "auto",
        choice!(protocol, "auto" => Protocol::Auto, "2" or "resp2" => Protocol::Resp2, "3" or "resp3" => Protocol::Resp3),
        "The version of the Redis protocol. `auto` speaks RESP3, or RESP2 with a server that does not know HELLO; `2` \
         never sends HELLO; with `3` a server without RESP3 is an error. `resp2` and `resp3` are accepted too.";
    }
    "Login" {
        "username" = "",
        text!(username, "a user name without spaces or control characters", |text| {
            !text.chars().any(|c| c.is_whitespace() || c.is_control())
        }),
        "The ACL user. Needs `password`. Not set, the password is that of the user `default`.";
        "password" (secret) = "",
        Kind::Text {
            rule: "text without a NUL (and not `***`, which a password reads back as)",
            allowed: |text| without_nul(text) && text != HIDDEN,
            get: |config| config.password.as_ref().map(|secret| secret.expose().to_owned()),
            set: |config, value| config.password = (!value.is_empty()).then(|| Secret::new(value)),
        },
        "The password. It reads back as `***` when set and empty when not, and no message shows it. A server that \
         refuses it is asked again only once per `reconnect_interval_ms`.";
        "db" = "0", number!(db, Count, 0, i32::MAX as i64),
        "The database that every connection selects. The server's `databases` setting says how many it has (16 unless \
         changed; 1 in a cluster).";
        "client_name" = "",
        text!(client_name, "printable ASCII characters without spaces", |text| text.bytes().all(|b| b.is_ascii_graphic())),
        "The name that every connection gives itself (CLIENT SETNAME); shown by CLIENT LIST.";
    }
    "Connecting and reconnecting" {
        "connect_timeout_ms" = "2000", number!(connect_timeout, Milliseconds, 1, HOUR),
        "How long one connection attempt may take, from resolving the name to the server's answer to the login.";
        "reconnect_tries" = "10", number!(reconnect_tries, Count, -1, 1_000_000),
        "How long an outage is survived, with `reconnect_interval_ms`: this many intervals (10 × 60 s by default). After \
         that the client has given up: what is buffered stays buffered, new commands fail with `RR_ERR_GAVE_UP` (not \
         applied), and one attempt per interval goes on. `0`: a lost connection is not replaced until the program asks \
         for it. `-1`: the client never gives up.";
        "reconnect_interval_ms" = "60000", number!(reconnect_interval, Milliseconds, 1, DAY),
        "See `reconnect_tries`. Under `reconnect_backoff=fixed` it is also the exact pause between two attempts.";
        "reconnect_backoff" = "jitter", choice!(reconnect_backoff, "jitter" => Backoff::Jitter, "fixed" => Backoff::Fixed),
        "How the pauses between attempts grow. `jitter`: the first attempt is made at once, then the pauses are random, \
         with a bound that doubles from 10 ms to `reconnect_max_delay_ms`; a server that comes back is found quickly and \
         is not overrun by all its clients at the same moment. `fixed`: exactly `reconnect_interval_ms`.";
        "reconnect_max_delay_ms" = "2000", number!(reconnect_max_delay, Milliseconds, 10, HOUR),
        "The longest pause between two attempts under `reconnect_backoff=jitter`; has no effect under `fixed`.";
        "health_check_interval_ms" = "10000", number!(health_check_interval, Milliseconds, 10, DAY, Some("off")),
        "A connection on which nothing was read for this long is sent a PING. `0`: a silently dead connection is \
         noticed only when a command on it is not answered.";
    }
    "Time limits" {
        "command_timeout_ms" = "5000", number!(command_timeout, Milliseconds, 1, DAY),
        "How long a call may wait for its reply, an outage included, unless the call brings its own limit; on top of the time \
         that a command asks for which waits at the server (BLPOP, XREAD with BLOCK, …). Then it fails \
         with `RR_ERR_TIMEOUT`; its outcome says whether the command may have run. A connection with unanswered commands \
         from which nothing was read for this long is given up as dead.";
    }
    "During an outage" {
        "outage_grace_ms" = "250", number!(outage_grace, Milliseconds, 0, HOUR),
        "How long a write waits for the connection to come back before it is buffered and returns `RR_BUFFERED` instead \
         of its reply. An outage shorter than this is invisible. Must be less than `command_timeout_ms` while \
         `buffer_commands` is on. `0` buffers at once.";
        "reads_during_outage" = "wait",
        choice!(reads_during_outage, "wait" => OutageReads::Wait, "fail" => OutageReads::Fail),
        "Reads are never buffered. `wait`: they wait for the recovery, then fail with `RR_ERR_TIMEOUT` at their deadline. \
         `fail`: they fail at once with `RR_ERR_UNAVAILABLE`. Not applied in both cases.";
        "buffer_commands" = "true", flag!(buffer_commands),
        "Whether writes are buffered during an outage, to be sent in order after it. `false`: they wait like reads, and \
         the other `buffer_…` options have no effect. The buffer is in memory: it does not survive the process.";
        "buffer_max_commands" = "10000", number!(buffer_max_commands, Count, 1, COUNT),
        "The most commands that the buffer holds. To buffer none, set `buffer_commands` to `false`.";
        "buffer_max_bytes" = "64MiB", number!(buffer_max_bytes, Bytes, KIB, 1024 * GIB),
        "The most bytes that the buffered commands take together.";
        "buffer_max_age_ms" = "0", number!(buffer_max_age, Milliseconds, 1, 30 * DAY, Some("none")),
        "A command that was in the buffer for longer than this is not sent any more: it fails as expired, not applied. \
         `0`: commands do not expire.";
        "buffer_overflow" = "reject",
        choice!(
            buffer_overflow,
            "reject" => Overflow::Reject,
            "block" => Overflow::Block,
            "drop_oldest" => Overflow::DropOldest
        ),
        "What happens to a write when the buffer is full. `reject`: it fails at once with `RR_ERR_BUFFER_FULL`, not \
         applied. `block`: it waits for room until its deadline. `drop_oldest`: the oldest buffered command, which was \
         already reported as buffered, gives way; it goes to the failed list and an event says so.";
    }
    "Delivery" {
        "delivery" = "at_least_once",
        choice!(
            delivery,
            "at_most_once" => Delivery::AtMostOnce,
            "at_least_once" => Delivery::AtLeastOnce;
            "exactly_once" => "this version has at_most_once and at_least_once only, and puts no weaker level in its place"
        ),
        "What becomes of commands that were written when the connection was lost and whose replies did not come. \
         `at_most_once`: they fail with outcome unknown; only what was never written is sent later. `at_least_once`: \
         they are sent again, so that none is lost and one may run twice. `exactly_once` is not in this version and is \
         refused.";
        "retry_unsafe" = "true", flag!(retry_unsafe),
        "Under `at_least_once`: whether commands that have another effect the second time (INCR, LPUSH, …) are sent \
         again too. `false`: these fail with outcome unknown. Has no effect under `at_most_once`.";
        "failed_max_commands" = "10000", number!(failed_max_commands, Count, 0, COUNT),
        "How many commands the failed list holds: buffered ones that the server refused for good, and dropped ones. \
         Beyond that the oldest are discarded and counted. `0` keeps none: their events are all there is.";
    }
    "Sockets" {
        "tcp_nodelay" = "true", flag!(tcp_nodelay),
        "Whether small writes leave at once (TCP_NODELAY). `false` adds up to 40 ms to a call.";
        "tcp_user_timeout_ms" = "5000", number!(tcp_user_timeout, Milliseconds, 1, DAY, Some("off")),
        "Sent bytes that the peer's system did not acknowledge for this long end the connection (TCP_USER_TIMEOUT, Linux \
         only). `0` leaves it to the system, which may take a quarter of an hour.";
        "tcp_keepalive_ms" = "30000", number!(tcp_keepalive, Milliseconds, SECOND, 32_767 * SECOND, Some("off")),
        "After this long without traffic the system asks whether the peer is still there. The system counts in whole \
         seconds.";
        "spin_us" = "0",
        Kind::Number {
            unit: Unit::Microseconds,
            min: 0,
            max: 10_000,
            zero: None,
            get: |config| Some(i64::try_from(config.spin.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)),
            set: |config, value| {
                config.spin = Duration::from_micros(u64::try_from(value).unwrap_or(0));
                Ok(())
            },
        },
        "How long a call polls the socket for its reply before it sleeps. Saves the few microseconds of a wake-up when \
         the server is near, and costs that much processor time. `0` sleeps at once.";
        "adaptive_spin" = "true", flag!(adaptive_spin),
        "While several threads share the connection: whether one that is about to write lets others come first that are \
         just being woken, and one that reads looks for more replies for up to 100 µs before it sleeps. Both give way to \
         whatever else is ready to run, and stop by themselves where they do not pay.";
    }
    "Bounds" {
        "max_in_flight" = "65536", number!(max_in_flight, Count, 1, COUNT),
        "The most commands that are written and not answered. Further calls wait until their deadline.";
        "max_submitted" = "65536", number!(max_submitted, Count, 1, COUNT),
        "The most commands that are submitted and whose completions were not taken. Submitting more fails with \
         `RR_ERR_WOULD_BLOCK`, or waits if asked to.";
        "private_max_connections" = "64", number!(private_max_connections, Count, 1, 65_536),
        "The most connections besides the shared one: a command that waits at the server (BLPOP, XREAD with BLOCK, …) and a \
         transaction that watches keys have one of their own while they last. Who needs one more waits until his deadline. Idle ones are kept for a minute.";
        "max_output_bytes" = "128MiB", number!(max_output_bytes, Bytes, KIB, 1024 * GIB),
        "The most bytes of commands that wait to be written. Further calls wait until their deadline; one command larger \
         than this fails with `RR_ERR_TOO_LARGE`, not applied.";
        "max_reply_bytes" = "1GiB", number!(max_reply_bytes, Bytes, KIB, 1024 * GIB),
        "The largest reply that is accepted. A larger one is `RR_ERR_PROTOCOL` and ends the connection.";
        "max_reply_depth" = "128", number!(max_reply_depth, Count, 8, 1024),
        "How deep arrays and maps in a reply may be nested. A deeper one is `RR_ERR_PROTOCOL` and ends the connection.";
        "event_queue_size" = "1024", number!(event_queue_size, Count, 1, 1 << 20),
        "How many events wait for the program to take them, and how many log lines for the log callback. Beyond that the \
         oldest are dropped and counted.";
        "subscription_queue_size" = "65536", number!(subscription_queue_size, Count, 1, COUNT),
        "How many messages of one subscription wait for the program to take them. Beyond that the oldest make room, and the \
         next thing that is taken says how many were lost.";
        "subscription_queue_bytes" = "64MiB", number!(subscription_queue_bytes, Bytes, KIB, 1024 * GIB),
        "The most bytes that these messages occupy together. The newest message is kept, however large it is.";
    }
};

impl OptionSpec {
    /// Its type and range, for people.
    pub fn accepts(&self) -> String {
        match &self.kind {
            Kind::Flag { .. } => "`true` or `false`".into(),
            Kind::Number { unit, min, max, zero, .. } => {
                let range = match unit {
                    Unit::Count => format!("{min} to {max}"),
                    Unit::Milliseconds => format!("{min} to {max} ms"),
                    Unit::Microseconds => format!("{min} to {max} µs"),
                    Unit::Bytes => format!("{} to {}", with_suffix(*min), with_suffix(*max)),
                };
                zero.map_or(range.clone(), |zero| format!("0 ({zero}) or {range}"))
            }
            Kind::Choice { names, .. } => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            Kind::Text { rule, .. } => (*rule).into(),
        }
    }

    /// What its number counts and the smallest and largest it may be; nothing for an option that is not a number.
    pub fn range(&self) -> Option<(Unit, i64, i64)> {
        match self.kind {
            Kind::Number { unit, min, max, .. } => Some((unit, min, max)),
            _ => None,
        }
    }

    /// What 0 means, where 0 stands outside the range.
    pub fn zero(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Number { zero, .. } => zero,
            _ => None,
        }
    }

    /// The names to choose from; empty for an option that is not a choice.
    pub fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice { names, .. } => names,
            _ => &[],
        }
    }

    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("{}{}", super::VARIABLE_PREFIX, self.variable_suffix())
    }

    pub(super) fn variable_suffix(&self) -> String {
        self.name.to_ascii_uppercase()
    }

    /// Its value as text; empty when it is not set or does not apply, `***` for a secret.
    pub fn get(&self, config: &Config) -> String {
        let text = self.text(config).unwrap_or_default();
        if self.secret && !text.is_empty() { HIDDEN.into() } else { text }
    }

    /// Sets it from text.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<()> {
        match self.store(config, text) {
            Ok(()) => Ok(()),
            Err(right) if self.secret => {
                Err(refusal(format!("option \"{}\" cannot have the value given: {right}", self.name)))
            }
            Err(right) => Err(refusal(format!("option \"{}\" cannot be {}: {right}", self.name, quoted(text)))),
        }
    }

    /// Checks the value that `config` holds.
    pub(super) fn check(&self, config: &Config) -> Result<()> {
        match self.text(config) {
            Some(text) => self.set(&mut config.clone(), &text),
            None => Ok(()),
        }
    }

    fn text(&self, config: &Config) -> Option<String> {
        match &self.kind {
            Kind::Flag { get, .. } => get(config).map(|value| value.to_string()),
            Kind::Number { get, .. } => get(config).map(|value| value.to_string()),
            Kind::Choice { get, .. } => get(config).map(str::to_owned),
            Kind::Text { get, .. } => get(config),
        }
    }

    fn store(&self, config: &mut Config, text: &str) -> std::result::Result<(), Cow<'static, str>> {
        match &self.kind {
            Kind::Flag { set, .. } => {
                let value = parse_flag(text).ok_or("it takes true or false (also yes/no, on/off, 1/0)")?;
                Ok(set(config, value)?)
            }
            Kind::Number { unit, min, max, zero, set, .. } => {
                let number = match unit {
                    Unit::Bytes => parse_bytes(text),
                    _ => parse_integer(text),
                };
                match number {
                    Some(number) if (*min..=*max).contains(&number) || (number == 0 && zero.is_some()) => {
                        Ok(set(config, number)?)
                    }
                    _ => Err(expected_number(*unit, *min, *max, *zero).into()),
                }
            }
            Kind::Choice { names, set, .. } => match set(config, &text.to_ascii_lowercase()) {
                Chosen::Done => Ok(()),
                Chosen::Refused(why) => Err(why.into()),
                Chosen::Unknown => Err(format!("it takes one of {}", names.join(", ")).into()),
            },
            Kind::Text { rule, allowed, set, .. } => {
                if !allowed(text) {
                    return Err(format!("it takes {rule}").into());
                }
                set(config, text);
                Ok(())
            }
        }
    }
}

fn expected_number(unit: Unit, min: i64, max: i64, zero: Option<&str>) -> String {
    let zero = zero.map_or(String::new(), |zero| format!("0 ({zero}) or "));
    match unit {
        Unit::Count => format!("it takes {zero}a whole number from {min} to {max}"),
        Unit::Milliseconds => format!("it takes {zero}a whole number of milliseconds from {min} to {max}"),
        Unit::Microseconds => format!("it takes {zero}a whole number of microseconds from {min} to {max}"),
        Unit::Bytes => format!(
            "it takes {zero}a whole number of bytes from {min} ({}) to {max} ({}); KiB, MiB and GiB may follow it",
            with_suffix(min),
            with_suffix(max)
        ),
    }
}

fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn parse_integer(text: &str) -> Option<i64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// `65536`, `64KiB` or `64 KiB`; capital letters do not matter. `K`, `KB` and the like mean different things to
/// different people and are not taken.
fn parse_bytes(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(digits)?;
    let factor = match suffix.trim_start_matches(' ').to_ascii_lowercase().as_str() {
        "" if suffix.is_empty() => 1,
        "kib" => KIB,
        "mib" => KIB * KIB,
        "gib" => GIB,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

fn with_suffix(bytes: i64) -> String {
    [("GiB", GIB), ("MiB", KIB * KIB), ("KiB", KIB)]
        .into_iter()
        .find(|(_, factor)| bytes >= *factor && bytes % factor == 0)
        .map_or_else(|| bytes.to_string(), |(suffix, factor)| format!("{} {suffix}", bytes / factor))
}

fn without_nul(text: &str) -> bool {
    !text.contains('\0')
}

/// The address in `[::1]`.
fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn is_host(host: &str) -> bool {
    if matches!(host, "0.0.0.0" | "::") {
        return false;
    }
    if host.contains(':') {
        let (address, zone) = host.split_once('%').unwrap_or((host, "0"));
        return address.parse::<Ipv6Addr>().is_ok() && is_name(zone);
    }
    is_name(host)
}

fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// `text` in quotes, with what is invisible made visible, and not too much of it.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// The text of `docs/CONFIGURATION.md`.
pub(super) fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut group = "";
    for spec in OPTIONS {
        if spec.group != group {
            group = spec.group;
            // Writing to a String cannot fail.
            let _ = write!(page, "\n### {group}\n\n| option | values | default | meaning |\n|---|---|---|---|\n");
        }
        let default = if spec.default.is_empty() { "not set".into() } else { format!("`{}`", spec.default) };
        let _ = writeln!(page, "| `{}` | {} | {default} | {} |", spec.name, spec.accepts(), spec.meaning);
    }
    page.push_str(USE);
    page
}

const INTRODUCTION: &str = "\
<!-- Made from the table in src/config/table.rs; `UPDATE_DOCS=1 cargo test --test configuration` writes it. -->

# Configuration

Every option has a name, takes its value as text, and is the same from code, in a URL and in the environment. A name or
value that cannot be used is refused with `RR_ERR_CONFIG` and a message that names the option, the value and what would be
right; none is clipped into range or ignored.

## Options

* Numbers are written in digits. The end of the name is the unit: `_ms` milliseconds, `_us` microseconds, `_bytes` bytes.
* Bytes may carry `KiB`, `MiB` or `GiB` (1024, 1024² and 1024³): `64MiB`, `64 MiB`. They read back as plain bytes. `K`, `MB` and
  the like are refused, because they do not mean the same to everybody.
* Booleans are `true`/`false`, `yes`/`no`, `on`/`off` or `1`/`0`. Capital letters do not matter in booleans and choices.
* Text options are not set by the empty text. No option takes a NUL.
";

const USE: &str = r#"
## Setting options

### From code

```c
rr_config *config = rr_config_new();
rr_config_set(config, "host", "cache.example.org", &err);
rr_config_set(config, "command_timeout_ms", "500", &err);
rr_config_set(config, "buffer_max_bytes", "256MiB", &err);
```

```rust
let mut config = Config::from_environment()?;
config.apply_url("redis://cache.example.org/1")?;
config.set("command_timeout_ms", "500")?;
config.validate()?;
```

### From a URL

```
redis://[user[:password]@]host[:port][/db][?option=value&option=value…]
unix://[user[:password]@]/path/to/socket[?db=1&option=value…]
```

* `valkey://` is the same as `redis://`; `redis+unix://` and `valkey+unix://` are the same as `unix://`.
* `rediss://` and `valkeys://` are refused: TLS is not in this version, and the connection is not made without it instead.
* An IPv6 address stands in brackets: `redis://[2001:db8::1]:6379`. One with a zone (`fe80::1%eth0`) has no form in a URL; set
  the option `host` instead.
* Every option may stand in the query, except those that the URL already says before it. An option said twice is refused.
* Characters with a meaning of their own are percent-encoded: in user and password `: / ? # [ ] @ %`, in the query `& # %`. A
  space is `%20`; a `+` is a plus everywhere. There is no fragment (`#…`).
* No message about a URL repeats a part of it that may belong to a password.

| URL | what it says |
|---|---|
| `redis://localhost` | port 6379, database 0, no login |
| `redis://:secret@10.0.0.7:6380/2` | password of the user `default`, database 2 |
| `valkey://app:p%40ss@cache.example.org?client_name=shop&protocol=3` | user `app`, password `p@ss`, a name, RESP3 only |
| `redis://[::1]:6379/?reconnect_tries=-1&buffer_max_bytes=256MiB` | IPv6; never gives up; a larger buffer |
| `unix:///run/redis/redis.sock?db=3&command_timeout_ms=200` | a unix socket, database 3 |

### From the environment

`RR_URL` is a URL as above. `RR_` and an option's name in capital letters is that option, and overrides `RR_URL`:

```sh
RR_URL=redis://cache.example.org:6379/1 RR_PASSWORD=secret RR_COMMAND_TIMEOUT_MS=500 ./program
```

* The environment is read when the program asks for it, never otherwise.
* An empty variable counts as not set.
* `RR_UNIX_SOCKET` together with `RR_HOST` or `RR_PORT` is refused.
* Another variable that starts with `RR_` may belong to another program and is left alone, unless it is one character away
  from an option's (up to two where the option's name has eight characters or more): then it is refused as a misspelling.
  Options with names of three characters or fewer are not compared.

### Which one wins

Each source overrides what was applied before it, option by option, and changes nothing that it does not name; only a URL's
address is always taken as a whole (without a port, 6379). Applied in the usual order, what is later in this list wins:

1. the defaults,
2. the environment: `RR_URL`, then `RR_<OPTION>`,
3. a URL that the program gives,
4. options that the program sets.

## Options that contradict each other

Checked when a client is created, so that the order of setting does not matter:

* `username` without `password`: Redis asks for both. For a user with `nopass`, any password will do.

## What is not shown

The password reads back as `***`, and neither an error message nor a debug print of a configuration contains it. Setting the
password to `***` is refused, so that copying options from one configuration to another cannot put a wrong one in place unnoticed.
"#;
