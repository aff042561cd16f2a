//! Statistics of a policy update.

use crate::Real;

/// One token's policy loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyToken<R> {
    /// The loss, not yet divided by anything.
    pub loss: R,
    /// ∂loss/∂log_prob.
    pub slope: R,
    /// ρ.
    pub ratio: R,
    /// True where the clip holds the loss.
    pub clipped: bool,
    /// True where the dual clip holds the loss.
    pub bounded: bool,
}

/// Statistics of a policy update. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Elements whose loss the clip holds.
    pub clipped: usize,
    /// Tokens whose loss the dual clip holds.
    pub bounded: usize,
    /// Σ ρ.
    pub ratio: f64,
    /// The smallest ρ; +∞ before the first token.
    pub ratio_min: f64,
    /// The largest ρ; −∞ before the first token.
    pub ratio_max: f64,
    /// Σ (old − new) log-probability, in nats.
    pub log_ratio: f64,
    /// Σ ½(new − old)², in nats².
    pub half_squared_log_ratio: f64,
    /// Σ entropy, in nats; 0 where none was asked for.
    pub entropy: f64,
}

impl Default for PolicyStats {
    fn default() -> Self {
        Self {
            tokens: 0,
            clipped: 0,
            bounded: 0,
            ratio: 0.0,
            ratio_min: f64::INFINITY,
            ratio_max: f64::NEG_INFINITY,
            log_ratio: 0.0,
            half_squared_log_ratio: 0.0,
            entropy: 0.0,
        }
    }
}

impl PolicyStats {
    /// Takes in one token, whose log-probabilities are `log_prob` now and `old` when it was drawn.
    pub fn record<R: Real>(&mut self, log_prob: R, old: R, token: &PolicyToken<R>) {
        let (log_ratio, ratio) = ((log_prob - old).f64(), token.ratio.f64());
        self.tokens += 1;
        self.clipped += usize::from(token.clipped);
        self.bounded += usize::from(token.bounded);
        self.ratio += ratio;
        self.ratio_min = self.ratio_min.min(ratio);
        self.ratio_max = self.ratio_max.max(ratio);
        self.log_ratio -= log_ratio;
        self.half_squared_log_ratio += 0.5 * log_ratio * log_ratio;
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.clipped += other.clipped;
        self.bounded += other.bounded;
        self.ratio += other.ratio;
        self.ratio_min = self.ratio_min.min(other.ratio_min);
        self.ratio_max = self.ratio_max.max(other.ratio_max);
        self.log_ratio += other.log_ratio;
        self.half_squared_log_ratio += other.half_squared_log_ratio;
        self.entropy += other.entropy;
    }

    fn per_token(&self, sum: f64) -> f64 {
        sum / self.tokens.max(1) as f64
    }

    /// The share of tokens whose loss the clip holds.
    pub fn clip_fraction(&self) -> f64 {
        self.per_token(self.clipped as f64)
    }

    /// The share of tokens whose loss the dual clip holds.
    pub fn dual_clip_fraction(&self) -> f64 {
        self.per_token(self.bounded as f64)
    }

    /// Mean ρ.
    pub fn mean_ratio(&self) -> f64 {
        self.per_token(self.ratio)
    }

    /// The k1 estimate of KL(old ‖ new), in nats per token.
    pub fn policy_kl(&self) -> f64 {
        self.per_token(self.log_ratio)
    }

    /// The k2 estimate of the same, in nats² per token.
    pub fn approx_kl(&self) -> f64 {
        self.per_token(self.half_squared_log_ratio)
    }

    /// The estimate as TRL v2 and summarize_from_feedback_details report it: divided by all positions of the
    /// padded minibatch, and so biased low.
    pub fn approx_kl_over(&self, positions: usize) -> f64 {
        self.half_squared_log_ratio / positions.max(1) as f64
    }

    /// Mean entropy, in nats.
    pub fn mean_entropy(&self) -> f64 {
        self.per_token(self.entropy)
    }

    /// Returns whether the mean ratio is above `threshold`: TRL 0.11 then skips the minibatch, setting both
    /// losses and all gradients to 0.
    pub fn exceeds(&self, threshold: f64) -> bool {
        self.mean_ratio() > threshold
    }
}

#[cfg(test)]
mod tests;
