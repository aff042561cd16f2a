//! The exponential function in f32, in a form that compilers turn into vector instructions.

/// Added to a number below 2²² it rounds it to an integer, which the last bits then hold.
const ROUND: f32 = 12_582_912.0;

/// eˣ: relative error below 1e-7 on −87.3 ..= 88.3, exactly 1 at 0; ∞ from 88.4, 0 below −87.7, NaN
/// for NaN.
///
/// `x = n·ln 2 + r` with ln 2 in two parts (Cody and Waite), then `2ⁿ·(1 + r + r²·q(r))`, where q
/// minimizes the largest relative error on ±½ ln 2, 3.1e-9. No branch, no table, no fused
/// operation: the bits are the same on every target.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (rest, power) = split(x);
    rest_exp(rest) * power
}

/// [`exp`] of a block, to the bit, in two passes: a processor has more of many short chains of operations
/// under way than of half as many long ones.
#[inline(always)]
pub(crate) fn exp_all<const N: usize>(x: &[f32; N], out: &mut [f32; N]) {
    let mut powers = [0.0; N];
    for i in 0..N {
        (out[i], powers[i]) = split(x[i]);
    }
    for i in 0..N {
        out[i] = rest_exp(out[i]) * powers[i];
    }
}

/// r and 2ⁿ.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    // Comparisons in this order keep NaN. At the limits n is 128 and −127, and 2ⁿ below ∞ and 0.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -88.0 { -88.0 } else { x };
    let shifted = x * core::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1f32.to_bits()));
    (x - n * 0.693_145_75 - n * 1.428_606_8e-6, power)
}

/// eʳ on ±½ ln 2.
#[inline(always)]
fn rest_exp(r: f32) -> f32 {
    let square = r * r;
    let q = (0.499_999_94 + 0.166_665_21 * r)
        + square * ((0.041_668_39 + 0.008_368_717 * r) + square * 0.001_381_459_9);
    1.0 + (r + square * q)
}

#[cfg(test)]
mod tests {
    use super::exp;

    /// The largest relative error over all numbers of one sign up to `last`, but for those so small
    /// that the exponential is 1. Numbers that share their first 24 bits lie so close together
    /// that the exponential of the rest is four terms of its series.
    fn worst(sign: f32, last: f32) -> f64 {
        let mut worst = 0.0f64;
        for first in ((2f32.powi(-25).to_bits() >> 8)..=(last.to_bits() >> 8)).map(|bits| bits << 8) {
            let start = f64::from(sign * f32::from_bits(first));
            let base = start.exp();
            let mut errors = [0.0; 256];
            for (error, bits) in errors.iter_mut().zip(first..) {
                let x = sign * f32::from_bits(bits);
                let d = f64::from(x) - start;
                let want = base * (1.0 + d * (1.0 + d * (0.5 + d / 6.0)));
                *error = (f64::from(exp(x)) - want).abs() / base;
            }
            worst = errors.into_iter().fold(worst, f64::max);
        }
        worst
    }

    #[test]
    fn the_error_over_all_numbers_is_the_one_stated() {
        let worst = worst(1.0, 88.3).max(worst(-1.0, 87.3));
        assert!(worst < 1e-7, "{worst:e}");
    }

    #[test]
    fn the_ends_are_exact() {
        assert_eq!((exp(0.0), exp(-0.0), exp(1e-9), exp(-1e-9)), (1.0, 1.0, 1.0, 1.0));
        for x in [88.4, 1e9, f32::MAX, f32::INFINITY] {
            assert_eq!((exp(x), exp(-x)), (f32::INFINITY, 0.0));
        }
        assert!(exp(f32::NAN).is_nan() && exp(-87.68).abs() < f32::MIN_POSITIVE);
    }
}
