//! Names to addresses, by the system or by a function of the program.
//!
//! Any thread; a look-up has a thread of its own while it lasts, because it cannot be interrupted (see `oracle`). A numeric
//! address needs none, unless the program wants to be asked. Nothing is cached: a name is looked up at each attempt.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;
use crate::net::oracle::Oracle;

/// The program's function that turns a host name and a port into addresses, in the order in which they are tried, or
/// says why it cannot. Runs on threads of its own, for several look-ups at the same time.
pub type LookUp = Arc<dyn Fn(&str, u16) -> std::result::Result<Vec<SocketAddr>, String> + Send + Sync>;

type Answer = std::result::Result<Vec<SocketAddr>, String>;

/// Looks names up.
pub struct Resolver {
    oracle: Oracle<(String, u16), Answer>,
    is_program_s: bool,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("is_program_s", &self.is_program_s).finish_non_exhaustive()
    }
}

impl Resolver {
    /// Asks the program's function, or the system.
    pub fn new(look_up: Option<LookUp>) -> Self {
        let is_program_s = look_up.is_some();
        let oracle = match look_up {
            Some(look_up) => Oracle::new("rr-resolver", move |(host, port): &(String, u16)| look_up(host, *port)),
            None => Oracle::new("rr-resolver", |(host, port): &(String, u16)| {
                let found = (host.as_str(), *port).to_socket_addrs();
                found.map(Iterator::collect).map_err(|error| error.to_string())
            }),
        };
        Resolver { oracle, is_program_s }
    }

    /// The addresses of `host`, in the order in which they are to be tried.
    pub fn resolve(&self, host: &str, port: u16, attempt: &Attempt<'_>) -> Result<Vec<SocketAddr>> {
        if !self.is_program_s
            && let Ok(address) = host.parse::<IpAddr>()
        {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let lost = |text: String| Error::new(ErrorKind::ConnectionLost, text);
        match self.oracle.ask(&(host.to_owned(), port), attempt) {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Ok(_)) => Err(lost(format!("{host} has no address"))),
            Ok(Err(cause)) => Err(lost(format!("cannot resolve {host}: {cause}"))),
            Err(error) if error.kind == ErrorKind::Timeout => {
                Err(lost(format!("resolving {host} took longer than {}", attempt.limit)))
            }
            Err(error) if error.kind == ErrorKind::Closed => Err(error),
            Err(error) => Err(Error { message: format!("cannot resolve {host}: {error}").into(), ..error }),
        }
    }

    /// Waits until the program's function runs no more.
    pub fn end(&self) {
        if self.is_program_s {
            self.oracle.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Deadline;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    fn resolve(resolver: &Resolver, host: &str, timeout: Duration) -> Result<Vec<SocketAddr>> {
        let abandoned = AtomicBool::new(false);
        let deadline = Deadline::within(timeout);
        let attempt = Attempt { deadline, limit: "the connect timeout", waker: None, abandoned: &abandoned };
        resolver.resolve(host, 7, &attempt)
    }

    #[test]
    fn a_numeric_address_needs_no_look_up() {
        let resolver = Resolver::new(None);
        let addresses = resolve(&resolver, "127.0.0.1", Duration::ZERO).unwrap();
        assert_eq!(addresses, ["127.0.0.1:7".parse::<SocketAddr>().unwrap()]);
        let addresses = resolve(&resolver, "::1", Duration::ZERO).unwrap();
        assert_eq!(addresses, ["[::1]:7".parse::<SocketAddr>().unwrap()]);
    }

    #[test]
    fn a_look_up_that_outlives_its_deadline_is_named() {
        let (_never, wait) = crossbeam_channel::bounded::<()>(0);
        let resolver = Resolver::new(Some(Arc::new(move |_: &str, _| {
            let _ = wait.recv();
            Ok(Vec::new())
        })));
        let error = resolve(&resolver, "name.invalid", Duration::from_millis(5)).unwrap_err();
        assert!(error.message.contains("name.invalid"), "{error}");
    }

    #[test]
    fn the_program_is_asked_for_numeric_addresses_too_and_its_refusal_is_told() {
        let resolver = Resolver::new(Some(Arc::new(|host: &str, port| match host {
            "127.0.0.1" => Ok(vec![SocketAddr::new("127.0.0.2".parse().unwrap(), port + 1)]),
            _ => Err("not registered".into()),
        })));
        let addresses = resolve(&resolver, "127.0.0.1", Duration::from_secs(60)).unwrap();
        assert_eq!(addresses, ["127.0.0.2:8".parse::<SocketAddr>().unwrap()]);
        let error = resolve(&resolver, "cache", Duration::from_secs(60)).unwrap_err();
        assert!(error.message.contains("cannot resolve cache: not registered"), "{error}");
    }
}
