//! Log lines: pushed to the program's callback, with a level.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

use super::bytes::{c_text, invalid, null};
use super::callback::{Userdata, rr_destroy};
use super::config::rr_config;
use super::error::rr_error;
use super::guard;
use super::handle;
use super::status::{RR_OK, rr_status};
use crate::error::Result;
use crate::log::{Level, LogHandler, Logging};

/// How much a log line matters: the smaller the number, the more.
pub type rr_log_level = i32;

/// Something is lost or will not come back by itself: a buffered command failed or was dropped, the buffer is full, the
/// client gave up.
pub const RR_LOG_ERROR: rr_log_level = 1;
/// Something is wrong that the client deals with: a lost connection, a failed attempt, options that may not be meant.
pub const RR_LOG_WARNING: rr_log_level = 2;
/// What happens in a client's life: what the server says of itself, recovery, the report at the end.
pub const RR_LOG_INFO: rr_log_level = 3;
/// Each step: every attempt to connect and every change of state.
pub const RR_LOG_DEBUG: rr_log_level = 4;

const LEVELS: [(Level, rr_log_level, &CStr); Level::ALL.len()] = [
    (Level::Error, RR_LOG_ERROR, c"RR_LOG_ERROR"),
    (Level::Warning, RR_LOG_WARNING, c"RR_LOG_WARNING"),
    (Level::Info, RR_LOG_INFO, c"RR_LOG_INFO"),
    (Level::Debug, RR_LOG_DEBUG, c"RR_LOG_DEBUG"),
];

/// A program's function for the log lines of the clients that have it.
///
/// `message` is one line of UTF-8 without an end of line; it ends with a NUL, lives until the function returns, and holds no
/// credentials and no arguments of commands. Threads, order, what may be called and what must not be done are as for
/// rr_event_callback: it runs on the same thread. The client never waits for it: while it runs, further lines wait, at most
/// event_queue_size of them; then the oldest make room, and a line says how many did. Closing a client waits until the lines
/// that are there by then have been taken.
pub type rr_log_callback =
    Option<unsafe extern "C" fn(level: rr_log_level, message: *const c_char, userdata: *mut c_void)>;

/// The program's callback as the library calls it.
fn handler(callback: unsafe extern "C" fn(rr_log_level, *const c_char, *mut c_void), userdata: Userdata) -> LogHandler {
    Arc::new(move |level, line| {
        let text = c_text(line);
        // SAFETY: the program gave the function to be called like this; the text outlives the call.
        unsafe { callback(level as rr_log_level, text.as_ptr(), userdata.pointer()) };
    })
}

fn level_of(number: rr_log_level) -> Result<Level> {
    let found = LEVELS.iter().find(|(_, other, _)| *other == number);
    found
        .map(|(level, ..)| *level)
        .ok_or_else(|| invalid(format!("level is {number}: there is no such RR_LOG_ number")))
}

/// Gives clients that are made from this config from now on a callback for log lines up to `level` (RR_LOG_INFO: also
/// warnings and errors), in place of an earlier one. Every event is a line, too.
///
/// `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
/// this config no longer has the callback and every client that has it is freed, or at once if registration fails.
/// RR_ERR_INVALID_ARGUMENT if `level` is none.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_set_log_callback(
    config: *mut rr_config,
    level: rr_log_level,
    callback: rr_log_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    let body = || {
        let callback = callback.ok_or_else(|| null("callback"))?;
        // SAFETY: the caller's contract.
        let config = unsafe { handle::borrow(config)? };
        let logging = Logging { level: level_of(level)?, handler: handler(callback, userdata) };
        let replaced = config.write()?.hooks.log.replace(logging);
        drop(replaced);
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// The constant's name, such as "RR_LOG_WARNING". Never NULL, never freed; "unknown" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn rr_log_level_name(level: rr_log_level) -> *const c_char {
    LEVELS.iter().find(|(_, number, _)| *number == level).map_or(c"unknown", |(.., name)| name).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_its_number_and_name() {
        for ((level, number, name), listed) in LEVELS.iter().zip(Level::ALL) {
            assert_eq!((*level, *level as rr_log_level), (listed, *number));
            assert_eq!(name.to_str().unwrap(), format!("RR_LOG_{}", format!("{level:?}").to_uppercase()));
        }
    }
}
