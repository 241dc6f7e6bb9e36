//! A worker: our decoder alone, on the stream that c/hiredis.c gives its reader, in the same pieces. Every value is looked
//! at and the reply dropped.

use std::hint::black_box;
use std::time::{Duration, Instant};

use resilient_redis::resp::{Decoder, Limits, Progress, Reply};

use crate::Result;

const FEED: usize = 16 << 10;
const STREAM: usize = 1 << 20;

pub fn run(arguments: &[String]) -> Result<()> {
    let value = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let seconds: f64 = value("seconds").and_then(|text| text.parse().ok()).ok_or("seconds=?")?;
    let one = match value("shape").unwrap_or_default() {
        "status" => b"+OK\r\n".to_vec(),
        "integer" => b":1\r\n".to_vec(),
        "string" => b"$5\r\nhello\r\n".to_vec(),
        "array" => [b"*1000\r\n".to_vec(), b"$10\r\n0123456789\r\n".repeat(1000)].concat(),
        other => return Err(format!("no such shape: {other}")),
    };
    let stream = one.repeat(STREAM / one.len() + 1);
    let mut decoder = Decoder::new(Limits::default());
    decode_for(&mut decoder, &stream, seconds / 10.0)?;
    let begun = Instant::now();
    let count = decode_for(&mut decoder, &stream, seconds)?;
    println!("seconds {}\nops {count}", begun.elapsed().as_secs_f64());
    Ok(())
}

fn decode_for(decoder: &mut Decoder, stream: &[u8], seconds: f64) -> Result<u64> {
    let deadline = Instant::now() + Duration::from_secs_f64(seconds);
    let (mut count, mut seen) = (0, 0);
    while Instant::now() < deadline {
        for piece in stream.chunks(FEED) {
            let mut rest = piece;
            while !rest.is_empty() {
                let (used, progress) = decoder.decode(rest).map_err(|error| error.to_string())?;
                rest = rest.get(used..).unwrap_or_default();
                if let Progress::Reply(reply) = progress {
                    seen += look_at(&reply);
                    count += 1;
                }
            }
        }
    }
    black_box(seen);
    Ok(count)
}

fn look_at(reply: &Reply) -> usize {
    let root = reply.root();
    let first = |bytes: &[u8]| bytes.first().map_or(0, |&byte| usize::from(byte) + bytes.len());
    root.as_bytes().map_or(0, first)
        + root.as_integer().map_or(0, |number| number as usize)
        + root.iter().map(|element| element.as_bytes().map_or(0, first)).sum::<usize>()
}
