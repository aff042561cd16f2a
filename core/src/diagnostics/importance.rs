use super::Diagnose;
use crate::Error;

/// The effective sample size of importance weights (Kong, "A note on importance sampling using
/// standardized weights", 1992): `(Σw)² / Σw²`. Sums are kept relative to the greatest weight, so that no
/// weight overflows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance {
    samples: usize,
    /// The greatest log-weight.
    top: f64,
    sum: f64,
    squares: f64,
}

impl Default for Importance {
    fn default() -> Self {
        Self { samples: 0, top: f64::NEG_INFINITY, sum: 0.0, squares: 0.0 }
    }
}

impl Importance {
    /// Takes in a sample by the log of its weight, in nats; −∞ is a weight of 0.
    ///
    /// # Errors
    /// [`Error::NotFinite`], with how many were seen before, for NaN or +∞.
    pub fn record(&mut self, log_weight: f64) -> Result<(), Error> {
        if log_weight.is_nan() || log_weight == f64::INFINITY {
            return Err(Error::NotFinite { name: "log_weight", index: self.samples });
        }
        let some = if log_weight == f64::NEG_INFINITY { 0.0 } else { 1.0 };
        self.merge(&Self { samples: 1, top: log_weight, sum: some, squares: some });
        Ok(())
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        let top = self.top.max(other.top);
        let scale = |part: &Self| if part.sum > 0.0 { libm::exp(part.top - top) } else { 0.0 };
        let (a, b) = (scale(self), scale(other));
        self.samples += other.samples;
        self.sum = self.sum * a + other.sum * b;
        self.squares = self.squares * a * a + other.squares * b * b;
        self.top = top;
    }

    /// Samples seen.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Returns the effective sample size; `None` without any weight.
    pub fn effective(&self) -> Option<f64> {
        (self.sum > 0.0).then(|| self.sum * self.sum / self.squares)
    }

    /// The greatest weight's share of all weight.
    pub fn greatest_share(&self) -> Option<f64> {
        (self.sum > 0.0).then(|| 1.0 / self.sum)
    }
}

impl Diagnose for Importance {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if let (Some(effective), Some(greatest)) = (self.effective(), self.greatest_share()) {
            visit("effective_samples", effective);
            visit("effective_share", effective / self.samples as f64);
            visit("weight_max", greatest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::close;
    use proptest::prelude::*;

    fn of(log_weights: &[f64]) -> Importance {
        let mut all = Importance::default();
        log_weights.iter().for_each(|&w| all.record(w).unwrap());
        all
    }

    proptest! {
        #[test]
        fn equals_the_definition_and_its_parts_merge(
            x in prop::collection::vec(-4.0..4.0, 1..20), at in 0usize..20, shift in -900.0..900.0,
        ) {
            let (sum, squares): (f64, f64) =
                (x.iter().map(|w: &f64| w.exp()).sum(), x.iter().map(|w| (2.0 * w).exp()).sum());
            let all = of(&x);
            close(all.effective().unwrap(), sum * sum / squares, 1e-12);
            let greatest = x.iter().fold(0.0, |a: f64, w| a.max(w.exp()));
            close(all.greatest_share().unwrap(), greatest / sum, 1e-12);
            let at = at.min(x.len());
            let mut parts = of(&x[..at]);
            parts.merge(&of(&x[at..]));
            close(parts.effective().unwrap(), all.effective().unwrap(), 1e-12);
            // A common factor means nothing, however large.
            let shifted: std::vec::Vec<f64> = x.iter().map(|w| w + shift).collect();
            close(of(&shifted).effective().unwrap(), all.effective().unwrap(), 1e-9);
        }
    }

    #[test]
    fn equal_weights_are_worth_all_and_one_is_worth_one() {
        assert_eq!(of(&[-3.0; 7]).effective(), Some(7.0));
        assert_eq!(of(&[0.0, f64::NEG_INFINITY, -2000.0]).effective(), Some(1.0));
        assert_eq!(of(&[f64::NEG_INFINITY]).effective(), None);
        assert_eq!(of(&[]).greatest_share(), None);
        let nan = of(&[0.0]).record(f64::NAN);
        assert_eq!(nan, Err(Error::NotFinite { name: "log_weight", index: 1 }));
    }
}
