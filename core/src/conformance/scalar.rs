//! [`Critic`] and [`Reward`], and learning with their outputs.

use super::Subject;
use super::company::{Reads, causal, company, last, order, read, refusals, repeats, writes};
use super::gradient::{contract, gradient, left_out, splits};
use super::learn::look;
use super::measure::{Checked, Measured};
use super::probe::{Output, Scores, Values};
use super::refusals::{bad_text, not_finite, objective_error};
use super::run::Check;
use super::steps::{clips, forgets, learns, moments};
use super::text::Text;
use crate::roles::{Critic, Learner, Reward};

pub(super) fn critic<S: Subject<Network: Critic>>() -> [Check<S>; 7] {
    [
        ("writes", writes::<S, Values>),
        ("after_its_token", last::<S, Values>),
        ("causal", causal::<S, Values>),
        ("company", company::<S, Values>),
        ("order", order::<S, Values>),
        ("repeats", repeats::<S, Values>),
        ("refusals", refusals::<S, Values>),
    ]
}

pub(super) fn reward<S: Subject<Network: Reward>>() -> [Check<S>; 6] {
    [
        ("writes", writes::<S, Scores>),
        ("after_last_token", last::<S, Scores>),
        ("company", company::<S, Scores>),
        ("order", order::<S, Scores>),
        ("repeats", repeats::<S, Scores>),
        ("refusals", refusals::<S, Scores>),
    ]
}

pub(super) fn learn_values<S: Subject<Network: Learner + Critic>>() -> [Check<S>; 12] {
    learning::<S, Values>()
}

pub(super) fn learn_scores<S: Subject<Network: Learner + Reward>>() -> [Check<S>; 12] {
    learning::<S, Scores>()
}

fn learning<S: Subject<Network: Learner>, O: Output + Reads<S>>() -> [Check<S>; 12] {
    [
        ("shows_scores", agrees::<S, O>),
        ("contract", contract::<S, O>),
        ("gradient", gradient::<S, O>),
        ("left_out", left_out::<S, O>),
        ("splits", splits::<S, O>),
        ("forgets", forgets::<S, O>),
        ("norm_and_clip", clips::<S, O>),
        ("adamw", moments::<S, O>),
        ("learns", learns::<S, O>),
        ("not_finite", not_finite::<S, O>),
        ("objective_error", objective_error::<S, O>),
        ("bad_text", bad_text::<S, O>),
    ]
}

/// What an objective is shown is what the role says.
fn agrees<S: Subject<Network: Learner>, O: Output + Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let shown = look::<S, O>(subject, &mut network, &text)?;
    measured.all(&shown, &read::<S, O>(subject, &mut network, &text)?)?;
    Ok(measured)
}
