//! A conversation on a socket that nobody else uses: whole commands out, whole replies in, each within its time. Owns
//! what was received and not yet understood.
//!
//! One thread at a time; another one ends it with the socket's `shutdown`, or with the attempt's waker and flag. It sends
//! nothing by itself, never reconnects, and after an error that is no timeout the connection is of no use any more.

use std::io;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::net::socket::{Socket, Wait};
use crate::net::wake::Interest;
use crate::net::{Attempt, failure};
use crate::resp::{Decoder, Limits, Progress, Reply};

/// How much is received at once.
const RECEIVE: usize = 16 << 10;
/// The most that is received at once of a large payload.
const PIECE: usize = 1 << 20;

/// How a record begins in which a server that speaks TLS says what it thinks of other bytes.
const TLS_ALERT: &[u8] = &[0x15, 0x03];

/// What the server said.
#[derive(Debug)]
pub enum Heard {
    /// In answer to the oldest command that has no reply yet.
    Reply(Reply),
    /// Without being asked.
    Push(Reply),
}

/// See above.
pub struct Talk {
    socket: Arc<Socket>,
    decoder: Decoder,
    input: Vec<u8>,
    used: usize,
    /// Something was received ever.
    has_heard: bool,
}

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Talk").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Talk {
    /// Nothing said yet.
    pub fn new(socket: Socket, limits: Limits) -> Self {
        Talk { socket: Arc::new(socket), decoder: Decoder::new(limits), input: Vec::new(), used: 0, has_heard: false }
    }

    /// The socket, to be ended or watched.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Ends the conversation and gives the socket back. What was not listened to is lost.
    pub fn into_socket(self) -> Arc<Socket> {
        self.socket
    }

    /// Has something come beyond what was listened to?
    pub fn has_unread(&self) -> bool {
        self.used < self.input.len() || self.socket.has_unread()
    }

    /// Has the server said nothing that was not listened to, not even that the connection is over?
    pub fn is_quiet(&mut self) -> bool {
        // Over TLS the protocol itself may have had something to say, so a look at the socket is not enough.
        !self.has_unread() && matches!(self.receive(), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Did the server ever say anything?
    pub fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Hands all of the bytes to the kernel.
    pub fn send(&mut self, bytes: &[u8], attempt: &Attempt<'_>) -> Result<()> {
        self.send_counted(bytes, &mut 0, attempt)
    }

    /// The same; `sent` grows by what the kernel took, also when it fails.
    pub fn send_counted(&mut self, bytes: &[u8], sent: &mut usize, attempt: &Attempt<'_>) -> Result<()> {
        attempt.send_all(&self.socket, bytes, sent)
    }

    /// What the server says next. After a timeout it can be asked again: nothing is lost.
    pub fn listen(&mut self, attempt: &Attempt<'_>) -> Result<Heard> {
        loop {
            let rest = self.input.get(self.used..).unwrap_or_default();
            match self.decoder.decode(rest) {
                Ok((count, Progress::Reply(reply))) => {
                    self.used += count;
                    return Ok(Heard::Reply(reply));
                }
                Ok((count, Progress::Push(push))) => {
                    self.used += count;
                    return Ok(Heard::Push(push));
                }
                Ok((count, Progress::NeedMore)) => self.used += count,
                Err(_) if self.socket.tls().is_none() && rest.starts_with(TLS_ALERT) => {
                    let text = "the server speaks TLS on this port: use a URL with rediss://, or set \"tls\" to true";
                    return Err(Error::new(ErrorKind::Tls, text));
                }
                Err(error) => return Err(Error::new(ErrorKind::Protocol, error.to_string())),
            }
            match self.receive() {
                Ok(0) => return Err(lost("the server closed the connection")),
                Ok(_) => self.has_heard = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    attempt.wait(&self.socket, Interest { readable: true, writable: false })?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failure(&error, "")),
            }
        }
    }

    /// The next reply; pushes before it are passed over.
    pub fn reply(&mut self, attempt: &Attempt<'_>) -> Result<Reply> {
        loop {
            if let Heard::Reply(reply) = self.listen(attempt)? {
                return Ok(reply);
            }
        }
    }

    /// All of the input was decoded.
    fn receive(&mut self) -> io::Result<usize> {
        self.input.clear();
        self.used = 0;
        if let Some((payload, missing)) = self.decoder.direct() {
            let spare = payload.capacity() - payload.len();
            let most = if spare == 0 { missing.min(PIECE) } else { missing.min(spare) };
            return self.socket.receive(payload, most, Wait::No);
        }
        self.socket.receive(&mut self.input, RECEIVE, Wait::No)
    }
}

fn lost(cause: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, cause)
}
