//! NLPO's renormalization within a lagging policy's support (Ramamurthy et al., arXiv:2210.01241).

use crate::error::{at, check};
use crate::log_probs::{log_prob, log_prob_pull};
use crate::ranges::{positive, within};
use crate::sampling::within_support;
use crate::{Coupling, Error, HeldRows, Objective, RowObjective};
use alloc::vec::Vec;

/// A token objective whose log-probabilities and entropies are renormalized within what a lagging policy
/// considers: with [`crate::loss::PpoPolicy`] inside NLPO (Ramamurthy et al., arXiv:2210.01241). With
/// top-p 1 it is the objective inside.
///
/// The tokens have to be drawn within the same support, or they have probability 0:
/// [`crate::sampling::Support`] does, and gives the log-probabilities that the objective inside calls old.
#[derive(Clone, Debug, PartialEq)]
pub struct WithinSupport<'a, O> {
    /// The objective inside, with its statistics.
    pub objective: O,
    tokens: &'a [u32],
    lagging: &'a HeldRows,
    top_p: f64,
    temperature: f64,
    masked: Vec<f32>,
    other: Vec<f32>,
    scratch: Vec<u32>,
}

impl<'a, O: Objective> WithinSupport<'a, O> {
    /// `tokens`: the batch's; `lagging`: the lagging policy's logits at the loss tokens. Both policies' logits
    /// are divided by `temperature`, the batch's and the sampler's.
    ///
    /// # Errors
    /// [`Error::Range`] for top-p or the temperature; [`Error::Unknown`] for an objective that does not take
    /// each token by itself.
    pub fn new(
        objective: O,
        tokens: &'a [u32],
        lagging: &'a HeldRows,
        top_p: f64,
        temperature: f64,
    ) -> Result<Self, Error> {
        within("top_p", top_p, f64::MIN_POSITIVE, 1.0)?;
        positive("temperature", temperature)?;
        let needs = objective.needs();
        if objective.coupling() != Coupling::Token || needs.values || needs.scores {
            return Err(Error::Unknown { name: "objective within a support", known: "token objectives" });
        }
        let (masked, other, scratch) = Default::default();
        Ok(Self { objective, tokens, lagging, top_p, temperature, masked, other, scratch })
    }
}

impl<O: Objective> RowObjective for WithinSupport<'_, O> {
    /// # Errors
    /// [`Error::Range`] for a position without a lagging row, or a token outside the row;
    /// [`Error::Shape`]; [`Error::NotFinite`] for logits, or, with its position, for a token outside the
    /// support; those of the objective inside.
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        let target = at("tokens", self.tokens, position)? as usize;
        check("grad_logits", grad_logits.len(), logits.len())?;
        self.masked.clear();
        self.masked.extend_from_slice(logits);
        self.other.clear();
        self.other.extend_from_slice(self.lagging.row(position)?);
        self.scratch.resize(logits.len(), 0);
        within_support(&mut self.masked, &mut self.other, self.temperature, self.top_p, &mut self.scratch)?;
        let (log_prob, entropy) = log_prob(&self.masked, target, self.temperature)?;
        let (mut grad, mut grad_entropy) = ([0.0], [0.0]);
        if log_prob == f32::NEG_INFINITY {
            return Err(Error::NotFinite { name: "log-probability within the support", index: position });
        }
        let entropies = usize::from(self.objective.needs().entropy);
        let loss = self.objective.tokens(
            &[position],
            &[log_prob],
            &[entropy][..entropies],
            &mut grad,
            &mut grad_entropy[..entropies],
        )?;
        grad_logits.fill(0.0);
        log_prob_pull(&self.masked, target, self.temperature, grad[0], grad_entropy[0], grad_logits)?;
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
