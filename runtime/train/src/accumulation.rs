//! A batch of responses, learnt from part by part.

use super::TrainError;
use super::examples::Part;
use super::guard::{Place, Shown, Watch, zero_grad};
use alloc::vec::Vec;
use rlhf_core::roles::Learner;
use rlhf_core::{Error, Objective};

/// A batch of responses to learn from.
#[derive(Clone, Copy)]
pub(super) struct Accumulation<'a> {
    pub shown: Shown<'a>,
    pub place: Place,
    /// Whose errors these are.
    pub role: &'static str,
    /// The most tokens that are shown at once.
    pub most: usize,
    /// What logits are divided by.
    pub temperature: f32,
}

impl<'a> Accumulation<'a> {
    /// The batch in parts, of which none parts an item.
    pub fn parts(&self) -> Vec<Part<'a>> {
        self.shown.texts.parts_of(self.most, self.shown.each).collect()
    }

    /// Accumulates the gradient of each part's objective, and hands over its loss and the objective, with
    /// what that has seen.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a number is not finite, with nothing accumulated; the learner's own.
    pub async fn learn<'p, L: Learner<Error: 'static>, O: Objective>(
        &self,
        learner: &mut L,
        parts: &'p [Part<'a>],
        mut objective: impl FnMut(&'p Part<'a>) -> Result<O, Error>,
        mut seen: impl FnMut(f64, &O),
    ) -> Result<(), TrainError> {
        let mut watch = Watch::new(self.shown.texts.tokens());
        for part in parts {
            let mut objective = objective(part)?;
            let first = part.texts.start / self.shown.each;
            let mut watched = watch.over(&mut objective, part.span.clone()).counting_from(first);
            let batch = part.batch()?.at_temperature(self.temperature)?;
            let loss = learner.accumulate(batch, &mut watched).await.map_err(TrainError::role(self.role))?;
            seen(loss, &objective);
        }
        match self.shown.learner(self.place, &watch) {
            Ok(()) => Ok(()),
            Err(fault) => Err(zero_grad(learner, fault).await),
        }
    }
}
