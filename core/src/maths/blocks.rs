//! Loops over tokens a block at a time: short loops over arrays become vector instructions, and a
//! processor has many tokens under way.

use crate::Real;
use crate::vectors::widest;

/// Tokens that are taken at once.
pub(crate) const BLOCK: usize = 64;
/// Sums run side by side in so many lanes, a block's token `i` in lane `i mod LANES`, so that their
/// order depends on no processor. In fewer lanes an addition waits for the one before it.
const LANES: usize = 16;

/// A sum, or another fold, of the numbers of all blocks.
pub(crate) type Lanes<A> = [A; LANES];

/// Lanes that start with `value`.
pub(crate) const fn lanes<A: Copy>(value: A) -> Lanes<A> {
    [value; LANES]
}

/// A whole block of what is left; what is beyond it is masked out.
#[inline(always)]
pub(crate) fn filled<T: Copy + Default>(rest: &[T]) -> [T; BLOCK] {
    let mut block = [T::default(); BLOCK];
    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    block
}

/// Takes each number of a block into its lane.
#[inline(always)]
pub(crate) fn fold<A: Copy, R: Real>(lanes: &mut Lanes<A>, block: &[R; BLOCK], into: impl Fn(A, R) -> A) {
    let mut all = *lanes;
    for part in block.as_chunks::<LANES>().0 {
        for (lane, x) in all.iter_mut().zip(part) {
            *lane = into(*lane, *x);
        }
    }
    *lanes = all;
}

/// How many of a block are masked in.
#[inline(always)]
pub(crate) fn masked_in(mask: &[bool; BLOCK]) -> usize {
    usize::from(mask.iter().map(|mask| u8::from(*mask)).sum::<u8>())
}

/// Goes through columns of equally many tokens, block by block, in the widest vectors there are; what is
/// beyond their end is masked out. `block` must be `#[inline(always)]`.
#[inline]
pub(crate) fn blocks<R: Real>(
    [a, b, c]: [&[R]; 3],
    mask: &[bool],
    out: &mut [R],
    mut block: impl FnMut([&[R; BLOCK]; 3], &[bool; BLOCK], &mut [R; BLOCK]),
) {
    let (a_blocks, a_rest) = a.as_chunks();
    let (b_blocks, b_rest) = b.as_chunks();
    let (c_blocks, c_rest) = c.as_chunks();
    let (mask_blocks, mask_rest) = mask.as_chunks();
    let (out_blocks, out_rest) = out.as_chunks_mut();
    widest(
        #[inline(always)]
        || {
            let columns = a_blocks.iter().zip(b_blocks).zip(c_blocks).zip(mask_blocks).zip(out_blocks);
            for ((((a, b), c), mask), out) in columns {
                block([a, b, c], mask, out);
            }
            let mut last = [R::ZERO; BLOCK];
            block([&filled(a_rest), &filled(b_rest), &filled(c_rest)], &filled(mask_rest), &mut last);
            out_rest.copy_from_slice(last.get(..out_rest.len()).unwrap_or(&[]));
        },
    );
}
