//! Ending at the server what waits there for other connections. Owns the connection over which that is asked, which is
//! kept for the next time.
//!
//! Any thread; those that come at the same time each have a connection. It is none of the pool's, in which all may be
//! waiting. It never decides what is to be ended.

use std::sync::Arc;

use crate::delivery::desk::Desk;
use crate::error::{Error, ErrorKind, Result};
use crate::link::private::{Private, Privates};
use crate::net::handshake::Identity;
use crate::sync::Mutex;
use crate::time::Deadline;

/// What is to be ended.
#[derive(Clone, Debug)]
pub struct Target {
    /// What the server calls the connection.
    pub client: i64,
    /// A key that it may change, if it may change any.
    pub key: Option<Vec<u8>>,
}

/// See above.
#[derive(Debug)]
pub struct Unblocker {
    desk: Arc<Desk>,
    privates: Arc<Privates>,
    idle: Mutex<Option<(Identity, Private)>>,
}

impl Unblocker {
    /// No connection yet.
    pub fn new(desk: Arc<Desk>, privates: Arc<Privates>) -> Self {
        Unblocker { desk, privates, idle: Mutex::default() }
    }

    /// Ends what these wait for, if they wait. Failing, that is not known.
    pub fn unblock(&self, targets: &[Target], deadline: Deadline) -> Result<()> {
        let identity = self.desk.present_identity();
        let kept = self.idle.lock().take();
        let kept = kept.filter(|(known, private)| *known == identity && self.privates.is_up_to_date(private));
        if let Some((_, private)) = kept
            && let Ok(()) = self.ask(private, &identity, targets, deadline)
        {
            return Ok(());
        }
        // What was kept may have been lost while nobody looked; asking twice does no harm.
        let made = self.privates.connect_once(&identity, deadline, None);
        let private = made.map_err(|refusal| refusal.error().clone())?;
        self.ask(private, &identity, targets, deadline)
    }

    /// A server whose clients are paused breaks down when one that it keeps waiting for that reason is to be ended. So it
    /// is asked in a transaction with a command that it does not run then either: PFCOUNT only reads, and is taken for one
    /// that writes. Without a key nothing is paused but together with all others, this transaction among them.
    fn ask(&self, mut private: Private, identity: &Identity, targets: &[Target], deadline: Deadline) -> Result<()> {
        let clients: Vec<String> = targets.iter().map(|target| target.client.to_string()).collect();
        let unblock: Vec<[&[u8]; 3]> =
            clients.iter().map(|client| [&b"CLIENT"[..], b"UNBLOCK", client.as_bytes()]).collect();
        let guards: Vec<[&[u8]; 2]> = targets
            .iter()
            .find_map(|target| target.key.as_deref())
            .map(|key| [&b"PFCOUNT"[..], key])
            .into_iter()
            .collect();
        let mut commands: Vec<&[&[u8]]> = vec![&[b"MULTI"]];
        commands.extend(guards.iter().map(|guard| &guard[..]));
        commands.extend(unblock.iter().map(|command| &command[..]));
        commands.push(&[b"EXEC"]);
        let asked = private.ask(&commands, &self.privates.attempt(deadline, None));
        let refused = match &asked {
            Ok(replies) => replies.last().and_then(|reply| reply.root().as_error()).map(std::borrow::Cow::into_owned),
            Err(error) => {
                private.cut();
                return Err(error.clone());
            }
        };
        *self.idle.lock() = Some((identity.clone(), private));
        match refused {
            Some(text) => Err(Error::new(ErrorKind::Server, text)),
            None => Ok(()),
        }
    }
}
