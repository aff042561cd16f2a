//! Tensors as the safetensors library takes them.

use crate::FormatError;
use ::safetensors::tensor::{Dtype, View};
use rlhf_core::model::{Architecture, Stored, stored};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// What a file says of itself.
pub(crate) type About = Option<HashMap<String, String>>;

/// The weights of a network, laid out as [`Architecture::tensors`], in f32 under Hugging Face's names, and what the file says of
/// itself. `path` appears in errors.
pub(crate) fn tensor_views<'a>(
    path: &Path,
    architecture: &Architecture,
    weights: &'a [f32],
) -> Result<(impl Iterator<Item = (String, F32<'a>)>, About), FormatError> {
    let tensors = stored(architecture, weights).map_err(|e| FormatError::checkpoint(path, e))?;
    // transformers refuses a file that does not say where its tensors come from.
    let about = HashMap::from([("format".to_string(), "pt".to_string())]);
    Ok((tensors.into_iter().map(|t| (t.name.clone(), F32(t))), Some(about)))
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
