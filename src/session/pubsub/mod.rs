//! Pub/Sub: subscriptions that outlive connections. Owns one connection for all subscriptions of a client, and that what
//! is not delivered is said.
//!
//! `subscription` is what a program holds, `hub` where all of a client's meet, `topics` what is wanted and what the
//! server has agreed to, `subscriber` the one thread that keeps the connection, `inbox` a bounded queue of what a program
//! has not taken yet, `message` what it takes. Commands are never on this connection, and messages never on theirs.

mod hub;
mod inbox;
mod message;
mod subscriber;
mod subscription;
mod topics;

pub(crate) use hub::Hub;
pub use inbox::MessageHandler;
pub use message::{Gap, Message, Published, Refused, TopicKind};
pub use subscription::{Subscription, SubscriptionOptions};
