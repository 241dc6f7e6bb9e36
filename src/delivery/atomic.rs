//! What became of the commands between MULTI and EXEC, by the replies to all of them. Pure functions, for any thread.
//!
//! The commands are sent in one write, so that it is known only afterwards whether the server queued them. Nothing here
//! decides whether they are sent again.

use crate::command;
use crate::config::ServerRole;
use crate::delivery::policy;
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::resp::{Reply, Value, decode_command};

/// What EXEC answered, nil where a watched key had changed; `before` are the replies to MULTI and the commands, and
/// `bytes` what was sent, MULTI first. An error names the command that was refused, and why.
pub fn exec_reply<'a>(bytes: &[u8], mut before: impl Iterator<Item = Value<'a>>, exec: Option<Reply>) -> Result<Reply> {
    let multi = before.next().and_then(|value| value.as_error());
    let refused = before.enumerate().find_map(|(place, value)| Some((place, value.as_error()?)));
    let Some(exec) = exec else {
        return Err(Error::unknown(ErrorKind::Protocol, "the reply to EXEC is missing"));
    };
    if let Some(text) = multi {
        // So none was queued: what followed was run as it came.
        let text = format!("{text} (in answer to MULTI; the commands behind it may have run one by one)");
        return Err(Error::server(&text, Outcome::Unknown));
    }
    let Some(text) = exec.root().as_error() else { return Ok(exec) };
    let text = match refused {
        Some((place, cause)) => format!("{text} (command {} was refused, {}: {cause})", place + 1, name(bytes, place)),
        None => text.into_owned(),
    };
    Err(Error::server(&text, Outcome::NotApplied))
}

/// Does the refusal of EXEC mean "not this server, or not yet"?
pub fn is_refused_for_now<'a>(mut before: impl Iterator<Item = Value<'a>>, exec: &str, wanted: ServerRole) -> bool {
    let cause = exec.split_once("because of: ").map_or(exec, |(_, cause)| cause);
    let is_not_now = |text: &str| policy::is_not_now(text, wanted);
    is_not_now(cause) || before.any(|value| value.as_error().is_some_and(|text| is_not_now(&text)))
}

/// What the command at `place` behind MULTI is called.
fn name(bytes: &[u8], place: usize) -> command::Name {
    let mut rest = bytes;
    for _ in 0..=place {
        let length = decode_command(rest).map_or(0, |(_, length)| length);
        rest = rest.get(length..).unwrap_or_default();
    }
    command::name(&decode_command(rest).map_or_else(Vec::new, |(argv, _)| argv))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::encode;

    fn judged(before: &[Reply], exec: Option<Reply>) -> Result<Reply> {
        let mut bytes = Vec::new();
        for argv in [&[&b"MULTI"[..]][..], &[b"SET", b"secret", b"1"], &[b"lpush"], &[b"EXEC"]] {
            encode(&mut bytes, argv);
        }
        exec_reply(&bytes, before.iter().map(Reply::root), exec)
    }

    #[test]
    fn the_command_that_was_refused_is_named_with_the_reason() {
        let before = [Reply::status("OK"), Reply::status("QUEUED"), Reply::error("ERR wrong number of arguments")];
        let error = judged(&before, Some(Reply::error("EXECABORT Discarded."))).unwrap_err();
        assert_eq!((error.server_code.as_deref(), error.outcome), (Some("EXECABORT"), Outcome::NotApplied));
        let text = "EXECABORT Discarded. (command 2 was refused, LPUSH: ERR wrong number of arguments)";
        assert_eq!(&*error.message, text);
    }

    #[test]
    fn what_exec_answered_is_the_reply() {
        let before = [Reply::status("OK"), Reply::status("QUEUED"), Reply::status("QUEUED")];
        let exec = Reply::array(vec![Reply::status("OK"), Reply::error("WRONGTYPE x")]);
        assert_eq!(judged(&before, Some(exec.clone())).unwrap(), exec);
        assert_eq!(judged(&before, Some(Reply::nil())).unwrap(), Reply::nil());
        assert_eq!(judged(&before, None).unwrap_err().outcome, Outcome::Unknown);
    }

    #[test]
    fn without_multi_the_commands_may_have_run() {
        let before = [Reply::error("NOPERM no multi"), Reply::status("OK"), Reply::error("ERR x")];
        let error = judged(&before, Some(Reply::error("ERR EXEC without MULTI"))).unwrap_err();
        assert_eq!((error.server_code.as_deref(), error.outcome), (Some("NOPERM"), Outcome::Unknown));
    }

    #[test]
    fn a_server_that_is_not_ready_is_told_from_a_wrong_command() {
        let before = [Reply::status("OK"), Reply::error("READONLY You can't write")];
        let is_for_now =
            |before: &[Reply], exec| is_refused_for_now(before.iter().map(Reply::root), exec, ServerRole::Auto);
        assert!(is_for_now(&before, "EXECABORT Transaction discarded because of previous errors."));
        assert!(is_for_now(&[], "EXECABORT Transaction discarded because of: LOADING Redis is loading"));
        assert!(!is_for_now(&[], "EXECABORT Transaction discarded because of: OOM command not allowed"));
    }
}
