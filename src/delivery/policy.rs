//! Decisions of delivery, as pure functions: what happens to a command after a loss, which refusals pass, what an error
//! reply says about what was applied. No locks, no clock, no I/O.

use crate::command::{Placement, Traits};
use crate::config::{Config, Delivery, ServerRole};
use crate::error::Outcome;

/// What matters of a command, or of a batch of them, when it cannot be answered at once. One byte: it is kept with each
/// command in the line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nature(u8);

const BUFFERABLE: u8 = 1;
const READ: u8 = 1 << 1;
const SAME_STATE: u8 = 1 << 2;
const SAME_REPLY: u8 = 1 << 3;
const HALFWAY: u8 = 1 << 4;
const SESSION: u8 = 1 << 5;
const ONCE: u8 = 1 << 6;
const ANYWHERE: u8 = 1 << 7;
/// What all commands of a batch must be for the batch to be it; the others hold as soon as one command has them.
const OF_ALL: u8 = BUFFERABLE | READ | SAME_STATE | SAME_REPLY | ANYWHERE;

impl Nature {
    /// The nature of a batch of no commands: neutral to [`Nature::and`].
    pub const EMPTY: Nature = Nature(OF_ALL);

    /// A write of which nothing else is known.
    pub const WRITE: Nature = Nature(BUFFERABLE);

    /// The nature of one command.
    pub fn of(traits: Traits) -> Self {
        let placement = traits.placement();
        let bits = [
            // What is handed out by a reply that nobody gets would be gone.
            (BUFFERABLE, traits.is_write() && !traits.is_taking() && placement == Placement::Shared),
            (READ, traits.is_read()),
            (SAME_STATE, traits.is_state_idempotent()),
            (SAME_REPLY, traits.is_reply_idempotent()),
            (ANYWHERE, traits.is_data_read() && placement == Placement::Shared),
            (HALFWAY, traits.may_fail_halfway()),
            (SESSION, matches!(placement, Placement::Session(_))),
        ];
        Nature(bits.into_iter().fold(0, |all, (bit, holds)| if holds { all | bit } else { all }))
    }

    /// The nature of a batch with one more command. Two commands that are idempotent each need not be so together
    /// (`SET k 1`, `SET k 2`, resent from the first, shows 1 again), but they end in the same state.
    pub fn and(self, next: Nature) -> Self {
        Nature((self.0 & next.0 & OF_ALL) | ((self.0 | next.0) & !OF_ALL))
    }

    /// The same, to be buffered only if `allowed` says so, too.
    pub fn bufferable_if(self, allowed: bool) -> Self {
        if allowed { self } else { Nature(self.0 & !BUFFERABLE) }
    }

    /// The same, to be written once only if `demanded`.
    pub fn once_if(self, demanded: bool) -> Self {
        if demanded { Nature(self.0 | ONCE) } else { self }
    }

    /// The same, to be answered by the primary only if `demanded`.
    pub fn from_primary_if(self, demanded: bool) -> Self {
        if demanded { Nature(self.0 & !ANYWHERE) } else { self }
    }

    /// It reads data, and a replica will do.
    pub fn may_be_read_anywhere(self) -> bool {
        self.0 & ANYWHERE != 0
    }

    /// The same, of something that changes nothing and is no read of data either.
    pub fn harmless(self) -> Self {
        Nature(self.0 | READ)
    }

    /// It changes data and may be applied later.
    pub fn is_bufferable(self) -> bool {
        self.0 & BUFFERABLE != 0
    }

    /// It changes nothing.
    pub fn is_read(self) -> bool {
        self.0 & READ != 0
    }

    /// Running it twice in a row leaves what running it once does.
    pub fn is_state_idempotent(self) -> bool {
        self.0 & SAME_STATE != 0
    }

    /// The second reply then equals the first.
    pub fn is_reply_idempotent(self) -> bool {
        self.0 & SAME_REPLY != 0
    }

    /// An error reply does not prove that nothing was applied.
    pub fn may_fail_halfway(self) -> bool {
        self.0 & HALFWAY != 0
    }

    /// It changes the connection that carries it, and each later one has to be made the same.
    pub fn changes_session(self) -> bool {
        self.0 & SESSION != 0
    }

    /// Its bytes may be written once only.
    pub fn is_once_only(self) -> bool {
        self.0 & ONCE != 0
    }
}

impl std::fmt::Debug for Nature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = [
            (BUFFERABLE, "bufferable"),
            (READ, "read"),
            (SAME_STATE, "same state"),
            (SAME_REPLY, "same reply"),
            (HALFWAY, "may fail halfway"),
            (SESSION, "changes the session"),
            (ONCE, "once only"),
            (ANYWHERE, "anywhere"),
        ];
        f.debug_set().entries(words.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, word)| word)).finish()
    }
}

/// What to do with a command whose connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLoss {
    /// Send it again. `may_repeat`: it may then run twice, with an effect.
    Again {
        /// See above.
        may_repeat: bool,
    },
    /// It fails; it may have run.
    Unknown,
}

/// May a command be sent again whose reply was not understood, `garbled` times by now? It has been answered, so it ran.
/// It gets a second chance if that can do no harm: the network may have been to blame. With more it would end connection
/// after connection.
pub fn after_garbling(garbled: u8, may_repeat: bool) -> bool {
    garbled == 0 || (garbled == 1 && !may_repeat)
}

/// What to do with a command that lost its connection. `written`: its last byte was handed to the kernel. `awaited`:
/// somebody wants its reply.
pub fn after_loss(config: &Config, nature: Nature, written: bool, awaited: bool) -> AfterLoss {
    if !written {
        return AfterLoss::Again { may_repeat: false };
    }
    if nature.is_once_only() {
        return AfterLoss::Unknown;
    }
    let harmless = nature.is_state_idempotent() && (nature.is_reply_idempotent() || !awaited);
    match config.delivery {
        _ if nature.is_read() => AfterLoss::Again { may_repeat: false },
        Delivery::AtMostOnce => AfterLoss::Unknown,
        Delivery::AtLeastOnce if harmless => AfterLoss::Again { may_repeat: false },
        Delivery::AtLeastOnce if config.retry_unsafe => AfterLoss::Again { may_repeat: true },
        Delivery::AtLeastOnce => AfterLoss::Unknown,
    }
}

/// Does this error mean "not this server, or not yet", so that the same command has a chance after reconnecting? Where any
/// server will do, a replica that takes no write has answered.
pub fn is_not_now(error: &str, wanted: ServerRole) -> bool {
    match first_word(error) {
        "LOADING" | "MASTERDOWN" => true,
        "READONLY" => wanted != ServerRole::Any,
        _ => false,
    }
}

/// Does this error mean that only another server can do what was asked for?
pub fn needs_primary(error: &str) -> bool {
    first_word(error) == "READONLY"
}

/// Does this error mean that the user may not, or the server cannot, do such a thing at all?
pub fn is_forbidden(error: &str) -> bool {
    first_word(error) == "NOPERM" || error.to_ascii_lowercase().contains("unknown command")
}

/// Did the server end a command that was waiting because it cannot serve it any more, so that the same command has a
/// chance after reconnecting? What another client's CLIENT UNBLOCK ended is no such case.
pub fn is_forced_end(error: &str) -> bool {
    error.starts_with("UNBLOCKED force unblock")
}

/// What an error reply says about the command's effect.
///
/// Redis checks a command before it runs it, so an error reply means that nothing was changed; a script is the
/// exception, as what it did before its error stays.
pub fn outcome_of_error(error: &str, is_script: bool) -> Outcome {
    if is_script && !is_refused_before_running(error) { Outcome::Unknown } else { Outcome::NotApplied }
}

/// Did the server refuse the command as it would have refused others, without a look at the data?
pub fn is_refused_before_running(error: &str) -> bool {
    matches!(
        first_word(error),
        "LOADING"
            | "READONLY"
            | "MASTERDOWN"
            | "NOSCRIPT"
            | "NOPERM"
            | "NOAUTH"
            | "MOVED"
            | "ASK"
            | "CLUSTERDOWN"
            | "TRYAGAIN"
            | "CROSSSLOT"
            | "BUSY"
            | "MISCONF"
            | "NOREPLICAS"
            | "EXECABORT"
            | "OOM"
            | "UNBLOCKED"
    ) && !error.contains("script:")
}

/// What is known of a command that was refused with `refused`, when it was written on an earlier connection, too.
pub fn outcome_after(refused: Outcome, was_written: bool) -> Outcome {
    if was_written && refused == Outcome::NotApplied { Outcome::Unknown } else { refused }
}

fn first_word(error: &str) -> &str {
    error.split_ascii_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nature(state: bool, reply: bool, read: bool) -> Nature {
        let bits = [(SAME_STATE, state), (SAME_REPLY, reply), (READ, read)];
        Nature(bits.into_iter().map(|(bit, holds)| if holds { bit } else { 0 }).sum())
    }

    #[test]
    fn what_was_never_written_is_always_sent_again() {
        let config = Config { delivery: Delivery::AtMostOnce, retry_unsafe: false, ..Config::default() };
        let verdict = after_loss(&config, nature(false, false, false).once_if(true), false, true);
        assert_eq!(verdict, AfterLoss::Again { may_repeat: false });
    }

    #[test]
    fn at_most_once_never_writes_a_write_twice() {
        let config = Config { delivery: Delivery::AtMostOnce, ..Config::default() };
        for (state, reply) in [(true, true), (true, false), (false, false)] {
            assert_eq!(after_loss(&config, nature(state, reply, false), true, true), AfterLoss::Unknown);
        }
        assert_eq!(after_loss(&config, nature(true, true, true), true, true), AfterLoss::Again { may_repeat: false });
    }

    #[test]
    fn at_least_once_says_which_resend_may_repeat() {
        let config = Config::default();
        let verdict = |state, reply, awaited| after_loss(&config, nature(state, reply, false), true, awaited);
        assert_eq!(verdict(true, true, true), AfterLoss::Again { may_repeat: false });
        assert_eq!(verdict(true, false, true), AfterLoss::Again { may_repeat: true });
        assert_eq!(verdict(true, false, false), AfterLoss::Again { may_repeat: false });
        assert_eq!(verdict(false, false, false), AfterLoss::Again { may_repeat: true });
        let careful = Config { retry_unsafe: false, ..config };
        assert_eq!(after_loss(&careful, nature(false, true, false), true, true), AfterLoss::Unknown);
        assert_eq!(after_loss(&careful, nature(true, true, false).once_if(true), true, true), AfterLoss::Unknown);
    }

    #[test]
    fn a_batch_is_what_all_or_what_one_of_its_commands_are() {
        let read = nature(true, true, true);
        assert_eq!(Nature::EMPTY.and(Nature::EMPTY), Nature::EMPTY);
        assert!(Nature::EMPTY.and(read).is_read() && !read.and(Nature::WRITE).is_read());
        assert!(!read.and(Nature::WRITE).is_bufferable() && Nature::WRITE.and(Nature::WRITE).is_bufferable());
        let halfway = Nature(BUFFERABLE | HALFWAY | SESSION);
        assert!(halfway.and(Nature::WRITE).may_fail_halfway() && Nature::WRITE.and(halfway).changes_session());
        assert!(!Nature::WRITE.bufferable_if(false).is_bufferable() && Nature::WRITE.once_if(true).is_once_only());
    }

    #[test]
    fn a_refusal_says_nothing_about_an_earlier_attempt_that_was_not_answered() {
        assert_eq!(outcome_after(Outcome::NotApplied, false), Outcome::NotApplied);
        assert_eq!(outcome_after(Outcome::NotApplied, true), Outcome::Unknown);
    }

    #[test]
    fn a_reply_that_was_not_understood_is_asked_for_once_more_if_that_does_no_harm() {
        assert!(after_garbling(0, true) && after_garbling(1, false));
        assert!(!after_garbling(1, true) && !after_garbling(2, false));
    }

    #[test]
    fn a_script_s_own_error_leaves_the_outcome_open() {
        assert_eq!(outcome_of_error("WRONGTYPE x", false), Outcome::NotApplied);
        assert_eq!(outcome_of_error("ERR boom script: f_1", true), Outcome::Unknown);
        assert_eq!(outcome_of_error("NOSCRIPT No matching script.", true), Outcome::NotApplied);
        assert_eq!(outcome_of_error("OOM command not allowed script: 1", true), Outcome::Unknown);
    }
}
