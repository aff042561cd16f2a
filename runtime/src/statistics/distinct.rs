//! The share of texts that differ.

use std::collections::HashSet;

/// The share of `texts` that are distinct: 1 when no two are equal; 0 of none.
pub fn distinct_share<'a>(texts: impl IntoIterator<Item = &'a [u32]>) -> f64 {
    let mut seen = HashSet::new();
    let mut all = 0usize;
    for text in texts {
        seen.insert(text);
        all += 1;
    }
    if all == 0 { 0.0 } else { seen.len() as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_count_once() {
        assert_eq!(distinct_share([&[1, 2][..], &[1], &[1, 2], &[2]]), 0.75);
        assert_eq!(distinct_share([]), 0.0);
    }
}
