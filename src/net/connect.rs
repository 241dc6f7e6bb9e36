//! The way from an address to a connection that is ready for commands: look-up, socket, TLS, handshake, all within one
//! deadline. Owns what all connections of a client have in common on that way.
//!
//! Any thread; each attempt is the caller's own. It tries the name's addresses in turn, gives each its share of the
//! time that is left, and never tries again by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use socket2::SockAddr;

use crate::config::{Address, Config, ServerRole};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::log::Level;
use crate::net::credentials::{Credentials, CredentialsProvider, Lease};
use crate::net::demand::Demand;
use crate::net::dial::{dial, unreachable};
use crate::net::handshake::{Greeting, Identity, Interest, Introduction, handshake};
use crate::net::notice::endpoint_type;
use crate::net::replicas::Replicas;
use crate::net::resolve::{LookUp, Resolver};
use crate::net::socket::{Socket, Wait};
use crate::net::talk::Talk;
use crate::net::tls::{self, Tls};
use crate::net::trust::Trust;
use crate::net::wake;
use crate::net::{Attempt, Refusal};
use crate::resp::Limits;
use crate::sync::Mutex;
use crate::time::Deadline;

/// What kind of connection is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Who the client is.
    pub identity: &'a Identity,
    /// What the server is asked.
    pub interest: Interest,
    /// Limits on replies.
    pub limits: Limits,
    /// It has to be where the server has said that it moves to, if it named a place.
    pub has_to_move: bool,
}

/// A connection that is ready for commands.
#[derive(Debug)]
pub struct Connected {
    /// What is said on it.
    pub talk: Talk,
    /// What the server said of itself.
    pub greeting: Greeting,
    /// Until when the program's credentials are good.
    pub lease: Lease,
}

/// See above.
pub struct Connector {
    config: Arc<Config>,
    target: Target,
    /// With TLS only.
    trust: Option<Arc<Trust>>,
    resolver: Arc<Resolver>,
    /// If the program gives them.
    credentials: Option<Arc<Credentials>>,
    demand: Demand,
    redirect: Mutex<Option<Redirect>>,
    /// Counts the servers that the client has had.
    servers: AtomicU64,
    events: Arc<Events>,
}

/// Which server is meant.
enum Target {
    /// The one that is configured.
    Configured,
    /// One of those that follow it.
    Replicas(Arc<Replicas>),
}

/// Where the server has moved.
struct Redirect {
    to: (String, u16),
    until: Deadline,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("trust", &self.trust).finish_non_exhaustive()
    }
}

impl Connector {
    /// For a server as `config` has it. Fails if a file that it names cannot be used.
    pub fn new(
        config: Arc<Config>,
        look_up: Option<LookUp>,
        provider: Option<CredentialsProvider>,
        events: Arc<Events>,
    ) -> Result<Self> {
        if provider.is_some() && config.password.is_some() {
            let text = "a password is set and there is a credentials callback: one of them has to go";
            return Err(Error::new(ErrorKind::Config, text));
        }
        let trust = if config.tls { Some(Arc::new(Trust::new(config.clone())?)) } else { None };
        let (resolver, demand) = (Arc::new(Resolver::new(look_up)), Demand::new(config.server_role));
        let credentials = provider.map(|provider| Arc::new(Credentials::new(provider)));
        let (target, redirect) = (Target::Configured, Mutex::default());
        let servers = AtomicU64::new(0);
        Ok(Connector { config, target, trust, resolver, credentials, demand, redirect, servers, events })
    }

    /// The same for one of the `replicas` of that server.
    pub fn to_replicas(&self, replicas: Arc<Replicas>) -> Self {
        Connector {
            config: self.config.clone(),
            target: Target::Replicas(replicas),
            trust: self.trust.clone(),
            resolver: self.resolver.clone(),
            credentials: self.credentials.clone(),
            demand: Demand::new(ServerRole::Any),
            redirect: Mutex::default(),
            servers: AtomicU64::new(0),
            events: self.events.clone(),
        }
    }

    /// The credentials that the program gives, if it does.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_deref()
    }

    /// How often the program's credentials were renewed.
    pub fn login_generation(&self) -> u64 {
        self.credentials.as_ref().map_or(0, |credentials| credentials.generation())
    }

    /// The client has another server from now on: what is connected to the former one is not to be used again.
    pub fn note_another_server(&self) {
        self.servers.fetch_add(1, Ordering::AcqRel);
    }

    /// Which of the servers that the client has had the present one is.
    pub fn server(&self) -> u64 {
        self.servers.load(Ordering::Acquire)
    }

    /// What role a server must have.
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Waits until none of the program's functions runs any more. Nothing may be connected any more.
    pub fn end(&self) {
        self.resolver.end();
        if let Some(credentials) = &self.credentials {
            credentials.end();
        }
    }

    /// A connection that is ready for commands, or why there is none by the attempt's deadline.
    pub fn connect(&self, order: &Order<'_>, attempt: &Attempt<'_>) -> std::result::Result<Connected, Refusal> {
        if let (Target::Configured, Address::Unix(path)) = (&self.target, &self.config.address) {
            let name = path.display().to_string();
            let address =
                SockAddr::unix(path).map_err(|error| Refusal::Unreachable(unreachable(&name, &error.to_string())))?;
            return self.greet(&address, &name, order, attempt);
        }
        let places = self.places(order.has_to_move);
        let nowhere = || {
            Refusal::Unreachable(match &self.target {
                Target::Replicas(_) if places.is_empty() => unreachable("a replica", "the primary has none"),
                _ => unreachable(&self.config.address.to_string(), "the connect timeout passed"),
            })
        };
        each(&places, attempt, nowhere, |(host, port), attempt| {
            let addresses = self.resolver.resolve(host, *port, attempt).map_err(Refusal::Unreachable)?;
            let too_late =
                || Refusal::Unreachable(unreachable(&format!("{host}:{port}"), "the connect timeout passed"));
            each(&addresses, attempt, too_late, |address, attempt| {
                self.greet(&SockAddr::from(*address), &named(host, *port, *address), order, attempt)
            })
        })
    }

    /// Hosts and ports to try, in this order.
    fn places(&self, has_to_move: bool) -> Vec<(String, u16)> {
        match &self.target {
            Target::Replicas(replicas) => replicas.in_turn(),
            Target::Configured => {
                let mut redirect = self.redirect.lock();
                redirect.take_if(|redirect| redirect.until.has_passed());
                let moved = redirect.as_ref().map(|redirect| redirect.to.clone());
                let configured = match &self.config.address {
                    Address::Tcp { host, port } => Some((host.clone(), *port)),
                    Address::Unix(_) => None,
                };
                match moved {
                    Some(moved) if has_to_move => vec![moved],
                    moved => moved.into_iter().chain(configured).collect(),
                }
            }
        }
    }

    /// The server is there until then: that place is tried before the one that is configured. `None`: the latter alone.
    pub fn redirect(&self, to: Option<(String, u16)>, until: Deadline) {
        *self.redirect.lock() = to.map(|to| Redirect { to, until });
    }

    fn greet(
        &self,
        address: &SockAddr,
        name: &str,
        order: &Order<'_>,
        attempt: &Attempt<'_>,
    ) -> std::result::Result<Connected, Refusal> {
        let socket = dial(address, name, &self.config, attempt).map_err(Refusal::Unreachable)?;
        let socket = match &self.trust {
            Some(trust) => self.protect(socket, trust, name, attempt)?,
            None => socket,
        };
        let mut talk = Talk::new(socket, order.limits);
        let given = match &self.credentials {
            Some(credentials) => Some(credentials.ask(attempt).map_err(Refusal::NotNow)?),
            None => None,
        };
        let Order { identity, interest, .. } = *order;
        let announces = self.config.maintenance_notifications && interest == Interest::Standing;
        let endpoint_type = address
            .as_socket()
            .filter(|_| announces)
            .map(|address| endpoint_type(self.config.maintenance_endpoint, self.trust.is_some(), address.ip()));
        let login = given.as_deref().map(|given| &given.login);
        let introduction = Introduction { identity, login, interest, endpoint_type };
        let mut greeting = handshake(&mut talk, &introduction, attempt)?;
        let lease = given.as_deref().map(Lease::of).unwrap_or_default();
        greeting.standing.address = reached(address, name);
        self.demand.check(name, greeting.role.as_ref())?;
        Ok(Connected { talk, greeting, lease })
    }

    /// The handshake of TLS on a socket on which nothing was said yet.
    fn protect(
        &self,
        socket: Socket,
        trust: &Trust,
        name: &str,
        attempt: &Attempt<'_>,
    ) -> std::result::Result<Socket, Refusal> {
        let (config, complaint) = trust.present();
        if let Some(complaint) = complaint {
            let text = || format!("TLS goes on with what it had before: {complaint}");
            self.events.log().write(Level::Warning, text);
        }
        let refused = |error: &rustls::Error| {
            let error = tls::explained(error);
            let is_lasting = error.kind == ErrorKind::Tls;
            let error = Error { message: format!("cannot connect to {name}: {error}").into(), ..error };
            if is_lasting { Refusal::Misfit(error) } else { Refusal::Unreachable(error) }
        };
        let failed = |cause: &str| {
            let cause = format!("the handshake of TLS failed: {cause}");
            Refusal::Unreachable(unreachable(name, &cause))
        };
        let tls = Tls::new(config, trust.name().clone()).map_err(|error| refused(&error))?;
        let mut has_heard = false;
        // Redis has no words for it before there is a session.
        let ended = |cause: &str, has_heard: bool| {
            let hint = if has_heard {
                ""
            } else {
                " without a word: does it speak TLS on this port, and has it room for another client (maxclients)?"
            };
            failed(&format!("{cause}{hint}"))
        };
        loop {
            let words = match tls.shake_hands() {
                Ok(words) => words,
                Err(error) => {
                    // So that the server's log says why.
                    let _ = socket.send(&tls.last_words());
                    return Err(refused(&error));
                }
            };
            attempt.send_all(&socket, &words, &mut 0).map_err(|error| failed(&error.message))?;
            if !tls.is_handshaking() {
                break;
            }
            match tls.feed(|raw, most| socket.receive(raw, most, Wait::No)) {
                Ok(0) => return Err(ended("the server closed the connection", has_heard)),
                Ok(_) => has_heard = true,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    attempt.wait(&socket, wake::Interest { readable: true, writable: false }).map_err(|error| {
                        let hint = if error.kind == ErrorKind::Timeout {
                            "; does the server speak TLS on this port?"
                        } else {
                            ""
                        };
                        failed(&format!("{error}{hint}"))
                    })?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Err(ended("the server reset the connection", has_heard));
                }
                Err(error) => return Err(failed(&error.to_string())),
            }
        }
        self.events.log().write(Level::Debug, || format!("protected by {}", tls.terms()));
        Ok(socket.protected(tls))
    }
}

/// Tries one after the other, each with its share of the time that is left.
fn each<T, R>(
    places: &[T],
    attempt: &Attempt<'_>,
    none: impl Fn() -> Refusal,
    connect: impl Fn(&T, &Attempt<'_>) -> std::result::Result<R, Refusal>,
) -> std::result::Result<R, Refusal> {
    let mut refusal = None;
    for (tried, place) in places.iter().enumerate() {
        let shares = u32::try_from(places.len() - tried).unwrap_or(1);
        let share = attempt.deadline.remaining().map(|left| left / shares);
        if share.is_some_and(|share| share.is_zero()) {
            break;
        }
        match connect(place, &share.map_or(*attempt, |share| attempt.shortened(share))) {
            Ok(ready) => return Ok(ready),
            // Not to be asked of one server after the other.
            Err(refused @ Refusal::Credentials(_)) => return Err(refused),
            // What passes says more of what is to come: it is worth another attempt.
            Err(refused) if refused.is_lasting() && refusal.is_some() => {}
            Err(refused) => refusal = Some(refused),
        }
    }
    Err(refusal.unwrap_or_else(none))
}

/// An address without the name that it was found under.
fn reached(address: &SockAddr, name: &str) -> String {
    address.as_socket().map_or_else(|| name.to_owned(), |address| address.to_string())
}

/// An address as messages have it: with the name it was found under.
fn named(host: &str, port: u16, address: SocketAddr) -> String {
    let asked = Address::Tcp { host: host.to_owned(), port };
    if host.parse() == Ok(address.ip()) { asked.to_string() } else { format!("{asked} ({address})") }
}
