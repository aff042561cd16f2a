//! The reward that PPO follows: the votes' model, a rule, or both.

use super::Error;
use rlhf_core::Ragged;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_core::ranges::within;
use rlhf_core::roles::Reward;
use rlhf_cpu::{EngineError, Model};
use rlhf_train::NormalizedReward;
use serde::{Deserialize, Serialize};

/// Terms at most.
const MOST_TERMS: usize = 100;

/// What PPO follows: `model`·(the reward model's score) + Σ weight·(occurrences of a text) + `length`·(tokens of the reply).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RewardRule {
    /// The weight of the reward model's score, −100 to 100.
    pub model: f64,
    /// Texts that count.
    pub terms: Vec<Term>,
    /// Reward a token, −100 to 100.
    pub length: f64,
}

impl Default for RewardRule {
    fn default() -> Self {
        Self { model: 1.0, terms: Vec::new(), length: 0.0 }
    }
}

/// A text that counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The text, as it stands in a reply.
    pub text: String,
    /// The reward of each time that it occurs, −100 to 100.
    pub weight: f64,
}

impl RewardRule {
    pub(super) fn validate(&self, has_model: bool) -> Result<(), Error> {
        within("model", self.model, -100.0, 100.0)?;
        within("length", self.length, -100.0, 100.0)?;
        if self.terms.len() > MOST_TERMS {
            return Err(Error::new("rule", "100 texts are the most"));
        }
        for term in &self.terms {
            within("weight", term.weight, -100.0, 100.0)?;
            if term.text.is_empty() || term.text.len() > 1000 {
                return Err(Error::new("rule", "a text that counts has 1 to 1000 bytes"));
            }
        }
        if self.model != 0.0 && !has_model {
            return Err(Error::new("votes", "there is no reward model yet: vote, and train one"));
        }
        Ok(())
    }

    fn score(&self, text: &str, tokens: usize) -> f64 {
        let count = |term: &Term| term.weight * text.matches(&term.text).count() as f64;
        self.terms.iter().map(count).sum::<f64>() + self.length * tokens as f64
    }
}

/// The reward of a rule.
#[derive(Debug)]
pub(super) struct RuledReward<'a> {
    pub rule: &'a RewardRule,
    pub model: Option<&'a mut NormalizedReward<Model>>,
    pub tokenizer: &'a AnyTokenizer,
    /// The prompts' lengths, in the order in which the rollout's texts come.
    pub prompts: &'a [usize],
}

impl Reward for RuledReward<'_> {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        out.fill(0.0);
        if let (Some(model), true) = (&mut self.model, self.rule.model != 0.0) {
            model.score(sequences, out).await?;
            out.iter_mut().for_each(|score| *score = (f64::from(*score) * self.rule.model) as f32);
        }
        if self.rule.terms.is_empty() && self.rule.length == 0.0 {
            return Ok(());
        }
        // Texts may come in parts, from the first on.
        let (here, rest) = self.prompts.split_at(sequences.len().min(self.prompts.len()));
        self.prompts = rest;
        for (((tokens, _), prompt), score) in sequences.sequences().zip(here).zip(out) {
            let reply = &tokens[(*prompt).min(tokens.len())..];
            let text = self.tokenizer.decode_continuation(reply);
            *score = (f64::from(*score) + self.rule.score(&text, reply.len())) as f32;
        }
        Ok(())
    }
}
