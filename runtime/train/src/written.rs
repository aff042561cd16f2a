//! What a policy writes in an iteration, and what is read off it.

use super::examples::{Part, parts};
use super::guard::Place;
use super::{Examples, Guards, TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::random::Key;
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Error, Ragged, Rollouts};

/// A response to each of `prompts`. `first`: how many the iteration has written before.
pub(super) async fn write<P: Policy<Error: 'static>>(
    policy: &mut P,
    prompts: Ragged<'_>,
    sampling: &SamplingParams,
    stopping: &StopCriteria<'_>,
    (key, first): (Key, usize),
    place: Place,
) -> Result<Rollouts, TrainError> {
    let written = policy.sample(prompts, sampling, stopping, key, first as u32);
    let responses = written.await.map_err(TrainError::role("policy"))?;
    Guards::written(place, prompts, &responses)?;
    let mut rollouts = Rollouts::growing();
    rollouts.extend(prompts, &responses)?;
    Ok(rollouts)
}

/// The responses of those numbers, to be learnt from.
pub(super) fn examples(
    rollouts: &Rollouts,
    picked: impl IntoIterator<Item = usize>,
) -> Result<Examples, Error> {
    let tokens = rollouts.sequences().tokens();
    Examples::try_from_iter(picked.into_iter().map(|i| {
        let (whole, response) = (rollouts.span(i), rollouts.response_span(i));
        (&tokens[whole.start..response.start], &tokens[response])
    }))
}

/// Σ (ln p − ln p_reference) over response `i`, in nats.
pub(super) fn drift(rollouts: &Rollouts, i: usize) -> f64 {
    let ratio = |t| f64::from(rollouts.log_probs()[t] - rollouts.ref_log_probs()[t]);
    rollouts.response_span(i).map(ratio).sum()
}

/// Each of some prompts `times` times, next to each other, end to end.
pub(super) fn repeated(prompts: Ragged<'_>, some: Range<usize>, times: usize) -> (Vec<u32>, Vec<usize>) {
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for i in some {
        for _ in 0..times {
            tokens.extend_from_slice(&prompts.tokens()[prompts.span(i)]);
            ends.push(tokens.len());
        }
    }
    (tokens, ends)
}

/// The log-probabilities of responses, 0 in prompts.
pub(super) async fn log_probs<F: Reference<Error: 'static>>(
    of: &mut F,
    role: &'static str,
    rollouts: &Rollouts,
    temperature: f64,
) -> Result<Vec<f32>, TrainError> {
    let (sequences, loss_mask) = (rollouts.sequences(), rollouts.loss_mask());
    let mut out = vec![0.0; loss_mask.len()];
    for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
        let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
        let batch = part.batch()?.at_temperature(temperature as f32)?;
        of.log_probs(batch, &mut out[part.span.clone()]).await.map_err(TrainError::role(role))?;
    }
    Ok(out)
}
