//! Norms, shared among threads.

use crate::Cpu;
use crate::threads::{ELEMENT, Parts};
pub(crate) use rlhf_kernels::norm::Norm;
use rlhf_kernels::{WIDTH, norm as kernel};

/// `out = (x − mean) / sd · gain + bias`, row by row. `statistics`: `[rows, 2]`, mean and 1 / sd, for
/// [`backward`].
pub(crate) fn forward(cpu: &Cpu, norm: Norm<'_>, x: &[f32], out: &mut [f32], statistics: &mut [f32]) {
    let width = norm.gain.len();
    let statistics = Parts::new(statistics);
    cpu.map_rows(out, width, ELEMENT, &|rows, out| {
        // SAFETY: ranges of rows are disjoint.
        let statistics = unsafe { statistics.get(rows.start * 2..rows.end * 2) };
        let x = &x[rows.start * width..rows.end * width];
        kernel::forward(cpu.processor(), norm, x, out, statistics);
    });
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
        kernel::backward(cpu.processor(), norm, x, s, dy, dx);
    });
    let d_gain = Parts::new(d_gain);
    let d_bias = d_bias.map(Parts::new);
    let vectors = width.div_ceil(WIDTH);
    cpu.rows(vectors, dx.len() / width * WIDTH * ELEMENT, &|range| {
        let columns = range.start * WIDTH..(range.end * WIDTH).min(width);
        // SAFETY: ranges of columns are disjoint.
        let (d_gain, d_bias) =
            unsafe { (d_gain.get(columns.clone()), d_bias.as_ref().map(|d| d.get(columns.clone()))) };
        kernel::parameters_backward(cpu.processor(), width, columns.start, x, statistics, dy, d_gain, d_bias);
    });
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
        kernel::bias_backward(cpu.processor(), width, first, dy, d_bias);
    });
}
