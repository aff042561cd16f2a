//! What is compared: responses of the policy, and of whom it plays.

use super::written::Written;
use super::{OnlinePreferences, OnlineRoles};
use crate::guard::Place;
use crate::profile::Opponent;
use crate::written::repeated;
use crate::{Guards, TrainError};
use rlhf_core::capabilities::Rows;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{Mixture, Request, Responses, SamplingParams, StopCriteria, sample_by};
use rlhf_core::{Error, Ragged};

impl OnlinePreferences {
    /// What the policy writes, and what whom it plays does, unless that is a mixture.
    pub(super) async fn write<P, F, J>(
        &self,
        roles: &mut OnlineRoles<'_, P, F, J>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<Written, TrainError>
    where
        P: Policy,
        F: Policy,
        <P as Reference>::Error: 'static,
        <F as Reference>::Error: 'static,
    {
        let (own, samples) = self.own(roles.policy, prompts, stopping).await?;
        let (sampling, key, first) = self.draws(prompts);
        let other = match self.writers().1 {
            None => Responses::default(),
            Some(Opponent::Reference) => {
                let failed = TrainError::role("reference");
                roles.reference.sample(prompts, &sampling, stopping, key, first).await.map_err(failed)?
            }
            Some(Opponent::Policy) => {
                let failed = TrainError::role("policy");
                roles.policy.sample(prompts, &sampling, stopping, key, first).await.map_err(failed)?
            }
            Some(Opponent::Mixture { .. }) => {
                let known = "reference, policy; and a mixture where both show rows (iterate_mixed)";
                return Err(Error::Unknown { name: "opponent", known }.into());
            }
        };
        Ok(Written::new(prompts, &own, samples, &other)?)
    }

    /// The same where the opponent is their mixture, of texts of at most `context` tokens.
    pub(super) async fn write_mixed<P, F, J>(
        &self,
        roles: &mut OnlineRoles<'_, P, F, J>,
        weight: f64,
        context: usize,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<Written, TrainError>
    where
        P: Policy + Rows,
        F: Rows<Error = <P as Reference>::Error>,
        <P as Reference>::Error: 'static,
    {
        let (own, samples) = self.own(roles.policy, prompts, stopping).await?;
        let (sampling, key, first) = self.draws(prompts);
        let request = Request { prompts, sampling: &sampling, stopping, context, key, first };
        let mut mixture = Mixture::new(&mut *roles.reference, weight as f32)?;
        let other = sample_by(roles.policy, &mut mixture, &request).await;
        Ok(Written::new(prompts, &own, samples, &other.map_err(TrainError::role("policy"))?)?)
    }

    /// The policy's responses, so many to each prompt.
    async fn own<P: Policy<Error: 'static>>(
        &self,
        policy: &mut P,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<(Responses, usize), TrainError> {
        let place = Place::Iteration(u64::from(self.iteration) + 1);
        let samples = self.writers().0;
        let (tokens, ends) = repeated(prompts, 0..prompts.len(), samples);
        let again = Ragged::new(&tokens, &ends)?;
        let (sampling, key, _) = self.draws(prompts);
        let failed = TrainError::role("policy");
        let own = policy.sample(again, &sampling, stopping, key, 0).await.map_err(failed)?;
        Guards::written(place, again, &own)?;
        Ok((own, samples))
    }

    /// How an iteration draws. An opponent's draws come after the policy's, so that the two share none.
    fn draws(&self, prompts: Ragged<'_>) -> (SamplingParams, Key, u32) {
        let sampling = SamplingParams::at_temperature(self.settings.temperature as f32);
        let key = Key::new(self.seed, Stream::Sampling, self.iteration);
        (sampling, key, (prompts.len() * self.writers().0) as u32)
    }
}
