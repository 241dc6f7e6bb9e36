//! Names to addresses within a deadline. Owns the thread that a look-up runs on, because the system's resolver cannot
//! be interrupted.
//!
//! Used by the supervisor alone. At most one look-up runs at a time: one that outlives its deadline is waited for by
//! the next attempt instead of being joined by a second. Numeric addresses need no thread. Nothing is cached.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;

/// How often a running look-up is left alone to see whether anybody still wants its answer.
const GLANCE: Duration = Duration::from_millis(50);

type Answer = std::io::Result<Vec<SocketAddr>>;

/// Looks names up.
#[derive(Debug, Default)]
pub struct Resolver {
    running: Option<Receiver<Answer>>,
}

impl Resolver {
    /// The addresses of `host`, in the system's order of preference.
    pub fn resolve(&mut self, host: &str, port: u16, attempt: &Attempt<'_>) -> Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let answers = match self.running.take() {
            Some(answers) => answers,
            None => start(host.to_owned(), port)?,
        };
        let mut answer = Err(RecvTimeoutError::Timeout);
        while matches!(answer, Err(RecvTimeoutError::Timeout)) && !attempt.deadline.has_passed() {
            if attempt.abandoned.load(Ordering::Acquire) {
                return Err(Error::new(ErrorKind::Closed, "the client is being closed"));
            }
            let left = attempt.deadline.remaining().unwrap_or(GLANCE);
            answer = answers.recv_timeout(left.min(GLANCE));
        }
        match answer {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Ok(_)) => Err(Error::new(ErrorKind::ConnectionLost, format!("{host} has no address"))),
            Ok(Err(error)) => Err(Error::new(ErrorKind::ConnectionLost, format!("cannot resolve {host}: {error}"))),
            Err(RecvTimeoutError::Timeout) => {
                self.running = Some(answers);
                Err(Error::new(
                    ErrorKind::ConnectionLost,
                    format!("resolving {host} took longer than the connect timeout"),
                ))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(Error::new(ErrorKind::System, format!("the look-up of {host} ended without an answer")))
            }
        }
    }
}

fn start(host: String, port: u16) -> Result<Receiver<Answer>> {
    let (sender, answers) = crossbeam_channel::bounded(1);
    std::thread::Builder::new()
        .name("rr-resolver".into())
        .spawn(move || {
            let _ = sender.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
        })
        .map_err(|error| Error::new(ErrorKind::System, format!("cannot start a resolver thread: {error}")))?;
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::wake::Waker;
    use crate::time::Deadline;
    use std::sync::atomic::AtomicBool;

    fn resolve(resolver: &mut Resolver, host: &str, timeout: Duration, is_abandoned: bool) -> Result<Vec<SocketAddr>> {
        let (waker, abandoned) = (Waker::new().unwrap(), AtomicBool::new(is_abandoned));
        let attempt = Attempt {
            deadline: Deadline::within(timeout),
            limit: "the connect timeout",
            waker: Some(&waker),
            abandoned: &abandoned,
        };
        resolver.resolve(host, 7, &attempt)
    }

    #[test]
    fn a_numeric_address_needs_no_look_up() {
        let mut resolver = Resolver::default();
        let addresses = resolve(&mut resolver, "127.0.0.1", Duration::ZERO, false).unwrap();
        assert_eq!(addresses, ["127.0.0.1:7".parse::<SocketAddr>().unwrap()]);
        let addresses = resolve(&mut resolver, "::1", Duration::ZERO, false).unwrap();
        assert_eq!(addresses, ["[::1]:7".parse::<SocketAddr>().unwrap()]);
    }

    #[test]
    fn a_look_up_that_outlives_its_deadline_is_named() {
        let mut resolver = Resolver::default();
        let (_sender, never) = crossbeam_channel::bounded(1);
        resolver.running = Some(never);
        let error = resolve(&mut resolver, "name.invalid", Duration::from_millis(5), false).unwrap_err();
        assert!(error.message.contains("name.invalid"), "{error}");
        assert!(resolver.running.is_some());
    }

    #[test]
    fn a_look_up_that_nobody_wants_any_more_is_not_waited_for() {
        let mut resolver = Resolver::default();
        let (_sender, never) = crossbeam_channel::bounded(1);
        resolver.running = Some(never);
        let error = resolve(&mut resolver, "name.invalid", Duration::from_secs(3600), true).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Closed);
    }
}
