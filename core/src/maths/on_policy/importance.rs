//! Samples of another policy than the one that the trainer sees.

use super::spans;
use crate::error::{check, rising, within};
use crate::{Error, Real};

/// Whose ratio a token's weight is.
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
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ImportanceLimit {
    /// It is limited to `high`: truncated importance sampling (Ionides, "Truncated importance
    /// sampling", 2008).
    Truncate {
        /// The largest weight (TRL: 3, verl: 2).
        high: f64,
    },
    /// Outside `low ..= high` the weight is 0: masked importance sampling.
    Mask {
        /// The smallest ratio that counts.
        low: f64,
        /// The largest ratio that counts.
        high: f64,
    },
}

/// Detached weights `π_trainer/π_sampler` for samples whose sampler is not quite the policy that the
/// trainer took them for: an older one, or the same weights under other kernels or numbers. They
/// multiply advantages, see [`super::PolicyColumns::advantages`]. What is masked still counts in the
/// denominator, unless the caller leaves it out.
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

    /// Each owed token's weight; 0 where nothing is owed. `trainer`, `sampler`: the log-probabilities
    /// of the tokens when the rollout was made, in nats, as the trainer and as the sampler gave
    /// them; `trainer`, `sampler`, `owed`, `out`: `[tokens]`; `ends`: `[sequences]`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`], [`Error::Range`]; [`Error::NotFinite`] for an owed token's
    /// log-probability.
    pub fn weights<R: Real>(
        &self,
        trainer: &[R],
        sampler: &[R],
        ends: &[usize],
        owed: &[bool],
        out: &mut [R],
    ) -> Result<ImportanceStats, Error> {
        self.validate()?;
        check("sampler", sampler.len(), trainer.len())?;
        check("owed", owed.len(), trainer.len())?;
        check("out", out.len(), trainer.len())?;
        rising(ends, trainer.len())?;
        for (name, column) in [("trainer", trainer), ("sampler", sampler)] {
            if let Some(index) = (0..column.len()).find(|&t| owed[t] && !column[t].is_finite()) {
                return Err(Error::NotFinite { name, index });
            }
        }
        let mut stats = ImportanceStats::default();
        for span in spans(ends) {
            let drift = |t: usize| trainer[t].f64() - sampler[t].f64();
            let (count, sum) =
                span.clone().filter(|&t| owed[t]).fold((0usize, 0.0), |(n, sum), t| (n + 1, sum + drift(t)));
            for t in span {
                out[t] = R::ZERO;
                if owed[t] {
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
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const LEVELS: [ImportanceLevel; 3] =
        [ImportanceLevel::Token, ImportanceLevel::Sequence, ImportanceLevel::SequenceMean];
    const TIS: ImportanceLimit = ImportanceLimit::Truncate { high: 2.0 };
    const MIS: ImportanceLimit = ImportanceLimit::Mask { low: 0.5, high: 2.0 };

    proptest! {
        #[test]
        fn equals_its_definition(
            x in prop::collection::vec((-4.0..0.0f64, -1.0..1.0f64, any::<bool>()), 2..12), cut in 1usize..11,
        ) {
            let n = x.len();
            let trainer: Vec<f64> = x.iter().map(|t| t.0).collect();
            let sampler: Vec<f64> = x.iter().map(|t| t.0 - t.1).collect();
            let owed: Vec<bool> = x.iter().map(|t| t.2).collect();
            let ends = [cut.min(n - 1), n];
            for level in LEVELS {
                for limit in [TIS, MIS] {
                    let mut out = vec![f64::NAN; n];
                    let correction = ImportanceCorrection { level, limit };
                    let stats = correction.weights(&trainer, &sampler, &ends, &owed, &mut out).unwrap();
                    for t in 0..n {
                        let span = if t < ends[0] { 0..ends[0] } else { ends[0]..n };
                        let mine: Vec<f64> = span.filter(|&s| owed[s]).map(|s| x[s].1.exp()).collect();
                        let product: f64 = mine.iter().product();
                        let rho = match level {
                            ImportanceLevel::Token => x[t].1.exp(),
                            ImportanceLevel::Sequence => product,
                            ImportanceLevel::SequenceMean => product.powf(1.0 / mine.len().max(1) as f64),
                        };
                        prop_assume!((rho - 0.5).abs() > 1e-9 && (rho - 2.0).abs() > 1e-9);
                        let kept = if limit == TIS { rho.min(2.0) } else if (0.5..=2.0).contains(&rho) { rho } else { 0.0 };
                        close(out[t], if owed[t] { kept } else { 0.0 }, 1e-12);
                    }
                    close(stats.weight, out.iter().sum(), 1e-12);
                    prop_assert_eq!(stats.tokens, owed.iter().filter(|o| **o).count());
                    prop_assert!(stats.effective_tokens() <= stats.tokens as f64 + 1e-9);
                }
            }
        }

        #[test]
        fn equal_log_probabilities_weigh_one(x in prop::collection::vec(-9.0f32..0.0, 1..12)) {
            let owed = vec![true; x.len()];
            for level in LEVELS {
                for limit in [TIS, MIS] {
                    let mut out = vec![f32::NAN; x.len()];
                    let correction = ImportanceCorrection { level, limit };
                    let stats = correction.weights(&x, &x, &[x.len()], &owed, &mut out).unwrap();
                    prop_assert!(out.iter().all(|&w| w == 1.0));
                    prop_assert_eq!((stats.mean(), stats.limited), (1.0, 0));
                    prop_assert_eq!(stats.effective_tokens(), x.len() as f64);
                }
            }
        }

        /// The mean weight over the sampler's own distribution is 1: what makes it a correction.
        #[test]
        fn untruncated_weights_average_to_one(z in prop::collection::vec((0.01..1.0, 0.01..1.0), 2..9)) {
            let total = |f: fn(&(f64, f64)) -> f64| z.iter().map(f).sum::<f64>();
            let (p, q) = (total(|x| x.0), total(|x| x.1));
            let trainer: Vec<f64> = z.iter().map(|x| (x.0 / p).ln()).collect();
            let sampler: Vec<f64> = z.iter().map(|x| (x.1 / q).ln()).collect();
            let free = ImportanceCorrection {
                level: ImportanceLevel::Token,
                limit: ImportanceLimit::Truncate { high: f64::MAX },
            };
            let mut out = vec![f64::NAN; z.len()];
            free.weights(&trainer, &sampler, &[z.len()], &vec![true; z.len()], &mut out).unwrap();
            close(out.iter().zip(&sampler).map(|(w, q)| w * q.exp()).sum(), 1.0, 1e-12);
        }
    }

    #[test]
    fn huge_ratios_are_limited_and_bad_input_is_named() {
        let run = |limit, trainer: [f32; 2]| {
            let mut out = [f32::NAN; 2];
            let correction = ImportanceCorrection { level: ImportanceLevel::Sequence, limit };
            correction.weights(&trainer, &[-900.0; 2], &[2], &[true; 2], &mut out).map(|s| (out, s.limited))
        };
        assert_eq!(run(TIS, [0.0; 2]), Ok(([2.0; 2], 2)));
        assert_eq!(run(MIS, [0.0; 2]), Ok(([0.0; 2], 2)));
        let infinite = [0.0, f32::NEG_INFINITY];
        assert_eq!(run(TIS, infinite), Err(Error::NotFinite { name: "trainer", index: 1 }));
        assert!(run(ImportanceLimit::Mask { low: 2.0, high: 1.0 }, [0.0; 2]).is_err());
        assert!(run(ImportanceLimit::Truncate { high: f64::NAN }, [0.0; 2]).is_err());
    }
}
