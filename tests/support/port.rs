//! A loopback port that belongs to this value until it is dropped, whether or not somebody listens on it.
//!
//! A bound socket that does not listen holds the port: a connection to it is refused, the kernel gives it to nobody
//! else (neither to a bind to port 0 nor as the near end of an outgoing connection, which could otherwise connect to
//! itself), and a listener that sets SO_REUSEADDR, as redis-server does, can come and go on top of it.

use super::os;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long somebody else may still hold a listener that was closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reserved port of 127.0.0.1.
pub struct ReservedPort {
    port: u16,
    _holder: OwnedFd,
}

impl ReservedPort {
    pub fn new() -> Self {
        let holder = os::bound_socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free loopback port");
        // The name of a socket is asked for in the same way whatever its state.
        let named = TcpStream::from(holder.try_clone().expect("a second descriptor"));
        let port = named.local_addr().expect("a bound socket has an address").port();
        Self { port, _holder: holder }
    }

    pub fn number(&self) -> u16 {
        self.port
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// A listener on this port; there can be one at a time.
    pub fn listen(&self) -> TcpListener {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match TcpListener::bind(self.address()) {
                Ok(listener) => return listener,
                // A child that another test is starting has a copy of the former listener until it is a redis-server.
                Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("listening on {}: {error}", self.port),
            }
        }
    }
}
