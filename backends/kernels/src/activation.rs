//! GELU as GPT-2 approximates it, and SwiGLU.

use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::{get, put};
use crate::vector_math::sigmoid;

/// √(2/π).
const SLOPE: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

/// `x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))` of each element (Hendrycks and Gimpel, arXiv:1606.08415).
///
/// # Panics
/// If `out` is not as long as `h`.
pub fn gelu(processor: Processor, h: &[f32], out: &mut [f32]) {
    assert_eq!(h.len(), out.len());
    kernel!(processor, gelu_slice(h: &[f32], out: &mut [f32]));
}

/// Computes `dh` from `d`, the gradient of [`gelu`]'s output, which `d` becomes.
///
/// # Panics
/// If the slices are not all as long.
pub fn gelu_backward(processor: Processor, h: &[f32], d: &mut [f32], dh: &mut [f32]) {
    assert!(h.len() == d.len() && h.len() == dh.len());
    kernel!(processor, gelu_backward_slice(h: &[f32], d: &mut [f32], dh: &mut [f32]));
}

/// `gate · σ(gate) · up` of rows that hold `hidden` gates and as many ups (Shazeer, arXiv:2002.05202).
///
/// # Panics
/// If `h` is not twice as long as `out`.
pub fn swiglu(processor: Processor, hidden: usize, h: &[f32], out: &mut [f32]) {
    assert_eq!(h.len(), 2 * out.len());
    kernel!(processor, swiglu_rows(hidden: usize, h: &[f32], out: &mut [f32]));
}

/// Computes `dh` from `d`, the gradient of [`swiglu`]'s output, which `d` becomes.
///
/// # Panics
/// If `h` and `dh` are not twice as long as `d`.
pub fn swiglu_backward(processor: Processor, hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]) {
    assert!(h.len() == 2 * d.len() && dh.len() == h.len());
    kernel!(processor, swiglu_backward_rows(hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]));
}

/// `1/2·(1 + tanh(u))` is the sigmoid of `2u`: one exponential serves.
#[inline(always)]
unsafe fn gate<L: Lanes>(x: L::V) -> L::V {
    // SAFETY: as the caller's.
    unsafe {
        let cubic = L::fma(L::mul(x, x), L::splat(2.0 * SLOPE * CUBE), L::splat(2.0 * SLOPE));
        sigmoid::<L>(L::mul(x, cubic))
    }
}

#[inline(always)]
unsafe fn gelu_slice<L: Lanes>(h: &[f32], out: &mut [f32]) {
    for i in (0..h.len()).step_by(WIDTH) {
        let n = h.len() - i;
        // SAFETY: both are as long.
        unsafe {
            let x = get::<L>(h.as_ptr().add(i), n);
            put::<L>(out.as_mut_ptr().add(i), n, L::mul(x, gate::<L>(x)));
        }
    }
}

#[inline(always)]
unsafe fn gelu_backward_slice<L: Lanes>(h: &[f32], d: &mut [f32], dh: &mut [f32]) {
    for i in (0..h.len()).step_by(WIDTH) {
        let n = h.len() - i;
        // SAFETY: all are as long.
        unsafe {
            let x = get::<L>(h.as_ptr().add(i), n);
            let s = gate::<L>(x);
            // s + x·s·(1 − s)·du/dx
            let slope = L::fma(L::mul(x, x), L::splat(6.0 * SLOPE * CUBE), L::splat(2.0 * SLOPE));
            let bend = L::mul(L::mul(s, L::sub(L::splat(1.0), s)), L::mul(x, slope));
            let d = d.as_mut_ptr().add(i);
            put::<L>(dh.as_mut_ptr().add(i), n, L::mul(get::<L>(d, n), L::add(s, bend)));
            put::<L>(d, n, L::mul(x, s));
        }
    }
}

#[inline(always)]
unsafe fn swiglu_rows<L: Lanes>(hidden: usize, h: &[f32], out: &mut [f32]) {
    for (h, out) in h.chunks_exact(2 * hidden).zip(out.chunks_exact_mut(hidden)) {
        for i in (0..hidden).step_by(WIDTH) {
            let n = hidden - i;
            // SAFETY: the row has a gate and an up half.
            unsafe {
                let x = get::<L>(h.as_ptr().add(i), n);
                let up = get::<L>(h.as_ptr().add(hidden + i), n);
                put::<L>(out.as_mut_ptr().add(i), n, L::mul(L::mul(x, sigmoid::<L>(x)), up));
            }
        }
    }
}

#[inline(always)]
unsafe fn swiglu_backward_rows<L: Lanes>(hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]) {
    let rows =
        h.chunks_exact(2 * hidden).zip(d.chunks_exact_mut(hidden)).zip(dh.chunks_exact_mut(2 * hidden));
    for ((h, d), dh) in rows {
        for i in (0..hidden).step_by(WIDTH) {
            let n = hidden - i;
            // SAFETY: the row has a gate and an up half.
            unsafe {
                let x = get::<L>(h.as_ptr().add(i), n);
                let up = get::<L>(h.as_ptr().add(hidden + i), n);
                let d = d.as_mut_ptr().add(i);
                let dy = get::<L>(d, n);
                let s = sigmoid::<L>(x);
                let silu = L::mul(x, s);
                // d silu = s + silu·(1 − s)
                let slope = L::fma(silu, L::sub(L::splat(1.0), s), s);
                put::<L>(dh.as_mut_ptr().add(i), n, L::mul(L::mul(dy, up), slope));
                put::<L>(dh.as_mut_ptr().add(hidden + i), n, L::mul(dy, silu));
                put::<L>(d, n, L::mul(silu, up));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, differences, numbers, processors, weighted, wide};
    use alloc::vec;
    use alloc::vec::Vec;

    fn naive_gelu(h: &[f64]) -> Vec<f64> {
        let gelu = |x: f64| {
            let u = (2.0 / core::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            x / 2.0 * (1.0 + u.tanh())
        };
        h.iter().map(|&x| gelu(x)).collect()
    }

    fn naive_swiglu(hidden: usize, h: &[f64]) -> Vec<f64> {
        (h.chunks(2 * hidden))
            .flat_map(|row| (0..hidden).map(|i| row[i] / (1.0 + (-row[i]).exp()) * row[hidden + i]))
            .collect()
    }

    const SHAPES: [(usize, usize); 4] = [(1, 1), (3, 16), (19, 7), (2, 52)];

    /// Wide enough that the gates close and open, and beyond what `exp` can do.
    fn inputs(rows: usize, columns: usize) -> Vec<f32> {
        let mut h: Vec<f32> = numbers(rows * columns, 1).iter().map(|x| 3.0 * x).collect();
        h[0] = if rows == 3 { -200.0 } else { 200.0 };
        h
    }

    #[test]
    fn gelu_and_its_gradient_equal_the_naive_ones() {
        for (rows, hidden) in SHAPES {
            let (h, dy) = (inputs(rows, hidden), numbers(rows * hidden, 2));
            let (want, wide_dy) = (naive_gelu(&wide(&h)), wide(&dy));
            let slope = differences(&wide(&h), |h| weighted(&naive_gelu(h), &wide_dy));
            for processor in processors() {
                let (mut out, mut dh, mut d) =
                    (vec![f32::NAN; dy.len()], vec![f32::NAN; h.len()], dy.clone());
                gelu(processor, &h, &mut out);
                close(processor, "activation", &out, &want, 2e-6);
                gelu_backward(processor, &h, &mut d, &mut dh);
                close(processor, "gradient", &dh, &slope, 5e-6);
                assert_eq!(d, out, "{processor:?}: the activation again");
            }
        }
    }

    #[test]
    fn swiglu_and_its_gradient_equal_the_naive_ones() {
        for (rows, hidden) in SHAPES {
            let (h, dy) = (inputs(rows, 2 * hidden), numbers(rows * hidden, 2));
            let (want, wide_dy) = (naive_swiglu(hidden, &wide(&h)), wide(&dy));
            let slope = differences(&wide(&h), |h| weighted(&naive_swiglu(hidden, h), &wide_dy));
            for processor in processors() {
                let (mut out, mut dh, mut d) =
                    (vec![f32::NAN; dy.len()], vec![f32::NAN; h.len()], dy.clone());
                swiglu(processor, hidden, &h, &mut out);
                close(processor, "activation", &out, &want, 2e-6);
                swiglu_backward(processor, hidden, &h, &mut d, &mut dh);
                close(processor, "gradient", &dh, &slope, 5e-6);
                assert_eq!(d, out, "{processor:?}: the activation again");
            }
        }
    }
}
