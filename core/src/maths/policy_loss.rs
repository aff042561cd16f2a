//! PPO's clipped policy loss (Schulman et al., arXiv:1707.06347).

use super::blocks::{BLOCK, Lanes, blocks, fold, lanes, masked_in};
use super::policy_clip::Bounds;
use super::{PolicyClip, PolicyStats};
use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

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
    let mut sums = PolicySums::new(clip, denominator);
    blocks(
        [log_probs, old, advantages],
        mask,
        grad,
        #[inline(always)]
        |columns, mask, grad| sums.block(columns, mask, grad),
    );
    let (loss, stats) = sums.total();
    if !loss.is_finite() {
        let inputs = log_probs.iter().zip(old).zip(advantages).zip(mask);
        let bad = |(((new, old), advantage), mask): (((&R, &R), &R), &bool)| {
            *mask && !clip.token(*new, *old, *advantage).loss.is_finite()
        };
        if let Some(index) = inputs.into_iter().position(bad) {
            return Err(Error::NotFinite { name: "policy loss", index });
        }
    }
    Ok((loss, stats))
}

/// The loop of [`policy_loss`], block by block.
pub(crate) struct PolicySums<R> {
    bounds: Bounds<R>,
    denominator: f64,
    tokens: usize,
    clipped: usize,
    bounded: usize,
    loss: Lanes<f64>,
    ratio: Lanes<f64>,
    drift: Lanes<f64>,
    squared_drift: Lanes<f64>,
    ratio_min: Lanes<R>,
    ratio_max: Lanes<R>,
    /// The numbers of the block at hand, kept here since clearing them each time would cost.
    drifts: [R; BLOCK],
    ratios: [R; BLOCK],
    losses: [R; BLOCK],
    /// The ratios again, masked-out ones infinite.
    bars: [R; BLOCK],
}

impl<R: Real> PolicySums<R> {
    pub(crate) fn new(clip: &PolicyClip, denominator: f64) -> Self {
        Self {
            bounds: Bounds::of(clip),
            denominator,
            tokens: 0,
            clipped: 0,
            bounded: 0,
            loss: lanes(0.0),
            ratio: lanes(0.0),
            drift: lanes(0.0),
            squared_drift: lanes(0.0),
            ratio_min: lanes(R::INFINITY),
            ratio_max: lanes(R::NEG_INFINITY),
            drifts: [R::ZERO; BLOCK],
            ratios: [R::ZERO; BLOCK],
            losses: [R::ZERO; BLOCK],
            bars: [R::ZERO; BLOCK],
        }
    }

    /// Adds a block: log-probabilities, those before, advantages.
    #[inline(always)]
    pub(crate) fn block(&mut self, columns: [&[R; BLOCK]; 3], mask: &[bool; BLOCK], grad: &mut [R; BLOCK]) {
        if self.bounds.are_limits() {
            self.block_of::<true>(columns, mask, grad);
        } else {
            self.block_of::<false>(columns, mask, grad);
        }
    }

    /// A masked-out token has no drift and no advantage.
    #[inline(always)]
    fn block_of<const LIMITS: bool>(
        &mut self,
        [log_probs, old, advantages]: [&[R; BLOCK]; 3],
        mask: &[bool; BLOCK],
        grad: &mut [R; BLOCK],
    ) {
        let bounds = self.bounds;
        let (drifts, ratios, losses, bars) =
            (&mut self.drifts, &mut self.ratios, &mut self.losses, &mut self.bars);
        let weight = R::of(1.0 / self.denominator);
        let (mut clipped, mut bounded) = (0u32, 0u32);
        for i in 0..BLOCK {
            drifts[i] = (log_probs[i] - old[i]).only_if(mask[i]);
            // Until the losses are known their memory holds the exponents.
            losses[i] = bounds.exponent::<LIMITS>(drifts[i]);
        }
        R::exp_all(losses, ratios);
        for i in 0..BLOCK {
            let token = bounds.loss::<LIMITS>(drifts[i], ratios[i], advantages[i].only_if(mask[i]));
            losses[i] = token.loss;
            grad[i] = token.slope * weight;
            bars[i] = ratios[i] + R::INFINITY.only_if(!mask[i]);
            ratios[i] = ratios[i].only_if(mask[i]);
            clipped += u32::from(token.clipped);
            bounded += u32::from(token.bounded);
        }
        self.tokens += masked_in(mask);
        self.clipped += clipped as usize;
        self.bounded += bounded as usize;
        fold(&mut self.ratio_min, bars, |least, x| if x < least { x } else { least });
        fold(&mut self.ratio_max, ratios, |most, x| if x > most { x } else { most });
        fold(&mut self.ratio, ratios, |sum, x| sum + x.f64());
        fold(&mut self.loss, losses, |sum, x| sum + x.f64());
        fold(&mut self.drift, drifts, |sum, x| sum + x.f64());
        fold(&mut self.squared_drift, drifts, |sum, x| sum + x.f64() * x.f64());
    }

    /// The loss, divided, and what was seen.
    pub(crate) fn total(&self) -> (f64, PolicyStats) {
        let sum = |lanes: &Lanes<f64>| lanes.iter().sum::<f64>();
        // Masked-out ratios are 0 among the largest, which no ratio is below.
        let greatest = self.ratio_max.iter().fold(0.0f64, |most, r| most.max(r.f64()));
        let stats = PolicyStats {
            tokens: self.tokens,
            clipped: self.clipped,
            bounded: self.bounded,
            ratio: sum(&self.ratio),
            ratio_min: self.ratio_min.iter().fold(f64::INFINITY, |least, r| least.min(r.f64())),
            ratio_max: if self.tokens == 0 { f64::NEG_INFINITY } else { greatest },
            drift: -sum(&self.drift),
            half_squared_drift: 0.5 * sum(&self.squared_drift),
            entropy: 0.0,
        };
        (sum(&self.loss) / self.denominator, stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, columns, many, slope, tokens};
    use proptest::prelude::*;
    use std::vec;

    const CLIP: PolicyClip = PolicyClip { low: 0.2, high: 0.28, log_ratio: None, dual: None };

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

    /// Blocks and lanes are seen in no number: each gradient is its token's, each sum theirs.
    #[test]
    fn many_tokens_are_each_as_alone() {
        for n in [0, 1, 63, 64, 65, 200] {
            let ([new, old, advantages], mask) = many(n);
            let clip = PolicyClip { dual: Some(2.0), log_ratio: Some(1.5), ..CLIP };
            let mut grad = vec![f32::NAN; n];
            let (loss, stats) = policy_loss(&new, &old, &advantages, &mask, &clip, 8.0, &mut grad).unwrap();
            let (mut sum, mut seen) = (0.0, PolicyStats::default());
            for i in 0..n {
                let token = clip.token(new[i], old[i], advantages[i]);
                assert_eq!(grad[i], if mask[i] { token.slope / 8.0 } else { 0.0 });
                if mask[i] {
                    sum += f64::from(token.loss);
                    seen.see(new[i], old[i], &token);
                }
            }
            close(loss, sum / 8.0, 1e-14);
            let exact = |s: &PolicyStats| (s.tokens, s.clipped, s.bounded, s.ratio_min, s.ratio_max);
            assert_eq!(exact(&stats), exact(&seen));
            for (got, want) in [
                (stats.ratio, seen.ratio),
                (stats.drift, seen.drift),
                (stats.half_squared_drift, seen.half_squared_drift),
            ] {
                close(got, want, 1e-13);
            }
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
}
