//! A Redis client that outlives outages: C ABI outside, Rust inside.
//!
//! The modules below are listed in layer order, lowest first; each uses only those above it in this list.
//! `tests/layers.rs` holds that order, `ARCHITECTURE.md` tells how a command travels through them.

// Ground: values that every layer speaks in.
pub mod config;
pub mod dispatch;
pub mod error;
pub mod event;
pub mod histogram;
pub mod log;
pub mod metrics;
pub mod stats;
pub mod sync;
pub mod time;

// Protocol: argv to bytes, bytes to a flat reply; what each command is.
pub mod command;
pub mod resp;

// Net: an address becomes a ready socket.
pub mod net;

// Link: one multiplexed connection that comes back.
pub mod link;

// Delivery: what becomes of a command when the link fails.
pub mod delivery;

// Sessions: what spans several commands, or has a connection of its own.
pub mod session;

// Facade: everything a program can do; the boundary calls nothing else.
pub mod client;

// Boundary: the only `extern "C"`.
#[allow(unsafe_code, reason = "the boundary is where raw pointers become references")]
pub mod ffi;
