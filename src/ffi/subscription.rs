//! Subscriptions: a handle on [`Subscription`], from which messages are pulled, or which pushes them to a callback.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::bytes::{self, Extensible, invalid, milliseconds, null};
use super::callback::{Userdata, rr_destroy};
use super::client::{self, rr_client};
use super::error::rr_error;
use super::event::rr_kind;
use super::guard;
use super::handle::{self, Handle};
use super::message::{handler, rr_message, rr_message_callback};
use super::status::{RR_EMPTY, RR_OK, rr_status};
use crate::client::{Subscription, SubscriptionOptions, TopicKind};
use crate::error::Result;

/// How a subscription differs from the client's settings. Set it all to zero, then struct_size to
/// sizeof(rr_subscription_options), then what you want.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct rr_subscription_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// How many messages wait to be taken. 0: the option subscription_queue_size.
    pub queue_size: usize,
    /// How many bytes they occupy together. 0: the option subscription_queue_bytes.
    pub queue_bytes: usize,
    /// Zero.
    pub reserved: usize,
}

// SAFETY: four sizes.
unsafe impl Extensible for rr_subscription_options {}

const _: () = assert!(cfg!(not(target_pointer_width = "64")) || size_of::<rr_subscription_options>() == 32);

impl rr_subscription_options {
    fn check(self) -> Result<SubscriptionOptions> {
        if self.reserved != 0 {
            return Err(invalid("options asks for something that this version of the library does not know"));
        }
        let given = |number: usize| (number != 0).then_some(number);
        Ok(SubscriptionOptions { queue_size: given(self.queue_size), queue_bytes: given(self.queue_bytes) })
    }
}

/// Channels, patterns and shard channels that a part of a program wants, and the messages that have come for it.
///
/// Any number of threads may call any function with one at any time, except rr_subscription_free(), which is the last.
/// All subscriptions of a client share one connection, besides the one of its commands; when that is lost it is made again
/// and everything is subscribed to again, for as long as there are subscriptions. Messages wait in a queue of this
/// subscription's own, in their order; a queue that is full drops its oldest and says how many (RR_MESSAGE_LOST), and
/// neither other subscriptions nor commands wait. It may be freed before or after its client. In a forked child every
/// function answers RR_ERR_FORKED.
pub struct rr_subscription(Arc<Subscription>);

impl Handle for rr_subscription {
    const MAGIC: [u8; 8] = *b"rrsubscr";
    const NAME: &'static str = "subscription";
    const BOUND_TO_PROCESS: bool = true;
}

/// The subscription behind a handle, kept alive for a call even if it is freed meanwhile.
///
/// # Safety
///
/// As for [`handle::borrow`].
unsafe fn borrow(subscription: *const rr_subscription) -> Result<Arc<Subscription>> {
    // SAFETY: the caller's contract.
    unsafe { handle::borrow(subscription) }.map(|subscription| subscription.0.clone())
}

fn topic(kind: rr_kind) -> Result<TopicKind> {
    let known = TopicKind::ALL.into_iter().find(|known| *known as rr_kind == kind);
    known.ok_or_else(|| invalid(format!("kind is {kind}: it has to be RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL")))
}

/// Subscribes to `count` names of a kind (RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL), given as to rr_command(), and has
/// `callback` run with each message: see rr_message_callback. Returns at once; freed with rr_subscription_free().
///
/// `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when the
/// subscription is freed, or at once if this fails.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscribe(
    client: *mut rr_client,
    kind: rr_kind,
    count: usize,
    names: *const *const c_char,
    lengths: *const usize,
    callback: rr_message_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    subscription: *mut *mut rr_subscription,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(subscription, "subscription")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let names = unsafe { bytes::names(count, names, lengths)? };
        let handler = handler(callback.ok_or_else(|| null("callback"))?, userdata);
        *place = handle::give(rr_subscription(Arc::new(client.subscribe(topic(kind)?, &names, handler)?)))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Makes a subscription to nothing as yet: add names with rr_subscription_add() and take messages with
/// rr_subscription_next(). `options` may be NULL. Freed with rr_subscription_free().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_new(
    client: *mut rr_client,
    options: *const rr_subscription_options,
    subscription: *mut *mut rr_subscription,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(subscription, "subscription")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        // SAFETY: the caller's contract.
        let options = unsafe { bytes::read_struct(options, "options")? }.check()?;
        *place = handle::give(rr_subscription(Arc::new(client.subscription(&options)?)))?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Subscribes to `count` more names of a kind (RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL), given as to rr_command().
/// Those that it has already stay as they are.
///
/// Returns as soon as that is noted; the server is asked in the background, now or when it is there. See
/// rr_subscription_wait().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_add(
    subscription: *mut rr_subscription,
    kind: rr_kind,
    count: usize,
    names: *const *const c_char,
    lengths: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let subscription = unsafe { borrow(subscription)? };
        // SAFETY: the caller's contract.
        let names = unsafe { bytes::names(count, names, lengths)? };
        subscription.add(topic(kind)?, &names)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Gives up `count` names of a kind. No message for them comes any more, but for those that wait to be taken. Names that
/// it does not have are ignored; other subscriptions keep theirs.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_remove(
    subscription: *mut rr_subscription,
    kind: rr_kind,
    count: usize,
    names: *const *const c_char,
    lengths: *const usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let subscription = unsafe { borrow(subscription)? };
        // SAFETY: the caller's contract.
        let names = unsafe { bytes::names(count, names, lengths)? };
        subscription.remove(topic(kind)?, &names)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Waits up to `timeout_ms` until the server has agreed to every name (0: looks once). What is published from then on
/// comes. RR_ERR_SERVER when it refuses one, with its text; RR_ERR_TIMEOUT when it has not answered, or is not there.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_wait(
    subscription: *const rr_subscription,
    timeout_ms: i64,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let subscription = unsafe { borrow(subscription)? };
        subscription.wait(milliseconds(timeout_ms, "timeout_ms")?)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Takes the next message, waiting up to `timeout_ms` for one (0: not at all). Freed with rr_message_free().
///
/// RR_EMPTY if none came in time. RR_ERR_CLOSED if none ever will: the client was closed, and everything that had come is
/// taken. Each message goes to one of the threads that wait here. Not for a subscription with a callback:
/// RR_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_next(
    subscription: *mut rr_subscription,
    timeout_ms: i64,
    message: *mut *mut rr_message,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(message, "message")? };
        // SAFETY: the caller's contract.
        let subscription = unsafe { borrow(subscription)? };
        let Some(message) = subscription.next(milliseconds(timeout_ms, "timeout_ms")?)? else { return Ok(RR_EMPTY) };
        *place = handle::give(rr_message::new(message)?)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// A descriptor that is readable while rr_subscription_next() has something to give: a message of any kind, or RR_ERR_CLOSED
/// because none will ever come. To be watched beside others with poll, epoll or an event loop; or a negative RR_ERR_ number.
/// Watch it only: rr_subscription_next() makes it unreadable again when it has taken the last. It is the subscription's: it
/// is closed by rr_subscription_free(). Not for a subscription with a callback: RR_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_fd(subscription: *mut rr_subscription) -> c_int {
    guard::count(|| {
        // SAFETY: the caller's contract.
        unsafe { borrow(subscription)? }.descriptor()
    })
}

/// Ends a subscription without freeing it: nothing comes any more, what has come can still be taken, and then every call of
/// rr_subscription_next(), those that wait among them, ends with RR_ERR_CLOSED. So a thread that takes messages can be ended
/// before it is freed. Of one with a callback all is said that is said of rr_subscription_free(). Once more is RR_OK.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_close(
    subscription: *mut rr_subscription,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        unsafe { borrow(subscription)? }.end();
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Ends a subscription and frees it; messages that wait are lost. Does nothing for NULL, and in a forked child.
///
/// Calls that wait in other threads end with RR_ERR_CLOSED; none may begin. When it returns, its callback is not running
/// and will not run, and `destroy` has run: it waits for a call that is running, so hold no lock that the callback takes.
/// From inside that callback it returns at once: the call is the last, and `destroy` runs after it.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_subscription_free(subscription: *mut rr_subscription) {
    guard::value((), || {
        // Ended here, also when a call in another thread still holds it.
        // SAFETY: the caller's contract.
        if let Some(rr_subscription(subscription)) = unsafe { handle::take(subscription) } {
            subscription.give_up();
        }
        Ok(())
    });
}
