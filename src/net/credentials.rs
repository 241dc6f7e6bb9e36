//! Credentials that the program gives when they are needed: tokens that expire, passwords that are changed. Owns when it
//! is asked, and that what it gives is wiped from memory once it was sent.
//!
//! Any thread. The program's function runs on a thread of its own, once at a time; nothing is kept of what it gives but
//! until when it is good.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::net::Attempt;
use crate::net::oracle::{Oracle, Pending};
use crate::net::wake::Waker;
use crate::resp::encode;
use crate::time;

/// No sooner than this after the last time is the program asked again for credentials that could not be renewed.
const PATIENCE: Duration = Duration::from_secs(1);
/// However short they are good, the program is not asked for new ones sooner than this.
const LEAST: Duration = Duration::from_millis(10);

/// Who the client is, for as long as it is true. Wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user; `default` when there is none.
    pub username: Option<Zeroizing<Vec<u8>>>,
    /// The password, or token.
    pub password: Zeroizing<Vec<u8>>,
    /// After this long the server will not take it any more.
    pub valid_for: Option<Duration>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("valid_for", &self.valid_for).finish_non_exhaustive()
    }
}

/// Credentials, and when the program gave them.
#[derive(Debug)]
pub struct Given {
    /// What it gave.
    pub login: Login,
    at: Instant,
}

/// The program's function that gives credentials, or says why it cannot. Runs on threads of its own.
pub type CredentialsProvider = Arc<dyn Fn() -> Result<Login> + Send + Sync>;

/// See above.
pub struct Credentials {
    oracle: Oracle<(), Result<Arc<Given>>>,
    /// Counts what was given and is in use.
    generation: AtomicU64,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Until when a connection's credentials are good, and whether new ones are being asked for.
#[derive(Default)]
pub struct Lease {
    /// When to ask, if ever.
    due: Option<Instant>,
    /// Until when those in use are good.
    until: Option<Instant>,
    pending: Option<Pending<Result<Arc<Given>>>>,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("due", &self.due).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Asks `provider`.
    pub fn new(provider: CredentialsProvider) -> Self {
        let oracle = Oracle::new("rr-credentials", move |(): &()| {
            // Their time begins when they are given, and not when somebody comes to take them.
            let given = time::now();
            provider().map(|login| Arc::new(Given { login, at: given }))
        });
        Credentials { oracle, generation: AtomicU64::new(0) }
    }

    /// What the program gives now.
    pub fn ask(&self, attempt: &Attempt<'_>) -> Result<Arc<Given>> {
        let answer = self.oracle.ask(&(), attempt).map_err(|error| match error.kind {
            ErrorKind::Timeout => {
                Error::new(error.kind, format!("the credentials callback took longer than {}", attempt.limit))
            }
            _ => error,
        });
        answer?.map_err(failed)
    }

    /// How often what the program gave was put in place of what was in use before.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Asks anew if it is time; what has come is given out, once. Never waits: `waker` is woken when there is something.
    pub fn renew(&self, lease: &mut Lease, waker: &Arc<Waker>) -> Option<Result<Arc<Given>>> {
        if lease.pending.is_none() {
            lease.due.take_if(|due| *due <= time::now())?;
            match self.oracle.begin(&(), Some(waker.clone())) {
                Ok(pending) => lease.pending = Some(pending),
                Err(error) => {
                    lease.due = Some(time::now() + PATIENCE);
                    return Some(Err(error));
                }
            }
        }
        let answer = self.oracle.take(lease.pending.as_ref()?)?;
        lease.pending = None;
        let answer = answer.and_then(|answer| answer.map_err(failed));
        match &answer {
            Ok(given) => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                lease.begin(given);
            }
            Err(_) => lease.due = Some(time::now() + PATIENCE),
        }
        Some(answer)
    }

    /// Waits until the program's function runs no more.
    pub fn end(&self) {
        self.oracle.end();
    }
}

impl Lease {
    /// One of these credentials.
    pub fn of(given: &Given) -> Self {
        let mut lease = Lease::default();
        lease.begin(given);
        lease
    }

    /// New ones are asked for when three quarters of the time are over: what is left is for a program that does not
    /// get any at once.
    fn begin(&mut self, given: &Given) {
        let valid_for = given.login.valid_for;
        self.until = valid_for.and_then(|valid| given.at.checked_add(valid));
        self.due = valid_for.and_then(|valid| given.at.checked_add((valid / 4 * 3).max(LEAST)));
    }

    /// The server did not take what was given: ask again after `pause`, or when the former expire, if that is earlier; but
    /// not at once.
    pub fn was_refused(&mut self, pause: Duration) {
        let now = time::now();
        let due = now.checked_add(pause);
        let until = self.until.map(|until| until.max(now + PATIENCE));
        self.due = due.into_iter().chain(until).min();
    }

    /// How long until there is something to do; `None` when there is nothing, or it is waited for already.
    pub fn left(&self) -> Option<Duration> {
        if self.pending.is_some() {
            return None;
        }
        self.due.map(|due| due.saturating_duration_since(time::now()))
    }
}

impl Login {
    /// AUTH, as it is sent.
    pub fn auth(&self) -> Zeroizing<Vec<u8>> {
        match &self.username {
            Some(username) => wiped(&[b"AUTH", username, &self.password]),
            None => wiped(&[b"AUTH", &self.password]),
        }
    }
}

/// A command in memory that is wiped, and was not moved while it was written.
fn wiped(argv: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(room(argv)));
    encode(&mut bytes, argv);
    bytes
}

/// More than the command takes when it is encoded.
pub fn room(argv: &[&[u8]]) -> usize {
    argv.iter().map(|argument| argument.len() + 32).sum::<usize>() + 32
}

/// The program gave none.
fn failed(error: Error) -> Error {
    Error { message: format!("the credentials callback gave none: {error}").into(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::wake;

    fn given(valid_for: Option<Duration>) -> Given {
        Given { login: login(valid_for), at: time::now() }
    }

    fn login(valid_for: Option<Duration>) -> Login {
        Login { username: None, password: Zeroizing::new(b"secret".to_vec()), valid_for }
    }

    #[test]
    fn they_are_asked_for_again_before_they_expire() {
        let credentials = Credentials::new(Arc::new(|| Ok(login(Some(Duration::from_secs(3600))))));
        let waker = Arc::new(Waker::new().unwrap());
        let mut lease = Lease::of(&given(Some(Duration::from_millis(1))));
        while lease.left() != Some(Duration::ZERO) {}
        assert!(credentials.renew(&mut lease, &waker).is_none_or(|answer| answer.is_ok()));
        if credentials.generation() == 0 {
            assert_eq!(lease.left(), None);
            assert!(wake::wait(Some(&waker), None, Some(Duration::from_secs(60))).woken);
            assert!(credentials.renew(&mut lease, &waker).unwrap().is_ok());
        }
        assert_eq!(credentials.generation(), 1);
        assert!(lease.left().unwrap() > Duration::from_secs(2600));
        assert!(credentials.renew(&mut lease, &waker).is_none());
    }

    #[test]
    fn those_without_an_end_are_never_asked_for_again() {
        let lease = Lease::of(&given(None));
        assert_eq!(lease.left(), None);
    }

    #[test]
    fn a_program_that_gives_none_is_asked_again_after_a_while() {
        let refusal = || Err(Error::new(ErrorKind::System, "no token"));
        let credentials = Credentials::new(Arc::new(refusal));
        let waker = Arc::new(Waker::new().unwrap());
        let mut lease = Lease::of(&given(Some(Duration::ZERO)));
        let error = loop {
            match credentials.renew(&mut lease, &waker) {
                Some(answer) => break answer.unwrap_err(),
                None => wake::wait(Some(&waker), None, Some(lease.left().unwrap_or(Duration::from_secs(60)))),
            };
        };
        assert!(error.message.contains("no token"), "{error}");
        assert!(lease.left().is_some_and(|left| left > Duration::ZERO));
    }

    #[test]
    fn they_are_not_shown_and_not_moved_while_they_are_written() {
        let shown = format!("{:?}", login(None));
        assert!(!shown.contains("secret"), "{shown}");
        let long = Login { password: Zeroizing::new(vec![b'x'; 5000]), ..login(None) };
        let auth = long.auth();
        assert!(auth.starts_with(b"*2\r\n$4\r\nAUTH\r\n$5000\r\nxxx"));
        assert!(auth.capacity() >= auth.len() && room(&[b"AUTH", &long.password]) >= auth.len());
    }
}
