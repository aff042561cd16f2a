//! Right or wrong: a step of a solution, or the whole.

use super::bradley_terry::minus_log_sigmoid;
use crate::error::check;
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

/// A loss over labels of right and wrong, and how many of them the logits agree with. Sums, so that
/// parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgments {
    /// This part of the loss.
    pub loss: f64,
    /// Labels seen.
    pub labels: usize,
    /// Σ label.
    pub positive: f64,
    /// Labels of at least ½ with a logit of at least 0, or below with below.
    pub correct: usize,
}

impl Judgments {
    /// The share of labels that the logits agree with, or `None` without any.
    pub fn accuracy(&self) -> Option<f64> {
        (self.labels > 0).then(|| self.correct as f64 / self.labels as f64)
    }

    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.labels += other.labels;
        self.positive += other.positive;
        self.correct += other.correct;
    }
}

/// Binary cross-entropy: `L = −Σ [y·ln σ(z) + (1 − y)·ln σ(−z)] / n`, for outcome rewards (Cobbe et al.,
/// arXiv:2110.14168) and process rewards (Lightman et al., arXiv:2305.20050). A label between 0 and 1
/// is soft: the share of continuations that end well (Wang et al., arXiv:2312.08935).
///
/// `logits`, `labels`, `grad`: `[labels]`; `n` (`denominator`) counts the labels of the whole optimizer
/// batch. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a label outside 0 ..= 1 or a denominator that is not positive;
/// [`Error::NotFinite`] for a logit.
pub fn binary_cross_entropy<R: Real>(
    logits: &[R],
    labels: &[R],
    denominator: f64,
    grad: &mut [R],
) -> Result<Judgments, Error> {
    check("labels", labels.len(), logits.len())?;
    check("grad", grad.len(), logits.len())?;
    positive("denominator", denominator)?;
    finite("logits", logits)?;
    for label in labels {
        within("label", label.f64(), 0.0, 1.0)?;
    }
    let mut all = Judgments { labels: labels.len(), ..Judgments::default() };
    for (g, (z, y)) in grad.iter_mut().zip(logits.iter().zip(labels)) {
        let (z, y) = (z.f64(), y.f64());
        let ((right, right_slope), (wrong, wrong_slope)) = (minus_log_sigmoid(z), minus_log_sigmoid(-z));
        all.loss += y * right + (1.0 - y) * wrong;
        all.positive += y;
        all.correct += usize::from((y >= 0.5) == (z >= 0.0));
        *g = R::of((y * right_slope - (1.0 - y) * wrong_slope) / denominator);
    }
    all.loss /= denominator;
    Ok(all)
}

/// How the steps of a solution make one score.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum StepScore {
    /// The least likely step's probability.
    Min,
    /// The probability that every step is right, were they independent (arXiv:2305.20050, §2.6).
    Product,
    /// The last step's.
    Last,
    /// The mean.
    Mean,
}

impl StepScore {
    /// The score, 0 to 1, of a solution whose steps have these logits.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a step; [`Error::NotFinite`].
    pub fn score<R: Real>(self, logits: &[R]) -> Result<f64, Error> {
        finite("logits", logits)?;
        let Some(last) = logits.last() else {
            return Err(Error::TooFew { name: "logits", need: 1, got: 0 });
        };
        let surprise = |z: &R| minus_log_sigmoid(z.f64()).0;
        let probability = |z: &R| libm::exp(-surprise(z));
        Ok(match self {
            Self::Min => logits.iter().map(probability).fold(1.0, f64::min),
            Self::Product => libm::exp(-logits.iter().map(surprise).sum::<f64>()),
            Self::Last => probability(last),
            Self::Mean => logits.iter().map(probability).sum::<f64>() / logits.len() as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    proptest! {
        #[test]
        fn equals_the_definition_its_slope_and_the_sum_of_its_parts(
            x in prop::collection::vec((-6.0..6.0, 0.0..1.0), 2..12), at in 1usize..11,
        ) {
            let (z, y): (Vec<f64>, Vec<f64>) = x.iter().copied().unzip();
            let loss = |z: &[f64]| binary_cross_entropy(z, &y, 7.0, &mut vec![0.0; z.len()]).unwrap().loss;
            let one = |&(z, y): &(f64, f64)| -y * sigmoid(z).ln() - (1.0 - y) * (1.0 - sigmoid(z)).ln();
            let naive: f64 = x.iter().map(one).sum();
            close(loss(&z), naive / 7.0, 1e-11);
            let mut grad = vec![f64::NAN; z.len()];
            let all = binary_cross_entropy(&z, &y, 7.0, &mut grad).unwrap();
            slope(&z, &grad, loss);
            let at = at.min(z.len() - 1);
            let mut parts = vec![f64::NAN; z.len()];
            let (a, b) = parts.split_at_mut(at);
            let mut sum = binary_cross_entropy(&z[..at], &y[..at], 7.0, a).unwrap();
            sum.merge(&binary_cross_entropy(&z[at..], &y[at..], 7.0, b).unwrap());
            close(sum.loss, all.loss, 1e-13);
            prop_assert_eq!((sum.labels, sum.correct), (all.labels, all.correct));
            prop_assert_eq!(parts, grad);
        }

        #[test]
        fn scores_are_what_they_say(z in prop::collection::vec(-6.0..6.0, 1..9)) {
            let p: Vec<f64> = z.iter().map(|&z| sigmoid(z)).collect();
            let want = [
                (StepScore::Min, p.iter().fold(1.0, |a: f64, &b| a.min(b))),
                (StepScore::Product, p.iter().product()),
                (StepScore::Last, p[p.len() - 1]),
                (StepScore::Mean, p.iter().sum::<f64>() / p.len() as f64),
            ];
            for (how, want) in want {
                close(how.score(&z).unwrap(), want, 1e-13);
                close(how.score(&z[..1]).unwrap(), p[0], 1e-13);
            }
            prop_assert!(want[1].1 <= want[0].1 && want[0].1 <= want[3].1);
        }
    }

    #[test]
    fn what_is_no_label_is_refused() {
        let with = |z: f64, y: f64| binary_cross_entropy(&[z], &[y], 1.0, &mut [0.0]);
        assert!(matches!(with(0.0, 1.5), Err(Error::Range { name: "label", .. })));
        assert!(matches!(with(0.0, f64::NAN), Err(Error::Range { name: "label", .. })));
        assert_eq!(with(f64::NAN, 1.0), Err(Error::NotFinite { name: "logits", index: 0 }));
        assert_eq!(with(-800.0, 1.0).unwrap().loss, 800.0);
        let none = StepScore::Min.score::<f32>(&[]);
        assert_eq!(none, Err(Error::TooFew { name: "logits", need: 1, got: 0 }));
    }
}
