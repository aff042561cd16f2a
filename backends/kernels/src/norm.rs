//! LayerNorm (Ba et al., arXiv:1607.06450) and RMSNorm (Zhang and Sennrich, arXiv:1910.07467).

use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::{add_scaled, get, ones, put};

/// A norm's parameters; one without a bias is an RMSNorm and subtracts no mean.
#[derive(Clone, Copy)]
pub struct Norm<'a> {
    /// The factor of each column, `[width]`.
    pub gain: &'a [f32],
    /// What is added to each column, `[width]`.
    pub bias: Option<&'a [f32]>,
    /// What is added to the variance.
    pub epsilon: f32,
}

impl Norm<'_> {
    /// Checks that a bias is as wide as the gain.
    fn check(&self) {
        assert!(self.bias.is_none_or(|bias| bias.len() == self.gain.len()));
    }
}

/// `out = (x − mean) / sd · gain + bias`, row by row. `statistics`: `[rows, 2]`, mean and 1 / sd, for [`backward`].
///
/// # Panics
/// If `x` and `out` are not as long, or `statistics` has other rows.
pub fn forward(processor: Processor, norm: Norm<'_>, x: &[f32], out: &mut [f32], statistics: &mut [f32]) {
    norm.check();
    assert!(x.len() == out.len() && x.len() * 2 == statistics.len() * norm.gain.len());
    kernel!(processor, forward_rows(norm: Norm<'_>, x: &[f32], out: &mut [f32], statistics: &mut [f32]));
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

/// Adds to `dx` the gradient through [`forward`]. `dy`: `[rows, width]`.
///
/// # Panics
/// If `x`, `dy` and `dx` are not as long, or `statistics` has other rows.
pub fn backward(
    processor: Processor,
    norm: Norm<'_>,
    x: &[f32],
    statistics: &[f32],
    dy: &[f32],
    dx: &mut [f32],
) {
    norm.check();
    assert!(x.len() == dy.len() && x.len() == dx.len());
    assert_eq!(x.len() * 2, statistics.len() * norm.gain.len());
    kernel!(processor, backward_rows(norm: Norm<'_>, x: &[f32], statistics: &[f32], dy: &[f32], dx: &mut [f32]));
}

/// Adds to the gradients of a part of the parameters, from column `first` of `width` on, over rows in order.
///
/// # Panics
/// If `x` and `dy` are not as long, `statistics` has other rows, or there are no such columns.
pub fn parameters_backward(
    processor: Processor,
    width: usize,
    first: usize,
    x: &[f32],
    statistics: &[f32],
    dy: &[f32],
    d_gain: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    assert!(x.len() == dy.len() && x.len() * 2 == statistics.len() * width);
    assert!(first + d_gain.len() <= width);
    assert!(d_bias.as_ref().is_none_or(|bias| bias.len() == d_gain.len()));
    kernel!(processor, parameter_columns(width: usize, first: usize, x: &[f32], statistics: &[f32], dy: &[f32], d_gain: &mut [f32], d_bias: Option<&mut [f32]>));
}

/// Adds the sums of `dy`'s columns from `first` on, over rows in order: the gradient of a bias.
///
/// # Panics
/// If rows of `width` have no such columns.
pub fn bias_backward(processor: Processor, width: usize, first: usize, dy: &[f32], d_bias: &mut [f32]) {
    assert!(first + d_bias.len() <= width);
    kernel!(processor, column_sums(width: usize, first: usize, dy: &[f32], d_bias: &mut [f32]));
}

#[inline(always)]
unsafe fn backward_rows<L: Lanes>(norm: Norm<'_>, x: &[f32], statistics: &[f32], dy: &[f32], dx: &mut [f32]) {
    let width = norm.gain.len();
    let each = 1.0 / width as f32;
    let rows = x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
    for (((x, dy), dx), s) in rows.zip(statistics.chunks_exact(2)) {
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

#[inline(always)]
unsafe fn column_sums<L: Lanes>(width: usize, first: usize, dy: &[f32], d_bias: &mut [f32]) {
    for row in dy.chunks_exact(width) {
        let n = d_bias.len();
        // SAFETY: the columns lie inside the row.
        unsafe { add_scaled::<L>(d_bias, 1.0, &row[first..first + n]) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, differences, numbers, processors, weighted, wide};
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
                for processor in processors() {
                    let (mut out, mut statistics) = (vec![f32::NAN; n], vec![f32::NAN; rows * 2]);
                    forward(processor, norm, &x, &mut out, &mut statistics);
                    close(processor, "norm", &out, &want, 1e-5);
                    let (mut dx, mut d_gain, mut d_bias) = (held.clone(), vec![0.0; width], vec![0.0; width]);
                    let d = with_bias.then_some(&mut d_bias[..]);
                    backward(processor, norm, &x, &statistics, &dy, &mut dx);
                    parameters_backward(processor, width, 0, &x, &statistics, &dy, &mut d_gain, d);
                    close(processor, "dx", &dx, &want_dx, 5e-5);
                    close(processor, "d gain", &d_gain, &want_gain, 2e-5);
                    if with_bias {
                        close(processor, "d bias", &d_bias, &want_bias, 1e-5);
                    }
                    let mut sums = vec![0.0; width];
                    let (left, right) = sums.split_at_mut(width / 2);
                    bias_backward(processor, width, 0, &dy, left);
                    bias_backward(processor, width, width / 2, &dy, right);
                    close(processor, "column sums", &sums, &want_bias, 1e-5);
                }
            }
        }
    }
}
