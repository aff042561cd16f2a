//! [`Averaged`]: a moving average of weights.

use super::Subject;
use super::company::read;
use super::learn::{accumulate, descent, norm, step, weights};
use super::measure::{Checked, Fault, Measured, moved};
use super::probe::LogProbs;
use super::run::{Check, refused, wait};
use super::text::Text;
use crate::roles::{Averaged, Reference};
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: Averaged + Reference>>() -> [Check<S>; 3] {
    [("starts_at_weights", starts), ("decay", decay), ("refusals", refusals)]
}

fn log_probs<S: Subject<Network: Reference>>(
    subject: &S,
    network: &mut S::Network,
) -> Result<Vec<f32>, Fault> {
    read::<S, LogProbs>(subject, network, &Text::short(subject))
}

/// Takes a short step of plain descent, the same one each time.
fn short_step<S: Subject<Network: Averaged>>(subject: &S, network: &mut S::Network) -> Result<(), Fault> {
    let text = Text::short(subject);
    let weights = weights::<LogProbs>(&text);
    let norm =
        norm(subject, &|network| accumulate::<S, LogProbs>(subject, network, &text, &weights).map(|_| ()))?;
    accumulate::<S, LogProbs>(subject, network, &text, &weights)?;
    step(subject, network, descent(subject.tolerances().nudge, norm)).map(|_| ())
}

/// The first call of [`Averaged::average`] sets the average to the weights, even before the first step. The average stays there
/// while the weights learn, and swapping twice restores both.
fn starts<S: Subject<Network: Averaged + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    let before = log_probs(subject, &mut network)?;
    wait(subject, network.average(0.5))?;
    short_step(subject, &mut network)?;
    let after = log_probs(subject, &mut network)?;
    moved(&before, &after, "a step changes nothing")?;
    for want in [&before, &after] {
        wait(subject, network.swap_average())?;
        measured.all(&log_probs(subject, &mut network)?, want)?;
    }
    Ok(measured)
}

/// A decay of 1 keeps the average, a decay of 0 replaces it by the weights, and one of 0.25 moves it three quarters of the way.
/// The step is short, so that log-probabilities move in proportion.
fn decay<S: Subject<Network: Averaged + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    for decay in [1.0, 0.0, 0.25] {
        let mut network = subject.fresh(1);
        let before = log_probs(subject, &mut network)?;
        wait(subject, network.average(0.5))?;
        short_step(subject, &mut network)?;
        let after = log_probs(subject, &mut network)?;
        wait(subject, network.average(decay))?;
        wait(subject, network.swap_average())?;
        let most = before.iter().zip(&after).map(|(b, a)| (a - b).abs()).fold(0.0, f32::max);
        for ((got, before), after) in log_probs(subject, &mut network)?.iter().zip(&before).zip(&after) {
            let want = before + (1.0 - decay as f32) * (after - before);
            measured.error(f64::from((got - want) / most).abs());
        }
    }
    Ok(measured)
}

/// A swap before any average, and decays outside 0 to 1, are refused.
fn refusals<S: Subject<Network: Averaged + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    let before = log_probs(subject, &mut network)?;
    refused(subject, "a swap before any average", network.swap_average())?;
    wait(subject, network.average(0.5))?;
    for decay in [-0.1, 1.1, f64::NAN] {
        refused(subject, "a decay outside 0 ..= 1", network.average(decay))?;
    }
    wait(subject, network.swap_average())?;
    measured.all(&log_probs(subject, &mut network)?, &before)?;
    Ok(measured)
}
