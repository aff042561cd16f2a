//! KTO: labels on single responses.

use crate::error::check;
use crate::loss::sigmoid::sigmoid;
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

#[cfg(feature = "alloc")]
mod objective;
#[cfg(feature = "alloc")]
pub use objective::LabeledResponses;

/// The loss of a labeled response, by its baseline.
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
    /// The loss.
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

    /// Adds the sums of another part of the batch.
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
mod tests;
