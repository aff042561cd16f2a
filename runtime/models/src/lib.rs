//! Model files of other programs, as implementations of [`Checkpoint`](rlhf_core::model::Checkpoint).
//!
//! [`open`] takes a Hugging Face folder or a llama2.c `.bin` and describes its network;
//! [`Opened::weights`] reads it for that network or for the same one with a scalar head.
//! [`huggingface::save`] writes a folder that transformers loads, `save_model` one with its tokenizer.
//!
//! ```
//! use rlhf_core::model::Architecture;
//! use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
//! # #[cfg(feature = "write")] {
//! let folder = tempfile::tempdir().unwrap();
//! let architecture = Architecture::gpt2(Bytes.vocabulary(), 32, 8, 1, 2);
//! let weights = vec![0.1; architecture.parameters()];
//! rlhf_models::save_model(folder.path(), &architecture, &weights, &Bytes.into())?;
//!
//! let opened = rlhf_models::open(folder.path())?;
//! assert_eq!(opened.architecture, architecture);
//! assert_eq!(opened.weights(&architecture)?.0, weights);
//! assert_eq!(rlhf_models::tokenizer(folder.path())?, Bytes.into());
//! # }
//! # Ok::<(), rlhf_models::FormatError>(())
//! ```

mod bytes;
mod encode_model;
mod ends;
mod error;
mod files;
pub mod huggingface;
mod llama2c;
mod numbers;
mod opened;
mod safetensors;
mod scoring;
mod tensor_views;
mod vocabulary;
mod weights;
#[cfg(feature = "write")]
mod write_model;
#[cfg(feature = "write")]
mod write_numbers;
#[cfg(feature = "write")]
mod write_safetensors;

pub use bytes::read_at_most;
#[cfg(feature = "write")]
pub use bytes::{write_json, write_streamed, write_whole};
pub use encode_model::encode_model;
pub use error::FormatError;
pub use files::Files;
pub use llama2c::Llama2c;
pub use numbers::read_numbers;
pub use opened::Opened;
pub use safetensors::Safetensors;
pub use scoring::{Members, Scoring, StepRule};
#[cfg(feature = "write")]
pub use vocabulary::{save_tokenizer, save_tokenizer_in};
pub use vocabulary::{tokenizer, tokenizer_in};
pub use weights::weights_sha256;
#[cfg(feature = "write")]
pub use write_model::save_model;
#[cfg(feature = "write")]
pub use write_numbers::write_numbers;

use std::path::Path;

/// Opens a Hugging Face folder, or a llama2.c `.bin` file.
///
/// # Errors
/// Names the file and the field that is missing, damaged or not supported.
pub fn open(path: &Path) -> Result<Opened, FormatError> {
    if path.is_dir() {
        return huggingface::open(&Files::folder(path));
    }
    let file = Llama2c::open(path)?;
    let architecture = file.architecture().clone();
    Ok(Opened { path: path.into(), architecture, checkpoint: Box::new(file), names: Vec::new() })
}
