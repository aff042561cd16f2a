//! The formulas, as pure functions on slices.
//!
//! A loss comes with its exact gradient with respect to every network output that it reads. Text
//! and checks are shared by `f32` and `f64` ([`crate::Real`]). Sums run in a fixed order, in f64.
//! Denominators are the caller's, counted over the whole optimizer batch, so that any split of a
//! batch gives the same gradient.

mod adamw;
mod average;
mod blocks;
mod bradley_terry;
mod coach;
#[cfg(feature = "alloc")]
mod conjugate_gradient;
mod counterfactual;
mod cross_entropy;
mod delay;
mod distillation;
mod divergence;
mod ensemble;
mod entropy_bonus;
mod estimate;
mod exp;
mod gae;
mod gae_scan;
mod graded;
mod human_reward;
mod ilql;
mod judgments;
mod k_wise;
mod kl;
mod log_probs;
mod measured;
mod moments;
pub mod on_policy;
#[cfg(test)]
pub(crate) mod oracle;
mod plackett_luce;
mod policy_clip;
mod policy_loss;
mod policy_stats;
mod preference;
#[cfg(feature = "alloc")]
pub mod rating;
mod reward_scale;
mod schedule;
mod segments;
mod shaping;
mod stats;
mod value_loss;

#[cfg(feature = "alloc")]
pub use adamw::AdamW;
pub use adamw::{Adam, Decay, EpsilonAt, Update, adamw, clip_factor, global_norm};
pub use average::average;
pub(crate) use blocks::{BLOCK, filled};
pub use bradley_terry::{Comparisons, bradley_terry};
pub use coach::{coach, traces};
#[cfg(feature = "alloc")]
pub use conjugate_gradient::ConjugateGradient;
pub use counterfactual::{Counterfactual, CounterfactualStats, Normalizer, counterfactual};
pub use cross_entropy::cross_entropy;
pub use delay::Delay;
pub use distillation::{Tail, distil_candidates, distil_row};
pub use divergence::Divergence;
pub use ensemble::{Disagreement, EnsembleRule};
pub use entropy_bonus::entropy_bonus;
pub use estimate::{Cutoff, Gae, Response, Steps, estimate};

pub(crate) use exp::{exp, exp_all};
pub use gae::{gae, returns};
pub use graded::{Grades, graded};
pub use human_reward::{credited_reward, weighted_reward};
pub use ilql::{ActionLoss, Ilql};
pub use judgments::{Judgments, StepScore, binary_cross_entropy};
pub use k_wise::{Ties, k_wise};
pub use kl::{KlController, KlEstimator, exact_kl, exact_kl_pull};
pub use log_probs::{Reduction, log_prob, log_prob_pull, log_softmax, sequence_log_probs};
pub use measured::{ClusterMean, Measured};
pub use moments::RunningMoments;
pub use plackett_luce::{RankTies, Stages, plackett_luce};
pub use policy_clip::{PolicyClip, PolicyToken};
pub(crate) use policy_loss::PolicySums;
pub use policy_loss::policy_loss;
pub use policy_stats::PolicyStats;
pub use preference::{
    Against, Kto, KtoLoss, LabelStats, NashKl, NashMd, Pair, Per, Preference, PreferenceLoss,
    PreferenceStats, RewardShape, SupervisedTerm, best_and_worst, geometric_mixture, kto, kto_baseline,
    nash_md, win_rates,
};
#[cfg(feature = "alloc")]
pub use preference::{PairLogProbs, preference};
pub use reward_scale::RewardScale;
pub use schedule::{Schedule, Shape, WarmUp};
pub use segments::{disagreement, segment_preference, segment_preferences};
pub use shaping::{End, MissingEnd, ScorePlacement, Shaping};
pub use stats::{Guard, MeanShift, Variance, Whitening, masked_mean, masked_variance, whiten};
pub use value_loss::{ValueStats, value_loss};
