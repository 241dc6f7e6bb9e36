//! (placeholder)
pub mod pipeline;
