//! Rewards of step 3, from closures or models.

use crate::engine::{EngineError, Model, Scorer};
use crate::{Error, RewardModel};
use rlhf_core::Ragged;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_core::roles::Reward;

/// A reward for step 3: a closure over text, `|text: &str| -> f32`, a closure over token ids, `|ids: &[u32]| -> f32`,
/// a [`RewardModel`], or its file, opened by a [`rlhf_scorer::Scorer`]. Each receives a prompt with its response.
///
/// `Kind` only distinguishes the four; it is inferred.
pub trait IntoReward<Kind> {
    /// The error.
    type Error: core::error::Error + From<rlhf_core::Error> + 'static;

    /// The reward over token ids.
    type Reward: Reward<Error = Self::Error>;

    /// Returns the reward, for texts of that tokenizer.
    fn into_reward(self, tokenizer: &AnyTokenizer) -> Self::Reward;

    /// Returns the critic that starts as this reward, if it is a model.
    ///
    /// # Errors
    /// The device's own.
    fn critic(&self) -> Result<Option<Model>, Error> {
        Ok(None)
    }
}

/// The kind of a closure over text.
#[derive(Debug)]
pub enum OverText {}

/// The kind of a closure over token ids.
#[derive(Debug)]
pub enum OverIds {}

/// The kind of a reward model.
#[derive(Debug)]
pub enum ByModel {}

/// The kind of a reward model's file.
#[derive(Debug)]
pub enum ByScorer {}

/// A text of more tokens than the file reads is an error, which ends training.
impl IntoReward<ByScorer> for rlhf_scorer::Scorer<'_, '_> {
    type Error = rlhf_scorer::Error;
    type Reward = Self;

    fn into_reward(self, _: &AnyTokenizer) -> Self {
        self
    }
}

impl<F: FnMut(&str) -> f32> IntoReward<OverText> for F {
    type Error = rlhf_core::Error;
    type Reward = TextReward<F>;

    fn into_reward(self, tokenizer: &AnyTokenizer) -> TextReward<F> {
        TextReward { score: self, tokenizer: tokenizer.clone() }
    }
}

impl<F: FnMut(&[u32]) -> f32> IntoReward<OverIds> for F {
    type Error = rlhf_core::Error;
    type Reward = F;

    fn into_reward(self, _: &AnyTokenizer) -> F {
        self
    }
}

impl IntoReward<ByModel> for &RewardModel {
    type Error = EngineError;
    type Reward = Scorer;

    fn into_reward(self, _: &AnyTokenizer) -> Scorer {
        self.scorer().clone()
    }

    fn critic(&self) -> Result<Option<Model>, Error> {
        Ok(Some(self.scorer().critic()?))
    }
}

/// A closure over text as a reward over token ids. It does not see tokens that begin and end a text.
#[derive(Clone, Debug)]
pub struct TextReward<F> {
    score: F,
    tokenizer: AnyTokenizer,
}

impl<F: FnMut(&str) -> f32> Reward for TextReward<F> {
    type Error = rlhf_core::Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), rlhf_core::Error> {
        for ((ids, _), score) in sequences.sequences().zip(out) {
            *score = (self.score)(&self.tokenizer.decode(ids));
        }
        Ok(())
    }
}
