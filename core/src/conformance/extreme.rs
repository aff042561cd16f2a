//! Large logits and tiny probabilities: softmax and logarithm do not overflow, and lose no more than rounding.

use super::Subject;
use super::company::read;
use super::continuation::next;
use super::learn::{accumulate, descent, outputs_of, step, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::{Entropies, LogProbs};
use super::rows::rows;
use super::run::{Check, wait};
use super::text::{Text, words};
use crate::capabilities::{Parameters, Rows};
use crate::log_probs::{log_prob, log_softmax};
use crate::roles::{Learner, Reference};
use alloc::vec;
use alloc::vec::Vec;

/// A temperature at which a logit of 1 becomes one of 250: `exp` of it is beyond f32.
const COLD: f32 = 0.004;

/// At a temperature of 0.004 log-probabilities are those that f64 finds from the ones at 1, down to hundreds of nats below
/// 0; an error there counts by its size.
pub(super) fn cold<S: Subject<Network: Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let mut network = subject.fresh(1);
    let mut least: f64 = 0.0;
    for len in [1, 3, subject.context() - 1] {
        let prefix = words(subject, len, 4);
        let plain: Vec<f64> = next(subject, &mut network, &prefix, 1.0)?.into_iter().map(f64::from).collect();
        let mut want = vec![0.0; plain.len()];
        log_softmax(&plain, COLD.into(), &mut want)?;
        for (got, want) in next(subject, &mut network, &prefix, COLD)?.into_iter().zip(want) {
            // Rounding of the logits, which the temperature multiplies, is not an error.
            let rounding = f64::from(f32::EPSILON) * 8.0 / f64::from(COLD);
            measured.error(((f64::from(got) - want).abs() - rounding).max(0.0) / want.abs().max(1.0));
            least = least.min(want);
        }
    }
    ensure(least < -20.0, "the network is so even that nothing is improbable")?;
    Ok(measured)
}

/// A learner shows the same numbers as the scorer at that temperature, and its gradient and entropies are finite.
pub(super) fn cold_learner<S: Subject<Network: Learner + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let text = Text::uneven(subject).at(COLD);
    let mut network = subject.fresh(1);
    let scored = read::<S, LogProbs>(subject, &mut network, &text)?;
    let shown = outputs_of::<S, LogProbs>(subject, &mut network, &text)?;
    let rounding = f64::from(f32::EPSILON) * 8.0 / f64::from(COLD);
    for (place, shown) in text.positions().into_iter().zip(shown) {
        let want = f64::from(scored[place]);
        let error = ((f64::from(shown) - want).abs() - rounding).max(0.0) / want.abs().max(1.0);
        measured.error(error);
    }
    let entropies = outputs_of::<S, Entropies>(subject, &mut network, &text)?;
    ensure(entropies.iter().all(|h| h.is_finite() && *h > -1e-3), "an entropy is not finite, or below 0")?;
    for entropies in [false, true] {
        if entropies {
            accumulate::<S, Entropies>(subject, &mut network, &text, &weights::<Entropies>(&text))?;
        } else {
            accumulate::<S, LogProbs>(subject, &mut network, &text, &weights::<LogProbs>(&text))?;
        }
        let norm = step(subject, &mut network, descent(0.0, 1.0))?;
        ensure(norm.is_finite(), "a gradient is not finite where probabilities are tiny")?;
    }
    Ok(measured)
}

pub(super) fn large<S: Subject<Network: Parameters + Rows>>() -> [Check<S>; 1] {
    [("large_weights", large_weights)]
}

/// With all weights thirty times as large, log-probabilities are those that f64 finds from the rows.
fn large_weights<S: Subject<Network: Parameters + Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let mut weights = vec![0.0; network.parameters()];
    wait(subject, network.read(&mut weights))?;
    weights.iter_mut().for_each(|w| *w *= 30.0);
    wait(subject, network.write(&weights))?;
    let scores = read::<S, LogProbs>(subject, &mut network, &text)?;
    let (positions, all) = rows(subject, &mut network, &text)?;
    let mut check = |t: usize, row: &[f32]| -> Result<(), Fault> {
        let row: Vec<f64> = row.iter().map(|z| f64::from(*z)).collect();
        let largest = row.iter().fold(0.0, |most: f64, z| most.max(z.abs()));
        let (want, _) = log_prob(&row, text.tokens[t] as usize, 1.0)?;
        let rounding = f64::from(f32::EPSILON) * 4.0 * largest;
        measured.error(((f64::from(scores[t]) - want).abs() - rounding).max(0.0) / want.abs().max(1.0));
        Ok(())
    };
    for (t, row) in positions.into_iter().zip(all.chunks_exact(subject.vocabulary())) {
        check(t, row)?;
    }
    Ok(measured)
}
