//! Sampling: the responses of the policy and of its opponent.

use super::OnlinePreferences;
use super::responses::OnlineResponses;
use crate::guard::Place;
use crate::profile::Opponent;
use crate::rollout::{Sampler, repeat_prompts};
use crate::{Guards, Models, TrainError};
use rlhf_core::capabilities::Rows;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{Mixture, Request, Responses, SamplingParams, StopCriteria, sample_by};
use rlhf_core::{Error, Ragged};

impl OnlinePreferences {
    /// Samples the responses of the policy and of its opponent, unless that is a mixture.
    pub(super) async fn sample<P, J, F, C>(
        &self,
        models: &mut Models<'_, P, J, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<OnlineResponses, TrainError>
    where
        P: Policy,
        F: Policy,
        <P as Reference>::Error: 'static,
        <F as Reference>::Error: 'static,
    {
        let own = self.own(&mut models.policy, prompts, stopping).await?;
        let sampler = self.sampler(stopping, own.len());
        let opponent = match self.opponent() {
            None => Responses::default(),
            Some(Opponent::Reference) => {
                responses(models.reference()?, "reference", prompts, &sampler).await?
            }
            Some(Opponent::Policy) => responses(&mut models.policy, "policy", prompts, &sampler).await?,
            Some(Opponent::Mixture { .. }) => {
                let known = "reference, policy; and a mixture where both show rows (iterate_mixed)";
                return Err(Error::Unknown { name: "opponent", known }.into());
            }
        };
        Ok(OnlineResponses::new(prompts, &own, self.own_responses(), &opponent)?)
    }

    /// Samples the responses of the policy and of the mixture of policy and reference; `context` is the length of the
    /// longest text, in tokens.
    pub(super) async fn sample_mixed<P, J, F, C>(
        &self,
        models: &mut Models<'_, P, J, F, C>,
        weight: f64,
        context: usize,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<OnlineResponses, TrainError>
    where
        P: Policy + Rows,
        F: Rows<Error = <P as Reference>::Error>,
        <P as Reference>::Error: 'static,
    {
        let own = self.own(&mut models.policy, prompts, stopping).await?;
        let Sampler { params, key, first, .. } = self.sampler(stopping, own.len());
        let first = first as u32;
        let request = Request { prompts, sampling: &params, stopping, context, key, first };
        let Models { policy, reference, .. } = models;
        let reference = reference.as_mut().ok_or(TrainError::Missing { role: "reference" })?;
        let mut mixture = Mixture::new(reference, weight as f32)?;
        let opponent = sample_by(policy, &mut mixture, &request).await.map_err(TrainError::role("policy"))?;
        Ok(OnlineResponses::new(prompts, &own, self.own_responses(), &opponent)?)
    }

    /// Samples the policy's responses.
    async fn own<P: Policy<Error: 'static>>(
        &self,
        policy: &mut P,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<Responses, TrainError> {
        let (tokens, ends) = repeat_prompts(prompts, 0..prompts.len(), self.own_responses());
        let repeated = Ragged::new(&tokens, &ends)?;
        let sampler = self.sampler(stopping, 0);
        let own = responses(policy, "policy", repeated, &sampler).await?;
        Guards::responses(sampler.place, repeated, &own)?;
        Ok(own)
    }

    /// The settings of this iteration's sampling, after `first` responses that it has sampled already. The opponent
    /// draws after the policy, so that they share no random number.
    fn sampler<'s>(&self, stopping: &'s StopCriteria<'s>, first: usize) -> Sampler<'s> {
        Sampler {
            params: SamplingParams::at_temperature(self.settings.temperature as f32),
            stopping,
            key: Key::new(self.seed, Stream::Sampling, self.iteration),
            first,
            place: Place::Iteration(u64::from(self.iteration) + 1),
        }
    }
}

/// Samples a response to each prompt; `role` appears in errors.
async fn responses<P: Policy<Error: 'static>>(
    policy: &mut P,
    role: &'static str,
    prompts: Ragged<'_>,
    sampler: &Sampler<'_>,
) -> Result<Responses, TrainError> {
    let Sampler { params, stopping, key, first, .. } = sampler;
    let sampled = policy.sample(prompts, params, stopping, *key, *first as u32).await;
    sampled.map_err(TrainError::role(role))
}
