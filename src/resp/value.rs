//! The view through which a reply is read. Owns navigation, comparison and the form shown to people.
//!
//! A borrow of a reply: any thread, copied freely, never allocates except to compare and to show.

use std::fmt;

use super::node::{Kind, Node};

/// How deep values are shown inside each other.
const SHOWN_DEPTH: usize = 64;

/// A value of a reply: the whole reply or an element of it.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    node: &'a Node,
    nodes: &'a [Node],
    payload: &'a [u8],
}

impl<'a> Value<'a> {
    pub(super) fn new(node: &'a Node, nodes: &'a [Node], payload: &'a [u8]) -> Self {
        Value { node, nodes, payload }
    }

    /// What kind of value it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        self.node.kind()
    }

    /// The node that it is in its reply.
    #[inline]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// An integer's value.
    #[inline]
    pub fn as_integer(&self) -> Option<i64> {
        (self.kind() == Kind::Integer).then(|| self.node.integer())
    }

    /// A double's value.
    #[inline]
    pub fn as_double(&self) -> Option<f64> {
        (self.kind() == Kind::Double).then(|| self.node.double())
    }

    /// A boolean's value.
    #[inline]
    pub fn as_boolean(&self) -> Option<bool> {
        (self.kind() == Kind::Boolean).then(|| self.node.integer() != 0)
    }

    /// The bytes of a status, bulk, verbatim string (without its format), big number (its digits) or error.
    #[inline]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        self.kind().has_bytes().then(|| self.node.bytes(self.payload))
    }

    /// A verbatim string's format, such as `txt`.
    #[inline]
    pub fn format(&self) -> Option<[u8; 3]> {
        (self.kind() == Kind::Verbatim).then(|| self.node.format())
    }

    /// Is it nil?
    #[inline]
    pub fn is_nil(&self) -> bool {
        self.kind() == Kind::Nil
    }

    /// Is it an error?
    #[inline]
    pub fn is_error(&self) -> bool {
        self.kind() == Kind::Error
    }

    /// The error's text, when it is an error.
    #[inline]
    pub fn as_error(&self) -> Option<std::borrow::Cow<'a, str>> {
        if !self.is_error() {
            return None;
        }
        self.as_bytes().map(String::from_utf8_lossy)
    }

    /// An error's first word, such as `WRONGTYPE`; empty if that is not text. `None` for what is not an error.
    pub fn error_code(&self) -> Option<&'a str> {
        if !self.is_error() {
            return None;
        }
        let text = self.node.bytes(self.payload);
        let word = text.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        Some(str::from_utf8(word).unwrap_or_default())
    }

    /// The number of children: elements; keys and values of a map (twice its pairs); the described value, keys and
    /// values of an attribute. 0 for what has no children.
    #[inline]
    pub fn len(&self) -> usize {
        self.node.count()
    }

    /// Has it no children?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The child at `index`, counted as in [`len`](Self::len).
    #[inline]
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        let node = self.node.children(self.nodes).get(index)?;
        Some(Value { node, ..*self })
    }

    /// The children in order.
    #[inline]
    pub fn iter(&self) -> Iter<'a> {
        Iter { left: self.node.children(self.nodes).iter(), nodes: self.nodes, payload: self.payload }
    }

    /// The value itself, without the attributes around it.
    pub fn bare(&self) -> Value<'a> {
        let mut value = *self;
        while value.kind() == Kind::Attribute
            && let Some(described) = value.get(0)
        {
            value = described;
        }
        value
    }

    /// The nodes and the payload that it is in.
    pub(super) fn whole(&self) -> (&'a [Node], &'a [u8]) {
        (self.nodes, self.payload)
    }

    /// Is it the same as `other`, apart from children?
    fn is_alike(&self, other: &Value<'_>) -> bool {
        self.kind() == other.kind()
            && self.node.integer() == other.node.integer()
            && self.node.double().to_bits() == other.node.double().to_bits()
            && self.node.format() == other.node.format()
            && self.len() == other.len()
            && self.as_bytes() == other.as_bytes()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, indent: usize, depth: usize) -> fmt::Result {
        let text = self.as_bytes().unwrap_or_default().escape_ascii();
        let mark = match self.kind() {
            Kind::Nil => return f.write_str("(nil)"),
            Kind::Integer => return write!(f, "(integer) {}", self.node.integer()),
            Kind::Double => return write!(f, "(double) {}", self.node.double()),
            Kind::Boolean => return f.write_str(if self.node.integer() != 0 { "(true)" } else { "(false)" }),
            Kind::Status => return write!(f, "{text}"),
            Kind::Bulk => return write!(f, "\"{text}\""),
            Kind::Verbatim => return write!(f, "{}:\"{text}\"", self.node.format().escape_ascii()),
            Kind::BigNumber => return write!(f, "(big number) {text}"),
            Kind::Error => return write!(f, "(error) {text}"),
            Kind::Array if self.is_empty() => return f.write_str("(empty array)"),
            Kind::Map if self.is_empty() => return f.write_str("(empty map)"),
            Kind::Set if self.is_empty() => return f.write_str("(empty set)"),
            Kind::Push if self.is_empty() => return f.write_str("(empty push)"),
            Kind::Array => ')',
            Kind::Map => '#',
            Kind::Set => '~',
            Kind::Push => '>',
            Kind::Attribute => '|',
        };
        if depth == SHOWN_DEPTH {
            return f.write_str("...");
        }
        let width = super::number::digits(self.len());
        let indent_inside = indent + width + 2;
        for (at, child) in self.iter().enumerate() {
            if at > 0 {
                write!(f, "\n{:indent$}", "")?;
            }
            write!(f, "{:width$}{mark} ", at + 1)?;
            child.show(f, indent_inside, depth + 1)?;
        }
        Ok(())
    }
}

/// As redis-cli shows it, with bytes escaped; the children of maps and attributes one by one.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, 0, 0)
    }
}

/// The same kinds, values and bytes in the same structure; doubles bit by bit.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut open = vec![(*self, *other)];
        while let Some((ours, theirs)) = open.pop() {
            if !ours.is_alike(&theirs) {
                return false;
            }
            open.extend(ours.iter().zip(theirs.iter()));
        }
        true
    }
}

impl<'a> IntoIterator for Value<'a> {
    type Item = Value<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// A value's children in order.
#[derive(Clone)]
pub struct Iter<'a> {
    left: std::slice::Iter<'a, Node>,
    nodes: &'a [Node],
    payload: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        let node = self.left.next()?;
        Some(Value { node, nodes: self.nodes, payload: self.payload })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}
