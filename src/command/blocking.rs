//! How long a blocking command asks to wait, and the same command asking for less.
//!
//! Pure functions over borrowed arguments, for any thread. It never decides a deadline: whoever waits adds its own time
//! to what is found here.

use std::time::Duration;

use super::args::{Args, integer, is};
use super::lookup;

/// The timeout argument of the blocking command `argv`, its name first.
///
/// `None` when there is no bound: the timeout is 0 (for ever), does not parse (the server refuses it at once), or the
/// command does not block at all; [`placement`](super::Traits::placement) tells whether it does.
pub fn blocking_timeout(argv: &[&[u8]]) -> Option<Duration> {
    let (at, unit) = place(argv)?;
    let argument = argv.get(at)?;
    let timeout = match unit {
        Unit::Seconds => seconds(argument),
        Unit::Milliseconds => milliseconds(argument),
    };
    timeout.filter(|timeout| !timeout.is_zero())
}

/// The timeout argument that makes the blocking command `argv` wait for `left` instead, and its place among the
/// arguments. At least a millisecond, because 0 is for ever. `None` for a command that waits for ever, or not at all.
pub fn shortened_timeout(argv: &[&[u8]], left: Duration) -> Option<(usize, String)> {
    blocking_timeout(argv)?;
    let (at, unit) = place(argv)?;
    let left = left.as_millis().max(1);
    let text = match unit {
        Unit::Seconds => format!("{}.{:03}", left / 1000, left % 1000),
        Unit::Milliseconds => left.to_string(),
    };
    Some((at, text))
}

/// A key that the blocking command `argv` waits for. `None` when it waits for none, or is not complete.
pub fn blocking_key<'b>(argv: &[&'b [u8]]) -> Option<&'b [u8]> {
    let (name, arguments) = argv.split_first()?;
    let at = match lookup::find_row(name)?.name {
        "BLPOP" | "BRPOP" | "BRPOPLPUSH" | "BLMOVE" | "BZPOPMIN" | "BZPOPMAX" => 0,
        "BLMPOP" | "BZMPOP" => 2,
        "XREAD" | "XREADGROUP" => option_at(arguments, "STREAMS")?,
        _ => return None,
    };
    arguments.get(at).copied()
}

#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
}

/// Which argument is the timeout, the name being 0.
fn place(argv: &[&[u8]]) -> Option<(usize, Unit)> {
    let (name, arguments) = argv.split_first()?;
    Some(match lookup::find_row(name)?.name {
        "BLPOP" | "BRPOP" | "BRPOPLPUSH" | "BLMOVE" | "BZPOPMIN" | "BZPOPMAX" => (arguments.len(), Unit::Seconds),
        "BLMPOP" | "BZMPOP" => (1, Unit::Seconds),
        "XREAD" | "XREADGROUP" => (1 + option_at(arguments, "BLOCK")?, Unit::Milliseconds),
        "WAIT" => (2, Unit::Milliseconds),
        "WAITAOF" => (3, Unit::Milliseconds),
        _ => return None,
    })
}

/// The value of `BLOCK` in XREAD or XREADGROUP; empty when the value is missing.
pub(super) fn block<'b>(arguments: Args<'_, 'b>) -> Option<&'b [u8]> {
    option_at(arguments, "BLOCK").map(|at| arguments.get(at).copied().unwrap_or_default())
}

/// Where what follows this option of XREAD or XREADGROUP is, or would be.
fn option_at(arguments: Args<'_, '_>, name: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(option) = arguments.get(at) {
        if is(option, name) {
            return Some(at + 1);
        }
        at += match () {
            () if is(option, "STREAMS") => return None,
            () if is(option, "GROUP") => 3,
            () if is(option, "COUNT") || is(option, "CLAIM") || is(option, "BLOCK") => 2,
            () => 1,
        };
    }
    None
}

fn seconds(argument: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(argument).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn milliseconds(argument: &[u8]) -> Option<Duration> {
    integer(argument).and_then(|value| u64::try_from(value).ok()).map(Duration::from_millis)
}
