use crate::error::check;
use crate::maths::{ValueStats, weighted_reward};
use crate::ranges::positive;
use crate::{Error, Needs, Objective};

/// Deep TAMER: each step predicts the judgment that may be about it, by its weight (see
/// [`weighted_reward`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeepTamer<'a> {
    weights: &'a [f32],
    judged: &'a [f32],
    denominator: f64,
    /// What was seen, of the weighted steps.
    pub stats: ValueStats,
}

impl<'a> DeepTamer<'a> {
    /// `weights` and `judged`, in units of human reward, are laid out as the batch's tokens; only weighted
    /// positions are read. `denominator` counts the weighted steps of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] unless the denominator is positive.
    pub fn new(weights: &'a [f32], judged: &'a [f32], denominator: f64) -> Result<Self, Error> {
        check("judged", judged.len(), weights.len())?;
        positive("denominator", denominator)?;
        Ok(Self { weights, judged, denominator, stats: ValueStats::default() })
    }
}

impl Objective for DeepTamer<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a negative weight; [`Error::NotFinite`] for a weight, or a
    /// weighted step's judgment or value.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.weights.len())?;
        let (loss, stats) =
            weighted_reward(values, self.weights, self.judged, self.denominator, grad_values)?;
        self.stats.merge(&stats);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_weighted_steps_are_read() {
        let (weights, judged) = ([0.0, 0.5, 0.0, 1.0], [f32::NAN, 1.0, f32::NAN, -1.0]);
        let mut o = DeepTamer::new(&weights, &judged, 2.0).unwrap();
        let mut g = [f32::NAN; 4];
        let loss = o.values(&[f32::NAN, 0.0, f32::NAN, 1.0], &mut g).unwrap();
        assert_eq!((loss, g), (1.125, [0.0, -0.25, 0.0, 1.0]));
        assert_eq!((o.coupling(), o.stats.steps), (crate::Coupling::Token, 2));
        assert!(o.values(&[0.0; 3], &mut [0.0; 3]).is_err());
        assert!(DeepTamer::new(&weights, &judged[..3], 1.0).is_err());
    }
}
