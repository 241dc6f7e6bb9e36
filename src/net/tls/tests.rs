//! The session against a server in memory: what counts as sent, what is received, and what comes in parts.

use super::*;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use std::cell::RefCell;
use std::io::{Read as _, Write as _};

/// A server in memory, and a session with it.
struct Pair {
    tls: Tls,
    server: ServerConnection,
    /// What the server says and the client has not taken.
    wire: RefCell<VecDeque<u8>>,
    /// What the server has understood.
    heard: Vec<u8>,
}

impl Pair {
    fn new(version: &'static rustls::SupportedProtocolVersion, fragment: Option<usize>) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = CertificateDer::from(made.cert.der().to_vec());
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_protocol_versions(&[version]).unwrap().with_no_client_auth();
        let mut config = builder.with_single_cert(vec![certificate.clone()], key).unwrap();
        config.max_fragment_size = fragment;
        let server = ServerConnection::new(Arc::new(config)).unwrap();
        let mut trusted = RootCertStore::empty();
        trusted.add(certificate).unwrap();
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let config = builder.with_root_certificates(trusted).with_no_client_auth();
        let tls = Tls::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
        Pair { tls, server, wire: RefCell::default(), heard: Vec::new() }
    }

    /// After the handshake, with everything read that the server says of itself.
    fn ready(version: &'static rustls::SupportedProtocolVersion) -> Self {
        let mut pair = Pair::new(version, None);
        pair.shake_hands();
        let error = pair.receive(&mut Vec::new(), 100, usize::MAX).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        pair
    }

    fn shake_hands(&mut self) {
        while self.tls.is_handshaking() {
            let words = self.tls.shake_hands().unwrap();
            self.server_takes(&words);
            self.server_speaks();
            if self.tls.is_handshaking() {
                self.tls.feed(|raw, most| self.take(raw, most)).unwrap();
            }
        }
        let words = self.tls.shake_hands().unwrap();
        self.server_takes(&words);
        self.server_speaks();
    }

    fn take(&self, raw: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let mut wire = self.wire.borrow_mut();
        let count = wire.len().min(most);
        raw.extend(wire.drain(..count));
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    /// Receives up to `most` bytes, the socket giving `piece` at once.
    fn receive(&self, into: &mut Vec<u8>, most: usize, piece: usize) -> io::Result<usize> {
        self.tls.receive(into, most, |raw, room, _| self.take(raw, room.min(piece)))
    }

    fn server_takes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.server.read_tls(&mut bytes).unwrap();
            self.server.process_new_packets().unwrap();
            match self.server.reader().read_to_end(&mut self.heard) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => panic!("{error}"),
                _ => {}
            }
        }
    }

    fn server_speaks(&mut self) {
        let mut said = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut said).unwrap();
        }
        self.wire.borrow_mut().extend(said);
    }

    fn server_says(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(16 << 10) {
            self.server.writer().write_all(part).unwrap();
            self.server_speaks();
        }
    }

    /// What the server has understood since the last time.
    fn heard(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.heard)
    }
}

const VERSIONS: [&rustls::SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from(place * 7 % 251).unwrap()).collect()
}

#[test]
fn what_counts_as_sent_is_what_the_server_can_read() {
    for version in VERSIONS {
        let mut pair = Pair::ready(version);
        let all = bytes(3 * AHEAD + 5);
        for piece in [1, 100, RECORD + 1, 3 * RECORD, usize::MAX] {
            let (mut sent, mut heard) = (0, Vec::new());
            while sent < all.len() {
                let mut flown = Vec::new();
                let took = pair.tls.send(&all[sent..], |raw| {
                    // One byte at a time is tedious in the middle of things.
                    let few = if piece == 1 && (40..15_000).contains(&(raw.len() % RECORD)) { 5000 } else { piece };
                    let count = few.min(raw.len());
                    flown.extend_from_slice(&raw[..count]);
                    Ok(count)
                });
                match took {
                    Ok(count) => sent += count,
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
                pair.server_takes(&flown);
                heard.extend(pair.heard());
                assert_eq!(sent, heard.len(), "pieces of {piece}");
            }
            assert!(heard == all, "pieces of {piece}");
        }
    }
}

#[test]
fn a_socket_that_takes_nothing_has_sent_nothing_and_nothing_is_said_twice() {
    let mut pair = Pair::ready(&rustls::version::TLS13);
    for _ in 0..3 {
        let error = pair.tls.send(b"once", |_| Err(io::ErrorKind::WouldBlock.into())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
    let mut flown = Vec::new();
    let count = pair.tls.send(b"once and more", |raw| {
        flown.extend_from_slice(raw);
        Ok(raw.len())
    });
    // What was encrypted before is what goes.
    assert_eq!(count.unwrap(), 4);
    pair.server_takes(&flown);
    assert_eq!(pair.heard(), b"once");
}

#[test]
fn no_more_is_received_than_asked_for_and_the_rest_is_known_to_be_there() {
    for version in VERSIONS {
        for piece in [1, 7, 5000, usize::MAX] {
            let mut pair = Pair::ready(version);
            let all = bytes(40_000);
            pair.server_says(&all);
            let mut received = Vec::new();
            for most in [1, 10, 1000, 16 << 10].into_iter().cycle() {
                match pair.receive(&mut received, most, piece) {
                    Ok(count) => assert!((1..=most).contains(&count), "{count} of {most}"),
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                        break;
                    }
                }
                let decrypted = pair.wire.borrow().is_empty() && received.len() < all.len();
                assert!(pair.tls.has_unread() || !decrypted, "pieces of {piece}, {} received", received.len());
            }
            assert!(received == all && !pair.tls.has_unread(), "pieces of {piece}");
        }
    }
}

#[test]
fn the_end_that_a_server_tells_is_an_end_behind_all_that_it_said() {
    for version in VERSIONS {
        let mut pair = Pair::ready(version);
        pair.server_says(b"last words");
        pair.server.send_close_notify();
        pair.server_speaks();
        let mut received = Vec::new();
        assert_eq!(pair.receive(&mut received, 4, usize::MAX).unwrap(), 4);
        assert_eq!(pair.receive(&mut received, 100, usize::MAX).unwrap(), 6);
        assert_eq!(received, b"last words");
        for _ in 0..2 {
            assert_eq!(pair.receive(&mut received, 100, usize::MAX).unwrap(), 0);
        }
    }
}

#[test]
fn the_session_ends_with_words_that_the_server_understands_and_never_inside_a_record() {
    let mut pair = Pair::ready(&rustls::version::TLS13);
    let mut flown = Vec::new();
    let torn = pair.tls.send(b"torn", |raw| {
        flown.extend_from_slice(&raw[..10]);
        Ok(10)
    });
    assert_eq!(torn.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(pair.tls.last_words(), b"");
    let rest = pair.tls.send(b"torn", |raw| {
        flown.extend_from_slice(raw);
        Ok(raw.len())
    });
    assert_eq!(rest.unwrap(), 4);
    flown.extend(pair.tls.last_words());
    pair.server_takes(&flown);
    assert!(pair.server.process_new_packets().unwrap().peer_has_closed());
    assert_eq!(pair.heard(), b"torn");
}

#[test]
fn new_keys_that_the_server_asks_for_are_taken_and_answered() {
    let mut pair = Pair::ready(&rustls::version::TLS13);
    for round in 0..3 {
        pair.server.refresh_traffic_keys().unwrap();
        pair.server_says(format!("under new keys, {round}").as_bytes());
        let mut received = Vec::new();
        pair.receive(&mut received, 100, 3).unwrap();
        assert_eq!(received, format!("under new keys, {round}").as_bytes());
        let mut flown = Vec::new();
        let count = pair.tls.send(b"answer", |raw| {
            flown.extend_from_slice(raw);
            Ok(raw.len())
        });
        assert_eq!(count.unwrap(), 6);
        // Two records: the client's own new keys come first.
        let first = 5 + usize::from(u16::from_be_bytes([flown[3], flown[4]]));
        assert!(first < flown.len(), "the answer is one record");
        pair.server_takes(&flown);
        assert_eq!(pair.heard(), b"answer");
    }
}

#[test]
fn commands_may_go_while_half_of_what_the_server_says_of_itself_has_come() {
    // Tickets come after the handshake, here in records that hold no whole one.
    let mut pair = Pair::new(&rustls::version::TLS13, Some(40));
    pair.shake_hands();
    pair.server_says(b"reply");
    let (mut received, mut records) = (Vec::new(), 0);
    while received.is_empty() {
        let is_there = RefCell::new(true);
        let some = pair.tls.receive(&mut received, 100, |raw, _, _| {
            let head: Vec<u8> = pair.wire.borrow().iter().take(5).copied().collect();
            if !is_there.replace(false) || head.len() < 5 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            pair.take(raw, 5 + usize::from(u16::from_be_bytes([head[3], head[4]])))
        });
        assert!(some.is_ok() || some.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock));
        records += 1;
        let mut flown = Vec::new();
        let count = pair.tls.send(b"command", |raw| {
            flown.extend_from_slice(raw);
            Ok(raw.len())
        });
        assert_eq!(count.unwrap(), 7);
        pair.server_takes(&flown);
        assert_eq!(pair.heard(), b"command");
    }
    assert_eq!(received, b"reply");
    assert!(records > 4, "there were only {records} records");
}

#[test]
fn a_record_that_was_changed_on_its_way_is_an_error_and_nothing_of_it_is_given_out() {
    for version in VERSIONS {
        let mut pair = Pair::ready(version);
        pair.server_says(b"as it was said");
        let changed = pair.wire.borrow().len() - 3;
        pair.wire.borrow_mut()[changed] ^= 1;
        let mut received = Vec::new();
        let error = pair.receive(&mut received, 100, usize::MAX).unwrap_err();
        assert_eq!(fault(&error).unwrap().kind, ErrorKind::ConnectionLost, "{error}");
        let again = pair.receive(&mut received, 100, usize::MAX).unwrap_err();
        assert!(again.kind() == io::ErrorKind::WouldBlock || fault(&again).is_some(), "{again}");
        assert!(received.is_empty());
        assert!(pair.tls.send(b"more", |raw| Ok(raw.len())).is_err());
        assert!(!pair.tls.last_words().is_empty(), "the server is told");
    }
}
