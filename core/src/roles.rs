//! The roles that a backend's networks play.
//!
//! Methods return futures because a device may have to be read; a backend that never waits writes
//! them as plain `async fn`s without an `await`, and [`crate::ready`] runs them. Futures need not be
//! `Send`: a trainer belongs to one thread. Callers check lengths; implementations may assume what
//! [`Ragged`] and [`Batch`] have checked, but report token ids outside their vocabulary and
//! sequences beyond their context as errors.
//!
//! A batch may have no sequence: there is then nothing to write, no response, a loss of 0 and no gradient, and no error. A
//! sequence may fill the context. Whatever a network keeps from one call to the next (copies of weights, caches) follows its
//! weights: after a step, a swap with the average, or new weights, every role speaks of the weights that are there now.

use crate::optim::Update;
#[cfg(feature = "alloc")]
use crate::random::Key;
#[cfg(feature = "alloc")]
use crate::sampling::{Responses, SamplingParams, StopCriteria};
use crate::{Batch, Error, Objective, Ragged};
use core::future::Future;

/// Gives text its log-probabilities.
pub trait Reference {
    /// What can go wrong.
    type Error: core::error::Error + From<Error>;

    /// `out[t] = ln p(tokens[t] | its sequence before t)` in nats under the batch's temperature
    /// where `loss_mask[t]`, else 0. `out`: `[tokens]`, all of it written.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context, or the device's own.
    fn log_probs(
        &mut self,
        batch: Batch<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Writes text.
#[cfg(feature = "alloc")]
pub trait Policy: Reference {
    /// Continues each prompt. Token `p` of prompt `i`'s response is the one at
    /// [`key.uniform(first + i, p)`](Key::uniform) of the cumulative filtered distribution, ids in rising order
    /// ([`draw`](crate::sampling::draw)), so neither company nor order changes a response; greedy sampling takes the most
    /// probable id, of equal ones the smallest. Tokens of the prompt and of the response so far count as repetition. A
    /// response ends where [`StopCriteria`] say, or where the context is full.
    /// The log-probabilities returned are those of [`Reference::log_probs`] at the sampling's
    /// temperature, before its filters.
    ///
    /// # Errors
    /// As [`Reference::log_probs`]; a prompt that leaves no room in the context; a `max_new_tokens` of 0.
    fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria,
        key: Key,
        first: u32,
    ) -> impl Future<Output = Result<Responses, Self::Error>>;
}

/// Scores whole texts: a reward model, a rule, a person.
pub trait Reward {
    /// What can go wrong.
    type Error: core::error::Error + From<Error>;

    /// `out[i]` is the score of sequence `i`, higher is better, any unit. `out`: `[sequences]`.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context, or the device's own.
    fn score(
        &mut self,
        sequences: Ragged<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// A closure scores one text at a time.
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

/// Predicts returns.
pub trait Critic {
    /// What can go wrong.
    type Error: core::error::Error + From<Error>;

    /// `out[i]` is the value of the state after its sequence up to and including token `i`, in
    /// units of reward. `out`: `[tokens]`.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context, or the device's own.
    fn values(
        &mut self,
        sequences: Ragged<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Learns from any [`Objective`].
pub trait Learner {
    /// What can go wrong.
    type Error: core::error::Error + From<Error>;

    /// Adds the gradient of `objective` on `batch` to what is accumulated, and returns this part's
    /// loss. Where the loss mask is false throughout, [`Objective::tokens`] need not be called, and the
    /// log-probabilities' part of the loss is 0. On an error the accumulated gradient is dropped.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context, the objective's, or the
    /// device's own.
    fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> impl Future<Output = Result<f64, Self::Error>>;

    /// Drops the accumulated gradient, as if nothing had been accumulated since the last step.
    ///
    /// # Errors
    /// The device's own.
    fn zero_grad(&mut self) -> impl Future<Output = Result<(), Self::Error>>;

    /// Updates the weights with the accumulated gradient by AdamW ([`adamw`](crate::optim::adamw)), drops the gradient, and
    /// returns its global norm before clipping. Every setting of `update` is this step's own; at a learning rate of 0 the
    /// moments change and the weights do not. Without a gradient the norm is 0.
    ///
    /// # Errors
    /// A gradient that is not finite, or the device's own. Weights, moments and the count of steps are then as before, and
    /// the gradient is dropped.
    fn step(&mut self, update: &Update) -> impl Future<Output = Result<f64, Self::Error>>;
}

/// Keeps a moving average of its weights.
pub trait Averaged: Learner {
    /// Folds the weights into their average, `average ← decay·average + (1 − decay)·weights`; the
    /// first call starts it at the weights.
    ///
    /// # Errors
    /// A decay outside `0 ..= 1`, or the device's own.
    fn average(&mut self, decay: f64) -> impl Future<Output = Result<(), Self::Error>>;

    /// Swaps the weights with their moving average; call again to swap back. Moments stay as they are.
    ///
    /// # Errors
    /// No average has been kept, or the device's own.
    fn swap_average(&mut self) -> impl Future<Output = Result<(), Self::Error>>;
}
