//! [`Learner`] of a language head: log-probabilities and entropies.

use super::Subject;
use super::company::read;
use super::continuation::next;
use super::extreme::cold_learner;
use super::gradient::{contract, couplings, gradient, left_out, splits};
use super::learn::outputs_of;
use super::measure::{Checked, Measured};
use super::probe::{Entropies, LogProbs};
use super::refusals::{bad_text, not_finite, objective_error};
use super::run::Check;
use super::state::after_step;
use super::steps::{clips, learns, moments, zero_grad};
use super::text::Text;
use super::updates::{betas, decay, epsilon, rate, refused_step, settings};
use super::wide::{learning as wide, nothing_to_learn};
use crate::roles::{Learner, Reference};

pub(super) fn checks<S: Subject<Network: Learner + Reference>>() -> [Check<S>; 28] {
    [
        ("shows_scores", agrees),
        ("contract", contract::<S, LogProbs>),
        ("gradient", gradient::<S, LogProbs>),
        ("left_out", left_out::<S, LogProbs>),
        ("entropy", entropy),
        ("entropy_contract", contract::<S, Entropies>),
        ("entropy_gradient", gradient::<S, Entropies>),
        ("entropy_left_out", left_out::<S, Entropies>),
        ("splits", splits::<S, LogProbs>),
        ("entropy_splits", splits::<S, Entropies>),
        ("couplings", couplings::<S>),
        ("zero_grad", zero_grad::<S, LogProbs>),
        ("norm_and_clip", clips::<S, LogProbs>),
        ("adamw", moments::<S, LogProbs>),
        ("learns", learns::<S, LogProbs>),
        ("not_finite", not_finite::<S, LogProbs>),
        ("objective_error", objective_error::<S, LogProbs>),
        ("bad_text", bad_text::<S, LogProbs>),
        ("after_step", after_step::<S, LogProbs>),
        ("settings", settings::<S, LogProbs>),
        ("rate", rate::<S, LogProbs>),
        ("betas", betas::<S, LogProbs>),
        ("epsilon", epsilon::<S, LogProbs>),
        ("decay", decay::<S, LogProbs>),
        ("refused_step", refused_step::<S, LogProbs>),
        ("wide", wide::<S, LogProbs>),
        ("nothing_to_learn", nothing_to_learn::<S, LogProbs>),
        ("small_temperature", cold_learner),
    ]
}

/// A learner passes the scorer's log-probabilities to its objective: a first step's ratio is 1, and the
/// divergence of a policy from itself is 0.
fn agrees<S: Subject<Network: Learner + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let mut network = subject.fresh(1);
    for temperature in [1.0, 0.7] {
        let text = Text::uneven(subject).at(temperature);
        let scored = read::<S, LogProbs>(subject, &mut subject.fresh(1), &text)?;
        let shown = outputs_of::<S, LogProbs>(subject, &mut network, &text)?;
        for (place, shown) in text.positions().into_iter().zip(shown) {
            measured.pair(libm::exp(f64::from(shown) - f64::from(scored[place])), 1.0);
        }
    }
    Ok(measured)
}

/// `−Σ p·ln p` over the probabilities of all continuations, at the batch's temperature.
fn entropy<S: Subject<Network: Learner + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (text, mut network) = (Text::short(subject).at(0.7), subject.fresh(1));
    let shown = outputs_of::<S, Entropies>(subject, &mut network, &text)?;
    for (place, shown) in text.positions().into_iter().zip(shown) {
        let start = text.ends.iter().copied().filter(|end| *end <= place).max().unwrap_or(0);
        let log_probs = next(subject, &mut network, &text.tokens[start..place], text.temperature)?;
        let entropy = log_probs.iter().map(|&l| -f64::from(l) * libm::exp(l.into())).sum();
        measured.pair(shown.into(), entropy);
    }
    Ok(measured)
}
