//! KTO: labels on single responses.

use super::{LabelStats, sigmoid};
use crate::error::check;
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

/// What a response is measured against.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum KtoLoss {
    /// The batch's KL baseline (Ethayarajh et al., arXiv:2402.01306, eq. 7).
    #[default]
    Kto,
    /// Nothing: APO-zero without pairs (arXiv:2408.06266).
    ApoZeroUnpaired,
}

/// KTO's settings.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Kto {
    /// Which loss.
    pub loss: KtoLoss,
    /// β: implicit reward per nat of log-ratio.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta: f64,
    /// The weight of a desirable response. The paper wants (weight times count) of one label at 1 to 4/3
    /// of the other's.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub desirable: f64,
    /// The weight of an undesirable response.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub undesirable: f64,
}

impl Default for Kto {
    fn default() -> Self {
        Self { loss: KtoLoss::Kto, beta: 0.1, desirable: 1.0, undesirable: 1.0 }
    }
}

impl Kto {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("beta", self.beta, 0.0, f64::MAX)?;
        within("desirable", self.desirable, 0.0, f64::MAX)?;
        within("undesirable", self.undesirable, 0.0, f64::MAX)
    }
}

/// KTO's baseline z: `max(0, mean(log_probs − reference))` over responses that belong to other prompts
/// of the batch, in nats. The loss takes it for a constant, so that a pass for scalars alone gives it.
///
/// `log_probs`, `reference`: `[responses]`, of whole responses.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] without a response (NaN in TRL); [`Error::NotFinite`].
pub fn kto_baseline<R: Real>(log_probs: &[R], reference: &[R]) -> Result<f64, Error> {
    check("reference", reference.len(), log_probs.len())?;
    finite("log_probs", log_probs)?;
    finite("reference", reference)?;
    if log_probs.is_empty() {
        return Err(Error::TooFew { name: "log_probs", need: 1, got: 0 });
    }
    let sum: f64 = log_probs.iter().zip(reference).map(|(l, r)| l.f64() - r.f64()).sum();
    Ok((sum / log_probs.len() as f64).max(0.0))
}

/// `L = Σ w·σ(∓β·(x − z)) / n`: for a desirable response w is its weight and the sign is minus, for an
/// undesirable one plus; z is 0 for [`KtoLoss::ApoZeroUnpaired`].
///
/// `log_ratios` (x, of whole responses, in nats), `desirable`, `grad`: `[responses]`; `baseline` (z) is
/// [`kto_baseline`]'s. `n` (`denominator`) counts the responses of the whole optimizer batch. `grad` is
/// overwritten.
///
/// # Errors
/// [`Kto::validate`]'s; [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive or a
/// baseline below 0; [`Error::NotFinite`].
pub fn kto<R: Real>(
    settings: &Kto,
    log_ratios: &[R],
    desirable: &[bool],
    baseline: f64,
    denominator: f64,
    grad: &mut [R],
) -> Result<LabelStats, Error> {
    settings.validate()?;
    check("desirable", desirable.len(), log_ratios.len())?;
    check("grad", grad.len(), log_ratios.len())?;
    positive("denominator", denominator)?;
    within("baseline", baseline, 0.0, f64::MAX)?;
    finite("log_ratios", log_ratios)?;
    let z = if settings.loss == KtoLoss::Kto { baseline } else { 0.0 };
    let mut stats = LabelStats::default();
    for ((x, &good), grad) in log_ratios.iter().zip(desirable).zip(grad) {
        let x = x.f64();
        let (weight, sign, count, rewards) = if good {
            (settings.desirable, -1.0, &mut stats.desirable, &mut stats.desirable_rewards)
        } else {
            (settings.undesirable, 1.0, &mut stats.undesirable, &mut stats.undesirable_rewards)
        };
        *count += 1;
        *rewards += settings.beta * x;
        let (loss, slope) = sigmoid(sign * settings.beta * (x - z));
        stats.loss += weight * loss;
        *grad = R::of(weight * sign * settings.beta * slope / denominator);
    }
    stats.loss /= denominator;
    Ok(stats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn run(s: &Kto, x: &[f64], good: &[bool], z: f64) -> (LabelStats, Vec<f64>) {
        let mut grad = vec![f64::NAN; x.len()];
        (kto(s, x, good, z, 7.0, &mut grad).unwrap(), grad)
    }

    proptest! {
        #[test]
        fn equals_the_definition_and_its_slope_and_splits(
            r in prop::collection::vec((-30.0..30.0, any::<bool>()), 1..9), z in 0.0..4.0, at in 0usize..9,
        ) {
            let (x, good): (Vec<f64>, Vec<bool>) = r.iter().copied().unzip();
            for loss in [KtoLoss::Kto, KtoLoss::ApoZeroUnpaired] {
                let s = Kto { loss, beta: 0.2, desirable: 1.33, undesirable: 0.7 };
                let z0 = if loss == KtoLoss::Kto { z } else { 0.0 };
                let v = |x: f64| 1.0 / (1.0 + (-x).exp());
                let naive: f64 = r.iter()
                    .map(|&(x, good)| if good { 1.33 * (1.0 - v(0.2 * (x - z0))) } else { 0.7 * (1.0 - v(0.2 * (z0 - x))) })
                    .sum::<f64>() / 7.0;
                let (stats, grad) = run(&s, &x, &good, z);
                close(stats.loss, naive, 1e-13);
                slope(&x, &grad, |x| run(&s, x, &good, z).0.loss);
                let at = at.min(x.len());
                let (mut a, mut left) = run(&s, &x[..at], &good[..at], z);
                let (b, right) = run(&s, &x[at..], &good[at..], z);
                a.merge(&b);
                left.extend(right);
                prop_assert_eq!(left, grad);
                close(a.loss, stats.loss, 1e-13);
            }
        }
    }

    #[test]
    fn a_weight_of_0_silences_a_label_and_far_ratios_stay_finite() {
        let s = Kto { desirable: 0.0, ..Kto::default() };
        let (stats, grad) = run(&s, &[3.0, -2.0], &[true, false], 0.0);
        assert_eq!((grad[0], stats.desirable, stats.desirable_rewards), (0.0, 1, 3.0 * 0.1));
        assert!(grad[1] > 0.0);
        let (stats, grad) = run(&Kto::default(), &[1e4, -1e4, 1e4, -1e4], &[true, true, false, false], 0.0);
        assert_eq!((stats.loss, grad), (2.0 / 7.0, vec![-0.0, -0.0, 0.0, 0.0]));
    }

    #[test]
    fn the_baseline_is_a_mean_that_is_not_negative() {
        assert_eq!(kto_baseline(&[-1.0, -2.0], &[-2.0, -4.0]), Ok(1.5));
        assert_eq!(kto_baseline(&[-3.0f32], &[-2.0]), Ok(0.0));
        assert_eq!(kto_baseline::<f32>(&[], &[]), Err(Error::TooFew { name: "log_probs", need: 1, got: 0 }));
        assert!(kto(&Kto::default(), &[0.0], &[true], -1.0, 1.0, &mut [0.0]).is_err());
        assert!(kto(&Kto { beta: -1.0, ..Kto::default() }, &[0.0], &[true], 0.0, 1.0, &mut [0.0]).is_err());
    }
}
