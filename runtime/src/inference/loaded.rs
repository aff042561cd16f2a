//! A model with its tokenizer.

use super::InferenceError;
use crate::formats;
use crate::stage::Aligned;
use rlhf_core::maths::RewardScale;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_cpu::{Cpu, Model};
use std::path::{Path, PathBuf};

/// A model with its tokenizer, of a reward model what its scores are scaled by, and of ILQL's policy the
/// values that lead it.
pub struct Loaded {
    pub(super) path: PathBuf,
    pub(super) policy: Aligned,
    pub(super) tokenizer: AnyTokenizer,
    pub(super) scale: RewardScale,
}

impl Loaded {
    /// Opens a Hugging Face folder or llama2.c's `.bin`. Without a `tokenizer`, the folder's own:
    /// `tokenizer.rlhf`, which a run leaves there, or GPT-2's two files.
    ///
    /// # Errors
    /// [`InferenceError::File`] names the file, [`InferenceError::Vocabulary`] the model.
    pub fn open(path: &Path, tokenizer: Option<&Path>, cpu: &Cpu) -> Result<Self, InferenceError> {
        let opened = formats::open(path)?;
        let own = path.join("tokenizer.rlhf");
        let tokenizer = match tokenizer {
            Some(file) => formats::tokenizer(file)?,
            None if own.exists() => formats::tokenizer(&own)?,
            None if path.is_dir() => formats::tokenizer(path)?,
            None => {
                let reason = "the file holds none: name one (--tokenizer)";
                return Err(formats::FormatError::content(path, "tokenizer", reason).into());
            }
        };
        let architecture = opened.architecture.clone();
        let (wanted, has) = (tokenizer.vocabulary(), architecture.vocabulary);
        if wanted > has {
            return Err(InferenceError::Vocabulary { model: path.into(), has, wanted });
        }
        let (weights, _) = opened.weights(&architecture)?;
        let scale = if path.is_dir() { formats::scale(path)? } else { RewardScale::default() };
        let model = Model::from_weights(cpu, architecture, weights)?;
        let values = if path.is_dir() { formats::ActionValues::open(path, &model)? } else { None };
        Ok(Self { path: path.into(), policy: Aligned { model, values }, tokenizer, scale })
    }

    /// Whether it writes text.
    ///
    /// # Errors
    /// [`InferenceError::RewardModel`] if it gives rewards instead.
    pub fn writes(&self) -> Result<(), InferenceError> {
        let model = self.path.clone();
        if self.policy.model.architecture().scalar {
            Err(InferenceError::RewardModel { model })
        } else {
            Ok(())
        }
    }

    /// Whether it gives rewards.
    ///
    /// # Errors
    /// [`InferenceError::NoScalarHead`] if it writes text instead.
    pub fn scores(&self) -> Result<(), InferenceError> {
        let model = self.path.clone();
        if self.policy.model.architecture().scalar {
            Ok(())
        } else {
            Err(InferenceError::NoScalarHead { model })
        }
    }

    /// A text's tokens after the token that begins a text, where there is one.
    pub(super) fn begun(&self, text: &str) -> Vec<u32> {
        self.tokenizer.bos().into_iter().chain(self.tokenizer.encode(text)).collect()
    }
}
