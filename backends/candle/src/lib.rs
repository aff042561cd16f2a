#![doc = include_str!("../README.md")]
// A layer is there twice, over two types of tensors: see `graph.rs`.
#![allow(clippy::duplicate_mod)]

mod device;
mod graph;
mod tensor;

#[path = "../../burn/src/average.rs"]
mod average;
#[path = "../../burn/src/capabilities.rs"]
mod capabilities;
#[path = "../../burn/src/check.rs"]
mod check;
#[path = "../../burn/src/error.rs"]
mod error;
#[path = "../../burn/src/generate.rs"]
mod generate;
#[path = "../../burn/src/guard.rs"]
mod guard;
#[path = "../../burn/src/head.rs"]
mod head;
#[path = "../../burn/src/layer/mod.rs"]
mod layer;
#[path = "../../burn/src/learner.rs"]
mod learner;
#[path = "../../burn/src/masks.rs"]
mod masks;
#[path = "../../burn/src/model.rs"]
mod model;
#[path = "../../burn/src/network.rs"]
mod network;
#[path = "../../burn/src/optimiser.rs"]
mod optimiser;
#[path = "../../burn/src/padded.rs"]
mod padded;
#[path = "../../burn/src/precision.rs"]
mod precision;
#[path = "../../burn/src/read.rs"]
mod read;
#[path = "../../burn/src/roles.rs"]
mod roles;
#[path = "../../burn/src/rope.rs"]
mod rope;
#[path = "../../burn/src/sampler.rs"]
mod sampler;
#[path = "../../burn/src/show.rs"]
mod show;
#[path = "../../burn/src/state.rs"]
mod state;
#[path = "../../burn/src/trace.rs"]
mod trace;
#[path = "../../burn/src/weights.rs"]
mod weights;

pub use device::Device;
pub use error::BurnError as CandleError;
pub use model::Model;
pub use precision::Precision;
pub use state::OptimiserState;

/// What the shared files call it.
use error::BurnError;
