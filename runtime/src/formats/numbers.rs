//! Plain lists of numbers in a safetensors file.

use super::bytes::publish;
use super::{FormatError, Safetensors};
use ::safetensors::tensor::{Dtype, View, serialize_to_file};
use rlhf_core::model::Checkpoint;
use std::borrow::Cow;
use std::path::Path;

/// Writes lists of f32 under their names.
///
/// # Errors
/// [`FormatError`] names the file.
pub(crate) fn write_numbers(path: &Path, lists: &[(&str, &[f32])]) -> Result<(), FormatError> {
    let views = lists.iter().map(|(name, numbers)| (*name, List { shape: [numbers.len()], numbers }));
    serialize_to_file(views, None, path).map_err(|e| FormatError::content(path, "writing", e.to_string()))?;
    publish(path).map_err(|e| FormatError::io(path, e))
}

/// Reads the list of this name: `len` numbers, or none.
///
/// # Errors
/// [`FormatError`] names the file and the list.
pub(crate) fn read_numbers(
    file: &Safetensors,
    path: &Path,
    name: &str,
    len: usize,
) -> Result<Vec<f32>, FormatError> {
    let shape = file.shape(name);
    if shape.as_deref() == Some(&[0]) {
        return Ok(Vec::new());
    }
    if shape.as_deref() != Some(&[len]) {
        let reason = format!("want {len} numbers, got shape {shape:?}: it is another network's");
        return Err(FormatError::content(path, format!("list {name:?}"), reason));
    }
    let mut out = vec![0.0; len];
    file.read(name, &mut out).map_err(|e| FormatError::checkpoint(path, e))?;
    Ok(out)
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
