//! One client's connection through a proxy: two sockets and a queue for each direction.
//!
//! Used by the proxy's thread only. Reads ahead up to a bound, forwards what is due, and carries out the plans that come
//! due on the way; ends and resets travel through the queues behind the bytes that came before them. Never blocks, except
//! for dialling the server, which is bounded.

use super::link::Stream;
use super::os::{self, Interest};
use super::plan::{Action, ArmedPlans, Direction};
use super::proxy::ProxyState;
use super::request::Request;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How much is read ahead of what can be forwarded before the sender is left to wait.
const READ_AHEAD: usize = 1 << 20;
/// How long a dial, or the acknowledgement of bytes before a reset, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often something is looked at that `poll` does not report.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// What holds for all connections of a proxy at the moment.
pub(super) struct Conditions {
    pub(super) server: SocketAddr,
    pub(super) black_hole: bool,
    pub(super) delays: [Duration; 2],
    pub(super) fragment: usize,
}

/// How a connection ends, or one direction of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Closed,
    Reset,
}

enum Content {
    Bytes { bytes: Vec<u8>, done: usize },
    End(End),
}

struct Piece {
    due: Instant,
    content: Content,
}

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    queue: VecDeque<Piece>,
    waiting: usize,
    forwarded: u64,
    /// Nothing more will be read.
    source_ended: bool,
    /// The source's socket failed on writing: its end, when it is read, is a reset.
    source_broken: bool,
    /// Nothing more can be written: what comes is dropped.
    sink_ended: bool,
    /// The receiver does not read.
    blocked: bool,
    held: bool,
    not_before: Option<Instant>,
}

impl Pipe {
    fn push(&mut self, content: Content, due: Instant) {
        match &content {
            Content::Bytes { bytes, .. } => self.waiting += bytes.len(),
            Content::End(_) => self.source_ended = true,
        }
        // A delay that was made shorter does not let bytes overtake.
        let due = self.queue.back().map_or(due, |last| last.due.max(due));
        self.queue.push_back(Piece { due, content });
    }

    fn reads(&self) -> bool {
        !self.source_ended && self.waiting < READ_AHEAD
    }

    /// When the next piece may go, if only time stands against it.
    fn due(&self) -> Option<Instant> {
        let front = self.queue.front().filter(|_| !self.held)?;
        Some(self.not_before.map_or(front.due, |not_before| not_before.max(front.due)))
    }
}

/// A client's connection and the server's end of it.
pub(super) struct Connection {
    number: usize,
    client: Option<Stream>,
    server: Option<Stream>,
    dialled: bool,
    pipes: [Pipe; 2],
    /// What the client has sent of a request that is not complete.
    partial_request: Vec<u8>,
    /// Where in the client's bytes the last complete request ended.
    requests_end: u64,
    black_hole: bool,
    /// Nothing moves any more: a reset waits for what went this way to arrive, until then at most.
    resetting: Option<(Direction, Instant)>,
}

impl Connection {
    pub(super) fn new(number: usize, client: TcpStream) -> Self {
        prepare(&client);
        Self {
            number,
            client: Some(Stream::accepted(client)),
            server: None,
            dialled: false,
            pipes: <[Pipe; 2]>::default(),
            partial_request: Vec::new(),
            requests_end: 0,
            black_hole: false,
            resetting: None,
        }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The bytes forwarded to the server and to the client.
    pub(super) fn marks(&self) -> [u64; 2] {
        Direction::BOTH.map(|direction| self.pipes[direction as usize].forwarded)
    }

    /// The same with what is on its way in part, which no plan can stop any more.
    pub(super) fn marks_ahead(&self) -> [u64; 2] {
        let mut marks = self.marks();
        marks[Direction::ToClient as usize] += self.client.as_ref().map_or(0, Stream::offered) as u64;
        marks
    }

    /// The bytes read and not forwarded yet.
    pub(super) fn waiting(&self, direction: Direction) -> usize {
        self.pipes[direction as usize].waiting
    }

    pub(super) fn release(&mut self) {
        self.black_hole = false;
        for pipe in &mut self.pipes {
            pipe.held = false;
        }
    }

    /// Moves what can be moved now; says how the connection ended if it did.
    pub(super) fn pump(
        &mut self,
        conditions: &Conditions,
        plans: &mut ArmedPlans,
        tally: &mut ProxyState,
    ) -> Option<End> {
        if let Some((direction, deadline)) = self.resetting {
            let arrived = self.source(direction.reverse()).is_none_or(|sink| os::unacknowledged(sink.socket()) == 0);
            if !arrived && Instant::now() < deadline {
                return None;
            }
            tally.plans_done += 1;
            return Some(End::Reset);
        }
        if self.stands_still(conditions) {
            return None;
        }
        match self.client.as_mut().map(Stream::is_ready) {
            None | Some(Ok(true)) => {}
            Some(Ok(false)) => return None,
            Some(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => return Some(End::Closed),
            // What is broken behind the handshake shows on reading.
            Some(Err(_)) if self.dialled => {}
            Some(Err(_)) => return Some(End::Reset),
        }
        if !self.dialled {
            self.dialled = true;
            let Ok(server) = TcpStream::connect_timeout(&conditions.server, PATIENCE) else { return Some(End::Closed) };
            prepare(&server);
            self.server = Some(Stream::dialled(server));
        }
        for direction in Direction::BOTH {
            self.read(direction, conditions, plans);
            let end = self.forward(direction, conditions, plans, tally);
            if end.is_some() || self.stands_still(conditions) {
                return end;
            }
        }
        self.pipes.iter().all(|pipe| pipe.sink_ended && pipe.queue.is_empty()).then_some(End::Closed)
    }

    /// Resets the client and keeps what it had sent on its way to the server, with a reset behind it.
    pub(super) fn reset_client(&mut self, conditions: &Conditions, plans: &mut ArmedPlans) {
        self.read(Direction::ToServer, conditions, plans);
        let Some(client) = self.client.take() else { return };
        os::reset_on_close(client.socket());
        self.pipes[Direction::ToClient as usize].sink_ended = true;
        let to_server = &mut self.pipes[Direction::ToServer as usize];
        to_server.push(Content::End(End::Reset), Instant::now() + conditions.delays[Direction::ToServer as usize]);
    }

    /// Ends both sockets. After [`End::Closed`] they are handed back, to stay open until their peers have everything.
    pub(super) fn end(self, end: End) -> Vec<TcpStream> {
        let mut streams: Vec<Stream> = [self.client, self.server].into_iter().flatten().collect();
        if end == End::Reset {
            streams.iter().for_each(|stream| os::reset_on_close(stream.socket()));
            return Vec::new();
        }
        for stream in &mut streams {
            // It fails when the peer is gone already, which is just as well.
            let _ = stream.shut();
        }
        streams.into_iter().map(Stream::into_socket).collect()
    }

    /// What to wait for before the next pump.
    pub(super) fn interests(&self, conditions: &Conditions, interests: &mut Vec<Interest>) {
        if self.resetting.is_some() || self.stands_still(conditions) {
            return;
        }
        for direction in Direction::BOTH {
            let reads = self.pipes[direction as usize].reads();
            let Some(source) = self.source(direction) else { continue };
            let writes = self.pipes[direction.reverse() as usize].blocked || source.wants_write();
            if reads || writes {
                interests.push(Interest::new(source.socket(), reads, writes));
            }
        }
    }

    /// When the next pump has something to do even if no socket is ready.
    pub(super) fn wake_at(&self, conditions: &Conditions) -> Option<Instant> {
        if self.resetting.is_some() {
            return Some(Instant::now() + TICK);
        }
        if self.stands_still(conditions) {
            return None;
        }
        let has_unread = self.client.as_ref().is_some_and(Stream::has_unread);
        if has_unread && self.pipes[Direction::ToServer as usize].reads() {
            return Some(Instant::now());
        }
        self.pipes.iter().filter(|pipe| !pipe.blocked).filter_map(Pipe::due).min()
    }

    fn stands_still(&self, conditions: &Conditions) -> bool {
        conditions.black_hole || self.black_hole || self.resetting.is_some()
    }

    fn source(&self, direction: Direction) -> Option<&Stream> {
        match direction {
            Direction::ToServer => self.client.as_ref(),
            Direction::ToClient => self.server.as_ref(),
        }
    }

    fn source_mut(&mut self, direction: Direction) -> Option<&mut Stream> {
        match direction {
            Direction::ToServer => self.client.as_mut(),
            Direction::ToClient => self.server.as_mut(),
        }
    }

    /// Reads all that is there, up to the bound.
    fn read(&mut self, direction: Direction, conditions: &Conditions, plans: &mut ArmedPlans) {
        let mut buffer = [0; 64 << 10];
        while self.pipes[direction as usize].reads() {
            let Some(source) = self.source_mut(direction) else { return };
            let result = source.read(&mut buffer);
            let due = Instant::now() + conditions.delays[direction as usize];
            let broken = self.pipes[direction as usize].source_broken;
            let content = match result {
                Ok(0) if !broken => Content::End(End::Closed),
                Ok(0) => Content::End(End::Reset),
                Ok(length) => {
                    if direction == Direction::ToServer {
                        self.look_for_requests(&buffer[..length], plans);
                    }
                    Content::Bytes { bytes: buffer[..length].to_vec(), done: 0 }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => Content::End(End::Reset),
            };
            self.pipes[direction as usize].push(content, due);
        }
    }

    fn look_for_requests(&mut self, bytes: &[u8], plans: &mut ArmedPlans) {
        self.partial_request.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(request) = Request::parse(&self.partial_request[start..]) {
            start += request.raw.len();
            self.requests_end += request.raw.len() as u64;
            plans.request_arrived(self.number, &request, self.requests_end);
        }
        self.partial_request.drain(..start);
    }

    /// Forwards what is due, plan by plan; says how the connection ended if it did.
    fn forward(
        &mut self,
        direction: Direction,
        conditions: &Conditions,
        plans: &mut ArmedPlans,
        tally: &mut ProxyState,
    ) -> Option<End> {
        loop {
            let marks = self.marks();
            let pipe = &mut self.pipes[direction as usize];
            pipe.blocked = false;
            let now = Instant::now();
            if pipe.held || pipe.not_before.is_some_and(|not_before| not_before > now) {
                return None;
            }
            pipe.not_before = None;
            let front = pipe.queue.front_mut().filter(|front| front.due <= now);
            let byte_ready = front.as_ref().is_some_and(|front| matches!(front.content, Content::Bytes { .. }));
            if let Some(action) = plans.take_due(self.number, direction, marks, byte_ready) {
                let end = self.carry_out(action, direction, tally);
                if end.is_some() || self.black_hole || self.resetting.is_some() {
                    return end;
                }
                continue;
            }
            match &mut front?.content {
                Content::End(End::Reset) => return Some(End::Reset),
                Content::End(End::Closed) => {
                    pipe.queue.pop_front();
                    self.pipes[direction as usize].sink_ended = true;
                    // It fails when the receiver is gone already; reading from it will tell.
                    let _ = self.source_mut(direction.reverse()).map(Stream::shut);
                }
                Content::Bytes { .. } => {
                    let room = plans.room(self.number, direction, marks[direction as usize]);
                    let length = usize::try_from(room).unwrap_or(usize::MAX).min(conditions.fragment);
                    let moved = self.write_front(direction, length);
                    match direction {
                        Direction::ToServer => tally.bytes_to_server += moved as u64,
                        Direction::ToClient => tally.bytes_to_client += moved as u64,
                    }
                    // A fragment is followed by a look at everything else, and at what is due after its last byte.
                    let blocked = self.pipes[direction as usize].blocked;
                    let planned = moved as u64 == room;
                    if blocked || (moved == conditions.fragment && !planned) {
                        return None;
                    }
                }
            }
        }
    }

    /// Writes up to `length` bytes of the piece in front, and says how many went.
    fn write_front(&mut self, direction: Direction, length: usize) -> usize {
        let (client, server) = (self.client.as_mut(), self.server.as_mut());
        let sink = if direction == Direction::ToServer { server } else { client };
        let pipe = &mut self.pipes[direction as usize];
        let Some(Piece { content: Content::Bytes { bytes, done }, .. }) = pipe.queue.front_mut() else { return 0 };
        let rest = &bytes[*done..];
        let result = match sink.filter(|_| !pipe.sink_ended) {
            Some(sink) => sink.write(&rest[..length.min(rest.len())]),
            None => Err(ErrorKind::BrokenPipe.into()),
        };
        match result {
            Ok(moved) => {
                *done += moved;
                let finished = *done == bytes.len();
                pipe.waiting -= moved;
                pipe.forwarded += moved as u64;
                if finished {
                    pipe.queue.pop_front();
                }
                moved
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                pipe.blocked = true;
                0
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(_) => {
                pipe.waiting -= rest.len();
                pipe.queue.pop_front();
                if !pipe.sink_ended {
                    pipe.sink_ended = true;
                    self.break_source(direction.reverse());
                }
                0
            }
        }
    }

    /// The socket that `direction` reads from failed: what it had sent still counts, and a reset follows.
    fn break_source(&mut self, direction: Direction) {
        let pipe = &mut self.pipes[direction as usize];
        pipe.source_broken = true;
        if pipe.source_ended {
            pipe.push(Content::End(End::Reset), Instant::now());
        }
    }

    fn carry_out(&mut self, action: Action, direction: Direction, tally: &mut ProxyState) -> Option<End> {
        match action {
            Action::Reset => {
                self.resetting = Some((direction, Instant::now() + PATIENCE));
                return None;
            }
            Action::BlackHole => self.black_hole = true,
            Action::Hold(held) => self.pipes[held as usize].held = true,
            Action::Delay(by) => self.pipes[direction as usize].not_before = Some(Instant::now() + by),
            Action::Close => {}
        }
        tally.plans_done += 1;
        (action == Action::Close).then_some(End::Closed)
    }
}

fn prepare(socket: &TcpStream) {
    socket.set_nonblocking(true).expect("a non-blocking socket");
    // It fails when the peer has reset the connection already, which reading will tell.
    let _ = socket.set_nodelay(true);
}
