//! Step 3: PPO, an iteration at a time.

use super::rule::RuledReward;
use super::{Error, Reply, RewardRule, Session};
use rlhf_core::Ragged;
use rlhf_core::advantage::KlController;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::sampling::StopCriteria;
use rlhf_train::{Examples, Guards, IterationReport, Models, Ppo, now};
use serde::Serialize;

/// An iteration of PPO.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Iteration {
    /// The iteration, from 1.
    pub iteration: u32,
    /// The mean of the reward that PPO follows.
    pub score: f64,
    /// The mean over replies of Σ (ln π − ln π_reference), in nats.
    pub kl: f64,
    /// β.
    pub beta: f64,
    /// The mean length of a reply, in tokens.
    pub length: f64,
    /// The share of replies that the policy ended.
    pub ended: f64,
    /// An estimate of the entropy, in nats a token.
    pub entropy: f64,
    /// The mean of ρ, the ratio of new to old probability, over tokens of all minibatches.
    pub ratio: f64,
    /// The share of tokens whose loss the clip holds.
    pub clipped: f64,
    /// The mean value loss.
    pub value_loss: f64,
    /// Tokens of all replies.
    pub tokens: usize,
    /// The replies, with their scores.
    pub samples: Vec<Sample>,
}

/// A reply of an iteration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// The prompt.
    pub prompt: String,
    /// The reply.
    pub text: String,
    /// Its score.
    pub score: f32,
}

/// One iteration from inside: what each phase of the update computed for some of its replies.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phases {
    /// The prompts of these replies.
    pub prompts: Vec<String>,
    /// The replies.
    pub replies: Vec<Reply>,
    /// The score of each.
    pub scores: Vec<f32>,
    /// ln π − ln π_reference of each token, in nats.
    pub log_ratios: Vec<Vec<f32>>,
    /// The reward of each token: the KL penalty, and at the end the score.
    pub rewards: Vec<Vec<f32>>,
    /// The critic's value before each token.
    pub values: Vec<Vec<f32>>,
    /// The advantage of each token, whitened.
    pub advantages: Vec<Vec<f32>>,
    /// The iteration as a whole.
    pub iteration: Iteration,
}

impl Session {
    /// Runs one iteration of PPO on prompts, which are gone through in turn.
    ///
    /// # Errors
    /// `votes`: the rule needs a reward model and there is none; `context`: a prompt is too long; `training`: a number is not
    /// finite or a guard stopped it: reset the policy, or lower the learning rate.
    pub fn iterate(&mut self, prompts: &[String], rule: &RewardRule) -> Result<Iteration, Error> {
        let (texts, report) = self.run(prompts, rule)?;
        Ok(self.iteration_of(&texts, &report))
    }

    /// Runs one iteration as [`Self::iterate`], and shows `show` of its replies from inside.
    ///
    /// # Errors
    /// As [`Self::iterate`].
    pub fn iterate_in_phases(
        &mut self,
        prompts: &[String],
        rule: &RewardRule,
        show: usize,
    ) -> Result<Phases, Error> {
        let (texts, report) = self.run(prompts, rule)?;
        let rollouts = &report.rollouts;
        let shown = 0..show.min(rollouts.len());
        let part = |numbers: &[f32]| {
            shown.clone().map(|i| numbers[rollouts.response_span(i)].to_vec()).collect::<Vec<_>>()
        };
        let ratios: Vec<f32> =
            rollouts.log_probs().iter().zip(rollouts.ref_log_probs()).map(|(p, q)| p - q).collect();
        // A value lies at the token that its state ends with: the one before.
        let before = |i: usize| {
            let span = rollouts.response_span(i);
            rollouts.values()[span.start - 1..span.end - 1].to_vec()
        };
        let tokens = rollouts.sequences().tokens();
        let reply = |i: usize| self.reply(&tokens[rollouts.response_span(i)], rollouts.finish()[i]);
        Ok(Phases {
            prompts: shown.clone().map(|i| texts[i].clone()).collect(),
            replies: shown.clone().map(reply).collect(),
            scores: rollouts.scores()[shown.clone()].to_vec(),
            log_ratios: part(&ratios),
            rewards: part(rollouts.rewards()),
            values: shown.clone().map(before).collect(),
            advantages: part(rollouts.advantages()),
            iteration: self.iteration_of(&texts, &report),
        })
    }

    /// One iteration, and its prompts in order.
    fn run(
        &mut self,
        prompts: &[String],
        rule: &RewardRule,
    ) -> Result<(Vec<String>, IterationReport), Error> {
        rule.validate(self.reward.is_some())?;
        if prompts.is_empty() {
            return Err(Error::new("empty", "no prompt to write to"));
        }
        let (batch, first) = (self.settings.batch as usize, self.iteration() as usize);
        let (mut texts, mut tokens, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut lengths = Vec::new();
        for i in 0..batch {
            let prompt = &prompts[(first * batch + i) % prompts.len()];
            let encoded = self.encode_prompt(prompt)?;
            lengths.push(encoded.len());
            tokens.extend(encoded);
            ends.push(tokens.len());
            texts.push(prompt.clone());
        }
        let settings = self.settings.ppo();
        // A visitor may turn β off to see what comes of it: a minibatch that has gone too far is left out, and nothing is stopped.
        let guards = Guards { max_ratio: f64::MAX, max_kl: f64::MAX, ..Guards::default() };
        let mut ppo = Ppo::new(settings, u64::from(u32::MAX), self.seed)?.with_guards(guards)?;
        if let Some(state) = self.ppo {
            let controller = KlController::Fixed { beta: self.settings.beta };
            ppo = ppo.after(rlhf_train::PpoState { controller, ..state });
        }
        let eos = self.tokenizer.ends();
        let stopping =
            StopCriteria { max_new_tokens: self.settings.max_new_tokens as usize, eos: &eos, stop: &[] };
        let Self { policy, pretrained, critic, reward, tokenizer, .. } = self;
        let mut reward = RuledReward { rule, model: reward.as_mut(), tokenizer, prompts: &lengths };
        let models = Models::new(policy).with_reference(pretrained).with_critic(critic);
        let mut models = models.with_reward(&mut reward);
        let prompts = Ragged::new(&tokens, &ends)?;
        let report = now(ppo.iterate(&mut models, prompts, &stopping, &Examples::default()))?;
        self.ppo = Some(ppo.state());
        Ok((texts, report))
    }

    fn iteration_of(&self, prompts: &[String], report: &IterationReport) -> Iteration {
        let rollouts = &report.rollouts;
        let all = rollouts.sequences().tokens();
        let spans = || (0..rollouts.len()).map(|i| rollouts.response_span(i));
        let samples = spans().zip(prompts).zip(rollouts.scores()).map(|((span, prompt), score)| Sample {
            prompt: prompt.clone(),
            text: self.tokenizer.decode_continuation(&all[span]),
            score: *score,
        });
        let tokens = report.policy.tokens.max(1) as f64;
        Iteration {
            iteration: self.iteration(),
            score: report.score,
            kl: report.kl,
            beta: report.beta,
            length: report.length,
            ended: report.ended,
            entropy: report.entropy_estimate,
            ratio: report.policy.ratio / tokens,
            clipped: report.policy.clipped as f64 / tokens,
            value_loss: report.value.loss / report.value.steps.max(1) as f64,
            tokens: spans().map(|span| span.len()).sum(),
            samples: samples.collect(),
        }
    }
}
