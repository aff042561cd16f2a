//! InstructGPT's loss over rankings.

use super::bradley_terry::{Comparisons, minus_log_sigmoid};
use crate::error::{check, rising};
use crate::ranges::{finite, positive};
use crate::{Error, Real};

/// What dropped ties do to a prompt's divisor.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Ties {
    /// Divide by the comparisons left, so that every prompt weighs the same.
    #[default]
    ShrinkDivisor,
    /// Divide by C(K, 2) all the same, as the formula is printed.
    KeepDivisor,
}

/// `L = −Σ_prompts [Σ_{w better than l} ln σ(s[w] − s[l])] / C(K, 2) / n`: all comparisons of a
/// prompt in one element (InstructGPT, arXiv:2203.02155, eq. 1).
///
/// `scores`, `ranks`, `grad`: `[answers]`, the prompts' groups end to end; a smaller rank is better
/// and equal ranks are ties, which are dropped. `ends`: one past each group's last answer,
/// `[prompts]`; K may differ. `n` (`denominator`) counts the prompts of the whole optimizer batch.
/// A group of nothing but ties adds nothing. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::TooFew`] for a group of one answer; [`Error::Range`]
/// for a denominator that is not positive; [`Error::NotFinite`] for a score.
pub fn k_wise<R: Real>(
    scores: &[R],
    ranks: &[u32],
    ends: &[usize],
    ties: Ties,
    denominator: f64,
    grad: &mut [R],
) -> Result<Comparisons, Error> {
    check("ranks", ranks.len(), scores.len())?;
    check("grad", grad.len(), scores.len())?;
    rising(ends, scores.len())?;
    positive("denominator", denominator)?;
    finite("scores", scores)?;
    let mut start = 0;
    for &end in ends {
        if end - start < 2 {
            return Err(Error::TooFew { name: "ranks", need: 2, got: end - start });
        }
        start = end;
    }
    let mut all = Comparisons::default();
    start = 0;
    for &end in ends {
        let group = one(&scores[start..end], &ranks[start..end], ties, denominator, &mut grad[start..end]);
        all.merge(&group);
        start = end;
    }
    Ok(all)
}

fn one<R: Real>(scores: &[R], ranks: &[u32], ties: Ties, denominator: f64, grad: &mut [R]) -> Comparisons {
    let k = scores.len();
    let ordered = |&(i, j): &(usize, usize)| ranks[i] < ranks[j];
    let pairs = || (0..k).flat_map(|i| (0..k).map(move |j| (i, j))).filter(ordered);
    let left = pairs().count();
    let divisor = match ties {
        Ties::ShrinkDivisor => left.max(1),
        Ties::KeepDivisor => k * (k - 1) / 2,
    };
    let weight = 1.0 / (divisor as f64 * denominator);
    grad.fill(R::ZERO);
    let mut group = Comparisons { loss: 0.0, pairs: left, correct: 0 };
    for (better, worse) in pairs() {
        let (l, slope) = minus_log_sigmoid(scores[better] - scores[worse]);
        group.loss += l.f64() * weight;
        group.correct += usize::from(scores[better] > scores[worse]);
        let pull = slope * R::of(weight);
        grad[better] += pull;
        grad[worse] -= pull;
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn loss(scores: &[f64], ranks: &[u32], ends: &[usize], ties: Ties) -> f64 {
        k_wise(scores, ranks, ends, ties, ends.len() as f64, &mut vec![0.0; scores.len()]).unwrap().loss
    }

    proptest! {
        #[test]
        fn equals_the_definition_and_its_slope(
            x in prop::collection::vec((-4.0..4.0, 0u32..6), 4..10), cut in 2usize..3,
        ) {
            let scores: Vec<f64> = x.iter().map(|p| p.0).collect();
            let ranks: Vec<u32> = x.iter().map(|p| p.1).collect();
            let ends = [cut, x.len()];
            for ties in [Ties::KeepDivisor, Ties::ShrinkDivisor] {
                let mut want = 0.0;
                for (a, b) in [(0, cut), (cut, x.len())] {
                    let (mut sum, mut left) = (0.0, 0.0);
                    for i in a..b {
                        for j in a..b {
                            if ranks[i] < ranks[j] {
                                sum -= (1.0 / (1.0 + (scores[j] - scores[i]).exp())).ln();
                                left += 1.0;
                            }
                        }
                    }
                    let k = (b - a) as f64;
                    let divisor = if ties == Ties::KeepDivisor { k * (k - 1.0) / 2.0 } else { left };
                    if left > 0.0 {
                        want += sum / divisor / 2.0;
                    }
                }
                close(loss(&scores, &ranks, &ends, ties), want, 1e-12);
                let mut grad = vec![f64::NAN; x.len()];
                k_wise(&scores, &ranks, &ends, ties, 2.0, &mut grad).unwrap();
                slope(&scores, &grad, |s| loss(s, &ranks, &ends, ties));
                // Only differences matter, so the gradient sums to nothing.
                close(grad.iter().sum(), 0.0, 1e-12);
            }
        }
    }

    #[test]
    fn two_answers_are_bradley_terry() {
        let (mut grad, mut a, mut b) = ([f64::NAN; 2], [0.0], [0.0]);
        let k = k_wise(&[0.3, 1.1], &[2, 1], &[2], Ties::KeepDivisor, 1.0, &mut grad).unwrap();
        let p = crate::maths::bradley_terry(&[1.1], &[0.3], None, 0.0, 1.0, &mut a, &mut b).unwrap();
        assert_eq!(k, p);
        assert_eq!(grad, [b[0], a[0]]);
    }

    #[test]
    fn dropped_ties_shrink_the_divisor_or_not() {
        let (scores, ranks) = ([1.0, 0.5, 0.25], [1, 2, 2]);
        let shrunk = loss(&scores, &ranks, &[3], Ties::ShrinkDivisor);
        close(loss(&scores, &ranks, &[3], Ties::KeepDivisor), shrunk * 2.0 / 3.0, 1e-15);
        assert_eq!(loss(&scores, &[1, 1, 1], &[3], Ties::ShrinkDivisor), 0.0);
        let one = k_wise(&scores, &ranks, &[1, 3], Ties::KeepDivisor, 1.0, &mut [0.0; 3]);
        assert_eq!(one, Err(Error::TooFew { name: "ranks", need: 2, got: 1 }));
    }
}
