//! Model files of other programs, as implementations of [`Checkpoint`].
//!
//! [`open`] takes a Hugging Face folder or a llama2.c `.bin` and says what network it holds;
//! [`Opened::weights`] reads it for that network or for the same one with a scalar head.
//! [`huggingface::save`] writes a folder that transformers loads.

mod bytes;
mod error;
pub mod huggingface;
mod llama2c;
mod model;
mod numbers;
mod safetensors;
mod scoring;
mod values;
mod vocabulary;

pub(crate) use bytes::{read_at_most, write_streamed};
pub use bytes::{write_json, write_whole};
pub use error::FormatError;
pub use llama2c::Llama2c;
pub use model::{save_model, weights_sha256};
pub(crate) use numbers::{read_numbers, write_numbers};
pub use safetensors::Safetensors;
pub use scoring::{Members, Scoring, StepRule};
pub use values::ActionValues;
pub use vocabulary::{save_tokenizer, tokenizer};

use rlhf_core::model::{Architecture, Checkpoint, flat};
use std::path::{Path, PathBuf};

/// A model file that has been opened and understood, its weights not yet read.
pub struct Opened {
    /// Where it is.
    pub path: PathBuf,
    /// The network that it holds. Its dropout is 0: that is the trainer's choice.
    pub architecture: Architecture,
    /// Its tensors, under Hugging Face's names.
    pub checkpoint: Box<dyn Checkpoint>,
}

/// Opens a Hugging Face folder, or a llama2.c `.bin` file.
///
/// # Errors
/// Names the file and the field that is missing, damaged or not supported.
pub fn open(path: &Path) -> Result<Opened, FormatError> {
    if path.is_dir() {
        return huggingface::open(path);
    }
    let file = Llama2c::open(path)?;
    Ok(Opened { path: path.into(), architecture: file.architecture().clone(), checkpoint: Box::new(file) })
}

impl Opened {
    /// The weights for `architecture`, usually [`Self::architecture`] or the same
    /// [`Architecture::with_scalar`], and the tensors that the file does not hold; see
    /// [`rlhf_core::model::flat`].
    ///
    /// # Errors
    /// Names the file and the tensor.
    pub fn weights(&self, architecture: &Architecture) -> Result<(Vec<f32>, Vec<String>), FormatError> {
        flat(architecture, self.checkpoint.as_ref())
            .map_err(|error| FormatError::checkpoint(&self.path, error))
    }
}
