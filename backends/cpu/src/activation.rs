//! GELU as GPT-2 approximates it, and SwiGLU.

use crate::Cpu;
use crate::simd::{Lanes, WIDTH, kernel};
use crate::slices::{get, put};
use crate::threads::{ELEMENT, Parts};
use crate::vector_math::sigmoid;
use rlhf_core::model::Family;

/// √(2/π).
const SLOPE: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

/// `h` after `mlp_in` to the input of `mlp_out`, `hidden` wide.
///
/// GPT-2: `x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))` (Hendrycks and Gimpel, arXiv:1606.08415).
/// Llama: `gate · σ(gate) · up` (Shazeer, arXiv:2002.05202).
pub(crate) fn forward(cpu: &Cpu, family: Family, hidden: usize, h: &[f32], out: &mut [f32]) {
    cpu.map_rows(out, hidden, 2 * ELEMENT, &|rows, out| match family {
        Family::Gpt2 => {
            let h = &h[rows.start * hidden..rows.end * hidden];
            kernel!(cpu.isa(), gelu(h: &[f32], out: &mut [f32]));
        }
        Family::Llama => {
            let h = &h[rows.start * 2 * hidden..rows.end * 2 * hidden];
            kernel!(cpu.isa(), swiglu(hidden: usize, h: &[f32], out: &mut [f32]));
        }
    });
}

/// `dh` from `d`, the gradient of [`forward`]'s output, which `d` becomes: half of the work is the same, and what
/// need not be kept until then is a quarter of a layer's memory.
pub(crate) fn backward(cpu: &Cpu, family: Family, hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]) {
    let width = match family {
        Family::Gpt2 => hidden,
        Family::Llama => 2 * hidden,
    };
    let d = Parts::new(d);
    cpu.map_rows(dh, width, 2 * ELEMENT, &|rows, dh| {
        let h = &h[rows.start * width..rows.end * width];
        // SAFETY: ranges of rows are disjoint.
        let d = unsafe { d.get(rows.start * hidden..rows.end * hidden) };
        match family {
            Family::Gpt2 => kernel!(cpu.isa(), gelu_backward(h: &[f32], d: &mut [f32], dh: &mut [f32])),
            Family::Llama => {
                kernel!(cpu.isa(), swiglu_backward(hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]));
            }
        }
    });
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
unsafe fn gelu<L: Lanes>(h: &[f32], out: &mut [f32]) {
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
unsafe fn gelu_backward<L: Lanes>(h: &[f32], d: &mut [f32], dh: &mut [f32]) {
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
unsafe fn swiglu<L: Lanes>(hidden: usize, h: &[f32], out: &mut [f32]) {
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
unsafe fn swiglu_backward<L: Lanes>(hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]) {
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
    use crate::testing::{close, cpus, differences, numbers, weighted, wide};
    use alloc::vec;
    use alloc::vec::Vec;

    fn naive(family: Family, hidden: usize, h: &[f64]) -> Vec<f64> {
        let gelu = |x: f64| {
            let u = (2.0 / core::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            x / 2.0 * (1.0 + u.tanh())
        };
        match family {
            Family::Gpt2 => h.iter().map(|&x| gelu(x)).collect(),
            Family::Llama => (h.chunks(2 * hidden))
                .flat_map(|row| (0..hidden).map(|i| row[i] / (1.0 + (-row[i]).exp()) * row[hidden + i]))
                .collect(),
        }
    }

    #[test]
    fn activations_and_their_gradients_equal_the_naive_ones() {
        for (family, columns) in [(Family::Gpt2, 1), (Family::Llama, 2)] {
            for (rows, hidden) in [(1, 1), (3, 16), (19, 7), (2, 52)] {
                // Wide enough that the gates close and open, and beyond what `exp` can do.
                let mut h: Vec<f32> = numbers(rows * hidden * columns, 1).iter().map(|x| 3.0 * x).collect();
                h[0] = if rows == 3 { -200.0 } else { 200.0 };
                let dy = numbers(rows * hidden, 2);
                let (wide_h, wide_dy) = (wide(&h), wide(&dy));
                let want = naive(family, hidden, &wide_h);
                let slope = differences(&wide_h, |h| weighted(&naive(family, hidden, h), &wide_dy));
                for cpu in cpus() {
                    let mut out = vec![f32::NAN; dy.len()];
                    forward(&cpu, family, hidden, &h, &mut out);
                    close(&cpu, "activation", &out, &want, 2e-6);
                    let mut dh = vec![f32::NAN; h.len()];
                    let mut d = dy.clone();
                    backward(&cpu, family, hidden, &h, &mut d, &mut dh);
                    close(&cpu, "gradient", &dh, &slope, 5e-6);
                    assert_eq!(d, out, "{cpu:?}: the activation again");
                }
            }
        }
    }
}
