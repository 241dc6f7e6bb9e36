//! What went wrong and what became of the command. Owns the vocabulary of failures that every layer speaks in.
//!
//! A plain value: any thread, no locks, no I/O. It never carries a credential or a command's arguments.

use std::borrow::Cow;
use std::fmt;

/// What kind of failure it is. The numbers are part of the ABI: they are never reused or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ErrorKind {
    /// A pointer that must not be NULL was NULL.
    NullArgument = -1,
    /// An argument has a value that cannot be used.
    InvalidArgument = -2,
    /// An option's name or value, or a URL, is wrong.
    Config = -3,
    /// The library itself failed; the call had no other effect.
    Panic = -4,
    /// The handle was made before a fork, in the parent process.
    Forked = -5,
    /// Another thread is using a handle that belongs to one thread at a time.
    Busy = -6,
    /// Not allowed from inside a callback.
    InCallback = -7,
    /// The client is closed, or closing.
    Closed = -8,
    /// The deadline passed.
    Timeout = -9,
    /// The connection was lost and the command is not sent again.
    ConnectionLost = -10,
    /// The outage lasted longer than the reconnect budget.
    GaveUp = -11,
    /// The buffer has no room.
    BufferFull = -12,
    /// The command was in the buffer for longer than `buffer_max_age_ms`.
    Expired = -13,
    /// The command was dropped from the buffer to make room for a newer one.
    Dropped = -14,
    /// The server answered with an error.
    Server = -15,
    /// The server sent bytes that are not RESP, or beyond the limits set.
    Protocol = -16,
    /// The server refused the credentials.
    Auth = -17,
    /// The command does not belong on a shared connection, or this version cannot do it.
    Unsupported = -18,
    /// There is an outage and the call asked not to wait for its end.
    Unavailable = -19,
    /// The command is larger than the limit.
    TooLarge = -20,
    /// The operating system refused something (a thread, a socket).
    System = -21,
    /// The call would have to wait, and asked not to.
    WouldBlock = -22,
    /// The program cancelled the command.
    Cancelled = -23,
    /// A watched key was changed, or the connection that watched was lost: the transaction was not executed.
    Conflict = -24,
    /// The server's certificate was not taken, or the client's was not, or they found no way of TLS in common.
    Tls = -25,
}

impl ErrorKind {
    /// Every kind, in the order of its number.
    pub const ALL: [ErrorKind; 25] = [
        Self::NullArgument,
        Self::InvalidArgument,
        Self::Config,
        Self::Panic,
        Self::Forked,
        Self::Busy,
        Self::InCallback,
        Self::Closed,
        Self::Timeout,
        Self::ConnectionLost,
        Self::GaveUp,
        Self::BufferFull,
        Self::Expired,
        Self::Dropped,
        Self::Server,
        Self::Protocol,
        Self::Auth,
        Self::Unsupported,
        Self::Unavailable,
        Self::TooLarge,
        Self::System,
        Self::WouldBlock,
        Self::Cancelled,
        Self::Conflict,
        Self::Tls,
    ];
}

/// What became of a command that did not return its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Outcome {
    /// The failure is not about a command.
    None = 0,
    /// The server did not run it, and it will never be sent later.
    NotApplied = 1,
    /// It ran, once; its reply is lost.
    Applied = 2,
    /// It was written and no answer came: it may have run.
    Unknown = 3,
}

/// A failure: its kind, what became of the command, and a message for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What became of the command.
    pub outcome: Outcome,
    /// The first word of the server's error (`WRONGTYPE`), when the server answered with one.
    pub server_code: Option<Box<str>>,
    /// One sentence for people.
    pub message: Box<str>,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure that is not about a command.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, outcome: Outcome::None, server_code: None, message: message.into().into_boxed_str() }
    }

    /// A failure of a command that the server did not run and that will never be sent.
    pub fn not_applied(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, message).with_outcome(Outcome::NotApplied)
    }

    /// A failure of a command that may have run.
    pub fn unknown(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, message).with_outcome(Outcome::Unknown)
    }

    /// The same failure with another outcome.
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The server's error reply `text` (without the leading `-`), to a command that it refused with `outcome`. The
    /// message is without what the server quotes of the command's arguments.
    pub fn server(text: &str, outcome: Outcome) -> Self {
        let code = text.split_ascii_whitespace().next().unwrap_or("ERR");
        let message = without_quotations(text).into_owned().into_boxed_str();
        Error { kind: ErrorKind::Server, outcome, server_code: Some(code.into()), message }
    }

    /// Would the same command have a fair chance if it were issued again, without running twice?
    ///
    /// True only when the command was not applied and the cause is one that passes.
    pub fn is_retryable(&self) -> bool {
        if matches!(self.outcome, Outcome::Applied | Outcome::Unknown) {
            return false;
        }
        match self.kind {
            ErrorKind::Timeout
            | ErrorKind::ConnectionLost
            | ErrorKind::GaveUp
            | ErrorKind::BufferFull
            | ErrorKind::Unavailable
            | ErrorKind::Expired
            | ErrorKind::Dropped
            | ErrorKind::Busy
            | ErrorKind::System
            | ErrorKind::WouldBlock
            | ErrorKind::Conflict => true,
            ErrorKind::Server => matches!(
                self.server_code.as_deref(),
                Some(
                    "LOADING"
                        | "READONLY"
                        | "MASTERDOWN"
                        | "CLUSTERDOWN"
                        | "TRYAGAIN"
                        | "BUSY"
                        | "OOM"
                        | "MISCONF"
                        | "NOREPLICAS"
                )
            ),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A server's error text without what it quotes: an argument, which may be a password, may be among it. Only a command's
/// plain name stays. An argument may hold quotation marks itself, so that all goes from the first to the last of them.
pub fn without_quotations(text: &str) -> Cow<'_, str> {
    let Some((before, rest)) = split_at_quote(text) else { return Cow::Borrowed(text) };
    let Some((inside, after)) = split_at_quote(rest) else { return Cow::Owned(format!("{before}…")) };
    let is_plain = inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.|".contains(&byte));
    let is_name = if before.ends_with("unknown command ") {
        let arguments = after.strip_prefix(", with args beginning with: ");
        arguments.is_some_and(|text| text.is_empty() || text.starts_with(['\'', '"', '`']))
    } else {
        after.starts_with(" command") && split_at_quote(after).is_none()
    };
    if inside.len() <= 40 && is_plain && is_name {
        return Cow::Owned(format!("{before}'{inside}'{}", without_quotations(after)));
    }
    let mut end = after;
    while let Some((_, later)) = split_at_quote(end) {
        end = later;
    }
    Cow::Owned(format!("{before}'…'{end}"))
}

/// What is before and behind the first quotation mark. An apostrophe within a word is none.
fn split_at_quote(text: &str) -> Option<(&str, &str)> {
    let is_letter =
        |place: Option<usize>| place.and_then(|place| text.as_bytes().get(place)).is_some_and(u8::is_ascii_alphabetic);
    let is_quote =
        |at: usize, mark: &str| mark != "'" || !is_letter(at.checked_sub(1)) || !is_letter(at.checked_add(1));
    let (at, mark) = text.match_indices(['\'', '"', '`']).find(|(at, mark)| is_quote(*at, mark))?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_quotes_of_arguments_is_not_in_the_message() {
        for (said, shown) in [
            ("WRONGTYPE Operation against a key", "WRONGTYPE Operation against a key"),
            (
                "READONLY You can't write against a read only replica.",
                "READONLY You can't write against a read only replica.",
            ),
            ("ERR wrong number of arguments for 'get' command", "ERR wrong number of arguments for 'get' command"),
            (
                "ERR unknown command 'FOO', with args beginning with: ",
                "ERR unknown command 'FOO', with args beginning with: ",
            ),
            (
                "ERR unknown command 'FOO', with args beginning with: 's3' 'x' ",
                "ERR unknown command 'FOO', with args beginning with: '…' ",
            ),
            (
                "ERR unknown command `FOO`, with args beginning with: `s3`, ",
                "ERR unknown command 'FOO', with args beginning with: '…', ",
            ),
            ("ERR unknown command 'FOO s3', with args", "ERR unknown command '…', with args"),
            (
                "ERR Error in ACL SETUSER modifier '<s3': The password",
                "ERR Error in ACL SETUSER modifier '…': The password",
            ),
            ("ERR in modifier 'it's3' command 's3' x", "ERR in modifier '…' x"),
            ("ERR in modifier 'a' s3 'set' command", "ERR in modifier '…' command"),
            ("ERR in modifier 'a' command s3': no", "ERR in modifier '…': no"),
            (
                "ERR unknown command 'a' s3', with args beginning with: ",
                "ERR unknown command '…', with args beginning with: ",
            ),
            (
                "ERR unknown command 'a', with args beginning with: s3', with args beginning with: 'x' ",
                "ERR unknown command '…' ",
            ),
            ("ERR cut off at 's3", "ERR cut off at …"),
        ] {
            assert_eq!(&*Error::server(said, Outcome::NotApplied).message, shown, "{said}");
        }
    }

    #[test]
    fn a_server_error_names_its_code() {
        let error = Error::server("WRONGTYPE Operation against a key", Outcome::NotApplied);
        assert_eq!(error.server_code.as_deref(), Some("WRONGTYPE"));
        assert!(!error.is_retryable());
    }

    #[test]
    fn what_may_have_run_is_never_called_retryable() {
        for kind in ErrorKind::ALL {
            assert!(!Error::unknown(kind, "x").is_retryable(), "{kind:?}");
        }
        assert!(Error::not_applied(ErrorKind::Timeout, "x").is_retryable());
    }

    #[test]
    fn the_numbers_are_distinct_and_negative() {
        let mut numbers: Vec<i32> = ErrorKind::ALL.iter().map(|kind| *kind as i32).collect();
        assert!(numbers.iter().all(|number| *number < 0));
        numbers.dedup();
        assert_eq!(numbers.len(), ErrorKind::ALL.len());
    }
}
