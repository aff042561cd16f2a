use super::neighbors;
use crate::error::check;
use crate::maths::{Comparisons, bradley_terry};
use crate::ranges::{finite, positive};
use crate::{Coupling, Error, Needs, Objective};

/// Bradley–Terry loss over pairs of neighboring sequences: chosen, rejected, chosen, rejected …
/// (see [`bradley_terry`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairwise<'a> {
    margin: Option<&'a [f32]>,
    centering: f64,
    denominator: f64,
    /// What was compared.
    pub stats: Comparisons,
}

impl<'a> Pairwise<'a> {
    /// `denominator` counts the pairs of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn new(denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        Ok(Self { margin: None, centering: 0.0, denominator, stats: Comparisons::default() })
    }

    /// The chosen score is to win by `margin`, `[pairs]`, in units of score.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn with_margin(mut self, margin: &'a [f32]) -> Result<Self, Error> {
        finite("margin", margin)?;
        self.margin = Some(margin);
        Ok(self)
    }

    /// Adds `centering·(chosen + rejected)²` to each pair's loss.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn with_centering(mut self, centering: f64) -> Result<Self, Error> {
        finite("centering", &[centering])?;
        self.centering = centering;
        Ok(self)
    }
}

impl Objective for Pairwise<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`] unless there are two scores a pair; [`Error::NotFinite`].
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        if let Some(margin) = self.margin {
            check("margin", margin.len(), scores.len().div_ceil(2))?;
        }
        let all = neighbors(scores, grad_scores, |i, [a, b], [ga, gb]| {
            let margin = self.margin.map(|m| &m[i..=i]);
            bradley_terry(a, b, margin, self.centering, self.denominator, ga, gb)
        })?;
        self.stats.merge(&all);
        Ok(all.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_neighbors() {
        let margin = [0.5, 0.0];
        let mut o = Pairwise::new(2.0).unwrap().with_margin(&margin).unwrap();
        let mut grad = [f32::NAN; 4];
        let loss = o.scores(&[1.5, 1.0, 0.0, 3.0], &mut grad).unwrap();
        let want = (2f64.ln() + (1.0 + 3f64.exp()).ln()) / 2.0;
        assert!((loss - want).abs() < 1e-6);
        assert_eq!((grad[0], grad[1]), (-0.25, 0.25));
        assert!(grad[2] < -0.4 && grad[3] > 0.4);
        assert_eq!(o.stats.accuracy(), Some(0.5));
        let odd = o.scores(&[1.0; 3], &mut [0.0; 3]);
        assert_eq!(odd, Err(Error::Shape { name: "scores", want: 2, got: 3 }));
    }
}
