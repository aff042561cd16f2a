//! Owed tokens, response by response.

use crate::Error;
use crate::error::check;
use crate::objectives::at;
use alloc::vec::Vec;
use core::ops::Range;

/// What one sequence owes.
pub struct Response {
    /// Where its tokens lie among the owed ones.
    pub owed: Range<usize>,
    /// Σ of their log-probabilities, in nats.
    pub log_prob: f64,
    /// The same of the reference, 0 without one.
    pub reference: f64,
}

impl Response {
    /// How many tokens it owes.
    pub fn tokens(&self) -> f64 {
        self.owed.len() as f64
    }
}

/// Gathers owed tokens by the sequences that end at `ends`. `reference` is laid out as the batch's
/// tokens.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Ends`] for a token beyond the last end; [`Error::TooFew`] for a sequence
/// that owes nothing.
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
            return Err(Error::TooFew { name: "owed", need: 1, got: 0 });
        }
        let owed = start..stop;
        let log_prob = log_probs[owed.clone()].iter().map(|&l| f64::from(l)).sum();
        let mut base = 0.0;
        if let Some(reference) = reference {
            for &position in &positions[owed.clone()] {
                base += f64::from(at("reference", reference, position)?);
            }
        }
        all.push(Response { owed, log_prob, reference: base });
        start = stop;
    }
    if start == positions.len() {
        Ok(all)
    } else {
        Err(Error::Ends { sequence: ends.len().saturating_sub(1) })
    }
}
