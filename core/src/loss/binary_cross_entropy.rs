//! Binary cross-entropy, of outcome and process reward models.

use crate::error::{at, check};
use crate::loss::sigmoid::minus_log_sigmoid;
use crate::ranges::{finite, positive, within};
use crate::{Coupling, Error, Needs, Objective, Real};

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

    /// Adds the sums of another part of the batch.
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

/// Outcome rewards: each sequence's score is the logit of its being right (see
/// [`binary_cross_entropy`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<'a> {
    labels: &'a [f32],
    denominator: f64,
    /// Statistics of the judgments so far.
    pub stats: Judgments,
}

impl<'a> Outcome<'a> {
    /// `labels`: `[sequences]`, 0 to 1; `denominator` counts the sequences of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless the denominator is positive.
    pub fn new(labels: &'a [f32], denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        Ok(Self { labels, denominator, stats: Judgments::default() })
    }
}

impl Objective for Outcome<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Sequence
    }

    /// # Errors
    /// [`Error::Shape`] unless there is one score a label; [`Error::Range`] for a label outside
    /// 0 ..= 1; [`Error::NotFinite`].
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        check("scores", scores.len(), self.labels.len())?;
        let part = binary_cross_entropy(scores, self.labels, self.denominator, grad_scores)?;
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

/// Process rewards: the value at a step's last token is the logit of that step's being right (Lightman
/// et al., arXiv:2305.20050; Uesato et al., arXiv:2211.14275; see [`binary_cross_entropy`]). Other
/// positions get no gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process<'a> {
    ends: &'a [usize],
    labels: &'a [f32],
    denominator: f64,
    /// Statistics of the judgments so far.
    pub stats: Judgments,
}

impl<'a> Process<'a> {
    /// `ends`: the position in the batch's tokens of each step's last token, rising; `labels`: `[steps]`,
    /// 0 to 1. `denominator` counts the steps of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Ends`] with the first step whose end does not rise; [`Error::Range`]
    /// unless the denominator is positive.
    pub fn new(ends: &'a [usize], labels: &'a [f32], denominator: f64) -> Result<Self, Error> {
        check("labels", labels.len(), ends.len())?;
        if let Some(i) = ends.windows(2).position(|two| two[0] >= two[1]) {
            return Err(Error::Ends { sequence: i + 1 });
        }
        positive("denominator", denominator)?;
        Ok(Self { ends, labels, denominator, stats: Judgments::default() })
    }
}

impl Objective for Process<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`] for a step that ends beyond the values; [`Error::Range`] for a label outside
    /// 0 ..= 1; [`Error::NotFinite`] for a value at a step's end.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("grad_values", grad_values.len(), values.len())?;
        grad_values.fill(0.0);
        let mut all = Judgments::default();
        for (&end, label) in self.ends.iter().zip(self.labels) {
            let z = at("values", values, end)?;
            let (z, label) = (core::slice::from_ref(&z), core::slice::from_ref(label));
            let step = binary_cross_entropy(z, label, self.denominator, &mut grad_values[end..=end]);
            all.merge(&step.map_err(|error| at_position(error, end))?);
        }
        self.stats.merge(&all);
        Ok(all.loss)
    }
}

fn at_position(error: Error, index: usize) -> Error {
    match error {
        Error::NotFinite { .. } => Error::NotFinite { name: "values", index },
        other => other,
    }
}

#[cfg(test)]
mod tests;
