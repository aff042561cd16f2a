//! Step 3 as PPO.

use super::checkpoint::Checkpoint;
use super::figures::Writer;
use super::rollouts::{Measure, Prompts, Rollout, Seen, rollouts};
use super::supervised::with_dropout;
use super::{Scorer, Session, StageError, at};
use crate::record::Phase;
use crate::train::{Ppo, PpoState, Roles, TrainError, now};
use rlhf_core::Ragged;
use rlhf_core::profile::{self, CriticInit};
use rlhf_core::roles::Averaged;
use rlhf_cpu::Model;

/// PPO's trainer and networks.
struct Actors {
    run: Ppo,
    prompts: usize,
    temperature: f64,
    policy: Model,
    critic: Model,
    reference: Model,
}

impl Rollout for Actors {
    type State = PpoState;

    fn networks(&self) -> Vec<(&'static str, &Model)> {
        vec![("policy", &self.policy), ("critic", &self.critic)]
    }

    fn policy(&mut self) -> &mut Model {
        &mut self.policy
    }

    fn prompts(&self) -> usize {
        self.prompts
    }

    fn state(&self) -> (PpoState, u32) {
        (self.run.state(), self.run.state().iteration)
    }

    fn go_on(&mut self, kept: &Checkpoint, state: PpoState, seed: u64) -> Result<(), StageError> {
        self.policy = kept.network("policy", &self.policy, seed)?;
        self.critic = kept.network("critic", &self.critic, seed)?;
        self.run = self.run.clone().after(state);
        Ok(())
    }

    fn iterate(
        &mut self,
        reward: &mut Scorer,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Self { run, policy, critic, reference, temperature, .. } = self;
        let writer = Writer::of(policy, *temperature);
        let mut roles = Roles { policy, critic, reference, reward };
        let seen = now(run.iterate(&mut roles, prompts, &on.stopping, on.mix))?;
        writer.seen(seen, reference, reward)
    }
}

/// Trains a policy from `sft` against `reward` and keeps it as `policy`: the moving average of the
/// weights, where the settings keep one. `measure` is asked after every iteration for further figures;
/// it gets the policy with its average beside it.
///
/// # Errors
/// [`StageError`].
pub fn ppo(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scorer,
    on: Prompts<'_>,
    settings: &profile::Ppo,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Model, StageError> {
    let phase = Phase::Ppo;
    let policy = with_dropout(sft, settings.dropout, seed).map_err(at(phase, 0))?;
    if let Some(model) = session.finished("policy", sft)? {
        return Ok(model);
    }
    let critic = match settings.critic_init {
        CriticInit::RewardModel => reward.model().clone(),
        CriticInit::Policy(head) => sft
            .with_scalar_head(head.deviation(sft.architecture().width) as f32, seed)
            .map_err(|e| at(phase, 0)(TrainError::role("critic")(e)))?,
    };
    let critic = with_dropout(&critic, settings.dropout, seed).map_err(at(phase, 0))?;
    let run = Ppo::new(*settings, u64::from(on.iterations), seed);
    let run = run.and_then(|run| run.with_guards(on.guards)).map_err(at(phase, 0))?;
    let prompts = settings.batch.unwrap_or(256) as usize;
    let mut actors =
        Actors { run, prompts, temperature: settings.temperature, policy, critic, reference: sft.clone() };
    rollouts(session, &mut actors, reward, on, seed, measure)?;
    let (mut policy, last) = (actors.policy, u64::from(on.iterations));
    if settings.average.is_some() {
        now(async { policy.swap_average().await.map_err(TrainError::role("policy")) })
            .map_err(at(phase, last))?;
    }
    let policy = with_dropout(&policy.clone(), 0.0, seed).map_err(at(phase, last))?;
    session.finish("policy", phase, policy)
}
