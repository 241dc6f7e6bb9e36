//! What was wrong with a server's bytes. Owns the messages.
//!
//! A plain value, made where decoding stops. It carries at most one byte of what was received, so that a message never
//! shows data.

use std::fmt;

/// The server's bytes are not RESP, or go beyond the limits set. The connection cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolError {
    /// One sentence for people: what was expected, and the byte that was found instead.
    pub message: Box<str>,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ProtocolError {}

/// A fault where it was noticed: small, so that the functions that may find one stay cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    what: &'static str,
    line: Option<u8>,
    found: Option<u8>,
}

impl Fault {
    /// `what` is wrong, whatever the bytes are.
    #[cold]
    pub(super) fn new(what: &'static str) -> Self {
        Fault { what, line: None, found: None }
    }

    /// `what` was expected and the byte `found` was there.
    #[cold]
    pub(super) fn found(what: &'static str, found: u8) -> Self {
        Fault { what, line: None, found: Some(found) }
    }

    /// The same, on a line of the type `line`.
    #[cold]
    pub(super) fn on_line(self, line: u8) -> Self {
        Fault { line: Some(line), ..self }
    }
}

impl From<Fault> for ProtocolError {
    #[cold]
    fn from(fault: Fault) -> Self {
        let mut message = String::from(fault.what);
        if let Some(line) = fault.line {
            message.push_str(&format!(" in a '{}' line", line.escape_ascii()));
        }
        if let Some(found) = fault.found {
            message.push_str(&format!(", found '{}' (0x{found:02x})", found.escape_ascii()));
        }
        ProtocolError { message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_line_and_shows_the_byte_escaped() {
        let error = ProtocolError::from(Fault::found("expected a digit", 0x07).on_line(b'$'));
        assert_eq!(error.to_string(), r"expected a digit in a '$' line, found '\x07' (0x07)");
        assert_eq!(ProtocolError::from(Fault::new("too deep")).to_string(), "too deep");
    }
}
