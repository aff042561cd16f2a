//! Step 3 from preferences, without rollouts: pairs or labels.

use super::passes::{Pass, Taken, passes};
use super::supervised::with_dropout;
use super::{Session, StageError, at};
use crate::record::Phase;
use crate::train::{Kto, Labelled, Pairs, Preferences, TrainError, now};
use rlhf_core::profile::{KtoTraining, PreferenceTraining};
use rlhf_cpu::Model;

/// A trainer and whom it measures the policy against.
struct Against<T> {
    trainer: T,
    reference: Model,
}

/// Trains a policy from `sft` on pairs and keeps it as `policy`.
///
/// # Errors
/// [`StageError`].
pub fn preferences(
    session: &mut Session<'_>,
    sft: &Model,
    pairs: &Pairs,
    settings: &PreferenceTraining,
    seed: u64,
) -> Result<Model, StageError> {
    let trainer = Preferences::new(pairs, settings, seed).map_err(at(Phase::Ppo, 0))?;
    learn(session, sft, trainer, settings.dropout, seed)
}

/// Trains a policy from `sft` on labels and keeps it as `policy`.
///
/// # Errors
/// [`StageError`].
pub fn kto(
    session: &mut Session<'_>,
    sft: &Model,
    labelled: &Labelled,
    settings: &KtoTraining,
    seed: u64,
) -> Result<Model, StageError> {
    let trainer = Kto::new(labelled, settings, seed).map_err(at(Phase::Ppo, 0))?;
    learn(session, sft, trainer, settings.dropout, seed)
}

fn learn<T>(
    session: &mut Session<'_>,
    sft: &Model,
    trainer: T,
    dropout: f64,
    seed: u64,
) -> Result<Model, StageError>
where
    Against<T>: Pass,
{
    let (phase, name) = (Phase::Ppo, "policy");
    if let Some(model) = session.finished(name, sft)? {
        return Ok(model);
    }
    let mut policy = with_dropout(sft, dropout, seed).map_err(at(phase, 0))?;
    let against = Against { trainer, reference: sft.clone() };
    let done = passes(session, (phase, name), &mut policy, against, seed)?;
    let policy = with_dropout(&policy, 0.0, seed).map_err(at(phase, done))?;
    session.finish(name, phase, policy)
}

impl Pass for Against<Preferences<'_>> {
    fn after(self, steps: u64) -> Self {
        Self { trainer: self.trainer.after(steps), ..self }
    }

    fn step(&mut self, model: &mut Model) -> Result<Option<Taken>, TrainError> {
        Ok(now(self.trainer.step(model, &mut self.reference))?.map(|(step, seen)| {
            let figures = [
                ("accuracy", seen.accuracy()),
                ("margin", seen.margin()),
                ("chosen_log_ratio", seen.chosen_log_ratio()),
                ("rejected_log_ratio", seen.rejected_log_ratio()),
            ];
            let more = figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let told = format!("loss {:.3}, accuracy {:.2}", step.loss, seen.accuracy().unwrap_or(0.0));
            Taken { step, more, told }
        }))
    }
}

impl Pass for Against<Kto<'_>> {
    fn after(self, steps: u64) -> Self {
        Self { trainer: self.trainer.after(steps), ..self }
    }

    fn step(&mut self, model: &mut Model) -> Result<Option<Taken>, TrainError> {
        Ok(now(self.trainer.step(model, &mut self.reference))?.map(|(step, seen)| {
            let more = seen.margin().map(|margin| ("margin", margin)).into_iter().collect();
            Taken { step, more, told: format!("loss {:.3}", step.loss) }
        }))
    }
}
