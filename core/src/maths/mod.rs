//! The formulas, as pure functions on slices.
//!
//! A loss comes with its exact gradient with respect to every network output that it reads. Text
//! and checks are shared by `f32` and `f64` ([`crate::Real`]). Sums run in a fixed order, in f64.
//! Denominators are the caller's, counted over the whole optimiser batch, so that any split of a
//! batch gives the same gradient.

mod adamw;
mod average;
mod bradley_terry;
mod counterfactual;
mod cross_entropy;
mod ensemble;
mod estimate;
mod gae;
mod graded;
mod judgements;
mod k_wise;
mod kl;
mod log_probs;
mod measured;
mod moments;
pub mod on_policy;
#[cfg(test)]
pub(crate) mod oracle;
mod plackett_luce;
mod policy_loss;
mod preference;
#[cfg(feature = "alloc")]
pub mod rating;
mod reward_scale;
mod schedule;
mod shaping;
mod stats;
mod value_loss;

pub use adamw::{Adam, Decay, EpsilonAt, Update, adamw, clip_factor, global_norm};
pub use average::average;
pub use bradley_terry::{Comparisons, bradley_terry};
pub use counterfactual::{Counterfactual, CounterfactualStats, Normaliser, counterfactual};
pub use cross_entropy::cross_entropy;
pub use ensemble::{Disagreement, EnsembleRule};
pub use estimate::{Cutoff, Gae, Response, estimate};
pub use gae::{gae, returns};
pub use graded::{Grades, graded};
pub use judgements::{Judgements, StepScore, binary_cross_entropy};
pub use k_wise::{Ties, k_wise};
pub use kl::{KlController, KlEstimator, exact_kl, exact_kl_pull};
pub use log_probs::{Reduction, log_prob, log_prob_pull, log_softmax, sequence_log_probs};
pub use measured::{ClusterMean, Measured};
pub use moments::RunningMoments;
pub use plackett_luce::{RankTies, Stages, plackett_luce};
pub use policy_loss::{PolicyClip, PolicyStats, PolicyToken, entropy_bonus, policy_loss};
pub use preference::{
    Against, KlTerm, Kto, KtoLoss, LabelStats, NashMd, Pair, Per, Preference, PreferenceLoss,
    PreferenceStats, RewardShape, Supervised, best_and_worst, geometric_mixture, kto, kto_baseline, nash_md,
    win_rates,
};
#[cfg(feature = "alloc")]
pub use preference::{PairLogProbs, preference};
pub use reward_scale::RewardScale;
pub use schedule::{Schedule, Shape, WarmUp};
pub use shaping::{End, MissingEnd, ScorePlacement, Shaping};
pub use stats::{Guard, MeanShift, Variance, Whitening, masked_mean, masked_variance, whiten};
pub use value_loss::{ValueStats, value_loss};
