//! The report of a step.

use crate::{IterationReport, Step};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The measurements of an optimizer step or an iteration.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The step or the iteration, from 1.
    pub step: u64,
    /// The number of steps or iterations in the run.
    pub total: u64,
    /// Measurements by name. Some may not be finite.
    pub figures: Vec<(&'static str, f64)>,
    /// The measurement that matters most, as a line for a person.
    pub sentence: String,
    /// The rollout, where the algorithm learned from one by its rewards.
    pub iteration: Option<IterationReport>,
}

impl Report {
    /// Reports an optimizer step, with further figures.
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

    /// Adds figures.
    pub(crate) fn and(mut self, more: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        self.figures.extend(more);
        self
    }
}

/// Leaves the place in the run open; [`RolloutTrainer`](super::RolloutTrainer) adds it.
impl From<IterationReport> for Report {
    fn from(report: IterationReport) -> Self {
        let sentence = format!("reward {:+.2}, KL {:.1} nats", report.score, report.kl);
        Self { sentence, iteration: Some(report), ..Self::default() }
    }
}
