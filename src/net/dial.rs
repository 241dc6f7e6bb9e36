//! An address becomes a connected socket. Owns the order of attempts within one connect deadline.
//!
//! Runs on the supervisor's thread. It resolves anew each time, tries each address in turn and gives each its share of
//! the time that is left; it speaks no RESP and keeps nothing.

use socket2::{Domain, SockAddr, Socket as Socket2, Type};

use crate::config::{Address, Config};
use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;
use crate::net::resolve::Resolver;
use crate::net::socket::Socket;
use crate::net::wake::Interest;

/// Makes connected sockets.
#[derive(Debug, Default)]
pub struct Dialer {
    resolver: Resolver,
}

impl Dialer {
    /// A connected and configured socket, or why there is none by the attempt's deadline.
    pub fn dial(&mut self, config: &Config, attempt: &Attempt<'_>) -> Result<Socket> {
        match &config.address {
            Address::Tcp { host, port } => {
                let addresses = self.resolver.resolve(host, *port, attempt)?;
                let mut failure = None;
                for (tried, address) in addresses.iter().enumerate() {
                    let shares = u32::try_from(addresses.len() - tried).unwrap_or(1);
                    let share = attempt.deadline.remaining().unwrap_or(config.connect_timeout) / shares;
                    if share.is_zero() {
                        break;
                    }
                    let name = format!("{host}:{port} ({address})");
                    match connect(&SockAddr::from(*address), &attempt.shortened(share), &name) {
                        Ok(socket) => return finish(Socket::tcp(socket), config, &name),
                        Err(error) => failure = Some(error),
                    }
                }
                Err(failure.unwrap_or_else(|| unreachable(&format!("{host}:{port}"), "the connect timeout passed")))
            }
            Address::Unix(path) => {
                let name = path.display().to_string();
                let address = SockAddr::unix(path).map_err(|error| unreachable(&name, &error.to_string()))?;
                let socket = connect(&address, attempt, &name)?;
                finish(Socket::unix(socket), config, &name)
            }
        }
    }
}

fn unreachable(name: &str, cause: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, format!("cannot connect to {name}: {cause}"))
}

fn connect(address: &SockAddr, attempt: &Attempt<'_>, name: &str) -> Result<Socket2> {
    let system = |error: std::io::Error| Error::new(ErrorKind::System, format!("cannot make a socket: {error}"));
    let inner = Socket2::new(Domain::from(i32::from(address.family())), Type::STREAM, None).map_err(system)?;
    inner.set_nonblocking(true).map_err(system)?;
    match inner.connect(address) {
        Ok(()) => return Ok(inner),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        Err(error) => return Err(unreachable(name, &error.to_string())),
    }
    let socket = Socket::tcp(inner);
    loop {
        let ready = attempt.wait(&socket, Interest { readable: false, writable: true })?;
        if ready.writable || ready.hung_up {
            break;
        }
    }
    let inner = socket.into_inner();
    match inner.take_error() {
        Ok(None) => Ok(inner),
        Ok(Some(error)) | Err(error) => Err(unreachable(name, &error.to_string())),
    }
}

fn finish(socket: Socket, config: &Config, name: &str) -> Result<Socket> {
    if socket.is_connected_to_itself() {
        socket.reset_on_close();
        return Err(unreachable(name, "the connection reached itself, nobody listens there"));
    }
    socket.configure(config).map_err(|error| unreachable(name, &error.to_string()))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::wake::Waker;
    use crate::time::Deadline;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    #[test]
    fn a_tcp_self_connect_is_noticed() {
        // A socket that connects to the port it is bound to reaches itself.
        let socket = Socket2::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        let own = socket.local_addr().unwrap();
        socket.connect(&own).unwrap();
        let error = finish(Socket::tcp(socket), &Config::default(), "itself").unwrap_err();
        assert!(error.message.contains("reached itself"), "{error}");
    }

    #[test]
    fn nobody_listening_is_named() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = Config { address: Address::Tcp { host: "127.0.0.1".into(), port }, ..Config::default() };
        let (waker, abandoned) = (Waker::new().unwrap(), AtomicBool::new(false));
        let attempt = Attempt {
            deadline: Deadline::within(Duration::from_secs(1)),
            limit: "the connect timeout",
            waker: Some(&waker),
            abandoned: &abandoned,
        };
        let error = Dialer::default().dial(&config, &attempt).unwrap_err();
        assert!(error.message.contains(&port.to_string()), "{error}");
    }
}
