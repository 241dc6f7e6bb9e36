//! One header line: which type, which number or text. Owns the table of RESP's type bytes.
//!
//! Pure functions on the bytes given, without state; the decoder calls them. `token` knows every type and every fault and
//! never looks beyond the line's end; `quick` knows the commonest whole values, bulks included, and no faults.

use super::fault::Fault;
use super::node::{Kind, Node};
use super::number;

/// The text of a status, an error, a double or a big number is shorter than this.
pub(super) const LONGEST_LINE: usize = 64 << 10;

/// The fault of a line that is not.
pub(super) const BEYOND_LINE: &str = "a line beyond 64 KiB";

/// What a line turned out to be.
pub(super) enum Token {
    /// The line goes on beyond the bytes given.
    Incomplete,
    /// A whole value and the length of its line. Its offset counts from the type byte.
    Scalar(Node, usize),
    /// A header of the given length, behind which a payload and `\r\n` follow.
    Bulk { kind: Kind, length: u64, header: usize },
    /// A header of the given length, behind which children follow: for maps and attributes, all keys and values.
    Aggregate { kind: Kind, count: u64, header: usize },
}

/// A whole scalar of the commonest forms, its payload included, at the beginning of `bytes`, which are at `position` in the
/// payload; and its length. `None` says only that [`token`] has to look.
#[inline(always)]
pub(super) fn quick(bytes: &[u8], position: usize) -> Option<(Node, usize)> {
    let (&mark, line) = bytes.split_first()?;
    match mark {
        b'$' => {
            let Some((length, used)) = number::quick(line) else {
                return line.starts_with(b"-1\r\n").then_some((Node::NIL, 5));
            };
            let (header, length) = (used + 1, usize::try_from(length).ok()?);
            match bytes.get(header..)?.get(length..)? {
                [b'\r', b'\n', ..] => {
                    Some((Node::new_bytes(Kind::Bulk, position + header, length), header + length + 2))
                }
                _ => None,
            }
        }
        b':' => match line {
            [b'-', digits @ ..] => {
                number::quick(digits).map(|(value, used)| (Node::new_integer(-value.cast_signed()), used + 2))
            }
            digits => number::quick(digits).map(|(value, used)| (Node::new_integer(value.cast_signed()), used + 1)),
        },
        b'+' => {
            let length = if line.starts_with(b"OK\r\n") { 2 } else { quick_text(line)? };
            Some((Node::new_bytes(Kind::Status, position + 1, length), length + 3))
        }
        b'-' => quick_text(line).map(|length| (Node::new_bytes(Kind::Error, position + 1, length), length + 3)),
        _ => None,
    }
}

/// The length of the text on a whole line.
#[inline(always)]
fn quick_text(line: &[u8]) -> Option<usize> {
    let end = first_end(line).filter(|&end| end < LONGEST_LINE)?;
    (line.get(end..end + 2) == Some(b"\r\n")).then_some(end)
}

/// Where the first `\r` or `\n` is.
#[inline(always)]
fn first_end(line: &[u8]) -> Option<usize> {
    let is_end = |byte: &u8| *byte == b'\r' || *byte == b'\n';
    // Without an early exit within it, a piece is looked at as a whole.
    let mut pieces = line.chunks_exact(16);
    let before = pieces.position(|piece| piece.iter().fold(false, |any, byte| any | is_end(byte)));
    let at = before.map_or(line.len() / 16 * 16, |before| before * 16);
    line.get(at..)?.iter().position(is_end).map(|end| at + end)
}

/// Reads the line at the beginning of `bytes`.
pub(super) fn token(bytes: &[u8]) -> Result<Token, Fault> {
    let Some((&mark, line)) = bytes.split_first() else {
        return Ok(Token::Incomplete);
    };
    match mark {
        b'$' => sized(line, |length, header| Token::Bulk { kind: Kind::Bulk, length, header }),
        b'*' => sized(line, |count, header| Token::Aggregate { kind: Kind::Array, count, header }),
        b'+' => text(Kind::Status, line),
        b'-' => text(Kind::Error, line),
        b':' => integer(line),
        b'_' => exact(line, b"\r\n", Node::NIL).ok_or(Fault::new("expected the line's end")),
        b'#' => match line.first() {
            Some(b't') => exact(line, b"t\r\n", Node::new_boolean(true)).ok_or(Fault::new("expected the line's end")),
            Some(b'f') => exact(line, b"f\r\n", Node::new_boolean(false)).ok_or(Fault::new("expected the line's end")),
            Some(&other) => Err(Fault::found("expected t or f", other)),
            None => Ok(Token::Incomplete),
        },
        b',' => double(line),
        b'(' => big_number(line),
        b'!' => counted(line, 1, |length, header| Token::Bulk { kind: Kind::Error, length, header }),
        b'=' => counted(line, 1, |length, header| Token::Bulk { kind: Kind::Verbatim, length, header }),
        b'%' => counted(line, 2, |count, header| Token::Aggregate { kind: Kind::Map, count, header }),
        b'~' => counted(line, 1, |count, header| Token::Aggregate { kind: Kind::Set, count, header }),
        b'>' => counted(line, 1, |count, header| Token::Aggregate { kind: Kind::Push, count, header }),
        b'|' => counted(line, 2, |count, header| Token::Aggregate { kind: Kind::Attribute, count, header }),
        b';' | b'.' => return Err(Fault::found("streamed types are not supported", mark)),
        _ => return Err(Fault::found("expected a type", mark)),
    }
    .map_err(|fault| fault.on_line(mark))
}

/// `expected` and nothing else, or the beginning of it. `None` if the line is something else.
fn exact(line: &[u8], expected: &[u8], node: Node) -> Option<Token> {
    if line.starts_with(expected) {
        Some(Token::Scalar(node, expected.len() + 1))
    } else {
        expected.starts_with(line).then_some(Token::Incomplete)
    }
}

fn integer(line: &[u8]) -> Result<Token, Fault> {
    let Some((value, used)) = number::signed(line)? else {
        return Ok(Token::Incomplete);
    };
    Ok(Token::Scalar(Node::new_integer(value), used + 1))
}

/// A length that can be -1, which is RESP2's nil.
fn sized(line: &[u8], found: impl Fn(u64, usize) -> Token) -> Result<Token, Fault> {
    match line {
        b"-" => Ok(Token::Incomplete),
        [b'-', b'1', ..] => exact(line, b"-1\r\n", Node::NIL).ok_or(Fault::new("expected the line's end")),
        [b'-', ..] => Err(Fault::new("a negative length")),
        _ => counted(line, 1, found),
    }
}

/// A length that cannot be negative, `times` over.
fn counted(line: &[u8], times: u64, found: impl Fn(u64, usize) -> Token) -> Result<Token, Fault> {
    if let Some(b'?') = line.first() {
        return Err(Fault::found("streamed types are not supported", b'?'));
    }
    let Some((count, used)) = number::unsigned(line)? else {
        return Ok(Token::Incomplete);
    };
    let count = count.checked_mul(times).ok_or(Fault::new("a number beyond 64 bits"))?;
    Ok(found(count, used + 1))
}

/// Where the line's text ends; `None` if the line goes on.
fn text_end(line: &[u8]) -> Result<Option<usize>, Fault> {
    let Some(at) = first_end(line) else {
        return if line.len() < LONGEST_LINE { Ok(None) } else { Err(Fault::new(BEYOND_LINE)) };
    };
    if at >= LONGEST_LINE {
        return Err(Fault::new(BEYOND_LINE));
    }
    match line.get(at..) {
        Some([b'\r', b'\n', ..]) => Ok(Some(at)),
        Some([b'\r']) => Ok(None),
        Some([b'\r', other, ..]) => Err(Fault::found("expected \\n after \\r", *other)),
        _ => Err(Fault::found("expected \\r before \\n", b'\n')),
    }
}

/// Text up to the line's end.
fn text(kind: Kind, line: &[u8]) -> Result<Token, Fault> {
    let Some(length) = text_end(line)? else {
        return Ok(Token::Incomplete);
    };
    Ok(Token::Scalar(Node::new_bytes(kind, 1, length), length + 3))
}

fn double(line: &[u8]) -> Result<Token, Fault> {
    let Some(end) = text_end(line)? else {
        return Ok(Token::Incomplete);
    };
    let text = line.get(..end).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
    let value = text.parse().map_err(|_| Fault::new("not a number"))?;
    Ok(Token::Scalar(Node::new_double(value), end + 3))
}

fn big_number(line: &[u8]) -> Result<Token, Fault> {
    let Some(end) = text_end(line)? else {
        return Ok(Token::Incomplete);
    };
    let text = line.get(..end).unwrap_or_default();
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    match digits.iter().find(|byte| !byte.is_ascii_digit()) {
        Some(&other) => Err(Fault::found("expected a digit", other)),
        None if digits.is_empty() => Err(Fault::new("expected a digit")),
        None => Ok(Token::Scalar(Node::new_bytes(Kind::BigNumber, 1, end), end + 3)),
    }
}
