//! The operations of an instruction set on sixteen f32.

/// The number of lanes of a vector.
pub const WIDTH: usize = 16;

/// Sixteen lanes.
///
/// # Safety
/// Every method needs the instruction set of the implementation. Pointers need room for sixteen
/// f32, those of the partial methods for `n` of them; none needs alignment.
pub(crate) trait Lanes: Copy {
    /// The register or registers.
    type V: Copy;
    /// Vectors of columns that the inner loop of a product holds at once.
    const AT_ONCE: usize;
    /// Rows of left-hand elements that it multiplies them with: as many as there are registers for their sums.
    const ROWS: usize;
    /// Asks for the line of the caches that `p` lies in, which need not exist.
    #[inline(always)]
    unsafe fn fetch(p: *const f32) {
        let _ = p;
    }
    /// [`Self::fetch`] into the second cache, for what is wanted later.
    #[inline(always)]
    unsafe fn fetch_far(p: *const f32) {
        let _ = p;
    }
    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(p: *const f32) -> Self::V;
    unsafe fn store(p: *mut f32, v: Self::V);
    /// The first `n` lanes; the others are 0.
    unsafe fn load_first(p: *const f32, n: usize) -> Self::V;
    unsafe fn store_first(p: *mut f32, n: usize, v: Self::V);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// `a·b + c`.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger; `b` when one is NaN.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// The smaller; `b` when one is NaN.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sqrt(a: Self::V) -> Self::V;
    /// Rounds to the nearest integer, ties to even.
    unsafe fn round(a: Self::V) -> Self::V;
    /// Returns 2ⁿ for an integral `n` in -126 ..= 127.
    unsafe fn exp2i(n: Self::V) -> Self::V;

    #[inline(always)]
    unsafe fn array(v: Self::V) -> [f32; WIDTH] {
        let mut out = [0.0; WIDTH];
        // SAFETY: `out` has sixteen lanes.
        unsafe { Self::store(out.as_mut_ptr(), v) };
        out
    }

    /// Rounds to the nearest bf16, ties to even.
    #[inline(always)]
    unsafe fn round_to_bf16(v: Self::V) -> Self::V {
        // SAFETY: as the caller's; there are sixteen lanes.
        unsafe {
            let rounded = Self::array(v).map(|x| {
                let bits = x.to_bits();
                let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
                // The fraction of what is no number could be rounded away.
                f32::from_bits(if x.is_nan() { bits | 0x40_0000 } else { rounded } & 0xffff_0000)
            });
            Self::load(rounded.as_ptr())
        }
    }
    /// Returns pairs of bf16 from rounded numbers, the first of each in the low half.
    #[inline(always)]
    unsafe fn pair(even: Self::V, odd: Self::V) -> Self::V {
        // SAFETY: as the caller's; there are sixteen lanes.
        unsafe {
            let (even, odd) = (Self::array(even), Self::array(odd));
            let pairs: [u32; WIDTH] = core::array::from_fn(
                #[inline(always)]
                |i| even[i].to_bits() >> 16 | odd[i].to_bits(),
            );
            Self::load(pairs.as_ptr().cast())
        }
    }
    /// Returns the first numbers of pairs.
    #[inline(always)]
    unsafe fn even(pairs: Self::V) -> Self::V {
        // SAFETY: as the caller's; there are sixteen lanes.
        unsafe {
            let numbers = Self::array(pairs).map(|pair| pair.to_bits() << 16);
            Self::load(numbers.as_ptr().cast())
        }
    }
    /// Returns the second numbers of pairs.
    #[inline(always)]
    unsafe fn odd(pairs: Self::V) -> Self::V {
        // SAFETY: as the caller's; there are sixteen lanes.
        unsafe {
            let numbers = Self::array(pairs).map(|pair| pair.to_bits() & 0xffff_0000);
            Self::load(numbers.as_ptr().cast())
        }
    }

    /// Rows and columns of sixteen vectors exchanged.
    #[inline(always)]
    unsafe fn transpose(rows: [Self::V; WIDTH]) -> [Self::V; WIDTH] {
        // SAFETY: as the caller's; every row has sixteen lanes.
        unsafe {
            let rows = rows.map(|row| Self::array(row));
            core::array::from_fn(|j| {
                let column: [f32; WIDTH] = core::array::from_fn(|i| rows[i][j]);
                Self::load(column.as_ptr())
            })
        }
    }

    /// The root of one number. `libm`'s is an SSE instruction, which stalls where the wide registers
    /// are in use.
    #[inline(always)]
    unsafe fn root(x: f32) -> f32 {
        // SAFETY: as the caller's.
        unsafe { Self::array(Self::sqrt(Self::splat(x)))[0] }
    }

    /// The sum of all lanes, in halves: i with i + 8, then i + 4, i + 2, i + 1.
    #[inline(always)]
    unsafe fn sum(v: Self::V) -> f32 {
        // SAFETY: as the caller's.
        let mut a = unsafe { Self::array(v) };
        let mut half = WIDTH / 2;
        while half > 0 {
            for i in 0..half {
                a[i] += a[i + half];
            }
            half /= 2;
        }
        a[0]
    }

    /// The largest lane.
    #[inline(always)]
    unsafe fn largest(v: Self::V) -> f32 {
        // SAFETY: as the caller's.
        unsafe { Self::array(v) }.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
}
