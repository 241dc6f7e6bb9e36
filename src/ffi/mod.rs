//! The boundary: the only `extern "C"`. Owns the translation between C and the facade, and nothing else: pointers in,
//! handles out, no policy.
//!
//! Every exported function guards, borrows, calls [`crate::client::Client`], converts. It runs on the caller's thread.
//! `include/resilient_redis.h` is made from these files; their comments are its documentation, written for C. Types
//! are named as in C. What each exported function asks of its pointers is written once, in `safety.md`.

#![allow(non_camel_case_types, reason = "types are named as in C")]

mod bytes;
mod callback;
mod client;
mod command;
mod config;
mod credentials;
mod error;
mod event;
mod failed;
mod guard;
mod handle;
mod log;
mod message;
mod metrics;
mod monitor;
mod pipeline;
mod queue;
mod reply;
mod resolver;
mod script;
mod stats;
mod status;
mod submit;
mod subscription;
#[cfg(feature = "test-panic")]
mod test_panic;
mod transaction;
mod version;
