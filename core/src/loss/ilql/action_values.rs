//! ILQL's loss of action values as an objective.

use crate::error::{at, check};
use crate::loss::{ActionLoss, Ilql};
use crate::ranges::positive;
use crate::{Error, RowObjective};

/// ILQL's loss of an action-value head, a network whose logits are action values (see
/// [`Ilql::action`]): `Σ (y − Q[a])² + α·(ln Σ exp Q − Q[a])`, over n. Two heads learn the same targets,
/// each with an objective of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActionValues<'a> {
    actions: &'a [u32],
    targets: &'a [f32],
    settings: Ilql,
    denominator: f64,
    /// Statistics of the parts so far.
    pub stats: ActionStats,
}

/// Statistics of an action-value head. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActionStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Σ `(y − Q[a])²`, in units of reward, squared.
    pub squared_error: f64,
    /// Σ `ln Σ exp Q − Q[a]`, in nats, without its weight.
    pub cross_entropy: f64,
}

impl ActionStats {
    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.squared_error += other.squared_error;
        self.cross_entropy += other.cross_entropy;
    }
}

impl<'a> ActionValues<'a> {
    /// `actions`, the batch's tokens, and `targets` (see [`Ilql::targets`]) are laid out as those; only
    /// loss tokens are read. `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a setting or the denominator.
    pub fn new(
        actions: &'a [u32],
        targets: &'a [f32],
        settings: Ilql,
        denominator: f64,
    ) -> Result<Self, Error> {
        check("targets", targets.len(), actions.len())?;
        settings.validate()?;
        positive("denominator", denominator)?;
        Ok(Self { actions, targets, settings, denominator, stats: ActionStats::default() })
    }
}

impl RowObjective for ActionValues<'_> {
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for an action outside the row; [`Error::NotFinite`].
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        let target = at("targets", self.targets, position)?;
        let action = at("actions", self.actions, position)? as usize;
        let upstream = 1.0 / self.denominator;
        let ActionLoss { squared_error, cross_entropy } =
            self.settings.action(logits, action, target, upstream, grad_logits)?;
        self.stats.merge(&ActionStats { tokens: 1, squared_error, cross_entropy });
        Ok(upstream * (squared_error + self.settings.conservatism * cross_entropy))
    }
}

#[cfg(test)]
mod tests;
