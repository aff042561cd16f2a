//! Tensors as the safetensors library takes them.

use crate::FormatError;
use ::safetensors::tensor::{Dtype, View};
use rlhf_core::model::{Architecture, Stored, stored};
use std::borrow::Cow;
use std::path::Path;

/// Metadata of a file: transformers refuses one that does not say where its tensors come from. The map is the standard library's
/// or, without it, another.
pub(crate) fn about<M: FromIterator<(String, String)>>() -> Option<M> {
    Some(M::from_iter([("format".to_string(), "pt".to_string())]))
}

/// The weights of a network, laid out as [`Architecture::tensors`], in f32 under Hugging Face's names. `path` appears in errors.
pub(crate) fn tensor_views<'a>(
    path: &Path,
    architecture: &Architecture,
    weights: &'a [f32],
) -> Result<impl Iterator<Item = (String, F32<'a>)>, FormatError> {
    let tensors = stored(architecture, weights).map_err(|e| FormatError::checkpoint(path, e))?;
    Ok(tensors.into_iter().map(|t| (t.name.clone(), F32(t))))
}

/// A tensor about to be written.
pub(crate) struct F32<'a>(Stored<'a>);

impl View for F32<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.0.values().iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        4 * self.0.shape.iter().product::<usize>()
    }
}
