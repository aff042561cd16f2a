//! Nash-MD as an objective.

use crate::error::at;
use crate::loss::responses::Labeled;
use crate::loss::{NashMd, nash_md};
use crate::ranges::finite;
use crate::{Coupling, Error, Needs, Objective};
use alloc::vec::Vec;

/// Nash-MD's policy gradient over sequences that the policy drew (see [`nash_md`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NashPolicy<'a> {
    settings: NashMd,
    preferred: Labeled<'a, f32>,
    /// Sequences seen.
    pub responses: usize,
    /// Σ of the probabilities that they are preferred.
    pub preferences: f64,
    /// Σ of their log-ratios to the reference, in nats, whose mean estimates the KL divergence.
    pub log_ratios: f64,
}

impl<'a> NashPolicy<'a> {
    /// `ends`: one past each sequence's last token, `[sequences]`; `reference`: the reference's
    /// log-probabilities, in nats, laid out as the batch's tokens, only loss tokens are read;
    /// `preferred`: `[sequences]`, the probability that a sequence is preferred to one of the mixture;
    /// `denominator` counts the sequences of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive.
    pub fn new(
        settings: NashMd,
        ends: &'a [usize],
        reference: &'a [f32],
        preferred: &'a [f32],
        denominator: f64,
    ) -> Result<Self, Error> {
        let preferred = Labeled { ends, reference, labels: preferred, denominator };
        preferred.validate("preferred")?;
        Ok(Self { settings, preferred, responses: 0, preferences: 0.0, log_ratios: 0.0 })
    }
}

impl Objective for NashPolicy<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Sequence
    }

    /// # Errors
    /// [`nash_md`]'s; [`Error::TooFew`] for a sequence without a loss token; [`Error::Ends`] for a token
    /// beyond the last sequence.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        grad_entropy.fill(0.0);
        let Labeled { reference, labels, denominator, .. } = self.preferred;
        let all = self.preferred.responses(positions, log_probs)?;
        let ends: Vec<usize> = all.iter().map(|r| r.loss_mask.end).collect();
        let reference =
            positions.iter().map(|&p| at("reference", reference, p)).collect::<Result<Vec<f32>, _>>()?;
        let settings = &self.settings;
        let loss = nash_md(settings, log_probs, &reference, &ends, labels, denominator, grad_log_probs)?;
        finite("grad_log_probs", grad_log_probs)?;
        self.responses += all.len();
        self.preferences += labels.iter().map(|&p| f64::from(p)).sum::<f64>();
        self.log_ratios += all.iter().map(|r| r.log_prob - r.reference).sum::<f64>();
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
