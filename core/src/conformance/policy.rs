//! [`Policy`]: samples have the scorer's log-probabilities, and depend on their key and prompt alone.

use super::Subject;
use super::company::read;
use super::continuation::next;
use super::exact::{exact, repetition_of_response};
use super::measure::{Checked, Measured, ensure};
use super::probe::LogProbs;
use super::run::Check;
use super::sampling::{key, prompts, sample, up_to};
use super::statistics::{draws, filters, pairs, repetition};
use super::stopping::{endings, limits};
use super::text::{Text, words};
use super::wide::{no_prompts, prompts as wide};
use crate::roles::Policy;
use crate::sampling::{Filters, SamplingParams};

pub(super) fn checks<S: Subject<Network: Policy>>() -> [Check<S>; 15] {
    [
        ("scored", scored),
        ("keys", keys),
        ("company", company),
        ("first", first),
        ("greedy", greedy),
        ("draws", draws),
        ("filters", filters),
        ("repetition", repetition),
        ("repetition_of_response", repetition_of_response),
        ("positions", pairs),
        ("endings", endings),
        ("limits", limits),
        ("exact", exact),
        ("wide", wide),
        ("no_prompts", no_prompts),
    ]
}

/// Returned log-probabilities are the scorer's at the sampling's temperature, whatever the filters.
fn scored<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let filtered = Filters { temperature: 0.8, top_k: 3, top_p: 0.9, ..Filters::default() };
    let settings = [
        SamplingParams::at_temperature(1.0),
        SamplingParams::at_temperature(0.6),
        SamplingParams::at_temperature(1.6),
        SamplingParams::Draw(filtered),
        SamplingParams::Greedy,
    ];
    for sampling in settings {
        let out = sample(subject, &mut network, &prompts, &sampling, &up_to(9), key(0), 0)?;
        let whole = (0..prompts.len()).map(|i| [&prompts.tokens[prompts.span(i)], out.response(i)].concat());
        let text = Text::of(whole).at(sampling.temperature());
        let scores = read::<S, LogProbs>(subject, &mut network, &text)?;
        for i in 0..out.len() {
            let span = text.span(i);
            measured.all(&out.log_probs[out.span(i)], &scores[span.end - out.span(i).len()..span.end])?;
        }
    }
    Ok(measured)
}

/// Equal keys give equal texts; another key or another index gives another text.
fn keys<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let equal = Text::of((0..8).map(|_| words(subject, 2, 20)));
    let draw = |network: &mut S::Network, step, first| {
        let sampling = SamplingParams::at_temperature(1.0);
        sample(subject, network, &equal, &sampling, &up_to(6), key(step), first)
    };
    let once = draw(&mut network, 0, 0)?;
    ensure(draw(&mut network, 0, 0)? == once, "the same key gives another text")?;
    ensure(
        draw(&mut subject.fresh(1), 0, 0)? == once,
        "the same key gives another text in an equal network",
    )?;
    ensure(draw(&mut network, 1, 0)?.tokens != once.tokens, "another step's key gives the same text")?;
    ensure(draw(&mut network, 0, 8)?.tokens != once.tokens, "`first` does not change the draws")?;
    let all_alike = (1..once.len()).all(|i| once.response(i) == once.response(0));
    ensure(!all_alike, "equal prompts of one call have equal responses: their index is no part of the draw")?;
    Ok(Measured::within(0.0))
}

/// Draws with each of two prompts' indices, alone and in company.
fn same_responses<S: Subject<Network: Policy>>(subject: &S, parts: &[core::ops::Range<usize>]) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let sampling = SamplingParams::at_temperature(1.3);
    let whole = sample(subject, &mut network, &prompts, &sampling, &up_to(7), key(2), 40)?;
    for range in parts {
        let first = 40 + range.start as u32;
        let part = prompts.pick(range.clone());
        let out = sample(subject, &mut network, &part, &sampling, &up_to(7), key(2), first)?;
        for (i, j) in range.clone().enumerate() {
            ensure(out.response(i) == whole.response(j), "a response depends on what else the call holds")?;
            ensure(out.finish[i] == whole.finish[j], "an ending depends on what else the call holds")?;
            measured.all(&out.log_probs[out.span(i)], &whole.log_probs[whole.span(j)])?;
        }
    }
    Ok(measured)
}

/// A prompt's response does not depend on what follows it in the call.
fn company<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    same_responses(subject, &[0..1, 0..2, 0..5])
}

/// With `first` as the index of its first prompt, a part of a call has the call's responses.
fn first<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    same_responses(subject, &[1..2, 2..6, 5..6])
}

/// Greedy sampling takes the most probable id.
fn greedy<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let out = sample(subject, &mut network, &prompts, &SamplingParams::Greedy, &up_to(2), key(0), 0)?;
    for i in 0..out.len() {
        let log_probs = next(subject, &mut network, &prompts.tokens[prompts.span(i)], 1.0)?;
        let best = log_probs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // Equals within rounding are equal enough.
        measured.pair(log_probs[out.response(i)[0] as usize].into(), best.into());
    }
    Ok(measured)
}
