//! Delivery: what becomes of a command when the link fails.
//!
//! `request` is what a caller hands in and gets back, `policy` decides (pure functions), `buffer` is the line in which
//! commands wait for a connection and `waiter` who waits there, `acceptance` is about those that are buffered, `failed` keeps
//! those that will not be applied any more, `desk` is where callers come (`past` is what a call has been through, `atomic`
//! reads what EXEC answered), `submission` how commands come that no thread waits for (`permits` bounds them), `completion`
//! and `callbacks` where their results go, `recovery` is the desk's side that the supervisor works, `oversight` the side for
//! those who watch, `session` is who the client is on each connection, `lineage` which server it had before, `maintenance`
//! what the server announces of its own, `replica` answers reads in its place. A caller's command is in the link's queue or
//! in the line or finished, never in two of these.

mod acceptance;
pub mod atomic;
pub mod buffer;
pub mod callbacks;
pub mod completion;
pub mod desk;
pub mod failed;
mod lineage;
mod maintenance;
mod oversight;
mod past;
pub mod permits;
pub mod policy;
mod recovery;
pub mod replica;
pub mod request;
mod session;
mod state;
pub mod submission;
pub mod waiter;
