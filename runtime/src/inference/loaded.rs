//! A model with its tokenizer.

use super::InferenceError;
use crate::engine::{Device, Model};
use crate::formats;
use crate::stage::{Aligned, Scorer};
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use std::path::{Path, PathBuf};

/// A model that writes, with the values that lead it where it is ILQL's, or one that gives rewards, or several
/// that give them as one; with its tokenizer.
pub struct Loaded {
    pub(super) path: PathBuf,
    pub(super) network: Network,
    pub(super) tokenizer: AnyTokenizer,
}

/// What it does.
pub(super) enum Network {
    Writes(Box<Aligned>),
    Scores(Scorer),
}

impl Network {
    /// An ensemble's first.
    pub fn model(&self) -> &Model {
        match self {
            Self::Writes(policy) => &policy.model,
            Self::Scores(scorer) => scorer.model(),
        }
    }

    fn open(path: &Path, device: &Device) -> Result<Self, InferenceError> {
        if path.is_dir() && formats::Members::read(path)?.is_some() {
            return Ok(Self::Scores(Scorer::open(path, device)?));
        }
        let opened = formats::open(path)?;
        if opened.architecture.scalar {
            return Ok(Self::Scores(Scorer::open(path, device)?));
        }
        let (weights, _) = opened.weights(&opened.architecture)?;
        let model = Model::from_weights(device, opened.architecture, weights)?;
        let values = if path.is_dir() { formats::ActionValues::open(path, &model)? } else { None };
        Ok(Self::Writes(Box::new(Aligned { model, values })))
    }
}

impl Loaded {
    /// Opens a Hugging Face folder, llama2.c's `.bin`, or an ensemble of reward models as a run leaves
    /// it. Without a `tokenizer`, the folder's own: `tokenizer.rlhf`, which a run leaves there, or GPT-2's
    /// two files.
    ///
    /// # Errors
    /// [`InferenceError::File`] names the file, [`InferenceError::Vocabulary`] the model.
    pub fn open(path: &Path, tokenizer: Option<&Path>, device: &Device) -> Result<Self, InferenceError> {
        let network = Network::open(path, device)?;
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
        let (wanted, has) = (tokenizer.vocabulary(), network.model().architecture().vocabulary);
        if wanted > has {
            return Err(InferenceError::Vocabulary { model: path.into(), has, wanted });
        }
        Ok(Self { path: path.into(), network, tokenizer })
    }

    /// Whether it writes text.
    ///
    /// # Errors
    /// [`InferenceError::RewardModel`] if it gives rewards instead.
    pub fn writes(&self) -> Result<(), InferenceError> {
        match self.network {
            Network::Writes(_) => Ok(()),
            Network::Scores(_) => Err(InferenceError::RewardModel { model: self.path.clone() }),
        }
    }

    /// Whether it gives rewards.
    ///
    /// # Errors
    /// [`InferenceError::NoScalarHead`] if it writes text instead.
    pub fn scores(&self) -> Result<(), InferenceError> {
        match self.network {
            Network::Scores(_) => Ok(()),
            Network::Writes(_) => Err(InferenceError::NoScalarHead { model: self.path.clone() }),
        }
    }

    /// A text's tokens after the token that begins a text, where there is one.
    pub(super) fn begun(&self, text: &str) -> Vec<u32> {
        self.tokenizer.bos().into_iter().chain(self.tokenizer.encode(text)).collect()
    }
}
