//! LayerNorm (Ba et al., arXiv:1607.06450) and RMSNorm (Zhang and Sennrich, arXiv:1910.07467).

use crate::Cpu;
use crate::simd::{Lanes, WIDTH, kernel};
use crate::slices::{get, ones, put};
use crate::threads::{ELEMENT, Parts};

/// A norm's parameters; one without a bias is an RMSNorm and subtracts no mean.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'a> {
    pub(crate) gain: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) epsilon: f32,
}

/// `out = (x − mean) / sd · gain + bias`, row by row. `statistics`: `[rows, 2]`, mean and 1 / sd, for
/// [`backward`].
pub(crate) fn forward(cpu: &Cpu, norm: Norm<'_>, x: &[f32], out: &mut [f32], statistics: &mut [f32]) {
    let width = norm.gain.len();
    let statistics = Parts::new(statistics);
    cpu.map_rows(out, width, ELEMENT, &|rows, out| {
        // SAFETY: ranges of rows are disjoint.
        let statistics = unsafe { statistics.get(rows.start * 2..rows.end * 2) };
        let x = &x[rows.start * width..rows.end * width];
        kernel!(cpu.isa(), forward_rows(norm: Norm<'_>, x: &[f32], out: &mut [f32], statistics: &mut [f32]));
    });
}

#[inline(always)]
unsafe fn forward_rows<L: Lanes>(norm: Norm<'_>, x: &[f32], out: &mut [f32], statistics: &mut [f32]) {
    let width = norm.gain.len();
    let each = 1.0 / width as f32;
    for ((x, out), s) in
        x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(statistics.chunks_exact_mut(2))
    {
        // SAFETY: offsets stay below `width`.
        unsafe {
            let mut mean = 0.0;
            if norm.bias.is_some() {
                let mut sum = L::splat(0.0);
                for i in (0..width).step_by(WIDTH) {
                    sum = L::add(sum, get::<L>(x.as_ptr().add(i), width - i));
                }
                mean = L::sum(sum) * each;
            }
            let mut squares = L::splat(0.0);
            for i in (0..width).step_by(WIDTH) {
                let centered = L::mul(
                    L::sub(get::<L>(x.as_ptr().add(i), width - i), L::splat(mean)),
                    ones::<L>(width - i),
                );
                squares = L::fma(centered, centered, squares);
            }
            let inverse = 1.0 / L::root(L::sum(squares) * each + norm.epsilon);
            (s[0], s[1]) = (mean, inverse);
            for i in (0..width).step_by(WIDTH) {
                let n = width - i;
                let standard =
                    L::mul(L::sub(get::<L>(x.as_ptr().add(i), width - i), L::splat(mean)), L::splat(inverse));
                let gain = get::<L>(norm.gain.as_ptr().add(i), n);
                let y = match norm.bias {
                    Some(bias) => L::fma(standard, gain, get::<L>(bias.as_ptr().add(i), n)),
                    None => L::mul(standard, gain),
                };
                put::<L>(out.as_mut_ptr().add(i), n, y);
            }
        }
    }
}

/// Adds to `dx` the gradient through [`forward`], and to the parameters' gradients over rows in
/// order. `dy`: `[rows, width]`.
pub(crate) fn backward(
    cpu: &Cpu,
    norm: Norm<'_>,
    x: &[f32],
    statistics: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    d_gain: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    let width = norm.gain.len();
    cpu.map_rows(dx, width, ELEMENT, &|rows, dx| {
        let span = rows.start * width..rows.end * width;
        let (x, dy, s) = (&x[span.clone()], &dy[span], &statistics[rows.start * 2..rows.end * 2]);
        kernel!(cpu.isa(), backward_rows(norm: Norm<'_>, x: &[f32], s: &[f32], dy: &[f32], dx: &mut [f32]));
    });
    let d_gain = Parts::new(d_gain);
    let d_bias = d_bias.map(Parts::new);
    let vectors = width.div_ceil(WIDTH);
    cpu.rows(vectors, dx.len() / width * WIDTH * ELEMENT, &|range| {
        let columns = range.start * WIDTH..(range.end * WIDTH).min(width);
        // SAFETY: ranges of columns are disjoint.
        let (d_gain, d_bias) = unsafe {
            (d_gain.get(columns.clone()), d_bias.as_ref().map(|d| d.get(columns.clone())))
        };
        let first = columns.start;
        kernel!(cpu.isa(), parameter_columns(width: usize, first: usize, x: &[f32], statistics: &[f32], dy: &[f32], d_gain: &mut [f32], d_bias: Option<&mut [f32]>));
    });
}

#[inline(always)]
unsafe fn backward_rows<L: Lanes>(norm: Norm<'_>, x: &[f32], s: &[f32], dy: &[f32], dx: &mut [f32]) {
    let width = norm.gain.len();
    let each = 1.0 / width as f32;
    let rows = x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
    for (((x, dy), dx), s) in rows.zip(s.chunks_exact(2)) {
        // SAFETY: offsets stay below `width`.
        unsafe {
            let (mean, inverse) = (L::splat(s[0]), L::splat(s[1]));
            let (mut sum, mut projected) = (L::splat(0.0), L::splat(0.0));
            for i in (0..width).step_by(WIDTH) {
                let (g, standard) = scaled::<L>(norm.gain, x, dy, mean, inverse, i);
                sum = L::add(sum, g);
                projected = L::fma(g, standard, projected);
            }
            let sum = if norm.bias.is_some() { L::sum(sum) * each } else { 0.0 };
            let (sum, projected) = (L::splat(sum), L::splat(L::sum(projected) * each));
            for i in (0..width).step_by(WIDTH) {
                let n = width - i;
                let (g, standard) = scaled::<L>(norm.gain, x, dy, mean, inverse, i);
                let centered = L::sub(L::sub(g, sum), L::mul(standard, projected));
                let to = dx.as_mut_ptr().add(i);
                put::<L>(to, n, L::fma(centered, inverse, get::<L>(to, n)));
            }
        }
    }
}

/// `dy · gain` and the standardized `x` from element `i` on.
#[inline(always)]
unsafe fn scaled<L: Lanes>(
    gain: &[f32],
    x: &[f32],
    dy: &[f32],
    mean: L::V,
    inverse: L::V,
    i: usize,
) -> (L::V, L::V) {
    let n = gain.len() - i;
    // SAFETY: all are as long as the gain.
    unsafe {
        let g = L::mul(get::<L>(dy.as_ptr().add(i), n), get::<L>(gain.as_ptr().add(i), n));
        (g, L::mul(L::sub(get::<L>(x.as_ptr().add(i), n), mean), inverse))
    }
}

#[inline(always)]
unsafe fn parameter_columns<L: Lanes>(
    width: usize,
    first: usize,
    x: &[f32],
    statistics: &[f32],
    dy: &[f32],
    d_gain: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    let columns = d_gain.len();
    let mut d_bias = d_bias;
    for ((x, dy), s) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(statistics.chunks_exact(2)) {
        for i in (0..columns).step_by(WIDTH) {
            let n = columns - i;
            // SAFETY: offsets stay below the columns' end.
            unsafe {
                let dy = get::<L>(dy.as_ptr().add(first + i), n);
                let x = get::<L>(x.as_ptr().add(first + i), n);
                let standard = L::mul(L::sub(x, L::splat(s[0])), L::splat(s[1]));
                let to = d_gain.as_mut_ptr().add(i);
                put::<L>(to, n, L::fma(dy, standard, get::<L>(to, n)));
                if let Some(d_bias) = &mut d_bias {
                    let to = d_bias.as_mut_ptr().add(i);
                    put::<L>(to, n, L::add(dy, get::<L>(to, n)));
                }
            }
        }
    }
}

/// Adds the sums of `dy`'s columns over rows in order: the gradient of a bias.
pub(crate) fn bias_backward(cpu: &Cpu, dy: &[f32], d_bias: &mut [f32]) {
    let width = d_bias.len();
    let d_bias = Parts::new(d_bias);
    cpu.rows(width.div_ceil(WIDTH), dy.len() / width.max(1) * WIDTH * ELEMENT, &|range| {
        let columns = range.start * WIDTH..(range.end * WIDTH).min(width);
        let first = columns.start;
        // SAFETY: ranges of columns are disjoint.
        let d_bias = unsafe { d_bias.get(columns) };
        kernel!(cpu.isa(), column_sums(width: usize, first: usize, dy: &[f32], d_bias: &mut [f32]));
    });
}

#[inline(always)]
unsafe fn column_sums<L: Lanes>(width: usize, first: usize, dy: &[f32], d_bias: &mut [f32]) {
    for row in dy.chunks_exact(width) {
        let n = d_bias.len();
        // SAFETY: the columns lie inside the row.
        unsafe { crate::slices::add_scaled::<L>(d_bias, 1.0, &row[first..first + n]) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, cpus, differences, numbers, weighted, wide};
    use alloc::vec;
    use alloc::vec::Vec;

    const EPSILON: f32 = 1e-5;

    fn naive(x: &[f64], gain: &[f64], bias: Option<&[f64]>) -> Vec<f64> {
        let n = gain.len() as f64;
        let mut out = Vec::new();
        for row in x.chunks(gain.len()) {
            let mean = if bias.is_some() { row.iter().sum::<f64>() / n } else { 0.0 };
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let deviation = (variance + f64::from(EPSILON)).sqrt();
            for (i, x) in row.iter().enumerate() {
                out.push((x - mean) / deviation * gain[i] + bias.map_or(0.0, |b| b[i]));
            }
        }
        out
    }

    #[test]
    fn norms_and_their_gradients_equal_the_naive_ones() {
        for (rows, width) in [(1, 3), (5, 16), (35, 17), (3, 70)] {
            let n = rows * width;
            let (x, gain, bias) = (numbers(n, 1), numbers(width, 2), numbers(width, 3));
            let (dy, held) = (numbers(n, 4), numbers(n, 5));
            let (wx, wg, wb, wd) = (wide(&x), wide(&gain), wide(&bias), wide(&dy));
            for with_bias in [true, false] {
                let norm = Norm { gain: &gain, bias: with_bias.then_some(&bias), epsilon: EPSILON };
                let b = with_bias.then_some(wb.as_slice());
                let want = naive(&wx, &wg, b);
                let slope = differences(&wx, |x| weighted(&naive(x, &wg, b), &wd));
                let want_dx: Vec<f64> = slope.iter().zip(&held).map(|(s, h)| s + f64::from(*h)).collect();
                let want_gain = differences(&wg, |g| weighted(&naive(&wx, g, b), &wd));
                let want_bias: Vec<f64> =
                    (0..width).map(|i| wd.iter().skip(i).step_by(width).sum()).collect();
                for cpu in cpus() {
                    let (mut out, mut statistics) = (vec![f32::NAN; n], vec![f32::NAN; rows * 2]);
                    forward(&cpu, norm, &x, &mut out, &mut statistics);
                    close(&cpu, "norm", &out, &want, 1e-5);
                    let (mut dx, mut d_gain, mut d_bias) = (held.clone(), vec![0.0; width], vec![0.0; width]);
                    let d = with_bias.then_some(&mut d_bias[..]);
                    backward(&cpu, norm, &x, &statistics, &dy, &mut dx, &mut d_gain, d);
                    close(&cpu, "dx", &dx, &want_dx, 5e-5);
                    close(&cpu, "d gain", &d_gain, &want_gain, 2e-5);
                    if with_bias {
                        close(&cpu, "d bias", &d_bias, &want_bias, 1e-5);
                    }
                    let mut sums = vec![0.0; width];
                    bias_backward(&cpu, &dy, &mut sums);
                    close(&cpu, "column sums", &sums, &want_bias, 1e-5);
                }
            }
        }
    }
}
