//! Step 3 without a critic.

use super::checkpoint::Checkpoint;
use super::figures::Writer;
use super::rollouts::{Measure, Prompts, Rollout, Seen, rollouts};
use super::supervised::with_dropout;
use super::{Scorer, Session, StageError, at};
use crate::record::Phase;
use crate::train::{OnPolicy, OnPolicyState, TrainError, Trio, now};
use rlhf_core::Ragged;
use rlhf_core::profile;
use rlhf_cpu::Model;

/// The trainer and its networks.
struct Actors {
    run: OnPolicy,
    prompts: usize,
    temperature: f64,
    policy: Model,
    reference: Model,
}

impl Rollout for Actors {
    type State = OnPolicyState;

    fn networks(&self) -> Vec<(&'static str, &Model)> {
        vec![("policy", &self.policy)]
    }

    fn policy(&mut self) -> &mut Model {
        &mut self.policy
    }

    fn prompts(&self) -> usize {
        self.prompts
    }

    fn state(&self) -> (OnPolicyState, u32) {
        (self.run.state(), self.run.state().iteration)
    }

    fn go_on(&mut self, kept: &Checkpoint, state: OnPolicyState, seed: u64) -> Result<(), StageError> {
        self.policy = kept.network("policy", &self.policy, seed)?;
        self.run = self.run.clone().after(state);
        Ok(())
    }

    fn iterate(
        &mut self,
        reward: &mut Scorer,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Self { run, policy, reference, temperature, .. } = self;
        let writer = Writer::of(policy, *temperature);
        let seen = now(run.iterate(&mut Trio { policy, reference, reward }, prompts, &on.stopping))?;
        writer.seen(seen, reference, reward)
    }
}

/// Trains a policy from `sft` against `reward` without a critic and keeps it as `policy`. `measure` is
/// asked after every iteration for further figures.
///
/// # Errors
/// [`StageError`].
pub fn on_policy(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scorer,
    on: Prompts<'_>,
    settings: &profile::OnPolicy,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Model, StageError> {
    let phase = Phase::Ppo;
    if let Some(model) = session.finished("policy", sft)? {
        return Ok(model);
    }
    let policy = with_dropout(sft, settings.dropout, seed).map_err(at(phase, 0))?;
    let run = OnPolicy::new(*settings, u64::from(on.iterations), seed);
    let run = run.and_then(|run| run.with_guards(on.guards)).map_err(at(phase, 0))?;
    let prompts = settings.prompts_per_iteration();
    let mut actors =
        Actors { run, prompts, temperature: settings.temperature, policy, reference: sft.clone() };
    rollouts(session, &mut actors, reward, on, seed, measure)?;
    let policy = with_dropout(&actors.policy, 0.0, seed).map_err(at(phase, u64::from(on.iterations)))?;
    session.finish("policy", phase, policy)
}
