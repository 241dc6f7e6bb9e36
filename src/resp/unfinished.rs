//! The unfinished reply: what has come of the reply or batch that is being received. Owns the vectors in which values and
//! bytes gather, and how a reply is made of them.
//!
//! It belongs to a decoder and knows nothing of bytes' meaning. Its memory is used again for the next reply unless it has
//! grown large: then the reply takes it over. It never makes room for what has only been declared, but for one step.

use super::fault::Fault;
use super::node::{Kind, Node};
use super::reply::{INLINE, Reply};

/// Memory up to this size is kept for the next reply and copied from; beyond, it is given away with the reply.
pub(super) const KEPT: usize = 64 << 10;

/// As much of a declared payload is believed before any of it has arrived.
pub(super) const BELIEVED: usize = 1 << 20;

/// Once some of a payload has arrived, this many times as much is believed. High, because enlarging a block of tens of
/// megabytes costs no copy (the system moves its pages) but enlarging a smaller one may.
const BELIEVED_TIMES: usize = 64;

/// A look at the input.
pub(super) struct Cursor<'a> {
    pub(super) input: &'a [u8],
    /// Decoded up to here.
    pub(super) at: usize,
    /// In the payload, or done with, up to here.
    pub(super) kept: usize,
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }
}

/// An aggregate whose children are still coming.
pub(super) struct Open {
    kind: Kind,
    /// The first of its children among the pending.
    first: usize,
    /// How many children are still to come.
    pub(super) missing: u64,
}

/// A place in the three vectors.
#[derive(Clone, Copy, Default)]
struct Mark {
    payload: usize,
    nodes: usize,
    pending: usize,
}

/// What has come of the current reply or batch.
#[derive(Default)]
pub(super) struct Unfinished {
    /// Aggregates whose children are still coming, outermost first.
    pub(super) open: Vec<Open>,
    /// Whole values whose aggregate or batch is not whole yet.
    pub(super) pending: Vec<Node>,
    /// The children of whole aggregates that are inside others.
    nodes: Vec<Node>,
    /// The bytes that came with earlier input, as they came.
    pub(super) payload: Vec<u8>,
    /// Where the current reply begins: behind the whole replies of the batch.
    mark: Mark,
}

impl Unfinished {
    /// Begins an aggregate with `missing` children, at least 1.
    pub(super) fn open(&mut self, kind: Kind, missing: u64) {
        self.open.push(Open { kind, first: self.pending.len(), missing });
    }

    /// The current reply is whole up to `end` in the payload, and stays; the next begins behind it.
    pub(super) fn mark(&mut self, end: usize) {
        self.mark = Mark { payload: end, nodes: self.nodes.len(), pending: self.pending.len() };
    }

    /// Forgets the current reply, not the whole ones before it.
    pub(super) fn drop_current(&mut self) {
        self.open.clear();
        self.payload.truncate(self.mark.payload);
        self.nodes.truncate(self.mark.nodes);
        self.pending.truncate(self.mark.pending);
    }

    /// Forgets everything, and gives back what has grown large.
    pub(super) fn clear(&mut self) {
        self.mark = Mark::default();
        self.open.clear();
        clear(&mut self.pending);
        clear(&mut self.nodes);
        clear(&mut self.payload);
    }

    /// How many bytes the current reply and its nodes occupy if it reaches to `end` in the payload.
    pub(super) fn size(&self, end: usize) -> usize {
        let nodes = self.nodes.len() - self.mark.nodes + self.pending.len() - self.mark.pending;
        end - self.mark.payload + nodes * size_of::<Node>()
    }

    /// How many bytes of memory it holds.
    pub(super) fn footprint(&self) -> usize {
        self.payload.capacity()
            + (self.nodes.capacity() + self.pending.capacity()) * size_of::<Node>()
            + self.open.capacity() * size_of::<Open>()
    }

    /// Gives a whole value to the aggregate it is in. Returns the value that is whole with it and in no aggregate, whose
    /// children, if it is to be extracted, are still pending.
    #[inline(always)]
    pub(super) fn attach(&mut self, mut node: Node, in_batch: bool) -> Option<Node> {
        loop {
            let Some(open) = self.open.last_mut() else {
                return Some(node);
            };
            self.pending.push(node);
            open.missing -= 1;
            if open.missing > 0 {
                return None;
            }
            node = self.close(in_batch)?;
        }
    }

    /// Ends the innermost open aggregate.
    fn close(&mut self, in_batch: bool) -> Option<Node> {
        let Open { kind, first, .. } = self.open.pop()?;
        let children = self.pending.get_mut(first..)?;
        let count = children.len();
        if kind == Kind::Attribute {
            // The described value comes last and is wanted first.
            children.rotate_right(1);
        }
        let at = self.nodes.len();
        if self.open.is_empty() && (!in_batch || kind == Kind::Push) {
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

    /// Makes an array of all whole replies, and forgets everything.
    pub(super) fn extract_batch(&mut self, cursor: &mut Cursor<'_>) -> Reply {
        self.mark = Mark::default();
        let root = Node::new_aggregate(Kind::Array, self.nodes.len(), self.pending.len());
        let batch = self.extract(root, cursor);
        self.clear();
        batch
    }

    /// Makes a reply of what is behind the mark, with the pending nodes as the children of `root`, and forgets it.
    pub(super) fn extract(&mut self, root: Node, cursor: &mut Cursor<'_>) -> Reply {
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

        self.drop_current();
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
    pub(super) fn position(&self, cursor: &Cursor<'_>) -> usize {
        self.payload.len() + (cursor.at - cursor.kept)
    }

    /// Puts the decoded input into the payload.
    pub(super) fn keep(&mut self, cursor: &mut Cursor<'_>) {
        self.payload.extend_from_slice(cursor.input.get(cursor.kept..cursor.at).unwrap_or_default());
        cursor.kept = cursor.at;
    }

    /// Makes room for some of the rest of a bulk, of which up to `more` bytes have arrived besides those in the payload.
    pub(super) fn make_room(&mut self, start: usize, length: usize, more: usize) -> Result<(), Fault> {
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
