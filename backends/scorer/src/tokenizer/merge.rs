//! The merging of neighbors, best first, in O(n log n) and twenty bytes a character.
//!
//! Tokens are a linked list over the places where the characters were. A tree over the places knows the best pair: each
//! node holds the better place of its two children, and a change climbs one path.

use crate::Error;

/// No place, and the rank of no pair.
const NONE: i32 = i32::MAX;

/// A piece of text: of each place its token, its neighbors and the rank of the pair that begins there.
pub(super) struct Piece<'a> {
    ids: &'a mut [i32],
    next: &'a mut [i32],
    previous: &'a mut [i32],
    ranks: &'a mut [i32],
    /// Node `i` has the children `2i` and `2i + 1`; a node from `len` on is the place `i - len` itself.
    tree: &'a mut [i32],
    len: usize,
}

impl<'a> Piece<'a> {
    /// An empty one in this memory.
    pub(super) fn new(work: &'a mut [i32]) -> Self {
        let most = work.len() / 5;
        let mut rest = work;
        let mut part = || {
            let (part, left) = core::mem::take(&mut rest).split_at_mut_checked(most).unwrap_or_default();
            rest = left;
            part
        };
        Self { ids: part(), next: part(), previous: part(), ranks: part(), tree: part(), len: 0 }
    }

    pub(super) fn push(&mut self, id: u32, context: usize) -> Result<(), Error> {
        let at = self.len;
        let to = self.ids.get_mut(at).ok_or(Error::Context { want: at + 1, context })?;
        *to = id as i32;
        set(self.next, at, at as i32 + 1);
        set(self.previous, at, at as i32 - 1);
        self.len += 1;
        Ok(())
    }

    /// Merges pairs until there is none left: always the smallest rank, of equals the leftmost.
    pub(super) fn merge(&mut self, merged: impl Fn(u32, u32) -> Option<(u32, u32)>) {
        let len = self.len;
        if len < 2 {
            return;
        }
        set(self.next, len - 1, NONE);
        set(self.previous, 0, NONE);
        for at in 0..len {
            self.rank(at, &merged);
        }
        for node in (1..len).rev() {
            self.choose(node);
        }
        loop {
            let best = get(self.tree, 1);
            if get(self.ranks, best as usize) == NONE {
                return;
            }
            let (left, right) = (best as usize, get(self.next, best as usize) as usize);
            let Some((_, id)) = merged(get(self.ids, left) as u32, get(self.ids, right) as u32) else {
                return;
            };
            set(self.ids, left, id as i32);
            set(self.ids, right, -1);
            let after = get(self.next, right);
            set(self.next, left, after);
            if after != NONE {
                set(self.previous, after as usize, left as i32);
            }
            set(self.ranks, right, NONE);
            self.climb(right);
            self.rank(left, &merged);
            self.climb(left);
            let before = get(self.previous, left);
            if before != NONE {
                self.rank(before as usize, &merged);
                self.climb(before as usize);
            }
        }
    }

    /// The tokens that are left.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        let mut at = if self.len == 0 { NONE } else { 0 };
        core::iter::from_fn(move || {
            let id = *self.ids.get(at as usize)?;
            at = if self.len == 1 { NONE } else { get(self.next, at as usize) };
            Some(id as u32)
        })
    }

    /// Looks up the pair that begins at a place.
    fn rank(&mut self, at: usize, merged: impl Fn(u32, u32) -> Option<(u32, u32)>) {
        let next = get(self.next, at);
        let pair = if next == NONE {
            None
        } else {
            merged(get(self.ids, at) as u32, get(self.ids, next as usize) as u32)
        };
        set(self.ranks, at, pair.map_or(NONE, |(rank, _)| (rank as i32).clamp(0, NONE - 1)));
    }

    fn climb(&mut self, at: usize) {
        let mut node = (at + self.len) / 2;
        while node > 0 {
            self.choose(node);
            node /= 2;
        }
    }

    /// Sets a node to the better place of its children.
    fn choose(&mut self, node: usize) {
        let [a, b] = [2 * node, 2 * node + 1].map(|child| {
            if child < self.len { get(self.tree, child) } else { child as i32 - self.len as i32 }
        });
        let better = (get(self.ranks, b as usize), b) < (get(self.ranks, a as usize), a);
        set(self.tree, node, if better { b } else { a });
    }
}

fn get(numbers: &[i32], at: usize) -> i32 {
    numbers.get(at).copied().unwrap_or(NONE)
}

fn set(numbers: &mut [i32], at: usize, value: i32) {
    if let Some(to) = numbers.get_mut(at) {
        *to = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The definition: look for the best pair again after every merge.
    fn naive(merged: impl Fn(u32, u32) -> Option<(u32, u32)>, mut ids: Vec<u32>) -> Vec<u32> {
        loop {
            let pairs =
                (1..ids.len()).filter_map(|i| merged(ids[i - 1], ids[i]).map(|(rank, id)| (rank, i, id)));
            let Some((_, i, id)) = pairs.min() else { return ids };
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
            let merged = |left, right| pairs.get(&(left, right)).copied();
            let mut work = vec![7; ids.len() * 5 + 3];
            let mut piece = Piece::new(&mut work);
            ids.iter().for_each(|id| piece.push(*id, 0).unwrap());
            piece.merge(merged);
            prop_assert_eq!(piece.ids().collect::<Vec<_>>(), naive(merged, ids));
        }
    }

    #[test]
    fn more_characters_than_room_are_refused() {
        let mut work = [0; 14];
        let mut piece = Piece::new(&mut work);
        piece.push(1, 3).unwrap();
        piece.push(1, 3).unwrap();
        assert_eq!(piece.push(1, 3), Err(Error::Context { want: 3, context: 3 }));
    }
}
