//! A function that panics, for the test of the panic boundary through the library as it is released. Not part of the
//! library unless built with the feature `test-panic`, and never of the header.

use super::error::rr_error;
use super::guard;
use super::status::rr_status;

/// Panics inside the guard.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_test_panic(err: *mut *mut rr_error) -> rr_status {
    #[allow(clippy::panic, reason = "it is what this is for")]
    let body = || panic!("on purpose");
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
