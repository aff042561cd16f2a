use crate::error::{check, rising};
use crate::maths::{ValueStats, credited_reward};
use crate::ranges::positive;
use crate::{Coupling, Error, Needs, Objective};

/// TAMER: each judgment is explained by the steps that it may be about (see [`credited_reward`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tamer<'a> {
    credits: &'a [f32],
    ends: &'a [usize],
    judged: &'a [f32],
    denominator: f64,
    /// What was seen; a judgment is a step.
    pub stats: ValueStats,
}

impl<'a> Tamer<'a> {
    /// `credits` are laid out as the batch's tokens; `ends`: one past the last token of each judgment's
    /// window, `[judgments]`; `judged`, `[judgments]`, in units of human reward. `denominator` counts
    /// the judgments of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] unless the denominator is positive.
    pub fn new(
        credits: &'a [f32],
        ends: &'a [usize],
        judged: &'a [f32],
        denominator: f64,
    ) -> Result<Self, Error> {
        rising(ends, credits.len())?;
        check("judged", judged.len(), ends.len())?;
        positive("denominator", denominator)?;
        Ok(Self { credits, ends, judged, denominator, stats: ValueStats::default() })
    }
}

impl Objective for Tamer<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`] for a credit, a judgment or a credited value.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.credits.len())?;
        let (loss, stats) =
            credited_reward(values, self.credits, self.ends, self.judged, self.denominator, grad_values)?;
        self.stats.merge(&stats);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judgment_is_shared_out_by_credit() {
        // Two windows: two steps of a state and an action each, then one.
        let (credits, ends) = ([0.0, 0.25, 0.0, 0.75, 0.0, 1.0], [4, 6]);
        let mut o = Tamer::new(&credits, &ends, &[1.0, -1.0], 2.0).unwrap();
        assert_eq!(o.coupling(), Coupling::Group);
        let mut g = [f32::NAN; 6];
        let loss = o.values(&[f32::NAN, 2.0, f32::NAN, 2.0, f32::NAN, -1.0], &mut g).unwrap();
        assert_eq!((loss, g), (0.25, [0.0, 0.125, 0.0, 0.375, 0.0, 0.0]));
        assert_eq!((o.stats.steps, o.stats.mean_squared_error()), (2, 0.5));
        assert!(o.values(&[0.0; 5], &mut [0.0; 5]).is_err());
        assert_eq!(Tamer::new(&credits, &[4], &[1.0], 1.0), Err(Error::Ends { sequence: 0 }));
    }
}
