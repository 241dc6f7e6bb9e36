//! A TLS session on a connected socket. Owns the records: what was encrypted and not sent, received and not decrypted,
//! decrypted and not taken.
//!
//! One thread may send while another receives. Each does its system calls alone; they share the session itself for as
//! long as it takes to encrypt or decrypt. It makes no system call of its own and never reconnects. A record is the
//! least that a server can read, so bytes count as sent when the last byte of their record was.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{ClientConfig, Error as TlsError};

use crate::error::{Error, ErrorKind};
use crate::net::certificate;
use crate::sync::Mutex;

/// The most plaintext in a record, which is what the protocol allows.
const RECORD: usize = 16 << 10;
/// The most plaintext that is encrypted ahead of sending it.
const AHEAD: usize = 4 * RECORD;
/// More than any record has besides its plaintext.
const OVERHEAD: usize = 256;
/// How much is received at once.
const RECEIVE: usize = AHEAD + 4 * OVERHEAD;

/// See above.
pub struct Tls {
    session: Mutex<Session>,
    incoming: Mutex<Incoming>,
    outgoing: Mutex<Outgoing>,
    /// Something was decrypted and not taken.
    has_unread: AtomicBool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

struct Session {
    connection: UnbufferedClientConnection,
    /// What the protocol itself has to say, encrypted already; it goes before what is encrypted next.
    own_words: Vec<u8>,
    /// What has come of a message of the protocol that is not complete, a copy: rustls knows it for begun, and has to see
    /// it also by whoever encrypts.
    begun: Vec<u8>,
    /// Why it is of no use any more: rustls must not be asked again.
    failure: Option<TlsError>,
}

#[derive(Default)]
struct Incoming {
    raw: Vec<u8>,
    /// What was decrypted beyond what was asked for.
    plain: Vec<u8>,
    used: usize,
    has_ended: bool,
    /// Why there is nothing more, to be told when all that came before was taken.
    failure: Option<TlsError>,
}

#[derive(Default)]
struct Outgoing {
    /// As long as it ever had to be, so that room is not made again for each record.
    raw: Vec<u8>,
    /// How much of it is encrypted.
    filled: usize,
    sent: usize,
    /// Where each record ends, and how much plaintext it carries.
    records: VecDeque<(usize, usize)>,
}

impl Tls {
    /// A session with `name` in which nothing was said yet.
    pub fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, TlsError> {
        let connection = UnbufferedClientConnection::new(config, name)?;
        Ok(Tls {
            session: Mutex::new(Session { connection, own_words: Vec::new(), begun: Vec::new(), failure: None }),
            incoming: Mutex::default(),
            outgoing: Mutex::default(),
            has_unread: AtomicBool::new(false),
        })
    }

    /// Is the handshake still going on?
    pub fn is_handshaking(&self) -> bool {
        self.session.lock().connection.is_handshaking()
    }

    /// The version and the cipher that were agreed on, and whether an earlier session was resumed.
    pub fn terms(&self) -> String {
        let session = self.session.lock();
        let version = session.connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
        let suite = session.connection.negotiated_cipher_suite();
        let cipher = suite.and_then(|suite| suite.suite().as_str()).unwrap_or("unknown cipher");
        let resumed = session.connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        format!("{version} with {cipher}{}", if resumed { ", resumed" } else { "" })
    }

    /// Was something decrypted that was not taken? The socket does not show that.
    pub fn has_unread(&self) -> bool {
        self.has_unread.load(Ordering::Acquire)
    }

    /// Goes on with the handshake as far as what was received allows, and gives what is to be sent for it.
    pub fn shake_hands(&self) -> Result<Vec<u8>, TlsError> {
        let mut incoming = self.incoming.lock();
        let mut session = self.session.lock();
        let ended = session.digest(&mut incoming, &mut Vec::new(), 0);
        self.has_unread.store(!incoming.plain.is_empty(), Ordering::Release);
        let words = std::mem::take(&mut session.own_words);
        match ended {
            Ok(()) => Ok(words),
            Err(error) => {
                session.own_words = words;
                Err(error)
            }
        }
    }

    /// What there is to tell the server about the end of the session, an alert if it failed.
    pub fn last_words(&self) -> Vec<u8> {
        let Some(outgoing) = self.outgoing.try_lock() else { return Vec::new() };
        if outgoing.sent < outgoing.filled {
            // A record would be torn.
            return Vec::new();
        }
        let mut session = self.session.lock();
        let mut notice = [0; OVERHEAD];
        let mut length = 0;
        let _ = session.advance_in_between(|state, _| {
            if let ConnectionState::WriteTraffic(mut traffic) = state {
                length = traffic.queue_close_notify(&mut notice).unwrap_or(0);
            }
        });
        let mut words = std::mem::take(&mut session.own_words);
        words.extend_from_slice(notice.get(..length).unwrap_or_default());
        words
    }

    /// Takes in what `receive` appends, for the handshake.
    pub fn feed(&self, receive: impl FnOnce(&mut Vec<u8>, usize) -> io::Result<usize>) -> io::Result<usize> {
        receive(&mut self.incoming.lock().raw, RECEIVE)
    }

    /// Appends up to `most` decrypted bytes to `into`: how many; 0 at the end of the stream. `receive` appends what the
    /// socket has; it may wait for it if its last argument says so, once.
    pub fn receive(
        &self,
        into: &mut Vec<u8>,
        most: usize,
        receive: impl Fn(&mut Vec<u8>, usize, bool) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut may_wait = true;
        let mut guard = self.incoming.lock();
        let incoming = &mut *guard;
        into.reserve_exact(most);
        loop {
            let rest = incoming.plain.get(incoming.used..).unwrap_or_default();
            if !rest.is_empty() {
                let count = rest.len().min(most);
                into.extend_from_slice(rest.get(..count).unwrap_or_default());
                incoming.used += count;
                if incoming.used == incoming.plain.len() {
                    incoming.plain.clear();
                    incoming.used = 0;
                }
                self.has_unread.store(incoming.used > 0, Ordering::Release);
                return Ok(count);
            }
            // What is left of the last time is a part of a record.
            if let Some(error) = incoming.failure.take() {
                return Err(broken(error));
            }
            if incoming.has_ended || receive(&mut incoming.raw, RECEIVE, std::mem::take(&mut may_wait))? == 0 {
                return Ok(0);
            }
            let before = into.len();
            let ended = self.session.lock().digest(incoming, into, most);
            match ended {
                Ok(()) => {}
                Err(error) if into.len() == before => return Err(broken(error)),
                // What came before it first.
                Err(error) => incoming.failure = Some(error),
            }
            if into.len() > before {
                if !incoming.plain.is_empty() {
                    self.has_unread.store(true, Ordering::Release);
                }
                return Ok(into.len() - before);
            }
        }
    }

    /// Encrypts the first of `bytes`, unless that was done before, and gives records to `send`: how many of `bytes` are
    /// in records that were sent to their last byte. `WouldBlock` when none were. Until they all were, the next call
    /// must begin with the same bytes.
    pub fn send(&self, bytes: &[u8], send: impl FnOnce(&[u8]) -> io::Result<usize>) -> io::Result<usize> {
        let mut outgoing = self.outgoing.lock();
        let outgoing = &mut *outgoing;
        if outgoing.sent == outgoing.filled {
            (outgoing.filled, outgoing.sent) = (0, 0);
            let ahead = bytes.get(..AHEAD.min(bytes.len())).unwrap_or_default();
            self.session.lock().encrypt(ahead, outgoing).map_err(broken)?;
        }
        outgoing.sent += send(outgoing.raw.get(outgoing.sent..outgoing.filled).unwrap_or_default())?;
        let mut count = 0;
        while let Some((end, plain)) = outgoing.records.front().copied()
            && end <= outgoing.sent
        {
            outgoing.records.pop_front();
            count += plain;
        }
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }
}

impl Session {
    /// Goes through what was received until nothing more comes of it. Appends up to `most` decrypted bytes to `into`;
    /// what is beyond is kept.
    fn digest(&mut self, incoming: &mut Incoming, into: &mut Vec<u8>, most: usize) -> Result<(), TlsError> {
        let Incoming { raw, plain, has_ended, .. } = incoming;
        let mut done = 0;
        let mut room = most;
        let ended = loop {
            let mut goes_on = false;
            let rest = raw.get_mut(done..).unwrap_or_default();
            let advanced = self.advance(rest, |state, _| match state {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        let (now, later) = record.payload.split_at(room.min(record.payload.len()));
                        into.extend_from_slice(now);
                        plain.extend_from_slice(later);
                        room -= now.len();
                    }
                    goes_on = true;
                }
                ConnectionState::PeerClosed | ConnectionState::Closed => *has_ended = true,
                _ => {}
            });
            match advanced {
                Ok(count) => done += count,
                Err(error) => break Err(error),
            }
            // Behind the last byte there is nothing but what the protocol has to say, which whoever sends next asks for.
            if !goes_on || done == raw.len() {
                break Ok(());
            }
        };
        if done == raw.len() {
            raw.clear();
        } else {
            raw.drain(..done);
        }
        self.begun.clear();
        // What is left begins with a part of a record, or else with records that hold a part of a message.
        if begins_with_a_record(raw) {
            self.begun.extend_from_slice(raw);
        }
        ended
    }

    /// One step without anything that was received since the last one.
    fn advance_in_between(
        &mut self,
        hand_on: impl FnMut(ConnectionState<'_, '_, rustls::client::ClientConnectionData>, &mut Vec<u8>),
    ) -> Result<(), TlsError> {
        let mut begun = std::mem::take(&mut self.begun);
        let advanced = self.advance(&mut begun, hand_on);
        self.begun = begun;
        advanced.map(|_| ())
    }

    /// One step on `raw`, of which it returns how much is done with. Says by itself what the protocol demands, into
    /// `own_words`, and hands on any other state, and them.
    fn advance(
        &mut self,
        raw: &mut [u8],
        mut hand_on: impl FnMut(ConnectionState<'_, '_, rustls::client::ClientConnectionData>, &mut Vec<u8>),
    ) -> Result<usize, TlsError> {
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        let mut done = 0;
        loop {
            let rest = raw.get_mut(done..).unwrap_or_default();
            let UnbufferedStatus { discard, state } = self.connection.process_tls_records(rest);
            done += discard;
            match state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let at = self.own_words.len();
                    let mut room = RECORD + OVERHEAD;
                    loop {
                        self.own_words.resize(at + room, 0);
                        match data.encode(self.own_words.get_mut(at..).unwrap_or_default()) {
                            Ok(length) => {
                                self.own_words.truncate(at + length);
                                break;
                            }
                            Err(EncodeError::InsufficientSize(need)) if need.required_size > room => {
                                room = need.required_size;
                            }
                            Err(error) => return Err(TlsError::General(error.to_string())),
                        }
                    }
                }
                // It is on its way: whoever sends next sends it first.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(state) => {
                    hand_on(state, &mut self.own_words);
                    return Ok(done);
                }
                Err(error) => {
                    self.collect_alert(raw.get_mut(done..).unwrap_or_default());
                    self.failure = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }

    /// What the server is told about an error.
    fn collect_alert(&mut self, rest: &mut [u8]) {
        if let Ok(ConnectionState::EncodeTlsData(mut data)) = self.connection.process_tls_records(rest).state {
            let mut alert = [0; OVERHEAD];
            let length = data.encode(&mut alert).unwrap_or(0);
            self.own_words.extend_from_slice(alert.get(..length).unwrap_or_default());
        }
    }

    /// Appends `bytes` to what is to be sent, behind what the protocol has to say.
    fn encrypt(&mut self, bytes: &[u8], outgoing: &mut Outgoing) -> Result<(), TlsError> {
        for chunk in bytes.chunks(RECORD) {
            let mut encrypted = Err(TlsError::HandshakeNotComplete);
            self.advance_in_between(|state, own_words| {
                if let ConnectionState::WriteTraffic(mut traffic) = state {
                    outgoing.append(own_words);
                    own_words.clear();
                    let written = traffic.encrypt(chunk, outgoing.room(chunk.len() + OVERHEAD));
                    encrypted = written.map_err(|error| TlsError::General(error.to_string()));
                }
            })?;
            outgoing.filled += encrypted?;
            outgoing.records.push_back((outgoing.filled, chunk.len()));
        }
        Ok(())
    }
}

impl Outgoing {
    /// Room for so many bytes behind what is there.
    fn room(&mut self, length: usize) -> &mut [u8] {
        let end = self.filled + length;
        if end > self.raw.len() {
            self.raw.resize(end, 0);
        }
        self.raw.get_mut(self.filled..end).unwrap_or_default()
    }

    fn append(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.room(bytes.len()).copy_from_slice(bytes);
            self.filled += bytes.len();
        }
    }
}

fn begins_with_a_record(raw: &[u8]) -> bool {
    match raw {
        [_, _, _, high, low, rest @ ..] => rest.len() >= usize::from(u16::from_be_bytes([*high, *low])),
        _ => false,
    }
}

/// What it means that a receive or a send failed with `error`, if it was the session that failed.
pub fn fault(error: &io::Error) -> Option<Error> {
    error.get_ref()?.downcast_ref::<TlsError>().map(explained)
}

/// The same of an error of the session.
pub fn explained(error: &TlsError) -> Error {
    let kind = if certificate::is_lasting(error) { ErrorKind::Tls } else { ErrorKind::ConnectionLost };
    Error::new(kind, certificate::explained(error))
}

fn broken(error: TlsError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests;
