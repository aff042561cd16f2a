//! Best-of-n sampling: its distance from the policy, and its gain.

use super::interval::at_least;
use rlhf_core::Error;

/// Returns KL(best-of-n ‖ policy) = ln n − (n−1)/n, in nats (Stiennon et al., arXiv:2009.01325, appendix G.3; Gao et
/// al., arXiv:2210.10760). It is exact where scores never tie, and an upper bound where they do. 0 for n ≤ 1.
pub fn best_of_n_kl(n: usize) -> f64 {
    let n = n.max(1) as f64;
    n.ln() - (n - 1.0) / n
}

/// The expected `gold` of the best by `proxy` of `n` among the given samples of one prompt, over all
/// C(N, n) choices (Nakano et al., arXiv:2112.09332, appendix I). Unbiased for n fresh samples, and
/// of less variance than one choice. Samples of equal proxy share their gold. With `gold = proxy`, the
/// expected proxy.
///
/// # Errors
/// [`Error::Shape`] when the lengths differ; [`Error::TooFew`] below `n` samples;
/// [`Error::Range`] for n = 0; [`Error::NotFinite`] for a NaN proxy.
pub fn expected_best(proxy: &[f64], gold: &[f64], n: usize) -> Result<f64, Error> {
    if proxy.len() != gold.len() {
        return Err(Error::Shape { name: "gold", want: proxy.len(), got: gold.len() });
    }
    if n == 0 {
        return Err(Error::Range { name: "n", value: 0.0, low: 1.0, high: proxy.len() as f64 });
    }
    at_least("proxy", proxy.len(), n)?;
    if let Some(index) = proxy.iter().position(|p| p.is_nan()) {
        return Err(Error::NotFinite { name: "proxy", index });
    }
    let mut best: Vec<usize> = (0..proxy.len()).collect();
    best.sort_by(|&a, &b| proxy[b].total_cmp(&proxy[a]));

    // The i-th best of N (from 0) is the best of those chosen with probability C(N−1−i, n−1)/C(N, n).
    let total = proxy.len() as f64;
    let mut probability = n as f64 / total;
    let (mut expected, mut i) = (0.0, 0);
    for equals in best.chunk_by(|&a, &b| proxy[a] == proxy[b]) {
        let shared = equals.iter().map(|&k| gold[k]).sum::<f64>() / equals.len() as f64;
        for _ in equals {
            expected += probability * shared;
            i += 1;
            let left = total - i as f64;
            probability *= if left > 0.0 { ((left - n as f64 + 1.0) / left).max(0.0) } else { 0.0 };
        }
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kl_has_its_known_values() {
        assert_eq!((best_of_n_kl(0), best_of_n_kl(1)), (0.0, 0.0));
        assert!((best_of_n_kl(2) - 0.193_147).abs() < 1e-6);
        assert!((best_of_n_kl(64) - 3.174_508).abs() < 1e-6);
    }

    /// Every choice of n among N, the slow way.
    fn oracle(proxy: &[f64], gold: &[f64], n: u32) -> f64 {
        let (mut sum, mut choices) = (0.0, 0.0);
        for mask in 0u32..1 << proxy.len() {
            if mask.count_ones() == n {
                let chosen: Vec<_> = (0..proxy.len()).filter(|i| mask >> i & 1 == 1).collect();
                let top = chosen.iter().map(|&i| proxy[i]).fold(f64::MIN, f64::max);
                let golds: Vec<_> = chosen.iter().filter(|&&i| proxy[i] == top).map(|&i| gold[i]).collect();
                sum += golds.iter().sum::<f64>() / golds.len() as f64;
                choices += 1.0;
            }
        }
        sum / choices
    }

    #[test]
    fn the_estimate_is_the_mean_over_all_choices() {
        let proxy = [0.3, -1.0, 2.0, 0.9, 0.1, 5.0, -2.0];
        let gold = [1.0, 4.0, -3.0, 0.5, 2.0, 7.0, 0.0];
        for n in 1..=7 {
            let e = expected_best(&proxy, &gold, n).unwrap();
            assert!((e - oracle(&proxy, &gold, n as u32)).abs() < 1e-12, "n = {n}");
        }
        // Where all are equal, choosing gains nothing.
        assert!((expected_best(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0], 3).unwrap() - 2.5).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(expected_best(&[1.0], &[], 1), Err(Error::Shape { .. })));
        assert!(matches!(expected_best(&[1.0], &[1.0], 2), Err(Error::TooFew { .. })));
        assert!(matches!(expected_best(&[1.0], &[1.0], 0), Err(Error::Range { .. })));
        assert!(matches!(expected_best(&[f64::NAN], &[1.0], 1), Err(Error::NotFinite { .. })));
    }
}
