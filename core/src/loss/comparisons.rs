//! Statistics of losses over comparisons.

use crate::Error;
use crate::error::check;

/// A loss over comparisons, and how many of them the scores already order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparisons {
    /// This part of the loss.
    pub loss: f64,
    /// Comparisons made, ties left out where the loss leaves them out.
    pub pairs: usize,
    /// Comparisons whose better answer scores strictly higher.
    pub correct: usize,
}

impl Comparisons {
    /// The share of comparisons in the right order, or `None` without any.
    pub fn accuracy(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.correct as f64 / self.pairs as f64)
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.pairs += other.pairs;
        self.correct += other.correct;
    }
}

/// Merges what `pair(i, [a, b], [grad a, grad b])` says of pairs of neighboring scores.
pub(super) fn neighbors(
    scores: &[f32],
    grad_scores: &mut [f32],
    mut pair: impl FnMut(usize, [&[f32]; 2], [&mut [f32]; 2]) -> Result<Comparisons, Error>,
) -> Result<Comparisons, Error> {
    check("scores", scores.len(), scores.len() / 2 * 2)?;
    check("grad_scores", grad_scores.len(), scores.len())?;
    let mut all = Comparisons::default();
    for (i, (two, grads)) in scores.chunks_exact(2).zip(grad_scores.chunks_exact_mut(2)).enumerate() {
        let (a, b) = grads.split_at_mut(1);
        all.merge(&pair(i, [&two[..1], &two[1..]], [a, b])?);
    }
    Ok(all)
}
