//! The decoder and the encoder against an independent implementation, the `redis` crate's parser.
//!
//! Values come from generators with fixed seeds; a failure prints the seed and the bytes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "resp_same/mod.rs"]
mod same;

use resilient_redis::resp::{Decoder, Limits, Progress, Reply, decode_command, encode, encoded_len};
use same::{oracle, same};

const LIMITS: Limits = Limits { max_bytes: 64 << 20, max_depth: 64 };

fn random_bytes(random: &mut fastrand::Rng, longest: usize) -> Vec<u8> {
    let length = random.usize(..longest);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// Appends a random value's bytes to `out`.
fn generate(random: &mut fastrand::Rng, depth: usize, out: &mut Vec<u8>) {
    let text = |random: &mut fastrand::Rng, longest| -> String {
        let length = if random.u8(..20) == 0 { random.usize(..longest * 20) } else { random.usize(..longest) };
        (0..length).map(|_| if random.u8(..12) == 0 { 'é' } else { random.char(' '..='~') }).collect()
    };
    let aggregate = |random: &mut fastrand::Rng, mark: char, times: usize, extra: usize, out: &mut Vec<u8>| {
        let count = if random.u8(..30) == 0 { random.usize(..40) } else { random.usize(..5) };
        out.extend(format!("{mark}{count}\r\n").bytes());
        for _ in 0..count * times + extra {
            generate(random, depth + 1, out);
        }
    };
    match random.u8(..if depth < 5 { 21 } else { 15 }) {
        0 => out.extend(b"_\r\n"),
        1 => out.extend(b"$-1\r\n"),
        2 => out.extend(b"*-1\r\n"),
        3 => out.extend(format!(":{}\r\n", random.i64(..) >> random.u8(..64)).bytes()),
        4 => out.extend(if random.bool() { b"#t\r\n" } else { b"#f\r\n" }),
        5 => {
            out.extend(format!(",{:?}\r\n", f64::from_bits(random.u64(..)).to_string().parse::<f64>().unwrap()).bytes())
        }
        6 => out.extend(
            random.choice(["inf", "-inf", "nan", "1e5", "-2.5E-7", "10"]).map(|x| format!(",{x}\r\n")).unwrap().bytes(),
        ),
        7 => out.extend(if random.bool() { "+OK\r\n".into() } else { format!("+{}\r\n", text(random, 60)) }.bytes()),
        8 => out.extend(format!("-ERR {}\r\n", text(random, 60)).bytes()),
        9 => out.extend(format!("-{}\r\n", text(random, 30)).bytes()),
        10 => {
            let text = text(random, 30);
            out.extend(format!("!{}\r\n{text}\r\n", text.len()).bytes());
        }
        11 => {
            let text = text(random, 60);
            out.extend(
                format!("={}\r\n{}:{text}\r\n", text.len() + 4, random.choice(["txt", "mkd", "abc"]).unwrap()).bytes(),
            );
        }
        12 => out
            .extend(format!("({}{}{}\r\n", random.choice(["", "-"]).unwrap(), random.u64(1..), random.u64(..)).bytes()),
        13 | 14 => {
            let bytes = random_bytes(random, 90);
            out.extend(format!("${}\r\n", bytes.len()).bytes());
            out.extend(bytes);
            out.extend(b"\r\n");
        }
        15 | 16 => aggregate(random, '*', 1, 0, out),
        17 => aggregate(random, '%', 2, 0, out),
        18 => aggregate(random, '~', 1, 0, out),
        _ => aggregate(random, '|', 2, 1, out),
    }
}

/// Appends a random push, which has its kind first.
fn generate_push(random: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let count = random.usize(..4);
    out.extend(format!(">{}\r\n", count + 1).bytes());
    out.extend(random.choice(["$7\r\nmessage\r\n", "+invalidate\r\n", "$5\r\nother\r\n"]).unwrap().bytes());
    for _ in 0..count {
        generate(random, 1, out);
    }
}

/// Feeds `bytes` in pieces that end at the given places; the replies that came, pushes apart.
fn feed(decoder: &mut Decoder, bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> (Vec<Reply>, Vec<Reply>) {
    let (mut replies, mut pushes) = (Vec::new(), Vec::new());
    let mut at = 0;
    for end in ends.into_iter().chain([bytes.len()]) {
        loop {
            let (used, progress) = decoder.decode(&bytes[at..end]).unwrap();
            at += used;
            match progress {
                Progress::Reply(reply) => replies.push(reply),
                Progress::Push(reply) => pushes.push(reply),
                Progress::NeedMore => break,
            }
        }
        assert_eq!(at, end, "all input is consumed before more is asked for");
    }
    (replies, pushes)
}

fn only(bytes: &[u8], ends: impl IntoIterator<Item = usize>, decoder: &mut Decoder) -> Reply {
    let (mut replies, mut pushes) = feed(decoder, bytes, ends);
    assert_eq!(replies.len() + pushes.len(), 1, "{}", bytes.escape_ascii());
    replies.pop().or(pushes.pop()).unwrap()
}

#[test]
fn every_reply_is_read_as_the_oracle_reads_it_however_it_is_cut() {
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = Vec::new();
        if seed % 10 == 0 {
            generate_push(&mut random, &mut bytes)
        } else {
            generate(&mut random, 0, &mut bytes)
        }
        let shown = || format!("seed {seed}: {}", bytes.escape_ascii());
        let theirs = oracle(&bytes).unwrap_or_else(|error| panic!("{error}: {}", shown()));
        let mut decoder = Decoder::new(LIMITS);
        let whole = only(&bytes, [], &mut decoder);
        assert!(same(whole.root(), &theirs), "{}: {whole:?} {theirs:?}", shown());

        let stride = (bytes.len() / 600).max(1);
        for cut in (0..bytes.len()).step_by(stride) {
            assert_eq!(only(&bytes, [cut], &mut decoder), whole, "cut at {cut}, {}", shown());
        }
        assert_eq!(only(&bytes, 1..bytes.len(), &mut decoder), whole, "{}", shown());
        for _ in 0..5 {
            let mut ends: Vec<usize> = (0..random.usize(1..9)).map(|_| random.usize(..=bytes.len())).collect();
            ends.sort_unstable();
            assert_eq!(only(&bytes, ends.clone(), &mut decoder), whole, "{ends:?}, {}", shown());
        }
    }
}

#[test]
fn every_beginning_of_a_reply_needs_more() {
    for seed in 1000..1100 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = Vec::new();
        generate(&mut random, 0, &mut bytes);
        let mut decoder = Decoder::new(LIMITS);
        for end in (0..bytes.len()).step_by((bytes.len() / 300).max(1)) {
            decoder.reset();
            let progress = decoder.decode(&bytes[..end]);
            assert_eq!(progress, Ok((end, Progress::NeedMore)), "seed {seed}: {}", bytes[..end].escape_ascii());
        }
    }
}

#[test]
fn a_stream_of_replies_pushes_and_batches_is_read_as_the_oracle_reads_it() {
    for seed in 2000..2100 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = Vec::new();
        let mut theirs = (Vec::new(), Vec::new());
        for _ in 0..random.usize(1..20) {
            let from = bytes.len();
            let push = random.u8(..3) == 0;
            if push {
                generate_push(&mut random, &mut bytes)
            } else {
                generate(&mut random, 2, &mut bytes)
            }
            let value = oracle(&bytes[from..]).unwrap();
            if push { theirs.1.push(value) } else { theirs.0.push(value) }
        }
        let mut ends: Vec<usize> = (0..random.usize(..30)).map(|_| random.usize(..=bytes.len())).collect();
        ends.sort_unstable();
        let agree = |ours: &[Reply], theirs: &[redis::Value]| {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours.root(), theirs))
        };

        let (replies, pushes) = feed(&mut Decoder::new(LIMITS), &bytes, ends.clone());
        assert!(agree(&replies, &theirs.0) && agree(&pushes, &theirs.1), "seed {seed}: {}", bytes.escape_ascii());

        // The same as one batch, and as one that ends early.
        let mut decoder = Decoder::new(LIMITS);
        decoder.begin_batch(replies.len() + 1);
        let (none, same_pushes) = feed(&mut decoder, &bytes, ends.clone());
        assert!(none.is_empty() && same_pushes == pushes, "seed {seed}");
        let early = decoder.end_batch_early().unwrap();
        assert_eq!(early, Reply::array(replies.clone()), "seed {seed}");
        if !replies.is_empty() {
            let mut decoder = Decoder::new(LIMITS);
            decoder.begin_batch(replies.len());
            let (batch, same_pushes) = feed(&mut decoder, &bytes, ends);
            assert!(batch == [early.clone()] && same_pushes == pushes, "seed {seed}");
        }
        for (index, reply) in replies.iter().enumerate() {
            assert_eq!(early.element(index).as_ref(), Some(reply), "seed {seed}");
            assert_eq!(early.clone().into_element(index).as_ref(), Some(reply), "seed {seed}");
        }
    }
}

/// Where both accept some bytes, they read the same value. They differ on purpose in what they accept. The oracle alone
/// takes blanks around numbers, anything behind `_`, negative lengths other than -1, a lone `\r` or `\n` in text, big numbers
/// with letters, verbatim formats of other lengths, and pushes inside other values. The decoder alone takes text that is not
/// UTF-8, pushes without a kind, and values nested deeper than 100.
#[test]
fn wrong_bytes_do_no_harm_and_what_both_accept_is_the_same() {
    let mut both = 0;
    for seed in 10_000..30_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = Vec::new();
        if seed % 3 == 0 {
            let alphabet = b"+-:$*_,#!=(%~>|;.?0123456789\r\n\r\n\r\nabtfinx \xff";
            bytes.extend(
                std::iter::repeat_with(|| alphabet[random.usize(..alphabet.len())]).take(1 + seed as usize % 40),
            );
        } else {
            generate(&mut random, 3, &mut bytes);
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..bytes.len());
                match random.u8(..4) {
                    0 => bytes[at] = random.u8(..),
                    1 => bytes.insert(at, random.choice(*b"0123456789-\r\n:$*>|").unwrap()),
                    2 if bytes.len() > 1 => drop(bytes.remove(at)),
                    _ => bytes[at] = random.choice(*b"0123456789-\r\n:$*>|").unwrap(),
                }
            }
        }
        let shown = || format!("seed {seed}: {}", bytes.escape_ascii());
        let whole = Decoder::new(LIMITS).decode(&bytes);

        // The verdict does not depend on the pieces.
        let mut decoder = Decoder::new(LIMITS);
        let mut slow = Ok(Progress::NeedMore);
        for byte in &bytes {
            slow = decoder.decode(&[*byte]).map(|(_, progress)| progress);
            if slow != Ok(Progress::NeedMore) {
                break;
            }
        }
        assert_eq!(slow.is_ok(), whole.is_ok(), "{}: {slow:?} {whole:?}", shown());
        if let (Ok(slow), Ok((_, whole))) = (&slow, &whole) {
            assert_eq!(slow, whole, "{}", shown());
        }

        if let (Ok((_, Progress::Reply(ours) | Progress::Push(ours))), Ok(theirs)) = (&whole, oracle(&bytes)) {
            both += 1;
            assert!(same(ours.root(), &theirs), "{}: {ours:?} {theirs:?}", shown());
        }
    }
    assert!(both > 2000, "{both}");
}

#[test]
fn hostile_lengths_are_refused_or_wait_without_memory() {
    let limits = Limits { max_bytes: u64::MAX, max_depth: 1 << 20 };
    let deep = "*1\r\n".repeat(100_000);
    for hostile in [
        "$9223372036854775807\r\nx",
        "$18446744073709551615\r\nx",
        "*1000000000\r\n",
        "%1000000000\r\n:1\r\n",
        "~1000000000\r\n",
        "|1000000000\r\n",
        ">1000000000\r\n",
        "*9223372036854775807\r\n",
        "%9223372036854775807\r\n",
        &deep,
    ] {
        for limits in [LIMITS, limits] {
            let mut decoder = Decoder::new(limits);
            assert!(!matches!(decoder.decode(hostile.as_bytes()), Ok((_, Progress::Reply(_) | Progress::Push(_)))));
            assert!(decoder.footprint() < (2 << 20) + 80 * hostile.len(), "{}", decoder.footprint());
        }
        if hostile.len() < 100 {
            let error = Decoder::new(Limits::default()).decode(hostile.as_bytes());
            assert!(error.is_err(), "{hostile:?} is beyond the default limits");
        }
    }
}

#[test]
fn a_command_is_read_back_as_it_was_and_as_the_oracle_writes_it() {
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let longest = if seed % 50 == 0 { 20_000 } else { 120 };
        let count = random.usize(1..15);
        let arguments: Vec<Vec<u8>> = (0..count).map(|_| random_bytes(&mut random, longest)).collect();
        let argv: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let mut bytes = Vec::new();
        encode(&mut bytes, &argv);
        let mut theirs = redis::Cmd::new();
        for argument in &argv {
            theirs.arg(*argument);
        }
        assert_eq!(bytes, theirs.get_packed_command(), "seed {seed}");
        assert_eq!(bytes.len(), encoded_len(&argv));
        assert_eq!(decode_command(&bytes[..bytes.len() - 1]), None, "seed {seed}");
        bytes.extend(b"*1\r\n$4\r\nPING\r\n");
        assert_eq!(decode_command(&bytes), Some((argv.clone(), encoded_len(&argv))), "seed {seed}");
    }
}
