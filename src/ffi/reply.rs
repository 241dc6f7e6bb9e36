//! Replies: a handle on [`Reply`], and the frozen tree of plain structs through which C reads all of it at once.
//!
//! The tree is made when it is first asked for, by whichever thread that is, next to the reply whose bytes it points
//! into; neither moves or changes until the reply is freed.

use std::ffi::{CStr, c_char};
use std::ptr::{NonNull, null};
use std::sync::OnceLock;

use super::guard;
use super::handle::{self, Handle};
use crate::resp::{Kind, Node, Reply};

/// What type a value is of. A later version may know new ones.
pub type rr_type = i32;

/// No value: the key does not exist.
pub const RR_TYPE_NIL: rr_type = 0;
/// An integer; its value is in `integer`.
pub const RR_TYPE_INTEGER: rr_type = 1;
/// A double; its value is in `real`. With RESP2 servers send doubles as strings.
pub const RR_TYPE_DOUBLE: rr_type = 2;
/// True or false; 1 or 0 is in `integer`. With RESP2 servers send integers instead.
pub const RR_TYPE_BOOLEAN: rr_type = 3;
/// A status, such as "OK".
pub const RR_TYPE_STATUS: rr_type = 4;
/// Bytes of any kind.
pub const RR_TYPE_STRING: rr_type = 5;
/// Text with a format of three letters, such as "txt".
pub const RR_TYPE_VERBATIM: rr_type = 6;
/// An integer of any size, as its decimal digits.
pub const RR_TYPE_BIG_NUMBER: rr_type = 7;
/// An error inside a reply, such as one command's in a pipeline; its first word is its code.
pub const RR_TYPE_ERROR: rr_type = 8;
/// Values in order.
pub const RR_TYPE_ARRAY: rr_type = 9;
/// Keys and values: the children are key, value, key, value. With RESP2 servers send arrays instead.
pub const RR_TYPE_MAP: rr_type = 10;
/// Values without an order. With RESP2 servers send arrays instead.
pub const RR_TYPE_SET: rr_type = 11;
/// What a server sends without being asked.
pub const RR_TYPE_PUSH: rr_type = 12;
/// A value and what the server says about it: the children are the value, then key, value, key, value.
pub const RR_TYPE_ATTRIBUTE: rr_type = 13;

const TYPES: [(Kind, rr_type, &CStr); 14] = [
    (Kind::Nil, RR_TYPE_NIL, c"RR_TYPE_NIL"),
    (Kind::Integer, RR_TYPE_INTEGER, c"RR_TYPE_INTEGER"),
    (Kind::Double, RR_TYPE_DOUBLE, c"RR_TYPE_DOUBLE"),
    (Kind::Boolean, RR_TYPE_BOOLEAN, c"RR_TYPE_BOOLEAN"),
    (Kind::Status, RR_TYPE_STATUS, c"RR_TYPE_STATUS"),
    (Kind::Bulk, RR_TYPE_STRING, c"RR_TYPE_STRING"),
    (Kind::Verbatim, RR_TYPE_VERBATIM, c"RR_TYPE_VERBATIM"),
    (Kind::BigNumber, RR_TYPE_BIG_NUMBER, c"RR_TYPE_BIG_NUMBER"),
    (Kind::Error, RR_TYPE_ERROR, c"RR_TYPE_ERROR"),
    (Kind::Array, RR_TYPE_ARRAY, c"RR_TYPE_ARRAY"),
    (Kind::Map, RR_TYPE_MAP, c"RR_TYPE_MAP"),
    (Kind::Set, RR_TYPE_SET, c"RR_TYPE_SET"),
    (Kind::Push, RR_TYPE_PUSH, c"RR_TYPE_PUSH"),
    (Kind::Attribute, RR_TYPE_ATTRIBUTE, c"RR_TYPE_ATTRIBUTE"),
];

/// The constant's name, such as "RR_TYPE_STRING", for logs. Never NULL, never freed; "unknown" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn rr_type_name(r#type: rr_type) -> *const c_char {
    TYPES.iter().find(|(_, number, _)| *number == r#type).map_or(c"unknown", |(.., name)| name).as_ptr()
}

/// A value of a reply: the whole reply or an element of it. Its layout is part of the ABI and never changes.
///
/// It belongs to its reply and lives as long. Fields that its type does not use are zero.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rr_value {
    /// RR_TYPE_...
    pub r#type: rr_type,
    /// A verbatim string's format and a NUL, such as "txt"; else "".
    pub format: [c_char; 4],
    /// An integer's value; 1 or 0 for a boolean.
    pub integer: i64,
    /// A double's value.
    pub real: f64,
    /// The bytes of a status, string, verbatim string, big number or error, followed by a NUL that is not counted. Not
    /// NULL for these, also when there are none.
    pub string: *const c_char,
    /// How many bytes.
    pub length: usize,
    /// The elements of an array, map, set, push or attribute, one after the other; NULL when there are none.
    pub children: *const rr_value,
    /// How many elements. For a map, keys and values are counted one by one.
    pub count: usize,
}

const _: () = {
    assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_value>() == 56);
    assert!(std::mem::offset_of!(rr_value, integer) == 8);
    assert!(cfg!(not(target_pointer_width = "64")) || std::mem::offset_of!(rr_value, count) == 48);
};

impl rr_value {
    /// The value of `node`, whose bytes are in `payload` and whose children `children` finds.
    fn new(node: &Node, payload: &[u8], children: impl FnOnce(usize) -> *const rr_value) -> Self {
        let [a, b, c] = node.format().map(u8::cast_signed).map(|letter| letter as c_char);
        rr_value {
            r#type: node.kind() as rr_type,
            format: [a, b, c, 0],
            integer: node.integer(),
            real: node.double(),
            string: if node.kind().has_bytes() { bytes(node, payload) } else { null() },
            length: node.length(),
            children: if node.count() > 0 { children(node.first()) } else { null() },
            count: node.count(),
        }
    }
}

/// Where a value's bytes begin. A NUL follows them: see [`rr_reply::new`].
fn bytes(node: &Node, payload: &[u8]) -> *const c_char {
    let bytes = payload.get(node.offset()..).filter(|_| node.length() > 0);
    bytes.map_or(c"".as_ptr(), |bytes| bytes.as_ptr().cast())
}

/// The tree: the root, then a reply's nodes in their order.
struct View(NonNull<[rr_value]>);

// SAFETY: it is never written after it is made, and what it points into neither.
unsafe impl Send for View {}
// SAFETY: the same.
unsafe impl Sync for View {}

impl View {
    /// The tree of a reply that does not move as long as it lives.
    fn new(reply: &Reply) -> Self {
        let nodes = std::iter::once(reply.root_node()).chain(reply.nodes());
        let mut values = Vec::with_capacity(1 + reply.nodes().len());
        let first: *const rr_value = values.as_ptr();
        let children = |at: usize| first.wrapping_add(1 + at);
        values.extend(nodes.map(|node| rr_value::new(node, reply.payload(), children)));
        View(NonNull::from(Box::leak(values.into_boxed_slice())))
    }

    fn root(&self) -> *const rr_value {
        self.0.as_ptr().cast()
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: `new` made it from a box.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// A server's reply. It never changes: any number of threads may read it. One of them frees it, once.
pub struct rr_reply {
    // Before the reply, which it points into.
    view: OnceLock<View>,
    reply: Reply,
}

impl Handle for rr_reply {
    const MAGIC: [u8; 8] = *b"rr_reply";
    const NAME: &'static str = "reply";
}

impl rr_reply {
    pub(super) fn new(mut reply: Reply) -> Self {
        reply.terminate();
        rr_reply { view: OnceLock::new(), reply }
    }

    fn root(&self) -> *const rr_value {
        self.view.get_or_init(|| View::new(&self.reply)).root()
    }
}

/// The whole reply as a tree of plain structs. The first call makes it, at 56 bytes a value; it lives as long as the
/// reply. NULL for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_view(reply: *const rr_reply) -> *const rr_value {
    // SAFETY: the caller's contract.
    guard::value(null(), || unsafe { handle::borrow(reply) }.map(rr_reply::root))
}

/// The reply's type: RR_TYPE_... RR_TYPE_NIL for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_type(reply: *const rr_reply) -> rr_type {
    // SAFETY: the caller's contract.
    let kind = || unsafe { handle::borrow(reply) }.map(|reply| reply.reply.root_node().kind() as rr_type);
    guard::value(RR_TYPE_NIL, kind)
}

/// An integer's value, 1 or 0 for a boolean. 0 for other types and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_integer(reply: *const rr_reply) -> i64 {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(reply) }.map(|reply| reply.reply.root_node().integer()))
}

/// A double's value. 0 for other types and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_double(reply: *const rr_reply) -> f64 {
    // SAFETY: the caller's contract.
    guard::value(0.0, || unsafe { handle::borrow(reply) }.map(|reply| reply.reply.root_node().double()))
}

/// The bytes of a status, string, verbatim string, big number or error: rr_reply_length() of them, followed by a NUL that
/// is not counted. They live as long as the reply. NULL for other types and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_string(reply: *const rr_reply) -> *const c_char {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let reply = unsafe { handle::borrow(reply)? };
        let node = reply.reply.root_node();
        Ok(if node.kind().has_bytes() { bytes(node, reply.reply.payload()) } else { null() })
    })
}

/// How many bytes rr_reply_string() has, or how many elements the reply has. 0 for other types and NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_length(reply: *const rr_reply) -> usize {
    guard::value(0, || {
        // SAFETY: the caller's contract.
        let node = unsafe { handle::borrow(reply)? }.reply.root_node();
        Ok(if node.kind().has_bytes() { node.length() } else { node.count() })
    })
}

/// The element at `index`, from 0; of a map, key and value in turn. It lives as long as the reply. NULL if there is
/// none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_element(reply: *const rr_reply, index: usize) -> *const rr_value {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let root = unsafe { handle::borrow(reply)? }.root();
        // SAFETY: the tree always has a root.
        let root = unsafe { &*root };
        Ok(if index < root.count { root.children.wrapping_add(index) } else { null() })
    })
}

/// Frees a reply with all its values and bytes. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_reply_free(reply: *mut rr_reply) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(reply) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_number() {
        assert!(TYPES.iter().all(|(kind, number, _)| *kind as rr_type == *number));
    }
}
