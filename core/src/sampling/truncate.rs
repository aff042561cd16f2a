//! Truncation of responses for those who score them.

/// Returns the number of tokens left when a response is cut after its first `stop` token at index `earliest`
/// or later; all of them where there is none. The stop token stays.
///
/// TRL's `truncate_response` has `earliest` 0; lm-human-preferences cuts for scoring only, at the
/// first `.` or line break from 16 or 55 tokens on (arXiv:1909.08593, §3.1, §3.3).
///
/// ```
/// use rlhf_core::sampling::truncate;
/// assert_eq!(truncate(&[5, 2, 7, 2], &[2], 0), 2);
/// assert_eq!(truncate(&[5, 2, 7, 2], &[2], 2), 4);
/// assert_eq!(truncate(&[5, 6], &[2], 0), 2);
/// ```
pub fn truncate(tokens: &[u32], stop: &[u32], earliest: usize) -> usize {
    let found = tokens.iter().skip(earliest).position(|token| stop.contains(token));
    found.map_or(tokens.len(), |i| earliest + i + 1)
}

/// The length of a padded response: the index of its first pad token, or all of it.
///
/// Only for data that comes padded from elsewhere. A response that holds the pad id itself, as where
/// the pad is the end-of-text token, loses that token and what follows; lengths do not.
pub fn unpadded(tokens: &[u32], pad: u32) -> usize {
    tokens.iter().position(|&token| token == pad).unwrap_or(tokens.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_cut() {
        assert_eq!(truncate(&[], &[1], 0), 0);
        assert_eq!(truncate(&[1], &[1], 5), 1);
        assert_eq!(truncate(&[1, 2], &[], 0), 2);
        assert_eq!((unpadded(&[], 0), unpadded(&[1, 0, 0], 0), unpadded(&[1], 0)), (0, 1, 1));
    }
}
