//! A model with its tokenizer.

use super::InferenceError;
use crate::engine::{ActionValues, Aligned, Device, Model, Scorer};
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_models::{Files, FormatError, Members, Opened, huggingface, tokenizer_in};
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

    fn of_file(path: &Path, device: &Device) -> Result<Self, InferenceError> {
        let opened = rlhf_models::open(path)?;
        if opened.architecture.scalar {
            return Ok(Self::Scores(Scorer::open(path, device)?));
        }
        Ok(Self::Writes(Box::new(model(opened, device)?.into())))
    }

    fn of_files(files: &Files, device: &Device) -> Result<Self, InferenceError> {
        let several = Members::read(files)?.is_some();
        let opened = if several { None } else { Some(huggingface::open(files)?) };
        match opened.filter(|opened| !opened.architecture.scalar) {
            None => Ok(Self::Scores(Scorer::open_in(files, device)?)),
            Some(opened) => {
                let model = model(opened, device)?;
                let values = ActionValues::open(files, &model)?;
                Ok(Self::Writes(Box::new(Aligned { model, values })))
            }
        }
    }
}

/// A language model on its device.
fn model(opened: Opened, device: &Device) -> Result<Model, InferenceError> {
    let (weights, _) = opened.weights(&opened.architecture)?;
    Ok(Model::from_weights(device, opened.architecture, weights)?)
}

impl Loaded {
    /// Opens a Hugging Face folder, llama2.c's `.bin`, or an ensemble of reward models as a run leaves
    /// it. Without a `tokenizer`, the folder's own: `tokenizer.rlhf`, which a run leaves there, or GPT-2's
    /// two files.
    ///
    /// # Errors
    /// [`InferenceError::File`] names the file, [`InferenceError::Vocabulary`] the model.
    pub fn open(path: &Path, tokenizer: Option<&Path>, device: &Device) -> Result<Self, InferenceError> {
        let folder = path.is_dir().then(|| Files::folder(path));
        let network = match &folder {
            Some(files) => Network::of_files(files, device)?,
            None => Network::of_file(path, device)?,
        };
        let tokenizer = match (tokenizer, &folder) {
            (Some(file), _) => rlhf_models::tokenizer(file)?,
            (None, Some(files)) => tokenizer_in(files)?,
            (None, None) => {
                let reason = "the file holds none: name one (--tokenizer)";
                return Err(FormatError::content(path, "tokenizer", reason).into());
            }
        };
        Self::new(path.into(), network, tokenizer)
    }

    /// Opens a model and its tokenizer from a folder's files, which may be in memory: what
    /// [`Self::open`] takes but for single files.
    ///
    /// ```
    /// # use rlhf::{engine::Device, inference::Loaded, models::Files};
    /// // In a browser the bytes come from `fetch`, in a program from `include_bytes!`.
    /// let files = Files::memory([("config.json", b"{}".as_slice())]);
    /// assert!(Loaded::open_in(&files, &Device::default()).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(files: &Files, device: &Device) -> Result<Self, InferenceError> {
        Self::new(files.root(), Network::of_files(files, device)?, tokenizer_in(files)?)
    }

    fn new(path: PathBuf, network: Network, tokenizer: AnyTokenizer) -> Result<Self, InferenceError> {
        let (wanted, has) = (tokenizer.vocabulary(), network.model().architecture().vocabulary);
        if wanted > has {
            return Err(InferenceError::Vocabulary { model: path, has, wanted });
        }
        Ok(Self { path, network, tokenizer })
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
}
