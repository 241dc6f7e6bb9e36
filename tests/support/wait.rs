//! Waiting for a state: the only way in which a test lets time pass.
//!
//! Runs on the caller's thread. Never returns before the condition held, never waits longer than the caller allows, and
//! says what it waited for when that was in vain.

use std::time::{Duration, Instant};

/// The pause between two looks: short enough not to slow a test, long enough not to starve what it waits for.
const STEP: Duration = Duration::from_millis(2);

/// Returns once `condition` holds; panics with `what` when it does not within `timeout`.
#[track_caller]
pub fn wait_until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + timeout;
    while !condition() {
        assert!(Instant::now() < deadline, "waited {timeout:?} in vain until {what}");
        std::thread::sleep(STEP);
    }
}
