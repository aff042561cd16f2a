//! [`Parameters`]: weights and gradients as flat vectors.

use super::Subject;
use super::company::read;
use super::gradient::text;
use super::learn::{accumulate, adam, loss, norm, outputs_of, step, still, weights};
use super::measure::{Checked, Fault, Measured, ensure, moved};
use super::probe::LogProbs;
use super::run::{Check, refused, wait};
use super::text::{Text, numbers};
use crate::capabilities::Parameters;
use crate::optim::{Adam, Update, adamw, clip_factor, global_norm};
use crate::roles::Reference;
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: Parameters + Reference>>() -> [Check<S>; 5] {
    [
        ("round_trip", round_trip),
        ("take_gradient", take),
        ("directions", directions),
        ("adamw", follows_adamw),
        ("refusals", refusals),
    ]
}

fn weights_of<S: Subject<Network: Parameters>>(
    subject: &S,
    network: &mut S::Network,
) -> Result<Vec<f32>, Fault> {
    let mut out = vec![f32::NAN; network.parameters()];
    wait(subject, network.read(&mut out))?;
    ensure(out.iter().all(|w| w.is_finite()), "a weight is not written, or not finite")?;
    Ok(out)
}

fn gradient_of<S: Subject<Network: Parameters>>(
    subject: &S,
    network: &mut S::Network,
) -> Result<Vec<f32>, Fault> {
    let text = text(subject);
    accumulate::<S, LogProbs>(subject, network, &text, &weights::<LogProbs>(&text))?;
    let mut out = vec![f32::NAN; network.parameters()];
    wait(subject, network.take_gradient(&mut out))?;
    ensure(out.iter().all(|g| g.is_finite()), "a gradient is not written, or not finite")?;
    Ok(out)
}

/// Weights that are written are read back, and the network then uses them.
fn round_trip<S: Subject<Network: Parameters + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(0.0);
    let (text, mut one, mut two) = (Text::uneven(subject), subject.fresh(1), subject.fresh(2));
    let before = read::<S, LogProbs>(subject, &mut one, &text)?;
    let (first, second) = (weights_of(subject, &mut one)?, weights_of(subject, &mut two)?);
    wait(subject, one.write(&second))?;
    measured.all(&weights_of(subject, &mut one)?, &second)?;
    let after = read::<S, LogProbs>(subject, &mut one, &text)?;
    moved(&before, &after, "other weights change nothing")?;
    measured.all(&after, &read::<S, LogProbs>(subject, &mut two, &text)?)?;
    wait(subject, one.write(&first))?;
    measured.all(&read::<S, LogProbs>(subject, &mut one, &text)?, &before)?;
    Ok(measured)
}

/// The gradient's norm equals the one that a step returns, and taking the gradient clears it.
fn take<S: Subject<Network: Parameters + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let text = text(subject);
    let weights = weights::<LogProbs>(&text);
    let want =
        norm(subject, &|network| accumulate::<S, LogProbs>(subject, network, &text, &weights).map(|_| ()))?;
    let mut network = subject.fresh(1);
    measured.pair(global_norm([&gradient_of(subject, &mut network)?[..]]) / want, 1.0);
    measured.pair(step(subject, &mut network, still())?, 0.0);
    Ok(measured)
}

/// Along random directions the loss changes as the gradient says.
fn directions<S: Subject<Network: Parameters + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let mut network = subject.fresh(1);
    let gradient = gradient_of(subject, &mut network)?;
    let base = weights_of(subject, &mut network)?;
    let (text, nudge) = (text(subject), subject.tolerances().nudge);
    let text_weights = weights::<LogProbs>(&text);
    let norm = global_norm([&gradient[..]]);
    for sample in 0..5 {
        // Half along the gradient, so that there is something to see among many weights.
        let mut direction: Vec<f64> =
            numbers(base.len(), 50 + sample).iter().map(|d| f64::from(*d)).collect();
        let length = libm::sqrt(direction.iter().map(|d| d * d).sum());
        for (d, g) in direction.iter_mut().zip(&gradient) {
            *d = *d / length + f64::from(*g) / norm;
        }
        let mut at = |sign: f64| -> Result<f64, Fault> {
            let there: Vec<f32> =
                base.iter().zip(&direction).map(|(w, d)| w + (sign * nudge * d) as f32).collect();
            wait(subject, network.write(&there))?;
            Ok(loss::<LogProbs>(
                &text,
                &outputs_of::<S, LogProbs>(subject, &mut network, &text)?,
                &text_weights,
            ))
        };
        let difference = (at(1.0)? - at(-1.0)?) / (2.0 * nudge);
        let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * d).sum();
        measured.error((difference - slope).abs() / norm);
    }
    Ok(measured)
}

/// Five steps move every weight as [`adamw`] does, decay and clipping included; setting the weights in
/// their midst leaves the optimizer's state alone.
fn follows_adamw<S: Subject<Network: Parameters + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (mut learner, mut shadow) = (subject.fresh(1), subject.fresh(1));
    let mut want = weights_of(subject, &mut learner)?;
    let (mut first, mut second) = (vec![0.0; want.len()], vec![0.0; want.len()]);
    let text = text(subject);
    for t in 1..=5 {
        wait(subject, shadow.write(&want))?;
        let gradient = gradient_of(subject, &mut shadow)?;
        let norm = global_norm([&gradient[..]]);
        let update = Update {
            // An ε that noise in a gradient that ought to be 0 does not reach.
            adam: Adam { epsilon: 1e-3, weight_decay: 0.1, ..Adam::default() },
            max_grad_norm: Some(norm / 2.0),
            ..adam(1e-2)
        };
        let scale = clip_factor(norm, update.max_grad_norm)?;
        adamw(&mut want, &gradient, &mut first, &mut second, t, &update, scale)?;
        accumulate::<S, LogProbs>(subject, &mut learner, &text, &weights::<LogProbs>(&text))?;
        step(subject, &mut learner, update)?;
        let got = weights_of(subject, &mut learner)?;
        measured.all(&got, &want)?;
        wait(subject, learner.write(&got))?;
    }
    Ok(measured)
}

/// Vectors of another length.
fn refusals<S: Subject<Network: Parameters + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(0.0);
    let mut network = subject.fresh(1);
    let before = weights_of(subject, &mut network)?;
    for len in [before.len() - 1, before.len() + 1] {
        let mut other = vec![0.0; len];
        refused(subject, "weights of another length", network.write(&other))?;
        refused(subject, "room for weights of another length", network.read(&mut other))?;
        refused(subject, "room for a gradient of another length", network.take_gradient(&mut other))?;
    }
    measured.all(&weights_of(subject, &mut network)?, &before)?;
    Ok(measured)
}
