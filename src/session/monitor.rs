//! MONITOR: every command that the server runs, as it runs them. Owns a connection that carries nothing else and comes
//! back, and the mark of the gap when it did.
//!
//! One thread at a time takes; any thread may end it. It reads only when somebody takes, so that it holds no more than
//! one piece of what came: what waits meanwhile waits in the kernel and at the server, which ends a connection whose
//! reader is too slow. That is a gap like any other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::config::Config;
use crate::delivery::desk::Desk;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::link::backoff;
use crate::link::private::{Private, Privates};
use crate::net::Attempt;
use crate::net::talk::Heard;
use crate::net::wake::{self, Waker};
use crate::resp::{Reply, encode};
use crate::time::{self, Deadline};

/// How long it may take until a pause between two attempts notices that the client was closed.
const LOOK_UP: Duration = Duration::from_millis(50);

/// What a monitor tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MonitorEntry {
    /// The server ran a command.
    Command(Monitored),
    /// The connection was lost and is back: what ran in between is not told.
    Gap {
        /// How long there was none.
        lasted: Duration,
        /// Since when there is one again, by the system's clock.
        until: SystemTime,
        /// Why the former one was lost.
        cause: Box<str>,
    },
}

/// A command that the server ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitored {
    /// When, by the server's clock.
    pub at: SystemTime,
    /// In which database.
    pub db: i64,
    /// For whom: an address and port, `unix:` and a path, or `lua` for a script.
    pub address: Vec<u8>,
    /// The command, its name first.
    pub arguments: Vec<Vec<u8>>,
    /// All that the server said of it.
    pub line: Vec<u8>,
}

/// What a monitor and whoever ends it share.
#[derive(Debug)]
pub struct Ending {
    waker: Waker,
    is_over: AtomicBool,
}

impl Ending {
    /// Ends the monitor: who takes returns, and nothing can be taken any more.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// See above.
#[derive(Debug)]
pub struct Monitor {
    config: Arc<Config>,
    desk: Arc<Desk>,
    privates: Arc<Privates>,
    ending: Arc<Ending>,
    link: Link,
}

#[derive(Debug)]
enum Link {
    Up(Box<Private>),
    Down { since: Instant, cause: Box<str>, failures: u32, not_before: Deadline },
}

impl Monitor {
    /// A monitor of the client behind `desk`, connected by `deadline`.
    pub(crate) fn open(
        config: Arc<Config>,
        desk: Arc<Desk>,
        privates: Arc<Privates>,
        deadline: Deadline,
    ) -> Result<Monitor> {
        let waker = Waker::new().map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
        let ending = Arc::new(Ending { waker, is_over: AtomicBool::new(false) });
        desk.wait_ready(deadline)?;
        let private =
            privates.connect(&desk.present_identity(), deadline).map_err(|error| error.with_outcome(Outcome::None))?;
        let mut monitor = Monitor { config, desk, privates, ending, link: Link::Up(Box::new(private)) };
        match monitor.listen_in(deadline) {
            Ok(()) => Ok(monitor),
            Err(error) => Err(error),
        }
    }

    /// What ends it from another thread.
    pub fn ending(&self) -> Arc<Ending> {
        self.ending.clone()
    }

    /// The next entry, waiting up to `timeout` for one; `None` if there was none in time. Without a connection it makes
    /// one, as far as the time allows.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<MonitorEntry>> {
        let deadline = Deadline::within(timeout);
        loop {
            if self.is_over() {
                return Err(Error::new(ErrorKind::Closed, "the monitor or its client is closed"));
            }
            let private = match &mut self.link {
                Link::Up(private) => private,
                Link::Down { not_before, .. } => {
                    let not_before = *not_before;
                    if !not_before.has_passed() {
                        let until = deadline.min(not_before).min(Deadline::within(LOOK_UP));
                        wake::wait(Some(&self.ending.waker), None, until.remaining());
                    } else if let Some(gap) = self.come_back(deadline)? {
                        return Ok(Some(gap));
                    }
                    if deadline.has_passed() {
                        return Ok(None);
                    }
                    continue;
                }
            };
            let attempt = attempt(&self.ending, deadline);
            match private.talk.listen(&attempt) {
                Ok(Heard::Reply(reply)) => return Ok(Some(MonitorEntry::Command(read(&reply)))),
                Ok(Heard::Push(_)) => {}
                Err(error) if error.kind == ErrorKind::Timeout => return Ok(None),
                Err(error) => self.lose(&error),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ending.is_over.load(Ordering::Acquire) || self.privates.has_ended()
    }

    fn lose(&mut self, error: &Error) {
        if let Link::Up(private) = &self.link {
            private.cut();
            let cause = error.message.clone();
            self.link =
                Link::Down { since: time::now(), cause, failures: 0, not_before: Deadline::within(Duration::ZERO) };
        }
    }

    /// Asks for the stream on a connection that was just made.
    fn listen_in(&mut self, deadline: Deadline) -> Result<()> {
        let Link::Up(private) = &mut self.link else { return Ok(()) };
        let attempt = attempt(&self.ending, deadline);
        let mut bytes = Vec::new();
        encode(&mut bytes, &[b"MONITOR"]);
        private.talk.send(&bytes, &attempt)?;
        let reply = private.talk.reply(&attempt)?;
        match reply.root().as_error() {
            Some(text) => Err(Error::server(&text, Outcome::None)),
            None => Ok(()),
        }
    }

    /// One attempt at a new connection. What the server refuses for good is an error, and asked again at the next call.
    fn come_back(&mut self, deadline: Deadline) -> Result<Option<MonitorEntry>> {
        let Link::Down { since, cause, failures, .. } = &self.link else { return Ok(None) };
        let (since, cause, failures) = (*since, cause.clone(), failures + 1);
        let pause = backoff::jitter(&self.config, failures, backoff::draw);
        let down = |cause| Link::Down { since, cause, failures, not_before: Deadline::within(pause) };
        let made = self.privates.connect_once(&self.desk.present_identity(), deadline, Some(&self.ending.waker));
        match made {
            Ok(private) => self.link = Link::Up(Box::new(private)),
            Err(refusal) => {
                self.link = down(cause);
                let error = refusal.error();
                return if refusal.is_lasting() { Err(error.clone().with_outcome(Outcome::None)) } else { Ok(None) };
            }
        }
        match self.listen_in(deadline) {
            Ok(()) => {
                let lasted = time::now().saturating_duration_since(since);
                Ok(Some(MonitorEntry::Gap { lasted, until: time::wall_clock(), cause }))
            }
            Err(error) => {
                self.link = down(cause);
                if error.kind == ErrorKind::Server { Err(error) } else { Ok(None) }
            }
        }
    }
}

fn attempt(ending: &Ending, deadline: Deadline) -> Attempt<'_> {
    Attempt { deadline, limit: "the deadline", waker: Some(&ending.waker), abandoned: &ending.is_over }
}

/// `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`, with what is not printable escaped as C does. What has another
/// form is told as the line alone.
fn read(reply: &Reply) -> Monitored {
    let line = reply.root().as_bytes().unwrap_or_default().to_vec();
    parse(&line).unwrap_or(Monitored { at: UNIX_EPOCH, db: 0, address: Vec::new(), arguments: Vec::new(), line })
}

fn parse(line: &[u8]) -> Option<Monitored> {
    let (stamp, rest) = split(line, b" [")?;
    let (db, rest) = split(rest, b" ")?;
    let (address, rest) = split(rest, b"] ")?;
    let (seconds, micros) = split(stamp, b".")?;
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
    let since = Duration::from_secs(number(seconds)?).checked_add(Duration::from_micros(number(micros)?))?;
    Some(Monitored {
        at: UNIX_EPOCH.checked_add(since)?,
        db: number(db).and_then(|db| i64::try_from(db).ok())?,
        address: address.to_vec(),
        arguments: unquote(rest)?,
        line: line.to_vec(),
    })
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let found = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..found)?, bytes.get(found + at.len()..)?))
}

/// The arguments, each in quotation marks, a space between two.
fn unquote(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut arguments = Vec::new();
    let mut bytes = text.iter().copied();
    loop {
        if bytes.next()? != b'"' {
            return None;
        }
        let mut argument = Vec::new();
        loop {
            argument.push(match bytes.next()? {
                b'"' => break,
                b'\\' => match bytes.next()? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'a' => 7,
                    b'b' => 8,
                    b'x' => {
                        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                        digit(bytes.next()?)? << 4 | digit(bytes.next()?)?
                    }
                    other => other,
                },
                plain => plain,
            });
        }
        arguments.push(argument);
        match bytes.next() {
            None => return Some(arguments),
            Some(b' ') => {}
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line = br#"1700000000.000042 [3 127.0.0.1:6000] "set" "a \"b\"\\" "\x00\n\xff" "" "x] y""#;
        let told = parse(line).unwrap();
        assert_eq!(told.at, UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_042));
        assert_eq!((told.db, told.address.as_slice(), told.line.as_slice()), (3, &b"127.0.0.1:6000"[..], &line[..]));
        let expected: [&[u8]; 5] = [b"set", b"a \"b\"\\", b"\0\n\xff", b"", b"x] y"];
        assert_eq!(told.arguments, expected);
        assert_eq!(parse(br#"1.2 [0 lua] "get" "k""#).unwrap().address, b"lua");
    }

    #[test]
    fn what_has_another_form_is_told_as_it_is() {
        for line in
            ["", "OK", "1.2 [0 a] \"open", "1.2 [0 a] x", "x.y [0 a] \"b\"", "1.2 [0 a] \"b\"c", "1.2 [0 a] \"\\xg0\""]
        {
            let told = read(&Reply::status(line));
            assert_eq!((told.arguments.len(), told.line.as_slice()), (0, line.as_bytes()), "{line}");
        }
    }
}
