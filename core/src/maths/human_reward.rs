//! Regression onto what a person says of single steps.

use super::value_loss::ValueStats;
use crate::error::{check, rising};
use crate::ranges::{finite, positive};
use crate::{Error, Real};

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
        stats.see(predicted, h.f64(), error * error);
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
        stats.see(values[t].f64(), judged[t].f64(), error * error);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use crate::maths::value_loss;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    type Row = (f64, f64, f64);

    fn columns(rows: &[Row]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        (
            rows.iter().map(|r| r.0).collect(),
            rows.iter().map(|r| r.1).collect(),
            rows.iter().map(|r| r.2).collect(),
        )
    }

    fn tamer(values: &[f64], credits: &[f64], ends: &[usize], h: &[f64], n: f64) -> (f64, Vec<f64>) {
        let mut grad = vec![f64::NAN; values.len()];
        let (loss, _) = credited_reward(values, credits, ends, h, n, &mut grad).unwrap();
        (loss, grad)
    }

    fn deep(values: &[f64], weights: &[f64], h: &[f64], n: f64) -> (f64, Vec<f64>) {
        let mut grad = vec![f64::NAN; values.len()];
        let (loss, _) = weighted_reward(values, weights, h, n, &mut grad).unwrap();
        (loss, grad)
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        prop::collection::vec((-3.0..3.0, 0.0..1.0, -1.0..1.0), 2..12)
    }

    proptest! {
        #[test]
        fn tamer_equals_its_definition_its_slope_and_its_parts(rows in rows(), cut in 1usize..11) {
            let (values, credits, h) = columns(&rows);
            let (len, cut) = (values.len(), cut.min(values.len() - 1));
            let (ends, h) = ([cut, len], &h[..2]);
            let (loss, grad) = tamer(&values, &credits, &ends, h, 2.0);
            let explained = |a: usize, b: usize| -> f64 { (a..b).map(|t| credits[t] * values[t]).sum() };
            let errors = [explained(0, cut) - h[0], explained(cut, len) - h[1]];
            close(loss, (errors[0] * errors[0] + errors[1] * errors[1]) / 4.0, 1e-12);
            slope(&values, &grad, |v| tamer(v, &credits, &ends, h, 2.0).0);
            // Two parts of the batch are the batch, and so are they the other way round.
            let (a, ga) = tamer(&values[..cut], &credits[..cut], &[cut], &h[..1], 2.0);
            let (b, gb) = tamer(&values[cut..], &credits[cut..], &[len - cut], &h[1..], 2.0);
            close(a + b, loss, 1e-12);
            assert_eq!([ga, gb].concat(), grad);
        }

        #[test]
        fn deep_tamer_equals_its_definition_its_slope_and_its_parts(rows in rows(), cut in 1usize..11) {
            let (values, weights, h) = columns(&rows);
            let (n, cut) = (values.len() as f64, cut.min(values.len() - 1));
            let (loss, grad) = deep(&values, &weights, &h, n);
            let naive: f64 = rows.iter().map(|(v, w, h)| w * (v - h).powi(2) / 2.0).sum();
            close(loss, naive / n, 1e-12);
            slope(&values, &grad, |v| deep(v, &weights, &h, n).0);
            let (a, ga) = deep(&values[..cut], &weights[..cut], &h[..cut], n);
            let (b, gb) = deep(&values[cut..], &weights[cut..], &h[cut..], n);
            close(a + b, loss, 1e-12);
            assert_eq!([ga, gb].concat(), grad);
        }

        /// Both are plain regression where each judgment is about one step alone.
        #[test]
        fn a_window_of_one_is_plain_regression(rows in rows()) {
            let (values, _, h) = columns(&rows);
            let (n, one) = (values.len(), vec![1.0; values.len()]);
            let ends: Vec<usize> = (1..=n).collect();
            let mut grad = vec![f64::NAN; n];
            let (loss, stats) =
                value_loss(&values, &h, &h, &vec![true; n], None, n as f64, &mut grad).unwrap();
            for (own, slopes) in [tamer(&values, &one, &ends, &h, n as f64), deep(&values, &one, &h, n as f64)] {
                close(own, loss, 1e-14);
                slopes.iter().zip(&grad).for_each(|(slope, want)| close(*slope, *want, 1e-14));
            }
            let both = credited_reward(&values, &one, &ends, &h, 1.0, &mut vec![0.0; n]).unwrap();
            close(both.1.squared_error, stats.squared_error, 1e-14);
            assert_eq!(both.1.steps, stats.steps);
        }
    }

    #[test]
    fn steps_without_credit_are_not_read() {
        let (values, credits) = ([f64::NAN, 1.0, 3.0], [0.0, 0.5, 0.5]);
        assert_eq!(tamer(&values, &credits, &[3], &[1.0], 1.0), (0.5, vec![0.0, 0.5, 0.5]));
        let h = [f64::NAN, 0.0, 3.0];
        assert_eq!(deep(&values, &credits, &h, 1.0), (0.25, vec![0.0, 0.5, 0.0]));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut g = [0.0; 2];
        let nan = credited_reward(&[0.0, f64::NAN], &[1.0; 2], &[2], &[1.0], 1.0, &mut g);
        assert_eq!(nan.unwrap_err(), Error::NotFinite { name: "values", index: 1 });
        let ends = credited_reward(&[0.0; 2], &[1.0; 2], &[1], &[1.0], 1.0, &mut g);
        assert_eq!(ends.unwrap_err(), Error::Ends { sequence: 0 });
        let short = credited_reward(&[0.0; 2], &[1.0; 2], &[1, 2], &[1.0], 1.0, &mut g);
        assert_eq!(short.unwrap_err(), Error::Shape { name: "judged", want: 2, got: 1 });
        let negative = weighted_reward(&[0.0; 2], &[1.0, -1.0], &[1.0; 2], 1.0, &mut g);
        assert!(matches!(negative, Err(Error::Range { name: "weights", .. })));
        let nan = weighted_reward(&[0.0; 2], &[0.0, 1.0], &[f64::NAN; 2], 1.0, &mut g);
        assert_eq!(nan.unwrap_err(), Error::NotFinite { name: "judged", index: 1 });
        assert!(weighted_reward(&[0.0; 2], &[1.0; 2], &[1.0; 2], 0.0, &mut g).is_err());
    }
}
