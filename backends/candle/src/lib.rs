#![doc = include_str!("../README.md")]
// A layer is there twice, over two types of tensors: see `graph.rs`.
#![allow(clippy::duplicate_mod)]

mod device;
mod engine;
mod graph;
mod tensor;

pub use device::Device;
pub use engine::model::Model;
pub use engine::whole::Engine;
pub use rlhf_core::network::{EngineError, Precision};
