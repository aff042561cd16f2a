//! A reward model whose scores are in units of reward.

use super::{TrainError, reward};
use rlhf_core::Ragged;
use rlhf_core::rewards::RewardScale;
use rlhf_core::roles::Reward;

/// A reward whose scores are multiplied by a gain and shifted by a bias.
#[derive(Clone, Debug)]
pub struct NormalizedReward<R> {
    /// The reward.
    pub reward: R,
    /// The gain and the bias of its scores.
    pub scale: RewardScale,
}

impl<R: Reward<Error: 'static>> NormalizedReward<R> {
    /// Shifts the scores so that these texts average 0 (arXiv:2203.02155, §3.5: the demonstrations).
    ///
    /// # Errors
    /// [`TrainError::Core`] without a text; the reward's own.
    pub async fn centered_on(mut reward: R, texts: Ragged<'_>) -> Result<Self, TrainError> {
        let scores = reward::score(&mut reward, texts).await?;
        Ok(Self { reward, scale: RewardScale::centered_on(&scores)? })
    }

    /// Gives the scores of these texts mean 0 and variance 1 (arXiv:1909.08593, §2.1).
    ///
    /// # Errors
    /// [`TrainError::Core`] when all score the same; the reward's own.
    pub async fn ziegler2019(mut reward: R, texts: Ragged<'_>) -> Result<Self, TrainError> {
        let scores = reward::score(&mut reward, texts).await?;
        Ok(Self { reward, scale: RewardScale::ziegler2019(&scores)? })
    }
}

impl<R: Reward> Reward for NormalizedReward<R> {
    type Error = R::Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), R::Error> {
        self.reward.score(sequences, out).await?;
        for score in out {
            *score = self.scale.apply(*score);
        }
        Ok(())
    }
}
