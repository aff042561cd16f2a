//! Losses that compare sorted batches.

use crate::Error;
use crate::loss::{Pair, Preference, PreferenceLoss};
use alloc::vec::Vec;

/// The positions of `values` in rising order; equal values keep their order.
fn order(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    order
}

/// AOT, rank by rank: calls `see(i, j, pair)` with the responses that the pair's slopes belong to, chosen
/// `i` and rejected `j`. `chosen`, `rejected`: log-ratios; `base`: the reference's log-probabilities of
/// both, zeros without one.
///
/// The sum over ranks of a convex loss of sorted differences is the optimal transport cost between the
/// two batches. Sorting moves no number, so a slope goes back to where its number came from.
pub fn each(
    settings: &Preference,
    chosen: &[f64],
    rejected: &[f64],
    base: &[Vec<f64>; 2],
    see: &mut impl FnMut(usize, usize, Pair) -> Result<(), Error>,
) -> Result<(), Error> {
    if settings.loss == PreferenceLoss::AotPair {
        for (i, j) in order(chosen).into_iter().zip(order(rejected)) {
            see(i, j, settings.pair(chosen[i], rejected[j]))?;
        }
        return Ok(());
    }
    let against: Vec<f64> = base[0].iter().zip(&base[1]).map(|(c, r)| c - r).collect();
    // The policy's own margins: what the log-ratios are apart, and what the reference's are.
    let own: Vec<f64> =
        chosen.iter().zip(rejected).zip(&against).map(|((c, r), reference)| c - r + reference).collect();
    for (i, j) in order(&own).into_iter().zip(order(&against)) {
        see(i, i, settings.pair(own[i], against[j]))?;
    }
    Ok(())
}
