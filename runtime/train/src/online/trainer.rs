//! Online DPO, XPO and Nash-MD as a trainer.

use super::{OnlineIteration, OnlinePreferences, OnlineRoles};
use crate::profile::OnlinePreference;
use crate::trainer::{IterationPlan, trio};
use crate::{AllRoles, Models, Prompts, Report, RewardJudge, RolloutTrainer, TrainError, Trainer, Trio};
use alloc::format;
use alloc::vec;
use rlhf_core::roles::Reward;

/// [`OnlinePreferences`] of texts of at most so many tokens.
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
        on: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let preferences = OnlinePreferences::new(*settings, on.iterations.into(), seed)?;
        let preferences = preferences.with_guards(on.guards)?;
        let optimizer = Some((settings.optimizer, settings.steps_per_iteration()));
        let plan = IterationPlan { prompts: settings.prompts as usize, optimizer, seed };
        Ok(Self::of(InContext { preferences, context }, on, plan))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> Trainer<N, R> for RolloutTrainer<'_, InContext> {
    /// Iterations done.
    type State = u32;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Some(batch) = self.next_prompts()? else { return Ok(None) };
        let (prompts, stopping) = (batch.sequences()?, self.on.stopping);
        let InContext { preferences, context } = &mut self.algorithm;
        let Trio { policy, reference, reward } = trio(models)?;
        let mut roles = OnlineRoles { policy, reference, judge: &mut RewardJudge(reward) };
        let seen = preferences.iterate_mixed(&mut roles, *context, prompts, &stopping).await;
        self.report(&batch, seen)
    }

    fn state(&self) -> u32 {
        self.algorithm.preferences.iteration()
    }

    fn restore(&mut self, done: u64, state: u32) {
        self.algorithm.preferences = self.algorithm.preferences.clone().after(state);
        self.skip(done);
    }
}

impl From<OnlineIteration> for Report {
    fn from(seen: OnlineIteration) -> Self {
        let always = vec![("length", seen.length), ("ended", seen.ended), ("entropy", seen.surprise)];
        let optional = [
            ("kl", seen.kl),
            ("win_rate", seen.win_rate),
            ("accuracy", seen.pairs.accuracy()),
            ("margin", seen.pairs.margin()),
        ];
        let sentence = format!("{} pairs, KL {:.1} nats", seen.learnt, seen.kl.unwrap_or(0.0));
        let all = Self { figures: always, sentence, ..Self::default() };
        all.and(optional.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }
}
