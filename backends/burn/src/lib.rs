#![doc = include_str!("../README.md")]

mod device;
mod engine;
mod graph;
mod limits;
mod tensor;

pub use device::Device;
pub use engine::error::BurnError;
pub use engine::model::Model;
pub use engine::precision::Precision;
pub use engine::state::OptimiserState;
