//! Policy gradients that need no critic, and A2C's, which has one.
//!
//! From the scores of several responses a prompt to a loss over their tokens:
//!
//! | step | here |
//! |---|---|
//! | which responses count at all | [`Overlong`], [`informative`]; [`Selection`] where the best are imitated |
//! | an advantage for each response | [`GroupAdvantages`], [`MovingBaseline`] |
//! | on its tokens, with a weight for each | [`broadcast`], [`Normalization`] |
//! | another sampler than the trainer | [`ImportanceCorrection`] |
//! | loss and gradient | [`policy_gradient`] with a [`Surrogate`] and a [`KlTerm`] |
//!
//! A method is a choice of these:
//!
//! | method | baseline, scale | surrogate | normalization |
//! |---|---|---|---|
//! | REINFORCE | [`Baseline::None`] or [`Baseline::Moving`] | [`Surrogate::LogProb`] | [`Normalization::Token`] |
//! | ReMax (arXiv:2310.10505) | [`Baseline::Greedy`] | [`Surrogate::LogProb`] | any |
//! | RLOO (arXiv:2402.14740) | [`Baseline::LeaveOneOut`] | [`Surrogate::SequenceProduct`] | [`Normalization::Response`] |
//! | GRPO (arXiv:2402.03300) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::Clipped`], k3 | [`Normalization::Response`] |
//! | Dr. GRPO (arXiv:2503.20783) | [`Baseline::GroupMean`] | [`Surrogate::Clipped`] | [`Normalization::Constant`] |
//! | DAPO (arXiv:2503.14476) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::Clipped`], `high` above `low` | [`Normalization::Token`] |
//! | GSPO (arXiv:2507.18071) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::SequenceMean`] | [`Normalization::Response`] |
//! | CISPO (arXiv:2506.13585) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::Detached`] | [`Normalization::Token`] |
//! | REINFORCE++ (arXiv:2501.03262) | [`reward_to_go`], whitened by [`super::whiten`] | [`Surrogate::Clipped`] | [`Normalization::Token`] |
//! | A2C (arXiv:1602.01783) | [`super::Gae`] | [`Surrogate::LogProb`], entropy | [`Normalization::Token`] |

mod baseline;
mod group_advantages;
mod importance;
mod kl_term;
mod normalization;
mod overlong;
mod policy_gradient;
mod reward_to_go;
mod selection;
mod stats;
mod surrogate;
#[cfg(test)]
mod unbiased;

pub use baseline::{Baseline, MovingBaseline};
pub use group_advantages::{GroupAdvantages, Scale, informative};
pub use importance::{ImportanceCorrection, ImportanceLevel, ImportanceLimit, ImportanceStats};
pub use kl_term::KlTerm;
pub use normalization::{Normalization, broadcast};
pub use overlong::Overlong;
pub use policy_gradient::{PolicyColumns, policy_gradient};
pub use reward_to_go::reward_to_go;
pub use selection::Selection;
pub use stats::OnPolicyStats;
pub use surrogate::Surrogate;

use core::ops::Range;

/// The ranges that `ends` close, in order.
fn spans(ends: &[usize]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    ends.iter().map(move |&end| core::mem::replace(&mut start, end)..end)
}
