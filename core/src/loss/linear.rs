//! A loss that is linear in the log-probabilities.

use crate::error::{at, check};
use crate::ranges::finite;
use crate::{Error, Needs, Objective};

/// `Σ c[t]·ln p[t]`, whose gradient is the pull-back of given cotangents c: a policy gradient, or one half
/// of a Fisher product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear<'a> {
    cotangents: &'a [f32],
}

impl<'a> Linear<'a> {
    /// `cotangents`, laid out as the batch's tokens, per nat. Only loss tokens are read, but all have
    /// to be numbers.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn new(cotangents: &'a [f32]) -> Result<Self, Error> {
        finite("cotangents", cotangents)?;
        Ok(Self { cotangents })
    }
}

impl Objective for Linear<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`] where a token has probability 0.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("log_probs", log_probs.len(), positions.len())?;
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        finite("log_probs", log_probs)?;
        grad_entropy.fill(0.0);
        let mut loss = 0.0;
        for ((grad, &log_prob), &position) in grad_log_probs.iter_mut().zip(log_probs).zip(positions) {
            *grad = at("cotangents", self.cotangents, position)?;
            loss += f64::from(*grad) * f64::from(log_prob);
        }
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
