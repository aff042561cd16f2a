//! The engine: networks and their roles over the tensors, the graph and the devices of the crate.
//!
//! `backends/candle` has the same files by a symbolic link, over the last version of Burn that candle is part of. So
//! nothing here names a backend of Burn's, and what differs lies beside this folder: `device.rs`, `graph.rs` and
//! `tensor.rs`.

pub(crate) mod average;
pub(crate) mod capabilities;
pub(crate) mod check;
pub(crate) mod generate;
pub(crate) mod guard;
pub(crate) mod head;
pub(crate) mod layer;
pub(crate) mod learner;
pub(crate) mod learning;
pub(crate) mod masks;
pub(crate) mod mixed_precision;
pub(crate) mod model;
pub(crate) mod network;
pub(crate) mod optimizer;
pub(crate) mod padded;
pub(crate) mod positions;
pub(crate) mod precision;
pub(crate) mod read;
pub(crate) mod roles;
pub(crate) mod rope;
pub(crate) mod sampler;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod trace;
pub(crate) mod weights;
pub(crate) mod whole;

/// The names that a layer takes of tensors; see `layer`.
use crate::tensor;
