//! What cannot be written.

use alloc::string::String;
use core::fmt;

/// A reward model that no file can hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WriteError {
    /// The network cannot exist.
    Architecture(rlhf_core::Error),
    /// The network has no scalar head: it is a language model.
    NoScalarHead,
    /// A context that the network does not have.
    Context {
        /// The context.
        want: usize,
        /// The longest that it has.
        most: usize,
    },
    /// There are more or fewer weights than the network has.
    Weights {
        /// As many as it has.
        want: usize,
        /// Their number.
        got: usize,
    },
    /// A weight that the format cannot hold.
    Weight {
        /// Its tensor.
        tensor: String,
        /// Its output.
        row: usize,
        /// What is wrong with it.
        reason: rlhf_kernels::quantized::Error,
    },
    /// The header is too long.
    Header,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Architecture(error) => error.fmt(f),
            Self::NoScalarHead => f.write_str("a language model gives no scores: want a scalar head"),
            Self::Context { want, most } => {
                write!(f, "a context of {want} tokens: want 1 to {most}, as many as the model reads")
            }
            Self::Weights { want, got } => write!(f, "weights: want {want}, got {got}"),
            Self::Weight { tensor, row, reason } => write!(f, "tensor {tensor:?}, output {row}: {reason}"),
            Self::Header => f.write_str("the header is too long"),
        }
    }
}

impl core::error::Error for WriteError {}
