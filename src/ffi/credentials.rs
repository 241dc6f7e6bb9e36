//! Credentials from the program: its callback, and the place where it puts them.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::bytes::{self, invalid, null};
use super::callback::{Userdata, rr_destroy};
use super::config::rr_config;
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle, Owned};
use super::status::{RR_OK, rr_status, status_text};
use crate::client::{CredentialsProvider, Login};
use crate::error::{Error, ErrorKind};
use crate::sync::Mutex;

/// Where a credentials callback puts what it gives. Lives as long as the callback's call.
pub struct rr_credentials(Mutex<Option<Login>>);

impl Handle for rr_credentials {
    const MAGIC: [u8; 8] = *b"rr_login";
    const NAME: &'static str = "place for credentials";
}

/// A program's function that gives user and password: a token that expires, a password that is changed.
///
/// It puts them into `credentials` with rr_credentials_set() and returns RR_OK; anything else means that it has none now,
/// which is a failed attempt to connect. It is asked for each connection that is made, and again before what it gave
/// expires, so that the connections that are there can be told: AUTH is sent between two commands. It runs on a thread of
/// its own, once at a time for each client, and may take its time: an attempt whose connect_timeout_ms is over goes on
/// without it, and what it says is then used by the next one. It must not use a client, throw an exception or jump out.
/// After rr_client_close() or rr_client_free() has returned it does not run any more for that client; both wait for it.
///
/// The library wipes its copies from memory as soon as they were sent, and keeps none.
pub type rr_credentials_callback =
    Option<unsafe extern "C" fn(credentials: *mut rr_credentials, userdata: *mut c_void) -> rr_status>;

/// The program's callback as the library calls it.
fn provider(
    callback: unsafe extern "C" fn(*mut rr_credentials, *mut c_void) -> rr_status,
    userdata: Userdata,
) -> CredentialsProvider {
    let none = |why: String| Error::new(ErrorKind::Auth, why);
    Arc::new(move || {
        let place = Owned::new(rr_credentials(Mutex::default()))?;
        // SAFETY: the program gave the function to be called like this; the place outlives the call.
        let status = unsafe { callback(place.lend().cast_mut(), userdata.pointer()) };
        if status != RR_OK {
            return Err(none(format!("it returned {}", status_text(status))));
        }
        // SAFETY: lent above, and nobody has freed it.
        let place = unsafe { handle::borrow(place.lend())? };
        let given = place.0.lock().take();
        given.ok_or_else(|| none("it returned RR_OK and did not call rr_credentials_set()".into()))
    })
}

/// Gives user and password to the client that asks. Only for the callback that was given `credentials`, while it runs; a
/// second call replaces the first. The bytes are copied; wipe your own.
///
/// `username` may be NULL for the user `default`. `valid_for_ms` says after how many milliseconds the server will not take
/// them any more: when three quarters of that time are over the callback is asked again. 0: they do not expire.
/// RR_ERR_INVALID_ARGUMENT for an empty password, or a negative time.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_credentials_set(
    credentials: *mut rr_credentials,
    username: *const c_char,
    username_len: usize,
    password: *const c_char,
    password_len: usize,
    valid_for_ms: i64,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let credentials = unsafe { handle::borrow(credentials)? };
        // SAFETY: the caller's contract.
        let password = unsafe { bytes::measured(password.cast(), password_len, "password")? };
        let username = if username.is_null() {
            None
        } else {
            // SAFETY: the caller's contract.
            let username = unsafe { bytes::measured(username.cast(), username_len, "username")? };
            Some(Zeroizing::new(username.to_vec()))
        };
        if password.is_empty() {
            return Err(invalid("password is empty"));
        }
        let valid_for = bytes::milliseconds(valid_for_ms, "valid_for_ms")?;
        let valid_for = (!valid_for.is_zero()).then_some(valid_for);
        *credentials.0.lock() = Some(Login { username, password: Zeroizing::new(password.to_vec()), valid_for });
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Gives clients that are made from this config from now on a callback for their credentials, in place of an earlier one. A
/// client with such a callback and a password in its configuration is refused with RR_ERR_CONFIG. AUTH is refused as a
/// command of such a client.
///
/// `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
/// this config no longer has the callback and every client that has it is freed, or at once if registration fails.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_set_credentials_callback(
    config: *mut rr_config,
    callback: rr_credentials_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    let body = || {
        let callback = callback.ok_or_else(|| null("callback"))?;
        // SAFETY: the caller's contract.
        let config = unsafe { handle::borrow(config)? };
        let replaced = config.write()?.hooks.credentials.replace(provider(callback, userdata));
        drop(replaced);
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
