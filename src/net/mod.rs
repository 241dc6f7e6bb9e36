//! Net: an address becomes a ready socket.
//!
//! `connect` is the whole way. On it `resolve` turns names into addresses within a deadline, `dial` makes a connected
//! socket of one of them, `tls` protects it (`trust` says by whose certificates, `certificate` examines the server's),
//! `talk` is a conversation on a socket that nobody else uses, `handshake` the one that makes the server ready for
//! commands in one round trip, `credentials` are those that the program gives for it, `standing` is what the server says of
//! itself there, `demand` what role it must have, `notice` what it announces later, `replicas`
//! are those that follow it.
//! `oracle` asks what may take long, `socket` and `wake` hold the system calls, `beacon` is what a program's own loop
//! watches. Never retries.

pub mod beacon;
mod certificate;
pub mod connect;
pub mod credentials;
pub mod demand;
mod dial;
pub mod handshake;
pub mod notice;
pub mod oracle;
pub mod replicas;
pub mod resolve;
#[allow(unsafe_code, reason = "system calls that no safe wrapper offers without touching the received bytes twice")]
pub mod socket;
pub mod standing;
pub mod talk;
mod tls;
mod trust;
#[allow(unsafe_code, reason = "eventfd and poll")]
pub mod wake;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;
use socket::Socket;
use wake::{Interest, Ready, Waker};

/// One attempt at a connection, or at something on one: how long it may take, and how another thread ends it early.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// When it has failed.
    pub deadline: Deadline,
    /// What to call that in a message: "the connect timeout".
    pub limit: &'static str,
    /// Woken when there is something to look at, `abandoned` among it.
    pub waker: Option<&'a Waker>,
    /// Set when nobody wants the connection any more.
    pub abandoned: &'a AtomicBool,
}

impl Attempt<'_> {
    /// The same attempt with `share` of the time at most.
    fn shortened(self, share: Duration) -> Self {
        Attempt { deadline: self.deadline.min(Deadline::within(share)), ..self }
    }

    /// Hands all of the bytes to the kernel; `sent` grows by what it took, also when it fails.
    fn send_all(&self, socket: &Socket, mut bytes: &[u8], sent: &mut usize) -> Result<()> {
        while !bytes.is_empty() {
            match socket.send(bytes) {
                Ok(count) => {
                    *sent += count;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.wait(socket, Interest { readable: false, writable: true })?;
                }
                Err(error) => return Err(failure(&error, "")),
            }
        }
        Ok(())
    }

    /// Waits for the socket; an error when the deadline passes or the attempt is abandoned.
    fn wait(&self, socket: &Socket, interest: Interest) -> Result<Ready> {
        if self.abandoned.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the client is being closed"));
        }
        if self.deadline.has_passed() {
            return Err(Error::new(ErrorKind::Timeout, format!("{} passed", self.limit)));
        }
        Ok(wake::wait(self.waker, Some((socket, interest)), self.deadline.remaining()))
    }
}

/// What it means that receiving or sending failed. `doing` says which, where it is not the session of TLS that failed.
pub fn failure(error: &std::io::Error, doing: &str) -> Error {
    tls::fault(error).unwrap_or_else(|| Error::new(ErrorKind::ConnectionLost, format!("{doing}{error}")))
}

/// Why there is no ready connection.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Nobody answers, or not in time: the network, the process, the name.
    Unreachable(Error),
    /// The server is there and not ready: loading, a replica without its primary, no client slot free.
    NotNow(Error),
    /// The credentials are wrong. Asking again soon does not help.
    Credentials(Error),
    /// The server refuses what was configured (a database it does not have, a protocol it does not speak).
    Misfit(Error),
}

impl Refusal {
    /// The failure behind it.
    pub fn error(&self) -> &Error {
        match self {
            Refusal::Unreachable(error)
            | Refusal::NotNow(error)
            | Refusal::Credentials(error)
            | Refusal::Misfit(error) => error,
        }
    }

    /// Would asking again soon be hammering?
    pub fn is_lasting(&self) -> bool {
        matches!(self, Refusal::Credentials(_) | Refusal::Misfit(_))
    }
}
