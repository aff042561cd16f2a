//! The three steps of InstructGPT (Ouyang et al., arXiv:2203.02155), and learning from preferences without
//! a reward model, over the roles of `rlhf-core`: any backend, any data. No files, no threads.
//!
//! | trainer | learns from | step by step |
//! |---|---|---|
//! | [`supervised`] | demonstrations: [`Examples`] | [`Supervised`] |
//! | [`reward_model`] | rankings: [`Ranking`]; labels of answers or their steps: [`Solution`] | [`RewardModel`] |
//! | | a reward, by PPO | [`Ppo`] |
//! | | a reward, by REINFORCE, GRPO and their kin | [`OnPolicy`] |
//! | | a reward, by imitating the best of n | [`ExpertIteration`] |
//! | | a reward, by TRPO | [`TrustRegion`] |
//! | | a reward, by NLPO | [`Nlpo`] |
//! | [`preferences`] | pairs: [`Pairs`], by DPO and its kin | [`Preferences`] |
//! | [`kto`] | labels: [`Labeled`] | [`Kto`] |
//! | | a teacher: [`Examples`], the student's own responses | [`Distil`] |
//! | | rewards of tokens: [`Rewarded`], by ILQL | [`Ilql`] |
//! | [`bandit`] | rewards of a log: [`Logged`] | [`Bandit`] |
//! | | a [`Judge`] or a reward, by online DPO, XPO, Nash-MD | [`OnlinePreferences`] |
//!
//! ```
//! use rlhf_core::model::Architecture;
//! use rlhf_cpu::{Cpu, Model};
//! use rlhf_train::{Examples, now, profile, supervised};
//! let mut model = Model::random(&Cpu::default(), Architecture::gpt2(9, 8, 6, 1, 2), 0).unwrap();
//! // Prompts and responses, of which the responses are learned.
//! let examples = Examples::try_from_iter([([1, 2], [3, 0]), ([1, 4], [5, 0])])?;
//! let mut settings = profile::Supervised { epochs: 20, batch: 2, ..Default::default() };
//! settings.optimizer.learning_rate = 0.03;
//! let mut losses = Vec::new();
//! now(supervised(&mut model, &examples, &settings, 1, &mut |step| losses.push(step.loss)))?;
//! assert!(losses[19] < losses[0] / 2.0);
//! # Ok::<(), rlhf_train::TrainError>(())
//! ```
//!
//! All of them are a [`Trainer`], so that one loop can drive any. Those that learn from rollouts are a
//! [`RolloutAlgorithm`], which becomes a trainer together with its prompts: a [`RolloutTrainer`].

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod accumulation;
mod bandit;
mod batches;
mod distillation;
mod epoch_sampler;
mod error;
mod examples;
mod expert_iteration;
mod guard;
mod ilql;
mod judge;
mod kto;
mod lagged_sampler;
mod nlpo;
mod normalized_reward;
mod on_policy;
mod online;
mod pairs;
mod ppo;
mod preference;
pub mod profile;
mod reference;
mod reward;
mod rollout;
mod scheduled_optimizer;
mod steps;
mod supervised;
mod top_p_masked_policy;
mod trainer;
mod trpo;
mod try_reward;
mod value_guided_policy;

pub use bandit::{Bandit, Logged, bandit};
pub use distillation::Distil;
pub use epoch_sampler::EpochSampler;
pub use error::{TrainError, now};
pub use examples::{Examples, Part};
pub use expert_iteration::{ExpertIteration, Selected};
pub use guard::{Fault, Guard, Guards, History, Offender, Place, Warning};
pub use ilql::{Ilql, Rewarded, ValueStep, Values};
pub use judge::{Judge, RewardJudge};
pub use kto::{Kto, Labeled, kto};
pub use lagged_sampler::LaggedSampler;
pub use nlpo::Nlpo;
pub use normalized_reward::NormalizedReward;
pub use on_policy::{OnPolicy, OnPolicyState};
pub use online::{InContext, OnlineIteration, OnlinePreferences};
pub use pairs::Pairs;
pub use ppo::{Ppo, PpoState};
pub use preference::{Preferences, preference_stats, preferences};
pub use reference::NoReference;
pub use reward::{
    Ranking, RewardModel, SideBySide, Solution, ranking_accuracy, ranking_margins, reward_model, step_margins,
};
pub use rollout::IterationReport;
pub use supervised::{Supervised, supervised};
pub use top_p_masked_policy::TopPMaskedPolicy;
pub use trainer::{
    AllRoles, LearningPolicy, Models, Prompts, Report, RolloutAlgorithm, RolloutTrainer, Trainer,
};
pub use trpo::TrustRegion;
pub use try_reward::{ScoreError, TryReward};
pub use value_guided_policy::ValueGuidedPolicy;

/// The figures of an optimizer step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The step, from 1.
    pub step: u64,
    /// The number of steps in the run.
    pub total: u64,
    /// The mean loss of the batch: nats per token, or per prompt.
    pub loss: f64,
    /// The gradient's global norm, before clipping.
    pub gradient: f64,
    /// The learning rate.
    pub learning_rate: f64,
}

/// The most tokens in one forward and backward pass. It bounds memory; results do not depend on it, because
/// denominators are global.
pub const TOKENS_AT_ONCE: usize = 8192;

/// The most tokens in one pass where a row of the vocabulary is held for each token.
pub const ROWS_AT_ONCE: usize = TOKENS_AT_ONCE / 16;
