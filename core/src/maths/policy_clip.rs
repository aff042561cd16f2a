//! The clip of PPO's policy loss (Schulman et al., arXiv:1707.06347).

use crate::ranges::{positive, within};
use crate::{Error, Real};

/// How far the policy may move before its gradient stops.
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
    /// The same distance both ways.
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
        let (bounds, drift) = (Bounds::of(self), log_prob - old);
        bounds.loss::<true>(drift, bounds.exponent::<true>(drift).exp(), advantage)
    }
}

/// One token's policy loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyToken<R> {
    /// The loss, not yet divided by anything.
    pub loss: R,
    /// ∂loss/∂log_prob.
    pub slope: R,
    /// ρ.
    pub ratio: R,
    /// Whether the clip holds the loss.
    pub clipped: bool,
    /// Whether the dual clip does.
    pub bounded: bool,
}

/// A clip in the numbers of a loop; a limit that is not asked for is infinite.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<R> {
    low: R,
    high: R,
    log_ratio: R,
    dual: R,
}

impl<R: Real> Bounds<R> {
    pub(crate) fn of(clip: &PolicyClip) -> Self {
        let or_none = |setting: Option<f64>| setting.map_or(R::INFINITY, R::of);
        Self {
            low: R::of(1.0 - clip.low),
            high: R::of(1.0 + clip.high),
            log_ratio: or_none(clip.log_ratio),
            dual: or_none(clip.dual),
        }
    }

    /// Whether the log-ratio or, by the dual clip, the loss is limited.
    pub(crate) fn are_limits(&self) -> bool {
        self.log_ratio < R::INFINITY || self.dual < R::INFINITY
    }

    /// ln ρ, where the log-ratio is `drift`. Without `LIMITS`, here and below, infinite ones cost nothing.
    #[inline(always)]
    pub(crate) fn exponent<const LIMITS: bool>(&self, drift: R) -> R {
        if LIMITS { drift.clamp(-self.log_ratio, self.log_ratio) } else { drift }
    }

    /// The loss where the log-ratio is `drift` and the ratio `ratio`.
    #[inline(always)]
    pub(crate) fn loss<const LIMITS: bool>(&self, drift: R, ratio: R, advantage: R) -> PolicyToken<R> {
        let free = -advantage * ratio;
        let held = -advantage * ratio.clamp(self.low, self.high);
        let clipped = held > free;
        let loss = if clipped { held } else { free };
        // Where both are equal ρ lies inside the clip, or A is 0: the free slope is right.
        let slope = if clipped { R::ZERO } else { free };
        if !LIMITS {
            return PolicyToken { loss, slope, ratio, clipped, bounded: false };
        }
        // Of a positive advantage the loss is negative, and no bound holds it.
        let bound = self.dual * advantage.abs();
        let bounded = loss > bound;
        PolicyToken {
            loss: if bounded { bound } else { loss },
            slope: if bounded | (drift.abs() > self.log_ratio) { R::ZERO } else { slope },
            ratio,
            clipped,
            bounded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;

    const CLIP: PolicyClip = PolicyClip { low: 0.2, high: 0.28, log_ratio: None, dual: None };

    #[test]
    fn the_dual_clip_bounds_the_loss_of_negative_advantages_alone() {
        let dual = PolicyClip { dual: Some(1.5), ..CLIP };
        for advantage in [-2.0, -0.5, 0.0, 0.5, 2.0] {
            for drift in [-1.0f64, 0.0, 0.3, 0.5, 3.0] {
                let (r, got) = (drift.exp(), dual.token(drift, 0.0, advantage));
                let plain = CLIP.token(drift, 0.0, advantage);
                if advantage < 0.0 && r > 1.5 {
                    assert_eq!((got.loss, got.slope, got.bounded), (1.5 * -advantage, 0.0, true));
                } else {
                    assert_eq!(got, plain);
                }
                // TRL's form, of which it is the same number: ρ itself is held at δ.
                let two_sided = -(r.min(1.5) * advantage).min(r.clamp(0.8, 1.28) * advantage);
                close(got.loss, two_sided, 1e-15);
            }
        }
        // A ratio that overflows is held, too.
        let far = dual.token(0.0f32, -1000.0, -1.0);
        assert_eq!((far.loss, far.slope), (1.5, 0.0));
        let name = "clip dual";
        let below = PolicyClip { dual: Some(1.2), ..CLIP }.validate();
        assert_eq!(below, Err(Error::Range { name, value: 1.2, low: 1.28, high: f64::MAX }));
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for clip in [CLIP, PolicyClip { log_ratio: Some(20.0), dual: Some(3.0), ..CLIP }] {
            for [new, old, advantage] in [[f32::NAN, 0.0, 1.0], [0.0, f32::NAN, 1.0], [0.0, 0.0, f32::NAN]] {
                assert!(clip.token(new, old, advantage).loss.is_nan());
            }
        }
    }
}
