//! Decisions of delivery, as pure functions: what happens to a command after a loss, which refusals pass, what an error
//! reply says about what was applied. No locks, no clock, no I/O.

use crate::command::{Placement, Traits};
use crate::config::{Config, Delivery};
use crate::error::Outcome;

/// What matters of a command, or of a batch of them, when it cannot be answered at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nature {
    /// It changes data and may be applied later.
    pub is_bufferable: bool,
    /// It changes nothing.
    pub is_read: bool,
    /// Running it twice in a row leaves what running it once does.
    pub is_state_idempotent: bool,
    /// The second reply then equals the first.
    pub is_reply_idempotent: bool,
    /// An error reply does not prove that nothing was applied.
    pub is_script: bool,
    /// It changes the connection that carries it, and each later one has to be made the same.
    pub changes_session: bool,
}

impl Nature {
    /// The nature of a batch of no commands: neutral to [`Nature::and`].
    pub const EMPTY: Nature = Nature {
        is_bufferable: true,
        is_read: true,
        is_state_idempotent: true,
        is_reply_idempotent: true,
        is_script: false,
        changes_session: false,
    };

    /// The nature of one command.
    pub fn of(traits: Traits) -> Self {
        Nature {
            is_bufferable: traits.is_write() && traits.placement() == Placement::Shared,
            is_read: traits.is_read(),
            is_state_idempotent: traits.is_state_idempotent(),
            is_reply_idempotent: traits.is_reply_idempotent(),
            is_script: traits.may_fail_halfway(),
            changes_session: matches!(traits.placement(), Placement::Session(_)),
        }
    }

    /// The nature of a batch with one more command. Two commands that are idempotent each need not be so together
    /// (`SET k 1`, `SET k 2`, resent from the first, shows 1 again), but they end in the same state.
    pub fn and(self, next: Nature) -> Self {
        Nature {
            is_bufferable: self.is_bufferable && next.is_bufferable,
            is_read: self.is_read && next.is_read,
            is_state_idempotent: self.is_state_idempotent && next.is_state_idempotent,
            is_reply_idempotent: self.is_reply_idempotent && next.is_reply_idempotent,
            is_script: self.is_script || next.is_script,
            changes_session: self.changes_session || next.changes_session,
        }
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
pub fn after_loss(config: &Config, nature: Nature, no_retry: bool, written: bool, awaited: bool) -> AfterLoss {
    if !written {
        return AfterLoss::Again { may_repeat: false };
    }
    if no_retry {
        return AfterLoss::Unknown;
    }
    let harmless = nature.is_state_idempotent && (nature.is_reply_idempotent || !awaited);
    match config.delivery {
        _ if nature.is_read => AfterLoss::Again { may_repeat: false },
        Delivery::AtMostOnce => AfterLoss::Unknown,
        Delivery::AtLeastOnce if harmless => AfterLoss::Again { may_repeat: false },
        Delivery::AtLeastOnce if config.retry_unsafe => AfterLoss::Again { may_repeat: true },
        Delivery::AtLeastOnce => AfterLoss::Unknown,
    }
}

/// Does this error mean "not this server, or not yet", so that the same command has a chance after reconnecting?
pub fn is_not_now(error: &str) -> bool {
    matches!(first_word(error), "LOADING" | "READONLY" | "MASTERDOWN")
}

/// What an error reply says about the command's effect.
///
/// Redis checks a command before it runs it, so an error reply means that nothing was changed; a script is the
/// exception, as what it did before its error stays.
pub fn outcome_of_error(error: &str, is_script: bool) -> Outcome {
    let refused_before_running = matches!(
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
    ) && !error.contains("script:");
    if is_script && !refused_before_running { Outcome::Unknown } else { Outcome::NotApplied }
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
        Nature { is_state_idempotent: state, is_reply_idempotent: reply, is_read: read, ..Nature::EMPTY }
    }

    #[test]
    fn what_was_never_written_is_always_sent_again() {
        let config = Config { delivery: Delivery::AtMostOnce, retry_unsafe: false, ..Config::default() };
        let verdict = after_loss(&config, nature(false, false, false), true, false, true);
        assert_eq!(verdict, AfterLoss::Again { may_repeat: false });
    }

    #[test]
    fn at_most_once_never_writes_a_write_twice() {
        let config = Config { delivery: Delivery::AtMostOnce, ..Config::default() };
        for (state, reply) in [(true, true), (true, false), (false, false)] {
            assert_eq!(after_loss(&config, nature(state, reply, false), false, true, true), AfterLoss::Unknown);
        }
        assert_eq!(
            after_loss(&config, nature(true, true, true), false, true, true),
            AfterLoss::Again { may_repeat: false }
        );
    }

    #[test]
    fn at_least_once_says_which_resend_may_repeat() {
        let config = Config::default();
        let verdict = |state, reply, awaited| after_loss(&config, nature(state, reply, false), false, true, awaited);
        assert_eq!(verdict(true, true, true), AfterLoss::Again { may_repeat: false });
        assert_eq!(verdict(true, false, true), AfterLoss::Again { may_repeat: true });
        assert_eq!(verdict(true, false, false), AfterLoss::Again { may_repeat: false });
        assert_eq!(verdict(false, false, false), AfterLoss::Again { may_repeat: true });
        let careful = Config { retry_unsafe: false, ..config };
        assert_eq!(after_loss(&careful, nature(false, true, false), false, true, true), AfterLoss::Unknown);
        assert_eq!(after_loss(&careful, nature(true, true, false), true, true, true), AfterLoss::Unknown);
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
