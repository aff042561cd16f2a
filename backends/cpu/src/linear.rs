//! Products with weights, forward and back.

use crate::Cpu;
use crate::norm::bias_backward;
use crate::product::{Matrix, Shape, Start, gemm, gemm_columns};
use crate::threads::ELEMENT;
use crate::weights::{Pair, Weights};
use core::ops::Range;

/// `out = x·W + b`. `x`: `[m, k]`; `W`: `[k, n]`; `out`: `[m, n]`.
pub(crate) fn linear(cpu: &Cpu, weights: &Weights, pair: &Pair, shape: Shape, x: &[f32], out: &mut [f32]) {
    let start = weights.bias(pair).map_or(Start::Zero, Start::Row);
    let w = Matrix::rows(weights.at(&pair.first), shape.n);
    gemm(cpu, shape, Matrix::rows(x, shape.k), w, start, out);
}

/// The columns `part` of `x·W + b`, in rows of `out` that are `out_row` apart and begin with them.
pub(crate) fn linear_columns(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    shape: Shape,
    part: Range<usize>,
    x: &[f32],
    out: &mut [f32],
    out_row: usize,
) {
    let start = weights.bias(pair).map_or(Start::Zero, |bias| Start::Row(&bias[part.clone()]));
    let w = Matrix::rows(&weights.at(&pair.first)[part.start..], shape.n);
    gemm_columns(cpu, Shape { n: part.len(), ..shape }, Matrix::rows(x, shape.k), w, start, out, out_row);
}

/// `out = x + y·W + b`. `y`: `[m, k]`; `x` and `out`: `[m, n]`.
pub(crate) fn linear_residual(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    shape: Shape,
    y: &[f32],
    x: &[f32],
    out: &mut [f32],
) {
    let (width, bias) = (shape.n, weights.bias(pair));
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
    gemm(cpu, shape, Matrix::rows(y, shape.k), w, Start::Add, out);
}

/// `dx = dy·Wᵀ`, and adds `xᵀ·dy` and `dy`'s column sums to the gradients of `W` and `b`.
pub(crate) fn linear_backward(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    shape: Shape,
    x: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    let whole = Matrix::rows(dy, shape.n);
    linear_columns_backward(cpu, weights, pair, shape, 0..shape.n, x, whole, Start::Zero, dx, gradient);
    if let Some(bias) = &pair.bias {
        bias_backward(cpu, dy, &mut gradient[bias.clone()]);
    }
}

/// `dx = start + dy·Wᵀ` for the columns `part` of `W`, and adds `xᵀ·dy` to their gradient. Rows of `dy` begin with
/// those columns; those of `dx` are whole. `shape` is the whole product's.
pub(crate) fn linear_columns_backward(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    shape: Shape,
    part: Range<usize>,
    x: &[f32],
    dy: Matrix<'_>,
    start: Start<'_>,
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    input_gradient(cpu, weights, pair, shape, part.clone(), dy, start, dx);
    weight_gradient(cpu, pair, shape, part, x, dy, gradient);
}

/// [`linear_columns_backward`]'s `dx`.
pub(crate) fn input_gradient(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    shape: Shape,
    part: Range<usize>,
    dy: Matrix<'_>,
    start: Start<'_>,
    dx: &mut [f32],
) {
    let w = Matrix::rows(&weights.at(&pair.first)[part.start..], shape.n);
    let back = Shape { m: shape.m, k: part.len(), n: shape.k };
    gemm(cpu, back, dy, w.transposed(), start, dx);
}

/// [`linear_columns_backward`]'s part of the weights' gradient.
pub(crate) fn weight_gradient(
    cpu: &Cpu,
    pair: &Pair,
    shape: Shape,
    part: Range<usize>,
    x: &[f32],
    dy: Matrix<'_>,
    gradient: &mut [f32],
) {
    gemm_columns(
        cpu,
        Shape { m: shape.k, k: shape.m, n: part.len() },
        Matrix::rows(x, shape.k).transposed(),
        dy,
        Start::Add,
        &mut gradient[pair.first.clone()][part.start..],
        shape.n,
    );
}
