//! The resumable decoder: a connection's bytes, in any pieces, to flat replies. Owns where in the stream it is, the batch
//! that is open, and the limits.
//!
//! One connection's reader runs it, whichever thread that is. It never reads from a socket, never looks at a byte twice
//! (but for a header line cut in two) and never trusts a declared length: memory grows with what really arrived.

use super::fault::{Fault, ProtocolError};
use super::node::{Kind, Node};
use super::number;
use super::reply::Reply;
use super::token::{BEYOND_LINE, LONGEST_LINE, Token, quick, token};
use super::unfinished::{Cursor, Unfinished};

#[cfg(test)]
mod tests;

/// A bulk of at least this many bytes can be received in place: see [`Decoder::direct`].
pub const DIRECT: usize = 64 << 10;

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
    unfinished: Unfinished,
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

struct Batch {
    missing: usize,
}

enum Step {
    Incomplete,
    Opened,
    Value(Node),
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Decoder { limits, state: State::Idle, unfinished: Unfinished::default(), batch: None, failure: None }
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
        if self.failure.is_none() {
            self.fail(Fault::new("the batch was ended early"));
        }
        self.unfinished.drop_current();
        Some(self.unfinished.extract_batch(&mut Cursor { input: b"", at: 0, kept: 0 }))
    }

    /// While a bulk of [`DIRECT`] bytes or more is coming and all before it is decoded: the vector to append the next bytes
    /// of the stream to, with room for some of them, and how many the bulk still lacks, its `\r\n` included. The caller
    /// may append that many and no more, and then calls [`decode`](Self::decode), with empty input if it has no other.
    pub fn direct(&mut self) -> Option<(&mut Vec<u8>, usize)> {
        let State::Bulk { start, length, .. } = self.state else {
            return None;
        };
        let missing = (start + length + 2).checked_sub(self.unfinished.payload.len()).filter(|missing| *missing > 0)?;
        if length < DIRECT || self.unfinished.make_room(start, length, 0).is_err() {
            return None;
        }
        Some((&mut self.unfinished.payload, missing))
    }

    /// Forgets everything: the next input is the beginning of a stream.
    pub fn reset(&mut self) {
        self.batch = None;
        self.failure = None;
        self.unfinished.clear();
        self.state = State::Idle;
    }

    /// How many bytes of memory it holds beside replies given away: bounded by what has arrived of the current reply or
    /// batch, whatever was declared.
    pub fn footprint(&self) -> usize {
        self.unfinished.footprint()
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
                self.unfinished.keep(&mut cursor);
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
                    if let Some(root) = self.unfinished.attach(node, self.batch.is_some())
                        && let Some(progress) = self.complete(root, cursor)?
                    {
                        return Ok(progress);
                    }
                }
                Step::Incomplete => {
                    cursor.at = cursor.input.len();
                    self.unfinished.keep(cursor);
                    self.check_size(self.unfinished.payload.len(), 0)?;
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
        let (missing, largest) = match (self.unfinished.open.last_mut(), &self.batch) {
            (Some(open), _) => (open.missing, u64::MAX),
            (None, Some(batch)) => (batch.missing as u64, self.limits.max_bytes),
            (None, None) => return,
        };
        let mut left = missing;
        let (begin, mut rest) = (self.unfinished.position(cursor), cursor.rest());
        let mut read = 0;
        while left > 1
            && let Some((node, used)) = quick(rest, begin + read)
            && used as u64 <= largest
        {
            self.unfinished.pending.push(node);
            rest = rest.get(used..).unwrap_or_default();
            read += used;
            left -= 1;
        }
        cursor.at += read;
        if let Some(open) = self.unfinished.open.last_mut() {
            open.missing = left;
        } else if let Some(batch) = &mut self.batch {
            batch.missing = left as usize;
            self.unfinished.mark(begin + read);
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
        let ends = end.is_some() || input.contains(&b'\r') || self.unfinished.payload.last() == Some(&b'\r');
        cursor.at = end.map_or(input.len(), |end| end + 1);
        self.unfinished.keep(cursor);
        let line = self.unfinished.payload.get(start..).unwrap_or_default();
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
            .checked_sub(self.unfinished.payload.len())
            .ok_or(Fault::new("more bytes were received in place than the bulk lacked"))?;
        self.unfinished.make_room(start, length, cursor.input.len())?;
        cursor.at = missing.min(cursor.input.len());
        self.unfinished.keep(cursor);
        if missing > cursor.at {
            return Ok(Step::Incomplete);
        }
        let body = self.unfinished.payload.get(start..).unwrap_or_default();
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
                let start = self.unfinished.position(cursor);
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
                    State::Line { start: self.unfinished.position(cursor) }
                } else if self.unfinished.open.is_empty() && self.batch.is_none() {
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
        let start = self.unfinished.position(cursor);
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
        self.check_size(end, 0)?;
        let length = end - start - 2;
        self.state = State::Bulk { kind, start, length };
        self.unfinished.make_room(start, length, cursor.input.len() - cursor.kept)?;
        Ok(Step::Incomplete)
    }

    /// Opens an aggregate, or closes it at once if it is empty.
    fn aggregate(&mut self, kind: Kind, count: u64, cursor: &Cursor<'_>) -> Result<Step, Fault> {
        if kind == Kind::Push && !self.unfinished.open.is_empty() {
            return Err(Fault::new("a push inside another value"));
        }
        if self.unfinished.open.len() >= self.limits.max_depth {
            return Err(Fault::new("aggregates nested beyond the limit"));
        }
        self.state = State::Value;
        let missing = if kind == Kind::Attribute { count.saturating_add(1) } else { count };
        if missing == 0 {
            return Ok(Step::Value(Node::new_aggregate(kind, 0, 0)));
        }
        // Each child takes a node and three bytes at least.
        let least = missing.saturating_mul(size_of::<Node>() as u64 + 3);
        self.check_size(self.unfinished.position(cursor), least)?;
        self.unfinished.open(kind, missing);
        Ok(Step::Opened)
    }

    /// Hands a whole reply or push over, or counts it in the batch.
    fn complete(&mut self, root: Node, cursor: &mut Cursor<'_>) -> Result<Option<Progress>, Fault> {
        let end = self.unfinished.position(cursor);
        self.check_size(end, 0)?;
        let is_push = root.kind() == Kind::Push;
        match &mut self.batch {
            None => {
                let reply = self.unfinished.extract(root, cursor);
                self.unfinished.clear();
                self.state = State::Idle;
                Ok(Some(if is_push { Progress::Push(reply) } else { Progress::Reply(reply) }))
            }
            Some(_) if is_push => Ok(Some(Progress::Push(self.unfinished.extract(root, cursor)))),
            Some(batch) => {
                self.unfinished.pending.push(root);
                batch.missing -= 1;
                if batch.missing > 0 {
                    self.unfinished.mark(end);
                    return Ok(None);
                }
                self.batch = None;
                self.state = State::Idle;
                Ok(Some(Progress::Reply(self.unfinished.extract_batch(cursor))))
            }
        }
    }

    /// Is the current reply, which reaches to `end` in the payload and will have `more` bytes, within the limit?
    fn check_size(&self, end: usize, more: u64) -> Result<(), Fault> {
        if (self.unfinished.size(end) as u64).saturating_add(more) > self.limits.max_bytes {
            return Err(Fault::new("a reply beyond the size limit"));
        }
        Ok(())
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
