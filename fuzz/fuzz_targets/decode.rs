//! Any bytes in any pieces: no panic, no memory beyond what arrived, the same replies as in one piece, as one batch, and as
//! the oracle reads them.
#![no_main]

#[path = "../../tests/resp_same/mod.rs"]
mod same;

use libfuzzer_sys::fuzz_target;
use resilient_redis::resp::{Decoder, Limits, Progress, Reply, decode_command, encode};
use same::{oracle, same};

const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_depth: 32 };

/// What came of some bytes: replies, pushes, and whether there was a fault.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    replies: Vec<Reply>,
    pushes: Vec<Reply>,
    fault: bool,
}

/// Feeds `bytes` in pieces of `piece` to `piece * 2` bytes. Large bulks are received in place.
fn feed(decoder: &mut Decoder, bytes: &[u8], piece: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut at = 0;
    let mut end = 0;
    while end < bytes.len() {
        if let Some((payload, missing)) = decoder.direct() {
            let now = missing.min(bytes.len() - at).min(payload.capacity() - payload.len());
            payload.extend_from_slice(&bytes[at..at + now]);
            at += now;
            end = at;
        } else {
            end = (end + piece + end % piece).min(bytes.len());
        }
        loop {
            let Ok((used, progress)) = decoder.decode(&bytes[at..end]) else {
                outcome.fault = true;
                return outcome;
            };
            at += used;
            match progress {
                Progress::Reply(reply) => outcome.replies.push(reply),
                Progress::Push(push) => outcome.pushes.push(push),
                Progress::NeedMore => break,
            }
        }
        assert_eq!(at, end);
        // Pieces of any size may make vectors double.
        assert!(decoder.footprint() < (3 << 20) + 64 * bytes.len());
    }
    outcome
}

/// Every node stays within the reply.
fn check(reply: &Reply) {
    for node in reply.nodes().iter().chain([reply.root_node()]) {
        assert!(node.offset() + node.length() <= reply.payload().len());
        assert!(node.count() == 0 || node.first() + node.count() <= reply.nodes().len());
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&control, bytes)) = data.split_first() else { return };
    let whole = feed(&mut Decoder::new(LIMITS), bytes, bytes.len().max(1));
    let pieces = feed(&mut Decoder::new(LIMITS), bytes, usize::from(control) + 1);
    assert_eq!(whole, pieces);
    whole.replies.iter().chain(&whole.pushes).for_each(check);

    let mut decoder = Decoder::new(LIMITS);
    decoder.begin_batch(whole.replies.len() + 1);
    let batched = feed(&mut decoder, bytes, usize::from(control) + 1);
    assert_eq!((batched.pushes, batched.fault), (whole.pushes.clone(), whole.fault));
    let batch = decoder.end_batch_early().expect("a batch is open");
    check(&batch);
    assert_eq!(batch, Reply::array(whole.replies.clone()));
    for (index, reply) in whole.replies.iter().enumerate() {
        assert_eq!(batch.element(index).as_ref(), Some(reply));
        let element = batch.clone().into_element(index).expect("an element");
        check(&element);
        assert_eq!(element, *reply);
    }

    if let Ok((_, Progress::Reply(first) | Progress::Push(first))) = Decoder::new(LIMITS).decode(bytes)
        && let Ok(theirs) = oracle(bytes)
    {
        assert!(same(first.root(), &theirs), "{first:?} {theirs:?}");
    }

    if let Some((argv, used)) = decode_command(bytes) {
        let mut again = Vec::new();
        encode(&mut again, &argv);
        assert_eq!(decode_command(&again), Some((argv.clone(), again.len())));
        assert!(again.len() <= used);
    }
});
