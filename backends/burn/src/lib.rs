#![doc = include_str!("../README.md")]

mod device;
mod engine;
mod graph;
mod limits;
mod tensor;

pub use device::Device;
pub use engine::model::Model;
pub use engine::whole::Engine;
pub use rlhf_core::network::{EngineError, Precision};
