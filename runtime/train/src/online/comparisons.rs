//! The data of an iteration that is learned from.

use super::responses::OnlineResponses;
use alloc::vec::Vec;
use rlhf_core::advantage::MissingEnd;

/// The responses of an iteration with the judge's preferences.
pub(super) struct Comparisons<'a> {
    pub responses: &'a OnlineResponses,
    /// The preferences, `[texts, each]`.
    pub preferred: &'a [f32],
    /// The reference's log-probabilities of all tokens.
    pub reference: Option<Vec<f32>>,
}

/// Takes the penalty of a missing end off the scores that `preferred`, `[texts, each]`, are the Bradley–Terry
/// probabilities of. `ended`: `[texts]`.
pub(super) fn missing_ends(missing_end: MissingEnd, ended: &[bool], each: usize, preferred: &mut [f32]) {
    // A probability of 0 or 1 is as good as certain, not beyond every penalty.
    const CERTAIN: f64 = 1e-6;
    for (i, row) in preferred.chunks_exact_mut(each).enumerate() {
        let group = &ended[i / each * each..][..each];
        for (p, other) in row.iter_mut().zip(group) {
            let shift = missing_end.score(0.0, ended[i]) - missing_end.score(0.0, *other);
            // What is no probability is refused where it is learned from.
            if shift != 0.0 && (0.0..=1.0).contains(p) {
                let q = f64::from(*p).clamp(CERTAIN, 1.0 - CERTAIN);
                *p = (1.0 / (1.0 + libm::exp(-shift) * (1.0 - q) / q)) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_missing_end_costs_what_it_takes_off_the_score() {
        let logistic = |x: f64| (1.0 / (1.0 + libm::exp(-x))) as f32;
        let scores = [0.5, 1.5, -1.0, 0.0];
        let ended = [true, false, false, false];
        let table = |scores: [f64; 4]| -> Vec<f32> {
            let of = |i: usize| (0..2).map(move |j| logistic(scores[i] - scores[i / 2 * 2 + j]));
            (0..4).flat_map(of).collect()
        };
        let mut preferred = table(scores);
        missing_ends(MissingEnd::Subtract(2.0), &ended, 2, &mut preferred);
        let want = table([0.5, -0.5, -3.0, -2.0]);
        assert!(preferred.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-6), "{preferred:?} {want:?}");
        let mut kept = table(scores);
        missing_ends(MissingEnd::Keep, &ended, 2, &mut kept);
        assert_eq!(kept, table(scores));
        let mut certain = vec![0.5, 0.0, 1.0, 0.5];
        missing_ends(MissingEnd::Subtract(20.0), &[true, false], 2, &mut certain);
        assert!(certain[1] > 0.9 && certain[2] < 0.1, "{certain:?}");
    }
}
