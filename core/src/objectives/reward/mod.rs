//! What reward models learn from.

mod graded;
mod outcome;
mod pairwise;
mod pretraining;
mod process;
mod ranked;

pub use graded::Graded;
pub use outcome::Outcome;
pub use pairwise::Pairwise;
pub use pretraining::PreferencePretraining;
pub use process::Process;
pub use ranked::{Ranked, RankingLoss};

use crate::Error;
use crate::error::check;
use crate::maths::Comparisons;

/// Merges what `pair(i, [a, b], [grad a, grad b])` says of pairs of neighboring scores.
fn neighbors(
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
