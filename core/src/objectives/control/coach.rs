use crate::error::at;
use crate::error::check;
use crate::maths::coach;
use crate::ranges::positive;
use crate::{Error, Needs, Objective};

/// COACH: a person's feedback, as eligibility traces give it out, in the place of an advantage (see
/// [`coach`] and [`crate::maths::traces`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coach<'a> {
    weights: &'a [f32],
    denominator: f64,
    /// Actions seen.
    pub actions: usize,
}

impl<'a> Coach<'a> {
    /// `weights` are laid out as the batch's tokens; only loss tokens, the actions, are read.
    /// `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn new(weights: &'a [f32], denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        Ok(Self { weights, denominator, actions: 0 })
    }
}

impl Objective for Coach<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`].
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("log_probs", log_probs.len(), positions.len())?;
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        grad_entropy.fill(0.0);
        let mut loss = 0.0;
        let rows = log_probs.chunks(1).zip(grad_log_probs.chunks_mut(1));
        for (&position, (log_prob, grad)) in positions.iter().zip(rows) {
            let weight = at("weights", self.weights, position)?;
            loss += coach(log_prob, &[weight], self.denominator, grad)?;
        }
        self.actions += positions.len();
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_add_up_and_only_actions_are_read() {
        let weights = [f32::NAN, 1.0, f32::NAN, -0.5];
        let mut o = Coach::new(&weights, 2.0).unwrap();
        let mut g = [f32::NAN; 2];
        let loss = o.tokens(&[1, 3], &[-1.0, -2.0], &[], &mut g, &mut []).unwrap();
        assert_eq!((loss, g, o.actions), (0.0, [-0.5, 0.25], 2));
        let parts = [(1, -1.0), (3, -2.0)]
            .map(|(position, l)| o.tokens(&[position], &[l], &[], &mut [0.0], &mut []).unwrap());
        assert_eq!(parts[0] + parts[1], loss);
        let beyond = o.tokens(&[4], &[-1.0], &[], &mut [0.0], &mut []);
        assert_eq!(beyond, Err(Error::Shape { name: "weights", want: 5, got: 4 }));
        assert!(o.tokens(&[0], &[-1.0], &[], &mut [0.0], &mut []).is_err());
    }
}
