//! The version that runs, which need not be the one a program was compiled against.

use std::ffi::{CStr, c_char};

const NUMBER: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
    + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
    + number(env!("CARGO_PKG_VERSION_PATCH"));

const TEXT: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => c"",
};

const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// The version of the library that runs, such as "0.1.0". Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn rr_version() -> *const c_char {
    TEXT.as_ptr()
}

/// The version of the library that runs as a number that grows with it: major * 1000000 + minor * 1000 + patch.
/// Compare it with RR_VERSION_NUMBER, which is that of the header.
#[unsafe(no_mangle)]
pub extern "C" fn rr_version_number() -> u32 {
    NUMBER
}
