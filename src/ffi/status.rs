//! Statuses: their numbers and names. The numbers of failures are those of [`ErrorKind`].

use std::ffi::{CStr, c_char};

use crate::error::ErrorKind;

/// What a function that can fail returns: RR_OK, a larger number that is not a failure either, or a negative number
/// RR_ERR_... Numbers are never changed or used again. A later version may return new ones: treat an unknown negative
/// number as a failure.
pub type rr_status = i32;

/// Done.
pub const RR_OK: rr_status = 0;
/// Not a failure: the write was accepted into the buffer during an outage. It will be applied after recovery, in
/// order. There is no reply.
pub const RR_BUFFERED: rr_status = 1;
/// Not a failure: there was nothing to take, within the time given.
pub const RR_EMPTY: rr_status = 2;
/// A pointer that must not be NULL was NULL.
pub const RR_ERR_NULL_ARGUMENT: rr_status = -1;
/// An argument has a value that cannot be used, or is not a handle of the right type, or one that was freed.
pub const RR_ERR_INVALID_ARGUMENT: rr_status = -2;
/// An option's name or value, or a URL, is wrong; the message says what would be right.
pub const RR_ERR_CONFIG: rr_status = -3;
/// The library itself failed. That is a bug; the process and its other handles live on.
pub const RR_ERR_PANIC: rr_status = -4;
/// The handle was made by the parent process, before a fork. Make one in this process.
pub const RR_ERR_FORKED: rr_status = -5;
/// Another thread is using a handle that belongs to one thread at a time.
pub const RR_ERR_BUSY: rr_status = -6;
/// Not allowed from inside a callback.
pub const RR_ERR_IN_CALLBACK: rr_status = -7;
/// The client is closed, or closing.
pub const RR_ERR_CLOSED: rr_status = -8;
/// The time given for the call has passed.
pub const RR_ERR_TIMEOUT: rr_status = -9;
/// The connection was lost and the command is not sent again.
pub const RR_ERR_CONNECTION_LOST: rr_status = -10;
/// The outage has lasted longer than the reconnect budget.
pub const RR_ERR_GAVE_UP: rr_status = -11;
/// The buffer has no room.
pub const RR_ERR_BUFFER_FULL: rr_status = -12;
/// The command was in the buffer for longer than buffer_max_age_ms.
pub const RR_ERR_EXPIRED: rr_status = -13;
/// The command was dropped from the buffer to make room for a newer one.
pub const RR_ERR_DROPPED: rr_status = -14;
/// The server answered with an error; rr_error_server_code() is its first word.
pub const RR_ERR_SERVER: rr_status = -15;
/// The server sent bytes that are not RESP, or beyond the limits set.
pub const RR_ERR_PROTOCOL: rr_status = -16;
/// The server refused the credentials.
pub const RR_ERR_AUTH: rr_status = -17;
/// The command does not belong on a shared connection, or this version cannot do what was asked for.
pub const RR_ERR_UNSUPPORTED: rr_status = -18;
/// There is an outage, and the call asked not to wait for its end.
pub const RR_ERR_UNAVAILABLE: rr_status = -19;
/// The command is larger than the limit.
pub const RR_ERR_TOO_LARGE: rr_status = -20;
/// The operating system refused something: a thread, a socket, memory.
pub const RR_ERR_SYSTEM: rr_status = -21;
/// Submitting would have to wait for room. Take completions, or ask to wait.
pub const RR_ERR_WOULD_BLOCK: rr_status = -22;
/// The command was cancelled by rr_cancel(); rr_error_outcome() says whether it may have run.
pub const RR_ERR_CANCELLED: rr_status = -23;
/// A watched key was changed, or the connection that watched was lost: the transaction did not run. Begin anew, with
/// fresh reads.
pub const RR_ERR_CONFLICT: rr_status = -24;
/// The server's certificate was not taken, or the client's was not, or the two found no way of TLS in common; the message
/// says which and why. Treated as wrong credentials are: not tried again and again.
pub const RR_ERR_TLS: rr_status = -25;

/// The number, kind of failure and name of every status, for the checks and for `rr_status_name`.
const FAILURES: [(rr_status, ErrorKind, &CStr); ErrorKind::ALL.len()] = [
    (RR_ERR_NULL_ARGUMENT, ErrorKind::NullArgument, c"RR_ERR_NULL_ARGUMENT"),
    (RR_ERR_INVALID_ARGUMENT, ErrorKind::InvalidArgument, c"RR_ERR_INVALID_ARGUMENT"),
    (RR_ERR_CONFIG, ErrorKind::Config, c"RR_ERR_CONFIG"),
    (RR_ERR_PANIC, ErrorKind::Panic, c"RR_ERR_PANIC"),
    (RR_ERR_FORKED, ErrorKind::Forked, c"RR_ERR_FORKED"),
    (RR_ERR_BUSY, ErrorKind::Busy, c"RR_ERR_BUSY"),
    (RR_ERR_IN_CALLBACK, ErrorKind::InCallback, c"RR_ERR_IN_CALLBACK"),
    (RR_ERR_CLOSED, ErrorKind::Closed, c"RR_ERR_CLOSED"),
    (RR_ERR_TIMEOUT, ErrorKind::Timeout, c"RR_ERR_TIMEOUT"),
    (RR_ERR_CONNECTION_LOST, ErrorKind::ConnectionLost, c"RR_ERR_CONNECTION_LOST"),
    (RR_ERR_GAVE_UP, ErrorKind::GaveUp, c"RR_ERR_GAVE_UP"),
    (RR_ERR_BUFFER_FULL, ErrorKind::BufferFull, c"RR_ERR_BUFFER_FULL"),
    (RR_ERR_EXPIRED, ErrorKind::Expired, c"RR_ERR_EXPIRED"),
    (RR_ERR_DROPPED, ErrorKind::Dropped, c"RR_ERR_DROPPED"),
    (RR_ERR_SERVER, ErrorKind::Server, c"RR_ERR_SERVER"),
    (RR_ERR_PROTOCOL, ErrorKind::Protocol, c"RR_ERR_PROTOCOL"),
    (RR_ERR_AUTH, ErrorKind::Auth, c"RR_ERR_AUTH"),
    (RR_ERR_UNSUPPORTED, ErrorKind::Unsupported, c"RR_ERR_UNSUPPORTED"),
    (RR_ERR_UNAVAILABLE, ErrorKind::Unavailable, c"RR_ERR_UNAVAILABLE"),
    (RR_ERR_TOO_LARGE, ErrorKind::TooLarge, c"RR_ERR_TOO_LARGE"),
    (RR_ERR_SYSTEM, ErrorKind::System, c"RR_ERR_SYSTEM"),
    (RR_ERR_WOULD_BLOCK, ErrorKind::WouldBlock, c"RR_ERR_WOULD_BLOCK"),
    (RR_ERR_CANCELLED, ErrorKind::Cancelled, c"RR_ERR_CANCELLED"),
    (RR_ERR_CONFLICT, ErrorKind::Conflict, c"RR_ERR_CONFLICT"),
    (RR_ERR_TLS, ErrorKind::Tls, c"RR_ERR_TLS"),
];

/// The kind of failure that `status` stands for.
pub(super) fn kind(status: rr_status) -> Option<ErrorKind> {
    FAILURES.iter().find(|(number, ..)| *number == status).map(|(_, kind, _)| *kind)
}

/// A status that a callback of the program returned, for messages: its name, or its number.
pub(super) fn status_text(status: rr_status) -> String {
    FAILURES
        .iter()
        .find(|(number, ..)| *number == status)
        .map_or_else(|| status.to_string(), |(.., name)| name.to_string_lossy().into_owned())
}

/// The constant's name, such as "RR_ERR_TIMEOUT", for logs. Never NULL, never freed; "unknown" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn rr_status_name(status: rr_status) -> *const c_char {
    let failure = || FAILURES.iter().find(|(number, ..)| *number == status).map(|(.., name)| *name);
    let name = match status {
        RR_OK => c"RR_OK",
        RR_BUFFERED => c"RR_BUFFERED",
        RR_EMPTY => c"RR_EMPTY",
        _ => failure().unwrap_or(c"unknown"),
    };
    name.as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_has_its_number_and_name() {
        for (index, (number, kind, name)) in FAILURES.iter().enumerate() {
            assert_eq!(*number, *kind as rr_status);
            assert_eq!(*kind, ErrorKind::ALL[index]);
            let words = name.to_str().unwrap().trim_start_matches("RR_ERR_").to_lowercase().replace('_', "");
            assert_eq!(words, format!("{kind:?}").to_lowercase());
        }
    }
}
