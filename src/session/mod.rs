//! Sessions: things that span several commands.

pub mod pipeline;
pub mod pool;
