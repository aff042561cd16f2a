//! Step 3 by PPO within the support of a lagging policy.

use super::{Examples, Guards, Iteration, Masked, Ppo, PpoState, Roles, TrainError};
use crate::profile;
use rlhf_core::Ragged;
use rlhf_core::capabilities::{LearnRows, Parameters, Rows};
use rlhf_core::roles::{Averaged, Critic, Learner, Reference, Reward};
use rlhf_core::sampling::Stopping;

/// NLPO ([`profile::Nlpo`]): [`Ppo`] of a [`Masked`] policy, whose mask follows it.
#[derive(Clone, Debug)]
pub struct Nlpo {
    settings: profile::Nlpo,
    context: usize,
    ppo: Ppo,
}

impl Nlpo {
    /// A run of `iterations` rollouts, each learnt from by `ppo`. `context` is the longest text, prompt included, that policy and mask
    /// can read, in tokens.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(
        settings: profile::Nlpo,
        ppo: profile::Ppo,
        context: usize,
        iterations: u64,
        seed: u64,
    ) -> Result<Self, TrainError> {
        settings.validate(&ppo)?;
        Ok(Self { settings, context, ppo: Ppo::new(ppo, iterations, seed)? })
    }

    /// What this run has to remember beside its networks, of which the mask policy is one.
    pub fn state(&self) -> PpoState {
        self.ppo.state()
    }

    /// Goes on from `state`, with networks that remember theirs.
    pub fn after(self, state: PpoState) -> Self {
        Self { ppo: self.ppo.after(state), ..self }
    }

    /// The same run under other limits.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { ppo: self.ppo.with_guards(guards)?, ..self })
    }

    /// One rollout on `prompts`, and what is learnt from it; `mask`, at first a copy of the policy, then
    /// follows. The KL from the reference is that of the masked policy.
    ///
    /// # Errors
    /// As [`Ppo::iterate`]; a mask of another size.
    pub async fn iterate<P, M, C, F, R>(
        &mut self,
        roles: &mut Roles<'_, P, C, F, R>,
        mask: &mut M,
        prompts: Ragged<'_>,
        stopping: &Stopping<'_>,
    ) -> Result<Iteration, TrainError>
    where
        P: Rows + LearnRows + Parameters + Averaged + Learner<Error = <P as Reference>::Error>,
        M: Rows<Error = <P as Reference>::Error> + Parameters + Learner<Error = <P as Reference>::Error>,
        C: Critic + Learner<Error = <C as Critic>::Error>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
        <P as Reference>::Error: 'static,
        <C as Critic>::Error: 'static,
    {
        let (top_p, context) = (self.settings.top_p, self.context);
        let mut policy = Masked { policy: &mut *roles.policy, mask: &mut *mask, top_p, context };
        let mut within = Roles {
            policy: &mut policy,
            critic: &mut *roles.critic,
            reference: &mut *roles.reference,
            reward: &mut *roles.reward,
        };
        let seen = self.ppo.iterate(&mut within, prompts, stopping, &Examples::default()).await?;
        let (follow, iteration) = (self.settings.follow, self.ppo.state().iteration);
        follow.follow(iteration, roles.policy, mask).await.map_err(TrainError::role("mask policy"))?;
        Ok(seen)
    }
}
