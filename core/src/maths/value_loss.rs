//! PPO's clipped value loss.

use super::blocks::{BLOCK, Lanes, blocks, fold, lanes, masked_in};
use crate::error::check;
use crate::ranges::{positive, within};
use crate::{Error, Real};

/// What is worth knowing about a value update. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueStats {
    /// Steps seen.
    pub steps: usize,
    /// Those whose loss the clip holds.
    pub clipped: usize,
    /// Σ value.
    pub value: f64,
    /// Σ return.
    pub target: f64,
    /// Σ return².
    pub squared_target: f64,
    /// Σ (value − return)².
    pub squared_error: f64,
    /// Σ of what is minimized: half the squared error, or of the two the greater where there is a clip.
    pub loss: f64,
}

impl ValueStats {
    /// A step without a clip.
    pub(super) fn see(&mut self, value: f64, target: f64, squared_error: f64) {
        self.steps += 1;
        self.value += value;
        self.target += target;
        self.squared_target += target * target;
        self.squared_error += squared_error;
        self.loss += 0.5 * squared_error;
    }

    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        self.steps += other.steps;
        self.clipped += other.clipped;
        self.value += other.value;
        self.target += other.target;
        self.squared_target += other.squared_target;
        self.squared_error += other.squared_error;
        self.loss += other.loss;
    }

    fn per_step(&self, sum: f64) -> f64 {
        sum / self.steps.max(1) as f64
    }

    /// The share of steps whose loss the clip holds.
    pub fn clip_fraction(&self) -> f64 {
        self.per_step(self.clipped as f64)
    }

    /// Mean value.
    pub fn mean_value(&self) -> f64 {
        self.per_step(self.value)
    }

    /// The mean of what is minimized, before any coefficient.
    pub fn mean_loss(&self) -> f64 {
        self.per_step(self.loss)
    }

    /// Mean squared error against the returns, without any clip.
    pub fn mean_squared_error(&self) -> f64 {
        self.per_step(self.squared_error)
    }

    /// `1 − MSE / Var(returns)`: 1 is a perfect critic, 0 one that knows the mean. `None` when the
    /// returns do not vary.
    pub fn explained_variance(&self) -> Option<f64> {
        let mean = self.per_step(self.target);
        let variance = self.per_step(self.squared_target) - mean * mean;
        (variance > 0.0).then(|| 1.0 - self.mean_squared_error() / variance)
    }
}

/// The clipped value loss: `L = Σ_{mask} ½·max((v − R)², (clip(v, v_old ± clip) − R)²) / n`
/// (Baselines' PPO2; not in the paper). Without a clip, `½(v − R)²`.
///
/// `values`, `old`, `targets` (the returns R), `mask`, `grad`: `[steps]`, in units of reward. `n`
/// (`denominator`) counts the masked-in steps of the whole optimizer batch. `grad` is overwritten,
/// masked-out positions with 0.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`]; [`Error::NotFinite`] for a masked-in step whose loss is not
/// finite.
pub fn value_loss<R: Real>(
    values: &[R],
    old: &[R],
    targets: &[R],
    mask: &[bool],
    clip: Option<f64>,
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, ValueStats), Error> {
    let n = values.len();
    check("old", old.len(), n)?;
    check("targets", targets.len(), n)?;
    check("mask", mask.len(), n)?;
    check("grad", grad.len(), n)?;
    clip.map_or(Ok(()), |clip| within("value clip", clip, 0.0, f64::MAX))?;
    positive("denominator", denominator)?;
    let mut sums = ValueSums::new(clip, denominator);
    blocks(
        [values, old, targets],
        mask,
        grad,
        #[inline(always)]
        |columns, mask, grad| sums.block(columns, mask, grad),
    );
    let (loss, stats) = sums.total();
    if !loss.is_finite() {
        let steps = values.iter().zip(old).zip(targets).zip(mask);
        let bad = |(((value, old), target), mask): (((&R, &R), &R), &bool)| {
            let (free, held) = sums.errors(*value, *old, *target);
            *mask && !((free * free).is_finite() && (held * held).is_finite())
        };
        if let Some(index) = steps.into_iter().position(bad) {
            return Err(Error::NotFinite { name: "value loss", index });
        }
    }
    Ok((loss, stats))
}

/// The loop of [`value_loss`], block by block.
struct ValueSums<R> {
    clip: R,
    denominator: f64,
    steps: usize,
    clipped: usize,
    loss: Lanes<f64>,
    value: Lanes<f64>,
    target: Lanes<f64>,
    squared_target: Lanes<f64>,
    squared_error: Lanes<f64>,
}

impl<R: Real> ValueSums<R> {
    /// A clip that is not asked for is infinite.
    fn new(clip: Option<f64>, denominator: f64) -> Self {
        Self {
            clip: clip.map_or(R::INFINITY, R::of),
            denominator,
            steps: 0,
            clipped: 0,
            loss: lanes(0.0),
            value: lanes(0.0),
            target: lanes(0.0),
            squared_target: lanes(0.0),
            squared_error: lanes(0.0),
        }
    }

    /// How far the value is from its return, and how far where the clip holds it.
    #[inline(always)]
    fn errors(&self, value: R, old: R, target: R) -> (R, R) {
        (value - target, value.clamp(old - self.clip, old + self.clip) - target)
    }

    /// Adds a block: values, those before, returns. A masked-out step has no error, no value, no return.
    #[inline(always)]
    fn block(
        &mut self,
        [values, old, targets]: [&[R; BLOCK]; 3],
        mask: &[bool; BLOCK],
        grad: &mut [R; BLOCK],
    ) {
        let weight = R::of(1.0 / self.denominator);
        let zero = [R::ZERO; BLOCK];
        let (mut losses, mut squares, mut kept, mut wanted) = (zero, zero, zero, zero);
        let mut clipped = 0u32;
        for i in 0..BLOCK {
            let (error, held) = self.errors(values[i], old[i], targets[i]);
            let (error, held) = (error.only_if(mask[i]), held.only_if(mask[i]));
            let (free, held) = (error * error, held * held);
            let holds = held > free;
            clipped += u32::from(holds);
            losses[i] = if holds { held } else { free };
            squares[i] = free;
            grad[i] = error.only_if(!holds) * weight;
            kept[i] = values[i].only_if(mask[i]);
            wanted[i] = targets[i].only_if(mask[i]);
        }
        self.steps += masked_in(mask);
        self.clipped += clipped as usize;
        fold(&mut self.loss, &losses, |sum, x| sum + 0.5 * x.f64());
        fold(&mut self.value, &kept, |sum, x| sum + x.f64());
        fold(&mut self.target, &wanted, |sum, x| sum + x.f64());
        fold(&mut self.squared_target, &wanted, |sum, x| sum + x.f64() * x.f64());
        fold(&mut self.squared_error, &squares, |sum, x| sum + x.f64());
    }

    /// The loss, divided, and what was seen.
    fn total(&self) -> (f64, ValueStats) {
        let sum = |lanes: &Lanes<f64>| lanes.iter().sum::<f64>();
        let loss = sum(&self.loss);
        let stats = ValueStats {
            steps: self.steps,
            clipped: self.clipped,
            value: sum(&self.value),
            target: sum(&self.target),
            squared_target: sum(&self.squared_target),
            squared_error: sum(&self.squared_error),
            loss,
        };
        (loss / self.denominator, stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{Token, close, columns, many, slope, tokens};
    use proptest::prelude::*;
    use std::vec;

    proptest! {
        #[test]
        fn value_loss_equals_the_definition_and_its_slope(x in tokens()) {
            let (values, old, targets, mask) = columns(&x);
            let kink = |p: &Token| {
                let kept = p.0.clamp(p.1 - 0.2, p.1 + 0.2);
                ((p.0 - p.1).abs() - 0.2).abs() < 1e-3
                    || (kept != p.0 && ((p.0 - p.2).powi(2) - (kept - p.2).powi(2)).abs() < 1e-3)
            };
            prop_assume!(!x.iter().any(kink));
            for clip in [Some(0.2), None] {
                let naive: f64 = x.iter().filter(|p| p.3).map(|(v, o, r, _)| {
                    let kept = clip.map_or(*v, |c| v.clamp(o - c, o + c));
                    0.5 * (v - r).powi(2).max((kept - r).powi(2))
                }).sum::<f64>() / 5.0;
                let loss = |v: &[f64]| {
                    value_loss(v, &old, &targets, &mask, clip, 5.0, &mut vec![0.0; v.len()]).unwrap().0
                };
                close(loss(&values), naive, 1e-13);
                let mut grad = vec![f64::NAN; values.len()];
                let (_, stats) = value_loss(&values, &old, &targets, &mask, clip, 5.0, &mut grad).unwrap();
                close(stats.mean_loss(), 5.0 * naive / stats.steps.max(1) as f64, 1e-13);
                slope(&values, &grad, loss);
            }
        }

        /// Any split gives the same gradient, to the bit; padding, NaN too, moves nothing.
        #[test]
        fn neither_a_split_nor_padding_changes_anything(x in tokens(), at in 0usize..16) {
            let (mut new, mut old, mut adv, mut mask) = columns(&x);
            let at = at.min(x.len());
            let (mut whole, mut parts) = (vec![f64::NAN; x.len()], vec![f64::NAN; x.len()]);
            let (loss, stats) = value_loss(&new, &old, &adv, &mask, Some(0.2), 9.0, &mut whole).unwrap();
            let (g1, g2) = parts.split_at_mut(at);
            let (a, mut s) =
                value_loss(&new[..at], &old[..at], &adv[..at], &mask[..at], Some(0.2), 9.0, g1).unwrap();
            let (b, t) =
                value_loss(&new[at..], &old[at..], &adv[at..], &mask[at..], Some(0.2), 9.0, g2).unwrap();
            prop_assert_eq!(&whole, &parts);
            close(a + b, loss, 1e-13);
            s.merge(&t);
            close(s.mean_squared_error(), stats.mean_squared_error(), 1e-13);
            close(s.mean_loss(), stats.mean_loss(), 1e-13);
            for v in [&mut new, &mut old, &mut adv] {
                v.push(f64::NAN);
            }
            mask.push(false);
            let mut padded = vec![f64::NAN; x.len() + 1];
            let got = value_loss(&new, &old, &adv, &mask, Some(0.2), 9.0, &mut padded).unwrap();
            prop_assert_eq!(got, (loss, stats));
            whole.push(0.0);
            prop_assert_eq!(&padded, &whole);
        }
    }

    /// Blocks and lanes are seen in no number.
    #[test]
    fn many_steps_are_each_as_alone() {
        for n in [0, 1, 63, 64, 65, 200] {
            let ([values, old, targets], mask) = many(n);
            let run = |range: core::ops::Range<usize>, grad: &mut [f32]| {
                let (v, o, t) = (&values[range.clone()], &old[range.clone()], &targets[range.clone()]);
                value_loss(v, o, t, &mask[range], Some(0.3), 8.0, grad).unwrap()
            };
            let (mut grad, mut alone) = (vec![f32::NAN; n], vec![f32::NAN; n]);
            let (loss, stats) = run(0..n, &mut grad);
            let (mut sum, mut seen) = (0.0, ValueStats::default());
            for i in 0..n {
                let (loss, stats) = run(i..i + 1, &mut alone[i..i + 1]);
                sum += loss;
                seen.merge(&stats);
            }
            assert_eq!(grad, alone);
            assert_eq!((stats.steps, stats.clipped), (seen.steps, seen.clipped));
            for (got, want) in [
                (loss, sum),
                (stats.value, seen.value),
                (stats.target, seen.target),
                (stats.squared_target, seen.squared_target),
                (stats.squared_error, seen.squared_error),
            ] {
                close(got, want, 1e-13);
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_named() {
        for (bad, index) in [(f32::NAN, 70), (f32::INFINITY, 3), (1e30, 64)] {
            let mut values = vec![0.5f32; 80];
            values[index] = bad;
            let run =
                |clip| value_loss(&values, &[0.0; 80], &[1.0; 80], &[true; 80], clip, 1.0, &mut [0.0; 80]);
            for clip in [None, Some(0.2)] {
                assert_eq!(run(clip), Err(Error::NotFinite { name: "value loss", index }));
            }
        }
    }

    #[test]
    fn explained_variance_knows_good_from_useless() {
        let run = |values: &[f64]| {
            let (_, stats) =
                value_loss(values, values, &[1.0, 3.0], &[true; 2], None, 2.0, &mut [0.0; 2]).unwrap();
            stats.explained_variance()
        };
        assert_eq!(run(&[1.0, 3.0]), Some(1.0));
        assert_eq!(run(&[2.0, 2.0]), Some(0.0));
        assert_eq!(ValueStats::default().explained_variance(), None);
    }
}
