//! What a policy answers to held-out prompts, and what that is worth.

use super::measure::{log_probs, scores};
use crate::engine::{Model, Scorer};
use crate::stage::end_to_end;
use rlhf_core::Ragged;
use rlhf_core::random::Key;
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{Finish, Responses, Sampling, Stopping};
use rlhf_train::now;
use rlhf_train::{Examples, TrainError};

/// Responses to prompts.
pub(super) fn write<P: Policy<Error: 'static>>(
    policy: &mut P,
    prompts: &[Vec<u32>],
    temperature: f64,
    stopping: &Stopping<'_>,
    key: Key,
) -> Result<Responses, TrainError> {
    let (tokens, ends) = end_to_end(prompts.iter());
    let sampling = Sampling::at_temperature(temperature as f32);
    now(async {
        let prompts = Ragged::new(&tokens, &ends)?;
        policy.sample(prompts, &sampling, stopping, key, 0).await.map_err(TrainError::role("policy"))
    })
}

/// Answers, and what they are worth.
pub(super) struct Answers {
    pub responses: Responses,
    /// Each one's reward.
    pub rewards: Vec<f64>,
    /// The mean Σ (ln p − ln p_reference), in nats.
    pub kl: f64,
}

/// Prompts to answer, always under the same draws.
pub(super) struct Exam<'a> {
    pub prompts: &'a [Vec<u32>],
    pub temperature: f64,
    pub stopping: Stopping<'a>,
    pub key: Key,
}

impl Exam<'_> {
    /// Has `policy` answer.
    pub fn sit<P: Policy<Error: 'static>>(
        &self,
        policy: &mut P,
        reference: &mut Model,
        reward: &mut Scorer,
    ) -> Result<Answers, TrainError> {
        let responses = write(policy, self.prompts, self.temperature, &self.stopping, self.key)?;
        let mut texts = Examples::default();
        for (i, prompt) in self.prompts.iter().enumerate() {
            texts.push(prompt, responses.response(i))?;
        }
        let rewards = scores(reward, &texts)?;
        let sum = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>();
        let reference = sum(&log_probs(reference, &texts, self.temperature)?);
        let kl = (sum(&responses.log_probs) - reference) / self.prompts.len() as f64;
        Ok(Answers { responses, rewards, kl })
    }
}

impl Answers {
    pub fn reward(&self) -> f64 {
        self.rewards.iter().sum::<f64>() / self.rewards.len() as f64
    }

    /// The mean length, in tokens.
    pub fn length(&self) -> f64 {
        self.responses.tokens.len() as f64 / self.responses.len() as f64
    }

    /// The share that ended by themselves.
    pub fn ended(&self) -> f64 {
        let ended = self.responses.finish.iter().filter(|finish| **finish != Finish::Length).count();
        ended as f64 / self.responses.len() as f64
    }
}
