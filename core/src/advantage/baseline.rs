//! Baselines: numbers that rewards are compared with.

use crate::advantage::whitening::mean;
use crate::ranges::within;
use crate::{Error, Real};

/// A number that is subtracted from a response's reward, so that the gradient varies less. None of them
/// depends on the response itself but [`Baseline::GroupMean`], which shrinks the expected gradient
/// by 1 − 1/K.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Baseline {
    /// Nothing (Williams, "Simple statistical gradient-following algorithms", 1992).
    None,
    /// A moving average of all rewards before this batch: the value of a [`MovingBaseline`].
    Moving {
        /// The share of the average that stays from batch to batch, 0 ..= 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
        decay: f64,
    },
    /// The reward of the greedy response to the same prompt (ReMax, Li et al., arXiv:2310.10505).
    Greedy,
    /// The mean reward of the prompt's responses (GRPO, Shao et al., arXiv:2402.03300).
    #[default]
    GroupMean,
    /// The mean reward of the prompt's other responses (RLOO, Ahmadian et al., arXiv:2402.14740,
    /// after Kool et al., 2019): K/(K − 1) times what [`Baseline::GroupMean`] leaves.
    LeaveOneOut,
}

/// The state of [`Baseline::Moving`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct MovingBaseline {
    decay: f64,
    average: Option<f64>,
}

impl MovingBaseline {
    /// An average of nothing yet.
    ///
    /// # Errors
    /// [`Error::Range`] unless 0 ≤ `decay` ≤ 1.
    pub fn new(decay: f64) -> Result<Self, Error> {
        within("baseline decay", decay, 0.0, 1.0)?;
        Ok(Self { decay, average: None })
    }

    /// Returns the baseline now; 0 before the first batch.
    pub fn value(&self) -> f64 {
        self.average.unwrap_or(0.0)
    }

    /// `b ← decay·b + (1 − decay)·mean(rewards)`; the first batch starts it at its mean. To be called
    /// after a batch's advantages are made, so that no reward is compared with itself.
    ///
    /// # Errors
    /// [`Error::TooFew`] for an empty batch; [`Error::NotFinite`]. The average then stays.
    pub fn update<R: Real>(&mut self, rewards: &[R]) -> Result<(), Error> {
        let mean = mean("rewards", rewards)?;
        self.average = Some(self.average.map_or(mean, |b| self.decay * b + (1.0 - self.decay) * mean));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
