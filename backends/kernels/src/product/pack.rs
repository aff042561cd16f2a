//! Copies of matrix parts in the order that the inner loop reads them.

use super::factors::{Factors, Step};
use super::shape::{Matrix, Strided, TALL, WIDE};
use crate::dispatch::{factors_kernel, kernel};
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::{get, put};
use core::ops::Range;

/// The number of rows of memory that are prefetched ahead.
const AHEAD: usize = 8;

/// `count` lines of `k` elements, in panels of `tall` lines: element `p` of line `i` goes to
/// `to + i / tall · k·tall + p·tall + i % tall`. What an incomplete last panel lacks is not written, or not
/// with anything that counts.
///
/// Either lines or elements lie side by side: one of `lines.line` and `lines.step` is 1.
///
/// # Safety
/// As [`Lanes`]; all those elements exist, and `to` has room for whole panels and a vector beyond.
#[inline(always)]
pub(super) unsafe fn panels<L: Lanes>(to: *mut f32, tall: usize, count: usize, k: usize, lines: Strided) {
    let Strided { data: first, line, step } = lines;
    // SAFETY: the caller's promise. What is written beyond a panel's lines is the beginning of its next element's,
    // which comes later.
    unsafe {
        if line == 1 {
            // A row of memory holds one element of many lines: several panels at a time read it whole.
            let most = 2 * WIDE / tall * tall;
            for together in (0..count).step_by(most) {
                let end = (together + most).min(count);
                for p in 0..k {
                    // No processor foresees rows that are pages apart.
                    for i in (together..end).step_by(WIDTH) {
                        L::fetch(first.wrapping_add((p + AHEAD) * step + i));
                    }
                    for i in (together..end).step_by(tall) {
                        let (from, to) = (first.add(p * step + i), to.add(i * k + p * tall));
                        for j in (0..tall.min(end - i)).step_by(WIDTH) {
                            let v = get::<L>(from.add(j), count - i - j);
                            // Past the last element another panel begins.
                            if p + 1 < k { L::store(to.add(j), v) } else { put::<L>(to.add(j), tall - j, v) }
                        }
                    }
                }
            }
            return;
        }
        for i in (0..count).step_by(tall) {
            let to = to.add(i * k);
            for j in (i..count.min(i + tall)).step_by(WIDTH) {
                let lines = WIDTH.min(tall + i - j).min(count - j);
                let (from, to) = (first.add(j * line), to.add(j - i));
                let whole = if step == 1 && lines > 1 { k / WIDTH * WIDTH } else { 0 };
                for p in (0..whole).step_by(WIDTH) {
                    let mut rows = [L::splat(0.0); WIDTH];
                    for (i, row) in rows.iter_mut().enumerate() {
                        *row = L::load(from.add(i.min(lines - 1) * line + p));
                    }
                    for (i, column) in L::transpose(rows).into_iter().enumerate() {
                        L::store(to.add((p + i) * tall), column);
                    }
                }
                for p in whole..k {
                    for i in 0..lines {
                        *to.add(p * tall + i) = *from.add(i * line + p * step);
                    }
                }
            }
        }
    }
}

/// Packs a part of the right-hand matrix: `elements` of k of `columns`, in panels of [`WIDE`] columns. `to` is whole
/// panels: `columns.len().next_multiple_of(WIDE) · factors.words(elements.len())`.
///
/// # Panics
/// If `b` has no such part, or `to` another length.
pub fn pack_columns(
    processor: Processor,
    factors: Factors,
    b: Matrix<'_>,
    elements: Range<usize>,
    columns: Range<usize>,
    to: &mut [f32],
) {
    let (count, k) = (columns.len(), elements.len());
    b.check(elements.end, columns.end);
    assert_eq!(to.len(), count.next_multiple_of(WIDE) * factors.words(k));
    let (line, step) = b.strides();
    let lines = Strided { data: b.at(elements.start, columns.start), line: step, step: line };
    match factors {
        Factors::F32 => {
            kernel!(processor, wide_panels(to: &mut [f32], count: usize, k: usize, lines: Strided));
        }
        Factors::Bf16 => {
            kernel!(processor, wide_pairs(to: &mut [f32], count: usize, k: usize, lines: Strided));
        }
    }
}

#[inline(always)]
unsafe fn wide_panels<L: Lanes>(to: &mut [f32], count: usize, k: usize, lines: Strided) {
    // SAFETY: `pack_columns` checked both. Panels are whole vectors wide, so that nothing is written beyond them.
    unsafe { panels::<L>(to.as_mut_ptr(), WIDE, count, k, lines) }
}

/// Elements of a panel's columns that are paired at a time.
const PAIRED: usize = 32;

#[inline(always)]
unsafe fn wide_pairs<L: Lanes>(to: &mut [f32], count: usize, k: usize, lines: Strided) {
    let mut single = [0.0; PAIRED * WIDE];
    for first in (0..count).step_by(WIDE) {
        let columns = WIDE.min(count - first);
        let to = &mut to[first * k.div_ceil(2)..];
        for p in (0..k).step_by(PAIRED) {
            let elements = PAIRED.min(k - p);
            let data = lines.data.wrapping_add(first * lines.line + p * lines.step);
            // SAFETY: `pack_columns` checked both; panels are whole vectors wide.
            unsafe {
                panels::<L>(single.as_mut_ptr(), WIDE, columns, elements, Strided { data, ..lines });
                single[elements * WIDE..elements.next_multiple_of(2) * WIDE].fill(0.0);
                for (i, pair) in single.chunks_exact(2 * WIDE).take(elements.div_ceil(2)).enumerate() {
                    for v in (0..WIDE).step_by(WIDTH) {
                        let even = L::round_to_bf16(L::load(pair.as_ptr().add(v)));
                        let odd = L::round_to_bf16(L::load(pair.as_ptr().add(WIDE + v)));
                        L::store(to[(p / 2 + i) * WIDE + v..][..WIDTH].as_mut_ptr(), L::pair(even, odd));
                    }
                }
            }
        }
    }
}

/// `count` left-hand rows of `k` elements in panels of [`TALL`] rows, `FACTORS.padded(k) · TALL` numbers apart, as the
/// steps `S` read them.
///
/// # Safety
/// As [`panels`].
#[inline(always)]
pub(super) unsafe fn left_panels<L: Lanes, S: Step<L>>(to: *mut f32, count: usize, k: usize, lines: Strided) {
    // SAFETY: as the caller's. What is written beyond a panel is the beginning of the next, or the vector beyond all.
    unsafe {
        if matches!(S::FACTORS, Factors::F32) {
            return panels::<L>(to, TALL, count, k, lines);
        }
        let padded = S::FACTORS.padded(k);
        for first in (0..count).step_by(TALL) {
            let to = to.add(first * padded);
            let data = lines.data.wrapping_add(first * lines.line);
            panels::<L>(to, TALL, TALL.min(count - first), k, Strided { data, ..lines });
            if padded > k {
                core::slice::from_raw_parts_mut(to.add(k * TALL), TALL).fill(0.0);
            }
            if S::LEFT == 2 {
                for i in (0..padded * TALL).step_by(WIDTH) {
                    L::store(to.add(i), L::round_to_bf16(L::load(to.add(i))));
                }
            } else {
                pair_rows::<L>(to, padded, TALL);
            }
        }
    }
}

/// Rounds numbers `[padded][wide]` and pairs each two rows, in the place of the first half. What follows a row of pairs
/// is written too, for a vector's rest: rows that are not read any more.
///
/// # Safety
/// As [`Lanes`]; there is a vector beyond the numbers.
#[inline(always)]
unsafe fn pair_rows<L: Lanes>(to: *mut f32, padded: usize, wide: usize) {
    // SAFETY: as the caller's.
    unsafe {
        for p in 0..padded / 2 {
            let (even, odd) = (to.add(2 * p * wide), to.add((2 * p + 1) * wide));
            for i in (0..wide).step_by(WIDTH) {
                let even = L::round_to_bf16(L::load(even.add(i)));
                let odd = L::round_to_bf16(L::load(odd.add(i)));
                let pairs = L::pair(even, odd);
                // The first pair's second row begins right after it.
                L::store_first(to.add(p * wide + i), WIDTH.min(wide - i), pairs);
            }
        }
    }
}

/// Rounds `rows` left-hand rows of `k` elements for [`thin`](super::thin): `to` becomes a matrix of rows that are
/// `factors.padded(k)` apart.
///
/// # Panics
/// If `a` has no such rows, or `to` is not as long.
pub fn round_rows(
    processor: Processor,
    factors: Factors,
    rows: Range<usize>,
    k: usize,
    a: Matrix<'_>,
    to: &mut [f32],
) {
    a.check(rows.end, k);
    assert_eq!(to.len(), rows.len() * factors.padded(k));
    let (line, step) = a.strides();
    let lines = Strided { data: a.at(rows.start, 0), line, step };
    factors_kernel!(processor, factors, rounded_rows(to: &mut [f32], k: usize, lines: Strided));
}

#[inline(always)]
unsafe fn rounded_rows<L: Lanes, S: Step<L>>(to: &mut [f32], k: usize, lines: Strided) {
    let padded = S::FACTORS.padded(k);
    for (i, to) in to.chunks_exact_mut(padded.max(1)).enumerate() {
        // SAFETY: the caller's promise: `k` elements of so many lines exist.
        unsafe {
            let from = lines.data.wrapping_add(i * lines.line);
            for (p, x) in to[..k].iter_mut().enumerate() {
                *x = *from.wrapping_add(p * lines.step);
            }
            to[k..].fill(0.0);
            if matches!(S::FACTORS, Factors::F32) {
                continue;
            }
            for at in (0..padded).step_by(WIDTH) {
                let p = to.as_mut_ptr().add(at);
                put::<L>(p, padded - at, L::round_to_bf16(get::<L>(p, padded - at)));
            }
            if S::LEFT == 1 {
                for pair in 0..padded / 2 {
                    let (even, odd) = (to[2 * pair].to_bits() >> 16, to[2 * pair + 1].to_bits());
                    to[pair] = f32::from_bits(even | odd);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::factors::Paired;
    use super::*;
    use crate::testing::{numbers, processors};
    use alloc::vec;

    /// Rows for [`thin`](super::super::thin), where the processor has an instruction for pairs.
    #[test]
    fn rows_are_rounded_and_paired() {
        #[inline(always)]
        unsafe fn pair<L: Lanes>(to: &mut [f32], k: usize, lines: Strided) {
            // SAFETY: the lines exist; the caller has the lanes.
            unsafe { rounded_rows::<L, Paired>(to, k, lines) }
        }
        for (rows, k) in [(1, 1), (3, 2), (2, 33), (4, 64)] {
            let (a, padded) = (numbers(rows * k, 1), Factors::Bf16.padded(k));
            for processor in processors() {
                let mut out = vec![f32::NAN; rows * padded];
                let (to, lines) = (&mut out[..], Strided { data: a.as_ptr(), line: k, step: 1 });
                kernel!(processor, pair(to: &mut [f32], k: usize, lines: Strided));
                for (got, row) in out.chunks(padded).zip(a.chunks(k)) {
                    for (got, pair) in got.iter().zip(row.chunks(2)) {
                        let bits =
                            |i| pair.get(i).map_or(0, |&x| u32::from(half::bf16::from_f32(x).to_bits()));
                        assert_eq!(got.to_bits(), bits(0) | bits(1) << 16, "{processor:?}");
                    }
                }
            }
        }
    }

    /// Lines that lie in memory one after the other, or side by side.
    #[test]
    fn every_element_is_in_its_place() {
        #[inline(always)]
        unsafe fn pack<L: Lanes>(to: &mut [f32], tall: usize, count: usize, k: usize, lines: Strided) {
            // SAFETY: the test makes room; the caller has the lanes.
            unsafe { panels::<L>(to.as_mut_ptr(), tall, count, k, lines) }
        }
        for processor in processors() {
            for tall in [12, WIDE] {
                for size in [(1, 1), (5, 3), (12, 16), (13, 40), (64, 33), (300, 21)] {
                    let (count, k) = size;
                    let a = numbers(count * k, 1);
                    for (line, step) in [(k, 1), (1, count)] {
                        let mut packed = vec![f32::NAN; count.next_multiple_of(tall) * k + WIDTH];
                        let (to, lines) = (&mut packed[..], Strided { data: a.as_ptr(), line, step });
                        kernel!(processor, pack(to: &mut [f32], tall: usize, count: usize, k: usize, lines: Strided));
                        for i in 0..count {
                            for p in 0..k {
                                let got = packed[i / tall * k * tall + p * tall + i % tall];
                                assert_eq!(
                                    got,
                                    a[i * line + p * step],
                                    "{processor:?} {tall} {size:?} [{i}, {p}]"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
