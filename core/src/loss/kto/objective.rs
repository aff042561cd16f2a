//! KTO as an objective.

use crate::error::check;
use crate::loss::responses::{Labeled, pull};
use crate::loss::{Kto, LabelStats, kto};
use crate::ranges::within;
use crate::{Coupling, Error, Needs, Objective};
use alloc::vec::Vec;

/// KTO over single sequences that are desirable or not (see [`kto`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabeledResponses<'a> {
    settings: Kto,
    desirable: Labeled<'a, bool>,
    baseline: f64,
    /// Statistics of the parts so far.
    pub stats: LabelStats,
}

impl<'a> LabeledResponses<'a> {
    /// `ends`: one past each sequence's last token, `[sequences]`; `reference`: the reference's
    /// log-probabilities, in nats, laid out as the batch's tokens, only loss tokens are read;
    /// `desirable`: `[sequences]`; `baseline`: [`crate::loss::kto_baseline`] of the whole optimizer
    /// batch, from a pass for scalars alone; `denominator` counts that batch's sequences.
    ///
    /// # Errors
    /// [`Kto::validate`]'s; [`Error::Shape`]; [`Error::Range`] for a baseline below 0 or a denominator
    /// that is not positive.
    pub fn new(
        settings: Kto,
        ends: &'a [usize],
        reference: &'a [f32],
        desirable: &'a [bool],
        baseline: f64,
        denominator: f64,
    ) -> Result<Self, Error> {
        settings.validate()?;
        let desirable = Labeled { ends, reference, labels: desirable, denominator };
        desirable.validate("desirable")?;
        within("baseline", baseline, 0.0, f64::MAX)?;
        Ok(Self { settings, desirable, baseline, stats: LabelStats::default() })
    }
}

impl Objective for LabeledResponses<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Sequence
    }

    /// # Errors
    /// [`kto`]'s; [`Error::TooFew`] for a sequence without a loss token; [`Error::Ends`] for a token beyond
    /// the last sequence.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        grad_entropy.fill(0.0);
        let Labeled { labels, denominator, .. } = self.desirable;
        let all = self.desirable.responses(positions, log_probs)?;
        let ratios: Vec<f64> = all.iter().map(|r| r.log_prob - r.reference).collect();
        let mut grad = alloc::vec![0.0; all.len()];
        let part = kto(&self.settings, &ratios, labels, self.baseline, denominator, &mut grad)?;
        pull(&all, &grad, grad_log_probs)?;
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

#[cfg(test)]
mod tests;
