//! Step 3 from preferences, without rollouts: pairs or labels.

use super::passes::{Pass, Taken, learn};
use super::{Session, StageError};
use crate::engine::Model;
use rlhf_train::profile::{KtoTraining, PreferenceTraining};
use rlhf_train::{Kto, Labelled, Pairs, Preferences, TrainError, now};

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
    learn(session, sft, (settings.passes.dropout, seed), || {
        let trainer = Preferences::new(pairs, settings, seed)?;
        Ok(Against { trainer, reference: sft.clone() })
    })
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
    learn(session, sft, (settings.passes.dropout, seed), || {
        Ok(Against { trainer: Kto::new(labelled, settings, seed)?, reference: sft.clone() })
    })
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
