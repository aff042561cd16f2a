//! Observations as tokens.

/// The number of an observation's bin, for limits that rise: 0 below the first, their number above the
/// last.
pub(super) fn bin(value: f64, limits: &[f64]) -> usize {
    limits.iter().take_while(|&&limit| value >= limit).count()
}

/// Combines several bin numbers, each with the number of its bins, into one.
pub(super) fn combine(bins: &[(usize, usize)]) -> usize {
    bins.iter().fold(0, |number, (bin, of)| number * of + bin)
}

/// Returns the number of the bin of `value`, out of `n` of equal width between `low` and `high`.
pub(super) fn even_bin(value: f64, low: f64, high: f64, n: usize) -> usize {
    let place = ((value - low) / (high - low)).clamp(0.0, 1.0);
    ((place * n as f64) as usize).min(n - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_cover_everything_and_do_not_overlap() {
        let limits = [-1.0, 0.0, 1.0];
        let got = [-9.0, -1.0, -0.5, 0.0, 0.5, 1.0, 9.0].map(|x| bin(x, &limits));
        assert_eq!(got, [0, 1, 1, 2, 2, 3, 3]);
        assert_eq!([-9.0, 0.0, 0.99, 1.0, 9.0].map(|x| even_bin(x, 0.0, 1.0, 4)), [0, 0, 3, 3, 3]);
        let mut all: Vec<usize> =
            (0..3).flat_map(|a| (0..4).map(move |b| combine(&[(a, 3), (b, 4)]))).collect();
        all.dedup();
        assert_eq!(all, (0..12).collect::<Vec<_>>());
    }
}
