//! Agreement between people who rank.

use super::interval::at_least;
use rlhf_core::Error;

/// The share of pairs of answers that two labelers order alike, over all pairs of labelers and all
/// prompts. Both tying them is agreement; only one tying them is half.
///
/// `prompts[p][l]` holds labeler l's ranks of prompt p's answers, 0 the best; all labelers of a
/// prompt rank the same answers.
///
/// # Errors
/// [`Error::Shape`] when two labelers rank different numbers of answers; [`Error::TooFew`] when no
/// two labelers share a pair.
pub fn agreement(prompts: &[Vec<Vec<u32>>]) -> Result<f64, Error> {
    let (mut agreed, mut pairs) = (0.0, 0);
    for labelers in prompts {
        for (l, a) in labelers.iter().enumerate() {
            for b in &labelers[..l] {
                if a.len() != b.len() {
                    return Err(Error::Shape { name: "ranks", want: b.len(), got: a.len() });
                }
                for i in 0..a.len() {
                    for j in 0..i {
                        agreed += match (a[i].cmp(&a[j]), b[i].cmp(&b[j])) {
                            (x, y) if x == y => 1.0,
                            (x, y) if x.is_eq() || y.is_eq() => 0.5,
                            _ => 0.0,
                        };
                        pairs += 1;
                    }
                }
            }
        }
    }
    at_least("pairs of labelers", pairs, 1)?;
    Ok(agreed / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_of_known_rankings() {
        let of = |rankings: &[&[u32]]| agreement(&[rankings.iter().map(|r| r.to_vec()).collect()]).unwrap();
        assert_eq!(of(&[&[0, 1, 2], &[0, 1, 2]]), 1.0);
        assert_eq!(of(&[&[0, 1, 2], &[2, 1, 0]]), 0.0);
        assert_eq!(of(&[&[0, 1], &[0, 0]]), 0.5);
        assert_eq!(of(&[&[1, 1], &[0, 0]]), 1.0);
        // Three labelers, one of whom turns the pair around: one pair of labelers in three agrees.
        assert_eq!(of(&[&[0, 1], &[0, 1], &[1, 0]]), 1.0 / 3.0);
        assert!(agreement(&[vec![vec![0, 1]]]).is_err());
        assert!(matches!(agreement(&[vec![vec![0, 1], vec![0]]]), Err(Error::Shape { .. })));
    }
}
