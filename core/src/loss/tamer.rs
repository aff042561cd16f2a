//! TAMER and Deep TAMER: regression onto a person's judgments of single steps.

use crate::error::{check, rising};
use crate::loss::ValueStats;
use crate::ranges::{finite, positive};
use crate::{Coupling, Error, Needs, Objective, Real};

/// TAMER's loss: each judgment h is explained by the predicted human rewards Ĥ of the steps that it may
/// be about, weighted by their credit (Knox and Stone, K-CAP 2009, §3.4),
///
/// `L = Σ_judgments ½·(Σ_t credit[t]·Ĥ[t] − h)² / n`,
///
/// whose gradient is the paper's update. `values` (Ĥ), `credits`, `grad`: `[steps]`, the judgments'
/// windows end to end; a step without credit is not read. `ends`: one past each window's last step,
/// `[judgments]`; `judged` (h): `[judgments]`, in units of human reward. `n` (`denominator`) counts
/// the judgments of the whole optimizer batch. `grad` is overwritten. In the statistics a judgment is
/// a step.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] for a denominator that is not positive;
/// [`Error::NotFinite`] for a credit, a judgment or a credited value.
pub fn credited_reward<R: Real>(
    values: &[R],
    credits: &[R],
    ends: &[usize],
    judged: &[R],
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, ValueStats), Error> {
    check("credits", credits.len(), values.len())?;
    check("grad", grad.len(), values.len())?;
    check("judged", judged.len(), ends.len())?;
    rising(ends, values.len())?;
    positive("denominator", denominator)?;
    finite("credits", credits)?;
    finite("judged", judged)?;
    credited_are_finite(values, credits)?;
    let (mut loss, mut stats, mut start) = (0.0, ValueStats::default(), 0);
    for (&end, &h) in ends.iter().zip(judged) {
        let steps = || (start..end).filter(|&t| credits[t] != R::ZERO);
        let predicted: f64 = steps().map(|t| credits[t].f64() * values[t].f64()).sum();
        let error = predicted - h.f64();
        loss += 0.5 * error * error;
        stats.record(predicted, h.f64(), error * error, 0.5 * error * error);
        grad[start..end].fill(R::ZERO);
        for t in steps() {
            grad[t] = R::of(credits[t].f64() * error / denominator);
        }
        start = end;
    }
    Ok((loss / denominator, stats))
}

/// Deep TAMER's loss: every step that a judgment may be about is to predict that judgment, as far as
/// the judgment is likely to be about it (Warnell et al., arXiv:1709.10163, eq. 2–4),
///
/// `L = Σ_t ½·weight[t]·(Ĥ[t] − h[t])² / n`.
///
/// The paper has no ½; a learning rate twice as large makes up for it. `values` (Ĥ), `weights`, `judged`
/// (h), `grad`: `[steps]`, in units of human reward; a step of weight 0 is not read. `n` (`denominator`)
/// counts the weighted steps of the whole optimizer batch. `grad` is overwritten. The statistics are of
/// the weighted steps, each counted once.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive, or a negative weight;
/// [`Error::NotFinite`] for a weight, or a weighted step's judgment or value.
pub fn weighted_reward<R: Real>(
    values: &[R],
    weights: &[R],
    judged: &[R],
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, ValueStats), Error> {
    check("weights", weights.len(), values.len())?;
    check("judged", judged.len(), values.len())?;
    check("grad", grad.len(), values.len())?;
    positive("denominator", denominator)?;
    finite("weights", weights)?;
    if let Some(&negative) = weights.iter().find(|&&w| w < R::ZERO) {
        crate::ranges::within("weights", negative.f64(), 0.0, f64::MAX)?;
    }
    credited_are_finite(values, weights)?;
    let (mut loss, mut stats) = (0.0, ValueStats::default());
    for t in 0..values.len() {
        grad[t] = R::ZERO;
        if weights[t] == R::ZERO {
            continue;
        }
        if !judged[t].is_finite() {
            return Err(Error::NotFinite { name: "judged", index: t });
        }
        let (weight, error) = (weights[t].f64(), values[t].f64() - judged[t].f64());
        loss += 0.5 * weight * error * error;
        grad[t] = R::of(weight * error / denominator);
        stats.record(values[t].f64(), judged[t].f64(), error * error, 0.5 * error * error);
    }
    Ok((loss / denominator, stats))
}

fn credited_are_finite<R: Real>(values: &[R], weights: &[R]) -> Result<(), Error> {
    let mut both = values.iter().zip(weights);
    match both.position(|(v, &w)| w != R::ZERO && !v.is_finite()) {
        Some(index) => Err(Error::NotFinite { name: "values", index }),
        None => Ok(()),
    }
}

/// TAMER: each judgment is explained by the steps that it may be about (see [`credited_reward`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tamer<'a> {
    credits: &'a [f32],
    ends: &'a [usize],
    judged: &'a [f32],
    denominator: f64,
    /// Statistics of the parts so far; a judgment is a step.
    pub stats: ValueStats,
}

impl<'a> Tamer<'a> {
    /// `credits` are laid out as the batch's tokens; `ends`: one past the last token of each judgment's
    /// window, `[judgments]`; `judged`, `[judgments]`, in units of human reward. `denominator` counts
    /// the judgments of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] unless the denominator is positive.
    pub fn new(
        credits: &'a [f32],
        ends: &'a [usize],
        judged: &'a [f32],
        denominator: f64,
    ) -> Result<Self, Error> {
        rising(ends, credits.len())?;
        check("judged", judged.len(), ends.len())?;
        positive("denominator", denominator)?;
        Ok(Self { credits, ends, judged, denominator, stats: ValueStats::default() })
    }
}

impl Objective for Tamer<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`] for a credit, a judgment or a credited value.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.credits.len())?;
        let (loss, stats) =
            credited_reward(values, self.credits, self.ends, self.judged, self.denominator, grad_values)?;
        self.stats.merge(&stats);
        Ok(loss)
    }
}

/// Deep TAMER: each step predicts the judgment that may be about it, by its weight (see
/// [`weighted_reward`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeepTamer<'a> {
    weights: &'a [f32],
    judged: &'a [f32],
    denominator: f64,
    /// Statistics of the weighted steps so far.
    pub stats: ValueStats,
}

impl<'a> DeepTamer<'a> {
    /// `weights` and `judged`, in units of human reward, are laid out as the batch's tokens; only weighted
    /// positions are read. `denominator` counts the weighted steps of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] unless the denominator is positive.
    pub fn new(weights: &'a [f32], judged: &'a [f32], denominator: f64) -> Result<Self, Error> {
        check("judged", judged.len(), weights.len())?;
        positive("denominator", denominator)?;
        Ok(Self { weights, judged, denominator, stats: ValueStats::default() })
    }
}

impl Objective for DeepTamer<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a negative weight; [`Error::NotFinite`] for a weight, or a
    /// weighted step's judgment or value.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.weights.len())?;
        let (loss, stats) =
            weighted_reward(values, self.weights, self.judged, self.denominator, grad_values)?;
        self.stats.merge(&stats);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
