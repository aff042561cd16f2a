use crate::maths::cross_entropy;
use crate::ranges::positive;
use crate::{Error, Needs, Objective};

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

    /// The same, times `coefficient`.
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
mod tests {
    use super::*;

    #[test]
    fn tiles_add_up() {
        let mut ptx = CrossEntropy::weighted(4.0, 2.0).unwrap();
        let mut grad = [f32::NAN; 2];
        let a = ptx.tokens(&[1, 2], &[-1.0, -2.0], &[], &mut grad, &mut []).unwrap();
        assert_eq!((a, grad), (1.5, [-0.5, -0.5]));
        let b = ptx.tokens(&[4], &[-0.5], &[], &mut grad[..1], &mut []).unwrap();
        assert_eq!((b, ptx.tokens, ptx.nats), (0.25, 3, 3.5));
        assert!(CrossEntropy::new(0.0).is_err());
    }
}
