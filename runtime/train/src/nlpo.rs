//! NLPO: PPO within the support of a lagging policy.

use super::trainer::IterationPlan;
use super::{
    AllRoles, Examples, Guards, IterationReport, Models, Ppo, PpoState, Prompts, Report, RolloutAlgorithm,
    RolloutTrainer, TopPMaskedPolicy, TrainError,
};
use crate::profile;
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::capabilities::{LearnRows, Parameters, Rows};
use rlhf_core::roles::{Averaged, Critic, Learner, Reference, Reward};
use rlhf_core::sampling::StopCriteria;

/// A run of NLPO ([`profile::Nlpo`]): [`Ppo`] of a [`TopPMaskedPolicy`], whose mask follows the policy.
#[derive(Clone, Debug)]
pub struct Nlpo {
    settings: profile::Nlpo,
    context: usize,
    ppo: Ppo,
}

impl Nlpo {
    /// A run of `iterations` rollouts, each learnt from by `ppo`. `context` is the length of the longest text, prompt
    /// included, that policy and mask can read, in tokens.
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

    /// The state of the run, beside its networks, of which the mask policy is one.
    pub fn state(&self) -> PpoState {
        self.ppo.state()
    }

    /// Continues from `state`, with the networks and their optimizers of that time.
    pub fn after(self, state: PpoState) -> Self {
        Self { ppo: self.ppo.after(state), ..self }
    }

    /// Replaces the limits of the run.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { ppo: self.ppo.with_guards(guards)?, ..self })
    }

    /// Samples a rollout on `prompts` and learns from it; the mask policy, at first a copy of the policy and the
    /// first of the other networks, then follows. The KL from the reference is that of the masked policy.
    ///
    /// # Errors
    /// As [`Ppo::iterate`]; [`TrainError::Missing`] without a mask policy; a mask of another size.
    pub async fn iterate<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<IterationReport, TrainError>
    where
        P: Rows<Error: 'static>
            + LearnRows
            + Parameters
            + Averaged
            + Learner<Error = <P as Reference>::Error>,
        C: Critic<Error: 'static> + Learner<Error = <C as Critic>::Error>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let (top_p, context) = (self.settings.top_p, self.context);
        let Models { policy, reference, reward, critic, others } = models;
        let mask = others.first_mut().ok_or(TrainError::Missing { role: "mask policy" })?;
        let mut masked = Models {
            policy: TopPMaskedPolicy { policy: &mut *policy, mask: &mut *mask, top_p, context },
            reference: reference.as_mut(),
            reward: reward.as_deref_mut(),
            critic: critic.as_mut(),
            others: Vec::new(),
        };
        let report = self.ppo.iterate(&mut masked, prompts, stopping, &Examples::default()).await?;
        let (follow, iteration) = (self.settings.follow, self.ppo.state().iteration);
        follow.follow(iteration, policy, mask).await.map_err(TrainError::role("mask policy"))?;
        Ok(report)
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
        run: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let nlpo =
            Nlpo::new(*settings, *ppo, context, run.iterations.into(), seed)?.with_guards(run.guards)?;
        Ok(Self::new(nlpo, run, IterationPlan::of_ppo(ppo, seed)))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> RolloutAlgorithm<N, R> for Nlpo {
    type State = PpoState;

    async fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> Result<Report, TrainError> {
        Ok(self.iterate(models, prompts, &run.stopping).await?.into())
    }

    fn run_state(&self) -> PpoState {
        self.state()
    }

    fn resumed(self, state: PpoState) -> Self {
        self.after(state)
    }

    async fn finish_models(&self, models: &mut Models<'_, N, R>) -> Result<(), TrainError> {
        self.ppo.finish_models(models).await
    }
}
