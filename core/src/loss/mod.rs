//! Losses, each with its exact gradient with respect to the network's outputs, and its [`crate::Objective`].
//!
//! One file holds one loss: the paper, the formula, a pure function on slices that is written for `f32` and
//! `f64` alike ([`crate::Real`]), and the objective that lays it onto a batch. Sums run in rising order in f64.
//! Denominators are the caller's, counted over the whole optimizer batch, so that any split of a batch
//! gives the same gradient.
//!
//! | step | objective | reads |
//! |---|---|---|
//! | supervised fine-tuning, PPO's pretraining mix | [`CrossEntropy`] | log-probabilities |
//! | reward model | see below | scores, values |
//! | PPO, policy | [`PpoPolicy`] | log-probabilities, entropies |
//! | PPO, critic | [`PpoValue`] | values |
//! | policy gradients without a critic: REINFORCE to GSPO | [`PolicyGradient`] | log-probabilities, entropies |
//! | preferences: DPO and its kin, KTO, Nash-MD, logged feedback | `PreferencePairs`, `LabeledResponses`, `NashPolicy`, `LoggedFeedback` | log-probabilities |
//! | NLPO | `WithinSupport` around [`PpoPolicy`] | logits, of a lagging policy and of the policy |
//! | distillation, exact KL | `DistilRows` | logits, of teacher and student |
//! | distillation from a teacher's k best | `DistilCandidates` | k log-probabilities of each |
//! | ILQL, action values and state values | `ActionValues`, `StateValues` | Q of every action; values |
//! | TAMER, Deep TAMER (Knox and Stone, K-CAP 2009; arXiv:1709.10163) | [`Tamer`], [`DeepTamer`] | values |
//! | COACH (MacGlashan et al., arXiv:1701.06049) | [`Coach`] | log-probabilities |
//! | segment preferences (Christiano et al., arXiv:1706.03741) | [`SegmentPreferences`] | values |
//! | a gradient along given numbers (TRPO) | [`Linear`] | log-probabilities |
//!
//! Reward models:
//!
//! | labels | objective | reads |
//! |---|---|---|
//! | the better of two answers, by how much | [`Pairwise`] | scores |
//! | rankings, as all their pairs, as successive choices, or the best of several | [`Ranked`] | scores |
//! | the better of two answers, a tie, or degrees of preference | [`Graded`] | scores |
//! | right or wrong, whole answers | [`Outcome`] | scores |
//! | right or wrong, each step of an answer | [`Process`] | values |
//! | the better of two texts, before there are comparisons by people | [`PreferencePretraining`] | scores, log-probabilities |
//!
//! An objective is made anew for every part of an optimizer batch, from slices laid out as that part, and
//! keeps sums (`stats`) that merge over parts. For control tasks (TAMER, COACH, segment preferences) a state
//! is a token or a few and an action the token after it; the value at an action's token is what is predicted
//! of that action in that state, and a state's tokens have no credit, no weight, or are masked out.

mod binary_cross_entropy;
mod bradley_terry;
mod coach;
mod comparisons;
mod counterfactual;
mod cross_entropy;
mod distillation;
mod divergence;
mod entropy_bonus;
mod graded;
mod ilql;
mod k_wise;
mod kto;
mod linear;
mod nash_md;
mod plackett_luce;
mod policy_gradient;
mod policy_stats;
mod ppo_policy;
mod ppo_value;
mod preference;
mod preference_pretraining;
mod ranked;
#[cfg(feature = "alloc")]
mod responses;
mod segment_preference;
pub(crate) mod sigmoid;
mod tamer;
mod value_stats;
#[cfg(feature = "alloc")]
mod within_support;

pub use binary_cross_entropy::{Judgments, Outcome, Process, binary_cross_entropy};
pub use bradley_terry::{Pairwise, bradley_terry};
pub use coach::{Coach, coach, traces};
pub use comparisons::Comparisons;
pub use counterfactual::{Counterfactual, CounterfactualStats, Normalizer, counterfactual};
#[cfg(feature = "alloc")]
pub use counterfactual::{Feedback, LoggedFeedback};
pub use cross_entropy::{CrossEntropy, cross_entropy};
#[cfg(feature = "alloc")]
pub use distillation::{DistilCandidates, DistilRows, Distillation, DistillationStats};
pub use distillation::{Tail, distil_candidates, distil_row};
pub use divergence::Divergence;
pub use entropy_bonus::entropy_bonus;
pub use graded::{Graded, Grades, graded};
pub use ilql::{ActionLoss, Ilql};
#[cfg(feature = "alloc")]
pub use ilql::{ActionStats, ActionValues, StateStats, StateValues};
pub use k_wise::{Ties, k_wise};
#[cfg(feature = "alloc")]
pub use kto::LabeledResponses;
pub use kto::{Kto, KtoLoss, LabelStats, kto, kto_baseline};
pub use linear::Linear;
#[cfg(feature = "alloc")]
pub use nash_md::NashPolicy;
pub use nash_md::{NashKl, NashMd, nash_md};
pub use plackett_luce::{RankTies, Stages, plackett_luce};
pub use policy_gradient::{
    KlTerm, Normalization, OnPolicyStats, PolicyColumns, PolicyGradient, Surrogate, policy_gradient,
};
pub use policy_stats::{PolicyStats, PolicyToken};
pub use ppo_policy::{PolicyClip, PpoPolicy, policy_loss};
pub use ppo_value::{PpoValue, value_loss};
pub use preference::{
    Against, Pair, Per, Preference, PreferenceLoss, PreferenceStats, RewardShape, SupervisedTerm,
};
#[cfg(feature = "alloc")]
pub use preference::{PairLogProbs, PreferenceCounts, PreferencePairs, preference};
pub use preference_pretraining::PreferencePretraining;
pub use ranked::{Ranked, RankingLoss};
pub use segment_preference::{SegmentPreferences, disagreement, segment_preference, segment_preferences};
pub use tamer::{DeepTamer, Tamer, credited_reward, weighted_reward};
pub use value_stats::ValueStats;
#[cfg(feature = "alloc")]
pub use within_support::WithinSupport;
