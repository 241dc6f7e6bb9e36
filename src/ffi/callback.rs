//! What comes with a callback: the program's userdata and the function that ends it.

use std::ffi::c_void;

/// Ends a callback's userdata. Runs exactly once, after the callback's last call, also when registration failed; on
/// the thread that freed the last user of it, or on one of the library's. It must not call this library. May be NULL.
pub type rr_destroy = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// A program's userdata, ended when its last owner goes.
pub(super) struct Userdata {
    pointer: *mut c_void,
    destroy: rr_destroy,
}

// SAFETY: the header asks for userdata that may be used on, and ended from, any thread.
unsafe impl Send for Userdata {}
// SAFETY: only the pointer itself is read here; the calls that are made with it are made one at a time.
unsafe impl Sync for Userdata {}

impl Userdata {
    pub(super) fn new(pointer: *mut c_void, destroy: rr_destroy) -> Self {
        Userdata { pointer, destroy }
    }

    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the program gave the function for this pointer; this is the only call of it.
            unsafe { destroy(self.pointer) }
        }
    }
}
