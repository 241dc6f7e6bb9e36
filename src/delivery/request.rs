//! What a caller hands to delivery and what it gets back. Plain values; nothing here waits or decides.

use crate::command::{self, Placement, SessionChange, Traits};
use crate::delivery::policy::Nature;
use crate::error::{Error, ErrorKind, Result};
use crate::resp::{Reply, decode_command, encode, encoded_len};
use crate::time::Deadline;
use std::fmt;
use std::time::Instant;

/// What a command that did not fail came to.
#[derive(Debug)]
pub enum Executed {
    /// The server's reply; never an error at the top level.
    Reply(Reply),
    /// Accepted into the buffer during an outage; it will be applied after recovery, in order.
    Buffered,
}

/// A call that did not get all of its replies.
#[derive(Debug)]
pub struct Incomplete {
    /// Why.
    pub error: Error,
    /// One value per command of a pipeline: the replies that came, and in place of each other one an error value that
    /// starts with `NOTAPPLIED` or `UNKNOWN`. `None` when no command was answered: all share the outcome in `error`.
    pub reply: Option<Reply>,
}

impl From<Error> for Incomplete {
    fn from(error: Error) -> Self {
        Incomplete { error, reply: None }
    }
}

/// What a submitted command, or pipeline, came to.
pub type Completed = std::result::Result<Executed, Incomplete>;

/// The bytes to send, and how many replies they bring.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// One command.
    Command(&'a [&'a [u8]]),
    /// A script by its digest, and what to send in its place where the server may have forgotten it by then.
    Script {
        /// By its digest.
        short: &'a [&'a [u8]],
        /// By its source.
        lasting: &'a [&'a [u8]],
    },
    /// Encoded commands whose replies come back as one array.
    Batch {
        /// The commands, encoded.
        bytes: &'a [u8],
        /// How many they are.
        count: usize,
        /// The first is MULTI and the last is EXEC.
        is_atomic: bool,
    },
}

impl fmt::Debug for Body<'_> {
    /// Without the arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Command(argv) | Body::Script { short: argv, .. } => {
                f.debug_tuple("Command").field(&command::name(argv)).finish()
            }
            Body::Batch { count, is_atomic, .. } => {
                f.debug_struct("Batch").field("count", count).field("is_atomic", is_atomic).finish_non_exhaustive()
            }
        }
    }
}

impl Body<'_> {
    /// Appends the encoded commands.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Body::Command(argv) | Body::Script { short: argv, .. } => encode(out, argv),
            Body::Batch { bytes, .. } => out.extend_from_slice(bytes),
        }
    }

    /// How many bytes `encode` appends.
    pub fn encoded_len(&self) -> usize {
        match self {
            Body::Command(argv) | Body::Script { short: argv, .. } => encoded_len(argv),
            Body::Batch { bytes, .. } => bytes.len(),
        }
    }

    /// How many bytes it takes at most, whenever it is sent.
    pub fn longest_len(&self) -> usize {
        match self {
            Body::Script { short, lasting } => encoded_len(short).max(encoded_len(lasting)),
            body => body.encoded_len(),
        }
    }

    /// Fails if any of it says who the client is, which only the program's credentials callback may.
    pub fn refuse_login(&self) -> Result<()> {
        let check = |argv: &[&[u8]]| match command::classify(argv).placement() {
            Placement::Session(SessionChange::Auth) => Err(of_the_callback()),
            Placement::Session(SessionChange::Hello) if argv.iter().any(|word| word.eq_ignore_ascii_case(b"AUTH")) => {
                Err(of_the_callback())
            }
            _ => Ok(()),
        };
        match self {
            Body::Command(argv) | Body::Script { short: argv, .. } => check(argv),
            Body::Batch { bytes, .. } => {
                let mut rest = *bytes;
                while let Some((argv, length)) = decode_command(rest) {
                    check(&argv)?;
                    rest = rest.get(length..).unwrap_or_default();
                }
                Ok(())
            }
        }
    }

    /// The same for a time to come, on a connection that is not there yet.
    pub fn lasting(&self) -> Body<'_> {
        match self {
            Body::Script { lasting, .. } => Body::Command(lasting),
            body => *body,
        }
    }

    /// How many replies come as one array; `None` for a single reply.
    pub fn batch(&self) -> Option<usize> {
        match self {
            Body::Command(_) | Body::Script { .. } => None,
            Body::Batch { count, .. } => Some(*count),
        }
    }

    /// How many commands of the program it is.
    pub fn commands(&self) -> u32 {
        let count = match self {
            Body::Command(_) | Body::Script { .. } => 1,
            Body::Batch { count, is_atomic: true, .. } => count.saturating_sub(2),
            Body::Batch { count, .. } => *count,
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Are its commands all or nothing?
    pub fn is_atomic(&self) -> bool {
        matches!(self, Body::Batch { is_atomic: true, .. })
    }
}

/// One call of a program.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What to send.
    pub body: Body<'a>,
    /// What it is, and what its caller wants of it.
    pub nature: Nature,
    /// When the caller came.
    pub since: Instant,
    /// When the caller stops waiting.
    pub deadline: Deadline,
}

/// What a command is, if it may be sent on the shared connection.
pub fn admit(argv: &[&[u8]]) -> Result<Traits> {
    let traits = admit_anywhere(argv)?;
    if traits.placement() == Placement::Blocking {
        let why = "it may wait, and everybody who shares the connection would wait with it: use rr_command, which gives it a connection of its own";
        return Err(Error::not_applied(ErrorKind::Unsupported, format!("{}: {why}", command::name(argv))));
    }
    Ok(traits)
}

/// What a command is, if it may be sent on the shared connection or on one of its own.
pub fn admit_anywhere(argv: &[&[u8]]) -> Result<Traits> {
    if argv.first().is_none_or(|name| name.is_empty()) {
        return Err(Error::not_applied(ErrorKind::InvalidArgument, "the command has no name"));
    }
    let traits = command::classify(argv);
    match traits.placement() {
        Placement::Refused(refusal) => {
            Err(Error::not_applied(ErrorKind::Unsupported, format!("{}: {}", command::name(argv), refusal.sentence())))
        }
        Placement::Shared | Placement::Session(_) | Placement::Blocking => Ok(traits),
    }
}

/// What a command is, if it may be sent on the shared connection without anybody waiting for its reply.
pub fn admit_unattended(argv: &[&[u8]]) -> Result<Traits> {
    let traits = admit_anywhere(argv)?;
    match traits.placement() {
        Placement::Session(_) => Err(Error::not_applied(
            ErrorKind::Unsupported,
            format!("{}: it changes the connection and has to be waited for: use rr_command", command::name(argv)),
        )),
        _ => Ok(traits),
    }
}

/// What `commands` encoded commands are called in a message: the name of the first, without any argument.
pub fn names_of(bytes: &[u8], commands: u32) -> String {
    let Some((mut argv, length)) = decode_command(bytes) else { return "a command".into() };
    if commands > 0
        && argv == [b"MULTI"]
        && let Some((first, _)) = bytes.get(length..).and_then(decode_command)
    {
        argv = first;
    }
    match commands {
        0 | 1 => command::name(&argv).to_string(),
        _ => format!("{} and {} more", command::name(&argv), commands - 1),
    }
}

/// How many bytes the first `count` encoded commands take.
pub fn length_of_commands(bytes: &[u8], count: usize) -> usize {
    let mut used = 0;
    for _ in 0..count {
        match bytes.get(used..).and_then(decode_command) {
            Some((_, length)) => used += length,
            None => break,
        }
    }
    used
}

fn of_the_callback() -> Error {
    let text = "AUTH is not for this client: its credentials come from the credentials callback";
    Error::not_applied(ErrorKind::Unsupported, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_called_by_the_name_of_the_first_without_arguments() {
        let encoded = |commands: &[&[&str]]| {
            let mut bytes = Vec::new();
            for words in commands {
                let argv: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
                encode(&mut bytes, &argv);
            }
            bytes
        };
        assert_eq!(names_of(&encoded(&[&["set", "secret", "secret"]]), 1), "SET");
        let atomic = encoded(&[&["MULTI"], &["RPUSH", "secret", "1"], &["INCR", "secret"], &["EXEC"]]);
        assert_eq!(names_of(&atomic, 2), "RPUSH and 1 more");
        assert_eq!(names_of(b"", 1), "a command");
    }
}
