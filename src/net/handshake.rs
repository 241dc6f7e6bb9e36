//! A connected socket becomes a connection that is ready for commands. Owns what is said first, in one round trip:
//! HELLO with AUTH, name and library, SELECT, and a PING that tells a server that is not ready from one that is.
//!
//! Runs on the supervisor's thread, before anybody else uses the socket. It never retries; what the server refuses is
//! told apart into what passes, what lasts and what is broken. No credential reaches an error message.

use std::fmt;

use zeroize::Zeroizing;

use crate::command::SessionChange;
use crate::config::{Config, Protocol};
use crate::error::{Error, ErrorKind, Outcome};
use crate::net::credentials::{Login, room};
use crate::net::standing::{Role, Standing};
use crate::net::talk::Talk;
use crate::net::{Attempt, Refusal};
use crate::resp::{Reply, encode};

/// More than all the words take that are the same in every handshake.
const FIXED: usize = 512;

/// Who the client is on each new connection: what was configured, then whatever the program changed at run time.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Protocol version asked for.
    pub protocol: Protocol,
    /// User name and password; the user `default` when there is no name.
    pub username: Option<Vec<u8>>,
    /// See `username`.
    pub password: Option<Zeroizing<Vec<u8>>>,
    /// The database.
    pub db: Vec<u8>,
    /// The connection's name.
    pub client_name: Option<Vec<u8>>,
    /// The library's name.
    pub lib_name: Option<Vec<u8>>,
    /// Its version.
    pub lib_version: Option<Vec<u8>>,
}

impl Identity {
    /// What is configured.
    pub fn of(config: &Config) -> Self {
        let library = config.library();
        Identity {
            protocol: config.protocol,
            username: config.username.as_ref().map(|name| name.as_bytes().to_vec()),
            password: config.password.as_ref().map(|password| Zeroizing::new(password.expose().as_bytes().to_vec())),
            db: config.db.to_string().into_bytes(),
            client_name: config.client_name.as_ref().map(|name| name.as_bytes().to_vec()),
            lib_name: library.map(|(name, _)| name.as_bytes().to_vec()),
            lib_version: library.and_then(|(_, version)| version).map(|version| version.as_bytes().to_vec()),
        }
    }

    /// The program changed it at run time with this command, and the server agreed.
    pub fn change(&mut self, change: SessionChange, argv: &[&[u8]]) {
        let arguments = argv.get(1..).unwrap_or_default();
        match (change, arguments) {
            (SessionChange::Select, [db]) => self.db = db.to_vec(),
            (SessionChange::Auth, [password]) => self.log_in(None, password),
            (SessionChange::Auth, [user, password]) => self.log_in(Some(user), password),
            (SessionChange::SetName, [_, name]) => self.client_name = (!name.is_empty()).then(|| name.to_vec()),
            (SessionChange::Hello, [version, options @ ..]) => {
                self.protocol = if *version == b"2" { Protocol::Resp2 } else { Protocol::Auto };
                self.take_hello_options(options);
            }
            _ => {}
        }
    }

    fn take_hello_options(&mut self, mut options: &[&[u8]]) {
        loop {
            options = match options {
                [word, user, password, rest @ ..] if word.eq_ignore_ascii_case(b"AUTH") => {
                    self.log_in(Some(user), password);
                    rest
                }
                [word, name, rest @ ..] if word.eq_ignore_ascii_case(b"SETNAME") => {
                    self.client_name = (!name.is_empty()).then(|| name.to_vec());
                    rest
                }
                _ => return,
            }
        }
    }

    fn log_in(&mut self, user: Option<&[u8]>, password: &[u8]) {
        self.username = user.map(<[u8]>::to_vec);
        self.password = Some(Zeroizing::new(password.to_vec()));
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

/// How much the server is asked about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Its role.
    Role,
    /// Where it stands.
    Standing,
}

/// What the server said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// RESP version in use.
    pub protocol: u8,
    /// The server's version, when it told.
    pub version: Option<String>,
    /// The connection's id at the server, when it told.
    pub client_id: Option<i64>,
    /// Its role, when it told.
    pub role: Option<Role>,
    /// Where it stands, as far as it was asked and told.
    pub standing: Standing,
}

impl fmt::Display for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server speaks RESP{}", self.protocol)?;
        if let Some(version) = &self.version {
            write!(f, ", version {version}")?;
        }
        if let Some(role) = &self.role {
            match role {
                Role::Primary => f.write_str(", is a primary")?,
                Role::Replica(Some(of)) => write!(f, ", is a replica of {of}")?,
                Role::Replica(None) => f.write_str(", is a replica")?,
                Role::Other(role) => write!(f, ", role {role}")?,
            }
        }
        match self.client_id {
            Some(id) => write!(f, ", and calls this connection {id}"),
            None => Ok(()),
        }
    }
}

/// All that is said to a new server.
#[derive(Clone, Copy, Debug)]
pub struct Introduction<'a> {
    /// Who the client is.
    pub identity: &'a Identity,
    /// The credentials that the program gave, in place of those that are configured.
    pub login: Option<&'a Login>,
    /// What is asked.
    pub interest: Interest,
    /// How it is to name the place that it moves to, if it is to announce its maintenance.
    pub endpoint_type: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Maintenance,
    Hello,
    Auth,
    Name,
    Library,
    Select,
    Role,
    Info,
    Ping,
}

/// Makes the server ready for commands, or says why it is not.
pub fn handshake(
    talk: &mut Talk,
    introduction: &Introduction<'_>,
    attempt: &Attempt<'_>,
) -> std::result::Result<Greeting, Refusal> {
    let identity = introduction.identity;
    let mut greeting = None;
    if identity.protocol != Protocol::Resp2 {
        greeting = introduce(talk, introduction, attempt, true)?;
        if greeting.is_none() && identity.protocol == Protocol::Resp3 {
            return Err(Refusal::Misfit(Error::new(
                ErrorKind::Unsupported,
                "the server does not speak RESP3 and protocol=3 asks for it",
            )));
        }
    }
    if greeting.is_none() {
        greeting = introduce(talk, introduction, attempt, false)?;
    }
    if talk.has_unread() {
        // The first command would take it for its reply.
        return Err(Refusal::Unreachable(broken("the server said more than it was asked")));
    }
    greeting.ok_or_else(|| Refusal::Unreachable(broken("the server did not answer")))
}

/// One round trip. `None` when the server does not know HELLO.
fn introduce(
    talk: &mut Talk,
    introduction: &Introduction<'_>,
    attempt: &Attempt<'_>,
    hello: bool,
) -> std::result::Result<Option<Greeting>, Refusal> {
    let Introduction { identity, login, interest, endpoint_type } = *introduction;
    let (username, password) = match login {
        Some(login) => (login.username.as_ref().map(|name| name.as_slice()), Some(login.password.as_slice())),
        None => (identity.username.as_deref(), identity.password.as_ref().map(|password| password.as_slice())),
    };
    let user = username.unwrap_or(b"default");
    let name = identity.client_name.as_deref().unwrap_or_default();
    let lib_name = identity.lib_name.as_deref().unwrap_or_default();
    let lib_version = identity.lib_version.as_deref().unwrap_or_default();
    // Memory that is large enough from the start: growing would leave a copy of the password behind.
    let size = room(&[user, password.unwrap_or_default(), name, lib_name, lib_version, &identity.db]) + FIXED;
    let mut request = Zeroizing::new(Vec::with_capacity(size));
    let mut steps = Vec::new();
    let mut say = |step: Step, argv: &[&[u8]]| {
        encode(&mut request, argv);
        steps.push(step);
    };
    match (hello, password) {
        (true, Some(password)) => say(Step::Hello, &[b"HELLO", b"3", b"AUTH", user, password]),
        (true, None) => say(Step::Hello, &[b"HELLO", b"3"]),
        (false, Some(password)) if username.is_some() => say(Step::Auth, &[b"AUTH", user, password]),
        (false, Some(password)) => say(Step::Auth, &[b"AUTH", password]),
        (false, None) => {}
    }
    if let Some(name) = identity.client_name.as_deref() {
        say(Step::Name, &[b"CLIENT", b"SETNAME", name]);
    }
    for (word, text) in [(b"LIB-NAME".as_slice(), lib_name), (b"LIB-VER", lib_version)] {
        if !text.is_empty() {
            say(Step::Library, &[b"CLIENT", b"SETINFO", word, text]);
        }
    }
    if identity.db != b"0" {
        say(Step::Select, &[b"SELECT", &identity.db]);
    }
    if let Some(endpoint_type) = endpoint_type.filter(|_| hello) {
        let kind = endpoint_type.as_bytes();
        say(Step::Maintenance, &[b"CLIENT", b"MAINT_NOTIFICATIONS", b"ON", b"moving-endpoint-type", kind]);
    }
    match interest {
        Interest::Standing => {
            say(Step::Info, &[b"INFO", b"server"]);
            say(Step::Info, &[b"INFO", b"replication"]);
        }
        // HELLO tells it.
        Interest::Role if hello => {}
        Interest::Role => say(Step::Role, &[b"ROLE"]),
    }
    say(Step::Ping, &[b"PING"]);
    talk.send(&request, attempt).map_err(|error| failed(or_wants_tls(talk, error)))?;
    drop(request);

    let mut greeting = Greeting { protocol: if hello { 3 } else { 2 }, ..Greeting::default() };
    let mut refusal = None;
    let mut knows_hello = true;
    for step in steps {
        let reply = match (talk.reply(attempt), refusal.take()) {
            (Ok(reply), earlier) => {
                refusal = earlier;
                reply
            }
            // A server with no room says so and closes.
            (Err(_), Some(refusal)) => return Err(refusal),
            (Err(error), None) => return Err(failed(or_wants_tls(talk, error))),
        };
        match reply.root().as_error() {
            Some(text) if step == Step::Hello && is_unknown_hello(&text) => knows_hello = false,
            // What follows a refused step fails for its sake: the first refusal is the cause.
            Some(text) if refusal.is_none() => refusal = judge(step, &text),
            Some(_) => {}
            None => read(step, &reply, &mut greeting),
        }
    }
    match refusal {
        _ if !knows_hello => Ok(None),
        Some(refusal) => Err(refusal),
        None => Ok(Some(greeting)),
    }
}

fn is_unknown_hello(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("unknown command") || lower.starts_with("noproto")
}

/// What an error in answer to a step means; `None` when the connection is ready all the same.
fn judge(step: Step, text: &str) -> Option<Refusal> {
    let code = text.split_ascii_whitespace().next().unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    let error = |kind, said: &str| {
        let refused = Error::server(text, Outcome::None);
        Error { message: format!("{said}: {refused}").into(), kind, ..refused }
    };
    if matches!(code, "LOADING" | "MASTERDOWN" | "BUSY") || lower.contains("max number of clients") {
        return Some(Refusal::NotNow(error(ErrorKind::Server, "the server is not ready")));
    }
    let about_credentials = matches!(code, "WRONGPASS" | "NOAUTH")
        || (matches!(step, Step::Hello | Step::Auth) && (lower.contains("password") || code == "NOPERM"));
    if about_credentials {
        return Some(Refusal::Credentials(error(ErrorKind::Auth, "the server refused the credentials")));
    }
    match step {
        // A user who may not PING may still be allowed everything else.
        Step::Ping | Step::Role | Step::Info | Step::Maintenance => None,
        // Servers before Redis 7.2 do not know it.
        Step::Library => None,
        Step::Name if code == "NOPERM" => None,
        Step::Hello | Step::Auth => Some(Refusal::Misfit(error(ErrorKind::Server, "the server refused the handshake"))),
        Step::Name => Some(Refusal::Misfit(error(ErrorKind::Server, "the server refused the client name"))),
        Step::Select => Some(Refusal::Misfit(error(ErrorKind::Server, "the server refused the database"))),
    }
}

fn read(step: Step, reply: &Reply, greeting: &mut Greeting) {
    match step {
        Step::Hello => read_greeting(reply, greeting),
        Step::Role => greeting.role = Role::told(reply.root()).map(|(role, _)| role),
        Step::Info => {
            let text = String::from_utf8_lossy(reply.root().as_bytes().unwrap_or_default());
            greeting.role = greeting.standing.read(&text).or(greeting.role.take());
        }
        _ => {}
    }
}

fn read_greeting(reply: &Reply, greeting: &mut Greeting) {
    let root = reply.root();
    let mut fields = root.iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        let text = || value.as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        match name.as_bytes() {
            Some(b"version") => greeting.version = text(),
            Some(b"role") => greeting.role = text().map(|word| Role::named(&word)),
            Some(b"id") => greeting.client_id = value.as_integer(),
            _ => {}
        }
    }
}

/// A server that speaks TLS may end a connection on which something else is said, without a word.
fn or_wants_tls(talk: &Talk, error: Error) -> Error {
    if error.kind != ErrorKind::ConnectionLost || talk.has_heard() || talk.socket().tls().is_some() {
        return error;
    }
    Error { message: format!("{error}; does the server speak TLS on this port (rediss://)?").into(), ..error }
}

fn failed(error: Error) -> Refusal {
    // A server may refuse the client's certificate only now.
    let is_lasting = error.kind == ErrorKind::Tls;
    let error = Error { message: format!("handshake failed: {error}").into(), ..error };
    if is_lasting { Refusal::Misfit(error) } else { Refusal::Unreachable(error) }
}

fn broken(said: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, format!("handshake failed: {said}"))
}
