//! Next-token cross-entropy.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Needs, Objective, Real};

/// Next-token cross-entropy: `L = −c·Σ ln p[t] / n`, `∂L/∂ln p[t] = −c/n`.
///
/// `log_probs`, `grad`: `[loss tokens]`, in nats. `n` (`denominator`) counts the loss tokens of the
/// whole optimizer batch, so that parts add up; `c` (`coefficient`) is 1, or PPO-ptx's γ
/// (arXiv:2203.02155, eq. 2). `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive;
/// [`Error::NotFinite`] where a token has probability 0.
pub fn cross_entropy<R: Real>(
    log_probs: &[R],
    denominator: f64,
    coefficient: f64,
    grad: &mut [R],
) -> Result<f64, Error> {
    check("grad", grad.len(), log_probs.len())?;
    positive("denominator", denominator)?;
    crate::ranges::finite("log_probs", log_probs)?;
    let weight = coefficient / denominator;
    grad.fill(R::of(-weight));
    Ok(-weight * log_probs.iter().map(|l| l.f64()).sum::<f64>())
}

/// Next-token cross-entropy over the loss tokens (see [`cross_entropy`]): supervised fine-tuning,
/// language modelling, and with γ as its coefficient PPO-ptx's pretraining term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    denominator: f64,
    coefficient: f64,
    /// Tokens seen.
    pub tokens: usize,
    /// Σ −ln p of those, in nats, without the coefficient.
    pub nats: f64,
}

impl CrossEntropy {
    /// `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn new(denominator: f64) -> Result<Self, Error> {
        Self::weighted(denominator, 1.0)
    }

    /// Cross-entropy times `coefficient`.
    ///
    /// # Errors
    /// [`Error::Range`] unless the denominator is positive; [`Error::NotFinite`] for the coefficient.
    pub fn weighted(denominator: f64, coefficient: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        crate::ranges::finite("coefficient", &[coefficient])?;
        Ok(Self { denominator, coefficient, tokens: 0, nats: 0.0 })
    }
}

impl Objective for CrossEntropy {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn tokens(
        &mut self,
        _positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        grad_entropy.fill(0.0);
        let loss = cross_entropy(log_probs, self.denominator, self.coefficient, grad_log_probs)?;
        self.tokens += log_probs.len();
        self.nats -= log_probs.iter().map(|&l| f64::from(l)).sum::<f64>();
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
