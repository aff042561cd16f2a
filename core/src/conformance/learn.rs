//! Calls of a learner.

use super::Subject;
use super::measure::{Fault, ensure};
use super::probe::{Form, Output, Probe};
use super::run::wait;
use super::text::{Text, numbers};
use crate::Coupling;
use crate::optim::{Adam, Update};
use crate::roles::Learner;
use alloc::vec;
use alloc::vec::Vec;

/// Returns the weights of a text's numbers in the loss.
pub(super) fn weights<O: Output>(text: &Text) -> Vec<f32> {
    numbers(O::count(text), 1)
}

/// Accumulates the gradient of `Σ w·x`, and returns the numbers `x` that the objective was given.
pub(super) fn accumulate<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
    weights: &[f32],
) -> Result<Vec<f32>, Fault> {
    accumulate_as::<S, O>(subject, network, text, weights, Form::Weighted, Coupling::Token)
}

/// Accumulates as [`accumulate`] does, for any form of the loss and any coupling.
pub(super) fn accumulate_as<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
    weights: &[f32],
    form: Form,
    coupling: Coupling,
) -> Result<Vec<f32>, Fault> {
    let mut probe = Probe::new::<O>(text, weights, form, coupling);
    wait(subject, network.accumulate(text.batch()?, &mut probe))?;
    Ok(probe.outputs)
}

/// Returns a text's numbers as the learner passes them to an objective. Nothing stays accumulated.
pub(super) fn outputs_of<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
) -> Result<Vec<f32>, Fault> {
    let outputs = accumulate::<S, O>(subject, network, text, &vec![0.0; O::count(text)])?;
    wait(subject, network.zero_grad())?;
    Ok(O::positions(text).into_iter().map(|place| outputs[place]).collect())
}

/// `Σ w·x` over loss numbers.
pub(super) fn loss<O: Output>(text: &Text, outputs: &[f32], weights: &[f32]) -> f64 {
    let positions = O::positions(text);
    positions.iter().zip(outputs).map(|(&place, &x)| f64::from(weights[place]) * f64::from(x)).sum()
}

/// Steps.
pub(super) fn step<S: Subject<Network: Learner>>(
    subject: &S,
    network: &mut S::Network,
    update: Update,
) -> Result<f64, Fault> {
    wait(subject, network.step(&update))
}

/// Changes nothing.
pub(super) fn still() -> Update {
    adam(0.0)
}

/// AdamW at a learning rate.
pub(super) fn adam(learning_rate: f64) -> Update {
    Update { learning_rate, adam: Adam::default(), max_grad_norm: None }
}

/// Plain descent by `length`, for a gradient of this norm: AdamW without moments, whose ε is so large
/// that the second moment does not count.
pub(super) fn descent(length: f64, norm: f64) -> Update {
    const FAR: f64 = 1e4;
    let adam = Adam { beta1: 0.0, beta2: 0.0, epsilon: FAR * norm, ..Adam::default() };
    Update { learning_rate: FAR * length, adam, max_grad_norm: None }
}

/// The norm of a gradient that is accumulated in a fresh network, which has to be above 0.
pub(super) fn norm<S: Subject<Network: Learner>>(
    subject: &S,
    accumulate: &dyn Fn(&mut S::Network) -> Result<(), Fault>,
) -> Result<f64, Fault> {
    let mut network = subject.fresh(1);
    accumulate(&mut network)?;
    let norm = step(subject, &mut network, still())?;
    ensure(norm > 0.0 && norm.is_finite(), "the gradient's norm is 0, or not finite")?;
    Ok(norm)
}
