//! A reward model with its tokenizer.

use crate::Error;
use crate::engine::{Device, Scorer};
use crate::language_model::tokenizer_of;
use crate::transcript::Transcripts;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_core::roles::Reward;
use rlhf_core::{Ragged, ready};
use rlhf_models::{Files, Members, huggingface, tokenizer_in};
use std::path::{Path, PathBuf};

/// A reward model with its tokenizer, or several models that score as one.
#[derive(Clone, Debug)]
pub struct RewardModel {
    scorer: Scorer,
    tokenizer: AnyTokenizer,
}

/// The worth of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Its reward, as PPO receives it.
    pub reward: f32,
    /// The standard deviation of an ensemble's rewards; `None` of one model.
    pub disagreement: Option<f64>,
    /// True if the prompt or the response was cut to what the model reads.
    pub cut: bool,
}

impl RewardModel {
    /// Joins a scorer and its tokenizer.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] where the tokenizer has more ids than the network.
    pub fn new(scorer: Scorer, tokenizer: impl Into<AnyTokenizer>) -> Result<Self, Error> {
        Self::joined(PathBuf::new(), scorer, tokenizer.into())
    }

    /// Opens a Hugging Face folder, or an ensemble as a run leaves it, with its tokenizer.
    ///
    /// # Errors
    /// [`Error::File`] names the file; [`Error::NoScalarHead`] and [`Error::Vocabulary`] name the model.
    pub fn open(folder: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        Self::open_with(folder, None, device)
    }

    /// Opens a folder or a single file with the tokenizer of another file or folder.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        path: impl AsRef<Path>,
        tokenizer: Option<&Path>,
        device: &Device,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        if path.is_dir() {
            scores(&Files::folder(path))?;
        } else if !rlhf_models::open(path)?.architecture.scalar {
            return Err(Error::NoScalarHead { model: path.into() });
        }
        Self::joined(path.into(), Scorer::open(path, device)?, tokenizer_of(path, tokenizer)?)
    }

    /// Opens a model and its tokenizer from a folder's files, which may be in memory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(files: &Files, device: &Device) -> Result<Self, Error> {
        scores(files)?;
        Self::joined(files.root(), Scorer::open_in(files, device)?, tokenizer_in(files)?)
    }

    fn joined(path: PathBuf, scorer: Scorer, tokenizer: AnyTokenizer) -> Result<Self, Error> {
        let (wanted, has) = (tokenizer.vocabulary(), scorer.model().architecture().vocabulary);
        if wanted > has {
            return Err(Error::Vocabulary { model: path, has, wanted });
        }
        Ok(Self { scorer, tokenizer })
    }

    /// Writes a Hugging Face folder with `reward.json`; of an ensemble, one for each model.
    ///
    /// # Errors
    /// [`Error::File`] names the file.
    #[cfg(feature = "run")]
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        Ok(self.scorer.save(folder.as_ref(), &self.tokenizer, |at, fill| fill(at))?)
    }

    /// Returns the networks that score.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// Returns its tokenizer.
    pub fn tokenizer(&self) -> &AnyTokenizer {
        &self.tokenizer
    }

    /// Scores a response to a prompt: the score after the token that ends it, by gain and bias, as PPO receives it.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn score(&mut self, prompt: &str, response: &str) -> Result<f32, Error> {
        self.judge(prompt, &[response])?.first().map(|worth| worth.reward).ok_or(Error::Empty)
    }

    /// Scores several responses to one prompt, in their order. Texts that are too long are cut as training cuts them,
    /// see [`Truncation::answers`](rlhf_data::Truncation::answers): all responses are to the same prompt.
    ///
    /// # Errors
    /// [`Error::Empty`] where there is no token to read, [`Error::Engine`] where the engine refuses.
    pub fn judge(&mut self, prompt: &str, responses: &[&str]) -> Result<Vec<Worth>, Error> {
        let mut transcripts = Transcripts::new(&self.tokenizer, self.scorer.model().architecture().context);
        let (prompt, responses) = transcripts.answers(prompt, responses);
        let cut = transcripts.take_counts().cut() > 0;
        let mut worth = Vec::with_capacity(responses.len());
        for response in responses {
            let tokens = [prompt.as_slice(), &response].concat();
            if tokens.is_empty() {
                return Err(Error::Empty);
            }
            let (mut reward, ends) = ([0.0], [tokens.len()]);
            let texts = Ragged::new(&tokens, &ends)?;
            ready(self.scorer.score(texts, &mut reward)).ok_or(Error::Waited)??;
            let seen = self.scorer.take_disagreement();
            let disagreement = (seen.texts > 0).then(|| seen.mean_deviation());
            worth.push(Worth { reward: reward[0], disagreement, cut });
        }
        Ok(worth)
    }
}

/// Refuses the folder of a language model.
fn scores(files: &Files) -> Result<(), Error> {
    if Members::read(files)?.is_none() && !huggingface::open(files)?.architecture.scalar {
        return Err(Error::NoScalarHead { model: files.root() });
    }
    Ok(())
}
