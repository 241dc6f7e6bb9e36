//! What a call has come to so far, over the connections it has seen: which replies it has, whether the rest may have run.
//! A plain value of the caller's. What was once written stays written, whatever comes of later attempts.

use crate::delivery::request::{Body, Incomplete, Request, length_of_commands};
use crate::error::{Error, Outcome};
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
    /// How often its reply was not understood.
    pub(super) garbled: u8,
}

impl Past {
    /// Takes over what is known of a call that was lost. Was it, or the rest of it, written this time?
    pub(super) fn take_over(&mut self, request: &Request<'_>, mut loss: Loss) -> bool {
        self.was_lost = true;
        let written = if request.body.is_atomic() {
            // Without its EXEC a transaction is discarded by the server.
            loss.written >= request.body.encoded_len()
        } else {
            let answered = loss.partial.take();
            let count = answered.as_ref().map_or(0, |reply| reply.root().len());
            let written = rest_was_written(request, self.count, count, loss.written);
            self.count += count;
            self.answered = match (self.answered.take(), answered) {
                (Some(earlier), Some(later)) => Some(Reply::concat(earlier, later)),
                (earlier, later) => earlier.or(later),
            };
            written
        };
        self.was_written |= written;
        written
    }

    /// The failure of a call of which a part may have been answered.
    pub(super) fn failed(&mut self, request: &Request<'_>, mut error: Error) -> Incomplete {
        if self.was_written && error.outcome == Outcome::NotApplied && !request.nature.is_read() {
            error.outcome = Outcome::Unknown;
        }
        let reply = self.answered.take().zip(request.body.batch());
        let reply = reply.and_then(|(answered, count)| fill_up(count, answered, &error));
        Incomplete { error, reply }
    }
}

/// Puts an error value in the place of each reply, of `count`, that did not come.
pub(super) fn fill_up(count: usize, answered: Reply, error: &Error) -> Option<Reply> {
    let missing = count.checked_sub(answered.root().len())?;
    let word = if error.outcome == Outcome::NotApplied { "NOTAPPLIED" } else { "UNKNOWN" };
    let text = format!("{word} {}", error.message);
    Some(Reply::concat(answered, Reply::array(vec![Reply::error(&text); missing])))
}

/// Was the last byte of anything unanswered handed to the kernel?
fn rest_was_written(request: &Request<'_>, before: usize, answered: usize, written: usize) -> bool {
    match request.body {
        Body::Command(_) | Body::Script { .. } => written >= request.body.encoded_len(),
        Body::Batch { bytes, .. } => {
            let start = length_of_commands(bytes, before);
            let rest = bytes.get(start..).unwrap_or_default();
            written > 0 && length_of_commands(rest, answered + 1) <= written
        }
    }
}

pub(super) fn encode_rest(request: &Request<'_>, past: &Past, out: &mut Vec<u8>) {
    match request.body {
        Body::Batch { bytes, .. } if past.count > 0 => {
            let skipped = length_of_commands(bytes, past.count);
            out.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
        }
        body => body.encode(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::policy::Nature;
    use crate::error::ErrorKind;
    use crate::resp::encode;
    use crate::time::Deadline;

    fn request<'a>(body: Body<'a>) -> Request<'a> {
        Request { body, nature: Nature::WRITE, since: crate::time::now(), deadline: Deadline::NEVER }
    }

    fn loss(written: usize, replies: usize) -> Loss {
        let partial = (replies > 0).then(|| Reply::array(vec![Reply::integer(1); replies]));
        Loss { written, partial, is_garbled: false, cause: Error::new(ErrorKind::ConnectionLost, "lost") }
    }

    fn timed_out() -> Error {
        Error::not_applied(ErrorKind::Timeout, "too late")
    }

    #[test]
    fn what_was_written_once_stays_unknown_when_a_later_attempt_was_not_written() {
        let argv: [&[u8]; 2] = [b"INCR", b"n"];
        let request = request(Body::Command(&argv));
        let (mut past, length) = (Past::default(), request.body.encoded_len());
        assert!(past.take_over(&request, loss(length, 0)));
        assert!(!past.take_over(&request, loss(length - 1, 0)));
        assert_eq!(past.failed(&request, timed_out()).error.outcome, Outcome::Unknown);
    }

    #[test]
    fn a_batch_counts_its_replies_over_all_connections() {
        let mut bytes = Vec::new();
        (0..3).for_each(|_| encode(&mut bytes, &[b"INCR", b"n"]));
        let request = request(Body::Batch { bytes: &bytes, count: 3, is_atomic: false });
        let one = bytes.len() / 3;
        let mut past = Past::default();
        // The first was answered, the second not written to its end.
        assert!(!past.take_over(&request, loss(2 * one - 1, 1)));
        assert!(!past.was_written);
        // The second was answered on another connection, the third written.
        assert!(past.take_over(&request, loss(2 * one, 1)));
        let incomplete = past.failed(&request, timed_out());
        assert_eq!(incomplete.error.outcome, Outcome::Unknown);
        let reply = incomplete.reply.unwrap();
        let codes: Vec<_> = reply.root().iter().map(|value| value.error_code()).collect();
        assert_eq!(codes, [None, None, Some("UNKNOWN")]);
    }

    #[test]
    fn without_its_last_byte_a_transaction_did_not_run() {
        let mut bytes = Vec::new();
        [&b"MULTI"[..], b"EXEC"].iter().for_each(|name| encode(&mut bytes, &[name]));
        let request = request(Body::Batch { bytes: &bytes, count: 2, is_atomic: true });
        let mut past = Past::default();
        assert!(!past.take_over(&request, loss(bytes.len() - 1, 0)));
        assert_eq!(past.failed(&request, timed_out()).error.outcome, Outcome::NotApplied);
    }
}
