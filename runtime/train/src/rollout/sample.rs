//! Sampling: the policy responds to prompts.

use crate::guard::Place;
use crate::{Examples, Guards, TrainError};
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::random::Key;
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Error, Ragged, Rollouts};

/// The settings of an iteration's sampling.
#[derive(Clone, Copy)]
pub(crate) struct Sampler<'a> {
    pub params: SamplingParams,
    pub stopping: &'a StopCriteria<'a>,
    /// The key of the iteration's random draws.
    pub key: Key,
    /// The number of responses that were sampled under this key before.
    pub first: usize,
    /// The iteration, for errors.
    pub place: Place,
}

/// Samples a response to each prompt.
///
/// # Errors
/// [`TrainError::Guard`] where a log-probability is not finite; the policy's own.
pub(crate) async fn sample<P: Policy<Error: 'static>>(
    policy: &mut P,
    prompts: Ragged<'_>,
    sampler: &Sampler<'_>,
) -> Result<Rollouts, TrainError> {
    let Sampler { params, stopping, key, first, place } = sampler;
    let responses = policy.sample(prompts, params, stopping, *key, *first as u32).await;
    let responses = responses.map_err(TrainError::role("policy"))?;
    Guards::responses(*place, prompts, &responses)?;
    let mut rollouts = Rollouts::growing();
    rollouts.extend(prompts, &responses)?;
    Ok(rollouts)
}

/// Repeats each prompt of a range `times` times: the tokens, and the ends of the copies.
pub(crate) fn repeat_prompts(
    prompts: Ragged<'_>,
    range: Range<usize>,
    times: usize,
) -> (Vec<u32>, Vec<usize>) {
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for i in range {
        for _ in 0..times {
            tokens.extend_from_slice(&prompts.tokens()[prompts.span(i)]);
            ends.push(tokens.len());
        }
    }
    (tokens, ends)
}

/// Returns the responses of those indices as examples to imitate.
pub(crate) fn examples(
    rollouts: &Rollouts,
    indices: impl IntoIterator<Item = usize>,
) -> Result<Examples, Error> {
    let tokens = rollouts.sequences().tokens();
    Examples::try_from_iter(indices.into_iter().map(|i| {
        let (whole, response) = (rollouts.span(i), rollouts.response_span(i));
        (&tokens[whole.start..response.start], &tokens[response])
    }))
}
