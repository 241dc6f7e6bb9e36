//! Configs: a handle on [`Config`], and on the callbacks that clients made from it get.

use std::ffi::{CString, c_char, c_void};
use std::ptr::null_mut;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::bytes::{self, null};
use super::callback::{Userdata, rr_destroy};
use super::error::rr_error;
use super::event::{handler, rr_event_callback};
use super::guard;
use super::handle::{self, Handle};
use super::status::{RR_OK, rr_status};
use crate::client::Hooks;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};

/// Everything a client can be told: options by name, and callbacks.
///
/// A client copies what it needs: a config can be changed, used for more clients, and freed at any time after. One
/// thread at a time may change it (RR_ERR_BUSY tells when two do); any number may make clients from it. It belongs to
/// no process: one made before a fork can be used after it.
pub struct rr_config(RwLock<Told>);

#[derive(Default)]
pub(super) struct Told {
    pub(super) config: Config,
    pub(super) hooks: Hooks,
}

impl Handle for rr_config {
    const MAGIC: [u8; 8] = *b"rrconfig";
    const NAME: &'static str = "config";
}

impl rr_config {
    fn give(config: Config) -> Result<*mut rr_config> {
        handle::give(rr_config(RwLock::new(Told { config, hooks: Hooks::default() })))
    }

    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, Told>> {
        self.0.try_read().ok_or_else(busy)
    }

    pub(super) fn write(&self) -> Result<RwLockWriteGuard<'_, Told>> {
        self.0.try_write().ok_or_else(busy)
    }
}

/// The lock is tried and never waited for: in a forked child the thread that holds it may not exist.
fn busy() -> Error {
    Error::new(ErrorKind::Busy, "another thread is using this config")
}

/// Makes a config in which every option has its default. Freed with rr_config_free(). NULL only if the library itself
/// fails.
#[unsafe(no_mangle)]
pub extern "C" fn rr_config_new() -> *mut rr_config {
    guard::value(null_mut(), || rr_config::give(Config::default()))
}

/// Makes a config from a URL: redis://user:password@host:port/db or unix:///path, with options by name after a question
/// mark (?command_timeout_ms=500&buffer_commands=no); docs/CONFIGURATION.md has the details. RR_ERR_CONFIG with a
/// message that says what is wrong and never repeats a password.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_from_url(
    url: *const c_char,
    config: *mut *mut rr_config,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let config = unsafe { bytes::out(config, "config")? };
        // SAFETY: the caller's contract.
        let url = unsafe { bytes::text(url, "url")? };
        *config = rr_config::give(Config::from_url(url)?)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Makes a config from environment variables: RR_URL, and for each option RR_ and its name in capitals, which
/// overrides the URL (RR_COMMAND_TIMEOUT_MS=500). RR_ERR_CONFIG names a variable that is wrong.
///
/// Reads the environment: no other thread may be changing it.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_from_environment(config: *mut *mut rr_config, err: *mut *mut rr_error) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let config = unsafe { bytes::out(config, "config")? };
        *config = rr_config::give(Config::from_environment()?)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Sets an option: docs/CONFIGURATION.md lists names and values. Both end with a NUL and are copied.
///
/// RR_ERR_CONFIG with a message that names the option, the value and what would be right; nothing is changed then.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_set(
    config: *mut rr_config,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let config = unsafe { handle::borrow(config)? };
        // SAFETY: the caller's contract.
        let name = unsafe { bytes::text(name, "name")? };
        // SAFETY: the caller's contract.
        let value = unsafe { bytes::text(value, "value")? };
        config.write()?.config.set(name, value)?;
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Gives an option's value as text, as rr_config_set() would take it: a new string, freed with rr_string_free().
///
/// A password is not given back: its text is "***". RR_ERR_CONFIG for an unknown name.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_get(
    config: *const rr_config,
    name: *const c_char,
    value: *mut *mut c_char,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let value = unsafe { bytes::out(value, "value")? };
        // SAFETY: the caller's contract.
        let config = unsafe { handle::borrow(config)? };
        // SAFETY: the caller's contract.
        let name = unsafe { bytes::text(name, "name")? };
        *value = bytes::c_text(&config.read()?.config.get(name)?).into_raw();
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Frees a string that this library made for the caller. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: the caller's contract; such strings are all made by `CString::into_raw`.
        drop(unsafe { CString::from_raw(string) });
    }
}

/// Gives clients that are made from this config from now on a callback for their events, in place of an earlier one.
///
/// `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
/// this config no longer has the callback and every client that has it is freed, or at once if registration fails.
/// Without a callback, use rr_event_next().
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_set_event_callback(
    config: *mut rr_config,
    callback: rr_event_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    let body = || {
        let callback = callback.ok_or_else(|| null("callback"))?;
        // SAFETY: the caller's contract.
        let config = unsafe { handle::borrow(config)? };
        let replaced = config.write()?.hooks.events.replace(handler(callback, userdata));
        drop(replaced);
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Frees a config; clients made from it keep what they were told. Does nothing for NULL.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_free(config: *mut rr_config) {
    // SAFETY: the caller's contract.
    unsafe { guard::free(config) }
}
