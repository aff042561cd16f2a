//! Step 2: the reward model, from votes.

use super::fit::Fit;
use super::{Error, Session, Vote};
use rlhf_core::Ragged;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_core::rewards::RewardScale;
use rlhf_core::roles::{Policy, Reward};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_train::{NormalizedReward, Ranking, RewardModel, TrainError, now, ranking_accuracy};
use serde::Serialize;

/// Samples of the pretrained model whose rewards have mean 0 and variance 1.
const SAMPLES: usize = 128;

/// An optimizer step of the reward model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RewardStep {
    /// The step, from 1.
    pub step: u64,
    /// The number of steps.
    pub total: u64,
    /// The mean loss of its batch, in nats.
    pub loss: f64,
    /// The share of pairs that it orders as the votes do, of those that it learns from.
    pub accuracy: Option<f64>,
    /// That of the pairs held back, where there are some.
    pub held_back_accuracy: Option<f64>,
    /// Votes held back.
    pub held_back_votes: usize,
}

impl Session {
    /// Begins to train a reward model on all votes that are not held back, from the pretrained model.
    ///
    /// # Errors
    /// `votes`: there is no vote, or none that prefers one reply to another.
    pub fn begin_reward(&mut self) -> Result<(), Error> {
        let settings = self.settings.reward();
        let rankings = |held: bool| {
            let votes = self.votes.iter().filter(|vote| vote.held_back() == held);
            votes.map(|vote| self.ranking(vote)).collect::<Result<Vec<_>, _>>()
        };
        let (rankings, held_back) = (rankings(false)?, rankings(true)?);
        if rankings.iter().all(|ranking| ranking.pairs().is_empty()) {
            let message =
                "no vote to learn from prefers one reply to another: vote first (one in five is held back)";
            return Err(Error::new("votes", message));
        }
        let prompts = self.votes.iter().map(|vote| self.encode_prompt(&vote.prompt));
        let prompts = prompts.collect::<Result<_, _>>()?;
        let deviation = settings.head.deviation(self.pretrained.architecture().width) as f32;
        let model = self.pretrained.with_scalar_head(deviation, self.seed)?;
        self.fit = Some(Fit { model, settings, rankings, held_back, prompts, done: 0 });
        Ok(())
    }

    /// Takes up to `steps` steps and returns the last of them; `None` at the end, when the reward model is the one that PPO
    /// follows, its scores scaled so that replies of the pretrained model have mean 0 and variance 1 (Ziegler et al.,
    /// arXiv:1909.08593).
    ///
    /// # Errors
    /// `training`: a number is not finite: lower the learning rate. The reward model before stays.
    pub fn step_reward(&mut self, steps: u64) -> Result<Option<RewardStep>, Error> {
        let Some(mut fit) = self.fit.take() else { return Ok(None) };
        let mut last = None;
        let trainer = RewardModel::new(&fit.rankings, &fit.settings, self.seed)?;
        let mut trainer = trainer.after(fit.done);
        for _ in 0..steps {
            match now(trainer.step(&mut fit.model))? {
                Some((step, _)) => {
                    fit.done = step.step;
                    last = Some(RewardStep {
                        step: step.step,
                        total: step.total,
                        loss: step.loss,
                        accuracy: None,
                        held_back_accuracy: None,
                        held_back_votes: fit.held_back.len(),
                    });
                }
                None => break,
            }
        }
        let total = trainer.total();
        if let Some(step) = &mut last {
            let share = |(right, all): (usize, usize)| (all > 0).then(|| right as f64 / all as f64);
            step.accuracy = share(now(ranking_accuracy(&mut fit.model, &fit.rankings))?);
            step.held_back_accuracy = match &fit.held_back[..] {
                [] => None,
                held_back => share(now(ranking_accuracy(&mut fit.model, held_back))?),
            };
            if fit.done == total {
                self.adopt(&mut fit)?;
            } else {
                self.fit = Some(fit);
            }
        }
        Ok(last)
    }

    /// Makes the reward model the one that PPO follows.
    fn adopt(&mut self, fit: &mut Fit) -> Result<(), Error> {
        let (mut tokens, mut ends) = (Vec::new(), Vec::new());
        for i in 0..SAMPLES {
            tokens.extend(&fit.prompts[i % fit.prompts.len()]);
            ends.push(tokens.len());
        }
        let prompts = Ragged::new(&tokens, &ends)?;
        let (eos, key) = (self.tokenizer.ends(), Key::new(self.seed, Stream::Sampling, u32::MAX));
        let stopping =
            StopCriteria { max_new_tokens: self.settings.max_new_tokens as usize, eos: &eos, stop: &[] };
        let params = SamplingParams::at_temperature(1.0);
        let pretrained = &mut self.pretrained;
        let scores = now(async {
            let drawn = pretrained.sample(prompts, &params, &stopping, key, 0).await;
            let drawn = drawn.map_err(TrainError::role("reference"))?;
            let (mut tokens, mut ends) = (Vec::new(), Vec::new());
            for i in 0..drawn.len() {
                tokens.extend(&fit.prompts[i % fit.prompts.len()]);
                tokens.extend(drawn.response(i));
                ends.push(tokens.len());
            }
            let mut scores = vec![0.0; drawn.len()];
            let texts = Ragged::new(&tokens, &ends)?;
            fit.model.score(texts, &mut scores).await.map_err(TrainError::role("reward"))?;
            Ok(scores)
        })?;
        let scale = RewardScale::ziegler2019(&scores).or_else(|_| RewardScale::centered_on(&scores))?;
        // A clone has no optimizer state, which nothing needs any more.
        self.reward = Some(NormalizedReward { reward: fit.model.clone(), scale });
        Ok(())
    }

    /// A vote as the reward model learns from it.
    pub(super) fn ranking(&self, vote: &Vote) -> Result<Ranking, Error> {
        let prompt = self.encode_prompt(&vote.prompt)?;
        let texts = vote.answers.iter().map(|answer| {
            let reply = self.encode_reply(&prompt, answer)?;
            Ok([&prompt[..], &reply].concat())
        });
        let texts = texts.collect::<Result<_, Error>>()?;
        Ok(Ranking { texts, ranks: vote.ranks.clone(), ..Ranking::default() })
    }

    /// Whether there is a reward model.
    pub fn has_reward(&self) -> bool {
        self.reward.is_some()
    }
}
