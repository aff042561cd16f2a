//! An ensemble, or the one reward model.

use super::RewardModel;
use crate::{Models, Report, Step, TrainError, Trainer};
use alloc::format;
use alloc::vec::Vec;
use rlhf_core::loss::Comparisons;
use rlhf_core::roles::Learner;

/// Reward models that learn side by side: the first in the policy's place, then the others.
#[derive(Clone, Debug)]
pub struct SideBySide<'a>(
    /// Each one's trainer.
    pub Vec<RewardModel<'a>>,
);

impl<L: Learner<Error: 'static>, R> Trainer<L, R> for SideBySide<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        let mut mean: Option<Step> = None;
        let (n, mut stats) = (self.0.len() as f64, Comparisons::default());
        for (member, model) in self.0.iter_mut().zip(models.learning_mut()) {
            let Some((step, of)) = member.step(model).await? else { return Ok(None) };
            stats.merge(&of);
            let mean = mean.get_or_insert(Step { loss: 0.0, gradient: 0.0, ..step });
            mean.loss += step.loss / n;
            mean.gradient += step.gradient / n;
        }
        Ok(mean.map(|step| {
            let accuracy = stats.accuracy();
            let sentence = format!("loss {:.3}, accuracy {:.2}", step.loss, accuracy.unwrap_or(0.0));
            Report::of(step, accuracy.map(|accuracy| ("accuracy", accuracy)), sentence)
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        for member in &mut self.0 {
            *member = member.clone().after(done);
        }
    }
}
