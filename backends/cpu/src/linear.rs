//! Products with weights, forward and back.

use crate::Cpu;
use crate::norm::bias_backward;
use crate::product::{Matrix, Start, gemm, gemm_columns};
use crate::threads::ELEMENT;
use crate::weights::{Pair, Weights};
use core::ops::Range;

/// `out = x·W + b`. `x`: `[rows, inner]`; `out`: `[rows, columns]`.
pub(crate) fn linear(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    (rows, inner, columns): (usize, usize, usize),
    x: &[f32],
    out: &mut [f32],
) {
    let start = weights.bias(pair).map_or(Start::Zero, Start::Row);
    let w = Matrix::rows(weights.at(&pair.first), columns);
    gemm(cpu, (rows, inner, columns), Matrix::rows(x, inner), w, start, out);
}

/// The columns `part` of `x·W + b`, in rows of `out` that are `out_row` apart and begin with them.
pub(crate) fn linear_columns(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    (rows, inner, columns): (usize, usize, usize),
    part: Range<usize>,
    x: &[f32],
    out: &mut [f32],
    out_row: usize,
) {
    let start = weights.bias(pair).map_or(Start::Zero, |bias| Start::Row(&bias[part.clone()]));
    let w = Matrix::rows(&weights.at(&pair.first)[part.start..], columns);
    gemm_columns(cpu, (rows, inner, part.len()), Matrix::rows(x, inner), w, start, out, out_row);
}

/// `out = x + y·W + b`, all of `width` columns; `y`: `[rows, inner]`.
pub(crate) fn linear_residual(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    (rows, inner, width): (usize, usize, usize),
    y: &[f32],
    x: &[f32],
    out: &mut [f32],
) {
    let bias = weights.bias(pair);
    cpu.map_rows(out, width, ELEMENT, &|range, out| {
        let x = &x[range.start * width..range.end * width];
        let Some(bias) = bias else { return out.copy_from_slice(x) };
        for (out, x) in out.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            for ((out, x), b) in out.iter_mut().zip(x).zip(bias) {
                *out = x + b;
            }
        }
    });
    let w = Matrix::rows(weights.at(&pair.first), width);
    gemm(cpu, (rows, inner, width), Matrix::rows(y, inner), w, Start::Add, out);
}

/// `dx = dy·Wᵀ`, and adds `xᵀ·dy` and `dy`'s column sums to the gradients of `W` and `b`.
pub(crate) fn linear_backward(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    (rows, inner, columns): (usize, usize, usize),
    x: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    let whole = (rows, inner, columns);
    linear_columns_backward(
        cpu,
        weights,
        pair,
        whole,
        0..columns,
        x,
        (dy, columns),
        Start::Zero,
        dx,
        gradient,
    );
    if let Some(bias) = &pair.bias {
        bias_backward(cpu, dy, &mut gradient[bias.clone()]);
    }
}

/// `dx = start + dy·Wᵀ` for the columns `part` of `W`, and adds `xᵀ·dy` to their gradient. Rows of `dy` are
/// `dy_row` apart and begin with those columns; those of `dx` are whole.
pub(crate) fn linear_columns_backward(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    whole: (usize, usize, usize),
    part: Range<usize>,
    x: &[f32],
    dy: (&[f32], usize),
    start: Start<'_>,
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    input_gradient(cpu, weights, pair, whole, part.clone(), dy, start, dx);
    weight_gradient(cpu, pair, whole, part, x, dy, gradient);
}

/// [`linear_columns_backward`]'s `dx`.
pub(crate) fn input_gradient(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    (rows, inner, columns): (usize, usize, usize),
    part: Range<usize>,
    (dy, dy_row): (&[f32], usize),
    start: Start<'_>,
    dx: &mut [f32],
) {
    let w = Matrix::rows(&weights.at(&pair.first)[part.start..], columns);
    gemm(cpu, (rows, part.len(), inner), Matrix::rows(dy, dy_row), w.transposed(), start, dx);
}

/// [`linear_columns_backward`]'s part of the weights' gradient.
pub(crate) fn weight_gradient(
    cpu: &Cpu,
    pair: &Pair,
    (rows, inner, columns): (usize, usize, usize),
    part: Range<usize>,
    x: &[f32],
    (dy, dy_row): (&[f32], usize),
    gradient: &mut [f32],
) {
    gemm_columns(
        cpu,
        (inner, rows, part.len()),
        Matrix::rows(x, inner).transposed(),
        Matrix::rows(dy, dy_row),
        Start::Add,
        &mut gradient[pair.first.clone()][part.start..],
        columns,
    );
}
