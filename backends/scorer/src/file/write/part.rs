//! The parts of a file.

use crate::file::ALIGNMENT;
use alloc::vec::Vec;

/// Appends a part, and zeros up to the next multiple of 16.
pub(super) fn append(file: &mut Vec<u8>, part: &[u8]) {
    file.extend_from_slice(part);
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
}
