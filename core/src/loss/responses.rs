//! Loss tokens, response by response.

use crate::Error;
use crate::error::{at, check};
use crate::ranges::{finite, positive};
use alloc::vec::Vec;
use core::ops::Range;

/// A response: the loss tokens of one sequence.
pub struct Response {
    /// The range of its tokens among the batch's loss tokens.
    pub loss_mask: Range<usize>,
    /// Σ of their log-probabilities, in nats.
    pub log_prob: f64,
    /// Σ of the reference's log-probabilities, in nats; 0 without one.
    pub reference: f64,
}

impl Response {
    /// The number of its loss tokens.
    pub fn tokens(&self) -> f64 {
        self.loss_mask.len() as f64
    }
}

/// Gathers loss tokens by the sequences that end at `ends`. `reference` is laid out as the batch's
/// tokens.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Ends`] for a token beyond the last end; [`Error::TooFew`] for a sequence
/// without a loss token.
pub fn responses(
    ends: &[usize],
    positions: &[usize],
    log_probs: &[f32],
    reference: Option<&[f32]>,
) -> Result<Vec<Response>, Error> {
    check("log_probs", log_probs.len(), positions.len())?;
    let mut all = Vec::with_capacity(ends.len());
    let mut start = 0;
    for &end in ends {
        let stop = positions.partition_point(|&p| p < end);
        if stop <= start {
            return Err(Error::TooFew { name: "loss_mask", need: 1, got: 0 });
        }
        let loss_mask = start..stop;
        let log_prob = log_probs[loss_mask.clone()].iter().map(|&l| f64::from(l)).sum();
        let mut base = 0.0;
        if let Some(reference) = reference {
            for &position in &positions[loss_mask.clone()] {
                base += f64::from(at("reference", reference, position)?);
            }
        }
        all.push(Response { loss_mask, log_prob, reference: base });
        start = stop;
    }
    if start == positions.len() {
        Ok(all)
    } else {
        Err(Error::Ends { sequence: ends.len().saturating_sub(1) })
    }
}

/// Sequences whose whole responses are learnt beside a reference, each with a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Labeled<'a, T> {
    /// One past each sequence's last token, `[sequences]`.
    pub ends: &'a [usize],
    /// The reference's log-probabilities, in nats, laid out as the batch's tokens.
    pub reference: &'a [f32],
    /// The label or reward of each sequence, `[sequences]`.
    pub labels: &'a [T],
    /// The number of sequences of the whole optimizer batch.
    pub denominator: f64,
}

impl<T> Labeled<'_, T> {
    /// # Errors
    /// [`Error::Shape`] in the name `name`; [`Error::Range`] unless the denominator is positive.
    pub fn validate(&self, name: &'static str) -> Result<(), Error> {
        check(name, self.labels.len(), self.ends.len())?;
        positive("denominator", self.denominator)
    }

    /// The loss tokens of the batch, response by response.
    ///
    /// # Errors
    /// Boxed form of [`responses`].
    pub fn responses(&self, positions: &[usize], log_probs: &[f32]) -> Result<Vec<Response>, Error> {
        responses(self.ends, positions, log_probs, Some(self.reference))
    }
}

/// Every token of a response pulls alike: gradients by response become gradients by token.
///
/// # Errors
/// [`Error::NotFinite`] with the token whose gradient is not.
pub fn pull(all: &[Response], grad: &[f64], grad_log_probs: &mut [f32]) -> Result<(), Error> {
    for (response, &pull) in all.iter().zip(grad) {
        grad_log_probs[response.loss_mask.clone()].fill(pull as f32);
    }
    finite("grad_log_probs", grad_log_probs)
}
