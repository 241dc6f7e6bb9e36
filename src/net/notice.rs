//! What a server announces of its own maintenance (RESP3 pushes of Redis Enterprise and Redis Cloud): that it moves, and
//! that for a while it may be slow. Reading only; a plain value.
//!
//! The pushes, from Redis's documentation of client-side handling of maintenance ("smart client handoffs") and the clients
//! that have it: `MOVING seq seconds host:port`, `MIGRATING seq seconds shards`, `MIGRATED seq shards`, `FAILING_OVER seq
//! seconds shards`, `FAILED_OVER seq shards`. They come after `CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type type`.

use std::net::IpAddr;
use std::time::Duration;

use crate::config::MaintenanceEndpoint;
use crate::net::replicas::split;
use crate::resp::Value;

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The server is elsewhere after that time.
    Moving {
        /// Counts the notices.
        number: i64,
        /// How long the present place is good.
        within: Duration,
        /// Host and port of the new place; nothing when the name that is known leads there.
        to: Option<(String, u16)>,
    },
    /// From now on it may be slow.
    Begins(&'static str),
    /// That is over.
    Ends(&'static str),
}

impl Notice {
    /// What a push announces; nothing if it is no such announcement, or not to be understood.
    pub fn read(push: Value<'_>) -> Option<Self> {
        let number = |place: usize| {
            let value = push.get(place)?;
            value.as_integer().or_else(|| std::str::from_utf8(value.as_bytes()?).ok()?.parse().ok())
        };
        Some(match push.get(0)?.as_bytes()? {
            b"MOVING" => {
                let seconds = u64::try_from(number(2)?).ok()?;
                let to = match push.get(3).and_then(|value| value.as_bytes()) {
                    Some(place) => Some(split(std::str::from_utf8(place).ok()?)?),
                    None => None,
                };
                Notice::Moving { number: number(1)?, within: Duration::from_secs(seconds), to }
            }
            b"MIGRATING" => Notice::Begins("MIGRATING"),
            b"FAILING_OVER" => Notice::Begins("FAILING_OVER"),
            b"MIGRATED" => Notice::Ends("MIGRATED"),
            b"FAILED_OVER" => Notice::Ends("FAILED_OVER"),
            _ => return None,
        })
    }
}

/// How a server is to name the place that it moves to: as the client knows it, by name where certificates are for names, and
/// from the inside where it is itself inside of that network.
pub fn endpoint_type(told: MaintenanceEndpoint, tls: bool, address: IpAddr) -> &'static str {
    match told {
        MaintenanceEndpoint::Auto => match (is_inside(address), tls) {
            (true, true) => "internal-fqdn",
            (true, false) => "internal-ip",
            (false, true) => "external-fqdn",
            (false, false) => "external-ip",
        },
        MaintenanceEndpoint::InternalIp => "internal-ip",
        MaintenanceEndpoint::InternalFqdn => "internal-fqdn",
        MaintenanceEndpoint::ExternalIp => "external-ip",
        MaintenanceEndpoint::ExternalFqdn => "external-fqdn",
        MaintenanceEndpoint::None => "none",
    }
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Decoder, Limits, Progress};

    fn read(bytes: &str) -> Option<Notice> {
        let mut decoder = Decoder::new(Limits::default());
        match decoder.decode(bytes.as_bytes()).unwrap() {
            (_, Progress::Push(push)) => Notice::read(push.root()),
            _ => panic!("{bytes:?} is no push"),
        }
    }

    #[test]
    fn announcements_are_read() {
        let to = |host: &str| Some((host.to_owned(), 7));
        let moving = |number, to| Some(Notice::Moving { number, within: Duration::from_secs(15), to });
        assert_eq!(read(">4\r\n+MOVING\r\n:3\r\n:15\r\n$10\r\n10.0.0.1:7\r\n"), moving(3, to("10.0.0.1")));
        assert_eq!(read(">4\r\n$6\r\nMOVING\r\n$1\r\n3\r\n$2\r\n15\r\n+[::1]:7\r\n"), moving(3, to("::1")));
        assert_eq!(read(">4\r\n+MOVING\r\n:3\r\n:15\r\n_\r\n"), moving(3, None));
        assert_eq!(read(">4\r\n+MIGRATING\r\n:1\r\n:5\r\n*1\r\n$1\r\n1\r\n"), Some(Notice::Begins("MIGRATING")));
        assert_eq!(read(">3\r\n+FAILED_OVER\r\n:2\r\n*0\r\n"), Some(Notice::Ends("FAILED_OVER")));
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for other in [
            ">4\r\n+MOVING\r\n:3\r\n:15\r\n+nowhere\r\n",
            ">4\r\n+MOVING\r\n:3\r\n:-15\r\n_\r\n",
            ">4\r\n+MOVING\r\n:3\r\n:15\r\n+:7\r\n",
            ">4\r\n+MOVING\r\n:3\r\n:15\r\n+a:0\r\n",
            ">2\r\n+invalidate\r\n*0\r\n",
            ">1\r\n*0\r\n",
        ] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_place_is_asked_for_as_the_client_can_reach_it() {
        let kind = |tls, address: &str| endpoint_type(MaintenanceEndpoint::Auto, tls, address.parse().unwrap());
        assert_eq!((kind(false, "10.1.2.3"), kind(true, "10.1.2.3")), ("internal-ip", "internal-fqdn"));
        assert_eq!((kind(false, "8.8.8.8"), kind(true, "2001:4860::8888")), ("external-ip", "external-fqdn"));
        assert_eq!(endpoint_type(MaintenanceEndpoint::None, true, "::1".parse().unwrap()), "none");
    }
}
