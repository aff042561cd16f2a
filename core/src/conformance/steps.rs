//! Steps of the optimizer: norms, clipping, moments, learning.

use super::Subject;
use super::gradient::text;
use super::learn::{accumulate, accumulate_as, adam, descent, norm, outputs_of, step, still, weights};
use super::measure::{Checked, Fault, Measured, ensure, moved};
use super::probe::{Form, Output};
use super::run::wait;
use super::text::Text;
use crate::Coupling;
use crate::optim::{Adam, Update, clip_factor};
use crate::roles::Learner;
use alloc::vec;
use alloc::vec::Vec;

/// No gradient is left after [`Learner::zero_grad`], nor after a step: the norm of a step is then 0, and the next
/// gradient starts from 0.
pub(super) fn zero_grad<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let text = text(subject);
    let weights = weights::<O>(&text);
    let fresh = norm(subject, &|network| accumulate::<S, O>(subject, network, &text, &weights).map(|_| ()))?;
    let mut network = subject.fresh(1);
    for by_step in [false, true] {
        accumulate::<S, O>(subject, &mut network, &text, &weights)?;
        if by_step {
            measured.pair(step(subject, &mut network, still())?, fresh);
        } else {
            wait(subject, network.zero_grad())?;
        }
        measured.pair(step(subject, &mut network, still())?, 0.0);
    }
    accumulate::<S, O>(subject, &mut network, &text, &weights)?;
    measured.pair(step(subject, &mut network, still())?, fresh);
    Ok(measured)
}

/// A step returns the norm before clipping, and clips by it.
pub(super) fn clips<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (text, nudge) = (text(subject), subject.tolerances().nudge);
    let weights = weights::<O>(&text);
    let whole = norm(subject, &|network| accumulate::<S, O>(subject, network, &text, &weights).map(|_| ()))?;
    let max = whole / 4.0;
    let factor = clip_factor(whole, Some(max))?;
    let after_step = |weights: &[f32], max_grad_norm| -> Result<(f64, Vec<f32>), Fault> {
        let mut network = subject.fresh(1);
        accumulate::<S, O>(subject, &mut network, &text, weights)?;
        // Clipped to a quarter, it still moves the whole nudge.
        let update = Update { max_grad_norm, ..descent(4.0 * nudge, whole) };
        let norm = step(subject, &mut network, update)?;
        Ok((norm, outputs_of::<S, O>(subject, &mut network, &text)?))
    };
    let (clipped, outputs) = after_step(&weights, Some(max))?;
    measured.pair(clipped / whole, 1.0);
    let smaller: Vec<f32> = weights.iter().map(|w| w * factor as f32).collect();
    let (small, want) = after_step(&smaller, None)?;
    measured.pair(small / (factor * whole), 1.0);
    measured.all(&outputs, &want)?;
    // A largest norm that is not reached changes nothing.
    measured.all(&after_step(&smaller, Some(whole))?.1, &want)?;
    Ok(measured)
}

/// AdamW: a first step does not depend on the gradient's size, and moments carry a step on.
pub(super) fn moments<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let text = text(subject);
    let weights = weights::<O>(&text);
    let update = Update { adam: Adam { epsilon: 1e-12, ..Adam::default() }, ..adam(1e-3) };
    let after_step = |scale: f32| -> Result<(S::Network, Vec<f32>), Fault> {
        let mut network = subject.fresh(1);
        let scaled: Vec<f32> = weights.iter().map(|w| scale * w).collect();
        accumulate::<S, O>(subject, &mut network, &text, &scaled)?;
        step(subject, &mut network, update)?;
        let outputs = outputs_of::<S, O>(subject, &mut network, &text)?;
        Ok((network, outputs))
    };
    let (mut network, outputs) = after_step(1.0)?;
    moved(&outputs_of::<S, O>(subject, &mut subject.fresh(1), &text)?, &outputs, "a step changes nothing")?;
    // A power of two, by which rounding does not change.
    measured.all(&after_step(8.0)?.1, &outputs)?;
    accumulate::<S, O>(subject, &mut network, &text, &vec![0.0; weights.len()])?;
    step(subject, &mut network, update)?;
    let on = outputs_of::<S, O>(subject, &mut network, &text)?;
    moved(&outputs, &on, "a first moment does not carry a step on")?;
    Ok(measured)
}

/// Forty steps of AdamW bring the network's outputs near to their targets.
pub(super) fn learns<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().learned);
    let ids = 0..subject.vocabulary().min(subject.context()) as u32;
    let text = Text::of([ids.collect::<Vec<u32>>()]);
    let mut network = subject.fresh(1);
    let outputs = outputs_of::<S, O>(subject, &mut network, &text)?;
    // Text becomes certain; values and scores rise by 1.
    let mut wanted = vec![0.0; O::count(&text)];
    if !O::NEEDS.log_probs {
        for (wanted, x) in wanted.iter_mut().zip(&outputs) {
            *wanted = x + 1.0;
        }
    }
    let square = |outputs: &[f32]| -> f64 {
        O::positions(&text)
            .iter()
            .zip(outputs)
            .map(|(&i, &x)| f64::from(x - wanted[i]) * f64::from(x - wanted[i]))
            .sum()
    };
    let before = square(&outputs);
    ensure(before > 0.0, "there is nothing to learn")?;
    for _ in 0..40 {
        accumulate_as::<S, O>(subject, &mut network, &text, &wanted, Form::Squared, Coupling::Token)?;
        step(subject, &mut network, Update { max_grad_norm: Some(1.0), ..adam(0.02) })?;
    }
    measured.error(square(&outputs_of::<S, O>(subject, &mut network, &text)?) / before);
    Ok(measured)
}
