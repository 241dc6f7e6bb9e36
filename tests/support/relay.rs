//! The moving part of a proxy: the thread that owns its sockets and forwards the bytes between them.
//!
//! Being one thread, it decides about a byte and a connection's end in one place: a plan that comes due after n bytes
//! cannot be overtaken by byte n + 1 or by the other direction, and closing a socket closes it for good, because nobody
//! else holds it. It carries out orders between two rounds, and never drops a byte on its own.

use super::connection::{Conditions, Connection, End, TICK};
use super::os::{self, Interest};
use super::plan::{ArmedPlans, Direction, Plan};
use super::port::ReservedPort;
use super::proxy::{Board, Order, ProxyState};
use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Everything a proxy's thread owns.
pub(super) struct Relay {
    port: ReservedPort,
    listener: Option<TcpListener>,
    inbox: Receiver<Order>,
    bell: UnixStream,
    board: Arc<Board>,
    connections: Vec<Connection>,
    /// Closed as far as the test is concerned, and open until the peer's kernel has all that was forwarded: closing
    /// earlier, with bytes unread, would turn the end of file into a reset.
    lingering: Vec<TcpStream>,
    plans: ArmedPlans,
    tally: ProxyState,
    pub(super) conditions: Conditions,
}

impl Relay {
    pub(super) fn new(
        port: ReservedPort,
        server: SocketAddr,
        inbox: Receiver<Order>,
        bell: UnixStream,
        board: Arc<Board>,
    ) -> Self {
        bell.set_nonblocking(true).expect("a non-blocking socket");
        let conditions = Conditions { server, black_hole: false, delays: [Duration::ZERO; 2], fragment: usize::MAX };
        let mut relay = Self {
            port,
            listener: None,
            inbox,
            bell,
            board,
            connections: Vec::new(),
            lingering: Vec::new(),
            plans: ArmedPlans::default(),
            tally: ProxyState::default(),
            conditions,
        };
        relay.refuse(false);
        relay
    }

    /// Runs until the proxy hangs up its end of the bell.
    pub(super) fn run(&mut self) {
        loop {
            self.accept();
            for mut connection in std::mem::take(&mut self.connections) {
                match connection.pump(&self.conditions, &mut self.plans, &mut self.tally) {
                    None => self.connections.push(connection),
                    Some(end) => self.lingering.extend(connection.end(end)),
                }
            }
            self.lingering.retain_mut(lingers);
            self.publish();
            match self.answer_bell() {
                Bell::Silent => self.wait(),
                // An order may have made something possible that no socket will report.
                Bell::Answered => {}
                Bell::HungUp => return,
            }
        }
    }

    pub(super) fn add_plan(&mut self, plan: Plan) {
        let marks = self.connections.iter().map(|connection| (connection.number(), connection.marks_ahead())).collect();
        self.plans.add(plan, marks, self.tally.total_connections);
    }

    pub(super) fn forget_plans(&mut self) {
        self.plans.clear();
    }

    pub(super) fn release(&mut self) {
        self.connections.iter_mut().for_each(Connection::release);
    }

    pub(super) fn refuse(&mut self, on: bool) {
        if on {
            self.listener = None;
        } else if self.listener.is_none() {
            let listener = self.port.listen();
            listener.set_nonblocking(true).expect("a non-blocking listener");
            self.listener = Some(listener);
        }
    }

    pub(super) fn end_all(&mut self, end: End) {
        for connection in self.connections.drain(..) {
            self.lingering.extend(connection.end(end));
        }
    }

    pub(super) fn reset_clients(&mut self) {
        for connection in &mut self.connections {
            connection.reset_client(&self.conditions, &mut self.plans);
        }
    }

    fn accept(&mut self) {
        while let Some(Ok((client, _))) = self.listener.as_ref().map(TcpListener::accept) {
            self.connections.push(Connection::new(self.tally.total_connections, client));
            self.tally.total_connections += 1;
        }
    }

    fn publish(&mut self) {
        let waiting = |direction| self.connections.iter().map(|connection| connection.waiting(direction)).sum();
        self.tally.waiting_to_server = waiting(Direction::ToServer);
        self.tally.waiting_to_client = waiting(Direction::ToClient);
        self.tally.connections = self.connections.len();
        self.board.publish(self.tally);
    }

    fn answer_bell(&mut self) -> Bell {
        match self.bell.read(&mut [0; 64]) {
            Ok(0) => return Bell::HungUp,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Bell::Silent,
            Err(error) => panic!("the proxy's bell: {error}"),
        }
        while let Ok((order, done)) = self.inbox.try_recv() {
            order(self);
            self.publish();
            // Whoever gave the order may have lost patience.
            let _ = done.send(());
        }
        Bell::Answered
    }

    fn wait(&self) {
        let mut interests = vec![Interest::new(&self.bell, true, false)];
        interests.extend(self.listener.as_ref().map(|listener| Interest::new(listener, true, false)));
        for connection in &self.connections {
            connection.interests(&self.conditions, &mut interests);
        }
        let wake_at = self.connections.iter().filter_map(|connection| connection.wake_at(&self.conditions)).min();
        let until_then = wake_at.map(|instant| instant.saturating_duration_since(Instant::now()));
        let until_tick = (!self.lingering.is_empty()).then_some(TICK);
        os::poll(&mut interests, until_then.into_iter().chain(until_tick).min());
    }
}

enum Bell {
    Silent,
    Answered,
    HungUp,
}

/// Whether a closed connection still has something on its way; throws away what it is sent.
fn lingers(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 16 << 10];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return os::unacknowledged(socket) > 0,
            Err(_) => return false,
        }
    }
}
