//! Pointers from C.

use crate::rlhf_code;
use std::ffi::c_char;

/// Memory that C points to; of nothing, null will do.
///
/// # Safety
/// `start` has `len` elements that nobody changes meanwhile, or is null.
pub unsafe fn slice<'a, T>(start: *const T, len: usize) -> Option<&'a [T]> {
    if len == 0 {
        return Some(&[]);
    }
    if start.is_null() || !start.is_aligned() || len > isize::MAX as usize / size_of::<T>() {
        return None;
    }
    // SAFETY: as the caller's; the rest was looked at.
    Some(unsafe { std::slice::from_raw_parts(start, len) })
}

/// Text that C points to.
///
/// # Safety
/// As [`slice`].
pub unsafe fn text<'a>(start: *const c_char, len: usize) -> Result<&'a str, rlhf_code> {
    // SAFETY: as the caller's.
    let bytes = unsafe { slice(start.cast::<u8>(), len) }.ok_or(rlhf_code::Null)?;
    std::str::from_utf8(bytes).map_err(|_| rlhf_code::Utf8)
}
