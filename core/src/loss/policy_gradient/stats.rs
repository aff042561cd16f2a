//! Statistics of an update without a critic.

use crate::loss::PolicyStats;

/// Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OnPolicyStats {
    /// The ratios and the clip: an element for each token, or for each sequence where its tokens share
    /// one ratio, which is judged by its first token's advantage. Its entropy stays 0: see
    /// [`Self::entropy`].
    pub ratios: PolicyStats,
    /// Clipped ones whose advantage is negative.
    pub clipped_low: usize,
    /// Tokens seen.
    pub tokens: usize,
    /// Σ of the tokens' KL estimates, in the estimator's unit, without β; 0 without a KL term.
    pub kl: f64,
    /// Σ entropy, in nats; 0 where none was asked for.
    pub entropy: f64,
}

impl OnPolicyStats {
    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.ratios.merge(&other.ratios);
        self.clipped_low += other.clipped_low;
        self.tokens += other.tokens;
        self.kl += other.kl;
        self.entropy += other.entropy;
    }

    /// The share of ratios that are clipped for a negative advantage (TRL's `clip_ratio/low`).
    pub fn clip_fraction_low(&self) -> f64 {
        self.clipped_low as f64 / self.ratios.tokens.max(1) as f64
    }

    /// The share of ratios that are clipped for a positive advantage (TRL's `clip_ratio/high`).
    pub fn clip_fraction_high(&self) -> f64 {
        self.ratios.clipped.saturating_sub(self.clipped_low) as f64 / self.ratios.tokens.max(1) as f64
    }

    /// Mean KL estimate per token.
    pub fn mean_kl(&self) -> f64 {
        self.kl / self.tokens.max(1) as f64
    }

    /// Mean entropy per token, in nats.
    pub fn mean_entropy(&self) -> f64 {
        self.entropy / self.tokens.max(1) as f64
    }
}
