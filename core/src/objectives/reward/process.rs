use crate::error::at;
use crate::error::check;
use crate::maths::{Judgments, binary_cross_entropy};
use crate::ranges::positive;
use crate::{Error, Needs, Objective};

/// Process rewards: the value at a step's last token is the logit of that step's being right (Lightman
/// et al., arXiv:2305.20050; Uesato et al., arXiv:2211.14275; see [`binary_cross_entropy`]). Other
/// positions get no gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process<'a> {
    ends: &'a [usize],
    labels: &'a [f32],
    denominator: f64,
    /// What was judged.
    pub stats: Judgments,
}

impl<'a> Process<'a> {
    /// `ends`: the position in the batch's tokens of each step's last token, rising; `labels`: `[steps]`,
    /// 0 to 1. `denominator` counts the steps of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Ends`] with the first step whose end does not rise; [`Error::Range`]
    /// unless the denominator is positive.
    pub fn new(ends: &'a [usize], labels: &'a [f32], denominator: f64) -> Result<Self, Error> {
        check("labels", labels.len(), ends.len())?;
        if let Some(i) = ends.windows(2).position(|two| two[0] >= two[1]) {
            return Err(Error::Ends { sequence: i + 1 });
        }
        positive("denominator", denominator)?;
        Ok(Self { ends, labels, denominator, stats: Judgments::default() })
    }
}

impl Objective for Process<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`] for a step that ends beyond the values; [`Error::Range`] for a label outside
    /// 0 ..= 1; [`Error::NotFinite`] for a value at a step's end.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("grad_values", grad_values.len(), values.len())?;
        grad_values.fill(0.0);
        let mut all = Judgments::default();
        for (&end, label) in self.ends.iter().zip(self.labels) {
            let z = at("values", values, end)?;
            let (z, label) = (core::slice::from_ref(&z), core::slice::from_ref(label));
            let step = binary_cross_entropy(z, label, self.denominator, &mut grad_values[end..=end]);
            all.merge(&step.map_err(|error| at_position(error, end))?);
        }
        self.stats.merge(&all);
        Ok(all.loss)
    }
}

fn at_position(error: Error, index: usize) -> Error {
    match error {
        Error::NotFinite { .. } => Error::NotFinite { name: "values", index },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::Outcome;

    #[test]
    fn only_the_ends_of_steps_are_judged() {
        let mut o = Process::new(&[1, 4], &[1.0, 0.25], 2.0).unwrap();
        let mut grad = [f32::NAN; 5];
        let loss = o.values(&[f32::NAN, 0.0, 9.0, 9.0, 0.0], &mut grad).unwrap();
        assert!((loss - 2f64.ln()).abs() < 1e-12);
        assert_eq!(grad, [0.0, -0.25, 0.0, 0.0, 0.125]);
        assert_eq!((o.stats.labels, o.stats.positive, o.stats.correct), (2, 1.25, 1));
    }

    #[test]
    fn one_step_is_an_outcome() {
        let (mut process, mut outcome) = ([f32::NAN; 3], [f32::NAN]);
        let a = Process::new(&[2], &[0.75], 3.0).unwrap().values(&[5.0, -5.0, 0.6], &mut process);
        let b = Outcome::new(&[0.75], 3.0).unwrap().scores(&[0.6], &mut outcome);
        assert_eq!((a, process), (b, [0.0, 0.0, outcome[0]]));
    }

    #[test]
    fn steps_end_inside_the_batch_and_rise() {
        let ends = |ends| Process::new(ends, &[1.0, 1.0], 1.0);
        assert_eq!(ends(&[3, 3]), Err(Error::Ends { sequence: 1 }));
        let values = |v: &[f32]| ends(&[0, 1]).unwrap().values(v, &mut [0.0; 2][..v.len()]);
        assert_eq!(values(&[0.0]), Err(Error::Shape { name: "values", want: 2, got: 1 }));
        assert_eq!(values(&[0.0, f32::NAN]), Err(Error::NotFinite { name: "values", index: 1 }));
        assert!(Process::new(&[1], &[], 1.0).is_err());
    }
}
