//! A server that says exactly what a test wants: the wrong thing, half of it, at the wrong time, or nothing.
//!
//! Owns a reserved loopback port, a thread that accepts, and one thread for each connection, which runs the test's script.
//! Everything that clients send is recorded, byte for byte and request by request. When the value is dropped every
//! script's connection is cut, which ends its reads; a script that panicked fails the test then.

use super::link;
use super::os::{self, Interest};
use super::port::ReservedPort;
use super::request::Request;
use rustls::ServerConnection;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a state may be waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a client's bytes came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Closed,
    Reset,
}

/// What one connection has sent.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub bytes: Vec<u8>,
    pub requests: Vec<Request>,
    /// Nothing as long as more may come, or the script does not read.
    pub ending: Option<Ending>,
}

/// One step of a script without code.
#[derive(Clone, Debug)]
pub enum Step {
    /// Read one request, which must contain this.
    Expect(Vec<u8>),
    Send(Vec<u8>),
    /// End the connection, as any server does: with a reset if the client has sent more than was read.
    Close,
    Reset,
}

impl Step {
    pub fn expect(needle: impl AsRef<[u8]>) -> Self {
        Self::Expect(needle.as_ref().to_vec())
    }

    pub fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }
}

#[derive(Default)]
struct Shared {
    heard: Mutex<Vec<Heard>>,
    changed: Condvar,
    stopping: AtomicBool,
    sockets: Mutex<Vec<Weak<TcpStream>>>,
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, number: usize, record: impl FnOnce(&mut Heard)) {
        record(&mut self.heard()[number]);
        self.changed.notify_all();
    }
}

/// A running scripted server.
pub struct Scripted {
    port: ReservedPort,
    doorbell: UnixStream,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

impl Scripted {
    /// Runs `script` for each connection, numbered from 0, on a thread of its own. The connection is closed when it returns.
    #[track_caller]
    pub fn serve(script: impl Fn(usize, &mut Peer) + Send + Sync + 'static) -> Self {
        let port = ReservedPort::new();
        let listener = port.listen();
        listener.set_nonblocking(true).expect("a non-blocking listener");
        let (doorbell, bell) = UnixStream::pair().expect("a socket pair");
        let shared = Arc::new(Shared::default());
        let acceptor = {
            let shared = Arc::clone(&shared);
            let script = Arc::new(script);
            std::thread::Builder::new()
                .name("fixture-scripted".into())
                .spawn(move || accept(&listener, &bell, &shared, &script))
                .expect("a thread that accepts")
        };
        Self { port, doorbell, shared, acceptor: Some(acceptor) }
    }

    /// Plays the same steps on every connection, and is silent after the last one.
    #[track_caller]
    pub fn play(steps: Vec<Step>) -> Self {
        Self::serve(move |_, peer| peer.play(&steps))
    }

    /// Listens and never says a word.
    #[track_caller]
    pub fn silent() -> Self {
        Self::play(Vec::new())
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The URL of what the fixture speaks.
    pub fn url(&self) -> String {
        link::url(self.address())
    }

    /// How many connections were accepted.
    pub fn total_connections(&self) -> usize {
        self.shared.heard().len()
    }

    /// What each connection has sent so far, as far as its script has read it.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.heard().clone()
    }

    /// Returns what was heard once `condition` holds; panics with `what` when it does not within ten seconds.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = self.shared.heard();
        while !condition(&heard) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited {PATIENCE:?} in vain until {what}: {heard:?}");
            heard = self.shared.changed.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        heard.clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The acceptor ends when its doorbell does; then there are no new sockets to cut.
        let _ = self.doorbell.shutdown(Shutdown::Both);
        let scripts = self.acceptor.take().and_then(|acceptor| acceptor.join().ok());
        for socket in self.shared.sockets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // A script that has ended has no socket any more.
            let _ = socket.upgrade().map(|socket| socket.shutdown(Shutdown::Both));
        }
        let panicked = match scripts {
            Some(scripts) => scripts.into_iter().filter_map(|script| script.join().err()).count(),
            None => 1,
        };
        assert!(panicked == 0 || std::thread::panicking(), "{panicked} scripts panicked");
    }
}

fn accept(
    listener: &TcpListener,
    bell: &UnixStream,
    shared: &Arc<Shared>,
    script: &Arc<impl Fn(usize, &mut Peer) + Send + Sync + 'static>,
) -> Vec<JoinHandle<()>> {
    let mut scripts = Vec::new();
    loop {
        let mut interests = [Interest::new(bell, true, false), Interest::new(listener, true, false)];
        os::poll(&mut interests, None);
        if interests[0].is_ready() {
            return scripts;
        }
        let Ok((socket, _)) = listener.accept() else { continue };
        socket.set_nonblocking(false).expect("a blocking socket");
        let _ = socket.set_nodelay(true);
        let socket = Arc::new(socket);
        let number = scripts.len();
        shared.heard().push(Heard::default());
        shared.changed.notify_all();
        shared.sockets.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&socket));
        let session = link::is_tls().then(|| Box::new(link::session()));
        let mut peer = Peer { number, socket, session, shared: Arc::clone(shared), unread: Vec::new() };
        let script = Arc::clone(script);
        let body = move || {
            if peer.is_protected() {
                script(number, &mut peer);
            }
        };
        let thread = std::thread::Builder::new().name(format!("fixture-script-{number}")).spawn(body);
        scripts.push(thread.expect("a thread for the script"));
    }
}

/// A script's end of one connection.
pub struct Peer {
    number: usize,
    socket: Arc<TcpStream>,
    session: Option<Box<ServerConnection>>,
    shared: Arc<Shared>,
    /// Received, and not part of a request that was returned.
    unread: Vec<u8>,
}

impl Peer {
    /// The next request, or nothing when the connection has ended.
    pub fn request(&mut self) -> Option<Request> {
        loop {
            if let Some(request) = Request::parse(&self.unread) {
                self.unread.drain(..request.raw.len());
                self.shared.record(self.number, |heard| heard.requests.push(request.clone()));
                return Some(request);
            }
            if !self.receive() {
                return None;
            }
        }
    }

    /// The next request that does not belong to a connection's set-up, which is answered as Redis 7 would.
    pub fn request_after_handshake(&mut self) -> Option<Request> {
        loop {
            let request = self.request()?;
            let Some(answer) = handshake_answer(&request) else { return Some(request) };
            self.send(answer);
        }
    }

    /// Sends bytes. A client that is gone is not an error: the next read will tell.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let Some(session) = &mut self.session else {
            let _ = (&*self.socket).write_all(bytes.as_ref());
            return;
        };
        session.writer().write_all(bytes.as_ref()).expect("a session without a limit");
        while session.wants_write() && session.write_tls(&mut &*self.socket).is_ok() {}
    }

    /// Reads on and says nothing, until the client ends the connection.
    pub fn listen_only(&mut self) {
        while self.request().is_some() {}
    }

    /// Ends the connection with a reset once the script returns.
    pub fn reset_at_end(&mut self) {
        os::reset_on_close(&self.socket);
    }

    /// The socket itself, for what the methods above do not offer. What is read from it directly is not recorded, and may
    /// be records of TLS.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Plays steps, then listens on.
    pub fn play(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Expect(needle) => {
                    let Some(request) = self.request() else {
                        let expected = String::from_utf8_lossy(needle);
                        assert!(self.shared.stopping.load(Ordering::SeqCst), "no request with {expected} came");
                        return;
                    };
                    let (expected, came) = (String::from_utf8_lossy(needle), String::from_utf8_lossy(&request.raw));
                    assert!(request.contains(needle), "expected a request with {expected}, got {came}");
                }
                Step::Send(bytes) => self.send(bytes),
                Step::Close => return,
                Step::Reset => return self.reset_at_end(),
            }
        }
        self.listen_only();
    }

    /// Goes through the handshake of TLS, if that is what the fixture speaks; false if the client does not.
    fn is_protected(&mut self) -> bool {
        let Some(session) = &mut self.session else { return true };
        session.set_buffer_limit(None);
        let ended = session.complete_io(&mut &*self.socket);
        if let Err(error) = &ended {
            let ending = if error.kind() == ErrorKind::UnexpectedEof { Ending::Closed } else { Ending::Reset };
            self.shared.record(self.number, |heard| heard.ending = Some(ending));
        }
        ended.is_ok()
    }

    /// As of a socket: 0 at its end, and not when the client only says that it will end.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut socket = &*self.socket;
        let Some(session) = &mut self.session else { return socket.read(buffer) };
        loop {
            match session.reader().read(buffer) {
                Ok(0) => return socket.read(buffer).map(|_| 0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return Ok(0),
                ended => return ended,
            }
            session.read_tls(&mut socket)?;
            session.process_new_packets().map_err(std::io::Error::other)?;
        }
    }

    /// Receives some bytes; false when the connection has ended.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        let ending = match self.read(&mut buffer) {
            Ok(0) => Ending::Closed,
            Ok(length) => {
                let bytes = &buffer[..length];
                self.unread.extend_from_slice(bytes);
                self.shared.record(self.number, |heard| heard.bytes.extend_from_slice(bytes));
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(_) => Ending::Reset,
        };
        self.shared.record(self.number, |heard| heard.ending = Some(ending));
        false
    }
}

/// What Redis 7 answers to a request that sets up a connection; nothing for any other request.
pub fn handshake_answer(request: &Request) -> Option<Vec<u8>> {
    let answer = match (request.name().as_str(), request.text(1).to_uppercase().as_str()) {
        ("HELLO", protocol) => {
            let (kind, protocol) = if protocol == "3" { ("%7", 3) } else { ("*14", 2) };
            format!(
                "{kind}\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:{protocol}\r\n\
                 $2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
            )
        }
        ("INFO", section) => {
            let text = match section {
                "SERVER" => "run_id:0123456789012345678901234567890123456789\r\nuptime_in_seconds:1\r\n",
                _ => {
                    "role:master\r\nmaster_replid:1234567890123456789012345678901234567890\r\nmaster_repl_offset:0\r\n"
                }
            };
            format!("${}\r\n{text}\r\n", text.len())
        }
        ("ROLE", _) => "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n".into(),
        ("CLIENT", "ID") => ":1\r\n".into(),
        ("CLIENT" | "AUTH" | "SELECT" | "READONLY", _) => "+OK\r\n".into(),
        _ => return None,
    };
    Some(answer.into_bytes())
}
