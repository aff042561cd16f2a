//! PPO's clipped policy loss (Schulman et al., arXiv:1707.06347).

use super::{PolicyStats, PolicyToken, entropy_bonus};
use crate::error::{at, check};
use crate::ranges::{finite, positive, within};
use crate::{Coupling, Error, Needs, Objective, Real};

/// Limits of the ratio, beyond which the gradient is 0.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct PolicyClip {
    /// The ratio is clipped below at `1 − low`, 0 to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub low: f64,
    /// The ratio is clipped above at `1 + high`, 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub high: f64,
    /// The log-ratio is limited to ± this, in nats, before its exponential (OpenRLHF: 20).
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub log_ratio: Option<f64>,
    /// c of the dual clip (Ye et al., arXiv:1912.09729): where the advantage is negative the loss is
    /// at most `c·|A|`. TRL's two-sided clip, ρ ≤ δ, is the same with `c = δ`.
    #[cfg_attr(feature = "alloc", serde(default))]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub dual: Option<f64>,
}

impl PolicyClip {
    /// A clip of the same distance below and above.
    pub const fn symmetric(distance: f64) -> Self {
        Self { low: distance, high: distance, log_ratio: None, dual: None }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("clip low", self.low, 0.0, 1.0)?;
        within("clip high", self.high, 0.0, f64::MAX)?;
        self.log_ratio.map_or(Ok(()), |limit| positive("clip log_ratio", limit))?;
        self.dual.map_or(Ok(()), |c| within("clip dual", c, 1.0 + self.high, f64::MAX))
    }

    /// The loss of one token, `max(−A·ρ, −A·clip(ρ, 1−low, 1+high))` with
    /// `ρ = exp(log_prob − old)` (eq. 7), held down by the dual clip, and its slope with respect to
    /// `log_prob`. NaN, where a number is NaN.
    #[inline]
    pub fn token<R: Real>(&self, log_prob: R, old: R, advantage: R) -> PolicyToken<R> {
        let log_ratio = log_prob - old;
        let limit = self.log_ratio.map_or(R::INFINITY, R::of);
        let ratio = log_ratio.clamp(-limit, limit).exp();
        let free = -advantage * ratio;
        let held = -advantage * ratio.clamp(R::of(1.0 - self.low), R::of(1.0 + self.high));
        let clipped = held > free;
        let loss = if clipped { held } else { free };
        // Where both are equal ρ lies inside the clip, or A is 0: the free slope is right.
        let slope = if clipped || log_ratio.abs() > limit { R::ZERO } else { free };
        // Of a positive advantage the loss is negative, and no bound holds it.
        match self.dual.map(|c| R::of(c) * advantage.abs()) {
            Some(bound) if loss > bound => {
                PolicyToken { loss: bound, slope: R::ZERO, ratio, clipped, bounded: true }
            }
            _ => PolicyToken { loss, slope, ratio, clipped, bounded: false },
        }
    }
}

/// The clipped policy loss: `L = Σ_{mask} token loss / n`, see [`PolicyClip::token`].
///
/// `log_probs`, `old` (nats), `advantages`, `mask`, `grad`: `[tokens]`. `n` (`denominator`) counts
/// the masked-in tokens of the whole optimizer batch. `grad`, `∂L/∂log_probs`, is overwritten,
/// masked-out positions with 0.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`]; [`Error::NotFinite`] for a masked-in token whose loss is not
/// finite.
pub fn policy_loss<R: Real>(
    log_probs: &[R],
    old: &[R],
    advantages: &[R],
    mask: &[bool],
    clip: &PolicyClip,
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, PolicyStats), Error> {
    let n = log_probs.len();
    check("old", old.len(), n)?;
    check("advantages", advantages.len(), n)?;
    check("mask", mask.len(), n)?;
    check("grad", grad.len(), n)?;
    clip.validate()?;
    positive("denominator", denominator)?;
    let mut sum = PolicySum::new(clip, denominator);
    for t in 0..n {
        grad[t] = if mask[t] { sum.add(t, log_probs[t], old[t], advantages[t])? } else { R::ZERO };
    }
    Ok((sum.loss / denominator, sum.stats))
}

/// The sum of [`policy_loss`], token by token.
struct PolicySum<'a> {
    clip: &'a PolicyClip,
    denominator: f64,
    loss: f64,
    stats: PolicyStats,
}

impl<'a> PolicySum<'a> {
    fn new(clip: &'a PolicyClip, denominator: f64) -> Self {
        Self { clip, denominator, loss: 0.0, stats: PolicyStats::default() }
    }

    /// Adds the token at `index` and returns its gradient.
    fn add<R: Real>(&mut self, index: usize, log_prob: R, old: R, advantage: R) -> Result<R, Error> {
        let token = self.clip.token(log_prob, old, advantage);
        if !token.loss.is_finite() {
            return Err(Error::NotFinite { name: "policy loss", index });
        }
        self.loss += token.loss.f64();
        self.stats.record(log_prob, old, &token);
        Ok(token.slope * R::of(1.0 / self.denominator))
    }
}

/// PPO's clipped policy loss with an entropy bonus: [`policy_loss`] and
/// [`entropy_bonus`], over the loss tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PpoPolicy<'a> {
    old: &'a [f32],
    advantages: &'a [f32],
    clip: PolicyClip,
    entropy: f64,
    ratio_threshold: Option<f64>,
    denominator: f64,
    /// Sums over the loss tokens so far.
    pub stats: PolicyStats,
    /// True once a mean ratio above the threshold has silenced the update.
    pub silenced: bool,
}

impl<'a> PpoPolicy<'a> {
    /// `old`, the log-probabilities when the tokens were drawn, in nats, and `advantages` are laid
    /// out as the batch's tokens; only loss tokens are read. `entropy` is the bonus's
    /// coefficient. `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`]; [`Error::NotFinite`] for the coefficient.
    pub fn new(
        old: &'a [f32],
        advantages: &'a [f32],
        clip: PolicyClip,
        entropy: f64,
        denominator: f64,
    ) -> Result<Self, Error> {
        check("advantages", advantages.len(), old.len())?;
        clip.validate()?;
        positive("denominator", denominator)?;
        finite("entropy coefficient", &[entropy])?;
        let stats = PolicyStats::default();
        Ok(Self {
            old,
            advantages,
            clip,
            entropy,
            ratio_threshold: None,
            denominator,
            stats,
            silenced: false,
        })
    }

    /// Silences the update, loss and gradient 0, where the mean ratio is above `threshold` (TRL
    /// 0.11: 10). The whole minibatch must then be shown at once.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn with_ratio_threshold(mut self, threshold: f64) -> Result<Self, Error> {
        positive("ratio_threshold", threshold)?;
        self.ratio_threshold = Some(threshold);
        Ok(self)
    }
}

impl Objective for PpoPolicy<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: self.entropy != 0.0, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        if self.ratio_threshold.is_some() { Coupling::Batch } else { Coupling::Token }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`], with the position in the batch, for a token whose loss
    /// is not finite.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("log_probs", log_probs.len(), positions.len())?;
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        let mut sum = PolicySum::new(&self.clip, self.denominator);
        for (i, &position) in positions.iter().enumerate() {
            let (old, advantage) =
                (at("old", self.old, position)?, at("advantages", self.advantages, position)?);
            grad_log_probs[i] = sum.add(position, log_probs[i], old, advantage)?;
        }
        let (mut loss, mut stats) = (sum.loss / self.denominator, sum.stats);
        grad_entropy.fill(0.0);
        if self.entropy != 0.0 {
            check("entropy", entropy.len(), positions.len())?;
            let (bonus, total) = entropy_bonus(entropy, self.entropy, self.denominator, grad_entropy)?;
            loss += bonus;
            stats.entropy = total;
        }
        if self.ratio_threshold.is_some_and(|threshold| stats.exceeds(threshold)) {
            self.silenced = true;
            loss = 0.0;
            grad_log_probs.fill(0.0);
            grad_entropy.fill(0.0);
        }
        self.stats.merge(&stats);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
