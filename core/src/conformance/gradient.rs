//! Gradients, seen through steps.

use super::Subject;
use super::learn::{accumulate, accumulate_as, descent, loss, norm, outputs_of, step, still, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::{Form, LogProbs, Output, Probe};
use super::run::wait;
use super::text::Text;
use crate::Coupling;
use crate::roles::Learner;
use alloc::vec;
use alloc::vec::Vec;

/// The text of gradients, at a temperature that is not 1.
pub(super) fn text<S: Subject>(subject: &S) -> Text {
    Text::short(subject).at(0.7)
}

/// A short step along a gradient `g` and one against it change the loss by `2·length·‖g‖`: see the
/// module's documentation. `accumulate` adds the gradient of `sign·L`, `loss` is `L`.
pub(super) fn slope<S: Subject<Network: Learner>>(
    subject: &S,
    accumulate: impl Fn(&mut S::Network, f32) -> Result<(), Fault>,
    loss: impl Fn(&mut S::Network) -> Result<f64, Fault>,
) -> Checked {
    let norm = norm(subject, &|network| accumulate(network, 1.0))?;
    slope_over(subject, subject.tolerances().nudge, norm, accumulate, loss)
}

/// Measures as [`slope`] does, over steps of length `nudge`, with a gradient of this norm.
fn slope_over<S: Subject<Network: Learner>>(
    subject: &S,
    nudge: f64,
    norm: f64,
    accumulate: impl Fn(&mut S::Network, f32) -> Result<(), Fault>,
    loss: impl Fn(&mut S::Network) -> Result<f64, Fault>,
) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let after = |sign: f32| -> Result<f64, Fault> {
        let mut network = subject.fresh(1);
        accumulate(&mut network, sign)?;
        step(subject, &mut network, descent(nudge, norm))?;
        loss(&mut network)
    };
    let difference = (after(-1.0)? - after(1.0)?) / (2.0 * nudge);
    measured.error((difference - norm).abs() / norm);
    Ok(measured)
}

/// The accumulated gradient is the loss's: of short texts, and of texts as long as the context.
pub(super) fn gradient<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut worst = Measured::within(subject.tolerances().gradient);
    for text in [text(subject), Text::every(subject).at(1.3)] {
        let weights = weights::<O>(&text);
        let one = slope(
            subject,
            |network, sign| {
                let signed: Vec<f32> = weights.iter().map(|w| sign * w).collect();
                accumulate::<S, O>(subject, network, &text, &signed).map(|_| ())
            },
            |network| Ok(loss::<O>(&text, &outputs_of::<S, O>(subject, network, &text)?, &weights)),
        )?;
        worst.error(one.error);
    }
    Ok(worst)
}

/// The objective gets every loss number once, in order, all in one call if it couples its tokens, and no number that
/// it does not need. The learner returns the objective's loss.
pub(super) fn contract<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let weights = weights::<O>(&text);
    for coupling in [Coupling::Token, Coupling::Sequence, Coupling::Group, Coupling::Batch] {
        let mut probe = Probe::new::<O>(&text, &weights, Form::Weighted, coupling);
        let loss = wait(subject, network.accumulate(text.batch()?, &mut probe))?;
        probe.keeps(loss)?;
    }
    Ok(Measured::within(0.0))
}

/// Each number by itself has a gradient: after every id of the vocabulary, of every id, and up to the end of the context. Of
/// every few it is compared with differences of the loss, the last one's among them.
pub(super) fn left_out<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut worst = Measured::within(subject.tolerances().gradient);
    let (text, mut network) = (Text::every(subject), subject.fresh(1));
    let places = O::positions(&text);
    let alone = |place: usize, sign: f32| {
        let mut weights = vec![0.0; O::count(&text)];
        weights[place] = sign;
        weights
    };
    let mut norms = Vec::new();
    for &place in &places {
        accumulate::<S, O>(subject, &mut network, &text, &alone(place, 1.0))?;
        let norm = step(subject, &mut network, still())?;
        ensure(
            norm > 0.0 && norm.is_finite(),
            "a number by itself has no gradient, or one that is not finite",
        )?;
        norms.push(norm);
    }
    let every = places.len().div_ceil(6);
    for (index, &place) in places.iter().enumerate().rev().step_by(every) {
        // A single number is less noisy than a sum, and may be more curved.
        let one = slope_over(
            subject,
            subject.tolerances().nudge / 4.0,
            norms[index],
            |network, sign| accumulate::<S, O>(subject, network, &text, &alone(place, sign)).map(|_| ()),
            |network| Ok(outputs_of::<S, O>(subject, network, &text)?[index].into()),
        )?;
        worst.error(one.error);
    }
    Ok(worst)
}

/// Returns the gradient's norm, and the network's outputs after a plain step.
fn after<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    text: &Text,
    accumulate: impl Fn(&mut S::Network) -> Result<(), Fault>,
) -> Result<Vec<f32>, Fault> {
    let mut network = subject.fresh(1);
    accumulate(&mut network)?;
    let norm = step(subject, &mut network, descent(subject.tolerances().nudge, 1.0))?;
    let mut outputs = outputs_of::<S, O>(subject, &mut network, text)?;
    outputs.push(norm as f32);
    Ok(outputs)
}

/// A batch in parts, one sequence each or two halves, gives the gradient of the whole.
pub(super) fn splits<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let text = text(subject);
    let weights = weights::<O>(&text);
    let of = |range: core::ops::Range<usize>| {
        let mut part = text.pick(range.clone());
        part.first = range.start as u32;
        let start = if O::NEEDS.scores { range.start } else { text.span(range.start).start };
        (weights[start..start + O::count(&part)].to_vec(), part)
    };
    // Parts by the index one past their last sequence.
    let outputs_after = |ends: &[usize]| {
        after::<S, O>(subject, &text, |network| {
            let mut start = 0;
            for &end in ends {
                let (weights, part) = of(start..end);
                accumulate::<S, O>(subject, network, &part, &weights)?;
                start = end;
            }
            Ok(())
        })
    };
    let whole = outputs_after(&[3])?;
    measured.all(&outputs_after(&[1, 2, 3])?, &whole)?;
    measured.all(&outputs_after(&[1, 3])?, &whole)?;
    Ok(measured)
}

/// However an objective couples its tokens, its gradient is the same.
pub(super) fn couplings<S: Subject<Network: Learner>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    // All of the context, so that there is more than one tile where tiles are small.
    let text = Text::uneven(subject);
    let weights = weights::<LogProbs>(&text);
    let outputs_after = |coupling| {
        after::<S, LogProbs>(subject, &text, |network| {
            accumulate_as::<S, LogProbs>(subject, network, &text, &weights, Form::Weighted, coupling)
                .map(|_| ())
        })
    };
    let token = outputs_after(Coupling::Token)?;
    for coupling in [Coupling::Sequence, Coupling::Group, Coupling::Batch] {
        measured.all(&outputs_after(coupling)?, &token)?;
    }
    Ok(measured)
}
