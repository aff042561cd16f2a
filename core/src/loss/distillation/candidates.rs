//! Distillation from a teacher's likeliest ids as an objective.

use crate::error::check;
use crate::loss::distillation::rows::at_position;
use crate::loss::{Distillation, DistillationStats, distil_candidates};
use crate::ranges::{finite, positive};
use crate::{CandidateObjective, Error};

/// Distillation from a teacher's likeliest ids (see [`distil_candidates`]): what
/// [`crate::loss::DistilRows`] is where rows are too dear to leave a device or to store.
#[derive(Clone, Debug, PartialEq)]
pub struct DistilCandidates<'a> {
    positions: &'a [usize],
    teacher: &'a [f32],
    settings: Distillation,
    denominator: f64,
    /// Statistics of the parts so far.
    pub stats: DistillationStats,
}

impl<'a> DistilCandidates<'a> {
    /// `positions` are the batch's loss tokens, in rising order; `teacher`, `[positions, k]`, the
    /// log-probabilities that it gives the candidates, in nats under the batch's temperature.
    /// `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are equally many candidates a position; [`Error::Range`],
    /// [`Error::NotFinite`] for a setting, the denominator or what the teacher gives.
    pub fn new(
        positions: &'a [usize],
        teacher: &'a [f32],
        settings: Distillation,
        denominator: f64,
    ) -> Result<Self, Error> {
        settings.validate()?;
        positive("denominator", denominator)?;
        finite("teacher", teacher)?;
        let each = teacher.len().checked_div(positions.len()).unwrap_or(0);
        check("teacher", teacher.len(), each * positions.len())?;
        Ok(Self { positions, teacher, settings, denominator, stats: DistillationStats::default() })
    }
}

impl CandidateObjective for DistilCandidates<'_> {
    /// # Errors
    /// [`Error::Range`] for a position without the teacher's candidates; [`Error::Shape`];
    /// [`Error::NotFinite`], with the position where a divergence is infinite.
    fn candidates(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        grad_log_probs: &mut [f32],
    ) -> Result<f64, Error> {
        let k = self.teacher.len().checked_div(self.positions.len()).unwrap_or(0);
        check("log_probs", log_probs.len(), k * positions.len())?;
        check("grad_log_probs", grad_log_probs.len(), log_probs.len())?;
        let Distillation { divergence, tail, coefficient, .. } = self.settings;
        let weight = coefficient / self.denominator;
        let mut stats = DistillationStats { tokens: positions.len(), divergence: 0.0 };
        let rows = log_probs.chunks(k.max(1)).zip(grad_log_probs.chunks_mut(k.max(1)));
        for (&position, (student, grad)) in positions.iter().zip(rows) {
            let found = self.positions.binary_search(&position).map_err(|_| Error::Range {
                name: "position",
                value: position as f64,
                low: self.positions.first().map_or(0.0, |&p| p as f64),
                high: self.positions.last().map_or(0.0, |&p| p as f64),
            })?;
            let teacher = &self.teacher[found * k..(found + 1) * k];
            stats.divergence += distil_candidates(divergence, tail, teacher, student, weight, grad)
                .map_err(|error| at_position(error, position))?;
        }
        self.stats.merge(&stats);
        Ok(weight * stats.divergence)
    }
}

#[cfg(test)]
mod tests;
