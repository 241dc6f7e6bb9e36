//! Messages: handles on [`Message`], pulled with a timeout or pushed to the program's callback.

use std::ffi::{c_char, c_void};
use std::ptr::null;

use super::callback::Userdata;
use super::error::rr_error;
use super::event::{ms_since_1970, rr_kind};
use super::guard;
use super::handle::{self, Handle, Owned};
use crate::client::{Message, MessageHandler, TopicKind};
use crate::error::Result;

/// A channel.
pub const RR_CHANNEL: rr_kind = 1;
/// A pattern, such as "news.*". A message that matches a pattern and a channel comes once for each.
pub const RR_PATTERN: rr_kind = 2;
/// A shard channel.
pub const RR_SHARD_CHANNEL: rr_kind = 3;
/// In place of messages that found no room in the subscription's queue: rr_message_lost() of them. Nobody will deliver
/// them.
pub const RR_MESSAGE_LOST: rr_kind = 16;
/// The connection had been lost, and the subscription is whole again. In this place belongs what was published between
/// rr_message_down_since_ms() and rr_message_up_at_ms(); nobody will deliver it.
pub const RR_MESSAGE_RESTORED: rr_kind = 17;
/// The server does not let this client subscribe to rr_message_channel(), or rr_message_pattern(); rr_message_error() says
/// why. It is asked again from time to time; when it agrees, messages come.
pub const RR_MESSAGE_REFUSED: rr_kind = 18;

const _: () = {
    assert!(RR_CHANNEL == TopicKind::Channel as i32);
    assert!(RR_PATTERN == TopicKind::Pattern as i32);
    assert!(RR_SHARD_CHANNEL == TopicKind::ShardChannel as i32);
};

/// What a subscription is told next: something that was published, or what became of messages that it is not told.
///
/// It never changes: any number of threads may read it. One that rr_subscription_next() gave is freed with
/// rr_message_free(), before or after its subscription; one that a callback was given is not, and ends with the callback.
pub struct rr_message {
    message: Message,
    /// With a NUL behind it, when it is not in the message that way.
    name: Vec<u8>,
    error: Option<Owned<rr_error>>,
}

impl Handle for rr_message {
    const MAGIC: [u8; 8] = *b"rr_messg";
    const NAME: &'static str = "message";
}

impl rr_message {
    pub(super) fn new(message: Message) -> Result<Self> {
        let (mut name, mut error) = (Vec::new(), None);
        if let Message::Refused(refused) = &message {
            name.reserve_exact(refused.name.len() + 1);
            name.extend_from_slice(&refused.name);
            name.push(0);
            error = Some(Owned::new(rr_error::new(refused.error.clone()))?);
        }
        Ok(rr_message { message, name, error })
    }

    fn kind(&self) -> rr_kind {
        match &self.message {
            Message::Published(published) => published.kind() as rr_kind,
            Message::Lost(_) => RR_MESSAGE_LOST,
            Message::Restored(_) => RR_MESSAGE_RESTORED,
            Message::Refused(_) => RR_MESSAGE_REFUSED,
        }
    }

    fn channel(&self) -> Option<&[u8]> {
        match &self.message {
            Message::Published(published) => Some(published.channel()),
            Message::Refused(refused) if refused.kind != TopicKind::Pattern => self.refused_name(),
            _ => None,
        }
    }

    fn pattern(&self) -> Option<&[u8]> {
        match &self.message {
            Message::Published(published) => published.pattern(),
            Message::Refused(refused) if refused.kind == TopicKind::Pattern => self.refused_name(),
            _ => None,
        }
    }

    fn refused_name(&self) -> Option<&[u8]> {
        self.name.split_last().map(|(_nul, name)| name)
    }

    fn payload(&self) -> Option<&[u8]> {
        match &self.message {
            Message::Published(published) => Some(published.payload()),
            _ => None,
        }
    }
}

/// A program's function for the messages of a subscription.
///
/// It runs on the thread of the client that runs all of its callbacks, and nothing else: one call at a time, in the order
/// of the messages. No lock is held: it may call anything of this library except rr_client_close(), which answers
/// RR_ERR_IN_CALLBACK; rr_subscription_free() of its own subscription returns at once, and this call is then the last.
/// While it runs further messages wait, as many as the queue holds. `message` lives until it returns. It must not throw an
/// exception or jump out.
pub type rr_message_callback = Option<unsafe extern "C" fn(message: *const rr_message, userdata: *mut c_void)>;

/// The program's callback as the library calls it.
pub(super) fn handler(
    callback: unsafe extern "C" fn(*const rr_message, *mut c_void),
    userdata: Userdata,
) -> MessageHandler {
    std::sync::Arc::new(move |message| {
        let Ok(message) = rr_message::new(message.clone()).and_then(Owned::new) else { return };
        // SAFETY: the program gave the function to be called like this; the message outlives the call.
        unsafe { callback(message.lend(), userdata.pointer()) };
    })
}

/// What it is: RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL when it was published, by what the subscription is to; else
/// RR_MESSAGE_... 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_kind(message: *const rr_message) -> rr_kind {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(message) }.map(rr_message::kind))
}

/// The channel that it was published to, or that the server refuses: rr_message_channel_length() bytes, followed by a NUL
/// that is not counted. They live as long as the message. NULL if it has none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_channel(message: *const rr_message) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(null(), || unsafe { handle::borrow(message) }.map(|message| pointer(message.channel())))
}

/// How many bytes rr_message_channel() has. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_channel_length(message: *const rr_message) -> usize {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(message) }.map(|message| message.channel().map_or(0, <[u8]>::len)))
}

/// The pattern that its channel matches, when the subscription is to that, or that the server refuses:
/// rr_message_pattern_length() bytes, followed by a NUL that is not counted. They live as long as the message. NULL if it
/// has none, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_pattern(message: *const rr_message) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(null(), || unsafe { handle::borrow(message) }.map(|message| pointer(message.pattern())))
}

/// How many bytes rr_message_pattern() has. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_pattern_length(message: *const rr_message) -> usize {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(message) }.map(|message| message.pattern().map_or(0, <[u8]>::len)))
}

/// What was published: rr_message_length() bytes, followed by a NUL that is not counted. They live as long as the message.
/// NULL if nothing was, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_payload(message: *const rr_message) -> *const c_char {
    // SAFETY: the caller's contract.
    guard::value(null(), || unsafe { handle::borrow(message) }.map(|message| pointer(message.payload())))
}

/// How many bytes rr_message_payload() has. 0 for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_length(message: *const rr_message) -> usize {
    // SAFETY: the caller's contract.
    guard::value(0, || unsafe { handle::borrow(message) }.map(|message| message.payload().map_or(0, <[u8]>::len)))
}

/// How many messages are lost in this place, for RR_MESSAGE_LOST. 0 for others, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_lost(message: *const rr_message) -> u64 {
    guard::value(0, || {
        // SAFETY: the caller's contract.
        let message = unsafe { handle::borrow(message)? };
        Ok(if let Message::Lost(count) = message.message { count } else { 0 })
    })
}

/// When the server was last heard before the gap that RR_MESSAGE_RESTORED tells of, by the system's clock: milliseconds
/// since 1970. What was under way at that moment is lost too. 0 for others, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_down_since_ms(message: *const rr_message) -> i64 {
    guard::value(0, || {
        // SAFETY: the caller's contract.
        let message = unsafe { handle::borrow(message)? };
        Ok(if let Message::Restored(gap) = &message.message { ms_since_1970(gap.down_since) } else { 0 })
    })
}

/// When the server had agreed to everything again, for RR_MESSAGE_RESTORED, by the system's clock: milliseconds since 1970.
/// Nothing published after it is in the gap. 0 for others, and for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_up_at_ms(message: *const rr_message) -> i64 {
    guard::value(0, || {
        // SAFETY: the caller's contract.
        let message = unsafe { handle::borrow(message)? };
        Ok(if let Message::Restored(gap) = &message.message { ms_since_1970(gap.up_at) } else { 0 })
    })
}

/// What the server said, for RR_MESSAGE_REFUSED. It lives as long as the message: do not free it. NULL for others, and for
/// NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_error(message: *const rr_message) -> *const rr_error {
    guard::value(null(), || {
        // SAFETY: the caller's contract.
        let message = unsafe { handle::borrow(message)? };
        Ok(message.error.as_ref().map_or(null(), Owned::lend))
    })
}

/// Frees a message that rr_subscription_next() gave. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_message_free(message: *mut rr_message) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(message) }
}

/// Where bytes begin that a NUL follows.
fn pointer(bytes: Option<&[u8]>) -> *const c_char {
    match bytes {
        None => null(),
        Some([]) => c"".as_ptr(),
        Some(bytes) => bytes.as_ptr().cast(),
    }
}
