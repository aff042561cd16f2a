//! The merging of neighbors, best first.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Two neighbors that become one token. The smallest rank goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Merge {
    /// The first token.
    pub left: u32,
    /// The second token.
    pub right: u32,
    /// Its place in the order of merges.
    pub rank: u32,
    /// The token that they become.
    pub id: u32,
}

/// Replaces pairs of neighbors by their merge until none is left: always the smallest rank, of
/// equals the leftmost. `merges` is sorted by `(left, right)`. O(n log n) in the number of ids.
pub(super) fn merge(merges: &[Merge], ids: &mut Vec<u32>) {
    /// The end of the linked list of the tokens still there.
    const END: usize = usize::MAX;
    let find = |left: u32, right: u32| {
        let at = merges.binary_search_by_key(&(left, right), |m| (m.left, m.right)).ok()?;
        Some(merges[at])
    };
    let mut next: Vec<usize> = (1..=ids.len()).map(|i| if i == ids.len() { END } else { i }).collect();
    let mut previous: Vec<usize> = (0..ids.len()).map(|i| i.checked_sub(1).unwrap_or(END)).collect();
    // A pair in the queue may have lost a half since; that shows when it comes up. Of a token that
    // was merged into its left neighbor, `dead` is true.
    let mut dead = alloc::vec![false; ids.len()];
    let mut queue = BinaryHeap::new();
    for i in 1..ids.len() {
        if let Some(m) = find(ids[i - 1], ids[i]) {
            queue.push(Reverse((m.rank, i - 1, m.left, m.right, m.id)));
        }
    }
    while let Some(Reverse((_, i, left, right, id))) = queue.pop() {
        let j = next[i];
        if dead[i] || j == END || ids[i] != left || ids[j] != right {
            continue;
        }
        ids[i] = id;
        dead[j] = true;
        next[i] = next[j];
        if next[i] != END {
            previous[next[i]] = i;
            if let Some(m) = find(id, ids[next[i]]) {
                queue.push(Reverse((m.rank, i, m.left, m.right, m.id)));
            }
        }
        if previous[i] != END {
            let before = previous[i];
            if let Some(m) = find(ids[before], id) {
                queue.push(Reverse((m.rank, before, m.left, m.right, m.id)));
            }
        }
    }
    let mut dead = dead.into_iter();
    ids.retain(|_| !dead.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: look for the best pair again after every merge.
    fn naive(merges: &[Merge], mut ids: Vec<u32>) -> Vec<u32> {
        loop {
            let best = (1..ids.len())
                .filter_map(|i| {
                    merges
                        .iter()
                        .find(|m| (m.left, m.right) == (ids[i - 1], ids[i]))
                        .map(|m| (m.rank, i, m.id))
                })
                .min();
            let Some((_, i, id)) = best else { return ids };
            ids[i - 1] = id;
            ids.remove(i);
        }
    }

    proptest! {
        #[test]
        fn equals_its_definition(
            pairs in prop::collection::btree_map((0u32..6, 0u32..6), (0u32..5, 0u32..6), 0..20),
            ids in prop::collection::vec(0u32..6, 0..30),
        ) {
            let merges: Vec<Merge> = pairs
                .into_iter()
                .map(|((left, right), (rank, id))| Merge { left, right, rank, id })
                .collect();
            let mut merged = ids.clone();
            merge(&merges, &mut merged);
            prop_assert_eq!(merged, naive(&merges, ids));
        }
    }
}
