//! The answer about one command: a few bits and where it may be sent.
//!
//! Owns the vocabulary of the table (`READ`, `STATE`, `BOTH`, …). A plain value of a few bytes, for any thread. It
//! never says more than is true for every state a server can be in.

use std::fmt;

use super::placement::Placement;

const IS_KNOWN: u16 = 1;
const IS_READ: u16 = 1 << 1;
const IS_WRITE: u16 = 1 << 2;
const SAME_STATE: u16 = 1 << 3;
const SAME_REPLY: u16 = 1 << 4;
const IS_SCRIPT: u16 = 1 << 5;
const MAY_FAIL_HALFWAY: u16 = 1 << 6;
const IS_DATA: u16 = 1 << 7;
const IS_TAKING: u16 = 1 << 8;

/// What a command is. Made by [`classify`](super::classify).
///
/// "Twice" below means: twice in a row, nobody else writing in between, the clock standing still. A relative expiry
/// (`SET k v EX 10`, `EXPIRE k 10`) therefore counts as the same state although its second run restarts the count. The
/// order of what has none (SMEMBERS, KEYS) does not make a reply another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    bits: u16,
    placement: Placement,
}

impl Traits {
    /// Changes nothing; asked twice it answers the same.
    pub(super) const READ: Traits = Traits::shared(IS_KNOWN | IS_READ | IS_DATA | SAME_STATE | SAME_REPLY);
    /// The same of what is not about data, but about this server or this connection.
    pub(super) const ABOUT: Traits = Traits::shared(IS_KNOWN | IS_READ | SAME_STATE | SAME_REPLY);
    /// Reads data; the answer may differ each time.
    pub(super) const SAMPLE: Traits = Traits::shared(IS_KNOWN | IS_READ | IS_DATA | SAME_STATE);
    /// Changes nothing; the answer may differ each time: it is random, tells elapsed time, or is about the server itself.
    pub(super) const VARIES: Traits = Traits::shared(IS_KNOWN | IS_READ | SAME_STATE);
    /// Changes something, and once more when it runs twice.
    pub(super) const WRITE: Traits = Traits::shared(IS_KNOWN | IS_WRITE);
    /// Twice leaves what once leaves; the second reply may differ from the first.
    pub(super) const STATE: Traits = Traits::shared(IS_KNOWN | IS_WRITE | SAME_STATE);
    /// Twice leaves what once leaves, and answers the same.
    pub(super) const BOTH: Traits = Traits::shared(IS_KNOWN | IS_WRITE | SAME_STATE | SAME_REPLY);
    /// Touches nothing but the connection, to which it sets something: twice is as good as once.
    pub(super) const SETTING: Traits = Traits::shared(IS_KNOWN | SAME_STATE | SAME_REPLY);
    /// Asks about the connection that carries it, which may be another one the second time.
    pub(super) const ASKING: Traits = Traits::shared(IS_KNOWN | SAME_STATE);
    /// Takes the connection over.
    pub(super) const TAKEOVER: Traits = Traits::shared(IS_KNOWN);
    /// Runs code that may write.
    pub(super) const SCRIPT: Traits = Traits::shared(IS_KNOWN | IS_WRITE | IS_SCRIPT | MAY_FAIL_HALFWAY);
    /// Changes something, and may have changed some of it when it fails.
    pub(super) const HALFWAY: Traits = Traits::shared(IS_KNOWN | IS_WRITE | MAY_FAIL_HALFWAY);
    /// Nothing is known: the worst is assumed, except that it fits the shared connection.
    pub(super) const UNKNOWN: Traits = Traits::shared(IS_WRITE | MAY_FAIL_HALFWAY);

    const fn shared(bits: u16) -> Traits {
        Traits { bits, placement: Placement::Shared }
    }

    /// The same command, with another place.
    pub(super) const fn at(self, placement: Placement) -> Traits {
        Traits { bits: self.bits, placement }
    }

    /// The same command, whose reply hands out what it takes away.
    pub(super) const fn taking(self) -> Traits {
        Traits { bits: self.bits | IS_TAKING, placement: self.placement }
    }

    const fn has(self, bit: u16) -> bool {
        self.bits & bit != 0
    }

    /// Is it in the table, with this subcommand?
    #[inline]
    pub const fn is_known(self) -> bool {
        self.has(IS_KNOWN)
    }

    /// Only reads: it never changes data, and the caller wants its reply. It may be sent again whenever its reply was
    /// lost, also when that reply may differ ([`is_reply_idempotent`](Self::is_reply_idempotent)).
    ///
    /// Includes what asks about the server or the connection (INFO, PING, CLIENT ID). SORT, GEORADIUS, BITFIELD, GETEX
    /// and HGETEX without the options that write are reads too, although a replica refuses them by their name.
    #[inline]
    pub const fn is_read(self) -> bool {
        self.has(IS_READ)
    }

    /// Reads data that every server has that holds the same data: a replica can answer it. Not what goes on from one call to
    /// the next (SCAN), nor what runs code that has to be there (EVALSHA_RO, FCALL_RO).
    #[inline]
    pub const fn is_data_read(self) -> bool {
        self.has(IS_DATA)
    }

    /// Changes, or may change, what other connections see: data, scripts, users, settings, other clients, messages.
    /// An unknown command is a write.
    ///
    /// Neither a read nor a write is what touches only the connection that carries it: SELECT, AUTH, HELLO, WATCH,
    /// SUBSCRIBE, WAIT, … Almost all of those are [`Placement::Session`] or [`Placement::Refused`].
    #[inline]
    pub const fn is_write(self) -> bool {
        self.has(IS_WRITE)
    }

    /// Running it twice leaves the same state as running it once, whatever the state was before.
    #[inline]
    pub const fn is_state_idempotent(self) -> bool {
        self.has(SAME_STATE)
    }

    /// It is state idempotent, and the second reply equals the first.
    ///
    /// False for GETDEL, SETNX, SADD and their like: run again after a lost reply, they leave the right state but the
    /// caller is told something else, or the value is gone for good.
    #[inline]
    pub const fn is_reply_idempotent(self) -> bool {
        self.has(SAME_REPLY)
    }

    /// It takes something away that nobody has but who gets its reply: LPOP, SPOP, ZPOPMIN, GETDEL, GETSET, XREADGROUP, …
    #[inline]
    pub const fn is_taking(self) -> bool {
        self.has(IS_TAKING)
    }

    /// Runs code that may write: EVAL, EVALSHA, FCALL. Their `_RO` forms are reads. An error reply does not prove that
    /// nothing was applied.
    #[inline]
    pub const fn is_script(self) -> bool {
        self.has(IS_SCRIPT)
    }

    /// An error reply does not prove that nothing was applied: scripts, MIGRATE, and whatever is unknown.
    #[inline]
    pub const fn may_fail_halfway(self) -> bool {
        self.has(MAY_FAIL_HALFWAY)
    }

    /// Where it may be sent.
    #[inline]
    pub const fn placement(self) -> Placement {
        self.placement
    }
}

impl fmt::Debug for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (IS_KNOWN, "known"),
            (IS_READ, "read"),
            (IS_WRITE, "write"),
            (SAME_STATE, "same state"),
            (SAME_REPLY, "same reply"),
            (IS_SCRIPT, "script"),
            (MAY_FAIL_HALFWAY, "may fail halfway"),
            (IS_TAKING, "taking"),
        ];
        let held = words.into_iter().filter(|(bit, _)| self.has(*bit)).map(|(_, word)| word);
        f.debug_set().entries(held).entry(&self.placement).finish()
    }
}
