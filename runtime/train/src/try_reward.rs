//! A reward that may fail.

use alloc::boxed::Box;
use rlhf_core::roles::Reward;
use rlhf_core::{Error, Ragged};

/// A closure that scores one text at a time and may fail: a service, a file, a person who left. One
/// that cannot fail is a [`Reward`] as it is.
///
/// ```
/// use rlhf_train::TryReward;
/// use rlhf_core::{Ragged, roles::Reward};
/// let mut reward = TryReward(|text: &[u32]| match text {
///     [.., 0] => Ok(1.0),
///     _ => Err("a text without an end"),
/// });
/// let (tokens, ends, mut scores) = ([7, 0, 7], [2, 3], [0.0; 2]);
/// let error = rlhf_core::ready(reward.score(Ragged::new(&tokens, &ends)?, &mut scores)).unwrap();
/// assert_eq!(error.unwrap_err().to_string(), "a text without an end");
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TryReward<F>(
    /// The closure.
    pub F,
);

impl<F, E> Reward for TryReward<F>
where
    F: FnMut(&[u32]) -> Result<f32, E>,
    E: Into<Box<dyn core::error::Error>>,
{
    type Error = ScoreError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), ScoreError> {
        for ((text, _), score) in sequences.sequences().zip(out) {
            *score = self.0(text).map_err(|error| ScoreError(error.into()))?;
        }
        Ok(())
    }
}

/// The reason why a text has no score.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScoreError(Box<dyn core::error::Error>);

impl From<Error> for ScoreError {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}
