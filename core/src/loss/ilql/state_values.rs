//! ILQL's loss of state values as an objective.

use crate::error::check;
use crate::loss::Ilql;
use crate::ranges::{finite, positive};
use crate::{Coupling, Error, Needs, Objective};

/// ILQL's expectile loss of state values (see [`Ilql::value`]), over n. A critic's value *before* an
/// loss token, that is after the token that precedes it, learns the lagging Q of the action that the loss
/// token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateValues<'a> {
    targets: &'a [f32],
    loss_mask: &'a [bool],
    settings: Ilql,
    denominator: f64,
    /// Statistics of the parts so far.
    pub stats: StateStats,
}

/// Statistics of a critic. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StateStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Tokens whose target is above the value.
    pub above: usize,
    /// Σ loss, in units of reward, squared.
    pub loss: f64,
}

impl StateStats {
    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.above += other.above;
        self.loss += other.loss;
    }
}

impl<'a> StateValues<'a> {
    /// `targets`, the lagging Q of each token (of two heads the smaller), and `loss_mask` are laid out as the
    /// batch's tokens; only loss tokens are read. `denominator` counts the loss tokens of the whole
    /// optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a setting or the denominator; [`Error::Ends`] where the very
    /// first token is in the loss mask.
    pub fn new(
        targets: &'a [f32],
        loss_mask: &'a [bool],
        settings: Ilql,
        denominator: f64,
    ) -> Result<Self, Error> {
        check("loss_mask", loss_mask.len(), targets.len())?;
        settings.validate()?;
        positive("denominator", denominator)?;
        if loss_mask.first() == Some(&true) {
            return Err(Error::Ends { sequence: 0 });
        }
        Ok(Self { targets, loss_mask, settings, denominator, stats: StateStats::default() })
    }
}

impl Objective for StateValues<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Token
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`] for a value or a target.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.targets.len())?;
        check("grad_values", grad_values.len(), values.len())?;
        grad_values.fill(0.0);
        let mut stats = StateStats::default();
        for t in (1..values.len()).filter(|&t| self.loss_mask[t]) {
            let (loss, slope) = self.settings.value(values[t - 1], self.targets[t]);
            finite("value loss", &[loss]).map_err(|_| Error::NotFinite { name: "value loss", index: t })?;
            grad_values[t - 1] = (f64::from(slope) / self.denominator) as f32;
            let above = usize::from(self.targets[t] > values[t - 1]);
            stats.merge(&StateStats { tokens: 1, above, loss: loss.into() });
        }
        self.stats.merge(&stats);
        Ok(stats.loss / self.denominator)
    }
}

#[cfg(test)]
mod tests;
