//! Models: architectures, tensor names, checkpoints and tokenizers, which every backend must agree on.

mod architecture;
mod checkpoint;
mod initial;
mod load;
mod names;
pub mod tokenizer;

pub use architecture::{Architecture, Family, Tensor};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use initial::{random, scale_scalar_head, with_scalar_head};
pub use load::{Stored, flat, stored};
pub use names::{Piece, pieces};
