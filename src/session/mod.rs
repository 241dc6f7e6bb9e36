//! Sessions: what spans several commands, or has a connection of its own: pipelines, transactions that watch keys, scripts,
//! blocking commands, monitors. `pool` has the connections that are lent.

pub mod blocking;
pub mod monitor;
pub mod pipeline;
pub mod pool;
pub mod pubsub;
pub mod script;
pub mod transaction;
mod unblock;
pub mod waiting;
mod withdrawal;
