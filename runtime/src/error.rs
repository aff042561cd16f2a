//! The errors of models at work and in training.

use crate::engine::EngineError;
use core::fmt;
use rlhf_models::FormatError;
use rlhf_train::TrainError;
use std::path::PathBuf;

/// An error of opening, using, training or saving a model.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{0}")]
    File(#[from] FormatError),
    /// The tokenizer has more ids than the model.
    #[error("{}: the tokenizer has {wanted} tokens, the model {has}: it is another model's", model.display())]
    Vocabulary {
        /// The model's file or folder.
        model: PathBuf,
        /// The model's number of token ids.
        has: usize,
        /// The tokenizer's number of token ids.
        wanted: usize,
    },
    /// A text leaves no room in the context, or does not fit at all.
    #[error("it needs {tokens} tokens, the model reads {context} at most: shorten it")]
    Context {
        /// The text's length in tokens; of a prompt, with the first token of a response.
        tokens: usize,
        /// The longest text that the model reads, in tokens.
        context: usize,
    },
    /// A prompt has no token, and this tokenizer has none that begins a text.
    #[error("the prompt is empty, and this tokenizer has no token to begin with")]
    Empty,
    /// A language model was used as a reward model.
    #[error("{}: it is a language model and gives no rewards: name a reward model, such as a run's folder `reward`", model.display())]
    NoScalarHead {
        /// The model's file or folder.
        model: PathBuf,
    },
    /// A reward model was used as a language model.
    #[error("{}: it is a reward model and writes nothing: name a language model, such as a run's folder `policy`", model.display())]
    RewardModel {
        /// The model's file or folder.
        model: PathBuf,
    },
    /// A reward model cannot be a scorer's file.
    #[error("it cannot be exported: {reason}")]
    Export {
        /// The reason.
        reason: String,
    },
    /// The engine refuses.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// Training failed, or was stopped by a guard.
    #[error("{0}")]
    Train(#[from] TrainError),
    /// The device has to be awaited, which a blocking call cannot do.
    #[error(
        "the device has to be awaited: use the trainers of `rlhf::train`, whose methods are asynchronous"
    )]
    Waited,
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<rlhf_core::Error> for Error {
    fn from(error: rlhf_core::Error) -> Self {
        Self::Engine(error.into())
    }
}

#[cfg(feature = "run")]
impl From<crate::engine::FileError> for Error {
    fn from(error: crate::engine::FileError) -> Self {
        match error {
            crate::engine::FileError::File(error) => error.into(),
            crate::engine::FileError::Engine(error) => error.into(),
        }
    }
}
