use crate::error::check;
use crate::maths::{ValueStats, value_loss};
use crate::ranges::{positive, within};
use crate::{Error, Needs, Objective};

/// PPO's clipped value loss (see [`value_loss`]).
///
/// Slices are laid out as the batch's tokens and aligned with its values: element i is about the
/// state after token i. So a response's first token is predicted from the prompt's last position,
/// and the extra step of [`crate::maths::ScorePlacement::AfterLastToken`] is the response's last
/// position. A response of T tokens at `p..p + T` trains positions `p − 1 .. p − 1 + steps`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PpoValue<'a> {
    old: &'a [f32],
    returns: &'a [f32],
    mask: &'a [bool],
    clip: Option<f64>,
    coefficient: f64,
    denominator: f64,
    /// What was seen.
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
        crate::ranges::finite("coefficient", &[coefficient])?;
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
mod tests {
    use super::*;
    use crate::diagnostics::Diagnose;

    #[test]
    fn it_weighs_the_masked_in_states() {
        let (old, returns) = ([f32::NAN, 1.0, 0.0], [f32::NAN, 2.0, 5.0]);
        let mut o = PpoValue::new(&old, &returns, &[false, true, true], Some(0.2), 0.5, 2.0).unwrap();
        let mut g = [f32::NAN; 3];
        let loss = o.values(&[9.0, 1.0, 1.0], &mut g).unwrap();
        // The second state has moved beyond the clip towards its return: no more pull.
        assert_eq!(g, [0.0, -0.25, 0.0]);
        let held = (f64::from(0.2f32 - 5.0)).powi(2);
        assert!((loss - 0.5 * 0.5 * (1.0 + held) / 2.0).abs() < 1e-6);
        assert_eq!((o.stats.steps, o.stats.clipped), (2, 1));
        // What is reported is what is minimized, but for the coefficient.
        let mut reported = None;
        o.stats.diagnose(&mut |name, value| {
            if name == "value_loss" {
                reported = Some(value)
            }
        });
        assert!((0.5 * reported.unwrap() - loss).abs() < 1e-12, "{reported:?} {loss}");
        assert!(o.values(&[1.0; 2], &mut [0.0; 2]).is_err());
        assert!(PpoValue::new(&old, &returns, &[true; 2], None, 1.0, 1.0).is_err());
    }
}
