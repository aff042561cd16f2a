//! What an iteration wrote.

use crate::Examples;
use alloc::vec::Vec;
use rlhf_core::sampling::{FinishReason, Responses};
use rlhf_core::{Error, Ragged};

/// The texts of an iteration, and what they came to.
pub(super) struct Written {
    /// `each` neighboring texts are responses to one prompt; those of the policy come first.
    pub texts: Examples,
    pub each: usize,
    /// The texts that the policy wrote, with Σ ln p.
    own: Vec<(usize, f64)>,
    /// Their mean length, in tokens.
    pub length: f64,
    /// The share of them that ended by themselves.
    pub ended: f64,
    /// The mean of −ln p over their tokens, in nats.
    pub surprise: f64,
}

impl Written {
    /// Lays responses prompt by prompt.
    pub fn new(
        prompts: Ragged<'_>,
        own: &Responses,
        samples: usize,
        other: &Responses,
    ) -> Result<Self, Error> {
        let mut texts = Examples::default();
        let each = samples + usize::from(!other.is_empty());
        let mut sums = Vec::with_capacity(own.len());
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            for response in i * samples..(i + 1) * samples {
                let log_probs = own.log_probs[own.span(response)].iter();
                sums.push((texts.len(), log_probs.map(|&l| f64::from(l)).sum()));
                texts.push(prompt, own.response(response))?;
            }
            if !other.is_empty() {
                texts.push(prompt, other.response(i))?;
            }
        }
        let (n, tokens) = (own.len() as f64, own.tokens.len() as f64);
        let ended = own.finish.iter().filter(|finish| **finish != FinishReason::Length).count();
        let nats: f64 = sums.iter().map(|(_, sum)| sum).sum();
        Ok(Self {
            texts,
            each,
            own: sums,
            length: tokens / n,
            ended: ended as f64 / n,
            surprise: -nats / tokens,
        })
    }

    /// Σ (ln p − ln p_reference) of each text that the policy wrote, from what the reference says of all.
    pub fn kls(&self, reference: &[f32]) -> Vec<(usize, f64)> {
        let sums = self.texts.sums(reference);
        self.own.iter().map(|&(i, log_prob)| (i, log_prob - sums[i])).collect()
    }
}
