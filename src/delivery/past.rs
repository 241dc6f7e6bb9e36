//! What a call has come to so far, over the connections it has seen: which replies it has, whether the rest may have run.
//! A plain value of the caller's.

use crate::delivery::request::{Body, Incomplete, Request, length_of_commands};
use crate::error::{Error, Outcome, Result};
use crate::link::lane::Loss;
use crate::resp::Reply;

/// What a call has come to so far.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Replies of a batch that came before a loss.
    pub(super) answered: Option<Reply>,
    /// How many they are.
    pub(super) count: usize,
    /// Its last byte was handed to the kernel at least once.
    pub(super) was_written: bool,
    /// It was in flight when a connection was lost.
    pub(super) was_lost: bool,
}

impl Past {
    /// Takes over what is known of a call that was lost; an error when it does not survive.
    pub(super) fn take_over(
        &mut self,
        request: &Request<'_>,
        mut loss: Loss,
        survives: impl FnOnce(&Past, &Loss) -> Result<()>,
    ) -> std::result::Result<(), Incomplete> {
        self.was_lost = true;
        if request.body.is_atomic() {
            // Without its EXEC a transaction is discarded by the server.
            self.was_written |= loss.written >= request.body.encoded_len();
        } else {
            let answered = loss.partial.take();
            let count = answered.as_ref().map_or(0, |reply| reply.root().len());
            self.was_written = rest_was_written(request, self.count, count, loss.written);
            self.count += count;
            self.answered = match (self.answered.take(), answered) {
                (Some(earlier), Some(later)) => Some(Reply::concat(earlier, later)),
                (earlier, later) => earlier.or(later),
            };
        }
        survives(self, &loss).map_err(|error| std::mem::take(self).failed(request, error))
    }

    /// The failure of a call of which a part may have been answered.
    pub(super) fn failed(&mut self, request: &Request<'_>, mut error: Error) -> Incomplete {
        if self.was_written && error.outcome == Outcome::NotApplied && !request.nature.is_read {
            error.outcome = Outcome::Unknown;
        }
        let reply = self.answered.take().and_then(|answered| fill_up(request, answered, &error));
        Incomplete { error, reply }
    }
}

/// Puts an error value in the place of each reply that did not come.
fn fill_up(request: &Request<'_>, answered: Reply, error: &Error) -> Option<Reply> {
    let missing = request.body.batch()?.checked_sub(answered.root().len())?;
    let word = if error.outcome == Outcome::NotApplied { "NOTAPPLIED" } else { "UNKNOWN" };
    let text = format!("{word} {}", error.message);
    Some(Reply::concat(answered, Reply::array(vec![Reply::error(&text); missing])))
}

/// Was the last byte of anything unanswered handed to the kernel?
fn rest_was_written(request: &Request<'_>, before: usize, answered: usize, written: usize) -> bool {
    match request.body {
        Body::Command(_) => written >= request.body.encoded_len(),
        Body::Batch { bytes, .. } => {
            let start = length_of_commands(bytes, before);
            let rest = bytes.get(start..).unwrap_or_default();
            written > 0 && length_of_commands(rest, answered + 1) <= written
        }
    }
}

/// Appends what has not been answered yet.
pub(super) fn encode_rest(request: &Request<'_>, past: &Past, out: &mut Vec<u8>) {
    match request.body {
        Body::Batch { bytes, .. } if past.count > 0 => {
            let skipped = length_of_commands(bytes, past.count);
            out.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
        }
        body => body.encode(out),
    }
}
