//! Who the client is on its connections: what was configured, then whatever the program changed at run time. Owns that
//! no connection is used that was introduced as somebody the client is not any more.
//!
//! Runs on the callers' threads, and on the supervisor's when a connection is being made. Its lock is held for a moment
//! and inside no other but the desk's.

use std::sync::atomic::Ordering;

use crate::command::{self, Placement};
use crate::delivery::desk::Desk;
use crate::delivery::request::Body;
use crate::error::{Error, ErrorKind};
use crate::net::handshake::Identity;
use crate::resp::{Reply, decode_command};

/// Who the client is, and which connection knows.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) identity: Identity,
    /// Counts the changes.
    pub(super) version: u64,
    /// The version that the present connection, or the one that is being made, was introduced with.
    pub(super) introduced: u64,
}

impl Desk {
    /// Remembers what the commands that succeeded changed about the connection, so that the next one is made the same.
    /// A connection after that with number `epoch` may have been made before this was known: it has to be made again.
    pub(super) fn remember(&self, body: Body<'_>, reply: &Reply, epoch: u64) {
        let version = self.learn(body, 0, reply);
        let present = self.lane.epoch();
        if present != epoch && self.session.lock().introduced < version {
            self.lane.fail(present, outdated());
        }
    }

    /// The same for the commands of a batch after the first `before` of which `answered` has the replies, and whose
    /// connection is lost.
    pub(super) fn remember_some(&self, body: Body<'_>, before: usize, answered: Option<&Reply>) {
        let Some(answered) = answered else { return };
        let version = self.learn(body, before, answered);
        if self.session.lock().introduced < version {
            // Without effect while there is no connection; one that is being made is looked at again.
            self.lane.fail(self.lane.epoch(), outdated());
        }
    }

    fn learn(&self, body: Body<'_>, before: usize, reply: &Reply) -> u64 {
        let mut session = self.session.lock();
        let mut learn = |argv: &[&[u8]], is_refused: bool| {
            if let Placement::Session(change) = command::classify(argv).placement()
                && !is_refused
            {
                session.identity.change(change, argv);
                session.version += 1;
                self.session_version.store(session.version, Ordering::Release);
            }
        };
        match body {
            Body::Command(argv) | Body::Script { short: argv, .. } => learn(argv, reply.is_error()),
            Body::Batch { bytes, is_atomic, .. } => {
                let mut rest = bytes;
                let mut skip = usize::from(is_atomic);
                let mut values = reply.root().iter().enumerate();
                while let Some((argv, length)) = decode_command(rest) {
                    rest = rest.get(length..).unwrap_or_default();
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    let Some((place, value)) = values.next() else { break };
                    learn(&argv, value.is_error() || place < before);
                }
            }
        }
        session.version
    }

    /// Who the client is by now, for a connection besides the shared one.
    pub fn present_identity(&self) -> Identity {
        self.session.lock().identity.clone()
    }

    /// Is the connection that was just made introduced as who the client is by now?
    pub(super) fn is_introduced(&self) -> bool {
        let session = self.session.lock();
        session.introduced == session.version
    }
}

/// Why a connection is given up that was made as somebody who the client is not any more.
pub(super) fn outdated() -> Error {
    Error::new(ErrorKind::ConnectionLost, "the session was changed while the connection was being made")
}
