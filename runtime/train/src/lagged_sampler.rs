//! A policy whose responses an older copy samples.

use rlhf_core::optim::Update;
use rlhf_core::random::Key;
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Objective, Ragged};

/// A policy that learns from the responses of a lagging sampler, as in asynchronous training. The log-probabilities of
/// a rollout are the sampler's; those that a trainer computes afterwards, such as for
/// [`rlhf_core::advantage::ImportanceCorrection`], are the policy's.
///
/// [`rlhf_core::optim::Follow`] lets the sampler catch up.
#[derive(Debug)]
pub struct LaggedSampler<'a, P, S> {
    /// The policy, which learns.
    pub policy: &'a mut P,
    /// The sampler, an older copy.
    pub sampler: &'a mut S,
}

impl<P: Reference, S> Reference for LaggedSampler<'_, P, S> {
    type Error = P::Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), P::Error> {
        self.policy.log_probs(batch, out).await
    }
}

impl<P: Reference, S: Policy<Error = P::Error>> Policy for LaggedSampler<'_, P, S> {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, P::Error> {
        self.sampler.sample(prompts, sampling, stopping, key, first).await
    }
}

impl<P: Learner, S> Learner for LaggedSampler<'_, P, S> {
    type Error = P::Error;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, P::Error> {
        self.policy.accumulate(batch, objective).await
    }

    async fn zero_grad(&mut self) -> Result<(), P::Error> {
        self.policy.zero_grad().await
    }

    async fn step(&mut self, update: &Update) -> Result<f64, P::Error> {
        self.policy.step(update).await
    }
}
