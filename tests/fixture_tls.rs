//! The fixture does over TLS what it does without: what is counted, looked at and cut is what was said.
//!
//! Each test is run again by itself with RR_TEST_LINK=tls, which holds for a whole process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use support::{
    Action, Ask, Authority, Direction, Ending, Plan, Proxy, Scripted, Server, link_is_tls, open_ready, wait_until,
};

const SOON: Duration = Duration::from_secs(10);
const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

/// Runs `body` in a process in which the fixture speaks TLS.
#[track_caller]
fn over_tls(name: &str, body: impl FnOnce()) {
    if link_is_tls() {
        return body();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env("RR_TEST_LINK", "tls").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts the common authority and has no mind of its own.
fn client(address: SocketAddr) -> Stream {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(Authority::common().file()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(trusted).with_no_client_auth();
    let session = ClientConnection::new(Arc::new(config), ServerName::try_from("127.0.0.1").unwrap()).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.set_nodelay(true).unwrap();
    StreamOwned::new(session, socket)
}

/// Reads until the end, whichever it is.
fn read_to_the_end(client: &mut Stream) -> Vec<u8> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..length]);
    }
    bytes
}

fn read_exactly(client: &mut Stream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    client.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn everything_that_is_started_speaks_tls_and_its_url_says_so() {
    over_tls("everything_that_is_started_speaks_tls_and_its_url_says_so", || {
        let server = Server::builder().password("s3cret:/@").start();
        let proxy = Proxy::start(server.address());
        let scripted = Scripted::serve(|_, peer| {
            while let Some(request) = peer.request_after_handshake() {
                peer.send(format!("+{}\r\n", request.name()));
            }
        });
        for (url, options) in
            [(server.url(), &[][..]), (proxy.url(), &[("password", "s3cret:/@")]), (scripted.url(), &[])]
        {
            assert!(url.starts_with("rediss://"), "{url}");
            assert!(open_ready(&url, options).text(&["PING"]).is_some());
        }
        // Who speaks no TLS is heard by nobody.
        for address in [proxy.address(), scripted.address()] {
            let mut plain = TcpStream::connect(address).unwrap();
            plain.set_read_timeout(Some(SOON)).unwrap();
            plain.write_all(SET).unwrap();
            let mut said = Vec::new();
            let _ = plain.read_to_end(&mut said);
            assert!(said.is_empty() || said[0] == 0x15, "{said:?}");
        }
        assert!(scripted.heard().last().unwrap().bytes.is_empty());
    });
}

#[test]
fn a_proxy_counts_and_cuts_what_was_said() {
    over_tls("a_proxy_counts_and_cuts_what_was_said", || {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut one = client(proxy.address());
        one.write_all(SET).unwrap();
        assert_eq!(read_exactly(&mut one, 5), b"+OK\r\n");
        let state = proxy.state();
        assert_eq!((state.bytes_to_server, state.bytes_to_client), (SET.len() as u64, 5));

        for action in [Action::Close, Action::Reset] {
            for bytes in 0..5 {
                let mut other = client(proxy.address());
                other.write_all(GET).unwrap();
                assert_eq!(read_exactly(&mut other, 7), b"$1\r\nv\r\n");
                proxy.cut_after_to_client(bytes, action);
                other.write_all(SET).unwrap();
                assert_eq!(read_to_the_end(&mut other), b"+OK\r\n"[..usize::try_from(bytes).unwrap()], "{action:?}");
            }
            for bytes in 0..SET.len() as u64 {
                server.command(&["DEL", "k"]);
                let before = proxy.state();
                proxy.plan(Plan::to_server(bytes, action).on_next_connection());
                let mut other = client(proxy.address());
                other.write_all(SET).unwrap();
                assert_eq!(read_to_the_end(&mut other), b"");
                let state = proxy.wait_until("it is over", |state| state.plans_done > before.plans_done);
                assert_eq!(state.bytes_to_server - before.bytes_to_server, bytes);
                assert_eq!(server.command(&["EXISTS", "k"]), redis::Value::Int(0), "{bytes} {action:?}");
            }
            server.command(&["SET", "k", "v"]);
        }
    });
}

#[test]
fn a_proxy_sees_requests_and_holds_delays_and_crumbles() {
    over_tls("a_proxy_sees_requests_and_holds_delays_and_crumbles", || {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut one = client(proxy.address());
        proxy.on_request_containing(b"GET", Action::Hold(Direction::ToClient));
        one.write_all(&[SET, GET].concat()).unwrap();
        proxy.wait_until("the answer waits", |state| state.waiting_to_client >= 7);
        proxy.release();
        assert_eq!(read_exactly(&mut one, 12), b"+OK\r\n$1\r\nv\r\n");

        proxy.fragment(1);
        one.write_all(&[SET, GET].concat()).unwrap();
        // Each byte is a record of its own, with 22 bytes around it.
        let mut buffer = [0; 1000];
        wait_until("twelve records are there", SOON, || one.sock.peek(&mut buffer).unwrap() == 12 * 23);
        assert_eq!(read_exactly(&mut one, 12), b"+OK\r\n$1\r\nv\r\n");
        proxy.fragment(0);

        proxy.black_hole(true);
        one.write_all(GET).unwrap();
        one.sock.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(one.read(&mut buffer).is_err());
        one.sock.set_read_timeout(Some(SOON)).unwrap();
        proxy.black_hole(false);
        assert_eq!(read_exactly(&mut one, 7), b"$1\r\nv\r\n");
        drop(one);
        proxy.wait_until("it is over", |state| state.connections == 0);
    });
}

#[test]
fn a_proxy_forwards_more_than_all_buffers_hold() {
    over_tls("a_proxy_forwards_more_than_all_buffers_hold", || {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let client = open_ready(&proxy.url(), &[("command_timeout_ms", "20000")]);
        let value: Vec<u8> = (0..20_000_000_u32).map(|number| number as u8).collect();
        client.command(&[b"SET", b"k", &value]).unwrap();
        assert!(client.ask(&["GET", "k"]).root().as_bytes() == Some(&value[..]), "it came back changed");
        assert_eq!(client.stats().disconnects, 0);
    });
}

#[test]
fn a_script_hears_what_was_said_and_how_it_ended() {
    over_tls("a_script_hears_what_was_said_and_how_it_ended", || {
        let scripted = Scripted::serve(|number, peer| {
            while let Some(request) = peer.request() {
                peer.send(request.raw.repeat(1 + 100_000 * usize::from(number == 1)));
            }
        });
        let mut one = client(scripted.address());
        one.write_all(&[SET, &GET[..5]].concat()).unwrap();
        assert_eq!(read_exactly(&mut one, SET.len()), SET);
        one.conn.send_close_notify();
        one.flush().unwrap();
        drop(one);
        let heard = scripted.wait_until("it is over", |heard| heard[0].ending.is_some());
        assert_eq!(heard[0].ending, Some(Ending::Closed));
        assert_eq!((heard[0].bytes.as_slice(), heard[0].requests.len()), (&[SET, &GET[..5]].concat()[..], 1));

        // More than a session buffers.
        let mut other = client(scripted.address());
        other.write_all(SET).unwrap();
        let all = SET.repeat(100_001);
        assert!(read_exactly(&mut other, all.len()) == all);
        socket2::SockRef::from(&other.sock).set_linger(Some(Duration::ZERO)).unwrap();
        drop(other);
        wait_until("it is over", SOON, || scripted.heard()[1].ending == Some(Ending::Reset));
    });
}
