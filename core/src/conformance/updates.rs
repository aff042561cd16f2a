//! Every setting of a step is that step's own: rate, decays of the moments, ε, weight decay and clipping.

use super::Subject;
use super::gradient::text;
use super::learn::{accumulate, adam, descent, norm, outputs_of, step, weights};
use super::measure::{Checked, Fault, Measured, ensure, moved};
use super::probe::{Form, Output, Probe};
use super::run::wait;
use super::text::Text;
use crate::Coupling;
use crate::optim::{Adam, Decay, EpsilonAt, Update};
use crate::roles::Learner;
use alloc::vec;
use alloc::vec::Vec;

/// A network of a subject that takes steps on one text.
struct Student<'a, S: Subject> {
    subject: &'a S,
    network: S::Network,
    text: Text,
}

impl<'a, S: Subject<Network: Learner>> Student<'a, S> {
    fn new(subject: &'a S) -> Self {
        Self { subject, network: subject.fresh(1), text: text(subject) }
    }

    /// Takes a step with `scale` times the kit's gradient.
    fn step<O: Output>(&mut self, scale: f32, update: Update) -> Result<(), Fault> {
        let weights: Vec<f32> = weights::<O>(&self.text).iter().map(|w| scale * w).collect();
        accumulate::<S, O>(self.subject, &mut self.network, &self.text, &weights)?;
        step(self.subject, &mut self.network, update).map(|_| ())
    }

    fn outputs<O: Output>(&mut self) -> Result<Vec<f32>, Fault> {
        outputs_of::<S, O>(self.subject, &mut self.network, &self.text)
    }
}

/// The norm of the kit's gradient in a fresh network.
fn whole<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Result<f64, Fault> {
    let text = text(subject);
    norm(subject, &|network| accumulate::<S, O>(subject, network, &text, &weights::<O>(&text)).map(|_| ()))
}

/// Returns a fresh network's outputs after these steps, each on the kit's gradient times its scale.
fn after<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    steps: &[(f32, Update)],
) -> Result<Vec<f32>, Fault> {
    let mut student = Student::new(subject);
    for (scale, update) in steps {
        student.step::<O>(*scale, *update)?;
    }
    student.outputs::<O>()
}

/// Compares the outputs after two updates, relative to the largest change by the second one.
fn same_way(measured: &mut Measured, start: &[f32], got: &[f32], want: &[f32]) -> Result<(), Fault> {
    moved(start, want, "a step changes nothing")?;
    let most = start.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    ensure(got.len() == want.len(), "the learner shows another number of outputs after a step")?;
    got.iter().zip(want).for_each(|(got, want)| measured.error(f64::from((got - want) / most).abs()));
    Ok(())
}

/// AdamW without memory of earlier steps, whose step has the gradient's sign alone.
fn sign(learning_rate: f64) -> Update {
    let adam = Adam { beta1: 0.0, beta2: 0.0, epsilon: 1e-12, ..Adam::default() };
    Update { learning_rate, adam, max_grad_norm: None }
}

/// A step's settings are its own: a first step at rate 0, of which every setting is another, leaves no trace in a step that
/// has no memory (β₁ = β₂ = 0), whether that is plain, clipped, of the sign alone, or with weight decay.
pub(super) fn settings<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let (nudge, norm) = (subject.tolerances().nudge, whole::<S, O>(subject)?);
    let start = after::<S, O>(subject, &[])?;
    let plain = descent(nudge, norm);
    let decayed = Adam { weight_decay: 0.05, ..plain.adam };
    let decayed = Update { learning_rate: 1.0, adam: decayed, ..plain };
    let steps = [
        plain,
        Update { max_grad_norm: Some(norm / 4.0), ..descent(4.0 * nudge, norm) },
        sign(0.01),
        decayed,
    ];
    let other = Update {
        learning_rate: 0.0,
        adam: Adam { beta1: 0.5, beta2: 0.8, epsilon: 3.0, weight_decay: 0.3, ..Adam::default() },
        max_grad_norm: Some(norm / 10.0),
    };
    for update in steps {
        let want = after::<S, O>(subject, &[(1.0, update)])?;
        let got = after::<S, O>(subject, &[(1.0, other), (1.0, update)])?;
        same_way(&mut measured, &start, &got, &want)?;
    }
    Ok(measured)
}

/// A step at rate 0 changes nothing, with momentum and weight decay too; half the rate moves half as far, and with the
/// opposite gradient as far the other way.
pub(super) fn rate<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let (nudge, norm) = (subject.tolerances().nudge / 2.0, whole::<S, O>(subject)?);
    let mut student = Student::new(subject);
    student.step::<O>(1.0, adam(0.01))?;
    let before = student.outputs::<O>()?;
    let still = Adam { weight_decay: 0.1, ..Adam::default() };
    student.step::<O>(1.0, Update { adam: still, ..adam(0.0) })?;
    let same = Measured::within(subject.tolerances().same);
    let mut unmoved = same;
    unmoved.all(&student.outputs::<O>()?, &before)?;
    ensure(unmoved.holds(), "a step at rate 0 changes the network's outputs")?;
    let start = after::<S, O>(subject, &[])?;
    let far = after::<S, O>(subject, &[(1.0, descent(nudge, norm))])?;
    for (scale, share) in [(1.0, 0.5), (1.0, 0.25), (-1.0, -1.0)] {
        let update = descent(nudge * f64::abs(share), norm);
        let got = after::<S, O>(subject, &[(scale, update)])?;
        let want: Vec<f32> = start.iter().zip(&far).map(|(s, f)| s + share as f32 * (f - s)).collect();
        let most = start.iter().zip(&far).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // To first order in the way.
        got.iter()
            .zip(&want)
            .for_each(|(got, want)| measured.error(f64::from((got - want) / most).abs() / 4.0));
    }
    Ok(measured)
}

/// Moments decay by β₁ and β₂ and are corrected for bias. A first step at rate 0 with β₁ = β₂ = 0 sets them to `g` and `g²`; after a
/// second step without a gradient `m̂ = β₁·g/(1 − β₁²)` and `v̂ = β₂·g²/(1 − β₂²)`. With a rate that compensates for the two
/// factors, the second step moves every weight by the sign of its gradient.
pub(super) fn betas<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let start = after::<S, O>(subject, &[])?;
    let rate = 0.01;
    let want = after::<S, O>(subject, &[(1.0, sign(rate))])?;
    for (beta1, beta2) in [(0.5, 0.9), (0.9, 0.3), (0.2, 0.999)] {
        let first = beta1 / (1.0 - beta1 * beta1);
        let second = libm::sqrt(beta2 / (1.0 - beta2 * beta2));
        let carried = sign(rate * second / first);
        let carried = Update { adam: Adam { beta1, beta2, ..carried.adam }, ..carried };
        let got = after::<S, O>(subject, &[(1.0, sign(0.0)), (0.0, carried)])?;
        same_way(&mut measured, &start, &got, &want)?;
    }
    Ok(measured)
}

/// ε is added to the root of the second moment, corrected for bias or raw as `epsilon_at` says. An ε far above every gradient
/// divides the step, so that a step shows where it was added.
pub(super) fn epsilon<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let (nudge, norm) = (subject.tolerances().nudge, whole::<S, O>(subject)?);
    let start = after::<S, O>(subject, &[])?;
    let plain = descent(nudge, norm);
    let want = after::<S, O>(subject, &[(1.0, plain)])?;
    let with = |epsilon: f64, rate: f64, beta2: f64, epsilon_at| Update {
        learning_rate: rate * plain.learning_rate,
        adam: Adam { epsilon: epsilon * plain.adam.epsilon, beta2, epsilon_at, ..plain.adam },
        ..plain
    };
    // Of the raw second moment, ε counts 1/√(1 − β₂) times as much in a first step.
    let ways = [
        with(3.0, 3.0, 0.0, EpsilonAt::Corrected),
        with(1.0, 1.0, 0.75, EpsilonAt::Corrected),
        with(1.0, 2.0, 0.75, EpsilonAt::Raw),
    ];
    for update in ways {
        same_way(&mut measured, &start, &after::<S, O>(subject, &[(1.0, update)])?, &want)?;
    }
    Ok(measured)
}

/// Decoupled weight decay shrinks every weight by the factor `1 − η·w`, whatever the gradient is. Weight decay in the gradient adds
/// `w·θ` to it, which Adam then divides by the root of the second moment.
pub(super) fn decay<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().gradient);
    let start = after::<S, O>(subject, &[])?;
    let shrink = |rate: f64, weight_decay: f64| {
        let plain = descent(0.0, 1.0);
        Update { learning_rate: rate, adam: Adam { weight_decay, ..plain.adam }, ..plain }
    };
    // Two shrinkings by a tenth are one by 0.19.
    let want = after::<S, O>(subject, &[(0.0, shrink(0.1, 1.9))])?;
    let twice = [(0.0, shrink(0.1, 1.0)), (0.0, shrink(0.2, 0.5))];
    same_way(&mut measured, &start, &after::<S, O>(subject, &twice)?, &want)?;
    // In the gradient, under an ε of 1e6 that no weight comes near.
    let far = Adam { epsilon: 1e6, weight_decay: 1.0, decay: Decay::Gradient, ..shrink(0.0, 0.0).adam };
    let coupled = Update { learning_rate: 0.19e6, adam: far, max_grad_norm: None };
    same_way(&mut measured, &start, &after::<S, O>(subject, &[(0.0, coupled)])?, &want)?;
    Ok(measured)
}

/// A step that is refused because the gradient is not finite leaves weights, moments and the count of steps as they were, and drops
/// the gradient: later steps are the same as without it.
pub(super) fn refused_step<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut student = Student::new(subject);
    student.step::<O>(1.0, adam(0.02))?;
    let mut bad = vec![0.0; O::count(&student.text)];
    bad[O::positions(&student.text)[0]] = f32::NAN;
    let Student { network, text, .. } = &mut student;
    let mut probe = Probe::new::<O>(text, &bad, Form::Weighted, Coupling::Token);
    // Refused at once or by the step.
    let waits = || Fault("the future waits: give `Subject::wait` an executor".into());
    let accepted = subject.wait(network.accumulate(text.batch()?, &mut probe)).ok_or_else(waits)?.is_ok();
    if accepted {
        let step = subject.wait(network.step(&adam(0.3))).ok_or_else(waits)?;
        ensure(step.is_err(), "a step with a gradient that is not finite was accepted")?;
    }
    // A step at rate 0 without a gradient: its norm shows that none was kept.
    measured.pair(step(subject, &mut student.network, adam(0.0))?, 0.0);
    let mut again = Student::new(subject);
    again.step::<O>(1.0, adam(0.02))?;
    // The same, so that both have counted it.
    wait(subject, again.network.step(&adam(0.0)))?;
    student.step::<O>(-0.5, adam(0.05))?;
    again.step::<O>(-0.5, adam(0.05))?;
    measured.all(&student.outputs::<O>()?, &again.outputs::<O>()?)?;
    Ok(measured)
}
