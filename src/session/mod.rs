//! Sessions: things that span several commands.

pub mod blocking;
pub mod monitor;
pub mod pipeline;
pub mod pool;
