#![doc = include_str!("../README.md")]
// A layer is there twice, over two types of tensors: see `graph.rs`.
#![allow(clippy::duplicate_mod)]

mod device;
mod engine;
mod graph;
mod tensor;

pub use device::Device;
pub use engine::error::BurnError as CandleError;
pub use engine::model::Model;
pub use engine::precision::Precision;
pub use engine::state::OptimiserState;

/// The name of [`CandleError`] in the files that `rlhf-burn` has too.
use engine::error::BurnError;
