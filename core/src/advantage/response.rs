//! From one response to rewards, advantages and returns.

use super::{Gae, Shaping};
use crate::error::check;
use crate::sampling::FinishReason;
use crate::{Error, Real};

/// A response of T tokens with its log-probabilities, values and score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response<'a, R> {
    /// ln p of each token under the policy that wrote it, in nats, `[T]`.
    pub log_probs: &'a [R],
    /// ln p of each token under the reference, in nats, `[T]`.
    pub reference: &'a [R],
    /// The value of the state before each token, and after the last, `[T+1]`.
    pub values: &'a [R],
    /// The score of the whole, in units of reward (see [`crate::rewards::RewardScale`]).
    pub score: f64,
    /// The reason why the response ended.
    pub finish: FinishReason,
}

/// Rewards, advantages and returns of one response: [`Shaping`], then [`Gae`]. Returns the sum of
/// the tokens' KL estimates, in nats, which is what a [`crate::advantage::KlController`] is fed the mean of.
///
/// `rewards`, `advantages`, `returns`: `[steps]`, see [`crate::advantage::ScorePlacement::steps`]. Under a
/// profile that whitens rewards the two halves are called apart, since whitening needs the rewards
/// of the whole batch in between.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] for a response without a step; [`Error::Range`].
pub fn estimate<R: Real>(
    shaping: &Shaping,
    gae: &Gae,
    beta: f64,
    response: &Response<'_, R>,
    rewards: &mut [R],
    advantages: &mut [R],
    returns: &mut [R],
) -> Result<f64, Error> {
    let tokens = response.log_probs.len();
    check("values", response.values.len(), tokens + 1)?;
    check("advantages", advantages.len(), rewards.len())?;
    // The advantages' memory holds the KL estimates until GAE overwrites it.
    let Some(kl) = advantages.get_mut(..tokens) else {
        return Err(Error::Shape { name: "rewards", want: tokens, got: rewards.len() });
    };
    let sum = shaping.token_kls(response.log_probs, response.reference, kl)?;
    let score = shaping.score(response.score, response.finish);
    shaping.rewards(kl, beta, score, rewards)?;
    gae.advantages(rewards, response.values, response.finish, advantages, returns)?;
    Ok(sum)
}

#[cfg(test)]
mod tests;
