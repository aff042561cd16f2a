//! Vectorized elementary functions.

use crate::lanes::Lanes;

/// Returns eˣ with a relative error below 2e-7 on -87 ..= 88; below it 0 (e⁻⁸⁷ is 1.6e-38), above it e⁸⁸.
///
/// Cody–Waite reduction by ln 2 in two parts, then the Taylor polynomial of degree 7 on
/// ±ln 2 / 2, whose truncation error is 5e-9.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn exp<L: Lanes>(x: L::V) -> L::V {
    // SAFETY: as the caller's.
    unsafe {
        // `max` and `min` return their second argument for NaN; so NaN stays NaN.
        let limited = L::min(L::splat(88.0), L::max(L::splat(-87.0), x));
        let n = L::round(L::mul(limited, L::splat(core::f32::consts::LOG2_E)));
        let r = L::fma(n, L::splat(-0.693_145_75), limited);
        let r = L::fma(n, L::splat(-1.428_606_8e-6), r);
        let mut p = L::splat(1.0 / 5040.0);
        for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            p = L::fma(p, r, L::splat(c));
        }
        L::mul(p, L::exp2i(n))
    }
}

/// Returns 1 / (1 + e⁻ˣ).
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn sigmoid<L: Lanes>(x: L::V) -> L::V {
    // SAFETY: as the caller's.
    unsafe {
        let one = L::splat(1.0);
        L::div(one, L::add(one, exp::<L>(L::sub(L::splat(0.0), x))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::kernel;
    use crate::isa::Processor;
    use crate::lanes::WIDTH;
    use crate::testing::processors;

    unsafe fn exp_slice<L: Lanes>(x: &mut [f32; WIDTH]) {
        // SAFETY: there are sixteen; the caller has the lanes.
        unsafe { L::store(x.as_mut_ptr(), exp::<L>(L::load(x.as_ptr()))) }
    }

    unsafe fn folds<L: Lanes>(x: &[f32; WIDTH]) -> (f32, f32) {
        // SAFETY: as above.
        unsafe { (L::sum(L::load(x.as_ptr())), L::largest(L::load(x.as_ptr()))) }
    }

    #[test]
    fn sums_have_one_order_on_every_instruction_set() {
        let mut x = [0.0f32; WIDTH];
        for (i, x) in x.iter_mut().enumerate() {
            *x = (i as f32 * 0.37 + 0.1).sin() * 10f32.powi(i as i32 % 5);
        }
        let x = &x;
        let plain = Processor::PORTABLE;
        let want = kernel!(plain, folds(x: &[f32; WIDTH]) -> (f32, f32));
        assert_eq!(want.1, x.iter().copied().fold(f32::MIN, f32::max));
        for processor in processors() {
            assert_eq!(kernel!(processor, folds(x: &[f32; WIDTH]) -> (f32, f32)), want);
        }
    }

    #[test]
    fn exp_has_the_error_it_states() {
        for processor in processors() {
            let mut worst = 0.0f64;
            for i in 0..20_000 {
                let x = -87.0 + 175.0 * i as f32 / 20_000.0;
                let mut v = [x; WIDTH];
                let p = &mut v;
                kernel!(processor, exp_slice(p: &mut [f32; WIDTH]));
                let want = f64::from(x).exp();
                worst = worst.max((f64::from(v[3]) - want).abs() / want);
            }
            assert!(worst < 2e-7, "{processor:?}: {worst:e}");
            let mut v = [f32::NAN; WIDTH];
            let p = &mut v;
            kernel!(processor, exp_slice(p: &mut [f32; WIDTH]));
            assert!(v[0].is_nan(), "{processor:?}: {v:?}");
        }
    }
}
