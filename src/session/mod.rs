//! Sessions: what spans several commands, or has a connection of its own.

pub mod blocking;
pub mod monitor;
pub mod pipeline;
pub mod pool;
mod unblock;
