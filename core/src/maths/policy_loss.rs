//! PPO's clipped policy loss (Schulman et al., arXiv:1707.06347).

use crate::error::{check, positive, within};
use crate::{Error, Real};

/// How far the policy may move before its gradient stops.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct PolicyClip {
    /// The ratio is clipped below at `1 − low`.
    pub low: f64,
    /// The ratio is clipped above at `1 + high`.
    pub high: f64,
    /// The log-ratio is limited to ± this, in nats, before its exponential (OpenRLHF: 20).
    pub log_ratio: Option<f64>,
    /// c of the dual clip (Ye et al., arXiv:1912.09729): where the advantage is negative the
    /// loss is at most `c·|A|`. TRL's two-sided clip, ρ ≤ δ, is the same with `c = δ`.
    #[cfg_attr(feature = "alloc", serde(default))]
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
    /// `log_prob`.
    pub fn token<R: Real>(&self, log_prob: R, old: R, advantage: R) -> PolicyToken<R> {
        let drift = log_prob - old;
        let limited = self.log_ratio.map_or(drift, |l| drift.clamp(R::of(-l), R::of(l)));
        let ratio = limited.exp();
        let (low, high) = (R::of(1.0 - self.low), R::of(1.0 + self.high));
        let free = -advantage * ratio;
        let held = -advantage * ratio.clamp(low, high);
        // Of a positive advantage the loss is negative, and no bound holds it.
        let bound = self.dual.map_or(R::INFINITY, |c| R::of(c) * advantage.abs());
        let loss = free.max(held);
        let bounded = loss > bound;
        // Where both are equal ρ lies inside the clip, or A is 0: the free slope is right.
        let moves = free >= held && limited == drift && !bounded;
        PolicyToken {
            loss: if bounded { bound } else { loss },
            slope: if moves { free } else { R::ZERO },
            ratio,
            clipped: held > free,
            bounded,
        }
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

/// What is worth knowing about a policy update. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Those whose loss the clip holds.
    pub clipped: usize,
    /// Those whose loss the dual clip holds.
    pub bounded: usize,
    /// Σ ρ.
    pub ratio: f64,
    /// The smallest ρ; +∞ before the first token.
    pub ratio_min: f64,
    /// The largest ρ; −∞ before the first token.
    pub ratio_max: f64,
    /// Σ (old − new) log-probability, in nats.
    pub drift: f64,
    /// Σ ½(new − old)², in nats².
    pub half_squared_drift: f64,
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
            drift: 0.0,
            half_squared_drift: 0.0,
            entropy: 0.0,
        }
    }
}

impl PolicyStats {
    pub(crate) fn see<R: Real>(&mut self, log_prob: R, old: R, token: &PolicyToken<R>) {
        let (drift, ratio) = ((log_prob - old).f64(), token.ratio.f64());
        self.tokens += 1;
        self.clipped += usize::from(token.clipped);
        self.bounded += usize::from(token.bounded);
        self.ratio += ratio;
        self.ratio_min = self.ratio_min.min(ratio);
        self.ratio_max = self.ratio_max.max(ratio);
        self.drift -= drift;
        self.half_squared_drift += 0.5 * drift * drift;
    }

    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.clipped += other.clipped;
        self.bounded += other.bounded;
        self.ratio += other.ratio;
        self.ratio_min = self.ratio_min.min(other.ratio_min);
        self.ratio_max = self.ratio_max.max(other.ratio_max);
        self.drift += other.drift;
        self.half_squared_drift += other.half_squared_drift;
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
        self.per_token(self.drift)
    }

    /// The k2 estimate of the same, in nats² per token.
    pub fn approx_kl(&self) -> f64 {
        self.per_token(self.half_squared_drift)
    }

    /// As TRL v2 and summarize_from_feedback_details report it: divided by all positions of the
    /// padded minibatch, and so biased low.
    pub fn approx_kl_over(&self, positions: usize) -> f64 {
        self.half_squared_drift / positions.max(1) as f64
    }

    /// Mean entropy, in nats.
    pub fn mean_entropy(&self) -> f64 {
        self.per_token(self.entropy)
    }

    /// Whether the mean ratio is above `threshold`: TRL 0.11 then skips the minibatch, setting both
    /// losses and all gradients to 0.
    pub fn exceeds(&self, threshold: f64) -> bool {
        self.mean_ratio() > threshold
    }
}

/// The clipped policy loss: `L = Σ_{mask} token loss / n`, see [`PolicyClip::token`].
///
/// `log_probs`, `old` (nats), `advantages`, `mask`, `grad`: `[tokens]`. `n` (`denominator`) counts
/// the masked-in tokens of the whole optimiser batch. `grad`, `∂L/∂log_probs`, is overwritten,
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
    let (mut loss, mut stats) = (0.0, PolicyStats::default());
    for t in 0..n {
        grad[t] = R::ZERO;
        if mask[t] {
            let token = clip.token(log_probs[t], old[t], advantages[t]);
            if !token.loss.is_finite() {
                return Err(Error::NotFinite { name: "policy loss", index: t });
            }
            loss += token.loss.f64();
            grad[t] = R::of(token.slope.f64() / denominator);
            stats.see(log_probs[t], old[t], &token);
        }
    }
    Ok((loss / denominator, stats))
}

/// The entropy bonus: `L = −c·Σ_{mask} H / n`, `∂L/∂H = −c/n`. Slices `[tokens]`, H in nats; `grad`
/// is overwritten. Returns the loss and Σ H.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive.
pub fn entropy_bonus<R: Real>(
    entropy: &[R],
    mask: &[bool],
    coefficient: f64,
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, f64), Error> {
    check("mask", mask.len(), entropy.len())?;
    check("grad", grad.len(), entropy.len())?;
    positive("denominator", denominator)?;
    let weight = -coefficient / denominator;
    let mut sum = 0.0;
    for (grad, (h, &m)) in grad.iter_mut().zip(entropy.iter().zip(mask)) {
        *grad = if m { R::of(weight) } else { R::ZERO };
        sum += if m { h.f64() } else { 0.0 };
    }
    Ok((weight * sum, sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const CLIP: PolicyClip = PolicyClip { low: 0.2, high: 0.28, log_ratio: None, dual: None };

    type Token = (f64, f64, f64, bool);

    fn tokens() -> impl Strategy<Value = Vec<Token>> {
        prop::collection::vec((-3.0..0.0, -3.0..0.0, -2.0..2.0, prop::bool::weighted(0.7)), 1..16)
    }

    fn columns(x: &[Token]) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<bool>) {
        let column = |f: fn(&Token) -> f64| x.iter().map(f).collect();
        (column(|p| p.0), column(|p| p.1), column(|p| p.2), x.iter().map(|p| p.3).collect())
    }

    proptest! {
        #[test]
        fn policy_loss_equals_the_definition_and_its_slope(x in tokens()) {
            let (new, old, adv, mask) = columns(&x);
            // Finite differences mean nothing on a kink.
            prop_assume!(x.iter().all(|p| {
                let r = (p.0 - p.1).exp();
                (r - 0.8).abs() > 1e-3 && (r - 1.28).abs() > 1e-3
            }));
            let naive: f64 = x.iter().filter(|p| p.3).map(|(a, b, adv, _)| {
                let r = (a - b).exp();
                -(r * adv).min(r.clamp(0.8, 1.28) * adv)
            }).sum::<f64>() / 7.0;
            let loss = |new: &[f64]| {
                policy_loss(new, &old, &adv, &mask, &CLIP, 7.0, &mut vec![0.0; new.len()]).unwrap().0
            };
            close(loss(&new), naive, 1e-13);
            let mut grad = vec![f64::NAN; new.len()];
            let (_, stats) = policy_loss(&new, &old, &adv, &mask, &CLIP, 7.0, &mut grad).unwrap();
            slope(&new, &grad, loss);
            prop_assert_eq!(stats.tokens, mask.iter().filter(|m| **m).count());
        }

        /// Any split gives the same gradient, to the bit, and stats that merge.
        #[test]
        fn a_split_changes_nothing(x in tokens(), at in 0usize..16) {
            let (new, old, adv, mask) = columns(&x);
            let at = at.min(x.len());
            let mut whole = vec![f64::NAN; x.len()];
            let (loss, stats) = policy_loss(&new, &old, &adv, &mask, &CLIP, 9.0, &mut whole).unwrap();
            let mut parts = vec![f64::NAN; x.len()];
            let (g1, g2) = parts.split_at_mut(at);
            let (a, mut s) =
                policy_loss(&new[..at], &old[..at], &adv[..at], &mask[..at], &CLIP, 9.0, g1).unwrap();
            let (b, t) =
                policy_loss(&new[at..], &old[at..], &adv[at..], &mask[at..], &CLIP, 9.0, g2).unwrap();
            s.merge(&t);
            prop_assert_eq!(&whole, &parts);
            close(a + b, loss, 1e-13);
            prop_assert_eq!((s.tokens, s.clipped, s.ratio_min, s.ratio_max),
                (stats.tokens, stats.clipped, stats.ratio_min, stats.ratio_max));
            close(s.approx_kl(), stats.approx_kl(), 1e-13);
        }

        /// Whatever padding holds, NaN too, it moves nothing.
        #[test]
        fn padding_cannot_move_the_loss(x in tokens()) {
            let (mut new, mut old, mut adv, mut mask) = columns(&x);
            let mut grad = vec![f64::NAN; x.len()];
            let alone = policy_loss(&new, &old, &adv, &mask, &CLIP, 3.0, &mut grad).unwrap();
            for v in [&mut new, &mut old, &mut adv] {
                v.push(f64::NAN);
            }
            mask.push(false);
            let mut padded = vec![f64::NAN; x.len() + 1];
            let got = policy_loss(&new, &old, &adv, &mask, &CLIP, 3.0, &mut padded).unwrap();
            prop_assert_eq!(got, alone);
            prop_assert_eq!(&padded[..x.len()], &grad[..]);
            prop_assert_eq!(padded[x.len()], 0.0);
        }
    }

    #[test]
    fn on_policy_the_slope_is_the_policy_gradient() {
        let mut grad = [f32::NAN; 2];
        let (loss, stats) =
            policy_loss(&[-1.0, -2.0], &[-1.0, -2.0], &[0.5, -3.0], &[true; 2], &CLIP, 2.0, &mut grad)
                .unwrap();
        assert_eq!((loss, grad), (1.25, [-0.25, 1.5]));
        assert_eq!((stats.ratio_min, stats.ratio_max, stats.clip_fraction()), (1.0, 1.0, 0.0));
        assert_eq!((stats.policy_kl(), stats.approx_kl()), (0.0, 0.0));
    }

    #[test]
    fn a_limited_log_ratio_neither_overflows_nor_pulls() {
        let limited = PolicyClip { log_ratio: Some(20.0), ..CLIP };
        let token = limited.token(0.0f32, -1000.0, -1.0);
        assert!(token.loss.is_finite() && token.slope == 0.0);
        let free = policy_loss(&[0.0f32], &[-1000.0], &[-1.0], &[true], &CLIP, 1.0, &mut [0.0]);
        assert_eq!(free, Err(Error::NotFinite { name: "policy loss", index: 0 }));
    }

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
    fn the_entropy_bonus_pays_for_entropy() {
        let mut grad = [f64::NAN; 2];
        let (loss, sum) = entropy_bonus(&[2.0, 9.0], &[true, false], 0.1, 4.0, &mut grad).unwrap();
        close(loss, -0.05, 1e-15);
        assert_eq!((sum, grad), (2.0, [-0.025, 0.0]));
    }

    #[test]
    fn a_mean_ratio_above_the_threshold_is_seen() {
        let stats = PolicyStats { tokens: 2, ratio: 21.0, ..PolicyStats::default() };
        assert!(stats.exceeds(10.0) && !stats.exceeds(10.5));
    }
}
