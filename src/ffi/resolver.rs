//! Look-ups of host names by the program: its callback, and the list that it fills.

use std::ffi::{CString, c_char, c_void};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::bytes::{self, invalid, null};
use super::callback::{Userdata, rr_destroy};
use super::config::rr_config;
use super::error::rr_error;
use super::guard;
use super::handle::{self, Handle, Owned};
use super::status::{RR_OK, rr_status, status_text};
use crate::client::LookUp;
use crate::sync::Mutex;

/// The addresses that a look-up finds, in the order in which they are tried. Lives as long as the callback's call.
pub struct rr_addresses(Mutex<Vec<SocketAddr>>);

impl Handle for rr_addresses {
    const MAGIC: [u8; 8] = *b"rraddres";
    const NAME: &'static str = "list of addresses";
}

/// A program's function that turns `host` and `port` into addresses, in place of the system: for names that a registry
/// knows, or one that moves with the primary. Asked for are those of the configuration, and those that the server names:
/// replicas with read_from=replica, and the place it moves to. Of these, numeric ones too: give back what you do not know
/// better.
///
/// It puts them into `addresses` with rr_addresses_add() and returns RR_OK; anything else means that it cannot, which is a
/// failed attempt to connect. It is asked at each attempt, on a thread of its own, and for several connections of a client
/// at the same time. It may take its time: an attempt whose connect_timeout_ms is over goes on without it, and what it says
/// is then used by the next one. It must not use a client, throw an exception or jump out. After rr_client_close() or
/// rr_client_free() has returned it does not run any more for that client; both wait for it. `host` ends with a NUL and lives
/// until it returns.
pub type rr_resolver_callback = Option<
    unsafe extern "C" fn(
        host: *const c_char,
        port: u16,
        addresses: *mut rr_addresses,
        userdata: *mut c_void,
    ) -> rr_status,
>;

/// The program's callback as the library calls it.
fn look_up(
    callback: unsafe extern "C" fn(*const c_char, u16, *mut rr_addresses, *mut c_void) -> rr_status,
    userdata: Userdata,
) -> LookUp {
    Arc::new(move |host, port| {
        let host = CString::new(host).map_err(|_| String::from("the name holds a NUL"))?;
        let list = Owned::new(rr_addresses(Mutex::default())).map_err(|error| error.to_string())?;
        // SAFETY: the program gave the function to be called like this; name and list outlive the call.
        let status = unsafe { callback(host.as_ptr(), port, list.lend().cast_mut(), userdata.pointer()) };
        if status != RR_OK {
            return Err(format!("the resolver callback returned {}", status_text(status)));
        }
        // SAFETY: lent above, and nobody has freed it.
        let found = unsafe { handle::borrow(list.lend()) }.map_err(|error| error.to_string())?;
        Ok(std::mem::take(&mut *found.0.lock()))
    })
}

/// Adds an address to what a resolver callback finds: numeric, IPv4 or IPv6, and a port from 1 to 65535. Only for the callback
/// that was given `addresses`, while it runs.
///
/// RR_ERR_INVALID_ARGUMENT if `address` is no numeric address or `port` is 0.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_addresses_add(
    addresses: *mut rr_addresses,
    address: *const c_char,
    port: u16,
    err: *mut *mut rr_error,
) -> rr_status {
    let body = || {
        // SAFETY: the caller's contract.
        let text = unsafe { bytes::text(address, "address")? };
        // SAFETY: the caller's contract.
        let addresses = unsafe { handle::borrow(addresses)? };
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let address: IpAddr = bare
            .parse()
            .map_err(|_| invalid(format!("address is {text:?}: it takes a numeric IPv4 or IPv6 address")))?;
        if port == 0 {
            return Err(invalid("port is 0: it takes 1 to 65535"));
        }
        addresses.0.lock().push(SocketAddr::new(address, port));
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}

/// Gives clients that are made from this config from now on a callback that looks host names up, in place of the system or of
/// an earlier one.
///
/// `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
/// this config no longer has the callback and every client that has it is freed, or at once if registration fails.
#[unsafe(no_mangle)]
#[doc = include_str!("safety.md")]
pub unsafe extern "C" fn rr_config_set_resolver_callback(
    config: *mut rr_config,
    callback: rr_resolver_callback,
    userdata: *mut c_void,
    destroy: rr_destroy,
    err: *mut *mut rr_error,
) -> rr_status {
    let userdata = Userdata::new(userdata, destroy);
    let body = || {
        let callback = callback.ok_or_else(|| null("callback"))?;
        // SAFETY: the caller's contract.
        let config = unsafe { handle::borrow(config)? };
        let replaced = config.write()?.hooks.look_up.replace(look_up(callback, userdata));
        drop(replaced);
        Ok(RR_OK)
    };
    // SAFETY: the caller's contract.
    unsafe { guard::call(err, body) }
}
