//! Step 3 by PPO within the support of a lagging policy.

use super::trainer::{plan, required, swap_average};
use super::{
    AllRoles, Examples, Guards, IterationReport, Models, Ppo, PpoState, Prompts, Report, Roles,
    RolloutTrainer, TopPMaskedPolicy, TrainError, Trainer,
};
use crate::profile;
use rlhf_core::Ragged;
use rlhf_core::capabilities::{LearnRows, Parameters, Rows};
use rlhf_core::roles::{Averaged, Critic, Learner, Reference, Reward};
use rlhf_core::sampling::StopCriteria;

/// NLPO ([`profile::Nlpo`]): [`Ppo`] of a [`TopPMaskedPolicy`] policy, whose mask follows it.
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
        stopping: &StopCriteria<'_>,
    ) -> Result<IterationReport, TrainError>
    where
        P: Rows<Error: 'static>
            + LearnRows
            + Parameters
            + Averaged
            + Learner<Error = <P as Reference>::Error>,
        M: Rows<Error = <P as Reference>::Error> + Parameters + Learner<Error = <P as Reference>::Error>,
        C: Critic<Error: 'static> + Learner<Error = <C as Critic>::Error>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let (top_p, context) = (self.settings.top_p, self.context);
        let mut policy = TopPMaskedPolicy { policy: &mut *roles.policy, mask: &mut *mask, top_p, context };
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

impl<'a> RolloutTrainer<'a, Nlpo> {
    /// NLPO on these prompts, of texts of at most `context` tokens. The mask policy is the first of the other
    /// networks, and starts as a copy of the policy.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn nlpo(
        settings: &profile::Nlpo,
        ppo: &profile::Ppo,
        context: usize,
        on: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let nlpo = Nlpo::new(*settings, *ppo, context, on.iterations.into(), seed)?.with_guards(on.guards)?;
        Ok(Self::of(nlpo, on, plan(ppo, seed)))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> Trainer<N, R> for RolloutTrainer<'_, Nlpo> {
    type State = PpoState;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Some(batch) = self.next_prompts()? else { return Ok(None) };
        let (prompts, stopping) = (batch.sequences()?, self.on.stopping);
        let Models { policy, reference, reward, critic, others } = models;
        let (reference, reward) = (required(reference, "reference")?, required(reward, "reward")?);
        let mut roles =
            Roles { policy, critic: required(critic, "critic")?, reference, reward: &mut **reward };
        let mask = others.first_mut().ok_or(TrainError::Missing { role: "mask policy" })?;
        let seen = self.algorithm.iterate(&mut roles, mask, prompts, &stopping).await;
        self.report(&batch, seen)
    }

    fn state(&self) -> PpoState {
        self.algorithm.state()
    }

    fn restore(&mut self, done: u64, state: PpoState) {
        self.algorithm = self.algorithm.clone().after(state);
        self.skip(done);
    }

    async fn finish(&mut self, models: &mut Models<'_, N, R>) -> Result<(), TrainError> {
        swap_average(&self.algorithm.ppo, &mut models.policy).await
    }
}
