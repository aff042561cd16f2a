//! Training from a reward for the model's own responses.

use super::LanguageModel;
use crate::Error;
use crate::engine::{Model, with_dropout};
use crate::reward::IntoReward;
use crate::training::Training;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::sampling::StopCriteria;
use rlhf_train::profile::{self, CriticInit};
use rlhf_train::{Examples, Guards, IterationReport, Models, Prompts, RolloutTrainer, Trainer, now};

/// Settings of a method that learns from what the model writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnPrompts<M> {
    /// The number of iterations: rollouts, each with what is learned from it.
    pub iterations: u32,
    /// The longest response, in tokens.
    pub max_new_tokens: usize,
    /// The method's own settings.
    pub method: M,
}

impl<M> OnPrompts<M> {
    fn new(method: M) -> Self {
        Self { iterations: 100, max_new_tokens: 64, method }
    }

    fn on<'a>(&self, prompts: &'a [Vec<u32>], ends: &'a [u32], mix: &'a Examples) -> Prompts<'a> {
        let stopping = StopCriteria { max_new_tokens: self.max_new_tokens, eos: ends, stop: &[] };
        Prompts { prompts, stopping, mix, iterations: self.iterations, guards: Guards::default() }
    }
}

impl LanguageModel {
    /// Trains the model by PPO (step 3; Schulman et al., arXiv:1707.06347) to please `reward`. The reference is the
    /// model as it starts. Prompts are gone through in a keyed order, again and again, as many an iteration as the
    /// settings' batch.
    ///
    /// Settings are InstructGPT's but for its pretraining mix and its moving average of weights, whose decay of 0.992
    /// is for runs of many hundreds of iterations. A critic that is to start as the reward model starts as this model
    /// where the reward is a closure.
    pub fn ppo<'a, Kind, P: AsRef<str>>(
        &'a mut self,
        prompts: &'a [P],
        reward: impl IntoReward<Kind> + 'a,
    ) -> Training<'a, OnPrompts<profile::Ppo>, IterationReport> {
        let method = profile::Ppo { average: None, pretraining: None, ..profile::Ppo::default() };
        Training::new(OnPrompts::new(method), move |settings, seed, report| {
            let method = settings.method;
            let critic = match (method.critic_init, reward.critic()?) {
                (CriticInit::RewardModel, Some(critic)) => critic,
                (CriticInit::RewardModel, None) => self.model().with_scalar_head(0.0, seed)?,
                (CriticInit::Policy(head), _) => {
                    let deviation = head.deviation(self.model().architecture().width) as f32;
                    self.model().with_scalar_head(deviation, seed)?
                }
            };
            let (prompts, ends, mix) = (self.prompts(prompts)?, self.tokenizer.ends(), Examples::default());
            let trainer = RolloutTrainer::ppo(&method, settings.on(&prompts, &ends, &mix), seed)?;
            let mut reward = reward.into_reward(&self.tokenizer);
            let mut models = self.models(&mut reward, method.dropout, seed)?;
            models.critic = Some(with_dropout(&critic, method.dropout, seed)?);
            self.align(trainer, models, seed, report)
        })
    }

    /// Trains the model without a critic to please `reward`, by groups of responses to each prompt: GRPO (Shao et al.,
    /// arXiv:2402.03300), or another method of [`profile::OnPolicy::by_name`]. Reference and prompts are as in
    /// [`Self::ppo`].
    pub fn grpo<'a, Kind, P: AsRef<str>>(
        &'a mut self,
        prompts: &'a [P],
        reward: impl IntoReward<Kind> + 'a,
    ) -> Training<'a, OnPrompts<profile::OnPolicy>, IterationReport> {
        Training::new(OnPrompts::new(profile::OnPolicy::default()), move |settings, seed, report| {
            let method = settings.method;
            let (prompts, ends, mix) = (self.prompts(prompts)?, self.tokenizer.ends(), Examples::default());
            let on = settings.on(&prompts, &ends, &mix);
            let trainer = RolloutTrainer::on_policy(&method, on, seed)?;
            let mut reward = reward.into_reward(&self.tokenizer);
            let mut models = self.models(&mut reward, method.passes.dropout, seed)?;
            if method.stale > 0 {
                models.others.push(models.policy.clone());
            }
            self.align(trainer, models, seed, report)
        })
    }

    fn prompts<P: AsRef<str>>(&self, prompts: &[P]) -> Result<Vec<Vec<u32>>, Error> {
        prompts.iter().map(|prompt| self.prompt(prompt.as_ref())).collect()
    }

    /// Returns the networks of step 3: the policy and the reference start as this model.
    fn models<'r, R>(
        &self,
        reward: &'r mut R,
        dropout: f64,
        seed: u64,
    ) -> Result<Models<'r, Model, R>, Error> {
        let policy = with_dropout(self.model(), dropout, seed)?;
        Ok(Models { reference: Some(self.model().clone()), reward: Some(reward), ..Models::new(policy) })
    }

    /// Runs the trainer to its end and takes over its policy.
    fn align<T: Trainer<Model, R>, R>(
        &mut self,
        mut trainer: T,
        mut models: Models<'_, Model, R>,
        seed: u64,
        report: &mut dyn FnMut(&IterationReport),
    ) -> Result<(), Error> {
        while let Some(seen) = now(trainer.iterate(&mut models))? {
            seen.iteration.iter().for_each(&mut *report);
        }
        now(trainer.finish(&mut models))?;
        // A clone has no optimizer state, which nothing needs any more.
        self.policy.model = with_dropout(&models.policy.clone(), 0.0, seed)?;
        Ok(())
    }
}
