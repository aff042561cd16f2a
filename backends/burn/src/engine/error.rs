//! What the backend refuses.

use crate::Precision;
use crate::tensor::ExecutionError;
use core::fmt;
use rlhf_core::Error;
use rlhf_core::model::CheckpointError;

/// Why the backend refuses.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BurnError {
    /// An objective's or an architecture's error.
    Core(Error),
    /// A checkpoint that does not fit.
    Checkpoint(CheckpointError),
    /// No device has that name.
    UnknownDevice {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: &'static str,
    },
    /// The device is known, but this build leaves it out.
    NotBuilt {
        /// The device.
        name: String,
        /// The feature of this crate that brings it.
        feature: &'static str,
        /// What this build has, separated by commas.
        built: String,
    },
    /// The device is built in, but this machine has none, or no driver for it.
    NoDevice {
        /// The device.
        name: String,
        /// What the driver said.
        reason: String,
        /// What else this build has, separated by commas.
        instead: String,
    },
    /// The device failed, or is out of memory.
    Device {
        /// What it said.
        reason: String,
    },
    /// The device does not compute in it.
    Precision {
        /// What was asked for.
        precision: Precision,
        /// The device.
        device: String,
    },
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
    /// A gradient was asked of a graph that no longer has it: the graph is of weights from before a step.
    Stale {
        /// The first tensor without a gradient.
        tensor: String,
    },
    /// A step with a gradient that is not finite; the weights are as before.
    Gradient {
        /// Its norm.
        norm: f64,
        /// The step, counted from 1.
        step: u32,
    },
    /// An average was asked for before any was kept.
    NoAverage,
}

impl fmt::Display for BurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(e) => e.fmt(f),
            Self::Checkpoint(e) => e.fmt(f),
            Self::UnknownDevice { name, known } => write!(f, "no device is called {name:?}: want {known}"),
            Self::NotBuilt { name, feature, built } => write!(
                f,
                "device {name:?} is not in this build: build {} with the feature {feature:?}, or use one of: {built}",
                env!("CARGO_PKG_NAME")
            ),
            Self::NoDevice { name, reason, instead } => write!(
                f,
                "there is no device {name:?} here ({reason}): install its driver, or use one of: {instead}"
            ),
            Self::Device { reason } => {
                write!(f, "the device failed ({reason}): if it is out of memory, make batches smaller")
            }
            Self::Precision { precision, device } => {
                write!(f, "device {device:?} does not compute in {precision:?}: use F32")
            }
            Self::Token { position, token, vocabulary } => write!(
                f,
                "token {token} at position {position} is outside the vocabulary of {vocabulary}: was it made by another tokenizer?"
            ),
            Self::Context { sequence, length, context } => write!(
                f,
                "sequence {sequence} needs {length} tokens, the context holds {context}: truncate it"
            ),
            Self::NoScalarHead => {
                f.write_str("the network has no scalar head: make one with `Model::with_scalar_head`")
            }
            Self::Stale { tensor } => write!(
                f,
                "the graph has no gradient for {tensor:?}: it is of weights from before a step, so run the pass again"
            ),
            Self::Gradient { norm, step } => {
                write!(f, "the gradient's norm at step {step} is {norm}: the weights were left as they were")
            }
            Self::NoAverage => f.write_str("no moving average has been kept: call `average` after a step"),
        }
    }
}

impl core::error::Error for BurnError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Core(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for BurnError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<CheckpointError> for BurnError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

impl From<ExecutionError> for BurnError {
    fn from(error: ExecutionError) -> Self {
        Self::Device { reason: std::format!("{error}") }
    }
}
