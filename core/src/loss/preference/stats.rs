//! Statistics of a batch of preferences.

/// Sums over pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PreferenceStats {
    /// This part of the loss.
    pub loss: f64,
    /// Pairs seen.
    pub pairs: usize,
    /// Pairs whose chosen response is worth strictly more.
    pub correct: usize,
    /// Σ of the chosen responses' log-ratios to the reference, or of their log-probabilities, in nats.
    pub chosen: f64,
    /// Σ of the rejected responses'.
    pub rejected: f64,
    /// Σ of the chosen responses' implicit rewards, β·φ.
    pub chosen_rewards: f64,
    /// Σ of the rejected responses'.
    pub rejected_rewards: f64,
}

impl PreferenceStats {
    /// The share of pairs in the right order, or `None` without any.
    pub fn accuracy(&self) -> Option<f64> {
        mean(self.correct as f64, self.pairs)
    }

    /// The mean of how much more the chosen response's implicit reward is, or `None` without a pair.
    pub fn margin(&self) -> Option<f64> {
        mean(self.chosen_rewards - self.rejected_rewards, self.pairs)
    }

    /// The mean log-ratio of the chosen responses, in nats. It may fall while the margin grows.
    pub fn chosen_log_ratio(&self) -> Option<f64> {
        mean(self.chosen, self.pairs)
    }

    /// The mean log-ratio of the rejected responses, in nats.
    pub fn rejected_log_ratio(&self) -> Option<f64> {
        mean(self.rejected, self.pairs)
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.pairs += other.pairs;
        self.correct += other.correct;
        self.chosen += other.chosen;
        self.rejected += other.rejected;
        self.chosen_rewards += other.chosen_rewards;
        self.rejected_rewards += other.rejected_rewards;
    }
}

fn mean(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests;
