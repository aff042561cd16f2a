//! The writer of safetensors files.

use crate::bytes::publish;
use crate::{FormatError, Safetensors};
use ::safetensors::tensor::{Dtype, View, serialize_to_file};
use rlhf_core::model::{Architecture, Stored, stored};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

impl Safetensors {
    /// Writes the weights of a network, laid out as [`Architecture::tensors`], in f32 under Hugging
    /// Face's names. The file appears whole or not at all.
    ///
    /// # Errors
    /// `weights` has another length than the network; or the system's.
    pub fn write(path: &Path, architecture: &Architecture, weights: &[f32]) -> Result<(), FormatError> {
        let tensors = stored(architecture, weights).map_err(|e| FormatError::checkpoint(path, e))?;
        let views = tensors.into_iter().map(|t| (t.name.clone(), F32(t)));
        // transformers refuses a file that does not say where its tensors come from.
        let about = HashMap::from([("format".to_string(), "pt".to_string())]);
        serialize_to_file(views, Some(about), path)
            .map_err(|e| FormatError::content(path, "writing", e.to_string()))?;
        publish(path).map_err(|e| FormatError::io(path, e))
    }
}

/// A tensor about to be written.
struct F32<'a>(Stored<'a>);

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
