//! Sixteen f32 at a time, on whatever the processor has.
//!
//! Every kernel is written once over [`Lanes`] and compiled once per instruction set; the number of
//! lanes is fixed, so a reduction adds in the same order everywhere.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

/// How many lanes a vector has.
pub(crate) const WIDTH: usize = 16;

/// The instruction set that kernels run on. The bits of a result may differ between two of them,
/// never on one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512F.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// Plain Rust, and `matrixmultiply` for the products.
    Portable,
}

impl Isa {
    /// The best that this processor has. Without the `std` feature, the best that the target
    /// promises.
    pub fn best() -> Self {
        if Self::Avx512.available() {
            Self::Avx512
        } else if Self::Avx2.available() {
            Self::Avx2
        } else {
            Self::Portable
        }
    }

    /// Whether this processor has it.
    pub fn available(self) -> bool {
        #[cfg(all(target_arch = "x86_64", feature = "std"))]
        {
            match self {
                Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
                Self::Avx2 => {
                    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
                }
                Self::Portable => true,
            }
        }
        #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
        {
            match self {
                Self::Avx512 => cfg!(all(target_arch = "x86_64", target_feature = "avx512f")),
                Self::Avx2 => {
                    cfg!(all(target_arch = "x86_64", target_feature = "avx2", target_feature = "fma"))
                }
                Self::Portable => true,
            }
        }
    }

    /// Its name, as runs record it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

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
    /// To the nearest integer, ties to even.
    unsafe fn round(a: Self::V) -> Self::V;
    /// 2ⁿ for an integral `n` in -126 ..= 127.
    unsafe fn exp2i(n: Self::V) -> Self::V;

    #[inline(always)]
    unsafe fn array(v: Self::V) -> [f32; WIDTH] {
        let mut out = [0.0; WIDTH];
        // SAFETY: `out` has sixteen lanes.
        unsafe { Self::store(out.as_mut_ptr(), v) };
        out
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

/// Compiles a generic kernel once per instruction set and calls the one asked for.
///
/// `kernel!(isa, function(argument: type, …))` calls `function::<L>(argument, …)`.
macro_rules! kernel {
    ($isa:expr, $f:ident($($arg:ident: $t:ty),* $(,)?) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the features that the lanes need.
            unsafe { $f::<$crate::lanes::Avx512>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the features that the lanes need.
            unsafe { $f::<$crate::lanes::Avx2>($($arg),*) }
        }
        match $isa {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` in use was found available when its `Cpu` was made.
            $crate::lanes::Isa::Avx512 => unsafe { avx512($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            $crate::lanes::Isa::Avx2 => unsafe { avx2($($arg),*) },
            // SAFETY: plain Rust needs nothing.
            _ => unsafe { $f::<$crate::lanes::Portable>($($arg),*) },
        }
    }};
}
pub(crate) use kernel;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{cpus, numbers};

    /// Every operation on sixteen pairs, in rows of sixteen, then the two reductions.
    unsafe fn everything<L: Lanes>(a: &[f32], b: &[f32], n: usize, out: &mut [[f32; WIDTH]; 12]) {
        // SAFETY: `a` and `b` have sixteen elements; the caller has the lanes.
        unsafe {
            let (x, y) = (L::load(a.as_ptr()), L::load(b.as_ptr()));
            let all = [
                L::add(x, y),
                L::sub(x, y),
                L::mul(x, y),
                L::div(x, y),
                L::max(x, y),
                L::min(x, y),
                L::sqrt(L::mul(x, x)),
                L::round(x),
                L::exp2i(L::round(x)),
                L::load_first(a.as_ptr(), n),
            ];
            for (row, v) in out.iter_mut().zip(all) {
                *row = L::array(v);
            }
            L::store_first(out[10].as_mut_ptr(), n, x);
            out[11][..2].copy_from_slice(&[L::sum(x), L::largest(x)]);
        }
    }

    #[test]
    fn lanes_do_what_single_numbers_do() {
        let (mut a, b) = (numbers(WIDTH, 1), numbers(WIDTH, 2));
        // Ties go to the even neighbour.
        a[..4].copy_from_slice(&[0.5, 1.5, -2.5, 126.0]);
        for cpu in cpus() {
            for n in 0..WIDTH {
                let mut out = [[f32::NAN; WIDTH]; 12];
                let (a, b, o) = (&a[..], &b[..], &mut out);
                kernel!(cpu.isa(), everything(a: &[f32], b: &[f32], n: usize, o: &mut [[f32; WIDTH]; 12]));
                for i in 0..WIDTH {
                    let (x, y) = (a[i], b[i]);
                    let first = if i < n { x } else { 0.0 };
                    let rounded = libm::rintf(x);
                    let want = [x + y, x - y, x * y, x / y, x.max(y), x.min(y), x.abs(), rounded];
                    let more = [libm::exp2f(rounded), first];
                    for (k, want) in want.into_iter().chain(more).enumerate() {
                        assert_eq!(out[k][i], want, "{cpu:?}: operation {k} on {x} and {y}");
                    }
                    // What lies beyond the first lanes is left alone.
                    assert!(if i < n { out[10][i] == x } else { out[10][i].is_nan() }, "{cpu:?}");
                }
                assert_eq!(out[11][1], 126.0);
                let sum: f64 = a.iter().map(|&x| f64::from(x)).sum();
                assert!((f64::from(out[11][0]) - sum).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn rows_become_columns() {
        unsafe fn transposed<L: Lanes>(a: &mut [f32]) {
            // SAFETY: `a` has sixteen rows of sixteen; the caller has the lanes.
            unsafe {
                let rows = L::transpose(core::array::from_fn(|i| L::load(a.as_ptr().add(i * WIDTH))));
                for (i, row) in rows.into_iter().enumerate() {
                    L::store(a.as_mut_ptr().add(i * WIDTH), row);
                }
            }
        }
        for cpu in cpus() {
            let mut a: [f32; WIDTH * WIDTH] = core::array::from_fn(|i| i as f32);
            let all = &mut a[..];
            kernel!(cpu.isa(), transposed(all: &mut [f32]));
            for (i, &x) in a.iter().enumerate() {
                assert_eq!(x, (i % WIDTH * WIDTH + i / WIDTH) as f32, "{cpu:?}");
            }
        }
    }

    #[test]
    fn the_second_is_taken_where_one_is_no_number() {
        unsafe fn limit<L: Lanes>(x: &mut [f32]) {
            // SAFETY: `x` has sixteen elements; the caller has the lanes.
            unsafe {
                let v = L::load(x.as_ptr());
                L::store(x.as_mut_ptr(), L::min(L::splat(1.0), L::max(L::splat(-1.0), v)));
            }
        }
        for cpu in cpus() {
            let mut x = [f32::NAN; WIDTH];
            x[1] = 7.0;
            let v = &mut x[..];
            kernel!(cpu.isa(), limit(v: &mut [f32]));
            assert!(x[0].is_nan() && x[1] == 1.0, "{cpu:?}");
        }
    }
}
