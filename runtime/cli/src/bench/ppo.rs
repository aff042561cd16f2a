//! One iteration of PPO with a separate critic, as in TRL 0.23, and the times of its phases.

use super::clock::WorkFn;
use super::cost::{Cost, Pass, adamw, weights};
use super::text::Text;
use super::timed::{Phased, Timed};
use rlhf::engine::Model;
use rlhf::train::profile::{self, Profile};
use rlhf::train::{Examples, Models, Ppo, TrainError, now};
use rlhf_core::model::Architecture;
use rlhf_core::sampling::StopCriteria;
use std::time::Instant;

/// Prompts of an iteration, their tokens, and those of a response.
pub(super) const PROMPTS: usize = 32;
pub(super) const PROMPT: usize = 32;
pub(super) const NEW: usize = 64;
pub(super) const EPOCHS: u32 = 4;
pub(super) const MINIBATCHES: u32 = 4;
pub(super) const STEPS: f64 = (EPOCHS * MINIBATCHES) as f64;

/// The criteria by which every response has the full length.
pub(super) const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: NEW, eos: &[], stop: &[] };

/// Returns the cost of sampling from so many prompts: every new token waits for the one before it, and each reads all
/// weights.
pub(super) fn sampling(a: &Architecture, prompts: usize) -> Cost {
    Pass::responses(prompts, PROMPT, NEW).forward(a).and_bytes((NEW - 1) as f64 * weights(a))
}

/// Returns the passes over a rollout and over a minibatch.
pub(super) fn passes() -> [Pass; 2] {
    [PROMPTS, PROMPTS / MINIBATCHES as usize].map(|sequences| Pass::responses(sequences, PROMPT, NEW))
}

/// Returns the cost of an iteration: sampling, which keeps the policy's log-probabilities; one pass each of reference,
/// critic and reward model; training of policy and critic on everything in every epoch.
pub(super) fn cost(a: &Architecture) -> Cost {
    let [rollout, minibatch] = passes();
    let scores = Pass::scored(&[PROMPT + NEW; PROMPTS]).forward(a);
    let judging = rollout.forward(a) + rollout.valued().forward(a) + scores;
    let step = minibatch.learning(a) + minibatch.valued().learning(a);
    sampling(a, PROMPTS) + judging + step.and_bytes(2.0 * adamw(a)) * STEPS
}

/// Returns TRL's settings, for so many prompts and passes.
pub(super) fn settings() -> Result<profile::Ppo, TrainError> {
    let mut settings = Profile::by_name("trl")?.ppo;
    (settings.batch, settings.epochs, settings.minibatches) = (Some(PROMPTS as u32), EPOCHS, MINIBATCHES);
    (settings.temperature, settings.pretraining, settings.average) = (1.0, None, None);
    Ok(settings)
}

/// A closure that does one iteration after the other.
pub(super) fn prepare(network: Model) -> Result<Box<WorkFn<'static>>, TrainError> {
    let headed = |seed| network.with_scalar_head(0.02, seed).map_err(TrainError::role("reward"));
    let (mut reward, mut critic) = (headed(1)?, headed(2)?);
    let (mut reference, mut policy) = (network.clone(), network);
    let prompts = Text::new(policy.architecture().vocabulary, &[PROMPT; PROMPTS]);
    // The rate hardly falls from one iteration to the next of so many.
    let mut ppo = Ppo::new(settings()?, 1_000_000, 1)?;
    Ok(Box::new(move || {
        let phases = Phased::default();
        let start = Instant::now();
        let mut scores = Timed::new(&mut reward, ["scores", ""], &phases);
        let mut models = Models::new(Timed::new(&mut policy, ["policy", "policy learns"], &phases))
            .with_reference(Timed::new(&mut reference, ["reference", ""], &phases))
            .with_critic(Timed::new(&mut critic, ["values", "critic learns"], &phases))
            .with_reward(&mut scores);
        now(ppo.iterate(&mut models, prompts.sequences()?, &STOPPING, &Examples::default()))?;
        Ok(phases.take(start.elapsed().as_secs_f64()))
    }))
}
