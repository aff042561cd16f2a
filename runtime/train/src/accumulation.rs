//! Gradients that are accumulated over a batch, part by part.

use super::TrainError;
use super::examples::Part;
use super::guard::{OutputRecord, Place, ResponseBatch, zero_grad_on_fault};
use alloc::vec::Vec;
use rlhf_core::roles::Learner;
use rlhf_core::{Error, Objective};

/// A forward and backward pass over the parts of a batch.
#[derive(Clone, Copy)]
pub(super) struct GradientPass<'p, 'a> {
    pub parts: &'p [Part<'a>],
    /// The role of the learner, for errors.
    pub role: &'static str,
    /// The divisor of the logits.
    pub temperature: f32,
    /// Texts in an item, where the errors of the objective count items; `None` where they count tokens.
    pub texts_per_item: Option<usize>,
}

impl<'p, 'a> GradientPass<'p, 'a> {
    /// Accumulates the gradient of each part's objective, and calls `seen` with its loss and its statistics.
    /// Returns the outputs of the network, for guards.
    ///
    /// # Errors
    /// The learner's own.
    pub async fn accumulate<L: Learner<Error: 'static>, O: Objective>(
        &self,
        learner: &mut L,
        mut objective: impl FnMut(&'p Part<'a>) -> Result<O, Error>,
        mut report: impl FnMut(f64, &O),
    ) -> Result<OutputRecord, TrainError> {
        let mut record = OutputRecord::new(self.parts.last().map_or(0, |part| part.span.end));
        for part in self.parts {
            let mut objective = objective(part)?;
            let mut recording = record.over(&mut objective, part.span.clone());
            if let Some(each) = self.texts_per_item {
                recording = recording.counting_from(part.texts.start / each);
            }
            let batch = part.batch()?.at_temperature(self.temperature)?;
            let loss =
                learner.accumulate(batch, &mut recording).await.map_err(TrainError::role(self.role))?;
            report(loss, &objective);
        }
        Ok(record)
    }
}

/// A batch of responses to learn from.
#[derive(Clone, Copy)]
pub(super) struct Accumulation<'a> {
    pub responses: ResponseBatch<'a>,
    pub place: Place,
    /// The role of the learner, for errors.
    pub role: &'static str,
    /// The most tokens of a part.
    pub most: usize,
    /// The divisor of the logits.
    pub temperature: f32,
}

impl<'a> Accumulation<'a> {
    /// The batch in parts, of which none splits an item.
    pub fn parts(&self) -> Vec<Part<'a>> {
        self.responses.texts.parts_of(self.most, self.responses.texts_per_item).collect()
    }

    /// Accumulates the gradient of each part's objective, and calls `seen` with its loss and its statistics.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a number is not finite, with nothing accumulated; the learner's own.
    pub async fn accumulate<'p, L: Learner<Error: 'static>, O: Objective>(
        &self,
        learner: &mut L,
        parts: &'p [Part<'a>],
        objective: impl FnMut(&'p Part<'a>) -> Result<O, Error>,
        report: impl FnMut(f64, &O),
    ) -> Result<(), TrainError> {
        let Self { role, temperature, .. } = *self;
        let pass =
            GradientPass { parts, role, temperature, texts_per_item: Some(self.responses.texts_per_item) };
        let record = pass.accumulate(learner, objective, report).await?;
        zero_grad_on_fault(learner, self.responses.learner(self.place, &record)).await
    }
}
