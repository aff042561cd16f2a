//! Step 3 from preferences over what the policy has just written.

use super::rollouts::{Loop, Models, Prompts, Trainer, learn};
use super::seen::Seen;
use super::{Measure, Session, StageError};
use crate::engine::{Model, Scorer};
use rlhf_core::Ragged;
use rlhf_train::profile::OnlinePreference;
use rlhf_train::{OnlinePreferences, OnlineRoles, Scored, TrainError, now};

impl Trainer for OnlinePreferences {
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
        let context = policy.architecture().context;
        let mut roles = OnlineRoles { policy, reference, judge: &mut Scored(reward) };
        let seen = now(self.iterate_mixed(&mut roles, context, prompts, &on.stopping))?;
        let mut figures = vec![("length", seen.length), ("ended", seen.ended), ("entropy", seen.surprise)];
        let optional = [
            ("kl", seen.kl),
            ("win_rate", seen.win_rate),
            ("accuracy", seen.pairs.accuracy()),
            ("margin", seen.pairs.margin()),
        ];
        figures.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let told = format!("{} pairs, KL {:.1} nats", seen.learnt, seen.kl.unwrap_or(0.0));
        Ok(Seen { figures, told, iteration: None })
    }
}

/// Trains a policy from `sft` on comparisons of its own responses, which `reward` makes, and keeps it as
/// `policy`. `measure` is asked after every iteration for further figures.
///
/// # Errors
/// [`StageError`].
pub fn online(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scorer,
    on: Prompts<'_>,
    settings: &OnlinePreference,
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
        OnlinePreferences::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)
    })
}
