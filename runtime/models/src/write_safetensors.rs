//! The writer of safetensors files.

use crate::bytes::publish;
use crate::tensor_views::{about, tensor_views};
use crate::{FormatError, Safetensors};
use ::safetensors::tensor::serialize_to_file;
use rlhf_core::model::Architecture;
use std::path::Path;

impl Safetensors {
    /// Writes the weights of a network, laid out as [`Architecture::tensors`], in f32 under Hugging
    /// Face's names. The file appears whole or not at all.
    ///
    /// # Errors
    /// `weights` has another length than the network; or the system's.
    pub fn write(path: &Path, architecture: &Architecture, weights: &[f32]) -> Result<(), FormatError> {
        let views = tensor_views(path, architecture, weights)?;
        serialize_to_file(views, about(), path)
            .map_err(|e| FormatError::content(path, "writing", e.to_string()))?;
        publish(path).map_err(|e| FormatError::io(path, e))
    }
}
