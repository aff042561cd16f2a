//! Learning a teacher's distributions, from whole rows or from its likeliest ids.

use crate::error::check;
use crate::log_probs::log_softmax;
use crate::loss::Divergence;
use crate::ranges::finite;
use crate::{Error, Real};

#[cfg(feature = "alloc")]
mod candidates;
#[cfg(feature = "alloc")]
mod rows;

#[cfg(feature = "alloc")]
pub use candidates::DistilCandidates;
#[cfg(feature = "alloc")]
pub use rows::{DistilRows, Distillation, DistillationStats};

/// The treatment of the mass outside the candidates.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Tail {
    /// One more outcome, so that the student also learns how much to leave to the rest. Where less
    /// than 1e-6 is left it counts as 1e-6, for f32 tells no smaller rests apart, and does not pull.
    #[default]
    Bucket,
    /// Both distributions are renormalized within the candidates; nothing is learnt about the rest.
    Renormalized,
    /// None: the student learns each candidate's mass, and the rest only through their sum.
    Dropped,
}

/// The smallest rest that is told apart.
const SMALLEST_REST: f64 = 1e-6;

/// The divergence in nats of a student's row from its teacher's, and its gradient.
///
/// With `y = z/T`, `q = softmax(y)` and the slopes `s[j] = ∂D/∂ln q[j]`:
/// `∂D/∂z[j] = (s[j] − q[j]·Σ s)/T`. `teacher`: log-probabilities, under the same temperature T; `logits`:
/// the student's z, not divided by it; `grad_logits` is overwritten with `upstream·∂D/∂z`. All `[V]`.
/// Hinton et al. multiply the loss by T², so that its gradient does not shrink with T; put it in `upstream`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for the temperature or the divergence; [`Error::NotFinite`] for
/// logits, or a divergence that is infinite. `grad_logits` then holds nothing of use.
pub fn distil_row<R: Real>(
    divergence: Divergence,
    teacher: &[R],
    logits: &[R],
    temperature: f64,
    upstream: f64,
    grad_logits: &mut [R],
) -> Result<f64, Error> {
    divergence.validate()?;
    check("teacher", teacher.len(), logits.len())?;
    log_softmax(logits, temperature, grad_logits)?;
    distil_normalized(divergence, teacher, upstream / temperature, grad_logits)
}

/// Exchanges the log-probabilities of a whole distribution for `upstream·∂D/∂y`.
fn distil_normalized<R: Real>(
    divergence: Divergence,
    teacher: &[R],
    upstream: f64,
    student: &mut [R],
) -> Result<f64, Error> {
    let (mut total, mut slopes) = (0.0, 0.0);
    for (p, q) in teacher.iter().zip(student.iter()) {
        let (value, slope) = divergence.term(p.f64(), q.f64());
        total += value;
        slopes += slope;
    }
    finite("divergence", &[total])?;
    for (p, q) in teacher.iter().zip(student) {
        let (_, slope) = divergence.term(p.f64(), q.f64());
        *q = R::of(upstream * (slope - libm::exp(q.f64()) * slopes));
    }
    Ok(total)
}

/// The divergence in nats of a student from its teacher over some ids of a row, and its gradient with
/// respect to the student's log-probabilities. All `[k]`, log-probabilities under one temperature;
/// `grad_student` is overwritten with `upstream·∂D/∂ln q`. With all ids as candidates every [`Tail`] gives
/// what [`distil_row`] gives.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] without candidates; [`Error::Range`] for the divergence;
/// [`Error::NotFinite`] for a divergence that is infinite. `grad_student` then holds nothing of use.
pub fn distil_candidates<R: Real>(
    divergence: Divergence,
    tail: Tail,
    teacher: &[R],
    student: &[R],
    upstream: f64,
    grad_student: &mut [R],
) -> Result<f64, Error> {
    divergence.validate()?;
    check("student", student.len(), teacher.len())?;
    check("grad_student", grad_student.len(), teacher.len())?;
    if teacher.is_empty() {
        return Err(Error::TooFew { name: "candidates", need: 1, got: 0 });
    }
    let shift = |log_probs: &[R]| match tail {
        Tail::Renormalized => log_mass(log_probs),
        Tail::Bucket | Tail::Dropped => Ok(0.0),
    };
    let (p_shift, q_shift) = (shift(teacher)?, shift(student)?);
    let term = |p: R, q: R| divergence.term(p.f64() - p_shift, q.f64() - q_shift);
    let (mut total, mut slopes) = (0.0, 0.0);
    for (grad, (&p, &q)) in grad_student.iter_mut().zip(teacher.iter().zip(student)) {
        let (value, slope) = term(p, q);
        total += value;
        slopes += slope;
        *grad = R::of(upstream * slope);
    }
    // What the mass of each candidate costs elsewhere, per mass.
    let elsewhere = match tail {
        Tail::Dropped => 0.0,
        Tail::Renormalized => slopes,
        Tail::Bucket => {
            let (p, q) = (rest(teacher)?, rest(student)?);
            let (value, slope) = divergence.term(libm::log(p), libm::log(q));
            total += value;
            if q > SMALLEST_REST { slope / q } else { 0.0 }
        }
    };
    finite("divergence", &[total])?;
    for (grad, q) in grad_student.iter_mut().zip(student) {
        *grad += R::of(-upstream * libm::exp(q.f64() - q_shift) * elsewhere);
    }
    Ok(total)
}

/// The mass that the candidates leave to others.
fn rest<R: Real>(log_probs: &[R]) -> Result<f64, Error> {
    Ok((-libm::expm1(log_mass(log_probs)?)).max(SMALLEST_REST))
}

/// The logarithm of the candidates' mass.
fn log_mass<R: Real>(log_probs: &[R]) -> Result<f64, Error> {
    let max = log_probs.iter().fold(R::NEG_INFINITY, |a, &b| a.max(b)).f64();
    finite("log_probs", &[max])?;
    Ok(max + libm::log(log_probs.iter().map(|l| libm::exp(l.f64() - max)).sum()))
}

#[cfg(test)]
mod tests;
