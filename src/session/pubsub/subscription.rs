//! A subscription: what a program holds of Pub/Sub. Owns the names that one part of a program wants, and its inbox.
//!
//! Any thread may use it at any time. Names come and go while messages pour in. With a handler, messages go to that on the
//! dispatcher's thread; without, they are taken. Dropping it ends it.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::session::pubsub::hub::Hub;
use crate::session::pubsub::inbox::{Bounds, Inbox, MessageHandler};
use crate::session::pubsub::message::{Message, TopicKind};
use crate::time::Deadline;

/// How a subscription differs from the client's settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubscriptionOptions {
    /// How many messages wait to be taken; `None`: `subscription_queue_size`.
    pub queue_size: Option<usize>,
    /// How many bytes these occupy together; `None`: `subscription_queue_bytes`.
    pub queue_bytes: Option<usize>,
}

/// See above.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    inbox: Arc<Inbox>,
    id: u64,
}

impl Subscription {
    /// A subscription to nothing as yet.
    pub(crate) fn new(
        hub: &Arc<Hub>,
        options: &SubscriptionOptions,
        handler: Option<MessageHandler>,
    ) -> Result<Subscription> {
        let handler = match handler {
            None => None,
            Some(handler) => {
                hub.dispatcher.start()?;
                Some((handler, hub.dispatcher.clone()))
            }
        };
        let bounds = Bounds {
            messages: options.queue_size.unwrap_or(hub.config.subscription_queue_size).max(1),
            bytes: options.queue_bytes.unwrap_or(hub.config.subscription_queue_bytes),
        };
        let inbox = Arc::new(Inbox::new(bounds, handler));
        let id = hub.join(&inbox)?;
        Ok(Subscription { hub: hub.clone(), inbox, id })
    }

    /// Wants these names too. Returns once that is noted; see [`wait`](Self::wait).
    pub fn add(&self, kind: TopicKind, names: &[&[u8]]) -> Result<()> {
        self.hub.add(self.id, kind, names)
    }

    /// Does not want these names any more. No message for them comes from now on; those that wait to be taken stay.
    pub fn remove(&self, kind: TopicKind, names: &[&[u8]]) -> Result<()> {
        self.hub.remove(self.id, kind, names)
    }

    /// Waits until the server has agreed to all names. Fails when it refuses one, or the time has passed.
    pub fn wait(&self, timeout: Duration) -> Result<()> {
        self.hub.wait(self.id, Deadline::within(timeout))
    }

    /// The next message, waiting up to `timeout` for one. Fails when none will ever come: the client is closed, or the
    /// subscription has ended, and all that had come was taken.
    pub fn next(&self, timeout: Duration) -> Result<Option<Message>> {
        self.check_pulled()?;
        self.inbox.next(timeout)
    }

    /// A descriptor that is readable while [`next`](Self::next) would not wait: there is something to take, or there never
    /// will be. It lives until the subscription is dropped or [given up](Self::give_up).
    pub fn descriptor(&self) -> Result<RawFd> {
        self.check_pulled()?;
        self.inbox.descriptor()
    }

    fn check_pulled(&self) -> Result<()> {
        if self.inbox.is_pushed() {
            let text = "this subscription has a callback, which gets its messages";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        Ok(())
    }

    /// Ends it: whoever waits returns, and after this returns the handler is not running and will not run, unless it is
    /// the handler that calls this, which is then its last call.
    pub fn end(&self) {
        self.hub.leave(self.id);
        self.inbox.close();
    }

    /// Ends it for who will not use it again: its descriptor is closed, too, although calls of other threads may not have
    /// returned yet.
    pub fn give_up(&self) {
        self.hub.leave(self.id);
        self.inbox.give_up();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.give_up();
    }
}
