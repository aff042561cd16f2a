//! The writer of plain lists of numbers, into safetensors files.

use crate::FormatError;
use crate::bytes::publish;
use ::safetensors::tensor::{Dtype, View, serialize_to_file};
use std::borrow::Cow;
use std::path::Path;

/// Writes lists of f32 under their names.
///
/// # Errors
/// [`FormatError`] names the file.
pub fn write_numbers(path: &Path, lists: &[(&str, &[f32])]) -> Result<(), FormatError> {
    let views = lists.iter().map(|(name, numbers)| (*name, List { shape: [numbers.len()], numbers }));
    serialize_to_file(views, None, path).map_err(|e| FormatError::content(path, "writing", e.to_string()))?;
    publish(path).map_err(|e| FormatError::io(path, e))
}

struct List<'a> {
    shape: [usize; 1],
    numbers: &'a [f32],
}

impl View for List<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        4 * self.numbers.len()
    }
}
