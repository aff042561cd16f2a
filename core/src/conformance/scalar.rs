//! [`Critic`] and [`Reward`], and learning with their outputs.

use super::Subject;
use super::company::{Reads, causal, company, last, order, read, refusals, repeats, writes};
use super::gradient::{contract, gradient, left_out, splits};
use super::learn::outputs_of;
use super::measure::{Checked, Measured};
use super::probe::{Output, Scores, Values};
use super::refusals::{bad_text, not_finite, objective_error};
use super::run::Check;
use super::state::after_step;
use super::steps::{clips, learns, moments, zero_grad};
use super::text::Text;
use super::updates::{betas, epsilon, rate, refused_step, settings};
use super::wide::{empty, learning as learning_of_many, nothing_to_learn, sequences};
use crate::roles::{Critic, Learner, Reward};

pub(super) fn critic<S: Subject<Network: Critic>>() -> [Check<S>; 9] {
    [
        ("writes", writes::<S, Values>),
        ("after_its_token", last::<S, Values>),
        ("causal", causal::<S, Values>),
        ("company", company::<S, Values>),
        ("order", order::<S, Values>),
        ("repeats", repeats::<S, Values>),
        ("refusals", refusals::<S, Values>),
        ("wide", sequences::<S, Values>),
        ("empty", empty::<S, Values>),
    ]
}

pub(super) fn reward<S: Subject<Network: Reward>>() -> [Check<S>; 8] {
    [
        ("writes", writes::<S, Scores>),
        ("after_last_token", last::<S, Scores>),
        ("company", company::<S, Scores>),
        ("order", order::<S, Scores>),
        ("repeats", repeats::<S, Scores>),
        ("refusals", refusals::<S, Scores>),
        ("wide", sequences::<S, Scores>),
        ("empty", empty::<S, Scores>),
    ]
}

pub(super) fn learn_values<S: Subject<Network: Learner + Critic>>() -> [Check<S>; 20] {
    learning::<S, Values>()
}

pub(super) fn learn_scores<S: Subject<Network: Learner + Reward>>() -> [Check<S>; 20] {
    learning::<S, Scores>()
}

fn learning<S: Subject<Network: Learner>, O: Output + Reads<S>>() -> [Check<S>; 20] {
    [
        ("shows_scores", agrees::<S, O>),
        ("contract", contract::<S, O>),
        ("gradient", gradient::<S, O>),
        ("left_out", left_out::<S, O>),
        ("splits", splits::<S, O>),
        ("zero_grad", zero_grad::<S, O>),
        ("norm_and_clip", clips::<S, O>),
        ("adamw", moments::<S, O>),
        ("learns", learns::<S, O>),
        ("not_finite", not_finite::<S, O>),
        ("objective_error", objective_error::<S, O>),
        ("bad_text", bad_text::<S, O>),
        ("after_step", after_step::<S, O>),
        ("settings", settings::<S, O>),
        ("rate", rate::<S, O>),
        ("betas", betas::<S, O>),
        ("epsilon", epsilon::<S, O>),
        ("refused_step", refused_step::<S, O>),
        ("wide", learning_of_many::<S, O>),
        ("nothing_to_learn", nothing_to_learn::<S, O>),
    ]
}

/// A learner passes the role's own numbers to its objective.
fn agrees<S: Subject<Network: Learner>, O: Output + Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let shown = outputs_of::<S, O>(subject, &mut network, &text)?;
    measured.all(&shown, &read::<S, O>(subject, &mut network, &text)?)?;
    Ok(measured)
}
