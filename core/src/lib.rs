//! The core of `rlhf`: what every algorithm and every backend share, and nothing else.
//!
//! **An algorithm never sees a tensor; a backend never sees an algorithm.** A backend runs a
//! network and hands out a few scalars per token or sequence ([`roles`]); an [`Objective`] turns
//! them into a loss and its exact gradient with respect to each scalar; the backend pulls that
//! gradient back through its network.
//!
//! No `std`, no `unsafe`. Without the `alloc` feature only slices are used.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod advantage;
mod batch;
mod borrowed;
pub mod capabilities;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod diagnostics;
mod dropout;
mod error;
mod exp;
#[cfg(feature = "alloc")]
mod held_rows;
pub mod log_probs;
pub mod loss;
#[cfg(feature = "model")]
pub mod model;
#[cfg(feature = "model")]
pub mod network;
mod objective;
pub mod optim;
#[cfg(test)]
mod oracle;
pub mod random;
pub mod ranges;
#[cfg(feature = "alloc")]
pub mod rating;
mod ready;
mod real;
pub mod rewards;
pub mod roles;
#[cfg(feature = "alloc")]
mod rollout;
pub mod sampling;
pub mod stats;
#[cfg(any(all(test, feature = "alloc"), feature = "testing"))]
pub mod testing;

pub use batch::{Batch, Ragged};
pub use dropout::{Dropout, Site};
pub use error::Error;
#[cfg(feature = "alloc")]
pub use held_rows::HeldRows;
pub use objective::{CandidateObjective, Coupling, Needs, Objective, RowObjective};
pub use ready::ready;
pub use real::Real;
#[cfg(feature = "alloc")]
pub use rollout::{Columns, Rollouts};
