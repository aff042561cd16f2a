//! Gradients weight by weight, where weights can be written.

use super::Subject;
use super::learn::{accumulate, loss, outputs_of, weights};
use super::measure::{Checked, Fault, Measured};
use super::probe::{Entropies, LogProbs, Output, Scores, Values};
use super::run::{Check, wait};
use super::text::{SEED, Text};
use crate::capabilities::Parameters;
use crate::random::{Key, Stream};
use crate::roles::{Critic, Learner, Reference, Reward};
use alloc::vec;
use alloc::vec::Vec;

/// The weights of a network that are all looked at. Of a larger network a few are, since this takes several passes for each
/// weight: let a subject be small.
const ALL: usize = 300;
/// The weights that are looked at of a larger network.
const FEW: usize = 16;

pub(super) fn tokens<S: Subject<Network: Parameters + Reference>>() -> [Check<S>; 2] {
    [("gradient_of_log_probs", each::<S, LogProbs>), ("gradient_of_entropies", each::<S, Entropies>)]
}

pub(super) fn values<S: Subject<Network: Parameters + Critic>>() -> [Check<S>; 1] {
    [("gradient_of_values", each::<S, Values>)]
}

pub(super) fn scores<S: Subject<Network: Parameters + Reward>>() -> [Check<S>; 1] {
    [("gradient_of_scores", each::<S, Scores>)]
}

/// The indices of the weights that are looked at.
fn chosen(parameters: usize) -> Vec<usize> {
    if parameters <= ALL {
        return (0..parameters).collect();
    }
    let mut draws = Key::new(SEED, Stream::Data, 2).draws(0);
    // One of each of as many equal parts, so that no tensor of some size is left out.
    (0..FEW)
        .map(|i| {
            let (start, end) = (i * parameters / FEW, (i + 1) * parameters / FEW);
            start + draws.below(end - start)
        })
        .collect()
}

/// The derivative of a loss with respect to each weight is the accumulated gradient's, by differences of the fourth order.
/// Errors are relative to the weight's own gradient and the root mean square of all.
fn each<S: Subject<Network: Parameters + Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let mut network = subject.fresh(1);
    let text = Text::uneven(subject).at(0.9);
    let text_weights = weights::<O>(&text);
    let parameters = network.parameters();
    let mut base = vec![f32::NAN; parameters];
    wait(subject, network.read(&mut base))?;
    let mut gradient = vec![f32::NAN; parameters];
    accumulate::<S, O>(subject, &mut network, &text, &text_weights)?;
    wait(subject, network.take_gradient(&mut gradient))?;
    let chosen = chosen(parameters);
    let square: f64 = chosen.iter().map(|&i| f64::from(gradient[i]) * f64::from(gradient[i])).sum();
    let typical = libm::sqrt(square / chosen.len() as f64);
    let nudge = subject.tolerances().nudge;
    let mut there = base.clone();
    for i in chosen {
        let mut at = |ways: f64| -> Result<f64, Fault> {
            there[i] = base[i] + (ways * nudge) as f32;
            // By what it was moved, after rounding.
            wait(subject, network.write(&there))?;
            Ok(loss::<O>(&text, &outputs_of::<S, O>(subject, &mut network, &text)?, &text_weights))
        };
        let near = at(1.0)? - at(-1.0)?;
        let far = at(2.0)? - at(-2.0)?;
        there[i] = base[i];
        let slope = (8.0 * near - far) / (12.0 * nudge);
        let got = f64::from(gradient[i]);
        measured.error((got - slope).abs() / (got.abs() + typical));
    }
    Ok(measured)
}
