//! An address becomes a connected and configured socket, within the time of one attempt.
//!
//! Runs on the thread that needs the connection. It looks up no names, speaks no RESP and keeps nothing.

use socket2::{Domain, SockAddr, Socket as Socket2, Type};

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;
use crate::net::socket::Socket;
use crate::net::wake::Interest;

/// A connected and configured socket, or why there is none by the attempt's deadline. `name` is what messages call it.
pub fn dial(address: &SockAddr, name: &str, config: &Config, attempt: &Attempt<'_>) -> Result<Socket> {
    let socket = connect(address, attempt, name)?;
    let socket = if address.is_unix() { Socket::unix(socket) } else { Socket::tcp(socket) };
    finish(socket, config, name)
}

/// Why there is no connection to `name`.
pub fn unreachable(name: &str, cause: &str) -> Error {
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
        let address: std::net::SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
        let (waker, abandoned) = (Waker::new().unwrap(), AtomicBool::new(false));
        let attempt = Attempt {
            deadline: Deadline::within(Duration::from_secs(1)),
            limit: "the connect timeout",
            waker: Some(&waker),
            abandoned: &abandoned,
        };
        let error = dial(&SockAddr::from(address), &address.to_string(), &Config::default(), &attempt).unwrap_err();
        assert!(error.message.contains(&port.to_string()), "{error}");
    }
}
