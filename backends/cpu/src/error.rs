//! What the engine refuses.

use alloc::string::String;
use core::fmt;
use rlhf_core::Error;
use rlhf_core::model::CheckpointError;

/// Why the engine refuses.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CpuError {
    /// An objective's or an architecture's error.
    Core(Error),
    /// A token id that the network does not have.
    Token {
        /// Its place in the batch.
        position: usize,
        /// The id.
        token: u32,
        /// How many ids there are.
        vocabulary: usize,
    },
    /// A sequence that is longer than the network's context, or a prompt that fills it.
    Context {
        /// The sequence.
        sequence: usize,
        /// Its length, in tokens; for a prompt, one more.
        length: usize,
        /// The greatest length.
        context: usize,
    },
    /// Scores or values of a network without a scalar head.
    NoScalarHead,
    /// A step with a gradient that is not finite; the weights are as before.
    Gradient {
        /// Its norm.
        norm: f64,
        /// The step, counted from 1.
        step: u32,
    },
    /// An average was asked for before any was kept.
    NoAverage,
    /// There is no tensor of that name.
    NoTensor(String),
    /// A checkpoint that does not fit.
    Checkpoint(CheckpointError),
}

impl fmt::Display for CpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(e) => e.fmt(f),
            Self::Token { position, token, vocabulary } => write!(
                f,
                "token {token} at position {position} is outside the vocabulary of {vocabulary}: was it made by another tokenizer?"
            ),
            Self::Context { sequence, length, context } => {
                write!(
                    f,
                    "sequence {sequence} needs {length} tokens, the context holds {context}: truncate it"
                )
            }
            Self::NoScalarHead => {
                f.write_str("the network has no scalar head: make one with `Model::with_scalar_head`")
            }
            Self::Gradient { norm, step } => {
                write!(f, "the gradient's norm at step {step} is {norm}: the weights were left as they were")
            }
            Self::NoAverage => f.write_str("no moving average has been kept: call `average` after a step"),
            Self::NoTensor(name) => write!(f, "the network has no tensor {name:?}"),
            Self::Checkpoint(e) => e.fmt(f),
        }
    }
}

impl core::error::Error for CpuError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Core(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for CpuError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<CheckpointError> for CpuError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}
