//! Where a network's tensors come from.

use crate::Error;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A source of named tensors, f32 when read.
pub trait Checkpoint {
    /// The shape of a tensor, or `None` where there is none of that name.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;
    /// Reads a tensor, row-major, into `out`, which holds as many numbers as its shape says.
    ///
    /// # Errors
    /// The tensor is missing, of another size, of a number type that is not supported, or
    /// unreadable.
    fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError>;
}

/// Why a checkpoint does not serve.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The network that the checkpoint is to fill cannot exist.
    Architecture(Error),
    /// There is not enough memory for the weights.
    Memory {
        /// How many numbers they are.
        parameters: usize,
    },
    /// There is no tensor of that name.
    Missing {
        /// The tensor.
        tensor: String,
    },
    /// The tensor has another shape than the architecture says.
    Shape {
        /// The tensor.
        tensor: String,
        /// The architecture's shape.
        want: Vec<usize>,
        /// The checkpoint's shape.
        got: Vec<usize>,
    },
    /// The tensor cannot be read.
    Unreadable {
        /// The tensor.
        tensor: String,
        /// Why not, and what to do.
        reason: String,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Architecture(error) => write!(f, "the configuration: {error}"),
            Self::Memory { parameters } => {
                write!(f, "there is no memory for {parameters} parameters in f32")
            }
            Self::Missing { tensor } => write!(f, "the checkpoint has no tensor {tensor:?}"),
            Self::Shape { tensor, want, got } => {
                write!(f, "tensor {tensor:?}: the configuration says {want:?}, the checkpoint {got:?}")
            }
            Self::Unreadable { tensor, reason } => write!(f, "tensor {tensor:?}: {reason}"),
        }
    }
}

impl core::error::Error for CheckpointError {}
