//! Names to addresses within a deadline. Owns the thread that a look-up runs on, because the system's resolver cannot
//! be interrupted.
//!
//! Used by the supervisor alone. At most one look-up runs at a time: one that outlives its deadline is waited for by
//! the next attempt instead of being joined by a second. Numeric addresses need no thread. Nothing is cached.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

type Answer = std::io::Result<Vec<SocketAddr>>;

/// Looks names up.
#[derive(Debug, Default)]
pub struct Resolver {
    running: Option<Receiver<Answer>>,
}

impl Resolver {
    /// The addresses of `host`, in the system's order of preference.
    pub fn resolve(&mut self, host: &str, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let answers = match self.running.take() {
            Some(answers) => answers,
            None => start(host.to_owned(), port)?,
        };
        let left = deadline.remaining().unwrap_or(Duration::from_secs(3600));
        match answers.recv_timeout(left) {
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

    #[test]
    fn a_numeric_address_needs_no_look_up() {
        let mut resolver = Resolver::default();
        let deadline = Deadline::within(Duration::ZERO);
        let addresses = resolver.resolve("127.0.0.1", 7, deadline).unwrap();
        assert_eq!(addresses, ["127.0.0.1:7".parse::<SocketAddr>().unwrap()]);
        assert_eq!(resolver.resolve("::1", 7, deadline).unwrap(), ["[::1]:7".parse::<SocketAddr>().unwrap()]);
    }

    #[test]
    fn a_look_up_that_outlives_its_deadline_is_named() {
        let mut resolver = Resolver::default();
        let (_sender, never) = crossbeam_channel::bounded(1);
        resolver.running = Some(never);
        let error = resolver.resolve("name.invalid", 7, Deadline::within(Duration::from_millis(5))).unwrap_err();
        assert!(error.message.contains("name.invalid"), "{error}");
        assert!(resolver.running.is_some());
    }
}
