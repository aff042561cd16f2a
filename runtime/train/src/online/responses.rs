//! The responses of an iteration.

use crate::Examples;
use alloc::vec::Vec;
use rlhf_core::sampling::{FinishReason, Responses};
use rlhf_core::{Error, Ragged};

/// The responses of an iteration, prompt by prompt, and the measurements on the policy's.
pub(super) struct OnlineResponses {
    /// `each` neighboring texts answer one prompt; those of the policy come first.
    pub texts: Examples,
    pub each: usize,
    /// The indices of the policy's texts, with Σ ln p.
    own: Vec<(usize, f64)>,
    /// True for each text that ended before the length limit.
    pub finished: Vec<bool>,
    /// The mean length of the policy's responses, in tokens.
    pub length: f64,
    /// The share of the policy's responses that ended before the length limit.
    pub ended: f64,
    /// The mean of −ln p over the policy's tokens, in nats.
    pub entropy_estimate: f64,
}

impl OnlineResponses {
    /// Joins `samples` responses of the policy to each prompt with the opponent's, if there is one.
    pub fn new(
        prompts: Ragged<'_>,
        own: &Responses,
        samples: usize,
        opponent: &Responses,
    ) -> Result<Self, Error> {
        let mut texts = Examples::default();
        let each = samples + usize::from(!opponent.is_empty());
        let (mut sums, mut finished) = (Vec::with_capacity(own.len()), Vec::new());
        let ended = |responses: &Responses, i: usize| responses.finish[i] != FinishReason::Length;
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            for response in i * samples..(i + 1) * samples {
                let log_probs = own.log_probs[own.span(response)].iter();
                sums.push((texts.len(), log_probs.map(|&l| f64::from(l)).sum()));
                texts.push(prompt, own.response(response))?;
                finished.push(ended(own, response));
            }
            if !opponent.is_empty() {
                texts.push(prompt, opponent.response(i))?;
                finished.push(ended(opponent, i));
            }
        }
        let (n, tokens) = (own.len() as f64, own.tokens.len() as f64);
        let ended = (0..own.len()).filter(|&i| ended(own, i)).count();
        let nats: f64 = sums.iter().map(|(_, sum)| sum).sum();
        Ok(Self {
            texts,
            each,
            own: sums,
            finished,
            length: tokens / n,
            ended: ended as f64 / n,
            entropy_estimate: -nats / tokens,
        })
    }

    /// Σ (ln p − ln p_reference) of each of the policy's texts, with its index; `reference` holds the reference's
    /// log-probabilities of all tokens.
    pub fn log_ratios(&self, reference: &[f32]) -> Vec<(usize, f64)> {
        let sums = self.texts.sums(reference);
        self.own.iter().map(|&(i, log_prob)| (i, log_prob - sums[i])).collect()
    }
}
