//! Link: one multiplexed connection that comes back.
//!
//! `lane` carries the commands of many threads over one socket, without a thread of its own: `queue` is what its lock
//! guards, `roles` are the two that move the bytes, `slot` is where a caller waits for its reply, `company` says when a
//! moment's patience with the others pays, `unattended` is what is sent that no caller waits for. `supervisor` is the one
//! thread that connects, reconnects and hands a recovered lane to the layer above, `upkeep` how it looks after the lane,
//! `backoff` decides how long it pauses and when it gives up, `mover` connects to where the server moves. `private` are connections for what cannot share one.
//! The link knows nothing of commands: it carries bytes and counts replies.

pub mod backoff;
mod company;
pub mod lane;
pub mod mover;
pub mod private;
mod queue;
mod roles;
#[allow(unsafe_code, reason = "futex")]
pub mod slot;
pub mod supervisor;
mod unattended;
pub mod upkeep;
