//! A proxy between a client and a server that breaks their connections where and when a test says.
//!
//! Owns a reserved loopback port and the one thread that moves all bytes (see `relay`). Every method here hands that
//! thread an order and returns when it has been carried out: after `refuse(true)` no connection is accepted, after
//! `black_hole(true)` no byte moves. Nothing is changed in what passes; bytes are only held, delayed, cut into pieces or
//! never forwarded. Dropping the proxy closes everything.

use super::connection::End;
use super::link;
use super::plan::{Action, Direction, Plan};
use super::port::ReservedPort;
use super::relay::Relay;
use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an order or a state may be waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a proxy has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProxyState {
    /// Accepted and not over yet. In a black hole a connection is not seen to end.
    pub connections: usize,
    /// Accepted ever.
    pub total_connections: usize,
    /// Forwarded ever, over all connections.
    pub bytes_to_server: u64,
    pub bytes_to_client: u64,
    /// Read and not forwarded yet, because of a hold, a delay, or a receiver that does not read.
    pub waiting_to_server: usize,
    pub waiting_to_client: usize,
    /// Plans whose action has been carried out.
    pub plans_done: usize,
}

/// Where the relay writes its state, and tests wait for it.
#[derive(Default)]
pub(super) struct Board {
    state: Mutex<ProxyState>,
    changed: Condvar,
}

impl Board {
    pub(super) fn publish(&self, state: ProxyState) {
        let mut shown = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != state {
            *shown = state;
            self.changed.notify_all();
        }
    }
}

/// An order to the relay and who waits for it.
pub(super) type Order = (Box<dyn FnOnce(&mut Relay) + Send>, Sender<()>);

/// A running proxy.
pub struct Proxy {
    address: SocketAddr,
    orders: Mutex<Sender<Order>>,
    doorbell: UnixStream,
    board: Arc<Board>,
    relay: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A proxy to `server`, which need not be up: it is dialled for each client.
    #[track_caller]
    pub fn start(server: impl ToSocketAddrs) -> Self {
        let server = only_address(server);
        let port = ReservedPort::new();
        let address = port.address();
        let (doorbell, bell) = UnixStream::pair().expect("a socket pair");
        let (orders, inbox) = channel();
        let board = Arc::new(Board::default());
        let mut relay = Relay::new(port, server, inbox, bell, Arc::clone(&board));
        let relay = std::thread::Builder::new()
            .name("fixture-proxy".into())
            .spawn(move || relay.run())
            .expect("a thread for the proxy");
        Self { address, orders: Mutex::new(orders), doorbell, board, relay: Some(relay) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of what the fixture speaks, without credentials.
    pub fn url(&self) -> String {
        link::url(self.address)
    }

    /// Adds a plan to those that have not come due yet.
    #[track_caller]
    pub fn plan(&self, plan: Plan) {
        self.order(move |relay| relay.add_plan(plan));
    }

    /// Forgets the plans that have not come due yet.
    #[track_caller]
    pub fn forget_plans(&self) {
        self.order(Relay::forget_plans);
    }

    /// Ends the first connection on which `bytes` more bytes were forwarded to the server.
    #[track_caller]
    pub fn cut_after_to_server(&self, bytes: u64, action: Action) {
        self.plan(Plan::to_server(bytes, action));
    }

    /// Ends the first connection on which `bytes` more bytes were forwarded to the client.
    #[track_caller]
    pub fn cut_after_to_client(&self, bytes: u64, action: Action) {
        self.plan(Plan::to_client(bytes, action));
    }

    /// Holds what goes to the client after `bytes` more bytes, until [`Self::release`].
    #[track_caller]
    pub fn pause_after_to_client(&self, bytes: u64) {
        self.plan(Plan::to_client(bytes, Action::Hold(Direction::ToClient)));
    }

    /// Does `action` when a request that contains `needle` was forwarded, before its reply is.
    #[track_caller]
    pub fn on_request_containing(&self, needle: &[u8], action: Action) {
        self.plan(Plan::request_containing(needle, action));
    }

    /// Lifts what [`Action::Hold`] and [`Action::BlackHole`] did to connections.
    #[track_caller]
    pub fn release(&self) {
        self.order(Relay::release);
    }

    /// While on, forwards nothing and closes nothing; new connections are accepted and hear nothing. Afterwards what was
    /// sent meanwhile goes on its way, as after a network was gone for a while.
    #[track_caller]
    pub fn black_hole(&self, on: bool) {
        self.order(move |relay| relay.conditions.black_hole = on);
    }

    /// Delays what is read from now on, both ways, by the same time each.
    #[track_caller]
    pub fn delay(&self, by: Duration) {
        self.order(move |relay| relay.conditions.delays = [by, by]);
    }

    /// As [`Self::delay`], one way.
    #[track_caller]
    pub fn delay_one_way(&self, direction: Direction, by: Duration) {
        self.order(move |relay| relay.conditions.delays[direction as usize] = by);
    }

    /// Forwards at most `bytes` bytes in one write, both ways; 0 stands for no limit.
    #[track_caller]
    pub fn fragment(&self, bytes: usize) {
        self.order(move |relay| relay.conditions.fragment = if bytes == 0 { usize::MAX } else { bytes });
    }

    /// While on, a connection attempt is refused as if nobody listened; open connections stay.
    #[track_caller]
    pub fn refuse(&self, on: bool) {
        self.order(move |relay| relay.refuse(on));
    }

    /// Later connections go to another server; open ones stay.
    #[track_caller]
    pub fn retarget(&self, server: impl ToSocketAddrs) {
        let server = only_address(server);
        self.order(move |relay| relay.conditions.server = server);
    }

    /// Resets both ends of every connection; what was not forwarded yet is lost.
    #[track_caller]
    pub fn reset_all(&self) {
        self.order(|relay| relay.end_all(End::Reset));
    }

    /// Closes both ends of every connection; what was not forwarded yet is lost.
    #[track_caller]
    pub fn close_all(&self) {
        self.order(|relay| relay.end_all(End::Closed));
    }

    /// Resets every client, and lets what they had sent go on to the server at the pace of holds and delays, followed by a
    /// reset: the late bytes of a connection that the client has given up.
    #[track_caller]
    pub fn reset_clients(&self) {
        self.order(Relay::reset_clients);
    }

    /// The state with everything in it that has happened so far.
    #[track_caller]
    pub fn state(&self) -> ProxyState {
        // A client may have its reply before the thread that sent it has counted it.
        self.order(|_| ());
        *self.board.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that are accepted and not over yet.
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// Connections that were ever accepted.
    pub fn total_connections(&self) -> usize {
        self.state().total_connections
    }

    /// Bytes forwarded to the server, over all connections.
    pub fn bytes_to_server(&self) -> u64 {
        self.state().bytes_to_server
    }

    /// Bytes forwarded to the client, over all connections.
    pub fn bytes_to_client(&self) -> u64 {
        self.state().bytes_to_client
    }

    /// Returns the state in which `condition` held; panics with `what` when it does not within ten seconds.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn(&ProxyState) -> bool) -> ProxyState {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.board.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !condition(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited {PATIENCE:?} in vain until {what}: {:?}", *state);
            state = self.board.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *state
    }

    #[track_caller]
    fn order(&self, order: impl FnOnce(&mut Relay) + Send + 'static) {
        let (done, answer) = channel();
        let sent = self.orders.lock().unwrap_or_else(PoisonError::into_inner).send((Box::new(order), done));
        sent.expect("the proxy's thread runs");
        (&self.doorbell).write_all(b"!").expect("the proxy's thread listens");
        answer.recv_timeout(PATIENCE).expect("the proxy carries out an order");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The thread ends when its doorbell does.
        let _ = self.doorbell.shutdown(std::net::Shutdown::Both);
        let ended = self.relay.take().is_none_or(|relay| relay.join().is_ok());
        assert!(ended || std::thread::panicking(), "the proxy's thread panicked");
    }
}

#[track_caller]
fn only_address(server: impl ToSocketAddrs) -> SocketAddr {
    server.to_socket_addrs().expect("the server's address").next().expect("the server's address")
}
