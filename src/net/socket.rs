//! A connected stream socket. Owns the descriptor and the system calls of the data path.
//!
//! One thread may send while another receives; `shutdown` from any thread ends both. Sending never blocks; receiving
//! blocks up to the receive timeout when asked to. It knows nothing of RESP, never buffers and never retries anything
//! but an interrupted call.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use socket2::{SockRef, Socket as Socket2, TcpKeepalive};

use crate::config::Config;
use crate::net::tls::Tls;

/// A connected stream socket, TCP or unix.
#[derive(Debug)]
pub struct Socket {
    inner: Socket2,
    is_tcp: bool,
    /// What protects it.
    tls: Option<Box<Tls>>,
}

/// Whether a receive may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Take what is there.
    No,
    /// Wait up to the receive timeout.
    Yes,
}

impl Socket {
    /// Takes over a connected TCP socket.
    pub fn tcp(inner: Socket2) -> Self {
        Socket { inner, is_tcp: true, tls: None }
    }

    /// Takes over a connected unix socket.
    pub fn unix(inner: Socket2) -> Self {
        Socket { inner, is_tcp: false, tls: None }
    }

    /// Gives up the socket without closing it.
    pub fn into_inner(self) -> Socket2 {
        self.inner
    }

    /// Sets what the configuration says about sockets.
    pub fn configure(&self, config: &Config) -> io::Result<()> {
        let socket = SockRef::from(&self.inner);
        socket.set_nonblocking(false)?;
        if self.is_tcp {
            socket.set_tcp_nodelay(config.tcp_nodelay)?;
            if let Some(idle) = config.tcp_keepalive {
                let probe = (idle / 3).max(Duration::from_secs(1));
                let keepalive = TcpKeepalive::new()
                    .with_time(idle.max(Duration::from_secs(1)))
                    .with_interval(probe)
                    .with_retries(3);
                socket.set_tcp_keepalive(&keepalive)?;
            }
            if let Some(limit) = config.tcp_user_timeout {
                socket.set_tcp_user_timeout(Some(limit))?;
            }
        }
        Ok(())
    }

    /// How long a receive with `Wait::Yes` may block.
    pub fn set_receive_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.inner.set_read_timeout(Some(timeout.max(Duration::from_millis(1))))
    }

    /// The same socket with a session over which all goes from now on.
    pub fn protected(self, tls: Tls) -> Self {
        Socket { tls: Some(Box::new(tls)), ..self }
    }

    /// The session that protects it, if one does.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_deref()
    }

    /// Were bytes received already that no wait for the socket would show?
    pub fn has_unread(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_unread())
    }

    /// Hands bytes to the kernel without blocking: how many it took. `WouldBlock` when it takes none; the next call must
    /// then begin with the same bytes.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.send_raw(bytes),
            Some(tls) => tls.send(bytes, |records| self.send_raw(records)),
        }
    }

    /// The same past the session that protects it.
    pub fn send_raw(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            // SAFETY: the descriptor is open as long as `self`, and the pointer and length are those of a slice.
            let sent = unsafe {
                libc::send(
                    self.inner.as_raw_fd(),
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
                )
            };
            if let Ok(count) = usize::try_from(sent) {
                return Ok(count);
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Appends up to `most` received bytes to `into`: how many; 0 at the end of the stream.
    ///
    /// `WouldBlock` when nothing came, `Interrupted` when a signal did.
    pub fn receive(&self, into: &mut Vec<u8>, most: usize, wait: Wait) -> io::Result<usize> {
        match &self.tls {
            None => self.receive_raw(into, most, wait),
            Some(tls) => tls.receive(into, most, |raw, most, may_wait| {
                self.receive_raw(raw, most, if may_wait { wait } else { Wait::No })
            }),
        }
    }

    /// The same past the session that protects it.
    pub fn receive_raw(&self, into: &mut Vec<u8>, most: usize, wait: Wait) -> io::Result<usize> {
        into.reserve_exact(most);
        let flags = if wait == Wait::No { libc::MSG_DONTWAIT } else { 0 };
        // SAFETY: `reserve_exact` made room for `most` bytes behind the vector's length, and nobody else has the vector.
        let end = unsafe { into.as_mut_ptr().add(into.len()) };
        // SAFETY: the descriptor is open as long as `self`; `end` points to at least `most` writable bytes.
        let received = unsafe { libc::recv(self.inner.as_raw_fd(), end.cast(), most, flags) };
        let Ok(count) = usize::try_from(received) else {
            return Err(io::Error::last_os_error());
        };
        let length = into.len() + count;
        // SAFETY: the kernel wrote `count` bytes, at most `most`, behind the former length.
        unsafe { into.set_len(length) };
        Ok(count)
    }

    /// Ends both directions: whoever is blocked in a call on this socket returns.
    pub fn shutdown(&self) {
        if let Some(tls) = &self.tls {
            let _ = self.send_raw(&tls.last_words());
        }
        let _ = self.inner.shutdown(Shutdown::Both);
    }

    /// Makes closing drop what the kernel still holds and reset the connection, so that nothing arrives later.
    pub fn reset_on_close(&self) {
        if self.is_tcp {
            let _ = SockRef::from(&self.inner).set_linger(Some(Duration::ZERO));
        }
    }

    /// Is this a TCP connection that reached itself (its own ephemeral port, on loopback)?
    pub fn is_connected_to_itself(&self) -> bool {
        if !self.is_tcp {
            return false;
        }
        match (self.inner.local_addr(), self.inner.peer_addr()) {
            (Ok(local), Ok(peer)) => local == peer,
            _ => false,
        }
    }

    /// The descriptor, for polling.
    pub fn descriptor(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}
