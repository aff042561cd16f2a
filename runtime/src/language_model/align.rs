//! Learning from a reward for what the model writes.

use super::LanguageModel;
use crate::Error;
use crate::engine::with_dropout;
use crate::reward::IntoReward;
use crate::training::Training;
use rlhf_core::Ragged;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Averaged;
use rlhf_core::sampling::Stopping;
use rlhf_train::profile::{self, CriticInit};
use rlhf_train::{Examples, Iteration, OnPolicy, Passes, Ppo, Roles, TrainError, Trio, now};

/// Settings of a method that learns from what the model writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnPrompts<M> {
    /// Iterations: rollouts, each with what is learned from it.
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
    ) -> Training<'a, OnPrompts<profile::Ppo>, Iteration> {
        let method = profile::Ppo { average: None, pretraining: None, ..profile::Ppo::default() };
        Training::new(OnPrompts::new(method), move |settings, seed, report| {
            let OnPrompts { iterations, max_new_tokens, method } = settings;
            let critic = match (method.critic_init, reward.critic()?) {
                (CriticInit::RewardModel, Some(critic)) => critic,
                (CriticInit::RewardModel, None) => self.model().with_scalar_head(0.0, seed)?,
                (CriticInit::Policy(head), _) => {
                    let deviation = head.deviation(self.model().architecture().width) as f32;
                    self.model().with_scalar_head(deviation, seed)?
                }
            };
            let mut critic = with_dropout(&critic, method.dropout, seed)?;
            let mut trainer = Ppo::new(method, iterations.into(), seed)?;
            let mut prompts = Prompts::new(self, prompts, method.responses_per_iteration(), seed)?;
            let ends = self.tokenizer.ends();
            let stopping = Stopping { max_new_tokens, eos: &ends, stop: &[] };
            let (mut reference, mut reward) = (self.model().clone(), reward.into_reward(&self.tokenizer));
            self.learn(method.dropout, seed, |policy| {
                for _ in 0..iterations {
                    let (critic, reference, reward) = (&mut critic, &mut reference, &mut reward);
                    let mut roles = Roles { policy: &mut *policy, critic, reference, reward };
                    let mix = Examples::default();
                    report(&now(trainer.iterate(&mut roles, prompts.next()?, &stopping, &mix))?);
                }
                if method.average.is_some() {
                    now(async { policy.swap_average().await.map_err(TrainError::role("policy")) })?;
                }
                Ok(())
            })
        })
    }

    /// Trains the model without a critic to please `reward`, by groups of responses to each prompt: GRPO (Shao et al.,
    /// arXiv:2402.03300), or another method of [`profile::OnPolicy::by_name`]. Reference and prompts are as in
    /// [`Self::ppo`].
    pub fn grpo<'a, Kind, P: AsRef<str>>(
        &'a mut self,
        prompts: &'a [P],
        reward: impl IntoReward<Kind> + 'a,
    ) -> Training<'a, OnPrompts<profile::OnPolicy>, Iteration> {
        Training::new(OnPrompts::new(profile::OnPolicy::default()), move |settings, seed, report| {
            let OnPrompts { iterations, max_new_tokens, method } = settings;
            let mut trainer = OnPolicy::new(method, iterations.into(), seed)?;
            let count = method.prompts_per_iteration() as u32;
            let mut prompts = Prompts::new(self, prompts, count, seed)?;
            let ends = self.tokenizer.ends();
            let stopping = Stopping { max_new_tokens, eos: &ends, stop: &[] };
            let (mut reference, mut reward) = (self.model().clone(), reward.into_reward(&self.tokenizer));
            self.learn(method.dropout, seed, |policy| {
                for _ in 0..iterations {
                    let (reference, reward) = (&mut reference, &mut reward);
                    let mut roles = Trio { policy: &mut *policy, reference, reward };
                    report(&now(trainer.iterate(&mut roles, prompts.next()?, &stopping))?);
                }
                Ok(())
            })
        })
    }
}

/// Prompts in a keyed order, again and again.
struct Prompts {
    all: Vec<Vec<u32>>,
    order: Passes,
    count: usize,
    tokens: Vec<u32>,
    ends: Vec<usize>,
}

impl Prompts {
    /// `count`: prompts in each batch.
    fn new<P: AsRef<str>>(
        model: &LanguageModel,
        prompts: &[P],
        count: u32,
        seed: u64,
    ) -> Result<Self, Error> {
        let all =
            prompts.iter().map(|prompt| model.prompt(prompt.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let order = Passes::new(Key::new(seed, Stream::Shuffle, 1 << 28), all.len());
        Ok(Self { all, order, count: count as usize, tokens: Vec::new(), ends: Vec::new() })
    }

    /// Returns the next batch; an empty one where there are no prompts.
    fn next(&mut self) -> Result<Ragged<'_>, rlhf_core::Error> {
        self.tokens.clear();
        self.ends.clear();
        for i in self.order.take(self.count) {
            self.tokens.extend_from_slice(&self.all[i]);
            self.ends.push(self.tokens.len());
        }
        Ragged::new(&self.tokens, &self.ends)
    }
}
