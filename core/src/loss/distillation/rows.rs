//! Distillation from a teacher's rows as an objective.

use crate::error::check;
use crate::log_probs::log_softmax;
use crate::loss::{Divergence, Tail, distil_row};
use crate::ranges::{finite, positive};
use crate::{Error, HeldRows, RowObjective};
use alloc::vec::Vec;

/// Settings of distillation.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Distillation {
    /// The divergence that is minimized.
    pub divergence: Divergence,
    /// The treatment of ids that are no candidates; whole rows have none.
    pub tail: Tail,
    /// Divides both networks' logits. For candidates it has to be the batch's.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// The loss's weight; Hinton et al. take the temperature's square.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub coefficient: f64,
}

impl Default for Distillation {
    fn default() -> Self {
        Self { divergence: Divergence::default(), tail: Tail::default(), temperature: 1.0, coefficient: 1.0 }
    }
}

impl Distillation {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::NotFinite`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.divergence.validate()?;
        positive("temperature", self.temperature)?;
        finite("coefficient", &[self.coefficient])
    }
}

/// Statistics of distillation. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DistillationStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Σ divergence, in nats, without the coefficient.
    pub divergence: f64,
}

impl DistillationStats {
    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.divergence += other.divergence;
    }
}

/// Distillation from a teacher's rows (see [`distil_row`]): `c·Σ D / n`. In
/// [`Divergence::Reverse`], with a reference as teacher, it is the exact KL of a policy from it.
#[derive(Clone, Debug, PartialEq)]
pub struct DistilRows<'a> {
    teacher: &'a HeldRows,
    settings: Distillation,
    denominator: f64,
    row: Vec<f32>,
    /// Statistics of the parts so far.
    pub stats: DistillationStats,
}

impl<'a> DistilRows<'a> {
    /// `teacher`: its logits at the loss tokens. `denominator` counts the loss tokens of
    /// the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::NotFinite`] for a setting or the denominator.
    pub fn new(teacher: &'a HeldRows, settings: Distillation, denominator: f64) -> Result<Self, Error> {
        settings.validate()?;
        positive("denominator", denominator)?;
        Ok(Self { teacher, settings, denominator, row: Vec::new(), stats: DistillationStats::default() })
    }
}

impl RowObjective for DistilRows<'_> {
    /// # Errors
    /// [`Error::Range`] for a position without a teacher's row; [`Error::Shape`]; [`Error::NotFinite`],
    /// with the position where a divergence is infinite.
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        let Distillation { divergence, temperature, coefficient, .. } = self.settings;
        let teacher = self.teacher.row(position)?;
        check("teacher", teacher.len(), logits.len())?;
        self.row.resize(logits.len(), 0.0);
        log_softmax(teacher, temperature, &mut self.row)?;
        let weight = coefficient / self.denominator;
        let nats = distil_row(divergence, &self.row, logits, temperature, weight, grad_logits)
            .map_err(|error| at_position(error, position))?;
        self.stats.merge(&DistillationStats { tokens: 1, divergence: nats });
        Ok(weight * nats)
    }
}

/// Adds to an error which token of the batch has no finite divergence.
pub(super) fn at_position(error: Error, position: usize) -> Error {
    match error {
        Error::NotFinite { name: "divergence", .. } => {
            Error::NotFinite { name: "divergence", index: position }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
