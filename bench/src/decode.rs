//! A worker: our decoder alone, on the stream that c/hiredis.c gives its reader, in the same pieces. Every value is looked
//! at and the reply dropped.

use std::hint::black_box;
use std::time::{Duration, Instant};

use resilient_redis::resp::{Decoder, Kind, Limits, Progress, Reply};

use crate::Result;
use crate::launch::processor_time;

const FEED: usize = 16 << 10;
const STREAM: usize = 1 << 20;

pub fn run(arguments: &[String]) -> Result<()> {
    let value = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let seconds: f64 = value("seconds").and_then(|text| text.parse().ok()).ok_or("seconds=?")?;
    let steps: usize = value("steps").and_then(|text| text.parse().ok()).unwrap_or(0);
    let one = match value("shape").unwrap_or_default() {
        "status" => b"+OK\r\n".to_vec(),
        "integer" => b":1\r\n".to_vec(),
        "string" => b"$5\r\nhello\r\n".to_vec(),
        "array" => [b"*1000\r\n".to_vec(), b"$10\r\n0123456789\r\n".repeat(1000)].concat(),
        other => return Err(format!("no such shape: {other}")),
    };
    let mut stream =
        Stream { bytes: one.repeat(STREAM / one.len() + 1), at: 0, decoder: Decoder::new(Limits::default()) };
    stream.decode_for(0, seconds / 10.0)?;
    let begun = processor_time();
    let count = stream.decode_for(steps, seconds)?;
    println!("cpu {}\nops {count}", processor_time() - begun);
    Ok(())
}

struct Stream {
    /// Whole replies.
    bytes: Vec<u8>,
    at: usize,
    decoder: Decoder,
}

impl Stream {
    /// Decodes so many pieces, or for so long if that is 0. How many replies that were.
    fn decode_for(&mut self, steps: usize, seconds: f64) -> Result<u64> {
        let deadline = Instant::now() + Duration::from_secs_f64(seconds);
        let (mut count, mut step) = (0, 0);
        while step < steps || (steps == 0 && Instant::now() < deadline) {
            count += self.step()?;
            step += 1;
        }
        Ok(count)
    }

    fn step(&mut self) -> Result<u64> {
        let end = (self.at + FEED).min(self.bytes.len());
        let mut rest = self.bytes.get(self.at..end).unwrap_or_default();
        let (mut count, mut seen) = (0, 0);
        while !rest.is_empty() {
            match self.decoder.decode(rest) {
                Ok((used, Progress::Reply(ref reply))) => {
                    seen += look_at(reply);
                    count += 1;
                    rest = rest.get(used..).unwrap_or_default();
                }
                Ok((used, _)) => rest = rest.get(used..).unwrap_or_default(),
                Err(error) => return Err(error.to_string()),
            }
        }
        black_box(seen);
        self.at = end % self.bytes.len();
        Ok(count)
    }
}

fn look_at(reply: &Reply) -> usize {
    let root = reply.root();
    let first = |bytes: &[u8]| bytes.first().map_or(0, |&byte| usize::from(byte) + bytes.len());
    match root.kind() {
        Kind::Integer => root.as_integer().map_or(0, |number| number as usize),
        Kind::Array => root.iter().map(|element| element.as_bytes().map_or(0, first)).sum(),
        _ => root.as_bytes().map_or(0, first),
    }
}
