//! What every backend must agree on, written once.

mod architecture;
mod checkpoint;
mod load;
mod names;
pub mod tokenizer;

pub use architecture::{Architecture, Family, Tensor};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use load::{Stored, flat, stored};
pub use names::{Piece, pieces};
