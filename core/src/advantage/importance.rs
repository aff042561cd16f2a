//! Samples of another policy than the one that the trainer sees.

use crate::batch::spans;
use crate::error::{check, rising};
use crate::ranges::within;
use crate::{Error, Real};

/// The ratio that a token's weight is taken from.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ImportanceLevel {
    /// The token's own: little variance, but biased, since what came before it was another's too.
    #[default]
    Token,
    /// The product over its response: unbiased, of a variance that grows with length.
    Sequence,
    /// The geometric mean over its response.
    SequenceMean,
}

/// The treatment of a large ratio.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ImportanceLimit {
    /// A limit at `high`: truncated importance sampling (Ionides, "Truncated importance
    /// sampling", 2008).
    Truncate {
        /// The largest weight (TRL: 3, verl: 2).
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        high: f64,
    },
    /// Outside `low ..= high` the weight is 0: masked importance sampling.
    Mask {
        /// The smallest ratio that counts.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        low: f64,
        /// The largest ratio that counts.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        high: f64,
    },
}

/// Detached weights `π_trainer/π_sampler` for samples whose sampler is not quite the policy that the
/// trainer took them for: an older one, or the same weights under other kernels or numbers. They
/// multiply advantages, see [`crate::loss::PolicyColumns::advantages`]. What is masked still counts in the
/// denominator, unless the caller leaves it out.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportanceCorrection {
    /// The ratio that weights are taken from.
    pub level: ImportanceLevel,
    /// The treatment of large ratios.
    pub limit: ImportanceLimit,
}

/// Statistics of importance weights. Sums over tokens, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImportanceStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Tokens whose ratio was limited or masked.
    pub limited: usize,
    /// Σ w.
    pub weight: f64,
    /// Σ w².
    pub squared_weight: f64,
}

impl ImportanceStats {
    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.limited += other.limited;
        self.weight += other.weight;
        self.squared_weight += other.squared_weight;
    }

    /// The mean weight; 1 where sampler and trainer agree, 0 of no tokens.
    pub fn mean(&self) -> f64 {
        self.weight / self.tokens.max(1) as f64
    }

    /// Returns the effective sample size in tokens: (Σ w)²/Σ w²; 0 where all weights are.
    pub fn effective_tokens(&self) -> f64 {
        if self.squared_weight > 0.0 { self.weight * self.weight / self.squared_weight } else { 0.0 }
    }
}

impl ImportanceCorrection {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match self.limit {
            ImportanceLimit::Truncate { high } => within("importance high", high, 0.0, f64::MAX),
            ImportanceLimit::Mask { low, high } => {
                within("importance low", low, 0.0, f64::MAX)?;
                within("importance high", high, low, f64::MAX)
            }
        }
    }

    /// Computes each loss token's weight; other tokens get 0. `trainer`, `sampler`: the log-probabilities
    /// of the tokens when the rollout was made, in nats, as the trainer and as the sampler gave
    /// them; `trainer`, `sampler`, `loss_mask`, `out`: `[tokens]`; `ends`: `[sequences]`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`], [`Error::Range`]; [`Error::NotFinite`] for a loss token's
    /// log-probability.
    pub fn weights<R: Real>(
        &self,
        trainer: &[R],
        sampler: &[R],
        ends: &[usize],
        loss_mask: &[bool],
        out: &mut [R],
    ) -> Result<ImportanceStats, Error> {
        self.validate()?;
        check("sampler", sampler.len(), trainer.len())?;
        check("loss_mask", loss_mask.len(), trainer.len())?;
        check("out", out.len(), trainer.len())?;
        rising(ends, trainer.len())?;
        for (name, column) in [("trainer", trainer), ("sampler", sampler)] {
            if let Some(index) = (0..column.len()).find(|&t| loss_mask[t] && !column[t].is_finite()) {
                return Err(Error::NotFinite { name, index });
            }
        }
        let mut stats = ImportanceStats::default();
        for span in spans(ends) {
            let log_ratio = |t: usize| trainer[t].f64() - sampler[t].f64();
            let (count, sum) = span
                .clone()
                .filter(|&t| loss_mask[t])
                .fold((0usize, 0.0), |(n, sum), t| (n + 1, sum + log_ratio(t)));
            for t in span {
                out[t] = R::ZERO;
                if loss_mask[t] {
                    let log_ratio = match self.level {
                        ImportanceLevel::Token => log_ratio(t),
                        ImportanceLevel::Sequence => sum,
                        ImportanceLevel::SequenceMean => sum / count as f64,
                    };
                    let (weight, limited) = self.limit.apply(libm::exp(log_ratio));
                    out[t] = R::of(weight);
                    let token = ImportanceStats {
                        tokens: 1,
                        limited: usize::from(limited),
                        weight,
                        squared_weight: weight * weight,
                    };
                    stats.merge(&token);
                }
            }
        }
        Ok(stats)
    }
}

impl ImportanceLimit {
    fn apply(self, ratio: f64) -> (f64, bool) {
        match self {
            Self::Truncate { high } => (ratio.min(high), ratio > high),
            Self::Mask { low, high } if (low..=high).contains(&ratio) => (ratio, false),
            Self::Mask { .. } => (0.0, true),
        }
    }
}

#[cfg(test)]
mod tests;
