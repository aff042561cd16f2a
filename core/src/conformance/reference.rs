//! [`Reference`]: text's log-probabilities.

use super::Subject;
use super::company::{causal, company, order, read, refusals, repeats};
use super::continuation::next_of_each;
use super::extreme::cold;
use super::measure::{Checked, Measured, ensure};
use super::probe::LogProbs;
use super::run::Check;
use super::text::{Text, words};
use super::wide::{empty, sequences};
use crate::log_probs::log_softmax;
use crate::roles::Reference;
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: Reference>>() -> [Check<S>; 11] {
    [
        ("writes", writes),
        ("sums_to_one", sums_to_one),
        ("temperature", temperature),
        ("causal", causal::<S, LogProbs>),
        ("company", company::<S, LogProbs>),
        ("order", order::<S, LogProbs>),
        ("repeats", repeats::<S, LogProbs>),
        ("refusals", refusals::<S, LogProbs>),
        ("wide", sequences::<S, LogProbs>),
        ("empty", empty::<S, LogProbs>),
        ("small_temperature", cold),
    ]
}

/// All of `out` is written: numbers of at most 0 in the loss mask, and 0 outside it.
fn writes<S: Subject<Network: Reference>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let mut text = Text::uneven(subject);
    for masked in [true, false] {
        let out = read::<S, LogProbs>(subject, &mut network, &text)?;
        for (&x, &counts) in out.iter().zip(&text.loss_mask) {
            ensure(counts || x == 0.0, "a token outside the loss mask is not 0")?;
            ensure(x <= 0.0, "a log-probability is above 0")?;
        }
        let some = text.loss_mask.iter().zip(&out).any(|(counts, x)| *counts && *x < 0.0);
        ensure(some == masked, "no loss token is below 0")?;
        text.loss_mask.fill(false);
    }
    Ok(Measured::within(0.0))
}

/// Beginnings from one token to all but one of the context.
fn beginnings<S: Subject>(subject: &S) -> Vec<Vec<u32>> {
    let words = words(subject, subject.context(), 4);
    [1, 2, 5, subject.context() - 1].iter().map(|len| words[..*len].to_vec()).collect()
}

/// The probabilities of all continuations sum to 1, and are not all alike.
fn sums_to_one<S: Subject<Network: Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let mut network = subject.fresh(1);
    for log_probs in next_of_each(subject, &mut network, &beginnings(subject), 1.0)? {
        measured.pair(log_probs.iter().map(|l| libm::exp(f64::from(*l))).sum(), 1.0);
        super::measure::moved(&log_probs[..1], &log_probs[1..2], "ids 0 and 1 are equally probable")?;
    }
    Ok(measured)
}

/// Logits are divided by the batch's temperature, and normalized again.
fn temperature<S: Subject<Network: Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (beginnings, mut network) = (beginnings(subject), subject.fresh(1));
    let plain = next_of_each(subject, &mut network, &beginnings, 1.0)?;
    for temperature in [0.5, 1.7] {
        let got = next_of_each(subject, &mut network, &beginnings, temperature)?;
        for (got, plain) in got.iter().zip(&plain) {
            let mut want = vec![0.0; plain.len()];
            log_softmax(plain, temperature.into(), &mut want)?;
            measured.all(got, &want)?;
        }
    }
    Ok(measured)
}
