//! What a proxy is to do to a connection, and at which byte or request.
//!
//! `Plan` is what a test writes; `ArmedPlans` are those that have not come due, kept by the proxy's thread. Pure: says
//! how far a connection may go and which plan is due there, never touches a socket.

use super::request::Request;
use std::collections::HashMap;
use std::time::Duration;

/// The way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    pub(super) fn reverse(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// What is done with a connection when a plan comes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Both ends read what was forwarded to them, then an end of file. Nothing more is forwarded.
    Close,
    /// Both ends get a reset, as soon as the end that the plan counts for has the bytes in its kernel. On Linux it can
    /// still read them before it sees the reset, but a write may report the reset first.
    Reset,
    /// This connection goes silent both ways and stays open, until the proxy's `release`.
    BlackHole,
    /// What goes this way is read and kept, until the proxy's `release`.
    Hold(Direction),
    /// The plan's direction stands still for so long, once.
    Delay(Duration),
}

/// Where on a connection a plan comes due.
#[derive(Clone, Debug)]
enum Point {
    Bytes(Direction, u64),
    Request(Vec<u8>),
}

/// Which connections a plan is for, numbered from 0 as they were accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Any,
    Number(usize),
    Next,
}

/// When something is done, and what. A plan comes due once, on the first connection that gets there.
#[derive(Clone, Debug)]
pub struct Plan {
    point: Point,
    at_answer: bool,
    action: Action,
    which: Which,
    from_start: bool,
}

impl Plan {
    /// After exactly `bytes` bytes were forwarded to the server, counted on each connection from now.
    ///
    /// With 0, when the first byte is there to forward, and before it is: the server gets none of the request.
    pub fn to_server(bytes: u64, action: Action) -> Self {
        Self::new(Point::Bytes(Direction::ToServer, bytes), action)
    }

    /// After exactly `bytes` bytes were forwarded to the client, counted on each connection from now.
    ///
    /// With 0, when the first byte is there to forward, and before it is: the server has answered, the client never knows.
    pub fn to_client(bytes: u64, action: Action) -> Self {
        Self::new(Point::Bytes(Direction::ToClient, bytes), action)
    }

    /// When a request that contains `needle` was forwarded to its last byte, and nothing after it. Only requests that
    /// arrive from now on count.
    pub fn request_containing(needle: &[u8], action: Action) -> Self {
        Self::new(Point::Request(needle.to_vec()), action)
    }

    /// When the server's first byte after such a request arrives, before it is forwarded: surely executed, never
    /// answered. The byte belongs to that request if the client had no other one in flight.
    pub fn answer_to_request_containing(needle: &[u8], action: Action) -> Self {
        Self { at_answer: true, ..Self::request_containing(needle, action) }
    }

    /// Count from the connection's first byte instead of from now.
    pub fn counted_from_start(mut self) -> Self {
        self.from_start = true;
        self
    }

    /// Only on this connection, numbered from 0 as they were accepted.
    pub fn on_connection(mut self, number: usize) -> Self {
        self.which = Which::Number(number);
        self
    }

    /// Only on the connection that is accepted next.
    pub fn on_next_connection(mut self) -> Self {
        self.which = Which::Next;
        self
    }

    fn new(point: Point, action: Action) -> Self {
        Self { point, at_answer: false, action, which: Which::Any, from_start: false }
    }
}

/// How many bytes each connection had forwarded, to the server and to the client.
pub(super) type Marks = HashMap<usize, [u64; 2]>;

/// A plan that waits to come due.
struct ArmedPlan {
    plan: Plan,
    /// The connection it is for; without one, any.
    connection: Option<usize>,
    /// From where its bytes count; from 0 on a connection that is not here.
    counted_from: Marks,
}

impl ArmedPlan {
    fn is_for(&self, connection: usize) -> bool {
        self.connection.is_none_or(|number| number == connection)
    }

    /// Up to which byte a connection may go before this plan is due.
    fn limit(&self, connection: usize, direction: Direction) -> Option<u64> {
        let Point::Bytes(counted, bytes) = self.plan.point else { return None };
        let applies = counted == direction && self.is_for(connection);
        let from = self.counted_from.get(&connection).map_or(0, |marks| marks[direction as usize]);
        applies.then_some(from + bytes)
    }

    /// Whether it is due only once there is a byte, which it then keeps from being forwarded.
    fn needs_a_byte(&self) -> bool {
        matches!(self.plan.point, Point::Bytes(_, 0))
    }
}

/// The plans of a proxy that have not come due.
#[derive(Default)]
pub(super) struct ArmedPlans(Vec<ArmedPlan>);

impl ArmedPlans {
    /// Arms a plan; `marks` is where the open connections are, `next` the number that the next one will have.
    pub(super) fn add(&mut self, plan: Plan, marks: Marks, next: usize) {
        let connection = match plan.which {
            Which::Any => None,
            Which::Number(number) => Some(number),
            Which::Next => Some(next),
        };
        let counted_from = if plan.from_start { Marks::new() } else { marks };
        self.0.push(ArmedPlan { plan, connection, counted_from });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// A request has arrived whose last byte is the connection's byte `end`: turns the plan for it, if there is one, into
    /// a plan for that byte.
    pub(super) fn request_arrived(&mut self, connection: usize, request: &Request, end: u64) {
        let waits_for_it = |armed: &&mut ArmedPlan| match &armed.plan.point {
            Point::Request(needle) => armed.is_for(connection) && request.contains(needle),
            Point::Bytes(..) => false,
        };
        if let Some(armed) = self.0.iter_mut().find(waits_for_it) {
            armed.plan.point = Point::Bytes(Direction::ToServer, end);
            armed.connection = Some(connection);
            armed.counted_from.clear();
        }
    }

    /// How many bytes may be forwarded before the next plan is due.
    pub(super) fn room(&self, connection: usize, direction: Direction, forwarded: u64) -> u64 {
        let limits = self.0.iter().filter_map(|armed| armed.limit(connection, direction)?.checked_sub(forwarded));
        limits.min().unwrap_or(u64::MAX)
    }

    /// Takes out a plan that is due with `marks` bytes forwarded; `byte_ready` says whether a next byte is there.
    pub(super) fn take_due(
        &mut self,
        connection: usize,
        direction: Direction,
        marks: [u64; 2],
        byte_ready: bool,
    ) -> Option<Action> {
        let forwarded = marks[direction as usize];
        let due = self.0.iter().position(|armed| {
            armed.limit(connection, direction) == Some(forwarded) && (byte_ready || !armed.needs_a_byte())
        })?;
        let armed = self.0.remove(due);
        if armed.plan.at_answer {
            let answer = Plan::to_client(0, armed.plan.action).on_connection(connection);
            self.add(answer, Marks::from([(connection, marks)]), 0);
            return self.take_due(connection, direction, marks, byte_ready);
        }
        Some(armed.plan.action)
    }
}
