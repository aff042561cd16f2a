//! Measurements of a run's finished models, with the warnings that follow.

use super::answers::Answers;
use super::sources::Sources;
use super::steps::Run;
use super::trust::judged;
use super::warnings::{answer_warnings, class_warning, gold_warning};
use super::{RewardModel, RunError};
use crate::engine::Scorer;
use crate::record::Phase;
use crate::stage::{Measurement, StageError};
use rlhf_train::profile::Method;
use std::time::Instant;

/// The number of measurements: of the reward model, and of the policy.
const MEASUREMENTS: u64 = 2;

impl Run<'_, '_> {
    /// Measures the reward model, before anything is learnt from it, and keeps the result.
    pub fn judge(&mut self, reward: &mut Scorer, sources: &Sources) -> Result<RewardModel, RunError> {
        let clock = Instant::now();
        let judged = judged(reward, &sources.comparisons, &sources.solutions);
        let (model, mut warnings) = judged.map_err(|e| self.failed(Phase::Reward, &sources.held_out, e))?;
        if let Method::Bandit(_) = self.profile.method {
            warnings.extend(class_warning(sources.feedback.iter().map(|row| row.reward)));
        }
        let figures: Vec<_> =
            model.accuracy.map(|accuracy| ("accuracy", accuracy.value)).into_iter().collect();
        let (seconds, total) = (clock.elapsed().as_secs_f64(), MEASUREMENTS);
        let (figures, warnings) = (&figures[..], &warnings[..]);
        self.session.measured(&Measurement { step: 1, total, figures, warnings, seconds })?;
        Ok(model)
    }

    /// Keeps what the policy's answers to the held-out prompts measure.
    pub fn measured(
        &mut self,
        before: &Answers,
        after: &Answers,
        win_rate: f64,
        seconds: f64,
    ) -> Result<(), StageError> {
        let guards = &self.config.guards;
        let mut warnings = answer_warnings(guards, before, after);
        warnings.extend(gold_warning(guards, self.session.lines()));
        let figures = &[
            ("win_rate", win_rate),
            ("reward", after.reward()),
            ("kl", after.kl),
            ("length", after.length()),
            ("ended", after.ended()),
            ("distinct", after.distinct()),
        ];
        let (step, total, warnings) = (MEASUREMENTS, MEASUREMENTS, &warnings);
        self.session.measured(&Measurement { step, total, figures, warnings, seconds })
    }
}
