//! The loop of every stage that passes over data.

use super::supervised::with_dropout;
use super::{Session, StageError, at};
use crate::record::{Line, Phase};
use crate::train::{Step, TrainError};
use core::iter;
use rlhf_cpu::Model;
use serde_json::Value;
use std::time::Instant;

/// A trainer that passes over data, step by step.
pub(super) trait Pass: Sized {
    /// Goes on after `steps` steps that were taken before.
    fn after(self, steps: u64) -> Self;

    /// Networks that learn or lag beside the one that it is given, by name.
    fn beside(&mut self) -> Vec<(&'static str, &mut Model)> {
        Vec::new()
    }

    /// The next step; `None` when all are done.
    fn step(&mut self, model: &mut Model) -> Result<Option<Taken>, TrainError>;
}

/// A step that was taken.
pub(super) struct Taken {
    pub step: Step,
    /// Figures beside the step's own.
    pub more: Vec<(&'static str, f64)>,
    /// What to say of it.
    pub told: String,
}

/// Trains a policy from `sft` by a trainer that `start` makes, and keeps it as `policy`.
pub(super) fn learn<P: Pass>(
    session: &mut Session<'_>,
    sft: &Model,
    (dropout, seed): (f64, u64),
    start: impl FnOnce() -> Result<P, TrainError>,
) -> Result<Model, StageError> {
    let (phase, name) = (Phase::Ppo, "policy");
    if let Some(model) = session.finished(name, sft)? {
        return Ok(model);
    }
    let mut policy = with_dropout(sft, dropout, seed).map_err(at(phase, 0))?;
    let pass = start().map_err(at(phase, 0))?;
    let done = passes(session, (phase, name), &mut policy, pass, seed)?;
    let policy = with_dropout(&policy, 0.0, seed).map_err(at(phase, done))?;
    session.finish(name, phase, policy, None)
}

/// Takes all steps that are left, from the last checkpoint on. Returns how many there were in all.
pub(super) fn passes<P: Pass>(
    session: &mut Session<'_>,
    (phase, name): (Phase, &str),
    model: &mut Model,
    mut pass: P,
    seed: u64,
) -> Result<u64, StageError> {
    let mut done = 0;
    if let Some(kept) = session.begin(phase)? {
        *model = kept.network(name, model, seed)?;
        kept.networks(pass.beside(), seed)?;
        done = kept.step;
        pass = pass.after(done);
    }
    loop {
        let clock = Instant::now();
        let taken = pass.step(model).map_err(|e| session.failed(phase, done + 1, e))?;
        let Some(Taken { step, more, told }) = taken else { return Ok(done) };
        done = step.step;
        let own = [("loss", step.loss), ("gradient", step.gradient), ("learning_rate", step.learning_rate)];
        let figures = own.into_iter().chain(more).map(|(name, value)| (name.to_string(), value)).collect();
        let seconds = clock.elapsed().as_secs_f64();
        let line = Line { phase, step: done, total: step.total, figures, seconds };
        let beside = pass.beside();
        let networks = iter::once((name, &*model)).chain(beside.into_iter().map(|(name, m)| (name, &*m)));
        session.after(line, &told, &networks.collect::<Vec<_>>(), &Value::Null)?;
    }
}
