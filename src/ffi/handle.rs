//! Handles: how a value lives behind a pointer that a program holds. Owns the only way in and out.
//!
//! Any thread. Each handle opens with a magic word of its type and copy of the library, overwritten when it is freed,
//! so that a pointer to something else, or a second free, is told apart as long as that memory has not been used
//! again; and with a stamp of the process that made it. It never waits.

use std::sync::atomic::{AtomicU64, Ordering};

use super::guard;
use crate::error::{Error, ErrorKind, Result};

/// What a handle leads to. The pointers that C holds are `*mut Self` in name and `*mut Slot<Self>` in truth.
pub(super) trait Handle: Sized {
    /// Eight letters in memory, for whoever looks at it with a debugger.
    const MAGIC: [u8; 8];
    /// What messages call it.
    const NAME: &'static str;
    /// Does it lead to threads and sockets, which a forked child does not have?
    const BOUND_TO_PROCESS: bool = false;
}

/// The freed state of any handle.
const FREED: u64 = u64::from_ne_bytes(*b"rr_freed");

#[repr(C)]
struct Head {
    magic: AtomicU64,
    generation: u64,
}

#[repr(C)]
struct Slot<T> {
    head: Head,
    value: T,
}

fn magic<T: Handle>() -> u64 {
    u64::from_ne_bytes(T::MAGIC) ^ guard::copy_of_library()
}

/// Makes a handle for C to hold until it frees it.
pub(super) fn give<T: Handle>(value: T) -> Result<*mut T> {
    let generation = if T::BOUND_TO_PROCESS { guard::watch_forks()? } else { 0 };
    let head = Head { magic: AtomicU64::new(magic::<T>()), generation };
    Ok(Box::into_raw(Box::new(Slot { head, value })).cast())
}

/// Looks behind a handle for the length of a call.
///
/// # Safety
///
/// `handle` is NULL, a live handle, or points to 16 readable bytes.
pub(super) unsafe fn borrow<'a, T: Handle>(handle: *const T) -> Result<&'a T> {
    // SAFETY: the caller's contract.
    let head = unsafe { head(handle)? };
    if head.magic.load(Ordering::Relaxed) != magic::<T>() {
        return Err(not_one::<T>());
    }
    if T::BOUND_TO_PROCESS && !guard::same_process(head.generation) {
        let message = format!("this {} belongs to the parent process; make one in this process", T::NAME);
        return Err(Error::not_applied(ErrorKind::Forked, message));
    }
    // SAFETY: the magic word says that `give` made it, as a slot of this type, and that it was not freed.
    let slot = unsafe { &*handle.cast::<Slot<T>>() };
    Ok(&slot.value)
}

/// Ends a handle and gives back what it led to; nothing when there is nothing to end: NULL, freed already, not a
/// handle of this type, or made by the parent process.
///
/// # Safety
///
/// As for [`borrow`]; no other call is using the handle.
pub(super) unsafe fn take<T: Handle>(handle: *mut T) -> Option<T> {
    // SAFETY: the caller's contract.
    let head = unsafe { head(handle).ok()? };
    if T::BOUND_TO_PROCESS && !guard::same_process(head.generation) {
        return None;
    }
    head.magic.compare_exchange(magic::<T>(), FREED, Ordering::AcqRel, Ordering::Relaxed).ok()?;
    // SAFETY: the magic word says that `give` made it from a box of this type; nobody else can have taken it.
    let slot = unsafe { Box::from_raw(handle.cast::<Slot<T>>()) };
    Some(slot.value)
}

/// A handle that another object owns and only lends to C.
pub(super) struct Owned<T: Handle>(*mut T);

// SAFETY: it is a box of the value.
unsafe impl<T: Handle + Send> Send for Owned<T> {}
// SAFETY: it lends nothing but the value.
unsafe impl<T: Handle + Sync> Sync for Owned<T> {}

impl<T: Handle> Owned<T> {
    pub(super) fn new(value: T) -> Result<Self> {
        give(value).map(Owned)
    }

    pub(super) fn lend(&self) -> *const T {
        self.0
    }
}

impl<T: Handle> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: `give` made it, and C was lent it for no longer than this lives.
        drop(unsafe { take(self.0) });
    }
}

unsafe fn head<'a, T: Handle>(handle: *const T) -> Result<&'a Head> {
    if handle.is_null() {
        return Err(Error::new(ErrorKind::NullArgument, format!("{} is NULL", T::NAME)));
    }
    let head = handle.cast::<Head>();
    if !head.is_aligned() {
        return Err(not_one::<T>());
    }
    // SAFETY: not NULL, aligned, and readable by the caller's contract.
    Ok(unsafe { &*head })
}

fn not_one<T: Handle>() -> Error {
    Error::not_applied(ErrorKind::InvalidArgument, format!("this is not a {}, or no longer", T::NAME))
}
