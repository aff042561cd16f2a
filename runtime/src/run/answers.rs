//! Answers of a policy to held-out prompts, and their rewards.

use super::measure::{log_probs, scores};
use crate::engine::{Model, Scorer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{FinishReason, Responses, SamplingParams, StopCriteria};
use rlhf_train::now;
use rlhf_train::{Examples, TrainError};

/// Responses to prompts.
pub(super) fn write<P: Policy<Error: 'static>>(
    policy: &mut P,
    prompts: &[Vec<u32>],
    temperature: f64,
    stopping: &StopCriteria<'_>,
    key: Key,
) -> Result<Responses, TrainError> {
    let prompts = Examples::try_from_iter(prompts.iter().map(|prompt| (prompt, [])))?;
    let sampling = SamplingParams::at_temperature(temperature as f32);
    now(async {
        let prompts = prompts.sequences()?;
        policy.sample(prompts, &sampling, stopping, key, 0).await.map_err(TrainError::role("policy"))
    })
}

/// Answers to the held-out prompts, and what they are worth.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The answers.
    pub responses: Responses,
    /// The reward of each answer.
    pub rewards: Vec<f64>,
    /// The mean Σ (ln p − ln p_reference), in nats.
    pub kl: f64,
}

/// Has policies answer the held-out prompts.
pub struct Evaluator<'a> {
    /// The prompts.
    pub prompts: &'a [Vec<u32>],
    /// The divisor of logits.
    pub temperature: f64,
    /// The criteria by which an answer ends.
    pub stopping: StopCriteria<'a>,
    /// The run's seed.
    pub seed: u64,
    /// The supervised model, which the KL is measured from.
    pub reference: &'a mut Model,
    /// The reward of the answers.
    pub reward: &'a mut Scorer,
}

impl Evaluator<'_> {
    /// Samples answers of `policy` and scores them. The same number of `draws` gives the same answers.
    ///
    /// # Errors
    /// The networks' own.
    pub fn evaluate<P: Policy<Error: 'static>>(
        &mut self,
        policy: &mut P,
        draws: u32,
    ) -> Result<Answers, TrainError> {
        let responses = self.responses(policy, draws)?;
        let texts = texts(self.prompts, &responses)?;
        let rewards = scores(self.reward, &texts)?;
        let sum = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>();
        let reference = sum(&log_probs(self.reference, &texts, self.temperature)?);
        let kl = (sum(&responses.log_probs) - reference) / self.prompts.len() as f64;
        Ok(Answers { responses, rewards, kl })
    }

    /// Has `policy` answer.
    ///
    /// # Errors
    /// The policy's own.
    pub fn responses<P: Policy<Error: 'static>>(
        &self,
        policy: &mut P,
        draws: u32,
    ) -> Result<Responses, TrainError> {
        // Step 3's own draws count up from 0: these count down.
        let key = Key::new(self.seed, Stream::Sampling, u32::MAX - draws);
        write(policy, self.prompts, self.temperature, &self.stopping, key)
    }

    /// The reward of each response.
    ///
    /// # Errors
    /// The reward model's own.
    pub fn rewards(&mut self, responses: &Responses) -> Result<Vec<f64>, TrainError> {
        scores(self.reward, &texts(self.prompts, responses)?)
    }
}

/// Prompts with their responses.
pub(super) fn texts(prompts: &[Vec<u32>], responses: &Responses) -> Result<Examples, TrainError> {
    let all = prompts.iter().enumerate().map(|(i, prompt)| (prompt, responses.response(i)));
    Ok(Examples::try_from_iter(all)?)
}

impl Answers {
    /// The mean reward.
    pub fn reward(&self) -> f64 {
        self.rewards.iter().sum::<f64>() / self.rewards.len() as f64
    }

    /// The mean length, in tokens.
    pub fn length(&self) -> f64 {
        self.responses.tokens.len() as f64 / self.responses.len() as f64
    }

    /// The share that ended by themselves.
    pub fn ended(&self) -> f64 {
        let ended = self.responses.finish.iter().filter(|finish| **finish != FinishReason::Length).count();
        ended as f64 / self.responses.len() as f64
    }
}
