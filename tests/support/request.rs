//! A command as a client sends it, cut out of a stream of bytes.
//!
//! Pure. Knows requests only (an array of bulk strings, or an inline line), and is lenient on purpose: what it does not
//! understand is an inline request, for the far end to judge.

use std::ops::Range;

/// One command of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub argv: Vec<Vec<u8>>,
    /// The command as it was on the wire.
    pub raw: Vec<u8>,
}

impl Request {
    /// The request that `bytes` begin with, or nothing as long as it is incomplete.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (arguments, end) = match framed(bytes) {
            Framing::Complete(arguments, end) => (arguments, end),
            Framing::Incomplete => return None,
            Framing::Other => inline(bytes)?,
        };
        let argv = arguments.into_iter().map(|range| bytes[range].to_vec()).collect();
        Some(Self { argv, raw: bytes[..end].to_vec() })
    }

    /// The command's name in capitals.
    pub fn name(&self) -> String {
        self.text(0).to_uppercase()
    }

    /// An argument as text, empty if there is none; number 0 is the name.
    pub fn text(&self, number: usize) -> String {
        self.argv.get(number).map(|argument| String::from_utf8_lossy(argument).into_owned()).unwrap_or_default()
    }

    /// Whether the bytes on the wire contain `needle`.
    pub fn contains(&self, needle: &[u8]) -> bool {
        needle.is_empty() || self.raw.windows(needle.len()).any(|window| window == needle)
    }
}

enum Framing {
    Complete(Vec<Range<usize>>, usize),
    Incomplete,
    Other,
}

/// The arguments of an array of bulk strings and where it ends.
fn framed(bytes: &[u8]) -> Framing {
    let mut position = 0;
    let header = |kind: u8, position: &mut usize| -> Result<usize, Framing> {
        let rest = &bytes[*position..];
        match rest.first() {
            None => return Err(Framing::Incomplete),
            Some(&first) if first != kind => return Err(Framing::Other),
            Some(_) => {}
        }
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or(Framing::Incomplete)?;
        let digits = std::str::from_utf8(&rest[1..length]).map_err(|_| Framing::Other)?;
        *position += length + 1;
        digits.trim_end().parse().map_err(|_| Framing::Other)
    };
    let count = match header(b'*', &mut position) {
        Ok(count) => count,
        Err(other) => return other,
    };
    let mut arguments = Vec::new();
    for _ in 0..count {
        let length = match header(b'$', &mut position) {
            Ok(length) => length,
            Err(other) => return other,
        };
        let Some(end) = position.checked_add(length).and_then(|end| end.checked_add(2)) else { return Framing::Other };
        if end > bytes.len() {
            return Framing::Incomplete;
        }
        arguments.push(position..end - 2);
        position = end;
    }
    Framing::Complete(arguments, position)
}

/// The words of a line and where it ends.
fn inline(bytes: &[u8]) -> Option<(Vec<Range<usize>>, usize)> {
    let end = bytes.iter().position(|&byte| byte == b'\n')? + 1;
    let mut words = Vec::new();
    let mut start = 0;
    for (position, byte) in bytes[..end].iter().enumerate() {
        if byte.is_ascii_whitespace() {
            if start < position {
                words.push(start..position);
            }
            start = position + 1;
        }
    }
    Some((words, end))
}
