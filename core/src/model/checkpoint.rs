//! Checkpoints: sources of a network's tensors.

use crate::Error;
use alloc::string::String;
use alloc::vec::Vec;

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

/// An error of a checkpoint that does not serve.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The network that the checkpoint is to fill cannot exist.
    #[error("the configuration: {0}")]
    Architecture(Error),
    /// There is not enough memory for the weights.
    #[error("there is no memory for {parameters} parameters in f32")]
    Memory {
        /// The number of elements.
        parameters: usize,
    },
    /// There is no tensor of that name.
    #[error("the checkpoint has no tensor {tensor:?}")]
    Missing {
        /// The tensor.
        tensor: String,
    },
    /// The tensor has another shape than the architecture says.
    #[error("tensor {tensor:?}: the configuration says {want:?}, the checkpoint {got:?}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// The architecture's shape.
        want: Vec<usize>,
        /// The checkpoint's shape.
        got: Vec<usize>,
    },
    /// The tensor cannot be read.
    #[error("tensor {tensor:?}: {reason}")]
    Unreadable {
        /// The tensor.
        tensor: String,
        /// The reason, and what to do.
        reason: String,
    },
}
