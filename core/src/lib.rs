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

#[cfg(feature = "alloc")]
pub mod algorithms;
mod batch;
mod borrowed;
pub mod capabilities;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod diagnostics;
mod dropout;
mod error;
#[cfg(feature = "alloc")]
mod held_rows;
pub mod maths;
#[cfg(feature = "model")]
pub mod model;
#[cfg(feature = "model")]
pub mod network;
mod objective;
pub mod objectives;
pub mod random;
pub mod ranges;
mod ready;
mod real;
#[cfg(feature = "alloc")]
pub mod rewards;
pub mod roles;
#[cfg(feature = "alloc")]
mod rollout;
pub mod sampling;
#[cfg(any(all(test, feature = "alloc"), feature = "testing"))]
pub mod testing;
mod vectors;

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
