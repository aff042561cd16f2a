//! The core of `rlhf`: what every algorithm and every backend share, and nothing else.
//!
//! **An algorithm never sees a tensor; a backend never sees an algorithm.** A backend runs a
//! network and hands out a few scalars per token or sequence ([`roles`]); an [`Objective`] turns
//! them into a loss and its exact gradient with respect to each scalar; the backend pulls that
//! gradient back through its network.
//!
//! No `std`, no `unsafe`. Without the `alloc` feature only slices are used.
//!
//! GAE, then PPO's clipped loss with its exact gradient, of a response of three tokens whose score comes at its end:
//!
//! ```
//! use rlhf_core::advantage::gae;
//! use rlhf_core::loss::{PolicyClip, policy_loss};
//! let (rewards, values, mut advantages) = ([0.0, 0.0, 1.0], [0.2, 0.4, 0.5, 0.0], [0.0; 3]);
//! gae(&rewards, &[1.0, 1.0, 0.0], &values, 0.95, &mut advantages)?;
//! assert_eq!(advantages[2], 0.5);
//! let (log_probs, old) = ([-1.0, -2.0, -0.3], [-1.1, -2.0, -0.4]);
//! let (clip, mut gradient) = (PolicyClip::symmetric(0.2), [0.0; 3]);
//! let (loss, _) = policy_loss(&log_probs, &old, &advantages, &[true; 3], &clip, 3.0, &mut gradient)?;
//! // It was better than expected: making it more likely lowers the loss.
//! assert!(loss < 0.0 && gradient.iter().all(|slope| *slope < 0.0));
//! # Ok::<(), rlhf_core::Error>(())
//! ```
//!
//! A backend implements [`roles`], and is checked by the kit of the feature `conformance`, the module
//! `rlhf_core::conformance`.
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
#[cfg(feature = "gpt2")]
mod gpt2_words;
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
#[cfg(feature = "gpt2")]
pub use gpt2_words::gpt2_words;
#[cfg(feature = "alloc")]
pub use held_rows::HeldRows;
pub use objective::{CandidateObjective, Coupling, Needs, Objective, RowObjective};
pub use ready::ready;
pub use real::Real;
#[cfg(feature = "alloc")]
pub use rollout::{Columns, Rollouts};
