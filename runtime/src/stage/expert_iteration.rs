//! Step 3 by imitating the best of the policy's own responses.

use super::rollouts::{Loop, Measure, Models, Prompts, Trainer, learn};
use super::seen::Seen;
use super::{Session, StageError};
use crate::engine::{Model, Scorer};
use rlhf_core::Ragged;
use rlhf_train::profile;
use rlhf_train::{ExpertIteration, TrainError, Trio, now};

impl Trainer for ExpertIteration {
    /// Iterations done.
    type State = u32;

    fn state(&self) -> (u32, u32) {
        (self.iteration(), self.iteration())
    }

    fn go_on(&mut self, done: u32) {
        *self = self.clone().after(done);
    }

    fn iterate(
        &mut self,
        actors: Models<'_>,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Models { policy, reference, reward } = actors;
        let mut roles = Trio { policy, reference, reward };
        let seen = now(ExpertIteration::iterate(self, &mut roles, prompts, &on.stopping))?;
        let kept = seen.keep.iter().filter(|kept| **kept).count() as f64 / seen.keep.len() as f64;
        let figures = [("loss", seen.loss), ("kept", kept)];
        let score = seen.kept_score.map(|score| ("kept_reward", score));
        Ok(Seen::from(seen.seen).and(figures).and(score))
    }
}

/// Trains a policy from `sft` to write what `reward` likes best of its own responses, and keeps it as
/// `policy`. `measure` is asked after every iteration for further figures.
///
/// # Errors
/// [`StageError`].
pub fn expert_iteration(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scorer,
    on: Prompts<'_>,
    settings: &profile::ExpertIteration,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Model, StageError> {
    let told = Loop {
        prompts: settings.prompts as usize,
        dropout: settings.dropout,
        temperature: settings.temperature,
        optimizer: Some((settings.optimiser, settings.steps_per_iteration())),
        seed,
    };
    learn(session, (sft, reward), on, told, measure, |_, _| {
        ExpertIteration::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)
    })
}
