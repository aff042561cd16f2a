//! Calls that a learner has to refuse, and its state afterwards.

use super::Subject;
use super::company::bad_texts;
use super::gradient::text;
use super::learn::{accumulate, adam, norm, outputs_of, step, still, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::{Form, Output, Probe, Refuses};
use super::run::{refused, wait};
use crate::Coupling;
use crate::roles::Learner;
use alloc::vec;
use core::future::Future;

/// After a refused call nothing stays accumulated, and the network scores and learns as before.
pub(super) fn drops<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    refused: impl Fn(&mut S::Network) -> Result<(), Fault>,
) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let text = text(subject);
    let weights = weights::<O>(&text);
    let want = norm(subject, &|network| accumulate::<S, O>(subject, network, &text, &weights).map(|_| ()))?;
    let mut network = subject.fresh(1);
    let before = outputs_of::<S, O>(subject, &mut network, &text)?;
    accumulate::<S, O>(subject, &mut network, &text, &weights)?;
    refused(&mut network)?;
    measured.pair(step(subject, &mut network, still())?, 0.0);
    accumulate::<S, O>(subject, &mut network, &text, &weights)?;
    measured.pair(step(subject, &mut network, still())?, want);
    measured.all(&outputs_of::<S, O>(subject, &mut network, &text)?, &before)?;
    Ok(measured)
}

/// An objective's error is the learner's.
pub(super) fn objective_error<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let text = text(subject);
    drops::<S, O>(subject, |network| {
        let mut objective = Refuses(O::NEEDS);
        refused(subject, "an objective's refusal", network.accumulate(text.batch()?, &mut objective))
    })
}

/// Ids outside the vocabulary and sequences beyond the context.
pub(super) fn bad_text<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut worst = Measured::within(subject.tolerances().same);
    for (what, bad) in bad_texts(subject) {
        let weights = vec![1.0; bad.tokens.len()];
        let one = drops::<S, O>(subject, |network| {
            let mut probe = Probe::new::<O>(&bad, &weights, Form::Weighted, Coupling::Token);
            refused(subject, what, network.accumulate(bad.batch()?, &mut probe))
        })?;
        worst.error(one.error);
    }
    Ok(worst)
}

/// Returns whether a future ends in an error. A future that waits forever is a fault.
fn is_refused<S: Subject, T, E>(
    subject: &S,
    call: impl Future<Output = Result<T, E>>,
) -> Result<bool, Fault> {
    let waits = || Fault("the future waits: give `Subject::wait` an executor".into());
    Ok(subject.wait(call).ok_or_else(waits)?.is_err())
}

/// A gradient that is not finite is refused, at the latest by the step, which leaves the weights alone.
pub(super) fn not_finite<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let text = text(subject);
    let mut network = subject.fresh(1);
    let before = outputs_of::<S, O>(subject, &mut network, &text)?;
    for bad in [f32::NAN, f32::INFINITY] {
        let mut weights = weights::<O>(&text);
        weights[O::positions(&text)[0]] = bad;
        let mut probe = Probe::new::<O>(&text, &weights, Form::Weighted, Coupling::Token);
        let at_once = is_refused(subject, network.accumulate(text.batch()?, &mut probe))?;
        ensure(
            at_once || is_refused(subject, network.step(&adam(0.1)))?,
            "a step with a gradient that is not finite was accepted",
        )?;
        wait(subject, network.zero_grad())?;
        measured.all(&outputs_of::<S, O>(subject, &mut network, &text)?, &before)?;
    }
    Ok(measured)
}
