//! The resumable decoder: a connection's bytes, in any pieces, to flat replies. Owns where in the stream it is, what has
//! come of an unfinished reply, and the limits on it.
//!
//! One connection's reader runs it, whichever thread that is. It never reads from a socket, never looks at a byte twice
//! (but for a header line cut in two) and never trusts a declared length: memory grows with what really arrived.

use super::fault::{Fault, ProtocolError};
use super::node::{Kind, Node};
use super::number;
use super::reply::{INLINE, Reply};
use super::token::{BEYOND_LINE, LONGEST_LINE, Token, quick, token};

#[cfg(test)]
mod tests;

/// A bulk of at least this many bytes can be received in place: see [`Decoder::direct`].
pub const DIRECT: usize = 64 << 10;

/// Memory up to this size is kept for the next reply and copied from; beyond, it is given away with the reply.
const KEPT: usize = 64 << 10;

/// As much of a declared payload is believed before any of it has arrived.
const BELIEVED: usize = 1 << 20;

/// Once some of a payload has arrived, this many times as much is believed. High, because enlarging a block of tens of
/// megabytes costs no copy (the system moves its pages) but enlarging a smaller one may.
const BELIEVED_TIMES: usize = 64;

/// A header line cut in two is read again at each new piece up to this length; a longer one when its end comes.
const SHORT_LINE: usize = 64;

/// Bounds on what a server can make the client hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest reply: its bytes and its nodes. In a batch it applies to each reply.
    pub max_bytes: u64,
    /// How many aggregates may be open inside each other.
    pub max_depth: usize,
}

impl Default for Limits {
    /// 1 GiB and 128.
    fn default() -> Self {
        Limits { max_bytes: 1 << 30, max_depth: 128 }
    }
}

/// What [`Decoder::decode`] came to.
#[derive(Debug, PartialEq)]
pub enum Progress {
    /// The input was consumed, all of it, and no reply ended in it.
    NeedMore,
    /// A reply, or a whole batch.
    Reply(Reply),
    /// A RESP3 push, which answers no command.
    Push(Reply),
}

/// Turns a connection's bytes into replies.
pub struct Decoder {
    limits: Limits,
    state: State,
    /// Aggregates whose children are still coming, outermost first.
    open: Vec<Open>,
    /// Whole values whose aggregate or batch is not whole yet.
    pending: Vec<Node>,
    /// The children of whole aggregates that are inside others.
    nodes: Vec<Node>,
    /// The bytes of the unfinished reply or batch that came with earlier input, as they came.
    payload: Vec<u8>,
    /// Where the current reply begins: behind the whole replies of the batch.
    mark: Mark,
    batch: Option<Batch>,
    failure: Option<ProtocolError>,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    /// A reply; nothing is kept of any other.
    Idle,
    /// A value.
    Value,
    /// The rest of a header line, which begins at `start` in the payload.
    Line { start: usize },
    /// The rest of a bulk, whose bytes begin at `start` in the payload.
    Bulk { kind: Kind, start: usize, length: usize },
    /// Nothing, until a reset.
    Failed,
}

struct Open {
    kind: Kind,
    /// The first of its children among the pending.
    first: usize,
    /// How many children are still to come.
    missing: u64,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    payload: usize,
    nodes: usize,
    pending: usize,
}

struct Batch {
    missing: usize,
}

/// A look at the input.
struct Cursor<'a> {
    input: &'a [u8],
    /// Decoded up to here.
    at: usize,
    /// In the payload, or done with, up to here.
    kept: usize,
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }
}

enum Step {
    Incomplete,
    Opened,
    Value(Node),
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Decoder {
            limits,
            state: State::Idle,
            open: Vec::new(),
            pending: Vec::new(),
            nodes: Vec::new(),
            payload: Vec::new(),
            mark: Mark::default(),
            batch: None,
            failure: None,
        }
    }

    /// Decodes `input`, which goes on where the last call left off, up to the end of the next reply. Returns how much of
    /// it was consumed; the rest belongs to the next call. After `NeedMore` everything was consumed, a header line cut in
    /// two included.
    ///
    /// An error is final: all later calls return it again, until [`reset`](Self::reset).
    #[inline]
    pub fn decode(&mut self, input: &[u8]) -> Result<(usize, Progress), ProtocolError> {
        if let State::Idle = self.state
            && let Some((node, used)) = quick(input, 0)
            && used as u64 <= self.limits.max_bytes
        {
            return Ok((used, Progress::Reply(Reply::scalar(node, input))));
        }
        self.resume(input)
    }

    /// Gathers the next `n` replies, at least 1, as the children of one array, returned when all have come. Pushes are
    /// returned between them as ever. If a batch is open, it is that much longer.
    pub fn begin_batch(&mut self, n: usize) {
        debug_assert!(n > 0);
        if n == 0 {
            return;
        }
        self.batch.get_or_insert(Batch { missing: 0 }).missing += n;
        if let State::Idle = self.state {
            self.state = State::Value;
        }
    }

    /// The array of those replies of the open batch that are whole, maybe none; `None` if no batch is open. For when the
    /// connection has died: an unfinished reply is lost, and the decoder then wants a [`reset`](Self::reset).
    pub fn end_batch_early(&mut self) -> Option<Reply> {
        self.batch.take()?;
        self.pending.truncate(self.mark.pending);
        self.nodes.truncate(self.mark.nodes);
        self.payload.truncate(self.mark.payload);
        self.open.clear();
        if self.failure.is_none() {
            self.fail(Fault::new("the batch was ended early"));
        }
        self.mark = Mark::default();
        let root = Node::new_aggregate(Kind::Array, 0, self.pending.len());
        Some(self.extract(root, &mut Cursor { input: b"", at: 0, kept: 0 }))
    }

    /// While a bulk of [`DIRECT`] bytes or more is coming and all before it is decoded: the vector to append the next bytes
    /// of the stream to, with room for some of them, and how many the bulk still lacks, its `\r\n` included. The caller
    /// may append that many and no more, and then calls [`decode`](Self::decode), with empty input if it has no other.
    pub fn direct(&mut self) -> Option<(&mut Vec<u8>, usize)> {
        let State::Bulk { start, length, .. } = self.state else {
            return None;
        };
        let missing = (start + length + 2).checked_sub(self.payload.len()).filter(|missing| *missing > 0)?;
        if length < DIRECT || self.make_room(start, length, 0).is_err() {
            return None;
        }
        Some((&mut self.payload, missing))
    }

    /// Forgets everything: the next input is the beginning of a stream.
    pub fn reset(&mut self) {
        self.batch = None;
        self.failure = None;
        self.tidy();
    }

    /// How many bytes of memory it holds beside replies given away: bounded by what has arrived of the current reply or
    /// batch, whatever was declared.
    pub fn footprint(&self) -> usize {
        self.payload.capacity()
            + (self.nodes.capacity() + self.pending.capacity()) * size_of::<Node>()
            + self.open.capacity() * size_of::<Open>()
    }

    fn resume(&mut self, input: &[u8]) -> Result<(usize, Progress), ProtocolError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let mut cursor = Cursor { input, at: 0, kept: 0 };
        match self.run(&mut cursor) {
            Ok(progress) => Ok((cursor.at, progress)),
            Err(fault) => {
                // What is whole of a batch stays good.
                self.keep(&mut cursor);
                Err(self.fail(fault))
            }
        }
    }

    #[cold]
    fn fail(&mut self, fault: Fault) -> ProtocolError {
        self.state = State::Failed;
        self.failure.insert(fault.into()).clone()
    }

    fn run(&mut self, cursor: &mut Cursor<'_>) -> Result<Progress, Fault> {
        let mut step = self.continue_value(cursor)?;
        loop {
            match step {
                Step::Opened => {}
                Step::Value(node) => {
                    if let Some(root) = self.attach(node)
                        && let Some(progress) = self.complete(root, cursor)?
                    {
                        return Ok(progress);
                    }
                }
                Step::Incomplete => {
                    cursor.at = cursor.input.len();
                    self.keep(cursor);
                    self.check_size(self.payload.len())?;
                    return Ok(Progress::NeedMore);
                }
            }
            self.scalars(cursor);
            step = self.value(cursor)?;
        }
    }

    /// Reads the scalars that come next, as long as they are of the commonest forms and another value of the same
    /// aggregate or batch has to follow. Replies of nothing but scalars spend their time here.
    fn scalars(&mut self, cursor: &mut Cursor<'_>) {
        let (missing, largest) = match (self.open.last_mut(), &self.batch) {
            (Some(open), _) => (open.missing, u64::MAX),
            (None, Some(batch)) => (batch.missing as u64, self.limits.max_bytes),
            (None, None) => return,
        };
        let mut left = missing;
        let (begin, mut rest) = (self.position(cursor), cursor.rest());
        let mut read = 0;
        while left > 1
            && let Some((node, used)) = quick(rest, begin + read)
            && used as u64 <= largest
        {
            self.pending.push(node);
            rest = rest.get(used..).unwrap_or_default();
            read += used;
            left -= 1;
        }
        cursor.at += read;
        if let Some(open) = self.open.last_mut() {
            open.missing = left;
        } else if let Some(batch) = &mut self.batch {
            batch.missing = left as usize;
            self.mark = Mark { payload: begin + read, nodes: self.nodes.len(), pending: self.pending.len() };
        }
    }

    /// Goes on with the value that the last input ended in.
    fn continue_value(&mut self, cursor: &mut Cursor<'_>) -> Result<Step, Fault> {
        match self.state {
            State::Line { start } => self.continue_line(start, cursor),
            State::Bulk { kind, start, length } => self.continue_bulk(kind, start, length, cursor),
            State::Idle | State::Value | State::Failed => Ok(Step::Opened),
        }
    }

    fn continue_line(&mut self, start: usize, cursor: &mut Cursor<'_>) -> Result<Step, Fault> {
        let input = cursor.input.get(..LONGEST_LINE + 2).unwrap_or(cursor.input);
        let end = input.iter().position(|&byte| byte == b'\n');
        if end.is_none() && input.len() < cursor.input.len() {
            return Err(Fault::new(BEYOND_LINE));
        }
        // Without \r or \n nothing new can be said about a long line.
        let ends = end.is_some() || input.contains(&b'\r') || self.payload.last() == Some(&b'\r');
        cursor.at = end.map_or(input.len(), |end| end + 1);
        self.keep(cursor);
        let line = self.payload.get(start..).unwrap_or_default();
        if !ends && (SHORT_LINE..LONGEST_LINE).contains(&line.len()) {
            return Ok(Step::Incomplete);
        }
        match token(line)? {
            Token::Incomplete => Ok(Step::Incomplete),
            Token::Scalar(node, _) => Ok(self.value_read(node.moved((0, start), (0, 0)))),
            Token::Bulk { kind, length, .. } => self.bulk(kind, length, cursor),
            Token::Aggregate { kind, count, .. } => self.aggregate(kind, count, cursor),
        }
    }

    fn continue_bulk(
        &mut self,
        kind: Kind,
        start: usize,
        length: usize,
        cursor: &mut Cursor<'_>,
    ) -> Result<Step, Fault> {
        let end = start + length;
        let missing = (end + 2)
            .checked_sub(self.payload.len())
            .ok_or(Fault::new("more bytes were received in place than the bulk lacked"))?;
        self.make_room(start, length, cursor.input.len())?;
        cursor.at = missing.min(cursor.input.len());
        self.keep(cursor);
        if missing > cursor.at {
            return Ok(Step::Incomplete);
        }
        let body = self.payload.get(start..).unwrap_or_default();
        let node = bulk_node(kind, start, length, body)?;
        Ok(self.value_read(node))
    }

    /// Reads a value's header line, and the value if it is a scalar.
    fn value(&mut self, cursor: &mut Cursor<'_>) -> Result<Step, Fault> {
        let rest = cursor.rest();
        if let Some((b'*', line)) = rest.split_first()
            && let Some((count, used)) = number::quick(line)
        {
            cursor.at += used + 1;
            return self.aggregate(Kind::Array, count, cursor);
        }
        match token(rest)? {
            Token::Scalar(node, used) => {
                let start = self.position(cursor);
                cursor.at += used;
                Ok(Step::Value(node.moved((0, start), (0, 0))))
            }
            Token::Bulk { kind, length, header } => {
                cursor.at += header;
                self.bulk(kind, length, cursor)
            }
            Token::Aggregate { kind, count, header } => {
                cursor.at += header;
                self.aggregate(kind, count, cursor)
            }
            Token::Incomplete => {
                self.state = if !rest.is_empty() {
                    State::Line { start: self.position(cursor) }
                } else if self.open.is_empty() && self.batch.is_none() {
                    State::Idle
                } else {
                    State::Value
                };
                Ok(Step::Incomplete)
            }
        }
    }

    fn value_read(&mut self, node: Node) -> Step {
        self.state = State::Value;
        Step::Value(node)
    }

    /// Reads a bulk's bytes, which begin at the cursor.
    fn bulk(&mut self, kind: Kind, length: u64, cursor: &mut Cursor<'_>) -> Result<Step, Fault> {
        let start = self.position(cursor);
        let body = cursor.rest();
        if (body.len() as u64) < length.saturating_add(2) {
            return self.bulk_to_come(kind, start, length, cursor);
        }
        let length = length as usize;
        let node = bulk_node(kind, start, length, body)?;
        cursor.at += length + 2;
        self.state = State::Value;
        Ok(Step::Value(node))
    }

    fn bulk_to_come(&mut self, kind: Kind, start: usize, length: u64, cursor: &Cursor<'_>) -> Result<Step, Fault> {
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length)?.checked_add(2));
        let end = end.ok_or(Fault::new("a bulk beyond what memory can hold"))?;
        self.check_size(end)?;
        let length = end - start - 2;
        self.state = State::Bulk { kind, start, length };
        self.make_room(start, length, cursor.input.len() - cursor.kept)?;
        Ok(Step::Incomplete)
    }

    /// Opens an aggregate, or closes it at once if it is empty.
    fn aggregate(&mut self, kind: Kind, count: u64, cursor: &Cursor<'_>) -> Result<Step, Fault> {
        if kind == Kind::Push && !self.open.is_empty() {
            return Err(Fault::new("a push inside another value"));
        }
        if self.open.len() >= self.limits.max_depth {
            return Err(Fault::new("aggregates nested beyond the limit"));
        }
        self.state = State::Value;
        let missing = if kind == Kind::Attribute { count.saturating_add(1) } else { count };
        if missing == 0 {
            return Ok(Step::Value(Node::new_aggregate(kind, 0, 0)));
        }
        // Each child takes a node and three bytes at least.
        let least = missing.saturating_mul(size_of::<Node>() as u64 + 3);
        self.check_size_with(self.position(cursor), least)?;
        self.open.push(Open { kind, first: self.pending.len(), missing });
        Ok(Step::Opened)
    }

    /// Gives a whole value to the aggregate it is in. Returns the value that is whole with it and in no aggregate, whose
    /// children, if it is to be extracted, are still pending.
    #[inline(always)]
    fn attach(&mut self, mut node: Node) -> Option<Node> {
        loop {
            let Some(open) = self.open.last_mut() else {
                return Some(node);
            };
            self.pending.push(node);
            open.missing -= 1;
            if open.missing > 0 {
                return None;
            }
            node = self.close()?;
        }
    }

    /// Ends the innermost open aggregate.
    fn close(&mut self) -> Option<Node> {
        let Open { kind, first, .. } = self.open.pop()?;
        let children = self.pending.get_mut(first..)?;
        let count = children.len();
        if kind == Kind::Attribute {
            // The described value comes last and is wanted first.
            children.rotate_right(1);
        }
        let at = self.nodes.len();
        if self.open.is_empty() && (self.batch.is_none() || kind == Kind::Push) {
            return Some(Node::new_aggregate(kind, at, count));
        }
        if first == 0 && at == 0 {
            std::mem::swap(&mut self.nodes, &mut self.pending);
        } else {
            self.nodes.extend_from_slice(children);
            self.pending.truncate(first);
        }
        Some(Node::new_aggregate(kind, at, count))
    }

    /// Hands a whole reply or push over, or counts it in the batch.
    fn complete(&mut self, root: Node, cursor: &mut Cursor<'_>) -> Result<Option<Progress>, Fault> {
        let end = self.position(cursor);
        self.check_size(end)?;
        if root.kind() == Kind::Push {
            return Ok(Some(Progress::Push(self.extract(root, cursor))));
        }
        let Some(batch) = &mut self.batch else {
            return Ok(Some(Progress::Reply(self.extract(root, cursor))));
        };
        self.pending.push(root);
        batch.missing -= 1;
        if batch.missing > 0 {
            self.mark = Mark { payload: end, nodes: self.nodes.len(), pending: self.pending.len() };
            return Ok(None);
        }
        self.batch = None;
        self.mark = Mark::default();
        let root = Node::new_aggregate(Kind::Array, self.nodes.len(), self.pending.len());
        Ok(Some(Progress::Reply(self.extract(root, cursor))))
    }

    /// Makes a reply of what is behind the mark, with the pending nodes as the children of `root`, and forgets it.
    fn extract(&mut self, root: Node, cursor: &mut Cursor<'_>) -> Reply {
        let mark = self.mark;
        let (payload_at, nodes_at) = ((mark.payload, 0), (mark.nodes, 0));
        let root_moved = root.moved(payload_at, (0, 0));

        // The bytes: all in the input, or else all in the payload.
        let item = match mark.payload.checked_sub(self.payload.len()) {
            Some(before) => {
                let unkept = cursor.input.get(cursor.kept..cursor.at).unwrap_or_default();
                let (before, item) = unkept.split_at_checked(before).unwrap_or_default();
                self.payload.extend_from_slice(before);
                cursor.kept = cursor.at;
                item
            }
            None => {
                self.keep(cursor);
                self.payload.get(mark.payload..).unwrap_or_default()
            }
        };
        let has_children = root.count() > 0;
        let give_away = mark.payload == 0 && self.payload.len() > KEPT;
        let reply = if !has_children && (root.length() <= INLINE || !give_away) {
            Reply::scalar(root_moved, item)
        } else {
            let payload = if give_away { without_slack(std::mem::take(&mut self.payload)) } else { item.to_vec() };
            if has_children {
                let nodes = self.extract_nodes(nodes_at);
                let first = nodes.len() - root.count();
                Reply::heap(Node::new_aggregate(root.kind(), first, root.count()), payload, nodes)
            } else {
                Reply::heap(root_moved, payload, Vec::new())
            }
        };

        if self.batch.is_some() {
            self.payload.truncate(mark.payload);
            self.nodes.truncate(mark.nodes);
            self.pending.truncate(mark.pending);
            self.state = State::Value;
        } else if self.failure.is_none() {
            self.tidy();
        }
        reply
    }

    /// The nodes behind the mark and then the pending ones.
    fn extract_nodes(&mut self, nodes_at: (usize, usize)) -> Vec<Node> {
        let inner = self.nodes.get(self.mark.nodes..).unwrap_or_default();
        let outer = self.pending.get(self.mark.pending..).unwrap_or_default();
        let payload_at = (self.mark.payload, 0);
        let count = inner.len() + outer.len();
        if payload_at.0 != 0 || nodes_at.0 != 0 || self.mark.pending != 0 {
            return inner.iter().chain(outer).map(|node| node.moved(payload_at, nodes_at)).collect();
        }
        if count * size_of::<Node>() <= KEPT {
            let mut nodes = Vec::with_capacity(count);
            nodes.extend_from_slice(inner);
            nodes.extend_from_slice(outer);
            return nodes;
        }
        if inner.is_empty() {
            return without_slack(std::mem::take(&mut self.pending));
        }
        self.nodes.extend_from_slice(outer);
        without_slack(std::mem::take(&mut self.nodes))
    }

    /// Where in the payload the cursor would be if all before it were there.
    #[inline(always)]
    fn position(&self, cursor: &Cursor<'_>) -> usize {
        self.payload.len() + (cursor.at - cursor.kept)
    }

    /// Puts the decoded input into the payload.
    fn keep(&mut self, cursor: &mut Cursor<'_>) {
        self.payload.extend_from_slice(cursor.input.get(cursor.kept..cursor.at).unwrap_or_default());
        cursor.kept = cursor.at;
    }

    /// Makes room for some of the rest of a bulk, of which up to `more` bytes have arrived besides those in the payload.
    fn make_room(&mut self, start: usize, length: usize, more: usize) -> Result<(), Fault> {
        let have = self.payload.len();
        let missing = (start + length + 2).saturating_sub(have);
        if missing <= self.payload.capacity() - have {
            return Ok(());
        }
        let believed = missing.min(BELIEVED.max(have.saturating_add(more).saturating_mul(BELIEVED_TIMES)));
        let made = if length >= start {
            self.payload.try_reserve_exact(believed)
        } else {
            // One of many: enlarging for each alone could cost a copy of all before it.
            self.payload.try_reserve(believed)
        };
        made.map_err(|_| Fault::new("no memory for a bulk"))
    }

    fn check_size(&self, end: usize) -> Result<(), Fault> {
        self.check_size_with(end, 0)
    }

    /// Is the current reply, which reaches to `end` in the payload and will have `more` bytes, within the limit?
    fn check_size_with(&self, end: usize, more: u64) -> Result<(), Fault> {
        let nodes = self.nodes.len() - self.mark.nodes + self.pending.len() - self.mark.pending;
        let bytes = end - self.mark.payload + nodes * size_of::<Node>();
        if (bytes as u64).saturating_add(more) > self.limits.max_bytes {
            return Err(Fault::new("a reply beyond the size limit"));
        }
        Ok(())
    }

    /// Nothing is open any more: everything is emptied, and what has grown big is given back.
    fn tidy(&mut self) {
        self.state = State::Idle;
        self.mark = Mark::default();
        self.open.clear();
        clear(&mut self.pending);
        clear(&mut self.nodes);
        clear(&mut self.payload);
    }
}

/// A bulk of `length` bytes at the beginning of `body`, which is at `start` in the payload.
fn bulk_node(kind: Kind, start: usize, length: usize, body: &[u8]) -> Result<Node, Fault> {
    match body.get(length..) {
        Some([b'\r', b'\n', ..]) => {}
        Some([b'\r', other, ..] | [other, ..]) => {
            return Err(Fault::found("expected \\r\\n behind a bulk", *other));
        }
        _ => return Err(Fault::new("expected \\r\\n behind a bulk")),
    }
    if kind != Kind::Verbatim {
        return Ok(Node::new_bytes(kind, start, length));
    }
    match body.first_chunk() {
        Some(&[a, b, c, b':']) if length >= 4 => {
            Ok(Node::new_bytes(kind, start + 4, length - 4).with_format([a, b, c]))
        }
        _ => Err(Fault::new("a verbatim string without a format")),
    }
}

/// The vector, without unused memory of consequence.
fn without_slack<T>(mut vector: Vec<T>) -> Vec<T> {
    if vector.capacity() - vector.len() > vector.len() / 8 {
        vector.shrink_to_fit();
    }
    vector
}

fn clear<T>(vector: &mut Vec<T>) {
    vector.clear();
    if vector.capacity() * size_of::<T>() > KEPT {
        *vector = Vec::new();
    }
}
