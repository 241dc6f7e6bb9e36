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

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Limits, Progress};
    use super::*;

    fn decoded(bytes: &[u8]) -> Reply {
        match Decoder::new(Limits::default()).decode(bytes).unwrap() {
            (_, Progress::Reply(reply) | Progress::Push(reply)) => reply,
            other => panic!("{other:?}"),
        }
    }

    const NESTED: &[u8] =
        b"*5\r\n$0\r\n\r\n*2\r\n|1\r\n*1\r\n+k\r\n*1\r\n+a\r\n*1\r\n$3\r\nval\r\n%1\r\n:1\r\n~2\r\n_\r\n,1.5\r\n=7\r\ntxt:abc\r\n*0\r\n*1\r\n$6\r\nlonger\r\n";

    #[test]
    fn a_reply_is_shared_between_threads_and_small() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<Reply>();
        assert_eq!(size_of::<Reply>(), 72);
        for small in
            [Reply::nil(), Reply::integer(-1), Reply::status("OK"), Reply::bulk(&[b'x'; 40]), decoded(b"*0\r\n")]
        {
            assert_eq!(small.footprint(), 72, "{small:?}");
        }
    }

    #[test]
    fn made_replies_equal_received_ones() {
        for (made, received) in [
            (Reply::nil(), &b"$-1\r\n"[..]),
            (Reply::integer(-5), b":-5\r\n"),
            (Reply::status("OK"), b"+OK\r\n"),
            (Reply::error("ERR no"), b"-ERR no\r\n"),
            (Reply::bulk(b"hello"), b"$5\r\nhello\r\n"),
            (Reply::array(vec![]), b"*0\r\n"),
            (
                Reply::array(vec![Reply::array(vec![Reply::bulk(b""), Reply::nil()]), Reply::integer(1)]),
                b"*2\r\n*2\r\n$0\r\n\r\n_\r\n:1\r\n",
            ),
        ] {
            assert_eq!(made, decoded(received));
        }
    }

    #[test]
    fn replies_differ_by_kind_value_format_and_structure() {
        let replies = [
            "_\r\n",
            ":1\r\n",
            ":2\r\n",
            ",1\r\n",
            ",-0\r\n",
            ",0\r\n",
            "#t\r\n",
            "#f\r\n",
            "+a\r\n",
            "$1\r\na\r\n",
            "-a\r\n",
            "(1\r\n",
            "=5\r\ntxt:a\r\n",
            "=5\r\nmkd:a\r\n",
            "*0\r\n",
            "~0\r\n",
            "%0\r\n",
            ">0\r\n",
            "*1\r\n:1\r\n",
            "*2\r\n:1\r\n:1\r\n",
            "*1\r\n*1\r\n:1\r\n",
            "*2\r\n*1\r\n:1\r\n:1\r\n",
            "*2\r\n:1\r\n*1\r\n:1\r\n",
            "|0\r\n:1\r\n",
        ];
        let replies = replies.map(|bytes| decoded(bytes.as_bytes()));
        for (at, one) in replies.iter().enumerate() {
            for (other_at, other) in replies.iter().enumerate() {
                assert_eq!(one == other, at == other_at, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_element_becomes_a_reply_of_its_own() {
        let whole = decoded(NESTED);
        let again = Reply::array((0..5).map(|index| whole.element(index).unwrap()).collect());
        assert_eq!(again, whole);
        for index in 0..5 {
            let element = whole.element(index).unwrap();
            assert_eq!(element.root(), whole.root().get(index).unwrap());
            assert_eq!(whole.clone().into_element(index).as_ref(), Some(&element));
            for node in element.nodes().iter().chain([element.root_node()]) {
                assert!(node.offset() + node.length() <= element.payload().len());
                assert!(node.count() == 0 || node.first() + node.count() <= element.nodes().len());
            }
            for (inner, value) in element.root().iter().enumerate() {
                assert_eq!(element.element(inner).unwrap().root(), value);
                assert_eq!(element.clone().into_element(inner).unwrap().root(), value);
            }
        }
        assert_eq!(whole.element(5), None);
        assert_eq!(whole.into_element(5), None);
        assert_eq!(Reply::integer(1).into_element(0), None);
    }

    #[test]
    fn the_better_part_of_a_reply_is_taken_over_without_a_copy() {
        let large = Reply::bulk(&[b'x'; 100_000]);
        let array = Reply::array(vec![Reply::status("OK"), Reply::array(vec![large.clone()]), Reply::status("OK")]);
        let at = array.payload().as_ptr();
        let element = array.into_element(1).unwrap();
        assert_eq!(element.payload().as_ptr(), at);
        assert_eq!(element, Reply::array(vec![large]));
        // What was taken over can be taken apart and put together as any other.
        let two = Reply::concat(element.clone(), element.clone());
        assert_eq!(two.element(1), element.into_element(0));
    }

    #[test]
    fn the_children_of_two_arrays_are_joined() {
        let ours = decoded(NESTED);
        let theirs = decoded(b"*3\r\n*1\r\n*1\r\n$1\r\nx\r\n:1\r\n$2\r\nhi\r\n");
        let children = |reply: &Reply| (0..reply.root().len()).map(|at| reply.element(at).unwrap()).collect::<Vec<_>>();
        let expected = [children(&ours), children(&theirs)].concat();
        let joined = Reply::concat(ours.clone(), theirs.clone());
        assert_eq!(children(&joined), expected);
        assert_eq!(joined, Reply::array(expected));
        let empty = decoded(b"*0\r\n");
        assert_eq!(Reply::concat(empty.clone(), ours.clone()), ours);
        assert_eq!(Reply::concat(ours.clone(), empty.clone()), ours);
        assert_eq!(Reply::concat(empty.clone(), empty.clone()), empty);
        assert_eq!(Reply::concat(Reply::integer(1), Reply::bulk(b"x")), decoded(b"*2\r\n:1\r\n$1\r\nx\r\n"));
        // Arrays made of others and joined stay whole.
        let three = Reply::concat(joined.clone(), Reply::array(vec![joined.clone()]));
        assert_eq!(three.element(joined.root().len()), Some(joined));
    }

    #[test]
    fn errors_have_a_code() {
        assert_eq!(Reply::error("MOVED 1 a:1").root().error_code(), Some("MOVED"));
        assert_eq!(Reply::error("").root().error_code(), Some(""));
        assert_eq!(Reply::status("OK").root().error_code(), None);
        assert!(Reply::error("ERR x").is_error() && !Reply::nil().is_error());
    }

    #[test]
    fn what_a_value_is_not_is_none() {
        let integer = Reply::integer(1);
        let value = integer.root();
        assert_eq!((value.as_double(), value.as_boolean(), value.as_bytes(), value.format()), (None, None, None, None));
        assert_eq!((value.len(), value.get(0), value.iter().len(), value.is_nil()), (0, None, 0, false));
        assert_eq!(Reply::bulk(b"x").root().as_integer(), None);
    }
}
