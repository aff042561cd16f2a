//! Why a model does not serve.

use crate::engine::EngineError;
use core::fmt;
use rlhf_models::FormatError;
use std::path::PathBuf;

/// Why a model does not serve, or a text does not fit it.
#[derive(Debug)]
#[non_exhaustive]
pub enum InferenceError {
    /// A file.
    File(FormatError),
    /// The tokenizer has more ids than the model.
    Vocabulary {
        /// The model.
        model: PathBuf,
        /// Its number of ids.
        has: usize,
        /// The tokenizer's.
        wanted: usize,
    },
    /// A text that leaves no room, or does not fit at all.
    Context {
        /// Its length, in tokens; of a prompt, with the first token of a response.
        tokens: usize,
        /// What the model reads, in tokens.
        context: usize,
    },
    /// A prompt without a token, for a tokenizer that begins no text by itself.
    Empty,
    /// A language model was asked for a reward.
    NoScalarHead {
        /// The model.
        model: PathBuf,
    },
    /// A reward model was asked for text, and has no language head that was trained to.
    RewardModel {
        /// The model.
        model: PathBuf,
    },
    /// The engine refuses.
    Engine(EngineError),
    /// The engine had to wait where none was to be waited for.
    Waited,
}

impl fmt::Display for InferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Vocabulary { model, has, wanted } => write!(
                f,
                "{}: the tokenizer has {wanted} tokens, the model {has}: it is another model's",
                model.display()
            ),
            Self::Context { tokens, context } => {
                write!(f, "it needs {tokens} tokens, the model reads {context} at most: shorten it")
            }
            Self::Empty => f.write_str("the prompt is empty, and this tokenizer has no token to begin with"),
            Self::NoScalarHead { model } => write!(
                f,
                "{}: it is a language model and gives no rewards: name a reward model, such as a run's folder `reward`",
                model.display()
            ),
            Self::RewardModel { model } => write!(
                f,
                "{}: it is a reward model and writes nothing: name a language model, such as a run's folder `policy`",
                model.display()
            ),
            Self::Engine(error) => error.fmt(f),
            Self::Waited => f.write_str("the backend has to wait for its device"),
        }
    }
}

impl core::error::Error for InferenceError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Engine(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FormatError> for InferenceError {
    fn from(error: FormatError) -> Self {
        Self::File(error)
    }
}

impl From<EngineError> for InferenceError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<rlhf_core::Error> for InferenceError {
    fn from(error: rlhf_core::Error) -> Self {
        Self::Engine(error.into())
    }
}
