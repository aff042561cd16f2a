//! The roles that a backend's networks play.
//!
//! Methods return futures because results may have to be fetched from a device. A backend that never waits writes
//! them as plain `async fn`s without an `await`, and [`crate::ready`] runs them. Futures need not be
//! `Send`: a trainer runs on one thread. Callers check lengths; implementations may assume what
//! [`Ragged`] and [`Batch`] have checked, but return errors for token ids outside their vocabulary and
//! sequences longer than their context.
//!
//! A batch may have no sequences. It is not an error: nothing is written, there are no responses, the loss is 0 and there is
//! no gradient. A sequence may fill the context. Anything that a network caches between calls, such as copies of weights,
//! has to follow its weights: after a step, a swap with the average, or new weights, every role uses the current weights.

use crate::optim::Update;
#[cfg(feature = "alloc")]
use crate::random::Key;
#[cfg(feature = "alloc")]
use crate::sampling::{Responses, SamplingParams, StopCriteria};
use crate::{Batch, Error, Objective, Ragged};
use core::future::Future;

/// A language model that gives the log-probabilities of texts.
pub trait Reference {
    /// The error type.
    type Error: core::error::Error + From<Error>;

    /// Writes the log-probability of each token in the loss mask, in nats under the batch's temperature:
    /// `out[t] = ln p(tokens[t] | the tokens before t in its sequence)` if `loss_mask[t]`, else 0. `out`: `[tokens]`, all of
    /// it written.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence longer than the context, or an error of the device.
    fn log_probs(
        &mut self,
        batch: Batch<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// A language model that continues texts.
#[cfg(feature = "alloc")]
pub trait Policy: Reference {
    /// Samples a response to each prompt. Token `p` of prompt `i`'s response is the one at
    /// [`key.uniform(first + i, p)`](Key::uniform) of the cumulative filtered distribution, ids in rising order
    /// ([`draw`](crate::sampling::draw)), so a response depends on its prompt and its index alone. Greedy sampling takes
    /// the most probable id, of equal ones the smallest. The penalty on repetition counts tokens of the prompt and of the
    /// response so far. A response ends as the [`StopCriteria`] say, or when the context is full.
    /// The returned log-probabilities are those of [`Reference::log_probs`] at the sampling's temperature, before its
    /// filters.
    ///
    /// # Errors
    /// Those of [`Reference::log_probs`]; a prompt that fills the context; a `max_new_tokens` of 0.
    fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria,
        key: Key,
        first: u32,
    ) -> impl Future<Output = Result<Responses, Self::Error>>;
}

/// A scorer of whole texts: a reward model, a rule, a person.
pub trait Reward {
    /// The error type.
    type Error: core::error::Error + From<Error>;

    /// Writes the score of sequence `i` to `out[i]`: higher is better, in any unit. `out`: `[sequences]`.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence longer than the context, or an error of the device.
    fn score(
        &mut self,
        sequences: Ragged<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// A closure that scores one text is a reward.
///
/// ```
/// use rlhf_core::{Ragged, ready, roles::Reward};
/// let mut short = |text: &[u32]| -(text.len() as f32);
/// let mut scores = [0.0; 2];
/// ready(short.score(Ragged::new(&[7, 7, 7], &[1, 3])?, &mut scores));
/// assert_eq!(scores, [-1.0, -2.0]);
/// # Ok::<(), rlhf_core::Error>(())
/// ```
impl<F: FnMut(&[u32]) -> f32> Reward for F {
    type Error = Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        for ((text, _), score) in sequences.sequences().zip(out) {
            *score = self(text);
        }
        Ok(())
    }
}

/// A network that predicts returns.
pub trait Critic {
    /// The error type.
    type Error: core::error::Error + From<Error>;

    /// Writes values in units of reward: `out[i]` is the value of the state after its sequence up to and including token
    /// `i`. `out`: `[tokens]`.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence longer than the context, or an error of the device.
    fn values(
        &mut self,
        sequences: Ragged<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// A network that learns from any [`Objective`].
pub trait Learner {
    /// The error type.
    type Error: core::error::Error + From<Error>;

    /// Adds the gradient of `objective` on `batch` to the accumulated gradient, and returns the loss of `batch`. If no
    /// token is in the loss mask, [`Objective::tokens`] need not be called, and its part of the loss is 0. An error drops
    /// the accumulated gradient.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence longer than the context, or an error of the objective or the
    /// device.
    fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> impl Future<Output = Result<f64, Self::Error>>;

    /// Drops the accumulated gradient, as if nothing had been accumulated since the last step.
    ///
    /// # Errors
    /// An error of the device.
    fn zero_grad(&mut self) -> impl Future<Output = Result<(), Self::Error>>;

    /// Updates the weights with the accumulated gradient by AdamW ([`adamw`](crate::optim::adamw)), drops the gradient,
    /// and returns its global norm before clipping. The settings in `update` are for this step alone; at a learning rate of
    /// 0 the moments change and the weights do not. Without a gradient the norm is 0.
    ///
    /// # Errors
    /// A gradient that is not finite, or an error of the device. Weights, moments and the count of steps then stay as they
    /// were, and the gradient is dropped.
    fn step(&mut self, update: &Update) -> impl Future<Output = Result<f64, Self::Error>>;
}

/// A learner that keeps a moving average of its weights.
pub trait Averaged: Learner {
    /// Updates the moving average, `average ← decay·average + (1 − decay)·weights`. The first call sets it to the
    /// weights.
    ///
    /// # Errors
    /// A decay outside `0 ..= 1`, or an error of the device.
    fn average(&mut self, decay: f64) -> impl Future<Output = Result<(), Self::Error>>;

    /// Swaps the weights with their moving average; call again to swap back. Moments stay as they are.
    ///
    /// # Errors
    /// No average has been kept, or an error of the device.
    fn swap_average(&mut self) -> impl Future<Output = Result<(), Self::Error>>;
}
