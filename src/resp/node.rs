//! One value of a reply. Owns what a value is made of: its kind and two words.
//!
//! A plain 24-byte value without pointers; any thread. It never holds bytes itself: those are in the reply's payload.

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// No value: RESP3's `_`, RESP2's `$-1` and `*-1`.
    Nil = 0,
    /// A 64-bit signed integer, `:`.
    Integer = 1,
    /// A double, `,`.
    Double = 2,
    /// True or false, `#`.
    Boolean = 3,
    /// A status such as `OK`, `+`.
    Status = 4,
    /// Bytes, `$`.
    Bulk = 5,
    /// Text with a three-letter format, `=`.
    Verbatim = 6,
    /// An integer of any size, as its decimal digits, `(`.
    BigNumber = 7,
    /// An error, `-` or `!`.
    Error = 8,
    /// Values in order, `*`.
    Array = 9,
    /// Keys and values, `%`. Its children are key, value, key, value.
    Map = 10,
    /// Values without an order, `~`.
    Set = 11,
    /// What the server sends without being asked, `>`.
    Push = 12,
    /// A value and what the server says about it, `|`. Its children are the value, then key, value, key, value.
    Attribute = 13,
}

impl Kind {
    #[inline(always)]
    fn from_number(number: u8) -> Self {
        match number {
            1 => Kind::Integer,
            2 => Kind::Double,
            3 => Kind::Boolean,
            4 => Kind::Status,
            5 => Kind::Bulk,
            6 => Kind::Verbatim,
            7 => Kind::BigNumber,
            8 => Kind::Error,
            9 => Kind::Array,
            10 => Kind::Map,
            11 => Kind::Set,
            12 => Kind::Push,
            13 => Kind::Attribute,
            _ => Kind::Nil,
        }
    }

    /// Does a value of this kind have bytes?
    #[inline]
    pub fn has_bytes(self) -> bool {
        matches!(self, Kind::Status | Kind::Bulk | Kind::Verbatim | Kind::BigNumber | Kind::Error)
    }

    /// Does a value of this kind have children?
    #[inline]
    pub fn is_aggregate(self) -> bool {
        matches!(self, Kind::Array | Kind::Map | Kind::Set | Kind::Push | Kind::Attribute)
    }
}

/// One value: what it is, and where its bytes or its children are in its [`Reply`](super::Reply).
#[derive(Clone, Copy)]
pub struct Node {
    /// An integer, a double's bits, a boolean, where the payload begins, or the first child's index.
    word: u64,
    /// The payload's length or the number of children.
    extent: u64,
    /// The kind in the lowest byte, then a format's three bytes. One word like the others: replies are moved often, and
    /// whole words move fastest.
    tag: u64,
}

const _: () = assert!(size_of::<Node>() == 24);

impl Node {
    /// Nil.
    pub(super) const NIL: Node = Node { word: 0, extent: 0, tag: Kind::Nil as u64 };

    #[inline]
    pub(super) fn new_integer(value: i64) -> Self {
        Node { word: value.cast_unsigned(), extent: 0, tag: Kind::Integer as u64 }
    }

    #[inline]
    pub(super) fn new_double(value: f64) -> Self {
        Node { word: value.to_bits(), extent: 0, tag: Kind::Double as u64 }
    }

    #[inline]
    pub(super) fn new_boolean(value: bool) -> Self {
        Node { word: u64::from(value), extent: 0, tag: Kind::Boolean as u64 }
    }

    /// A value of `kind` whose bytes are `length` bytes of the payload from `offset` on.
    #[inline]
    pub(super) fn new_bytes(kind: Kind, offset: usize, length: usize) -> Self {
        debug_assert!(kind.has_bytes());
        Node { word: offset as u64, extent: length as u64, tag: kind as u64 }
    }

    /// An aggregate of `kind` whose children are `count` nodes from `first` on.
    #[inline]
    pub(super) fn new_aggregate(kind: Kind, first: usize, count: usize) -> Self {
        debug_assert!(kind.is_aggregate());
        Node { word: first as u64, extent: count as u64, tag: kind as u64 }
    }

    /// The same value with a verbatim string's format.
    #[inline]
    pub(super) fn with_format(self, format: [u8; 3]) -> Self {
        let [a, b, c] = format;
        Node { tag: u64::from(u32::from_le_bytes([self.tag as u8, a, b, c])), ..self }
    }

    /// The same value after its payload moved from `payload.0` to `payload.1` and its nodes from `nodes.0` to `nodes.1`.
    #[inline]
    pub(super) fn moved(self, payload: (usize, usize), nodes: (usize, usize)) -> Self {
        let (from, to) = if self.kind().has_bytes() {
            payload
        } else if self.kind().is_aggregate() {
            nodes
        } else {
            (0, 0)
        };
        Node { word: self.word.wrapping_sub(from as u64).wrapping_add(to as u64), ..self }
    }

    /// What kind of value it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind::from_number(self.tag as u8)
    }

    /// An integer's value, 1 or 0 for a boolean, else 0.
    #[inline]
    pub fn integer(&self) -> i64 {
        match self.kind() {
            Kind::Integer | Kind::Boolean => self.word.cast_signed(),
            _ => 0,
        }
    }

    /// A double's value, else 0.
    #[inline]
    pub fn double(&self) -> f64 {
        if self.kind() == Kind::Double { f64::from_bits(self.word) } else { 0.0 }
    }

    /// Where its bytes begin in the reply's payload; 0 if it is of a kind without bytes.
    #[inline]
    pub fn offset(&self) -> usize {
        if self.kind().has_bytes() { self.word as usize } else { 0 }
    }

    /// How many bytes it has; 0 if it is of a kind without bytes.
    #[inline]
    pub fn length(&self) -> usize {
        if self.kind().has_bytes() { self.extent as usize } else { 0 }
    }

    /// The first child's index in the reply's nodes; 0 if it is of a kind without children. Meaningless without children.
    #[inline]
    pub fn first(&self) -> usize {
        if self.kind().is_aggregate() { self.word as usize } else { 0 }
    }

    /// How many children it has; 0 if it is of a kind without children.
    #[inline]
    pub fn count(&self) -> usize {
        if self.kind().is_aggregate() { self.extent as usize } else { 0 }
    }

    /// A verbatim string's format, such as `txt`; else zeros.
    #[inline]
    pub fn format(&self) -> [u8; 3] {
        let [_, a, b, c] = (self.tag as u32).to_le_bytes();
        [a, b, c]
    }

    /// Its bytes in `payload`.
    #[inline]
    pub(super) fn bytes<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        let offset = self.offset();
        payload.get(offset..offset.saturating_add(self.length())).unwrap_or_default()
    }

    /// Its children in `nodes`.
    #[inline]
    pub(super) fn children<'a>(&self, nodes: &'a [Node]) -> &'a [Node] {
        let first = self.first();
        nodes.get(first..first.saturating_add(self.count())).unwrap_or_default()
    }
}
