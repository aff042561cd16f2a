//! Pairwise reward-model loss.

use crate::error::check;
use crate::ranges::{finite, positive};
use crate::{Error, Real};

/// `softplus(−x) = −ln σ(x)` and its slope `−σ(−x)`, without overflow anywhere.
pub(crate) fn minus_log_sigmoid<R: Real>(x: R) -> (R, R) {
    let e = (-x.abs()).exp();
    let tail = if x >= R::ZERO { e } else { R::ONE };
    ((-x).max(R::ZERO) + e.ln_1p(), -tail / (R::ONE + e))
}

/// A loss over comparisons, and how many of them the scores already order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparisons {
    /// This part of the loss.
    pub loss: f64,
    /// Comparisons made, ties left out where the loss leaves them out.
    pub pairs: usize,
    /// Comparisons whose better answer scores strictly higher.
    pub correct: usize,
}

impl Comparisons {
    /// The share of comparisons in the right order, or `None` without any.
    pub fn accuracy(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.correct as f64 / self.pairs as f64)
    }

    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.pairs += other.pairs;
        self.correct += other.correct;
    }
}

/// Bradley–Terry loss with optional margin m and centering coefficient c:
/// `L = Σ [−ln σ(a − b − m) + c·(a + b)²] / n` for chosen scores a and rejected scores b
/// (Touvron et al., arXiv:2307.09288, eq. 2; centering: Eisenstein et al., arXiv:2312.09244).
///
/// All slices are `[pairs]`, scores in any unit; `n` (`denominator`) counts the pairs of the whole
/// optimizer batch. The gradients are overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive;
/// [`Error::NotFinite`] for a score or margin.
#[allow(clippy::too_many_arguments)]
pub fn bradley_terry<R: Real>(
    chosen: &[R],
    rejected: &[R],
    margin: Option<&[R]>,
    centering: f64,
    denominator: f64,
    grad_chosen: &mut [R],
    grad_rejected: &mut [R],
) -> Result<Comparisons, Error> {
    let n = chosen.len();
    check("rejected", rejected.len(), n)?;
    check("grad_chosen", grad_chosen.len(), n)?;
    check("grad_rejected", grad_rejected.len(), n)?;
    if let Some(margin) = margin {
        check("margin", margin.len(), n)?;
        finite("margin", margin)?;
    }
    positive("denominator", denominator)?;
    finite("chosen", chosen)?;
    finite("rejected", rejected)?;
    let (mut loss, mut correct) = (0.0, 0);
    for i in 0..n {
        let (a, b) = (chosen[i], rejected[i]);
        let (l, slope) = minus_log_sigmoid(a - b - margin.map_or(R::ZERO, |m| m[i]));
        let sum = (a + b).f64();
        loss += l.f64() + centering * sum * sum;
        correct += usize::from(a > b);
        grad_chosen[i] = R::of((slope.f64() + 2.0 * centering * sum) / denominator);
        grad_rejected[i] = R::of((-slope.f64() + 2.0 * centering * sum) / denominator);
    }
    Ok(Comparisons { loss: loss / denominator, pairs: n, correct })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn loss(pairs: &[f64], margin: &[f64], centering: f64) -> f64 {
        let (a, b) = pairs.split_at(margin.len());
        let mut grads = vec![0.0; 2 * margin.len()];
        let (ga, gb) = grads.split_at_mut(margin.len());
        bradley_terry(a, b, Some(margin), centering, margin.len() as f64, ga, gb).unwrap().loss
    }

    proptest! {
        #[test]
        fn equals_the_definition_and_its_slope(
            x in prop::collection::vec((-4.0..4.0, -4.0..4.0, 0.0..1.5), 1..9), c in 0.0..0.2,
        ) {
            let n = x.len();
            let pairs: Vec<f64> = x.iter().map(|p| p.0).chain(x.iter().map(|p| p.1)).collect();
            let margin: Vec<f64> = x.iter().map(|p| p.2).collect();
            let naive: f64 = x.iter()
                .map(|(a, b, m)| -(1.0 / (1.0 + (-(a - b - m)).exp())).ln() + c * (a + b).powi(2))
                .sum::<f64>() / n as f64;
            close(loss(&pairs, &margin, c), naive, 1e-12);
            let mut grads = vec![f64::NAN; 2 * n];
            let (ga, gb) = grads.split_at_mut(n);
            bradley_terry(&pairs[..n], &pairs[n..], Some(&margin), c, n as f64, ga, gb).unwrap();
            slope(&pairs, &grads, |p| loss(p, &margin, c));
        }
    }

    #[test]
    fn far_scores_neither_overflow_nor_vanish() {
        assert_eq!(minus_log_sigmoid(-1000f32), (1000.0, -1.0));
        assert_eq!(minus_log_sigmoid(1000f32), (0.0, 0.0));
        let got = bradley_terry(&[f64::NAN], &[0.0], None, 0.0, 1.0, &mut [0.0], &mut [0.0]);
        assert_eq!(got, Err(Error::NotFinite { name: "chosen", index: 0 }));
    }
}
