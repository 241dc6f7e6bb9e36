//! A script: its source and the digest that the server knows it by. Owns how it is called so that it is found, whatever
//! has become of the server's memory of scripts.
//!
//! A plain value for any thread; calls run on the callers' threads. The digest is sent first and the source only to a
//! server that does not know it, or where the server may be another by the time it is sent: in the buffer, in a pipeline.

use std::fmt;
use std::time::Duration;

use crate::delivery::desk::Desk;
use crate::delivery::policy::{self, Nature};
use crate::delivery::request::{Body, Executed, Request, admit};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{self, Deadline};

/// A script in the server's language, Lua.
#[derive(Clone)]
pub struct Script {
    source: Box<[u8]>,
    digest: String,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.digest).finish()
    }
}

/// How a script is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptOptions {
    /// How long the call may take; `None`: `command_timeout_ms`.
    pub timeout: Option<Duration>,
    /// Wait through an outage for the reply instead of being buffered.
    pub no_buffer: bool,
    /// Never write it a second time.
    pub no_retry: bool,
    /// It only reads, and the server holds it to that (EVALSHA_RO, Redis 7): so it is treated as a read.
    pub read_only: bool,
}

/// A script with its keys and arguments.
pub(super) struct Call<'a> {
    script: &'a Script,
    key_count: String,
    arguments: &'a [&'a [u8]],
    is_read_only: bool,
}

impl Script {
    /// The script with this source, which is not looked at.
    pub fn new(source: &[u8]) -> Result<Script> {
        if source.is_empty() {
            return Err(Error::not_applied(ErrorKind::InvalidArgument, "the script is empty"));
        }
        Ok(Script { source: source.into(), digest: sha1_smol::Sha1::from(source).digest().to_string() })
    }

    /// The SHA-1 of its source in hexadecimal, by which the server knows it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// A call of it; the first `key_count` arguments are keys.
    pub(super) fn call<'a>(
        &'a self,
        key_count: usize,
        arguments: &'a [&'a [u8]],
        is_read_only: bool,
    ) -> Result<Call<'a>> {
        if key_count > arguments.len() {
            let text = format!("key_count is {key_count} and there are {} arguments", arguments.len());
            return Err(Error::not_applied(ErrorKind::InvalidArgument, text));
        }
        Ok(Call { script: self, key_count: key_count.to_string(), arguments, is_read_only })
    }

    /// Runs it and waits for its reply.
    pub(crate) fn run(
        &self,
        desk: &Desk,
        key_count: usize,
        arguments: &[&[u8]],
        options: &ScriptOptions,
    ) -> Result<Executed> {
        let call = self.call(key_count, arguments, options.read_only)?;
        let (short, lasting) = (call.by_digest(), call.by_source());
        let nature = Nature::of(admit(&short)?).bufferable_if(!options.no_buffer).once_if(options.no_retry);
        let since = time::now();
        let deadline = Deadline::after(since, options.timeout.unwrap_or(desk.command_timeout()));
        let run = |body| desk.call(&Request { body, nature, since, deadline }).map_err(|incomplete| incomplete.error);
        match run(Body::Script { short: &short, lasting: &lasting }) {
            Err(unknown) if unknown.server_code.as_deref() == Some("NOSCRIPT") => {
                // It did not run this time. Whether it ran before its connection was lost is another matter.
                let was_written = unknown.outcome != crate::error::Outcome::NotApplied;
                run(Body::Command(&lasting)).map_err(|error| {
                    let outcome = policy::outcome_after(error.outcome, was_written);
                    error.with_outcome(outcome)
                })
            }
            ended => ended,
        }
    }
}

impl Call<'_> {
    /// EVALSHA: for a server that knows it.
    pub(super) fn by_digest(&self) -> Vec<&[u8]> {
        let name: &[u8] = if self.is_read_only { b"EVALSHA_RO" } else { b"EVALSHA" };
        self.argv(name, self.script.digest.as_bytes())
    }

    /// EVAL: for any server, which knows it from then on.
    pub(super) fn by_source(&self) -> Vec<&[u8]> {
        let name: &[u8] = if self.is_read_only { b"EVAL_RO" } else { b"EVAL" };
        self.argv(name, &self.script.source)
    }

    fn argv<'a>(&'a self, name: &'a [u8], script: &'a [u8]) -> Vec<&'a [u8]> {
        let mut argv = Vec::with_capacity(3 + self.arguments.len());
        argv.extend([name, script, self.key_count.as_bytes()]);
        argv.extend_from_slice(self.arguments);
        argv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_called_by_its_digest_or_by_its_source() {
        let script = Script::new(b"return 1").unwrap();
        assert_eq!(script.digest(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
        let arguments: [&[u8]; 2] = [b"k", b""];
        let call = script.call(1, &arguments, false).unwrap();
        assert_eq!(call.by_source(), [&b"EVAL"[..], b"return 1", b"1", b"k", b""]);
        assert_eq!(call.by_digest()[..3], [&b"EVALSHA"[..], script.digest().as_bytes(), b"1"]);
        assert_eq!(script.call(0, &[], true).unwrap().by_digest()[0], b"EVALSHA_RO");
        assert!(script.call(3, &arguments, false).is_err() && Script::new(b"").is_err());
    }
}
