#![doc = include_str!("../README.md")]

mod average;
mod capabilities;
mod check;
mod device;
mod error;
mod generate;
mod graph;
mod guard;
mod head;
mod layer;
mod learner;
mod limits;
mod masks;
mod model;
mod network;
mod optimiser;
mod padded;
mod precision;
mod read;
mod roles;
mod rope;
mod sampler;
mod show;
mod state;
mod tensor;
mod trace;
mod weights;

pub use device::Device;
pub use error::BurnError;
pub use model::Model;
pub use precision::Precision;
pub use state::OptimiserState;
