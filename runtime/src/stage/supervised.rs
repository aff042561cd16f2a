//! Step 1, and pretraining, which is the same on plain text.

use super::{Session, StageError, at};
use crate::record::{Line, Phase};
use crate::train::{self, Examples, Step, now};
use rlhf_core::profile::Supervised;
use rlhf_cpu::Model;
use serde_json::Value;
use std::time::Instant;

/// Pretrains `start` on plain text and keeps it as `base`.
///
/// # Errors
/// [`StageError`].
pub fn pretrain(
    session: &mut Session<'_>,
    start: &Model,
    texts: &Examples,
    settings: &Supervised,
    seed: u64,
) -> Result<Model, StageError> {
    learn(session, (Phase::Pretrain, "base"), start, texts, settings, seed)
}

/// Fine-tunes `start` on demonstrations and keeps it as `sft`.
///
/// # Errors
/// [`StageError`].
pub fn supervised(
    session: &mut Session<'_>,
    start: &Model,
    demonstrations: &Examples,
    settings: &Supervised,
    seed: u64,
) -> Result<Model, StageError> {
    learn(session, (Phase::Supervised, "sft"), start, demonstrations, settings, seed)
}

fn learn(
    session: &mut Session<'_>,
    (phase, name): (Phase, &str),
    start: &Model,
    texts: &Examples,
    settings: &Supervised,
    seed: u64,
) -> Result<Model, StageError> {
    if let Some(model) = session.finished(name, start)? {
        return Ok(model);
    }
    let mut model = with_dropout(start, settings.dropout, seed).map_err(at(phase, 0))?;
    let mut steps = train::Supervised::new(texts, settings, seed).map_err(at(phase, 0))?;
    let mut done = 0;
    if let Some(kept) = session.begin(phase)? {
        model = kept.network(name, &model, seed)?;
        done = kept.step;
        steps = steps.after(done);
    }
    loop {
        let clock = Instant::now();
        let taken = now(steps.step(&mut model)).map_err(|e| session.failed(phase, done + 1, e))?;
        let Some(step) = taken else { break };
        done = step.step;
        let line = line(phase, &step, &[], clock);
        session.after(line, &format!("loss {:.3}", step.loss), &[(name, &model)], &Value::Null)?;
    }
    let model = with_dropout(&model, 0.0, seed).map_err(at(phase, done))?;
    session.finish(name, phase, model, None)
}

/// What a step of steps 1 and 2 measured.
pub(super) fn line(phase: Phase, step: &Step, more: &[(&str, f64)], clock: Instant) -> Line {
    let own = [("loss", step.loss), ("gradient", step.gradient), ("learning_rate", step.learning_rate)];
    let figures = own.iter().chain(more).map(|(name, value)| (name.to_string(), *value)).collect();
    let seconds = clock.elapsed().as_secs_f64();
    Line { phase, step: step.step, total: step.total, figures, seconds }
}

/// The same weights with dropout at `rate` while learning, without an optimiser's state.
pub(super) fn with_dropout(model: &Model, rate: f64, seed: u64) -> Result<Model, train::TrainError> {
    let architecture =
        rlhf_core::model::Architecture { dropout: rate as f32, ..model.architecture().clone() };
    if architecture == *model.architecture() {
        return Ok(model.clone());
    }
    let mut model = Model::from_weights(model.cpu(), architecture, model.weights().to_vec())
        .map_err(train::TrainError::role("learner"))?;
    model.seed_dropout(seed);
    Ok(model)
}
