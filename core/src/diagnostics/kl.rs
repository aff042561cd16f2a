use super::Diagnose;
use crate::advantage::KlEstimator;
use crate::error::check;
use crate::ranges::finite;
use crate::stats::{ClusterMean, Measured};
use crate::{Error, Real};

/// Statistics of the KL from a reference, by every estimator: per response and per token, with standard
/// errors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KlStats {
    /// By [`KlEstimator::K1`], in nats.
    pub k1: ClusterMean,
    /// By [`KlEstimator::K2`], in nats².
    pub k2: ClusterMean,
    /// By [`KlEstimator::K3`], in nats.
    pub k3: ClusterMean,
    /// Over whole distributions, in nats, where [`Self::see_exact`] was called.
    pub exact: ClusterMean,
}

impl KlStats {
    /// Takes in a response that the policy wrote: the log-probabilities of its tokens, in nats. Both
    /// `[tokens]`.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`]. Nothing is taken in then.
    pub fn record<R: Real>(&mut self, log_probs: &[R], reference: &[R]) -> Result<(), Error> {
        check("reference", reference.len(), log_probs.len())?;
        finite("log_probs", log_probs)?;
        finite("reference", reference)?;
        for (mean, estimator) in [
            (&mut self.k1, KlEstimator::K1),
            (&mut self.k2, KlEstimator::K2),
            (&mut self.k3, KlEstimator::K3),
        ] {
            let tokens = log_probs.iter().zip(reference);
            let sum = tokens.map(|(p, q)| estimator.estimate(p.f64(), q.f64())).sum();
            mean.record(sum, log_probs.len());
        }
        Ok(())
    }

    /// Takes in a response by the sum over its `tokens` tokens of [`crate::advantage::exact_kl`], in nats.
    pub fn see_exact(&mut self, sum: f64, tokens: usize) {
        self.exact.record(sum, tokens);
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.k1.merge(&other.k1);
        self.k2.merge(&other.k2);
        self.k3.merge(&other.k3);
        self.exact.merge(&other.exact);
    }
}

impl Diagnose for KlStats {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        let mut show = |measured: Option<Measured>, [value, error]: [&'static str; 2]| {
            let Some(measured) = measured else { return };
            visit(value, measured.value);
            if measured.error.is_finite() {
                visit(error, measured.error);
            }
        };
        for (mean, response, token) in [
            (&self.k1, ["kl", "kl_error"], ["token_kl", "token_kl_error"]),
            (&self.k2, ["kl_k2", "kl_k2_error"], ["token_kl_k2", "token_kl_k2_error"]),
            (&self.k3, ["kl_k3", "kl_k3_error"], ["token_kl_k3", "token_kl_k3_error"]),
            (&self.exact, ["kl_exact", "kl_exact_error"], ["token_kl_exact", "token_kl_exact_error"]),
        ] {
            show(mean.per_cluster(), response);
            show(mean.per_element(), token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advantage::exact_kl;
    use crate::log_probs::log_softmax;
    use crate::random::{Key, Stream};

    /// Sampled responses estimate the exact KL, and know how well.
    #[test]
    fn intervals_of_k1_and_k3_hold_the_exact_kl_at_their_nominal_rate() {
        let (mut p, mut q) = ([0.0f64; 4], [0.0f64; 4]);
        log_softmax(&[1.0, 0.2, -0.5, 0.0], 1.0, &mut p).unwrap();
        log_softmax(&[0.4, 0.5, 0.1, -0.3], 1.0, &mut q).unwrap();
        let exact = exact_kl(&p, &q).unwrap();
        let mut covered = [0; 2];
        for trial in 0..500 {
            let mut stats = KlStats::default();
            for response in 0..64 {
                let mut draws = Key::new(8, Stream::Sampling, trial).draws(response);
                let (mut own, mut reference) = ([0.0; 12], [0.0; 12]);
                let tokens = 1 + draws.below(12);
                for t in 0..tokens {
                    let (u, mut sum) = (draws.uniform(), 0.0);
                    let token = p.iter().position(|l| {
                        sum += l.exp();
                        u < sum
                    });
                    let token = token.unwrap_or(3);
                    (own[t], reference[t]) = (p[token], q[token]);
                }
                stats.record(&own[..tokens], &reference[..tokens]).unwrap();
                stats.see_exact(exact * tokens as f64, tokens);
            }
            let holds = |mean: &ClusterMean| {
                let (low, high) = mean.per_element().unwrap().interval(1.96);
                usize::from(low < exact && exact < high)
            };
            covered[0] += holds(&stats.k1);
            covered[1] += holds(&stats.k3);
            let rows = stats.exact.per_element().unwrap();
            assert!((rows.value - exact).abs() < 1e-12 && rows.error < 1e-6);
        }
        assert!(covered.iter().all(|n| (455..=492).contains(n)), "{covered:?} of 500");
    }

    #[test]
    fn parts_merge_and_bad_input_is_refused() {
        let (mut whole, mut a, mut b) = (KlStats::default(), KlStats::default(), KlStats::default());
        for (stats, d) in [(&mut a, 0.5), (&mut b, -0.25)] {
            stats.record(&[-1.0, -2.0], &[-1.0 - d, -2.0]).unwrap();
            whole.record(&[-1.0, -2.0], &[-1.0 - d, -2.0]).unwrap();
        }
        a.merge(&b);
        assert_eq!(a, whole);
        assert_eq!(a.k1.per_cluster().unwrap().value, 0.125);
        assert_eq!(a.k1.per_element().unwrap().value, 0.0625);
        assert!(a.record(&[1.0], &[1.0, 2.0]).is_err());
        let impossible = a.record(&[-1.0], &[f64::NEG_INFINITY]);
        assert_eq!((impossible, a), (Err(Error::NotFinite { name: "reference", index: 0 }), whole));
    }
}
