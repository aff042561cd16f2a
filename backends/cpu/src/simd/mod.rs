//! Vectors of sixteen f32, on every processor.
//!
//! Every kernel is written once over [`Lanes`] and compiled once per instruction set; the number of
//! lanes is fixed, so a reduction adds in the same order everywhere.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod vector;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;
pub(crate) use vector::{Lanes, WIDTH};

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

    /// Returns whether this processor has it.
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

/// Compiles a generic kernel once per instruction set and calls the one asked for.
///
/// `kernel!(isa, function(argument: type, …))` calls `function::<L>(argument, …)`.
macro_rules! kernel {
    ($isa:expr, $f:ident($($arg:ident: $t:ty),* $(,)?) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the features that the lanes need.
            unsafe { $f::<$crate::simd::Avx512>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the features that the lanes need.
            unsafe { $f::<$crate::simd::Avx2>($($arg),*) }
        }
        match $isa {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` in use was found available when its `Cpu` was made.
            $crate::simd::Isa::Avx512 => unsafe { avx512($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            $crate::simd::Isa::Avx2 => unsafe { avx2($($arg),*) },
            // SAFETY: plain Rust needs nothing.
            _ => unsafe { $f::<$crate::simd::Portable>($($arg),*) },
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
        // Ties go to the even neighbor.
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
