//! Next-token cross-entropy.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};

    #[test]
    fn is_the_mean_of_what_is_owed_and_parts_add_up() {
        let x = [-1.0, -2.5, -0.25];
        let mut grad = [f64::NAN; 3];
        let whole = cross_entropy(&x, 3.0, 27.8, &mut grad).unwrap();
        close(whole, 27.8 * 1.25, 1e-15);
        slope(&x, &grad, |x| cross_entropy(x, 3.0, 27.8, &mut [0.0; 3]).unwrap());
        let mut parts = [f64::NAN; 3];
        let a = cross_entropy(&x[..1], 3.0, 27.8, &mut parts[..1]).unwrap();
        let b = cross_entropy(&x[1..], 3.0, 27.8, &mut parts[1..]).unwrap();
        close(a + b, whole, 1e-15);
        assert_eq!(parts, grad);
    }

    #[test]
    fn an_impossible_token_is_an_error() {
        let got = cross_entropy(&[-1.0, f64::NEG_INFINITY], 2.0, 1.0, &mut [0.0; 2]);
        assert_eq!(got, Err(Error::NotFinite { name: "log_probs", index: 1 }));
        assert!(cross_entropy(&[-1.0], 0.0, 1.0, &mut [0.0]).is_err());
    }
}
