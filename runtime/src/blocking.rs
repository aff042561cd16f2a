//! Blocking calls of trainers and roles, for backends that answer at once, such as the CPU engine.
//!
//! The trainers of [`train`](crate::train) are asynchronous, because a browser's device has to be awaited. A program on
//! a backend that never waits calls these functions instead and sees no future. On a backend that does wait they return
//! [`TrainError::Waited`].
//!
//! [`train`] runs any [`Trainer`]; [`LanguageModel`](crate::LanguageModel) and [`RewardModel`](crate::RewardModel) need
//! none of this, for their methods block anyway.

use rlhf_control::{Episode, HumanReward, Task, Teacher};
use rlhf_core::loss::Comparisons;
use rlhf_core::random::Key;
use rlhf_core::roles::{Critic, Learner, Policy, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Ragged, ready};
use rlhf_train::{
    Examples, Models, NormalizedReward, Ranking, Report, RewardModel, Step, TrainError, Trainer, now, profile,
};

/// Runs a trainer to its end and reports each of its steps or iterations.
///
/// # Errors
/// The trainer's own.
pub fn train<N, R, T: Trainer<N, R>>(
    mut trainer: T,
    models: &mut Models<'_, N, R>,
    mut report: impl FnMut(&Report),
) -> Result<(), TrainError> {
    while let Some(step) = now(trainer.iterate(models))? {
        report(&step);
    }
    now(trainer.finish(models))
}

/// Fine-tunes a network on demonstrations: [`rlhf_train::supervised`].
///
/// # Errors
/// As [`rlhf_train::supervised`].
pub fn supervised<L: Learner<Error: 'static>>(
    network: &mut L,
    demonstrations: &Examples,
    settings: &profile::Supervised,
    seed: u64,
    mut report: impl FnMut(Step),
) -> Result<(), TrainError> {
    now(rlhf_train::supervised(network, demonstrations, settings, seed, &mut report))
}

/// Trains a reward model to the trainer's end: [`RewardModel::run`].
///
/// # Errors
/// As [`RewardModel::run`].
pub fn reward_model<L: Learner<Error: 'static>>(
    trainer: RewardModel<'_>,
    network: &mut L,
    mut report: impl FnMut(Step, &Comparisons),
) -> Result<(), TrainError> {
    now(trainer.run(network, &mut report))
}

/// Counts the comparisons that a reward model orders as people did, and all of them:
/// [`rlhf_train::ranking_accuracy`].
///
/// # Errors
/// The reward model's own.
pub fn ranking_accuracy<R: Reward<Error: 'static>>(
    reward: &mut R,
    rankings: &[Ranking],
) -> Result<(usize, usize), TrainError> {
    now(rlhf_train::ranking_accuracy(reward, rankings))
}

/// Scales a reward to mean 0 and variance 1 over texts: [`NormalizedReward::ziegler2019`].
///
/// # Errors
/// As [`NormalizedReward::ziegler2019`].
pub fn normalize<R: Reward<Error: 'static>>(
    reward: R,
    texts: &Examples,
) -> Result<NormalizedReward<R>, TrainError> {
    now(NormalizedReward::ziegler2019(reward, texts.sequences()?))
}

/// Scores sequences.
///
/// # Errors
/// The reward's own.
pub fn score<R: Reward<Error: 'static>>(
    reward: &mut R,
    sequences: Ragged<'_>,
) -> Result<Vec<f32>, TrainError> {
    let mut scores = vec![0.0; sequences.len()];
    let scored = ready(reward.score(sequences, &mut scores)).ok_or(TrainError::Waited)?;
    scored.map_err(TrainError::role("reward"))?;
    Ok(scores)
}

/// Samples a response to each prompt: [`Policy::sample`].
///
/// # Errors
/// The policy's own.
pub fn sample<P: Policy<Error: 'static>>(
    policy: &mut P,
    prompts: Ragged<'_>,
    sampling: &SamplingParams,
    stopping: &StopCriteria<'_>,
    key: Key,
) -> Result<Responses, TrainError> {
    let responses = ready(policy.sample(prompts, sampling, stopping, key, 0)).ok_or(TrainError::Waited)?;
    responses.map_err(TrainError::role("policy"))
}

/// Plays an episode of a task and learns from a teacher's judgments: [`HumanReward::step`].
///
/// # Errors
/// The learner's and the teacher's.
pub fn human_reward<T: Task, L>(
    trainer: &mut HumanReward<T>,
    learner: &mut L,
    teacher: &mut dyn Teacher,
) -> Result<Episode, TrainError>
where
    L: Critic<Error: 'static> + Learner<Error: 'static>,
{
    now(trainer.step(learner, teacher))
}
