//! PPO's clipped value loss.

use super::ValueStats;
use crate::error::check;
use crate::ranges::{finite, positive, within};
use crate::{Error, Needs, Objective, Real};

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
    let mut stats = ValueStats::default();
    for t in 0..n {
        grad[t] = R::ZERO;
        if !mask[t] {
            continue;
        }
        let (value, target) = (values[t], targets[t]);
        let held = clip.map(R::of).map_or(value, |clip| value.clamp(old[t] - clip, old[t] + clip)) - target;
        let free = value - target;
        let clipped = held * held > free * free;
        let squared = if clipped { held * held } else { free * free };
        if !squared.is_finite() {
            return Err(Error::NotFinite { name: "value loss", index: t });
        }
        if !clipped {
            grad[t] = free * R::of(1.0 / denominator);
        }
        stats.clipped += usize::from(clipped);
        stats.record(value.f64(), target.f64(), (free * free).f64(), 0.5 * squared.f64());
    }
    Ok((stats.loss / denominator, stats))
}

/// PPO's clipped value loss (see [`value_loss`]).
///
/// Slices are laid out as the batch's tokens and aligned with its values: element i is about the
/// state after token i. So a response's first token is predicted from the prompt's last position,
/// and the extra step of [`crate::advantage::ScorePlacement::AfterLastToken`] is the response's last
/// position. A response of T tokens at `p..p + T` trains positions `p − 1 .. p − 1 + steps`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PpoValue<'a> {
    old: &'a [f32],
    returns: &'a [f32],
    mask: &'a [bool],
    clip: Option<f64>,
    coefficient: f64,
    denominator: f64,
    /// Statistics of the parts so far.
    pub stats: ValueStats,
}

impl<'a> PpoValue<'a> {
    /// `old` are the values when the tokens were drawn, `returns` what is to be predicted, in units
    /// of reward; `mask` says which states are trained. `coefficient` weighs the loss.
    /// `denominator` counts the masked-in states of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`]; [`Error::NotFinite`] for the coefficient.
    pub fn new(
        old: &'a [f32],
        returns: &'a [f32],
        mask: &'a [bool],
        clip: Option<f64>,
        coefficient: f64,
        denominator: f64,
    ) -> Result<Self, Error> {
        check("returns", returns.len(), old.len())?;
        check("mask", mask.len(), old.len())?;
        clip.map_or(Ok(()), |clip| within("value clip", clip, 0.0, f64::MAX))?;
        finite("coefficient", &[coefficient])?;
        positive("denominator", denominator)?;
        Ok(Self { old, returns, mask, clip, coefficient, denominator, stats: ValueStats::default() })
    }
}

impl Objective for PpoValue<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`] for a state whose loss is not finite.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.old.len())?;
        let (loss, stats) =
            value_loss(values, self.old, self.returns, self.mask, self.clip, self.denominator, grad_values)?;
        for g in grad_values {
            *g = (f64::from(*g) * self.coefficient) as f32;
        }
        self.stats.merge(&stats);
        Ok(self.coefficient * loss)
    }
}

#[cfg(test)]
mod tests;
