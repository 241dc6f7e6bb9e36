//! From a URL to options: `redis://[user[:password]@]host[:port][/db][?option=value&…]`, the same with `rediss://` for
//! TLS, and `unix:///path[?…]`.
//!
//! The redis crate reads scheme, user, password, host and port; the query is ours. Any thread; no I/O. A message never
//! holds a part of the URL that may belong to a password, also when the password's own `/`, `?`, `#` or `@` are not
//! encoded and the URL falls apart in the wrong places.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use super::{Config, find, option, refusal};
use crate::error::{Error, Result};

const FORM: &str = "it takes redis://[user[:password]@]host[:port][/db][?option=value&…], rediss:// for TLS, or unix:///path[?option=value&…]";
const ENCODE: &str = "in a user name or password, percent-encode : / ? # [ ] @ and %";

/// Applies `text` to `config`, which may be half changed after an error.
pub(super) fn apply(config: &mut Config, text: &str) -> Result<()> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(refusal("the URL contains a space or a control character: percent-encode it (a space is %20)"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(refusal(format!("the URL has no scheme: {FORM}")));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "redis" | "valkey" => apply_tcp(config, rest, false),
        "rediss" | "valkeys" => apply_tcp(config, rest, true),
        "unix" | "redis+unix" | "valkey+unix" => apply_unix(config, rest),
        // Without a scheme, what stands here may be a login.
        _ if scheme.contains([':', '@', '/']) => Err(refusal(format!("the URL has no scheme: {FORM}"))),
        _ => Err(refusal(format!(
            "the URL's scheme {} is not known: it takes redis, rediss, valkey, valkeys, unix, redis+unix or valkey+unix",
            option::quoted(scheme)
        ))),
    }
}

fn apply_tcp(config: &mut Config, rest: &str, tls: bool) -> Result<()> {
    let mut named = vec!["host", "unix_socket"];
    if tls {
        // Without the s, the query may still ask for it.
        named.push("tls");
    }
    config.tls = tls;
    let parts = Parts::split(rest)?;
    let url = redis::parse_redis_url(&format!("redis://{}", parts.authority)).ok_or_else(unreadable)?;
    let host = url.host_str().ok_or_else(unreadable)?;
    config.address = Config::default().address;
    config.set("host", host).map_err(|error| parts.guarded("host", &error))?;
    if let Some(port) = url.port() {
        named.push("port");
        config.set("port", &port.to_string()).map_err(|error| parts.guarded("port", &error))?;
    }
    let db = parts.path.trim_matches('/');
    if !db.is_empty() {
        named.push("db");
        config.set("db", db).map_err(|error| parts.guarded("db", &error))?;
    }
    apply_login(config, &connection_info(parts.authority)?, &mut named)?;
    apply_query(config, &parts, named)
}

fn apply_unix(config: &mut Config, rest: &str) -> Result<()> {
    let mut named = vec!["unix_socket", "host", "port"];
    config.tls = false;
    let parts = Parts::split(rest)?;
    let login = parts.authority.strip_suffix('@');
    if parts.path.len() < 2 || (login.is_none() && !parts.authority.is_empty()) {
        return Err(refusal(format!("the URL has no absolute path (three slashes before it): {FORM}")));
    }
    let url = redis::parse_redis_url(&format!("unix://{}", parts.path)).ok_or_else(unreadable)?;
    let info = url.into_connection_info().map_err(|_| unreadable())?;
    let path = match info.addr() {
        ConnectionAddr::Unix(path) => path.to_str(),
        _ => None,
    };
    let path = path.ok_or_else(|| refusal("the URL's path is not UTF-8 text"))?;
    config.set("unix_socket", path).map_err(|error| parts.guarded("path", &error))?;
    if let Some(login) = login {
        apply_login(config, &connection_info(&format!("{login}@localhost"))?, &mut named)?;
    }
    apply_query(config, &parts, named)
}

fn apply_login(config: &mut Config, info: &ConnectionInfo, named: &mut Vec<&'static str>) -> Result<()> {
    let settings = info.redis_settings();
    for (name, value) in [("username", settings.username()), ("password", settings.password())] {
        if let Some(value) = value {
            named.push(name);
            // Somebody's password may have ended up in the place of the name.
            find(name)?
                .set(config, value)
                .map_err(|_| refusal(format!("the URL's {name} cannot be used: {ENCODE}")))?;
        }
    }
    Ok(())
}

fn apply_query(config: &mut Config, parts: &Parts<'_>, mut named: Vec<&'static str>) -> Result<()> {
    // A query is not a form here: + is a plus, as it is in the rest of the URL.
    let query = parts.query.replace('+', "%2B");
    let url = redis::parse_redis_url(&format!("redis://localhost?{query}")).ok_or_else(unreadable)?;
    for (name, value) in url.query_pairs() {
        let spec = find(&name).map_err(|error| parts.guarded("query", &error))?;
        if named.contains(&spec.name) {
            return Err(refusal(format!(
                "the URL's query says {:?}, which the URL already says elsewhere: say it once",
                spec.name
            )));
        }
        named.push(spec.name);
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(refusal(format!("the URL's value of {:?} is not UTF-8 text", spec.name)));
        }
        spec.set(config, &value).map_err(|error| parts.guarded(spec.name, &error))?;
    }
    Ok(())
}

/// What follows `://`.
struct Parts<'a> {
    authority: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn split(rest: &'a str) -> Result<Self> {
        if rest.contains('#') {
            return Err(refusal(format!("the URL contains #, which would cut it off: write %23; {ENCODE}")));
        }
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) =
            before.split_at_checked(before.find('/').unwrap_or(before.len())).unwrap_or((before, ""));
        Ok(Parts { authority, path, query })
    }

    /// The refusal of `part`. When an @ stands after the authority, what `error` quotes may be the rest of a password
    /// that was not encoded, and is left out.
    fn guarded(&self, part: &str, error: &Error) -> Error {
        if self.path.contains('@') || self.query.contains('@') {
            refusal(format!("the URL's {part} cannot be used, or an @ stands in the wrong place: {ENCODE}; {FORM}"))
        } else {
            refusal(format!("in the URL, {}", error.message))
        }
    }
}

/// What the redis crate reads in `authority`. Its messages are left out: they may quote.
fn connection_info(authority: &str) -> Result<ConnectionInfo> {
    format!("redis://{authority}").into_connection_info().map_err(|_| unreadable())
}

fn unreadable() -> Error {
    refusal(format!("the URL's user, password, host or port cannot be read: {FORM}; a port is 1 to 65535; {ENCODE}"))
}
