//! What each command is: read or write, safe to run twice or not, and where it may be sent.
//!
//! Owns the one table that the other layers ask; it looks at arguments too, because `SET … NX` is not `SET` and
//! `LTRIM k 1 -1` is not `LTRIM k 0 9`. Pure functions: any thread, no locks, no I/O, no allocation.
//! It never refuses or changes a command itself, and it never guesses: what it does not know, or cannot parse, is a
//! write that must not run twice.
//!
//! * `table`: every command and its rule, one row each; the place to add one.
//! * `rules`: the rules of the commands whose arguments decide.
//! * `traits`, `placement`: the answer.
//! * `blocking`, `name`: how long a command asks to wait, what to call it in a message.
//! * `lookup`, `args`: from a name to its row, from an argument to a number or a word.

mod args;
mod blocking;
mod lookup;
mod name;
mod placement;
mod rules;
mod table;
mod traits;

pub use blocking::{blocking_key, blocking_timeout, shortened_timeout};
pub use name::{Name, name};
pub use placement::{Placement, Refusal, SessionChange};
pub use traits::Traits;

use table::Rule;

/// What the command `argv` is, its name first.
///
/// Never fails: a command that is not in the table, or whose arguments do not parse, is answered with caution. An empty
/// `argv` is an unknown command.
#[inline]
pub fn classify(argv: &[&[u8]]) -> Traits {
    let Some((name, arguments)) = argv.split_first() else { return Traits::UNKNOWN };
    match lookup::find(name) {
        Some(Rule::Is(traits)) => *traits,
        Some(Rule::Asks(rule)) => rule(arguments),
        Some(Rule::Holds(subcommands, otherwise)) => classify_subcommand(subcommands, arguments, *otherwise),
        None => Traits::UNKNOWN,
    }
}

#[cold]
fn classify_subcommand(subcommands: &[table::Row], arguments: &[&[u8]], otherwise: Traits) -> Traits {
    let Some((name, arguments)) = arguments.split_first() else { return otherwise };
    match table::subcommand(subcommands, name).map(|row| &row.rule) {
        Some(Rule::Is(traits)) => *traits,
        Some(Rule::Asks(rule)) => rule(arguments),
        Some(Rule::Holds(..)) | None => otherwise,
    }
}

#[cfg(test)]
mod tests;
