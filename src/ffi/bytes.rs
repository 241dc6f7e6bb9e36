//! Pointers in: text, arguments and option structs of C as borrowed Rust values; and places to write results to.
//!
//! Runs on the caller's thread; what it returns lives no longer than the call. It copies no argument.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::size_of;
use std::time::Duration;

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};

/// The arguments of a command, the first being its name.
pub(super) type Arguments<'a> = SmallVec<[&'a [u8]; 16]>;

/// More than Redis takes; what is above it is an uninitialised variable.
const MAX_ARGUMENTS: usize = i32::MAX as usize;
const MAX_LENGTH: usize = isize::MAX as usize;
/// No struct of this interface comes near; what is above it is an uninitialised variable.
const MAX_STRUCT_SIZE: usize = 4096;

pub(super) fn null(name: &str) -> Error {
    Error::not_applied(ErrorKind::NullArgument, format!("{name} is NULL"))
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::not_applied(ErrorKind::InvalidArgument, message)
}

/// A place for a result, cleared.
///
/// # Safety
///
/// `place` is NULL or writable.
pub(super) unsafe fn out<'a, T>(place: *mut *mut T, name: &str) -> Result<&'a mut *mut T> {
    // SAFETY: the caller's contract.
    unsafe { optional_out(place) }.ok_or_else(|| null(name))
}

/// A place for a result that need not be given, cleared.
///
/// # Safety
///
/// `place` is NULL or writable.
pub(super) unsafe fn optional_out<'a, T>(place: *mut *mut T) -> Option<&'a mut *mut T> {
    if place.is_null() {
        return None;
    }
    // SAFETY: not NULL, so writable by the caller's contract; it need not be initialised for this.
    unsafe { place.write(std::ptr::null_mut()) };
    // SAFETY: not NULL and initialised above.
    Some(unsafe { &mut *place })
}

/// A place for a number, cleared.
///
/// # Safety
///
/// `place` is NULL or writable.
pub(super) unsafe fn number_out<'a, T: From<u8>>(place: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller's contract.
    unsafe { optional_number_out(place) }.ok_or_else(|| null(name))
}

/// A place for a number that need not be given, cleared.
///
/// # Safety
///
/// `place` is NULL or writable.
pub(super) unsafe fn optional_number_out<'a, T: From<u8>>(place: *mut T) -> Option<&'a mut T> {
    if place.is_null() {
        return None;
    }
    // SAFETY: not NULL, so writable by the caller's contract; it need not be initialised for this.
    unsafe { place.write(T::from(0)) };
    // SAFETY: not NULL and initialised above.
    Some(unsafe { &mut *place })
}

/// Text that ends with a NUL.
///
/// # Safety
///
/// `text` is NULL or ends with a NUL.
pub(super) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and the caller's contract.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| invalid(format!("{name} is not UTF-8")))
}

/// Text for C to read. A NUL inside cannot be told from its end: it becomes a question mark.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "?")).unwrap_or_default())
}

/// Milliseconds, not negative.
pub(super) fn milliseconds(value: i64, name: &str) -> Result<Duration> {
    let value = u64::try_from(value).map_err(|_| invalid(format!("{name} is negative")))?;
    Ok(Duration::from_millis(value))
}

/// The time limit of an option struct; 0 is none of its own.
pub(super) fn time_limit(timeout_ms: i64) -> Result<Option<Duration>> {
    let timeout = milliseconds(timeout_ms, "options->timeout_ms")?;
    Ok((!timeout.is_zero()).then_some(timeout))
}

/// The flags and the reserved field of an option struct: fails for what this version does not know.
pub(super) fn check_flags(flags: u32, known: u32, reserved: u32) -> Result<()> {
    if flags & !known != 0 || reserved != 0 {
        return Err(invalid("options has a flag that this version of the library does not know"));
    }
    Ok(())
}

/// A command as an array of pointers, with their lengths or, where `lengths` is NULL, each up to its NUL.
///
/// # Safety
///
/// `argv` and `lengths` are NULL or hold `argc` entries; each entry of `argv` is NULL or as long as its length says.
#[inline]
pub(super) unsafe fn arguments<'a>(
    into: &mut Arguments<'a>,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
) -> Result<()> {
    check_count(argc)?;
    // SAFETY: the caller's contract.
    unsafe { strings(into, argc, argv, lengths, "argv")? };
    check_name(into)
}

/// Any number of strings, given in the same way; none may be NULL.
///
/// # Safety
///
/// As for [`arguments`].
#[inline]
pub(super) unsafe fn strings<'a>(
    into: &mut Arguments<'a>,
    count: usize,
    pointers: *const *const c_char,
    lengths: *const usize,
    name: &str,
) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    if count > MAX_ARGUMENTS {
        return Err(invalid(format!("there are {count} entries in {name}")));
    }
    if pointers.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and the caller's contract.
    let pointers = unsafe { std::slice::from_raw_parts(pointers, count) };
    if lengths.is_null() {
        // SAFETY: the caller's contract.
        return collect(into, pointers.iter().enumerate().map(|(i, pointer)| unsafe { terminated(*pointer, name, i) }));
    }
    // SAFETY: not NULL, and the caller's contract.
    let lengths = unsafe { std::slice::from_raw_parts(lengths, count) };
    let pairs = pointers.iter().zip(lengths).enumerate();
    // SAFETY: the caller's contract.
    collect(into, pairs.map(|(i, (pointer, length))| unsafe { entry(pointer.cast(), *length, name, i) }))
}

/// Names of which there has to be one.
///
/// # Safety
///
/// As for [`arguments`].
pub(super) unsafe fn names<'a>(
    count: usize,
    names: *const *const c_char,
    lengths: *const usize,
) -> Result<Arguments<'a>> {
    if count == 0 {
        return Err(invalid("count is 0: give at least one name"));
    }
    let mut into = Arguments::new();
    // SAFETY: the caller's contract.
    unsafe { strings(&mut into, count, names, lengths, "names")? };
    Ok(into)
}

/// A command as one run of bytes, cut into arguments by their lengths.
///
/// # Safety
///
/// `lengths` is NULL or holds `argc` entries; `bytes` is NULL or as long as their sum.
pub(super) unsafe fn packed<'a>(
    into: &mut Arguments<'a>,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
) -> Result<()> {
    check_count(argc)?;
    // SAFETY: the caller's contract.
    unsafe { packed_strings(into, argc, bytes, lengths)? };
    check_name(into)
}

/// Any number of strings, given in the same way.
///
/// # Safety
///
/// As for [`packed`].
#[inline]
pub(super) unsafe fn packed_strings<'a>(
    into: &mut Arguments<'a>,
    argc: usize,
    bytes: *const c_void,
    lengths: *const usize,
) -> Result<()> {
    if argc == 0 {
        return Ok(());
    }
    if lengths.is_null() {
        return Err(null("lengths"));
    }
    if argc > MAX_ARGUMENTS {
        return Err(invalid(format!("argc is {argc}")));
    }
    // SAFETY: not NULL, and the caller's contract.
    let lengths = unsafe { std::slice::from_raw_parts(lengths, argc) };
    let total = lengths.iter().try_fold(0_usize, |sum, length| sum.checked_add(*length));
    let total = total.ok_or_else(|| invalid("the lengths add up to more than memory holds"))?;
    if bytes.is_null() && total > 0 {
        return Err(null("bytes"));
    }
    // SAFETY: the caller's contract.
    let mut rest = unsafe { measured(bytes.cast(), total, "bytes")? };
    let cut = |length: &usize| {
        let (argument, after) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
        rest = after;
        Ok(argument)
    };
    collect(into, lengths.iter().map(cut))
}

fn check_count(argc: usize) -> Result<()> {
    match argc {
        0 => Err(invalid("argc is 0: a command has a name")),
        1..=MAX_ARGUMENTS => Ok(()),
        _ => Err(invalid(format!("argc is {argc}"))),
    }
}

/// Filled where they stay: to move them costs more than to fill them.
#[inline]
fn collect<'a>(into: &mut Arguments<'a>, arguments: impl ExactSizeIterator<Item = Result<&'a [u8]>>) -> Result<()> {
    into.reserve(arguments.len());
    for argument in arguments {
        into.push(argument?);
    }
    Ok(())
}

#[inline]
fn check_name(arguments: &Arguments<'_>) -> Result<()> {
    if arguments.first().is_none_or(|name| name.is_empty()) {
        return Err(invalid("the command's name is empty"));
    }
    Ok(())
}

unsafe fn terminated<'a>(pointer: *const c_char, name: &str, index: usize) -> Result<&'a [u8]> {
    if pointer.is_null() {
        return Err(null(&format!("{name}[{index}]")));
    }
    // SAFETY: not NULL, and the caller's contract.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

unsafe fn entry<'a>(pointer: *const u8, length: usize, name: &str, index: usize) -> Result<&'a [u8]> {
    if length > 0 && (pointer.is_null() || length > MAX_LENGTH) {
        // Only now, because most have no need of it.
        let name = format!("{name}[{index}]");
        // SAFETY: it fails before it reads.
        return unsafe { measured(pointer, length, &name) };
    }
    // SAFETY: the caller's contract.
    unsafe { measured(pointer, length, name) }
}

/// Bytes of any kind; with length 0 the pointer is not looked at.
///
/// # Safety
///
/// `pointer` is NULL or leads to `length` bytes.
#[inline]
pub(super) unsafe fn measured<'a>(pointer: *const u8, length: usize, name: &str) -> Result<&'a [u8]> {
    match length {
        0 => Ok(&[]),
        _ if pointer.is_null() => Err(null(name)),
        // SAFETY: not NULL, no longer than memory, and the caller's contract.
        1..=MAX_LENGTH => Ok(unsafe { std::slice::from_raw_parts(pointer, length) }),
        _ => Err(invalid(format!("the length of {name} is {length}"))),
    }
}

/// A struct of C's that opens with its own size, so that it can grow.
///
/// # Safety
///
/// `repr(C)`, without padding, plain numbers, the first of them a `usize`: the size. So any bytes make a valid one.
pub(super) unsafe trait Extensible: Copy + Default {}

/// Reads a struct that may have been compiled against an older or a newer header than this library: what is missing is
/// zero, and what this library does not know must be zero. NULL is all zero.
///
/// # Safety
///
/// `place` is NULL or points to as many bytes as its first field says.
pub(super) unsafe fn read_struct<T: Extensible>(place: *const T, name: &str) -> Result<T> {
    let mut value = T::default();
    if place.is_null() {
        return Ok(value);
    }
    // SAFETY: not NULL, and the caller's contract.
    let size = unsafe { struct_size(place.cast(), name)? };
    // SAFETY: the caller's contract.
    let given = unsafe { std::slice::from_raw_parts(place.cast::<u8>(), size) };
    if given.iter().skip(size_of::<T>()).any(|byte| *byte != 0) {
        let message = format!("{name} asks for something that this version of the library does not know");
        return Err(Error::not_applied(ErrorKind::Unsupported, message));
    }
    // SAFETY: any bytes make a valid value of the type; the copy ends where either of the two does.
    unsafe { std::ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut value).cast(), size.min(size_of::<T>())) };
    Ok(value)
}

/// Takes hold of a struct to be filled, and clears all of it but its size.
///
/// # Safety
///
/// `place` is NULL or points to as many writable bytes as its first field says.
pub(super) unsafe fn struct_out<'a, T: Extensible>(place: *mut T, name: &str) -> Result<StructOut<'a>> {
    if place.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and the caller's contract.
    let size = unsafe { struct_size(place.cast(), name)? };
    // SAFETY: the struct begins with its size, so the rest is this long.
    let rest = unsafe { place.cast::<u8>().add(SIZE_FIELD) };
    // SAFETY: the same.
    unsafe { rest.write_bytes(0, size - SIZE_FIELD) };
    // SAFETY: the same; initialised above.
    Ok(StructOut(unsafe { std::slice::from_raw_parts_mut(rest, size - SIZE_FIELD) }))
}

/// A struct of C's behind its size field.
pub(super) struct StructOut<'a>(&'a mut [u8]);

impl StructOut<'_> {
    /// Fills it as far as it reaches.
    pub(super) fn fill<T: Extensible>(self, value: &T) {
        // SAFETY: the type has no padding.
        let bytes = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) };
        self.0.iter_mut().zip(bytes.iter().skip(SIZE_FIELD)).for_each(|(to, from)| *to = *from);
    }
}

const SIZE_FIELD: usize = size_of::<usize>();

unsafe fn struct_size(place: *const usize, name: &str) -> Result<usize> {
    if !place.is_aligned() {
        return Err(invalid(format!("{name} is not aligned")));
    }
    // SAFETY: not NULL and readable by the caller's contract, aligned as checked.
    match unsafe { *place } {
        size @ SIZE_FIELD..=MAX_STRUCT_SIZE => Ok(size),
        size => Err(invalid(format!("{name}->struct_size is {size}: set it to sizeof *{name}"))),
    }
}
