//! The loop of every stage that passes over data.

use super::{Session, StageError, at};
use crate::engine::Model;
use crate::engine::with_dropout;
use crate::record::{Line, Phase};
use rlhf_train::{Step, TrainError};
use serde_json::Value;
use std::time::Instant;

/// What learns in a stage: one network, or several side by side.
pub(super) trait Networks {
    /// All of them.
    fn all(&self) -> Vec<&Model>;

    /// All of them, in the same order.
    fn all_mut(&mut self) -> Vec<&mut Model>;
}

impl Networks for Model {
    fn all(&self) -> Vec<&Model> {
        vec![self]
    }

    fn all_mut(&mut self) -> Vec<&mut Model> {
        vec![self]
    }
}

impl Networks for Vec<Model> {
    fn all(&self) -> Vec<&Model> {
        self.iter().collect()
    }

    fn all_mut(&mut self) -> Vec<&mut Model> {
        self.iter_mut().collect()
    }
}

/// A trainer that passes over data, step by step.
pub(super) trait Pass<N = Model>: Sized {
    /// Goes on after `steps` steps that were taken before.
    fn after(self, steps: u64) -> Self;

    /// Networks that learn or lag beside the one that it is given, by name.
    fn beside(&mut self) -> Vec<(&'static str, &mut Model)> {
        Vec::new()
    }

    /// The next step; `None` when all are done.
    fn step(&mut self, networks: &mut N) -> Result<Option<Taken>, TrainError>;
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
    session.finish(name, phase, policy)
}

/// Takes all steps that are left, from the last checkpoint on. Returns how many there were in all.
pub(super) fn passes<N: Networks, P: Pass<N>>(
    session: &mut Session<'_>,
    (phase, name): (Phase, &str),
    networks: &mut N,
    mut pass: P,
    seed: u64,
) -> Result<u64, StageError> {
    let mut done = 0;
    if let Some(kept) = session.begin(phase)? {
        for (name, network) in names(name, networks.all().len()).iter().zip(networks.all_mut()) {
            *network = kept.network(name, network, seed)?;
        }
        kept.networks(pass.beside(), seed)?;
        done = kept.step;
        pass = pass.after(done);
    }
    loop {
        let clock = Instant::now();
        let taken = pass.step(networks).map_err(|e| session.failed(phase, done + 1, e, []))?;
        let Some(Taken { step, more, told }) = taken else { return Ok(done) };
        done = step.step;
        let own = [("loss", step.loss), ("gradient", step.gradient), ("learning_rate", step.learning_rate)];
        let figures = own.into_iter().chain(more).map(|(name, value)| (name.to_string(), value)).collect();
        let seconds = clock.elapsed().as_secs_f64();
        let line = Line { phase, step: done, total: step.total, figures, seconds };
        let names = names(name, networks.all().len());
        let own = names.iter().map(String::as_str).zip(networks.all());
        let beside = pass.beside();
        let all = own.chain(beside.into_iter().map(|(name, model)| (name, &*model)));
        session.after(line, &told, &all.collect::<Vec<_>>(), &Value::Null)?;
    }
}

/// `reward`, `reward-2`, `reward-3` …
fn names(name: &str, networks: usize) -> Vec<String> {
    (1..=networks).map(|n| if n == 1 { name.into() } else { format!("{name}-{n}") }).collect()
}
