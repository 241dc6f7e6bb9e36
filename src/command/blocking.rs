//! How long a blocking command asks to wait.
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
    let (name, arguments) = argv.split_first()?;
    let timeout = match lookup::find_row(name)?.name {
        "BLPOP" | "BRPOP" | "BRPOPLPUSH" | "BLMOVE" | "BZPOPMIN" | "BZPOPMAX" => seconds(arguments.last()?),
        "BLMPOP" | "BZMPOP" => seconds(arguments.first()?),
        "XREAD" | "XREADGROUP" => milliseconds(block(arguments)?),
        "WAIT" => milliseconds(arguments.get(1)?),
        "WAITAOF" => milliseconds(arguments.get(2)?),
        _ => None,
    };
    timeout.filter(|timeout| !timeout.is_zero())
}

/// The value of `BLOCK` in XREAD or XREADGROUP; empty when the value is missing.
pub(super) fn block<'b>(mut arguments: Args<'_, 'b>) -> Option<&'b [u8]> {
    while let [option, rest @ ..] = arguments {
        if is(option, "STREAMS") {
            return None;
        }
        if is(option, "BLOCK") {
            return Some(rest.first().copied().unwrap_or_default());
        }
        let values = match () {
            () if is(option, "GROUP") => 2,
            () if is(option, "COUNT") || is(option, "CLAIM") => 1,
            () => 0,
        };
        arguments = rest.get(values..).unwrap_or_default();
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
