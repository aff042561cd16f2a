//! What a batch of preferences says of the policy.

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

    /// Both parts together.
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

/// Sums over single responses with a label.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LabelStats {
    /// This part of the loss.
    pub loss: f64,
    /// Desirable responses seen.
    pub desirable: usize,
    /// Undesirable responses seen.
    pub undesirable: usize,
    /// Σ of the desirable responses' implicit rewards, β times the log-ratio.
    pub desirable_rewards: f64,
    /// Σ of the undesirable responses'.
    pub undesirable_rewards: f64,
}

impl LabelStats {
    /// The mean reward of desirable responses less that of undesirable ones; `None` unless there are
    /// both.
    pub fn margin(&self) -> Option<f64> {
        let desirable = mean(self.desirable_rewards, self.desirable)?;
        Some(desirable - mean(self.undesirable_rewards, self.undesirable)?)
    }

    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.desirable += other.desirable;
        self.undesirable += other.undesirable;
        self.desirable_rewards += other.desirable_rewards;
        self.undesirable_rewards += other.undesirable_rewards;
    }
}

fn mean(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_mean_and_parts_merge() {
        let mut all = PreferenceStats::default();
        assert_eq!((all.accuracy(), all.margin(), all.chosen_log_ratio()), (None, None, None));
        let part = PreferenceStats {
            loss: 0.5,
            pairs: 2,
            correct: 1,
            chosen: 3.0,
            rejected: -1.0,
            chosen_rewards: 0.25,
            rejected_rewards: -0.75,
        };
        all.merge(&part);
        all.merge(&part);
        assert_eq!((all.loss, all.accuracy(), all.margin()), (1.0, Some(0.5), Some(0.5)));
        assert_eq!((all.chosen_log_ratio(), all.rejected_log_ratio()), (Some(1.5), Some(-0.5)));
    }

    #[test]
    fn a_margin_needs_both_labels() {
        let mut all = LabelStats { desirable: 2, desirable_rewards: 1.0, ..LabelStats::default() };
        assert_eq!(all.margin(), None);
        all.merge(&LabelStats { undesirable: 1, undesirable_rewards: -0.5, ..LabelStats::default() });
        assert_eq!(all.margin(), Some(1.0));
    }
}
