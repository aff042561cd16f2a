//! Samples of another policy than the one that the trainer sees.

use super::spans;
use crate::error::{check, rising};
use crate::ranges::within;
use crate::{Error, Real};

/// Whose ratio a token's weight is.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ImportanceLevel {
    /// Its own: little variance, but biased, since what came before it was another's too.
    #[default]
    Token,
    /// The product over its response: unbiased, of a variance that grows with length.
    Sequence,
    /// The geometric mean over its response.
    SequenceMean,
}

/// What is done with a large ratio.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ImportanceLimit {
    /// It is limited to `high`: truncated importance sampling (Ionides, "Truncated importance
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
/// multiply advantages, see [`super::PolicyColumns::advantages`]. What is masked still counts in the
/// denominator, unless the caller leaves it out.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportanceCorrection {
    /// Whose ratio.
    pub level: ImportanceLevel,
    /// What its limit is.
    pub limit: ImportanceLimit,
}

/// What the weights were. Sums over tokens, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImportanceStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Those whose ratio was limited or masked.
    pub limited: usize,
    /// Σ w.
    pub weight: f64,
    /// Σ w².
    pub squared_weight: f64,
}

impl ImportanceStats {
    /// Both parts together.
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

    /// How many equally weighted tokens are worth as much: (Σ w)²/Σ w²; 0 where all weights are.
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

    /// Each loss token's weight; 0 where nothing is in the loss mask. `trainer`, `sampler`: the log-probabilities
    /// of the tokens when the rollout was made, in nats, as the trainer and as the sampler gave
    /// them; `trainer`, `sampler`, `loss_mask`, `out`: `[tokens]`; `ends`: `[sequences]`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`], [`Error::Range`]; [`Error::NotFinite`] for an loss token's
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
            let drift = |t: usize| trainer[t].f64() - sampler[t].f64();
            let (count, sum) = span
                .clone()
                .filter(|&t| loss_mask[t])
                .fold((0usize, 0.0), |(n, sum), t| (n + 1, sum + drift(t)));
            for t in span {
                out[t] = R::ZERO;
                if loss_mask[t] {
                    let log_ratio = match self.level {
                        ImportanceLevel::Token => drift(t),
                        ImportanceLevel::Sequence => sum,
                        ImportanceLevel::SequenceMean => sum / count as f64,
                    };
                    let (weight, limited) = self.limit.apply(libm::exp(log_ratio));
                    out[t] = R::of(weight);
                    let seen = ImportanceStats {
                        tokens: 1,
                        limited: usize::from(limited),
                        weight,
                        squared_weight: weight * weight,
                    };
                    stats.merge(&seen);
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
