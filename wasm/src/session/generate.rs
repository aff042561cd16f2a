//! Replies, and what the networks think of each of their tokens.

use super::{Error, Session, Token};
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Critic, Policy, Reference};
use rlhf_core::sampling::{FinishReason, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Ragged};
use rlhf_train::{TrainError, now};
use serde::{Deserialize, Serialize};

/// Replies at once at most.
const MOST_REPLIES: usize = 256;

/// How replies are written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Writing {
    /// The number of replies, 1 to 256.
    pub count: usize,
    /// The temperature, 0.1 to 4.
    pub temperature: f64,
    /// The seed of every draw: the same policy, prompt, seed and number give the same reply.
    pub seed: u64,
    /// Whether the pretrained model writes, in the place of the policy.
    pub pretrained: bool,
}

impl Default for Writing {
    fn default() -> Self {
        Self { count: 2, temperature: 1.0, seed: 0, pretrained: false }
    }
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// Its text: data, never markup.
    pub text: String,
    /// Its tokens, the one that ends it included.
    pub tokens: Vec<Token>,
    /// Whether the model ended it, and not the limit of its length.
    pub ended: bool,
}

/// What the networks think of each token of a reply, its end included.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// ln π(token) of the policy, in nats.
    pub log_prob: Vec<f32>,
    /// ln π(token) − ln π_reference(token), in nats.
    pub log_ratio: Vec<f32>,
    /// The critic's value of the text up to and with each token, in units of reward.
    pub value: Vec<f32>,
    /// The reward model's score of the text up to and with each token; empty before there is one.
    pub reward: Vec<f32>,
}

impl Session {
    /// Writes replies to a prompt.
    ///
    /// # Errors
    /// `context`: the prompt leaves no room; `setting`: a number is out of range.
    pub fn generate(&mut self, prompt: &str, writing: &Writing) -> Result<Vec<Reply>, Error> {
        rlhf_core::ranges::within("count", writing.count as f64, 1.0, MOST_REPLIES as f64)?;
        rlhf_core::ranges::within("temperature", writing.temperature, 0.1, 4.0)?;
        let tokens = self.encode_prompt(prompt)?;
        let prompts = tokens.repeat(writing.count);
        let ends: Vec<usize> = (1..=writing.count).map(|i| i * tokens.len()).collect();
        let (eos, key) = (self.tokenizer.ends(), Key::new(seed(writing.seed, &tokens), Stream::Sampling, 0));
        let stopping =
            StopCriteria { max_new_tokens: self.settings.max_new_tokens as usize, eos: &eos, stop: &[] };
        let params = SamplingParams::at_temperature(writing.temperature as f32);
        let model = if writing.pretrained { &mut self.pretrained } else { &mut self.policy };
        let prompts = Ragged::new(&prompts, &ends)?;
        let drawn = now(async {
            let drawn = model.sample(prompts, &params, &stopping, key, 0).await;
            drawn.map_err(TrainError::role("policy"))
        })?;
        let reply = |i: usize| self.reply(drawn.response(i), drawn.finish[i]);
        Ok((0..drawn.len()).map(reply).collect())
    }

    pub(super) fn reply(&self, ids: &[u32], finish: FinishReason) -> Reply {
        Reply {
            text: self.tokenizer.decode_continuation(ids),
            tokens: self.tokens(ids),
            ended: finish != FinishReason::Length,
        }
    }

    /// Looks at each token of a reply.
    ///
    /// # Errors
    /// `context`: the texts are too long together.
    pub fn inspect(&mut self, prompt: &str, reply: &str) -> Result<Inspection, Error> {
        let prompt = self.encode_prompt(prompt)?;
        let reply = self.encode_reply(&prompt, reply)?;
        let text = [&prompt[..], &reply].concat();
        let mask: Vec<bool> = (0..text.len()).map(|i| i >= prompt.len()).collect();
        let ends = [text.len()];
        let sequences = Ragged::new(&text, &ends)?;
        let batch = Batch::new(sequences, &mask)?;
        let zeros = vec![0.0; text.len()];
        let (mut log_prob, mut reference, mut value) = (zeros.clone(), zeros.clone(), zeros.clone());
        let mut reward = zeros;
        now(async {
            let Self { policy, pretrained, critic, .. } = &mut *self;
            policy.log_probs(batch, &mut log_prob).await.map_err(TrainError::role("policy"))?;
            pretrained.log_probs(batch, &mut reference).await.map_err(TrainError::role("reference"))?;
            critic.values(sequences, &mut value).await.map_err(TrainError::role("critic"))?;
            if let Some(model) = &mut self.reward {
                // The score of a text is what its last token says: of each beginning of this one, the value at its end.
                model.reward.values(sequences, &mut reward).await.map_err(TrainError::role("reward"))?;
                reward.iter_mut().for_each(|score| *score = model.scale.apply(*score));
            }
            Ok(())
        })?;
        let of_reply = |numbers: &[f32]| numbers[prompt.len()..].to_vec();
        let log_ratio = log_prob.iter().zip(&reference).map(|(p, q)| p - q).collect::<Vec<_>>();
        Ok(Inspection {
            tokens: self.tokens(&reply),
            log_prob: of_reply(&log_prob),
            log_ratio: of_reply(&log_ratio),
            value: of_reply(&value),
            reward: if self.reward.is_some() { of_reply(&reward) } else { Vec::new() },
        })
    }
}

/// A seed of the prompt's own: otherwise all prompts would get the same draws, and much the same replies.
fn seed(seed: u64, prompt: &[u32]) -> u64 {
    prompt.iter().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, token| {
        (hash ^ u64::from(*token)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
    })
}
