//! Step 3 from a teacher.

use super::passes::{Pass, Taken, learn};
use super::{Session, StageError};
use crate::engine::Model;
use rlhf_core::sampling::Stopping;
use rlhf_train::profile::DistillationTraining;
use rlhf_train::{Distil, Examples, TrainError, now};

/// The trainer, its teacher, and how many of the teacher's ids are looked at.
struct Taught<'a> {
    trainer: Distil<'a>,
    teacher: Model,
    top: Option<u32>,
}

/// Trains a policy from `sft` on a teacher's distributions over `texts`, or over what it writes in their
/// place, and keeps it as `policy`.
///
/// # Errors
/// [`StageError`].
pub fn distillation(
    session: &mut Session<'_>,
    sft: &Model,
    teacher: &Model,
    (texts, stopping): (&Examples, &Stopping<'_>),
    settings: &DistillationTraining,
    seed: u64,
) -> Result<Model, StageError> {
    learn(session, sft, (settings.passes.dropout, seed), || {
        let trainer = Distil::new(texts, stopping, settings, seed)?;
        Ok(Taught { trainer, teacher: teacher.clone(), top: settings.top })
    })
}

impl Pass for Taught<'_> {
    fn after(self, steps: u64) -> Self {
        Self { trainer: self.trainer.after(steps), ..self }
    }

    fn step(&mut self, model: &mut Model) -> Result<Option<Taken>, TrainError> {
        let Self { trainer, teacher, top } = self;
        let taken = match top {
            None => now(trainer.step(model, teacher)),
            Some(k) => now(trainer.step_from_candidates(model, teacher, *k as usize)),
        };
        Ok(taken?.map(|(step, seen)| {
            let apart = seen.divergence / seen.tokens.max(1) as f64;
            let told = format!("{apart:.4} nats a token from the teacher");
            Taken { step, more: vec![("divergence", apart)], told }
        }))
    }
}
