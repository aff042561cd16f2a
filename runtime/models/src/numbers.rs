//! Plain lists of numbers in a safetensors file.

use crate::{FormatError, Safetensors};
use rlhf_core::model::Checkpoint;
use std::path::Path;

/// Reads the list of this name: `len` numbers, or none.
///
/// # Errors
/// [`FormatError`] names the file and the list.
pub fn read_numbers(
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
