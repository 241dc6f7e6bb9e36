//! What every integration test stands on: a real server that can be killed, a proxy that breaks a connection at an
//! exact byte, a scripted server for answers that a real one never gives, and waiting for a state instead of sleeping.
//!
//! With RR_TEST_LINK=tls in the environment all of it speaks TLS with the client under test (see `link`).
//!
//! Everything listens on loopback only, on ports that nobody else can take, and is gone when its value is dropped, also
//! when the test panics. All methods take `&self`, so a value can be shared with the threads of a test. A helper that
//! cannot do its work panics and says what it was about; it never blocks for ever.

#![allow(dead_code, reason = "each test program compiles the whole fixture and uses a part of it")]
#![allow(unused_imports, reason = "as above: the names are offered to every test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fixture that cannot do its work fails the test that asked for it"
)]

mod certificates;
mod client;
mod connection;
mod lines;
mod link;
mod os;
mod plan;
mod port;
mod proxy;
mod published;
mod relay;
mod request;
mod scripted;
mod server;
mod signpost;
mod wait;

pub use certificates::{Authority, Certified, VALID, Years};
pub use client::{
    Ask, SOON, append, assert_fails, configuration, is_buffered, is_reply, open, open_ready, reply_of, within,
};
pub use lines::{Lines, open_logged};
pub use link::{is_tls as link_is_tls, url, url_of};
pub use os::{open_descriptors, process_exists, resident_kib, threads_of_this_process};
pub use plan::{Action, Direction, Plan};
pub use port::ReservedPort;
pub use proxy::{Proxy, ProxyState};
pub use published::{Account, Publisher};
pub use request::Request;
pub use scripted::{Ending, Heard, Peer, Scripted, Step, handshake_answer};
pub use server::{Server, ServerBuilder};
pub use signpost::Signpost;
pub use wait::wait_until;
