//! The reply: one flat, immutable value. Owns its nodes and its payload, and how replies are put together and taken apart.
//!
//! Any thread may read it; nothing changes it. Small scalars need no allocation; everything else is one payload and one
//! node array in which the children of each aggregate are contiguous, those of an inner value before those of an outer.
//! The payload may be the reply as it was received, headers included: only a node says where its bytes are.

use std::fmt;

use super::node::{Kind, Node};
use super::value::Value;

/// A scalar's payload up to this size is stored in the reply itself.
pub(super) const INLINE: usize = 40;

/// A server's reply, or one the client made itself.
#[derive(Clone)]
pub struct Reply {
    root: Node,
    store: Store,
}

#[derive(Clone)]
enum Store {
    /// The root's bytes, if it has any, and then whatever; no nodes.
    Inline([u8; INLINE]),
    Heap {
        payload: Vec<u8>,
        nodes: Vec<Node>,
    },
}

const _: () = assert!(size_of::<Reply>() == 72);

impl Reply {
    /// A value without children whose bytes are in `bytes` where `root` says.
    #[inline(always)]
    pub(super) fn scalar(root: Node, bytes: &[u8]) -> Self {
        let length = root.length();
        if length == 0 {
            return Reply { root: root.moved((root.offset(), 0), (0, 0)), store: Store::Inline([0; INLINE]) };
        }
        let offset = root.offset();
        let root = root.moved((offset, 0), (0, 0));
        let body = bytes.get(offset..).unwrap_or_default();
        let store = if length > INLINE {
            let body = body.get(..length).unwrap_or_default();
            Store::Heap { payload: body.to_vec(), nodes: Vec::new() }
        } else if let Some(whole) = body.first_chunk::<INLINE>() {
            // More than needed, in a size that the compiler knows.
            Store::Inline(*whole)
        } else {
            let mut short = [0; INLINE];
            short.iter_mut().zip(body).for_each(|(to, from)| *to = *from);
            Store::Inline(short)
        };
        Reply { root, store }
    }

    /// A value whose bytes and descendants are where its nodes say.
    #[inline]
    pub(super) fn heap(root: Node, payload: Vec<u8>, nodes: Vec<Node>) -> Self {
        Reply { root, store: Store::Heap { payload, nodes } }
    }

    fn bytes(kind: Kind, bytes: &[u8]) -> Self {
        Self::scalar(Node::new_bytes(kind, 0, bytes.len()), bytes)
    }

    /// Nil.
    pub fn nil() -> Self {
        Self::scalar(Node::NIL, b"")
    }

    /// An integer.
    pub fn integer(value: i64) -> Self {
        Self::scalar(Node::new_integer(value), b"")
    }

    /// A status such as `OK`.
    pub fn status(text: &str) -> Self {
        Self::bytes(Kind::Status, text.as_bytes())
    }

    /// An error; its first word is its code.
    pub fn error(text: &str) -> Self {
        Self::bytes(Kind::Error, text.as_bytes())
    }

    /// Bytes.
    pub fn bulk(bytes: &[u8]) -> Self {
        Self::bytes(Kind::Bulk, bytes)
    }

    /// An array of `elements`.
    pub fn array(elements: Vec<Reply>) -> Self {
        let count = elements.len();
        let mut payload = Vec::with_capacity(elements.iter().map(|element| element.payload().len()).sum());
        let mut nodes = Vec::with_capacity(elements.iter().map(|element| element.nodes().len()).sum::<usize>() + count);
        let mut children = Vec::with_capacity(count);
        for element in &elements {
            let (payload_at, nodes_at) = ((0, payload.len()), (0, nodes.len()));
            children.push(element.root.moved(payload_at, nodes_at));
            nodes.extend(element.nodes().iter().map(|node| node.moved(payload_at, nodes_at)));
            payload.extend_from_slice(element.payload());
        }
        let root = Node::new_aggregate(Kind::Array, nodes.len(), count);
        nodes.append(&mut children);
        Self::heap(root, payload, nodes)
    }

    /// The array of the children of two arrays, one after the other. What is not an array counts as an array of itself.
    pub fn concat(self_array: Reply, other_array: Reply) -> Reply {
        let (ours, theirs) = (self_array.into_array(), other_array.into_array());
        let count = ours.root.count() + theirs.root.count();
        let (ours_first, theirs_first) = (ours.root.first(), theirs.root.first());
        let (mut payload, mut nodes) = ours.into_parts();
        let (their_payload, their_nodes) = theirs.into_parts();

        // A root's children are the last nodes. Both descendants go before both children.
        let mut children = nodes.split_off(ours_first.min(nodes.len()));
        let (payload_at, nodes_at) = ((0, payload.len()), (0, nodes.len()));
        let (inner, outer) = their_nodes.split_at_checked(theirs_first).unwrap_or_default();
        nodes.extend(inner.iter().map(|node| node.moved(payload_at, nodes_at)));
        children.extend(outer.iter().map(|node| node.moved(payload_at, nodes_at)));
        payload.extend_from_slice(&their_payload);

        let root = Node::new_aggregate(Kind::Array, nodes.len(), count);
        nodes.append(&mut children);
        Self::heap(root, payload, nodes)
    }

    fn into_array(self) -> Reply {
        if self.root.kind() == Kind::Array { self } else { Self::array(vec![self]) }
    }

    fn into_parts(self) -> (Vec<u8>, Vec<Node>) {
        match self.store {
            Store::Heap { payload, nodes } => (payload, nodes),
            Store::Inline(bytes) => (bytes.get(..self.root.length()).unwrap_or_default().to_vec(), Vec::new()),
        }
    }

    /// The child at `index` as a reply of its own; a copy.
    pub fn element(&self, index: usize) -> Option<Reply> {
        self.root().get(index).map(Reply::from)
    }

    /// The child at `index` as a reply of its own. Takes the memory over instead of copying when the child is the better
    /// part of this reply.
    pub fn into_element(self, index: usize) -> Option<Reply> {
        let element = self.root().get(index)?;
        let extent = Extent::of(&element);
        if extent.is_small_part_of(&element) {
            return Some(Reply::from(element));
        }
        let root = *element.node();
        let (mut payload, mut nodes) = self.into_parts();
        payload.truncate(extent.payload.1);
        nodes.truncate(extent.nodes.1);
        Some(Self::heap(root, payload, nodes))
    }

    /// The whole value.
    #[inline]
    pub fn root(&self) -> Value<'_> {
        Value::new(&self.root, self.nodes(), self.payload())
    }

    /// The whole value's node. It is not one of [`nodes`](Self::nodes).
    #[inline]
    pub fn root_node(&self) -> &Node {
        &self.root
    }

    /// All other values. The children of each are next to each other.
    #[inline]
    pub fn nodes(&self) -> &[Node] {
        match &self.store {
            Store::Inline(_) => &[],
            Store::Heap { nodes, .. } => nodes,
        }
    }

    /// The bytes into which the nodes' offsets count. What no node refers to has no meaning.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        match &self.store {
            Store::Inline(bytes) => bytes.get(..self.root.length()).unwrap_or_default(),
            Store::Heap { payload, .. } => payload,
        }
    }

    /// How many bytes it occupies.
    pub fn footprint(&self) -> usize {
        size_of::<Reply>()
            + match &self.store {
                Store::Inline(_) => 0,
                Store::Heap { payload, nodes } => payload.capacity() + nodes.capacity() * size_of::<Node>(),
            }
    }

    /// Is it an error?
    #[inline]
    pub fn is_error(&self) -> bool {
        self.root.kind() == Kind::Error
    }
}

/// Where in a reply a value's descendants and their bytes are, from and to.
struct Extent {
    nodes: (usize, usize),
    payload: (usize, usize),
}

impl Extent {
    fn of(value: &Value<'_>) -> Self {
        let (nodes, _) = value.whole();
        let root = value.node();
        // A value's descendants are next to each other and end with its children; among children, that with the
        // lowest own children reaches back farthest.
        let end = if root.count() > 0 { root.first() + root.count() } else { 0 };
        let mut lowest = root;
        let mut begin = end;
        while lowest.count() > 0 {
            begin = lowest.first();
            let inner = lowest.children(nodes).iter().filter(|child| child.count() > 0);
            match inner.min_by_key(|child| child.first()) {
                Some(child) => lowest = child,
                None => break,
            }
        }
        let descendants = nodes.get(begin..end).unwrap_or_default();
        let with_bytes = descendants.iter().chain([root]).filter(|node| node.kind().has_bytes());
        let payload = with_bytes
            .map(|node| (node.offset(), node.offset() + node.length()))
            .reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
            .unwrap_or_default();
        Extent { nodes: (begin, end), payload }
    }

    fn is_small_part_of(&self, value: &Value<'_>) -> bool {
        let (nodes, payload) = value.whole();
        let bytes = |payload: usize, nodes: usize| payload + nodes * size_of::<Node>();
        let own = bytes(self.payload.1 - self.payload.0, self.nodes.1 - self.nodes.0);
        own <= INLINE || own < bytes(payload.len(), nodes.len()) / 2
    }
}

/// A copy of the value as a reply of its own.
impl From<Value<'_>> for Reply {
    fn from(value: Value<'_>) -> Self {
        let (nodes, payload) = value.whole();
        if value.is_empty() {
            return Self::scalar(*value.node(), payload);
        }
        let extent = Extent::of(&value);
        let (payload_at, nodes_at) = ((extent.payload.0, 0), (extent.nodes.0, 0));
        let copied = nodes.get(extent.nodes.0..extent.nodes.1).unwrap_or_default();
        let bytes = payload.get(extent.payload.0..extent.payload.1).unwrap_or_default();
        Self::heap(
            value.node().moved(payload_at, nodes_at),
            bytes.to_vec(),
            copied.iter().map(|node| node.moved(payload_at, nodes_at)).collect(),
        )
    }
}

/// As redis-cli shows it, with bytes escaped.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

/// The same kinds, values and bytes in the same structure; doubles bit by bit.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}
