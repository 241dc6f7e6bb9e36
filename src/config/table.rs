//! The table of options: name, type and range, default, meaning, and the field of [`Config`] it is.
//!
//! It is the only place that knows an option; adding one is adding an entry to [`OPTIONS`].

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

use super::option::{Chosen, HIDDEN, Kind, OptionSpec, Unit};
use super::{
    Address, Backoff, Config, Delivery, MaintenanceEndpoint, OutageReads, Overflow, Protocol, ReadFrom, Secret,
    ServerRole, TlsVersion,
};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const KIB: i64 = 1 << 10;
const GIB: i64 = 1 << 30;
const COUNT: i64 = 100_000_000;

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

macro_rules! file {
    ($field:ident) => {
        Kind::Text {
            rule: "a path without a NUL",
            allowed: without_nul,
            get: |config| config.$field.as_ref().map(|path| path.to_string_lossy().into_owned()),
            set: |config, value| config.$field = (!value.is_empty()).then(|| PathBuf::from(value)),
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
    "Failover" {
        "server_role" = "auto",
        choice!(server_role, "auto" => ServerRole::Auto, "primary" => ServerRole::Primary, "any" => ServerRole::Any),
        "Which server will do. A server that is not the one that is needed is left alone: the name is resolved again and \
         the next attempt made, as in any outage. `primary`: never a replica. `auto`: a replica will do until the client \
         has been connected to a primary, or a write is refused with READONLY; from then on nothing but a primary. `any`: \
         whichever is there; a write that a replica refuses fails with its READONLY.";
    }
    "Reading from a replica" {
        "read_from" = "primary",
        choice!(read_from, "primary" => ReadFrom::Primary, "replica" => ReadFrom::Replica),
        "Where commands go that only read data. `replica`: to a replica, over a connection of its own that comes back by itself; \
         to the primary when there is none, when it does not answer within half of the call's time, or when it refuses. It may \
         lag behind: a read may not see what was written before, also by the same thread. A call can ask for the primary \
         (`RR_COMMAND_FROM_PRIMARY`). A pipeline goes to the replica when all of it only reads. What is submitted, scripts, \
         transactions and SCAN go to the primary.";
        "replica_address" = "",
        text!(replica_address, "host:port or [address]:port", |text| text.is_empty() || is_address(text)),
        "Where the replica is: a host and port, such as the reader endpoint of a managed service. Not set, one of those that \
         the primary names (INFO replication, ROLE) and that have caught up. Over TLS its certificate must be for \
         `tls_server_name`, or else for `host`.";
    }
    "Maintenance" {
        "maintenance_notifications" = "true", flag!(maintenance_notifications),
        "Whether the server is asked to announce its maintenance (CLIENT MAINT_NOTIFICATIONS, Redis Enterprise and Redis \
         Cloud, RESP3 only; a server that does not know it is used without). When it announces that it moves, the new place \
         is connected to first, and commands change over between two of them; while it migrates or fails over, commands \
         have more time.";
        "maintenance_endpoint" = "auto",
        choice!(
            maintenance_endpoint,
            "auto" => MaintenanceEndpoint::Auto,
            "internal-ip" => MaintenanceEndpoint::InternalIp,
            "internal-fqdn" => MaintenanceEndpoint::InternalFqdn,
            "external-ip" => MaintenanceEndpoint::ExternalIp,
            "external-fqdn" => MaintenanceEndpoint::ExternalFqdn,
            "none" => MaintenanceEndpoint::None
        ),
        "How the server names the place that it moves to. `auto`: by name over TLS and by address otherwise, from the inside if \
         the address that is connected to is a private one. `none`: it names none, and the configured host is connected to \
         anew when half of the announced time is over.";
        "maintenance_timeout_ms" = "10000", number!(maintenance_timeout, Milliseconds, 1, DAY, Some("none")),
        "While maintenance goes on, a call that brings no limit of its own has at least so long, and a connection is given up \
         as dead no earlier. `0`: no longer than at other times.";
    }
    "TLS" {
        "tls" = "false", flag!(tls),
        "Whether every connection is made over TLS. A URL with `rediss://` switches it on, one with `redis://` off. The \
         server's certificate must be valid, and for the name in `tls_server_name`.";
        "tls_ca_file" = "", file!(tls_ca_file),
        "The authorities that the server's certificate may come from: a file of PEM certificates. Not set, those that the \
         system trusts. It is read again at each connection attempt, as the two files below are: a certificate that is \
         replaced there is used from the next connection on. One that cannot be used is said in the log, and the former \
         one stays in use.";
        "tls_cert_file" = "", file!(tls_cert_file),
        "The client's own certificate, for a server that asks for one: a PEM file, the certificate first, then those that \
         link it to an authority. Needs `tls_key_file`.";
        "tls_key_file" = "", file!(tls_key_file),
        "The key of `tls_cert_file`: a PEM file, not encrypted (PKCS #8, PKCS #1 or SEC 1).";
        "tls_server_name" = "",
        text!(tls_server_name, "a host name, or an IPv4 or IPv6 address", |text| text.is_empty() || is_host(unbracketed(text))),
        "The name that the server's certificate must be for, and that the server is asked for (SNI). Not set, `host`.";
        "tls_min_version" = "1.2",
        choice!(tls_min_version, "1.2" => TlsVersion::V1_2, "1.3" => TlsVersion::V1_3),
        "The oldest version of TLS that is spoken. Older ones than 1.2 are not supported.";
        "tls_insecure_skip_verify" = "false", flag!(tls_insecure_skip_verify),
        "INSECURE. Takes any certificate from anybody: expired, for another name, made by whoever is in the network between, \
         who can then read and change everything. For trying things out, never to get rid of an error.";
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
        text!(client_name, PRINTABLE, is_printable),
        "The name that every connection gives itself (CLIENT SETNAME); shown by CLIENT LIST.";
        "lib_name" = "", text!(lib_name, PRINTABLE, is_printable),
        "The name of the library that the program uses, which every connection tells the server (CLIENT SETINFO LIB-NAME); \
         shown by CLIENT LIST of Redis 7.2 and later. Not set, `resilient-redis`. `none`: the server is told neither this nor a \
         version. Telling costs no round trip, and a server that refuses it is used all the same; there `none` spares two \
         errors per connection in the statistics, or in ACL LOG.";
        "lib_version" = "", text!(lib_version, PRINTABLE, is_printable),
        "The version of that library (CLIENT SETINFO LIB-VER). Not set, this library's own if `lib_name` is its own, and none \
         otherwise. `none`: the server is told no version.";
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
        "A connection on which nothing was read for this long is sent a PING. A primary is asked for its role instead (ROLE), \
         and that also while there is traffic, so that one that became a replica is noticed by who only reads. `0`: a \
         silently dead connection is noticed only when a command on it is not answered, a demotion when a write is refused.";
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
        "Whether writes are buffered during an outage, to be sent in order after it. Not those whose reply hands out what \
         they take away (LPOP, GETDEL, XREADGROUP, ...), since nobody would get it: they wait like reads. `false`: all \
         wait like reads, and the other `buffer_…` options have no effect. The buffer is in memory: it does not survive \
         the process.";
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

const PRINTABLE: &str = "printable ASCII characters without spaces";

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
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

fn is_address(text: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let bare = unbracketed(host);
        is_port(port) && is_host(bare) && (!bare.contains(':') || bare.len() < host.len())
    })
}

fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
