//! Step 3 from preferences over what the policy has just written.

use super::checkpoint::Checkpoint;
use super::rollouts::{Prompts, Rollout, Seen, rollouts};
use super::supervised::with_dropout;
use super::{Measure, Scorer, Session, StageError, at};
use crate::record::Phase;
use crate::train::{OnlinePreferences, OnlineRoles, Scored, TrainError, now};
use rlhf_core::Ragged;
use rlhf_core::profile::OnlinePreference;
use rlhf_cpu::Model;

/// Prompts an iteration.
const PROMPTS: usize = 32;

/// The trainer and its networks.
struct Actors {
    run: OnlinePreferences,
    policy: Model,
    reference: Model,
}

impl Rollout for Actors {
    /// Iterations done.
    type State = u32;

    fn networks(&self) -> Vec<(&'static str, &Model)> {
        vec![("policy", &self.policy)]
    }

    fn policy(&mut self) -> &mut Model {
        &mut self.policy
    }

    fn prompts(&self) -> usize {
        PROMPTS
    }

    fn state(&self) -> (u32, u32) {
        (self.run.iteration(), self.run.iteration())
    }

    fn go_on(&mut self, kept: &Checkpoint, done: u32, seed: u64) -> Result<(), StageError> {
        self.policy = kept.network("policy", &self.policy, seed)?;
        self.run = self.run.clone().after(done);
        Ok(())
    }

    fn iterate(
        &mut self,
        reward: &mut Scorer,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError> {
        let Self { run, policy, reference } = self;
        let mut roles = OnlineRoles { policy, reference, judge: &mut Scored(reward) };
        let seen = now(run.iterate(&mut roles, prompts, &on.stopping))?;
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
    let phase = Phase::Ppo;
    if let Some(model) = session.finished("policy", sft)? {
        return Ok(model);
    }
    let policy = with_dropout(sft, settings.dropout, seed).map_err(at(phase, 0))?;
    let run = OnlinePreferences::new(*settings, u64::from(on.iterations), seed);
    let run = run.and_then(|run| run.with_guards(on.guards)).map_err(at(phase, 0))?;
    let mut actors = Actors { run, policy, reference: sft.clone() };
    rollouts(session, &mut actors, reward, on, seed, measure)?;
    let policy = with_dropout(&actors.policy, 0.0, seed).map_err(at(phase, u64::from(on.iterations)))?;
    session.finish("policy", phase, policy)
}
