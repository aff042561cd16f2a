//! Online DPO, XPO and Nash-MD as a trainer.

use super::{OnlineIteration, OnlinePreferences};
use crate::profile::OnlinePreference;
use crate::trainer::IterationPlan;
use crate::{AllRoles, Models, Prompts, Report, RewardJudge, RolloutAlgorithm, RolloutTrainer, TrainError};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::roles::Reward;

/// [`OnlinePreferences`] of texts of at most `context` tokens.
#[derive(Clone, Debug)]
pub struct InContext {
    preferences: OnlinePreferences,
    context: usize,
}

impl<'a> RolloutTrainer<'a, InContext> {
    /// Online DPO, XPO or Nash-MD on these prompts, of texts of at most `context` tokens; the reward is the judge.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn online(
        settings: &OnlinePreference,
        context: usize,
        run: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let preferences = OnlinePreferences::new(*settings, run.iterations.into(), seed)?;
        let preferences = preferences.with_guards(run.guards)?;
        let plan = IterationPlan::of_passes(settings.prompts as usize, &settings.passes, seed);
        Ok(Self::new(InContext { preferences, context }, run, plan))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> RolloutAlgorithm<N, R> for InContext {
    /// Iterations done.
    type State = u32;

    async fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> Result<Report, TrainError> {
        let Models { policy, reference, reward, .. } = models;
        let reward = reward.as_deref_mut().ok_or(TrainError::Missing { role: "reward" })?;
        let mut judged: Models<'_, _, _, _, N> = Models {
            policy,
            reference: reference.as_mut(),
            reward: Some(&mut RewardJudge(reward)),
            critic: None,
            others: Vec::new(),
        };
        let (context, stopping) = (self.context, &run.stopping);
        Ok(self.preferences.iterate_mixed(&mut judged, context, prompts, stopping).await?.into())
    }

    fn run_state(&self) -> u32 {
        self.preferences.iteration()
    }

    fn resumed(self, state: u32) -> Self {
        Self { preferences: self.preferences.after(state), ..self }
    }
}

impl From<OnlineIteration> for Report {
    fn from(iteration: OnlineIteration) -> Self {
        let OnlineIteration { learnt, pairs, kl, win_rate, length, ended, entropy_estimate, .. } = iteration;
        let always = vec![("length", length), ("ended", ended), ("entropy", entropy_estimate)];
        let optional =
            [("kl", kl), ("win_rate", win_rate), ("accuracy", pairs.accuracy()), ("margin", pairs.margin())];
        let sentence = format!("{learnt} pairs, KL {:.1} nats", kl.unwrap_or(0.0));
        let report = Self { figures: always, sentence, ..Self::default() };
        report.and(optional.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }
}
