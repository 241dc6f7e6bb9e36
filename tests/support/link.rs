//! What the fixture speaks with the client under test: plain RESP, or the same over TLS when RR_TEST_LINK=tls is set.
//!
//! Over TLS every server has a TLS port, and proxies and scripted servers end TLS themselves: what they look at, count and
//! cut is what was said, as it is without.

use super::certificates::{Authority, VALID};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};

/// The most plaintext in a record.
const RECORD: usize = 16 << 10;

/// Does the fixture speak TLS with clients?
pub fn is_tls() -> bool {
    static IS_TLS: OnceLock<bool> = OnceLock::new();
    *IS_TLS.get_or_init(|| match std::env::var("RR_TEST_LINK").as_deref() {
        Ok("tls") => true,
        Ok("" | "plain") | Err(_) => false,
        Ok(other) => panic!("RR_TEST_LINK={other}: it takes tls or plain"),
    })
}

/// The URL of what listens there and speaks what the fixture speaks.
pub fn url(address: SocketAddr) -> String {
    if is_tls() { Authority::common().url(address) } else { format!("redis://{address}/") }
}

/// The URL of a name that a look-up of the test's own knows.
pub fn url_of(name: &str) -> String {
    if !is_tls() {
        return format!("redis://{name}/");
    }
    format!("rediss://{name}/?tls_ca_file={}&tls_server_name=localhost", Authority::common().file().display())
}

/// The server's end of a session.
pub(super) fn session() -> ServerConnection {
    static CONFIG: OnceLock<Arc<ServerConfig>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let certified = Authority::common().issue(&["localhost", "127.0.0.1"], VALID);
        let certificate = CertificateDer::from_pem_file(&certified.certificate).expect("our own certificate");
        let key = PrivateKeyDer::from_pem_file(&certified.key).expect("our own key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![certificate], key).expect("a certificate with its key"))
    });
    ServerConnection::new(config.clone()).expect("a session")
}

/// A non-blocking socket on which bytes are read and written as they are meant, whatever protects them on the way.
pub(super) struct Stream {
    socket: TcpStream,
    session: Option<Box<ServerConnection>>,
    /// How many bytes are in records that the socket has not taken whole.
    offered: usize,
    /// Bytes were received that were not read, which the socket does not show.
    has_unread: bool,
}

impl Stream {
    /// A client's connection.
    pub(super) fn accepted(socket: TcpStream) -> Self {
        Self { socket, session: is_tls().then(|| Box::new(session())), offered: 0, has_unread: false }
    }

    /// A connection to a server, which is never protected.
    pub(super) fn dialled(socket: TcpStream) -> Self {
        Self { socket, session: None, offered: 0, has_unread: false }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(super) fn into_socket(self) -> TcpStream {
        self.socket
    }

    /// How many bytes were offered to [`Self::write`] and are on their way in part.
    pub(super) fn offered(&self) -> usize {
        self.offered
    }

    pub(super) fn has_unread(&self) -> bool {
        self.has_unread
    }

    /// Must something be written that nobody has asked for?
    pub(super) fn wants_write(&self) -> bool {
        self.offered == 0 && self.session.as_ref().is_some_and(|session| session.wants_write())
    }

    /// Goes on with the handshake; true when there is nothing left of it.
    pub(super) fn is_ready(&mut self) -> io::Result<bool> {
        let Some(session) = &mut self.session else { return Ok(true) };
        while session.is_handshaking() {
            flush(session, &mut self.socket)?;
            match session.read_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {
                    let processed = session.process_new_packets();
                    // Also an alert that says what was wrong.
                    flush(session, &mut self.socket)?;
                    processed.map_err(io::Error::other)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.offered == 0 {
            flush(session, &mut self.socket)?;
        }
        Ok(true)
    }

    /// As of a socket: 0 at its end, and not when the client only says that it will end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.read(buffer) };
        loop {
            match session.reader().read(buffer) {
                Ok(0) => return self.socket.read(buffer).map(|_| 0),
                Ok(length) => {
                    let left = session.process_new_packets().map_or(0, |state| state.plaintext_bytes_to_read());
                    self.has_unread = left > 0;
                    return Ok(length);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The end without a word before it.
                Err(_) => return Ok(0),
            }
            session.read_tls(&mut self.socket)?;
            session.process_new_packets().map_err(io::Error::other)?;
        }
    }

    /// As of a socket, but that the bytes of a record count when its last one was taken. After `WouldBlock` the next call
    /// must begin with the same bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.write(bytes) };
        if self.offered == 0 {
            // What is left of the session's own words goes first, and must not count.
            flush_all(session, &mut self.socket)?;
            self.offered = session.writer().write(&bytes[..bytes.len().min(RECORD)])?;
        }
        flush_all(session, &mut self.socket)?;
        Ok(std::mem::take(&mut self.offered))
    }

    /// Ends what is written.
    pub(super) fn shut(&mut self) -> io::Result<()> {
        if let (Some(session), 0) = (&mut self.session, self.offered) {
            session.send_close_notify();
            flush(session, &mut self.socket)?;
        }
        self.socket.shutdown(Shutdown::Write)
    }
}

/// Writes what the session has to say, as far as the socket takes it.
fn flush(session: &mut ServerConnection, socket: &mut TcpStream) -> io::Result<()> {
    match flush_all(session, socket) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        ended => ended,
    }
}

fn flush_all(session: &mut ServerConnection, socket: &mut TcpStream) -> io::Result<()> {
    while session.wants_write() {
        match session.write_tls(socket) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            ended => drop(ended?),
        }
    }
    Ok(())
}
