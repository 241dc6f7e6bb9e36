//! Sessions: things that span several commands: pipelines, transactions that watch keys, scripts. `pool` has the
//! connections that some of them need for themselves.

pub mod pipeline;
pub mod pool;
pub mod script;
pub mod transaction;
