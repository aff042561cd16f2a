//! Sampling from a policy.

use super::Subject;
use super::measure::{Fault, ensure};
use super::run::wait;
use super::text::{SEED, Text, words};
use crate::Ragged;
use crate::random::{Key, Stream};
use crate::roles::Policy;
use crate::sampling::{Filters, FinishReason, Responses, SamplingParams, StopCriteria};
use alloc::vec;
use alloc::vec::Vec;

/// The key of the kit's samples.
pub(super) fn key(step: u32) -> Key {
    Key::new(SEED, Stream::Sampling, step)
}

/// Never ends before `max_new_tokens`.
pub(super) fn up_to(max_new_tokens: usize) -> StopCriteria<'static> {
    StopCriteria { max_new_tokens, eos: &[], stop: &[] }
}

/// Responses, whose arrays fit each other.
pub(super) fn sample<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
    prompts: &Text,
    sampling: &SamplingParams,
    stopping: &StopCriteria<'_>,
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
    Ragged::new(&out.tokens, &out.ends)?;
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
            let full = (t == room).then_some(FinishReason::Length);
            let due = stopping.finish(token, t).or(full);
            ensure(
                due == (t == length).then_some(*finish),
                "a response does not end where and why it says it does",
            )?;
        }
    }
    Ok(out)
}

/// Returns the probabilities of filtered logits, which need be known only up to a constant.
pub(super) fn filtered(logits: &[f64], filters: Filters, prompt: &[u32]) -> Result<Vec<f64>, Fault> {
    let mut logits = logits.to_vec();
    let mut scratch = vec![0; logits.len()];
    filters.apply(&mut logits, prompt, &mut scratch)?;
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter_mut().for_each(|l| *l = libm::exp(*l - highest));
    let total: f64 = logits.iter().sum();
    Ok(logits.into_iter().map(|p| p / total).collect())
}

/// Prompts of uneven lengths.
pub(super) fn prompts<S: Subject>(subject: &S) -> Text {
    let lengths = [2, 1, subject.context() / 2, 3, 1, 4];
    Text::of(lengths.iter().zip(20..).map(|(len, i)| words(subject, *len, i)))
}
