//! What a policy is paid for staying undecided.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

/// The entropy bonus: `L = −c·Σ_{mask} H / n`, `∂L/∂H = −c/n`. Slices `[tokens]`, H in nats; `grad`
/// is overwritten. Returns the loss and Σ H.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive.
pub fn entropy_bonus<R: Real>(
    entropy: &[R],
    mask: &[bool],
    coefficient: f64,
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, f64), Error> {
    check("mask", mask.len(), entropy.len())?;
    check("grad", grad.len(), entropy.len())?;
    positive("denominator", denominator)?;
    let weight = -coefficient / denominator;
    let mut sum = 0.0;
    for (grad, (h, &m)) in grad.iter_mut().zip(entropy.iter().zip(mask)) {
        *grad = if m { R::of(weight) } else { R::ZERO };
        sum += if m { h.f64() } else { 0.0 };
    }
    Ok((weight * sum, sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;

    #[test]
    fn the_entropy_bonus_pays_for_entropy() {
        let mut grad = [f64::NAN; 2];
        let (loss, sum) = entropy_bonus(&[2.0, 9.0], &[true, false], 0.1, 4.0, &mut grad).unwrap();
        close(loss, -0.05, 1e-15);
        assert_eq!((sum, grad), (2.0, [-0.025, 0.0]));
    }
}
