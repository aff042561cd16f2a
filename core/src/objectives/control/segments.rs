use crate::error::{check, rising};
use crate::maths::{Comparisons, segment_preferences};
use crate::ranges::{positive, within};
use crate::{Coupling, Error, Needs, Objective};

/// Preferences between neighboring segments of behavior: first, second, first, second … (see
/// [`segment_preferences`]). A segment may lie in one sequence or in several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentPreferences<'a> {
    steps: &'a [bool],
    ends: &'a [usize],
    preferred: &'a [f32],
    noise: f64,
    denominator: f64,
    /// What was compared; a tie is no comparison.
    pub stats: Comparisons,
}

impl<'a> SegmentPreferences<'a> {
    /// `steps`, laid out as the batch's tokens, says whose values are rewards; `ends`: one past each
    /// segment's last token, `[2·pairs]`; `preferred`, `[pairs]`: 1 where the first is better, 0 where the
    /// second is, ½ for a tie; `noise`: the share of answers given at random. `denominator` counts the
    /// pairs of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] unless 0 ≤ noise < 1 and the denominator is
    /// positive.
    pub fn new(
        steps: &'a [bool],
        ends: &'a [usize],
        preferred: &'a [f32],
        noise: f64,
        denominator: f64,
    ) -> Result<Self, Error> {
        rising(ends, steps.len())?;
        check("ends", ends.len(), 2 * preferred.len())?;
        within("noise", noise, 0.0, 1.0 - f64::EPSILON)?;
        positive("denominator", denominator)?;
        Ok(Self { steps, ends, preferred, noise, denominator, stats: Comparisons::default() })
    }
}

impl Objective for SegmentPreferences<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] unless each preference is from 0 to 1; [`Error::NotFinite`] for
    /// a step's value.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.steps.len())?;
        let (steps, ends, preferred) = (self.steps, self.ends, self.preferred);
        let stats =
            segment_preferences(values, steps, ends, preferred, self.noise, self.denominator, grad_values)?;
        self.stats.merge(&stats);
        Ok(stats.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewards_add_up_over_a_segment() {
        // Two steps against one, a state's token before each action's.
        let (steps, ends) = ([false, true, false, true, false, true], [4, 6]);
        let mut o = SegmentPreferences::new(&steps, &ends, &[1.0], 0.0, 1.0).unwrap();
        let mut g = [f32::NAN; 6];
        let loss = o.values(&[f32::NAN, 1.0, f32::NAN, 1.0, f32::NAN, 2.0], &mut g).unwrap();
        assert!((loss - 2f64.ln()).abs() < 1e-12);
        assert_eq!(g, [0.0, -0.5, 0.0, -0.5, 0.0, 0.5]);
        assert_eq!((o.coupling(), o.stats.pairs, o.stats.correct), (Coupling::Group, 1, 0));
        assert!(o.values(&[0.0; 5], &mut [0.0; 5]).is_err());
        assert!(SegmentPreferences::new(&steps, &ends, &[1.0], 1.0, 1.0).is_err());
        assert!(SegmentPreferences::new(&steps, &[4], &[1.0], 0.1, 1.0).is_err());
    }
}
