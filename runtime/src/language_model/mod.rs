//! A language model with its tokenizer: text in, text out.

mod align;
mod generate;
mod learn;

pub use align::OnPrompts;
pub use generate::{Response, Writing};

use crate::Error;
use crate::engine::{ActionValues, Aligned, Device, Model};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_models::{Files, FormatError, Members, Opened, huggingface, tokenizer_in};
use std::path::{Path, PathBuf};

/// A language model with its tokenizer.
///
/// ```no_run
/// use rlhf::prelude::*;
/// # fn main() -> rlhf::Result<()> {
/// let mut policy = LanguageModel::open("runs/real/policy", &Device::default())?;
/// for response in policy.generate("Once upon a time", &Writing::default())? {
///     println!("{}", response.text);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LanguageModel {
    policy: Aligned,
    tokenizer: AnyTokenizer,
}

impl LanguageModel {
    /// Makes a network with random weights, the same for the same seed.
    ///
    /// # Errors
    /// [`Error::Engine`] names the field of the architecture that does not fit; [`Error::Vocabulary`] where the
    /// tokenizer has more ids than the network.
    pub fn random(
        device: &Device,
        architecture: Architecture,
        tokenizer: impl Into<AnyTokenizer>,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::new(Model::random(device, architecture, seed)?, tokenizer)
    }

    /// Joins a network and its tokenizer.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] where the tokenizer has more ids than the network.
    pub fn new(model: Model, tokenizer: impl Into<AnyTokenizer>) -> Result<Self, Error> {
        Self::joined(PathBuf::new(), model.into(), tokenizer.into())
    }

    /// Opens a Hugging Face folder with its tokenizer: `tokenizer.rlhf`, which a run leaves there, or GPT-2's two
    /// files.
    ///
    /// # Errors
    /// [`Error::File`] names the file; [`Error::RewardModel`] and [`Error::Vocabulary`] name the model.
    pub fn open(folder: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        Self::open_with(folder, None, device)
    }

    /// Opens a Hugging Face folder, or llama2.c's `.bin`, with the tokenizer of another file or folder.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        path: impl AsRef<Path>,
        tokenizer: Option<&Path>,
        device: &Device,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let policy = match path.is_dir() {
            true => policy(&Files::folder(path), device)?,
            false => network(path, rlhf_models::open(path)?, device)?.into(),
        };
        Self::joined(path.into(), policy, tokenizer_of(path, tokenizer)?)
    }

    /// Opens a model and its tokenizer from a folder's files, which may be in memory.
    ///
    /// ```
    /// # use rlhf::{LanguageModel, engine::Device, models::Files};
    /// // In a browser the bytes come from `fetch`, in a program from `include_bytes!`.
    /// let files = Files::memory([("config.json", b"{}".as_slice())]);
    /// assert!(LanguageModel::open_in(&files, &Device::default()).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(files: &Files, device: &Device) -> Result<Self, Error> {
        let policy = policy(files, device)?;
        Self::joined(files.root(), policy, tokenizer_in(files)?)
    }

    fn joined(path: PathBuf, policy: Aligned, tokenizer: AnyTokenizer) -> Result<Self, Error> {
        let (wanted, has) = (tokenizer.vocabulary(), policy.model.architecture().vocabulary);
        if wanted > has {
            return Err(Error::Vocabulary { model: path, has, wanted });
        }
        Ok(Self { policy, tokenizer })
    }

    /// Writes a Hugging Face folder, with the tokenizer beside the network as `tokenizer.rlhf`, and ILQL's values
    /// where the model has some.
    ///
    /// # Errors
    /// [`Error::File`] names the file.
    #[cfg(feature = "run")]
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let folder = folder.as_ref();
        self.policy.model.save(folder, &self.tokenizer)?;
        if let Some(values) = &self.policy.values {
            values.save(folder)?;
        }
        Ok(())
    }

    /// Returns the network.
    pub fn model(&self) -> &Model {
        &self.policy.model
    }

    /// Returns the tokenizer.
    pub fn tokenizer(&self) -> &AnyTokenizer {
        &self.tokenizer
    }
}

/// Opens the policy of a folder.
fn policy(files: &Files, device: &Device) -> Result<Aligned, Error> {
    if Members::read(files)?.is_some() {
        return Err(Error::RewardModel { model: files.root() });
    }
    let model = network(&files.root(), huggingface::open(files)?, device)?;
    let values = ActionValues::open(files, &model)?;
    Ok(Aligned { model, values })
}

/// Puts a language model on its device.
fn network(path: &Path, opened: Opened, device: &Device) -> Result<Model, Error> {
    if opened.architecture.scalar {
        return Err(Error::RewardModel { model: path.into() });
    }
    let (weights, _) = opened.weights(&opened.architecture)?;
    Ok(Model::from_weights(device, opened.architecture, weights)?)
}

/// Opens a tokenizer: the one that is named, or the model folder's own.
pub(crate) fn tokenizer_of(model: &Path, named: Option<&Path>) -> Result<AnyTokenizer, Error> {
    match named {
        Some(path) => Ok(rlhf_models::tokenizer(path)?),
        None if model.is_dir() => Ok(tokenizer_in(&Files::folder(model))?),
        None => {
            let reason = "the file holds none: name one (--tokenizer)";
            Err(FormatError::content(model, "tokenizer", reason).into())
        }
    }
}
