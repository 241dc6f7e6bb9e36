//! What a subscription is told: messages of the server, and what became of those that it is not told.
//!
//! A plain value; any thread. A message that several subscriptions get is one in memory.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::Error;
use crate::resp::{Reply, Value};

/// What a name is that is subscribed to. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum TopicKind {
    /// A channel.
    Channel = 1,
    /// A pattern that channels match.
    Pattern = 2,
    /// A shard channel.
    ShardChannel = 3,
}

impl TopicKind {
    /// Every kind, in the order of its number.
    pub const ALL: [TopicKind; 3] = [Self::Channel, Self::Pattern, Self::ShardChannel];

    /// The command that begins, or ends, a subscription.
    pub(super) fn command(self, wants: bool) -> &'static [u8] {
        match (self, wants) {
            (Self::Channel, true) => b"SUBSCRIBE",
            (Self::Channel, false) => b"UNSUBSCRIBE",
            (Self::Pattern, true) => b"PSUBSCRIBE",
            (Self::Pattern, false) => b"PUNSUBSCRIBE",
            (Self::ShardChannel, true) => b"SSUBSCRIBE",
            (Self::ShardChannel, false) => b"SUNSUBSCRIBE",
        }
    }

    fn of_message(word: &[u8]) -> Option<Self> {
        match word {
            b"message" => Some(Self::Channel),
            b"pmessage" => Some(Self::Pattern),
            b"smessage" => Some(Self::ShardChannel),
            _ => None,
        }
    }
}

/// What the server says on a connection with subscriptions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// A message for the topic of this kind and name.
    Message(TopicKind, &'a [u8]),
    /// A subscription has begun (true) or ended.
    Changed(TopicKind, bool, &'a [u8]),
    /// The answer to a PING.
    Pong,
    /// A command was refused.
    Refusal,
    /// Nothing that is known.
    Other,
}

impl<'a> Said<'a> {
    pub(super) fn of(root: Value<'a>) -> Self {
        let root = root.bare();
        if root.is_error() {
            return Said::Refusal;
        }
        if root.as_bytes() == Some(b"PONG") {
            return Said::Pong;
        }
        let text = |index| root.get(index).and_then(|value| value.as_bytes());
        let Some(word) = text(0) else { return Said::Other };
        if word == b"pong" {
            return Said::Pong;
        }
        let Some(name) = text(1) else { return Said::Other };
        match (TopicKind::of_message(word), word) {
            (Some(kind), _) => Said::Message(kind, name),
            (None, b"subscribe") => Said::Changed(TopicKind::Channel, true, name),
            (None, b"psubscribe") => Said::Changed(TopicKind::Pattern, true, name),
            (None, b"ssubscribe") => Said::Changed(TopicKind::ShardChannel, true, name),
            (None, b"unsubscribe") => Said::Changed(TopicKind::Channel, false, name),
            (None, b"punsubscribe") => Said::Changed(TopicKind::Pattern, false, name),
            (None, b"sunsubscribe") => Said::Changed(TopicKind::ShardChannel, false, name),
            (None, _) => Said::Other,
        }
    }
}

/// A message that somebody published.
#[derive(Clone)]
pub struct Published {
    kind: TopicKind,
    /// As the server sent it: word, pattern if any, channel, payload.
    whole: Arc<Reply>,
}

impl Published {
    pub(super) fn new(kind: TopicKind, whole: Arc<Reply>) -> Self {
        Published { kind, whole }
    }

    /// What the subscription that it came for is to.
    pub fn kind(&self) -> TopicKind {
        self.kind
    }

    /// The channel that it was published to.
    pub fn channel(&self) -> &[u8] {
        self.text(if self.kind == TopicKind::Pattern { 2 } else { 1 })
    }

    /// The pattern that the channel matches, when the subscription is to that.
    pub fn pattern(&self) -> Option<&[u8]> {
        (self.kind == TopicKind::Pattern).then(|| self.text(1))
    }

    /// What was published.
    pub fn payload(&self) -> &[u8] {
        self.text(if self.kind == TopicKind::Pattern { 3 } else { 2 })
    }

    /// How many bytes it occupies.
    pub(super) fn footprint(&self) -> usize {
        self.whole.footprint()
    }

    fn text(&self, index: usize) -> &[u8] {
        let root = self.whole.root().bare();
        root.get(index).and_then(|value| value.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole.fmt(f)
    }
}

/// A time in which messages were published that nobody will deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the server was last heard on the lost connection, by the system's clock.
    pub down_since: SystemTime,
    /// When the server had agreed to everything again.
    pub up_at: SystemTime,
}

impl Gap {
    /// One that reaches from the beginning of the earlier to the end of the later.
    pub(super) fn and(self, other: Gap) -> Gap {
        Gap { down_since: self.down_since.min(other.down_since), up_at: self.up_at.max(other.up_at) }
    }
}

/// The server does not let this client subscribe to a name.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What the name is.
    pub kind: TopicKind,
    /// The name.
    pub name: Arc<[u8]>,
    /// What the server said.
    pub error: Error,
}

/// What a subscription is told next.
#[derive(Clone, Debug)]
pub enum Message {
    /// Somebody published this.
    Published(Published),
    /// So many messages found no room and are lost: they would be here.
    Lost(u64),
    /// The connection was lost and everything is subscribed to again; what was published meanwhile would be here.
    Restored(Arc<Gap>),
    /// The server refuses a name. It is asked again from time to time.
    Refused(Arc<Refused>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(words: &[&str]) -> Reply {
        Reply::array(words.iter().map(|word| Reply::bulk(word.as_bytes())).collect())
    }

    #[test]
    fn what_the_server_says_is_told_apart() {
        assert_eq!(Said::of(array(&["message", "c", "x"]).root()), Said::Message(TopicKind::Channel, b"c"));
        assert_eq!(Said::of(array(&["pmessage", "p*", "c", "x"]).root()), Said::Message(TopicKind::Pattern, b"p*"));
        assert_eq!(
            Said::of(array(&["sunsubscribe", "s", "0"]).root()),
            Said::Changed(TopicKind::ShardChannel, false, b"s")
        );
        assert_eq!(Said::of(array(&["pong", ""]).root()), Said::Pong);
        assert_eq!(Said::of(Reply::status("PONG").root()), Said::Pong);
        assert_eq!(Said::of(Reply::error("NOPERM no").root()), Said::Refusal);
        assert_eq!(Said::of(array(&["invalidate", "k"]).root()), Said::Other);
        assert_eq!(Said::of(array(&[]).root()), Said::Other);
    }

    #[test]
    fn a_published_message_says_where_it_came_from() {
        let plain = Published::new(TopicKind::Channel, Arc::new(array(&["message", "c", "x"])));
        assert_eq!((plain.channel(), plain.pattern(), plain.payload()), (&b"c"[..], None, &b"x"[..]));
        let matched = Published::new(TopicKind::Pattern, Arc::new(array(&["pmessage", "p*", "pc", "x"])));
        assert_eq!((matched.channel(), matched.pattern()), (&b"pc"[..], Some(&b"p*"[..])));
        assert_eq!(matched.payload(), b"x");
    }
}
