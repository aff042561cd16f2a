//! Objectives over whole rows of a vocabulary-sized head, or over the likeliest ids of one.
//!
//! | for | objective | read |
//! |---|---|---|
//! | distillation, exact KL | [`DistilRows`] | logits, of teacher and student |
//! | distillation from a teacher's k best | [`DistilCandidates`] | k log-probabilities of each |
//! | ILQL, action values | [`ActionValues`] | Q of every action |
//! | ILQL, state values | [`StateValues`] | values |
//! | NLPO | [`WithinSupport`] | logits, of a lagging policy and of the policy |

mod action_values;
mod distil_candidates;
mod distil_rows;
mod state_values;
mod within_support;

pub use action_values::{ActionStats, ActionValues};
pub use distil_candidates::DistilCandidates;
pub use distil_rows::{DistilRows, Distillation, DistillationStats};
pub use state_values::{StateStats, StateValues};
pub use within_support::WithinSupport;
