//! What the decoder makes of each type, of pieces, batches, pushes and faults.

use super::super::unfinished::{BELIEVED, KEPT};
use super::*;

const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_depth: 8 };

fn decoder() -> Decoder {
    Decoder::new(LIMITS)
}

/// The only reply in `bytes`, which has to be the same when fed byte by byte.
fn reply(bytes: impl AsRef<[u8]>) -> Reply {
    let bytes = bytes.as_ref();
    let (used, whole) = decoder().decode(bytes).unwrap();
    assert_eq!(used, bytes.len());
    let mut decoder = decoder();
    let (last, before) = bytes.split_last().unwrap();
    for byte in before {
        assert_eq!(decoder.decode(&[*byte]), Ok((1, Progress::NeedMore)));
    }
    assert_eq!(decoder.decode(&[*last]).unwrap(), (1, whole));
    match decoder.decode(bytes).unwrap().1 {
        Progress::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn shown(bytes: impl AsRef<[u8]>) -> String {
    format!("{:?}", reply(bytes))
}

/// The message of the fault in `bytes`, which has to be one when fed byte by byte as well.
fn fault(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut slow = decoder();
    assert!(bytes.iter().any(|byte| slow.decode(&[*byte]).is_err()), "{}", bytes.escape_ascii());
    decoder().decode(bytes).unwrap_err().to_string()
}

#[test]
fn scalars() {
    assert_eq!(shown("+OK\r\n"), "OK");
    assert_eq!(shown("+\r\n"), "");
    assert_eq!(shown("-ERR no\r\n"), "(error) ERR no");
    assert_eq!(shown("!9\r\nBAD\r\nno\r\n\r\n"), r"(error) BAD\r\nno\r\n");
    assert_eq!(shown(":0\r\n"), "(integer) 0");
    assert_eq!(shown(":-12\r\n"), "(integer) -12");
    assert_eq!(shown(":+12\r\n"), "(integer) 12");
    assert_eq!(reply(format!(":{}\r\n", i64::MIN)).root().as_integer(), Some(i64::MIN));
    assert_eq!(reply(format!(":{}\r\n", i64::MAX)).root().as_integer(), Some(i64::MAX));
    assert_eq!(shown("$5\r\nhello\r\n"), "\"hello\"");
    assert_eq!(shown("$0\r\n\r\n"), "\"\"");
    assert_eq!(shown("$4\r\n\r\n\r\n\r\n"), r#""\r\n\r\n""#);
    for nil in ["$-1\r\n", "*-1\r\n", "_\r\n"] {
        assert_eq!(shown(nil), "(nil)");
    }
    assert_eq!(shown("#t\r\n"), "(true)");
    assert_eq!(shown("#f\r\n"), "(false)");
    assert_eq!(reply("#t\r\n").root().as_boolean(), Some(true));
    assert_eq!(shown("(-123456789012345678901234567890\r\n"), "(big number) -123456789012345678901234567890");
    assert_eq!(reply("=8\r\ntxt:text\r\n").root().format(), Some(*b"txt"));
    assert_eq!(shown("=4\r\nmkd:\r\n"), "mkd:\"\"");
}

#[test]
fn doubles() {
    for (text, value) in [
        ("1.5", 1.5),
        ("10", 10.0),
        ("-0", -0.0),
        ("1e300", 1e300),
        ("1.5E-3", 0.0015),
        ("inf", f64::INFINITY),
        ("-inf", f64::NEG_INFINITY),
        ("+2.5", 2.5),
        ("1.7976931348623157e+308", f64::MAX),
    ] {
        let got = reply(format!(",{text}\r\n")).root().as_double().unwrap();
        assert_eq!(got.to_bits(), f64::to_bits(value), "{text}");
    }
    assert!(reply(",nan\r\n").root().as_double().unwrap().is_nan());
    assert!(reply(",-nan\r\n").root().as_double().unwrap().is_nan());
}

#[test]
fn payloads_of_every_size() {
    for size in (0..200).chain([65_000, 65_535, 65_536, 70_000]) {
        let text = "x".repeat(size);
        let bulk = reply(format!("${size}\r\n{text}\r\n"));
        assert_eq!(bulk.root().as_bytes(), Some(text.as_bytes()));
        assert_eq!(bulk, Reply::bulk(text.as_bytes()));
        assert!(bulk.footprint() <= size_of::<Reply>() + if size <= 40 { 0 } else { size + 16 }, "{size}");
        if size < 65_000 {
            assert_eq!(reply(format!("+{text}\r\n")).root().as_bytes(), Some(text.as_bytes()));
        }
    }
}

#[test]
fn aggregates() {
    assert_eq!(shown("*0\r\n"), "(empty array)");
    assert_eq!(shown("%0\r\n"), "(empty map)");
    assert_eq!(shown("~0\r\n"), "(empty set)");
    assert_eq!(shown("*2\r\n$1\r\na\r\n:2\r\n"), "1) \"a\"\n2) (integer) 2");
    assert_eq!(shown("%1\r\n+key\r\n:2\r\n"), "1# key\n2# (integer) 2");
    assert_eq!(shown("~1\r\n_\r\n"), "1~ (nil)");
    assert_eq!(
        shown("*3\r\n*2\r\n:1\r\n*0\r\n*1\r\n*1\r\n$1\r\nx\r\n%1\r\n:1\r\n*1\r\n#t\r\n"),
        "1) 1) (integer) 1\n   2) (empty array)\n2) 1) 1) \"x\"\n3) 1# (integer) 1\n   2# 1) (true)"
    );
}

#[test]
fn children_are_contiguous() {
    let reply = reply("*2\r\n*2\r\n*2\r\n:1\r\n:2\r\n:3\r\n*1\r\n:4\r\n");
    let of = |node: &Node| node.first()..node.first() + node.count();
    let nodes = reply.nodes();
    let root = &nodes[of(reply.root_node())];
    let first = &nodes[of(&root[0])];
    assert_eq!((root.len(), first.len(), first[1].integer()), (2, 2, 3));
    assert_eq!(nodes[of(&first[0])].iter().map(Node::integer).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(nodes[of(&root[1])].iter().map(Node::integer).collect::<Vec<_>>(), [4]);
}

#[test]
fn an_attribute_comes_before_its_value_at_any_level() {
    let top = reply("|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n");
    assert_eq!(format!("{top:?}"), "1| \"v\"\n2| ttl\n3| (integer) 9");
    assert_eq!(top.root().bare().as_bytes(), Some(&b"v"[..]));
    assert_eq!(
        shown("*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n*1\r\n:7\r\n:8\r\n"),
        "1) 1| 1) (integer) 7\n   2| a\n   3| 1) (integer) 1\n2) (integer) 8"
    );
    assert_eq!(shown("|0\r\n|0\r\n:1\r\n"), "1| 1| (integer) 1");
    assert_eq!(reply("|0\r\n|0\r\n:1\r\n").root().bare().as_integer(), Some(1));
}

#[test]
fn replies_follow_each_other() {
    let mut decoder = decoder();
    let bytes = b"+OK\r\n*1\r\n:1\r\n>1\r\n+p\r\n$2\r\nhi\r\n:";
    let mut at = 0;
    let mut seen = Vec::new();
    loop {
        let (used, progress) = decoder.decode(&bytes[at..]).unwrap();
        at += used;
        match progress {
            Progress::Reply(reply) => seen.push(format!("{reply:?}")),
            Progress::Push(reply) => seen.push(format!("push {reply:?}")),
            Progress::NeedMore => break,
        }
    }
    assert_eq!(at, bytes.len());
    assert_eq!(seen, ["OK", "1) (integer) 1", "push 1> p", "\"hi\""]);
    assert_eq!(decoder.decode(b"5\r\n").unwrap().1, Progress::Reply(Reply::integer(5)));
}

#[test]
fn a_batch_gathers_replies_and_lets_pushes_through() {
    let bytes = b">1\r\n+a\r\n+OK\r\n>2\r\n+b\r\n*1\r\n$1\r\nx\r\n*2\r\n:1\r\n*1\r\n$3\r\nabc\r\n>0\r\n|1\r\n+k\r\n+v\r\n$2\r\nhi\r\n";
    let batch = "1) OK\n2) 1) (integer) 1\n   2) 1) \"abc\"\n3) 1| \"hi\"\n   2| k\n   3| v";
    for piece in 1..=bytes.len() {
        let mut decoder = decoder();
        decoder.begin_batch(3);
        let mut pushes = Vec::new();
        let mut replies = Vec::new();
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                let (used, progress) = decoder.decode(piece).unwrap();
                piece = &piece[used..];
                match progress {
                    Progress::Reply(reply) => replies.push(format!("{reply:?}")),
                    Progress::Push(reply) => pushes.push(format!("{reply:?}")),
                    Progress::NeedMore => assert!(piece.is_empty()),
                }
            }
        }
        assert_eq!(pushes, ["1> a", "1> b\n2> 1) \"x\"", "(empty push)"]);
        assert_eq!(replies, [batch], "{piece}");
        assert_eq!(decoder.decode(b":1\r\n").unwrap().1, Progress::Reply(Reply::integer(1)));
    }
}

#[test]
fn a_batch_begun_in_the_middle_of_a_push_is_not_confused_by_it() {
    let push = b">2\r\n+a\r\n*1\r\n:1\r\n";
    for cut in 0..push.len() {
        let mut decoder = decoder();
        assert_eq!(decoder.decode(&push[..cut]).unwrap(), (cut, Progress::NeedMore));
        decoder.begin_batch(2);
        let (_, progress) = decoder.decode(&push[cut..]).unwrap();
        assert!(matches!(progress, Progress::Push(push) if push.root().len() == 2));
        assert_eq!(decoder.decode(b":1\r\n").unwrap().1, Progress::NeedMore);
        let (_, progress) = decoder.decode(b":2\r\n").unwrap();
        assert_eq!(progress, Progress::Reply(Reply::array(vec![Reply::integer(1), Reply::integer(2)])));
    }
}

#[test]
fn a_dying_connection_leaves_the_whole_replies_of_its_batch() {
    let bytes = b"+OK\r\n*2\r\n:1\r\n$5\r\nhello\r\n*2\r\n*1\r\n:3\r\n$100\r\npart";
    let first = Reply::status("OK");
    let second = Reply::array(vec![Reply::integer(1), Reply::bulk(b"hello")]);
    for cut in 0..=bytes.len() {
        for piece in [1, 7, bytes.len()] {
            let mut decoder = decoder();
            decoder.begin_batch(3);
            for piece in bytes[..cut].chunks(piece) {
                assert_eq!(decoder.decode(piece).unwrap(), (piece.len(), Progress::NeedMore));
            }
            let mut whole = Vec::new();
            if cut >= 5 {
                whole.push(first.clone());
            }
            if cut >= 24 {
                whole.push(second.clone());
            }
            assert_eq!(decoder.end_batch_early(), Some(Reply::array(whole)), "{cut}");
            assert_eq!(decoder.end_batch_early(), None);
            assert!(decoder.decode(b"+OK\r\n").is_err());
            decoder.reset();
            assert!(decoder.decode(b"+OK\r\n").is_ok());
        }
    }
    assert_eq!(decoder().end_batch_early(), None);
}

#[test]
fn a_fault_in_a_batch_leaves_what_came_before_it() {
    let mut decoder = decoder();
    decoder.begin_batch(3);
    assert!(decoder.decode(b"$3\r\nabc\r\n*1\r\n$1\r\nx\r\n@").is_err());
    let whole = Reply::array(vec![Reply::bulk(b"abc"), Reply::array(vec![Reply::bulk(b"x")])]);
    assert_eq!(decoder.end_batch_early(), Some(whole));
    assert_eq!(decoder.decode(b"").unwrap_err().to_string(), "expected a type, found '@' (0x40)");
}

#[test]
fn wrong_bytes_are_faults_that_name_them() {
    assert_eq!(fault("@"), "expected a type, found '@' (0x40)");
    assert_eq!(fault("$x"), "expected a digit in a '$' line, found 'x' (0x78)");
    assert_eq!(fault("*1\rx"), r"expected \n after \r in a '*' line, found 'x' (0x78)");
    assert_eq!(fault("$3\r\nabcde"), r"expected \r\n behind a bulk, found 'd' (0x64)");
    assert_eq!(fault("$3\r\nabc\rx"), r"expected \r\n behind a bulk, found 'x' (0x78)");
    assert_eq!(fault("+OK\n"), r"expected \r before \n in a '+' line, found '\n' (0x0a)");
    assert_eq!(fault("*?\r\n"), "streamed types are not supported in a '*' line, found '?' (0x3f)");
    assert_eq!(fault("*1\r\n>1\r\n"), "a push inside another value");
    assert_eq!(fault("|0\r\n>1\r\n"), "a push inside another value");
    for wrong in [
        "\r\n",
        "$-2\r\n",
        "$-1x\r\n",
        "$-\r\n",
        "$+1\r\n",
        "$ 1\r\n",
        "$\r\n",
        "$1 \r\n",
        "$99999999999999999999\r\n",
        "*-2\r\n",
        "*1x\r\n",
        "%-1\r\n",
        "~-1\r\n",
        ">-1\r\n",
        "|-1\r\n",
        "!-1\r\n",
        "=-1\r\n",
        "%9223372036854775808\r\n",
        ":\r\n",
        ":-\r\n",
        ":1.5\r\n",
        ":1\n",
        ":9223372036854775808\r\n",
        ":-9223372036854775809\r\n",
        ":--1\r\n",
        ": 1\r\n",
        "+a\rb\r\n",
        "-a\nb\r\n",
        "_x\r\n",
        "_\rx",
        "_\n",
        "#x\r\n",
        "#true\r\n",
        "#\r\n",
        ",\r\n",
        ",1.5x\r\n",
        ",1 \r\n",
        ",--1\r\n",
        "(\r\n",
        "(-\r\n",
        "(1.5\r\n",
        "(12a\r\n",
        "=3\r\ntxt\r\n",
        "=4\r\ntext\r\n",
        "=0\r\n\r\n",
        "$?\r\n",
        "~?\r\n",
        "%?\r\n",
        "!?\r\n",
        ";4\r\n",
        ".\r\n",
        "$9223372036854775807\r\n",
        "*9223372036854775807\r\n",
        "%9223372036854775807\r\n",
        "|9223372036854775807\r\n",
        "$18446744073709551615\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
    ] {
        fault(wrong);
    }
    fault(format!(":{}\r\n", "0".repeat(40)));
    fault(format!("${}", "0".repeat(40)));
}

#[test]
fn a_fault_is_final_until_a_reset() {
    let mut decoder = decoder();
    let error = decoder.decode(b"+OK\r\n*1\r\n@").map(|_| ());
    assert_eq!(error, Ok(()));
    let error = decoder.decode(b"*1\r\n@").unwrap_err();
    for input in [&b"+OK\r\n"[..], b"", b":1\r\n"] {
        assert_eq!(decoder.decode(input), Err(error.clone()));
    }
    assert_eq!(decoder.direct(), None);
    decoder.begin_batch(1);
    assert_eq!(decoder.decode(b"+OK\r\n"), Err(error));
    decoder.reset();
    assert_eq!(decoder.decode(b"+OK\r\n"), Ok((5, Progress::Reply(Reply::status("OK")))));
}

#[test]
fn lines_have_a_longest_length_however_they_are_cut() {
    let longest = format!("+{}\r\n", "x".repeat(LONGEST_LINE - 1));
    let longer = format!("+{}\r\n", "x".repeat(LONGEST_LINE));
    for piece in [1, 1000, LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, LONGEST_LINE + 2, usize::MAX] {
        let run = |bytes: &[u8]| {
            let mut decoder = decoder();
            let mut last = Ok((0, Progress::NeedMore));
            for piece in bytes.chunks(piece.min(bytes.len())) {
                last = decoder.decode(piece);
            }
            last.map(|(_, progress)| progress)
        };
        let Ok(Progress::Reply(reply)) = run(longest.as_bytes()) else { panic!("{piece}") };
        assert_eq!(reply.root().as_bytes().map(<[u8]>::len), Some(LONGEST_LINE - 1));
        assert!(run(longer.as_bytes()).is_err(), "{piece}");
    }
    let endless = vec![b'x'; 1 << 20];
    for start in ["+", "-", ",1", "(1"] {
        let mut decoder = decoder();
        decoder.decode(start.as_bytes()).unwrap();
        assert!(decoder.decode(&endless).is_err(), "{start}");
        assert!(decoder.footprint() < 1 << 18);
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth| format!("{}:1\r\n", "*1\r\n".repeat(depth));
    assert!(decoder().decode(nested(8).as_bytes()).is_ok());
    assert_eq!(fault(nested(9)), "aggregates nested beyond the limit");
    assert_eq!(fault("*1\r\n".repeat(9)), "aggregates nested beyond the limit");
}

#[test]
fn size_has_a_limit_for_each_reply() {
    let limits = Limits { max_bytes: 1000, max_depth: 8 };
    let within = format!("$980\r\n{}\r\n", "x".repeat(980));
    let beyond = format!("$1000\r\n{}\r\n", "x".repeat(1000));
    assert!(Decoder::new(limits).decode(within.as_bytes()).is_ok());
    assert!(Decoder::new(limits).decode(beyond.as_bytes()).is_err());
    assert!(Decoder::new(limits).decode(b"$1000\r\n").is_err());
    assert!(Decoder::new(limits).decode(b"*38\r\n").is_err());
    let ints = format!("*34\r\n{}", ":1\r\n".repeat(34));
    assert!(Decoder::new(limits).decode(ints.as_bytes()).is_ok());
    let nested = format!("*4\r\n{}", format!("*10\r\n{}", ":1\r\n".repeat(10)).repeat(4));
    let mut decoder = Decoder::new(limits);
    assert!(nested.as_bytes().chunks(5).any(|piece| decoder.decode(piece).is_err()));

    // A batch may be larger than each of its replies.
    let mut decoder = Decoder::new(limits);
    decoder.begin_batch(5);
    let (_, progress) = decoder.decode(within.repeat(5).as_bytes()).unwrap();
    assert!(matches!(progress, Progress::Reply(batch) if batch.root().len() == 5));
    decoder.begin_batch(5);
    assert!(decoder.decode((within.repeat(3) + &beyond).as_bytes()).is_err());
    assert_eq!(decoder.end_batch_early().map(|batch| batch.root().len()), Some(3));
}

/// Receives a whole bulk in place, at most `step` bytes at a time; returns the most memory it was given.
fn receive_in_place(decoder: &mut Decoder, step: usize) -> usize {
    let mut peak = 0;
    while let Some((payload, missing)) = decoder.direct() {
        let now = missing.min(payload.capacity() - payload.len()).min(step);
        assert!(now > 0);
        payload.extend(b"x".repeat(now));
        if now == missing {
            payload.truncate(payload.len() - 2);
            payload.extend(b"\r\n");
        }
        peak = peak.max(payload.capacity());
    }
    peak
}

#[test]
fn a_large_bulk_is_received_in_place() {
    const SIZE: usize = 20 << 20;
    let mut decoder = Decoder::new(Limits::default());
    assert_eq!(decoder.direct(), None);
    assert_eq!(decoder.decode(format!("${SIZE}\r\nxx").as_bytes()).unwrap().1, Progress::NeedMore);
    let peak = receive_in_place(&mut decoder, 1 << 20);
    assert!(peak < SIZE + 100, "{peak}");
    let (used, Progress::Reply(reply)) = decoder.decode(b"+OK\r\n").unwrap() else { panic!() };
    assert_eq!(used, 0);
    assert!(reply.root().as_bytes().is_some_and(|bytes| bytes.len() == SIZE && bytes.iter().all(|&byte| byte == b'x')));
    assert!(reply.footprint() < SIZE + 200);
    assert!(decoder.footprint() <= KEPT);
    assert_eq!(decoder.decode(b"+OK\r\n").unwrap().1, Progress::Reply(Reply::status("OK")));
}

#[test]
fn large_bulks_inside_others_are_received_in_place() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.begin_batch(2);
    assert_eq!(decoder.decode(b"*2\r\n$3\r\nabc\r\n$65536\r\n").unwrap().1, Progress::NeedMore);
    receive_in_place(&mut decoder, 50_000);
    assert_eq!(decoder.decode(b">1\r\n$70000\r\n").unwrap().1, Progress::NeedMore);
    receive_in_place(&mut decoder, 50_000);
    let (used, Progress::Push(push)) = decoder.decode(b":7\r\n").unwrap() else { panic!() };
    assert_eq!((used, push.root().get(0).unwrap().as_bytes().unwrap().len()), (0, 70_000));
    let (used, Progress::Reply(batch)) = decoder.decode(b":7\r\n").unwrap() else { panic!() };
    assert_eq!(used, 4);
    let bulk = Reply::bulk(&b"x".repeat(65_536));
    assert_eq!(batch, Reply::array(vec![Reply::array(vec![Reply::bulk(b"abc"), bulk]), Reply::integer(7)]));
}

#[test]
fn only_large_bulks_are_received_in_place_and_not_more_than_they_lack() {
    let mut decoder = decoder();
    decoder.decode(b"$65535\r\n").unwrap();
    assert_eq!(decoder.direct(), None);
    decoder.reset();
    decoder.decode(b"$65536\r\n").unwrap();
    let (payload, missing) = decoder.direct().unwrap();
    assert_eq!(missing, 65_538);
    payload.extend(b"x".repeat(missing + 1));
    assert_eq!(decoder.direct(), None);
    assert!(decoder.decode(b"").is_err());
    decoder.reset();
    decoder.decode(b"$65536\r\n").unwrap();
    let (payload, missing) = decoder.direct().unwrap();
    payload.extend(b"x".repeat(missing));
    assert!(decoder.decode(b"").unwrap_err().to_string().starts_with("expected \\r\\n behind a bulk"));
}

#[test]
fn declared_lengths_take_no_memory() {
    let limits = Limits { max_bytes: u64::MAX, max_depth: usize::MAX };
    for hostile in [
        "$4611686018427387904\r\nabc",
        "*9000000000000000000\r\n:1\r\n",
        "%4000000000000000000\r\n",
        "~1000000000\r\n",
        ">1000000000\r\n",
        "|1000000000\r\n",
        "=1000000000000\r\ntxt:",
        "!1000000000000\r\n",
    ] {
        let mut decoder = Decoder::new(limits);
        assert_eq!(decoder.decode(hostile.as_bytes()).unwrap().1, Progress::NeedMore);
        assert!(decoder.footprint() <= BELIEVED + 4096, "{hostile:?}: {}", decoder.footprint());
    }
    let mut decoder = Decoder::new(limits);
    let deep = "*1\r\n".repeat(100_000);
    assert_eq!(decoder.decode(deep.as_bytes()).unwrap().1, Progress::NeedMore);
    assert!(decoder.footprint() <= 100_000 * 80);
    let Progress::Reply(reply) = decoder.decode(b":1\r\n").unwrap().1 else { panic!() };
    assert_eq!(reply, reply.clone());
    assert!(format!("{reply:?}").len() < 1000);
    assert!(reply.into_element(0).is_some());
}

#[test]
fn memory_is_given_back_after_large_replies() {
    let mut decoder = Decoder::new(Limits::default());
    let nested = format!("*1\r\n*20000\r\n{}", "$10\r\n0123456789\r\n".repeat(20_000));
    for piece in [1000, 1_000_000] {
        let mut replies = 0;
        for piece in nested.as_bytes().chunks(piece) {
            if let (_, Progress::Reply(reply)) = decoder.decode(piece).unwrap() {
                assert_eq!(reply.root().get(0).unwrap().len(), 20_000);
                assert!(reply.footprint() < (nested.len() + 20_000 * 24) * 9 / 8 + 200, "{}", reply.footprint());
                replies += 1;
            }
        }
        assert_eq!(replies, 1);
        assert!(decoder.footprint() <= 3 * KEPT + 1000);
    }
}
