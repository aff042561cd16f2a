//! Step 3 as PPO, and within a support as NLPO.

use super::dropout::with_dropout;
use super::rollouts::{Loop, Measure, Models, Prompts, Trainer, learn};
use super::seen::Seen;
use super::{Session, StageError};
use crate::engine::{Model, Scorer};
use rlhf_core::Ragged;
use rlhf_core::roles::Averaged;
use rlhf_train::profile::{self, CriticInit};
use rlhf_train::{Nlpo, Ppo, PpoState, Roles, TrainError, now};

/// What PPO is done by.
enum Kind {
    Ppo(Ppo),
    /// With its mask policy.
    Nlpo(Nlpo, Box<Model>),
}

/// The trainer, and what learns beside the policy.
struct Run {
    kind: Kind,
    critic: Model,
    /// Whether a moving average of the policy's weights is what is kept.
    average: bool,
}

impl Trainer for Run {
    type State = PpoState;

    fn state(&self) -> (PpoState, u32) {
        let state = match &self.kind {
            Kind::Ppo(run) => run.state(),
            Kind::Nlpo(run, _) => run.state(),
        };
        (state, state.iteration)
    }

    fn go_on(&mut self, state: PpoState) {
        match &mut self.kind {
            Kind::Ppo(run) => *run = run.clone().after(state),
            Kind::Nlpo(run, _) => *run = run.clone().after(state),
        }
    }

    fn beside(&mut self) -> Vec<(&'static str, &mut Model)> {
        let mut out = vec![("critic", &mut self.critic)];
        if let Kind::Nlpo(_, mask) = &mut self.kind {
            out.push(("mask", mask));
        }
        out
    }

    fn iterate(
        &mut self,
        actors: Models<'_>,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Models { policy, reference, reward } = actors;
        let mut roles = Roles { policy, critic: &mut self.critic, reference, reward };
        let seen = match &mut self.kind {
            Kind::Ppo(run) => now(run.iterate(&mut roles, prompts, &on.stopping, on.mix)),
            Kind::Nlpo(run, mask) => now(run.iterate(&mut roles, mask.as_mut(), prompts, &on.stopping)),
        };
        Ok(seen?.into())
    }

    fn finish(&self, policy: &mut Model) -> Result<(), TrainError> {
        if self.average {
            now(async { policy.swap_average().await.map_err(TrainError::role("policy")) })?;
        }
        Ok(())
    }
}

/// The critic as it starts.
fn critic(settings: &profile::Ppo, sft: &Model, reward: &Scorer, seed: u64) -> Result<Model, TrainError> {
    let critic = match settings.critic_init {
        CriticInit::RewardModel => reward.critic().map_err(TrainError::role("critic"))?,
        CriticInit::Policy(head) => sft
            .with_scalar_head(head.deviation(sft.architecture().width) as f32, seed)
            .map_err(TrainError::role("critic"))?,
    };
    with_dropout(&critic, settings.dropout, seed)
}

fn told(settings: &profile::Ppo, seed: u64) -> Loop {
    Loop {
        prompts: settings.responses_per_iteration() as usize,
        dropout: settings.dropout,
        temperature: settings.temperature,
        optimizer: Some((settings.policy, settings.steps_per_iteration())),
        seed,
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
    learn(session, (sft, reward), on, told(settings, seed), measure, |_, reward| {
        let run = Ppo::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)?;
        let critic = critic(settings, sft, reward, seed)?;
        Ok(Run { kind: Kind::Ppo(run), critic, average: settings.average.is_some() })
    })
}

/// The same by NLPO, whose mask policy starts as `sft`.
///
/// # Errors
/// [`StageError`].
pub fn nlpo(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scorer,
    on: Prompts<'_>,
    (settings, ppo): (&profile::Nlpo, &profile::Ppo),
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Model, StageError> {
    learn(session, (sft, reward), on, told(ppo, seed), measure, |policy, reward| {
        let (context, iterations) = (policy.architecture().context, on.iterations.into());
        let run = Nlpo::new(*settings, *ppo, context, iterations, seed)?.with_guards(on.guards)?;
        let critic = critic(ppo, sft, reward, seed)?;
        let kind = Kind::Nlpo(run, Box::new(policy.clone()));
        Ok(Run { kind, critic, average: ppo.average.is_some() })
    })
}
