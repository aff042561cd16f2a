//! Ratings with their covariance.

use crate::stats::Measured;
use alloc::vec::Vec;

/// Strengths with their covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratings {
    pub(super) strengths: Vec<f64>,
    pub(super) covariance: Vec<f64>,
}

impl Ratings {
    /// `[players]`, in nats of log-odds, mean 0.
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// `[players, players]`, in nats²: the inverse of the observed information, with the mean of all
    /// strengths held at 0. Ties count as half wins, which makes it too large rather than too small.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// A player's strength; `None` where there is no such player.
    pub fn strength(&self, player: usize) -> Option<Measured> {
        let value = *self.strengths.get(player)?;
        Some(Measured { value, error: libm::sqrt(self.between(player, player)?) })
    }

    /// The advantage of `first` over `second`: the log-odds of winning.
    pub fn gap(&self, first: usize, second: usize) -> Option<Measured> {
        let value = self.strengths.get(first)? - self.strengths.get(second)?;
        let own = self.between(first, first)? + self.between(second, second)?;
        let variance = own - 2.0 * self.between(first, second)?;
        Some(Measured { value, error: libm::sqrt(variance.max(0.0)) })
    }

    fn between(&self, i: usize, j: usize) -> Option<f64> {
        self.covariance.get(i * self.strengths.len() + j).copied()
    }
}
