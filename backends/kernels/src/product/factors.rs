//! What factors are in packed memory, and how a step of the inner loop multiplies them.

#[cfg(target_arch = "x86_64")]
use crate::lanes::Avx512;
use crate::lanes::Lanes;

/// The precision of a product's factors. Sums are always in f32.
///
/// With [`Factors::Bf16`] both factors are rounded to the nearest bf16, ties to even, and each product is exact. Packed
/// memory then holds pairs of elements of k in the place of single numbers: a word is the element of even k in its low
/// half and the one of odd k in its high half, in the type f32 for the sake of one kind of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Factors {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits with the range of f32.
    Bf16,
}

impl Factors {
    /// Returns the words of packed memory that `k` elements of a column take.
    pub const fn words(self, k: usize) -> usize {
        match self {
            Self::F32 => k,
            Self::Bf16 => k.div_ceil(2),
        }
    }

    /// Returns the numbers that `k` elements of a row take once they are rounded.
    pub const fn padded(self, k: usize) -> usize {
        match self {
            Self::F32 => k,
            Self::Bf16 => k.next_multiple_of(2),
        }
    }
}

/// A step of the inner loop: the elements of k that one word of a packed column holds.
///
/// # Safety
/// As [`Lanes`].
pub(crate) trait Step<L: Lanes> {
    /// What it multiplies.
    const FACTORS: Factors;
    /// The numbers of a left-hand line for each step.
    const LEFT: usize;
    /// A vector of columns.
    type Columns: Copy;
    /// A left-hand line's factors.
    type Line: Copy;
    /// Loads sixteen columns' words.
    unsafe fn columns(p: *const f32) -> Self::Columns;
    /// Loads a left-hand line's factors, `step` apart.
    unsafe fn line(p: *const f32, step: usize) -> Self::Line;
    /// Returns `sum` and the products, those of lower k first.
    unsafe fn multiply(line: Self::Line, columns: Self::Columns, sum: L::V) -> L::V;
}

/// One f32.
pub(crate) struct Single;

impl<L: Lanes> Step<L> for Single {
    const FACTORS: Factors = Factors::F32;
    const LEFT: usize = 1;
    type Columns = L::V;
    type Line = L::V;
    #[inline(always)]
    unsafe fn columns(p: *const f32) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::load(p) }
    }
    #[inline(always)]
    unsafe fn line(p: *const f32, _: usize) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::splat(*p) }
    }
    #[inline(always)]
    unsafe fn multiply(line: L::V, columns: L::V, sum: L::V) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::fma(line, columns, sum) }
    }
}

/// A pair of bf16, widened to f32. Left-hand lines are rounded numbers in f32.
pub(crate) struct Widened;

impl<L: Lanes> Step<L> for Widened {
    const FACTORS: Factors = Factors::Bf16;
    const LEFT: usize = 2;
    type Columns = [L::V; 2];
    type Line = [L::V; 2];
    #[inline(always)]
    unsafe fn columns(p: *const f32) -> [L::V; 2] {
        // SAFETY: as the caller's.
        unsafe {
            let pairs = L::load(p);
            [L::even(pairs), L::odd(pairs)]
        }
    }
    #[inline(always)]
    unsafe fn line(p: *const f32, step: usize) -> [L::V; 2] {
        // SAFETY: as the caller's.
        unsafe { [L::splat(*p), L::splat(*p.wrapping_add(step))] }
    }
    #[inline(always)]
    unsafe fn multiply(line: [L::V; 2], columns: [L::V; 2], sum: L::V) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::fma(line[1], columns[1], L::fma(line[0], columns[0], sum)) }
    }
}

/// A pair of bf16 by AVX-512's own instruction, which adds the product of odd k first and takes numbers below the normal
/// ones for 0.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Native;

#[cfg(target_arch = "x86_64")]
impl Step<Avx512> for Native {
    const FACTORS: Factors = Factors::Bf16;
    const LEFT: usize = 1;
    type Columns = core::arch::x86_64::__m512;
    type Line = core::arch::x86_64::__m512;
    #[inline(always)]
    unsafe fn columns(p: *const f32) -> Self::Columns {
        // SAFETY: as the caller's.
        unsafe { Avx512::load(p) }
    }
    #[inline(always)]
    unsafe fn line(p: *const f32, _: usize) -> Self::Line {
        // SAFETY: as the caller's. As integers, so that no bit of a pair that is no number changes.
        unsafe {
            use core::arch::x86_64::{_mm512_castsi512_ps, _mm512_set1_epi32};
            _mm512_castsi512_ps(_mm512_set1_epi32(*p.cast::<i32>()))
        }
    }
    #[inline(always)]
    unsafe fn multiply(line: Self::Line, columns: Self::Columns, sum: Self::Columns) -> Self::Columns {
        // SAFETY: as the caller's, who promises AVX-512 BF16 besides.
        unsafe { Avx512::add_products_of_pairs(line, columns, sum) }
    }
}

/// What [`Native`] does, in operations that every processor has: its memory can be tested where the instruction is not.
#[cfg(test)]
pub(crate) struct Paired;

#[cfg(test)]
impl<L: Lanes> Step<L> for Paired {
    const FACTORS: Factors = Factors::Bf16;
    const LEFT: usize = 1;
    type Columns = L::V;
    type Line = L::V;
    #[inline(always)]
    unsafe fn columns(p: *const f32) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::load(p) }
    }
    #[inline(always)]
    unsafe fn line(p: *const f32, _: usize) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::splat(*p) }
    }
    #[inline(always)]
    unsafe fn multiply(line: L::V, columns: L::V, sum: L::V) -> L::V {
        // SAFETY: as the caller's.
        unsafe {
            let sum = L::fma(L::odd(line), L::odd(columns), sum);
            L::fma(L::even(line), L::even(columns), sum)
        }
    }
}
