//! Step 3 without a critic.

use super::rollouts::{Loop, Measure, Models, Prompts, Trainer, learn};
use super::seen::Seen;
use super::{Session, StageError};
use crate::engine::{Model, Scorer};
use rlhf_core::Ragged;
use rlhf_core::algorithms::Follow;
use rlhf_train::profile;
use rlhf_train::{OnPolicy, OnPolicyState, Stale, TrainError, Trio, now};

/// The trainer, and who writes in the policy's place where that is an older one.
struct Run {
    trainer: OnPolicy,
    sampler: Option<Model>,
    follow: Follow,
}

impl Trainer for Run {
    type State = OnPolicyState;

    fn state(&self) -> (OnPolicyState, u32) {
        (self.trainer.state(), self.trainer.state().iteration)
    }

    fn go_on(&mut self, state: OnPolicyState) {
        self.trainer = self.trainer.clone().after(state);
    }

    fn beside(&mut self) -> Vec<(&'static str, &mut Model)> {
        self.sampler.as_mut().map(|sampler| ("sampler", sampler)).into_iter().collect()
    }

    fn iterate(
        &mut self,
        actors: Models<'_>,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Self { trainer, sampler, follow } = self;
        let Models { policy, reference, reward } = actors;
        let seen = now(async {
            let Some(sampler) = sampler else {
                return trainer.iterate(&mut Trio { policy, reference, reward }, prompts, &on.stopping).await;
            };
            let mut stale = Stale { policy: &mut *policy, sampler: &mut *sampler };
            let mut roles = Trio { policy: &mut stale, reference, reward };
            let seen = trainer.iterate(&mut roles, prompts, &on.stopping).await?;
            let followed = follow.follow(trainer.state().iteration, policy, sampler).await;
            followed.map_err(TrainError::role("sampler"))?;
            Ok(seen)
        })?;
        Ok(seen.into())
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
    let told = Loop {
        prompts: settings.prompts_per_iteration(),
        dropout: settings.dropout,
        temperature: settings.temperature,
        optimizer: Some((settings.optimiser, settings.steps_per_iteration())),
        seed,
    };
    learn(session, (sft, reward), on, told, measure, |policy, _| {
        let trainer = OnPolicy::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)?;
        let sampler = (settings.stale > 0).then(|| policy.clone());
        let follow = Follow::Every { iterations: settings.stale.saturating_add(1) };
        Ok(Run { trainer, sampler, follow })
    })
}
