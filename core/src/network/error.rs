//! The error type of engines.

use super::{Capability, Precision};
use crate::Error;
use crate::model::CheckpointError;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// An error of an engine.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum EngineError {
    /// An error of an objective or an architecture.
    Core(Error),
    /// A checkpoint that does not match the architecture.
    Checkpoint(CheckpointError),
    /// A token id outside the network's vocabulary.
    Token {
        /// The position of the token in the batch.
        position: usize,
        /// The id.
        token: u32,
        /// The number of ids in the vocabulary.
        vocabulary: usize,
    },
    /// A sequence that is longer than the network's context, or a prompt that fills it.
    Context {
        /// The index of the sequence.
        sequence: usize,
        /// The length in tokens; for a prompt, one more.
        length: usize,
        /// The greatest length.
        context: usize,
    },
    /// Scores or values were requested from a network without a scalar head.
    NoScalarHead,
    /// The moving average was requested before any was kept.
    NoAverage,
    /// The network has no tensor of that name.
    NoTensor {
        /// The name.
        name: String,
    },
    /// A step had a gradient that is not finite. The weights are unchanged.
    Gradient {
        /// The norm of the gradient.
        norm: f64,
        /// The step, counted from 1.
        step: u32,
    },
    /// A gradient was requested from a graph that was built before the last step and no longer has it.
    Stale {
        /// The first tensor without a gradient.
        tensor: String,
    },
    /// The network lacks a capability that a method needs.
    Unsupported {
        /// The capability.
        capability: Capability,
    },
    /// No device has that name.
    UnknownDevice {
        /// The requested name.
        name: String,
        /// The known names.
        known: String,
    },
    /// The device is known, but not part of this build.
    NotBuilt {
        /// The device.
        name: String,
        /// The feature that adds it.
        feature: &'static str,
        /// The names that this build has.
        instead: String,
    },
    /// The device is part of this build, but this machine has no such device, or no driver for it.
    NoDevice {
        /// The device.
        name: String,
        /// The driver's message.
        reason: String,
        /// The other names that this build has.
        instead: String,
    },
    /// The device does not support the precision.
    Precision {
        /// The device.
        name: String,
        /// The requested precision.
        precision: Precision,
    },
    /// The device failed, or is out of memory.
    Device {
        /// The message.
        reason: String,
    },
    /// A backend's own error.
    Other(OtherError),
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl EngineError {
    /// Wraps a backend's own error, which stays the source of this one.
    ///
    /// ```
    /// use rlhf_core::network::EngineError;
    /// let error = EngineError::other("nan".parse::<u32>().unwrap_err());
    /// assert_eq!(error.to_string(), "invalid digit found in string");
    /// assert!(core::error::Error::source(&error).is_some());
    /// ```
    pub fn other(error: impl core::error::Error + Send + Sync + 'static) -> Self {
        Self::Other(OtherError(Arc::new(error)))
    }

    /// Creates the error for a device that has to be awaited in a place that cannot wait.
    pub fn waits() -> Self {
        Self::Device { reason: "it would have to be waited for".into() }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(error) => error.fmt(f),
            Self::Checkpoint(error) => error.fmt(f),
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
            Self::NoAverage => f.write_str("no moving average has been kept: call `average` after a step"),
            Self::NoTensor { name } => write!(f, "the network has no tensor {name:?}"),
            Self::Gradient { norm, step } => {
                write!(f, "the gradient's norm at step {step} is {norm}: the weights were left as they were")
            }
            Self::Stale { tensor } => write!(
                f,
                "the graph has no gradient for {tensor:?}: it is of weights from before a step, so run the pass again"
            ),
            Self::Unsupported { capability } => write!(
                f,
                "the device's networks have no {capability}: use another device, or a method that does without"
            ),
            Self::UnknownDevice { name, known } => write!(f, "no device is called {name:?}: want {known}"),
            Self::NotBuilt { name, feature, instead } => write!(
                f,
                "device {name:?} is not in this build: build it with `--features {feature}`, or use one of: {instead}"
            ),
            Self::NoDevice { name, reason, instead } => write!(
                f,
                "there is no device {name:?} here ({reason}): install its driver, or use one of: {instead}"
            ),
            Self::Precision { name, precision } => write!(
                f,
                "device {name:?} does not compute in {}: want --precision f32 there",
                precision.name()
            ),
            Self::Device { reason } => {
                write!(f, "the device failed ({reason}): if it is out of memory, make batches smaller")
            }
            Self::Other(OtherError(error)) => error.fmt(f),
        }
    }
}

impl core::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Core(error) => Some(error),
            Self::Checkpoint(error) => Some(error),
            Self::Other(OtherError(error)) => Some(&**error),
            _ => None,
        }
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<CheckpointError> for EngineError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

/// A backend's own error in [`EngineError::Other`]. It is equal only to itself and its clones.
#[derive(Clone, Debug)]
pub struct OtherError(Arc<dyn core::error::Error + Send + Sync>);

impl PartialEq for OtherError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
