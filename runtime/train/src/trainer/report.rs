//! What a step says of itself.

use crate::{IterationReport, Step};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What an optimizer step or an iteration says of itself.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Which, from 1.
    pub step: u64,
    /// Of how many.
    pub total: u64,
    /// What it measured, by name. What was not a number may be among it.
    pub figures: Vec<(&'static str, f64)>,
    /// The figure that matters most, for a person.
    pub sentence: String,
    /// The rollout, where it learned from one by its rewards.
    pub iteration: Option<IterationReport>,
}

impl Report {
    /// Of an optimizer step, with further figures.
    pub(crate) fn of(
        step: Step,
        more: impl IntoIterator<Item = (&'static str, f64)>,
        sentence: String,
    ) -> Self {
        let Step { step, total, loss, gradient, learning_rate } = step;
        let own = [("loss", loss), ("gradient", gradient), ("learning_rate", learning_rate)];
        let figures = own.into_iter().chain(more).collect();
        Self { step, total, figures, sentence, iteration: None }
    }

    /// With further figures.
    pub(crate) fn and(mut self, more: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        self.figures.extend(more);
        self
    }
}

/// Of an iteration; where in the run that is, [`RolloutTrainer`](super::RolloutTrainer) adds.
impl From<IterationReport> for Report {
    fn from(seen: IterationReport) -> Self {
        let sentence = format!("reward {:+.2}, KL {:.1} nats", seen.score, seen.kl);
        Self { sentence, iteration: Some(seen), ..Self::default() }
    }
}
