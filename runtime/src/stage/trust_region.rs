//! Step 3 within a trust region.

use super::rollouts::{Loop, Measure, Models, Prompts, Trainer, learn};
use super::seen::Seen;
use super::{Session, StageError};
use crate::engine::{Model, Scorer};
use rlhf_core::Ragged;
use rlhf_train::profile;
use rlhf_train::{OnPolicyState, TrainError, Trio, TrustRegion, now};

impl Trainer for TrustRegion {
    type State = OnPolicyState;

    fn state(&self) -> (OnPolicyState, u32) {
        (TrustRegion::state(self), TrustRegion::state(self).iteration)
    }

    fn go_on(&mut self, state: OnPolicyState) {
        *self = self.clone().after(state);
    }

    fn iterate(
        &mut self,
        actors: Models<'_>,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Models { policy, reference, reward } = actors;
        let mut roles = Trio { policy, reference, reward };
        let (seen, step) = now(TrustRegion::iterate(self, &mut roles, prompts, &on.stopping))?;
        let figures = [("gain", step.gain), ("policy_kl", step.kl), ("backtracks", step.backtracks as f64)];
        Ok(Seen::from(seen).and(figures))
    }
}

/// Trains a policy from `sft` against `reward` by TRPO and keeps it as `policy`. `measure` is asked after
/// every iteration for further figures.
///
/// # Errors
/// [`StageError`].
pub fn trpo(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scorer,
    on: Prompts<'_>,
    settings: &profile::TrustRegion,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Model, StageError> {
    let told = Loop {
        prompts: settings.prompts as usize,
        dropout: 0.0,
        temperature: settings.temperature,
        optimizer: None,
        seed,
    };
    learn(session, (sft, reward), on, told, measure, |_, _| {
        TrustRegion::new(*settings, seed)?.with_guards(on.guards)
    })
}
