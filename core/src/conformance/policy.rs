//! [`Policy`]: what is sampled is what is scored, and depends on its key and its prompt alone.

use super::Subject;
use super::company::{bad_texts, read};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::LogProbs;
use super::reference::next;
use super::run::{Check, refused, wait};
use super::statistics::{draws, filters, pairs, repetition};
use super::stopping::{endings, limits};
use super::text::{SEED, Text, words};
use crate::random::{Key, Stream};
use crate::roles::Policy;
use crate::sampling::{Filters, Finish, Responses, Sampling, Stopping};

pub(super) fn checks<S: Subject<Network: Policy>>() -> [Check<S>; 11] {
    [
        ("scored", scored),
        ("keys", keys),
        ("company", company),
        ("first", first),
        ("greedy", greedy),
        ("draws", draws),
        ("filters", filters),
        ("repetition", repetition),
        ("positions", pairs),
        ("endings", endings),
        ("limits", limits),
    ]
}

/// The key of the kit's samples.
pub(super) fn key(step: u32) -> Key {
    Key::new(SEED, Stream::Sampling, step)
}

/// Never ends before `max_new_tokens`.
pub(super) fn up_to(max_new_tokens: usize) -> Stopping<'static> {
    Stopping { max_new_tokens, eos: None, stop: &[] }
}

/// Responses, whose arrays fit each other.
pub(super) fn sample<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
    prompts: &Text,
    sampling: &Sampling,
    stopping: &Stopping<'_>,
    key: Key,
    first: u32,
) -> Result<Responses, Fault> {
    let out = wait(subject, network.sample(prompts.sequences()?, sampling, stopping, key, first))?;
    ensure(
        out.ends.len() == prompts.len() && out.finish.len() == prompts.len(),
        "not one response for each prompt",
    )?;
    ensure(out.log_probs.len() == out.tokens.len(), "not one log-probability for each token")?;
    // No response is empty, and the ends rise to the number of tokens.
    crate::Ragged::new(&out.tokens, &out.ends)?;
    let vocabulary = subject.vocabulary();
    ensure(
        out.tokens.iter().all(|id| (*id as usize) < vocabulary),
        "a sampled id is outside the vocabulary",
    )?;
    for (i, finish) in out.finish.iter().enumerate() {
        let length = out.span(i).len();
        ensure(length <= stopping.max_new_tokens, "a response is longer than allowed")?;
        let room = subject.context() - prompts.span(i).len();
        ensure(length <= room, "a response is longer than its context")?;
        for (t, &token) in (1..).zip(out.response(i)) {
            let full = (t == room).then_some(Finish::Length);
            let due = stopping.finish(token, t).or(full);
            ensure(
                due == (t == length).then_some(*finish),
                "a response does not end where and why it says it does",
            )?;
        }
    }
    Ok(out)
}

/// Prompts of uneven lengths.
pub(super) fn prompts<S: Subject>(subject: &S) -> Text {
    let lengths = [2, 1, subject.context() / 2, 3, 1, 4];
    Text::of(lengths.iter().zip(20..).map(|(len, i)| words(subject, *len, i)))
}

/// Returned log-probabilities are the scorer's at the sampling's temperature, whatever the filters.
fn scored<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let filtered = Filters { temperature: 0.8, top_k: 3, top_p: 0.9, ..Filters::default() };
    let settings = [
        Sampling::at_temperature(1.0),
        Sampling::at_temperature(0.6),
        Sampling::at_temperature(1.6),
        Sampling::Draw(filtered),
        Sampling::Greedy,
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

/// The same key, the same text; another key or another sample, another one.
fn keys<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let equal = Text::of((0..8).map(|_| words(subject, 2, 20)));
    let draw = |network: &mut S::Network, step, first| {
        let sampling = Sampling::at_temperature(1.0);
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
    let sampling = Sampling::at_temperature(1.3);
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
    let out = sample(subject, &mut network, &prompts, &Sampling::Greedy, &up_to(2), key(0), 0)?;
    for i in 0..out.len() {
        let log_probs = next(subject, &mut network, &prompts.tokens[prompts.span(i)], 1.0)?;
        let best = log_probs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // Equals within rounding are equal enough.
        measured.pair(log_probs[out.response(i)[0] as usize].into(), best.into());
    }
    Ok(measured)
}

/// What [`Policy::sample`] has to refuse: as the scorer does, and a prompt that fills the context.
pub(super) fn refusals<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
) -> Result<(), Fault> {
    let full = Text::of([words(subject, 2, 20), words(subject, subject.context(), 21)]);
    for (what, bad) in bad_texts(subject).into_iter().chain([("a prompt that fills the context", full)]) {
        let sampling = Sampling::at_temperature(1.0);
        refused(subject, what, network.sample(bad.sequences()?, &sampling, &up_to(2), key(0), 0))?;
    }
    let prompts = Text::short(subject);
    let sampling = Sampling::at_temperature(1.0);
    // No response is empty.
    refused(
        subject,
        "a response of no tokens",
        network.sample(prompts.sequences()?, &sampling, &up_to(0), key(0), 0),
    )
}
