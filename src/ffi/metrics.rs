//! Metrics: what a client counted, as a text that monitoring reads.

use std::ffi::c_char;

use super::bytes::{self, c_text};
use super::client::{self, rr_client};
use super::error::rr_error;
use super::guard;
use super::status::{RR_OK, rr_status};

/// Gives all of rr_stats, the state and a histogram of how long calls took in the text format of Prometheus, version 0.0.4
/// (Content-Type: text/plain; version=0.0.4). docs/METRICS.md lists the metrics.
///
/// A new string of `length` bytes and a NUL, freed with rr_string_free(); `length` may be NULL. Each sample has the label
/// client, which is the option client_name. The numbers are not of one instant: each is.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_client_metrics(
    client: *const rr_client,
    text: *mut *mut c_char,
    length: *mut usize,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let length = unsafe { bytes::number_out(length, "length") }.ok();
        // SAFETY: the caller's contract.
        let place = unsafe { bytes::out(text, "text")? };
        // SAFETY: the caller's contract.
        let client = unsafe { client::borrow(client)? };
        let text = c_text(&client.metrics());
        if let Some(length) = length {
            *length = text.as_bytes().len();
        }
        *place = text.into_raw();
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
