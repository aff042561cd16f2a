//! The functions between products. Plain Rust in one order of sums: the same bits on every processor.

use rlhf_kernels::{Processor, WIDTH, vector};

/// √(2/π).
const SLOPE: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

/// Numbers of a model file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Floats<'m>(pub(crate) &'m [u8]);

impl<'m> Floats<'m> {
    pub(crate) fn iter(self) -> impl Iterator<Item = f32> + 'm {
        self.0.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// Row `row` of rows of `columns`; none where there is no such row.
    pub(crate) fn row(self, row: usize, columns: usize) -> Self {
        let bytes = columns.saturating_mul(4);
        let start = row.saturating_mul(bytes);
        Self(self.0.get(start..start.saturating_add(bytes)).unwrap_or_default())
    }
}

/// Rows of `columns` numbers, those that are whole. `slice::chunks` divides, which can panic.
#[inline(always)]
pub(crate) fn rows<T>(all: &[T], columns: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = all;
    core::iter::from_fn(move || {
        let (row, after) = rest.split_at_checked(columns).filter(|(row, _)| !row.is_empty())?;
        rest = after;
        Some(row)
    })
}

/// Rows as [`rows`], to write.
#[inline(always)]
pub(crate) fn rows_mut<T>(all: &mut [T], columns: usize) -> impl Iterator<Item = &mut [T]> {
    let mut rest = all;
    core::iter::from_fn(move || {
        let (row, after) = core::mem::take(&mut rest).split_at_mut_checked(columns)?;
        rest = after;
        if row.is_empty() { None } else { Some(row) }
    })
}

/// The sum of sixteen numbers, in halves.
#[inline(always)]
fn fold(x: [f32; WIDTH]) -> f32 {
    let [a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7] = x;
    let [c0, c1, c2, c3] = [a0 + b0, a1 + b1, a2 + b2, a3 + b3];
    let [d0, d1, d2, d3] = [a4 + b4, a5 + b5, a6 + b6, a7 + b7];
    ((c0 + d0) + (c2 + d2)) + ((c1 + d1) + (c3 + d3))
}

/// Σ x, as sixteen partial sums.
#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    let mut sums = [0.0; WIDTH];
    let (whole, rest) = x.as_chunks::<WIDTH>();
    for x in whole {
        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
    }
    // Then the sums can stay in registers.
    if !rest.is_empty() {
        sums.iter_mut().zip(rest).for_each(|(sum, x)| *sum += x);
    }
    fold(sums)
}

/// Σ (x − mean)², as sixteen partial sums.
#[inline(always)]
fn squares(x: &[f32], mean: f32) -> f32 {
    let mut sums = [0.0; WIDTH];
    let (whole, rest) = x.as_chunks::<WIDTH>();
    for x in whole {
        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += (x - mean) * (x - mean));
    }
    if !rest.is_empty() {
        sums.iter_mut().zip(rest).for_each(|(sum, x)| *sum += (x - mean) * (x - mean));
    }
    fold(sums)
}

/// Σ x·w.
pub(crate) fn dot(x: &[f32], w: Floats<'_>) -> f32 {
    let mut sums = [0.0; WIDTH];
    let (mut rest, mut w) = (x.iter(), w.iter());
    while rest.len() > 0 {
        for sum in &mut sums {
            if let (Some(x), Some(w)) = (rest.next(), w.next()) {
                *sum += x * w;
            }
        }
    }
    fold(sums)
}

/// The largest |x|.
#[inline(always)]
pub(crate) fn largest(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |largest, x| if x.abs() > largest { x.abs() } else { largest })
}

/// Whether all numbers are finite.
#[inline(always)]
pub(crate) fn finite(x: &[f32]) -> bool {
    // x·0 is 0, or NaN. All are looked at, many at once.
    x.iter().fold(true, |finite, x| finite & (x * 0.0 == 0.0))
}

/// Rounds |x| < 2²² to the nearest integer, ties to even: the sum has the integer in the last bits of its fraction.
#[inline(always)]
pub(crate) fn round(x: f32) -> i32 {
    const MAGIC: f32 = 12_582_912.0;
    (x + MAGIC).to_bits().wrapping_sub(MAGIC.to_bits()) as i32
}

/// LayerNorm of a row; without a bias RMSNorm, which subtracts no mean.
#[inline(always)]
pub(crate) fn norm(x: &[f32], gain: Floats<'_>, bias: Option<Floats<'_>>, epsilon: f32, out: &mut [f32]) {
    let each = 1.0 / x.len() as f32;
    let mean = if bias.is_some() { sum(x) * each } else { 0.0 };
    let inverse = 1.0 / libm::sqrtf(squares(x, mean) * each + epsilon);
    match bias {
        Some(bias) => {
            for ((out, x), (gain, bias)) in out.iter_mut().zip(x).zip(gain.iter().zip(bias.iter())) {
                *out = (x - mean) * inverse * gain + bias;
            }
        }
        None => out.iter_mut().zip(x).zip(gain.iter()).for_each(|((out, x), g)| *out = x * inverse * g),
    }
}

/// `x += y`.
pub(crate) fn add(processor: Processor, x: &mut [f32], y: &[f32]) {
    processor.run(
        #[inline(always)]
        || x.iter_mut().zip(y).for_each(|(x, y)| *x += y),
    );
}

/// Adds a bias to each row.
pub(crate) fn add_bias(processor: Processor, x: &mut [f32], bias: Floats<'_>) {
    processor.run(
        #[inline(always)]
        || {
            for row in rows_mut(x, bias.0.len() / 4) {
                row.iter_mut().zip(bias.iter()).for_each(|(x, b)| *x += b);
            }
        },
    );
}

/// Turns the halves of a head against each other by a position's cosines and sines.
pub(crate) fn rotate(head: &mut [f32], turns: Floats<'_>) {
    let half = head.len() / 2;
    let Some((low, high)) = head.split_at_mut_checked(half) else { return };
    let turns = turns.0.as_chunks::<8>().0;
    for ((a, b), turn) in low.iter_mut().zip(high).zip(turns) {
        let [c0, c1, c2, c3, s0, s1, s2, s3] = *turn;
        let (cos, sin) = (f32::from_le_bytes([c0, c1, c2, c3]), f32::from_le_bytes([s0, s1, s2, s3]));
        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
    }
}

/// x·σ(u) for sixteen numbers and what the sigmoid is taken of.
#[inline(always)]
fn gated(x: &mut [f32], u: impl Fn(f32) -> f32) {
    let (whole, rest) = x.as_chunks_mut::<WIDTH>();
    for x in whole {
        let e = vector::plain_exp(x.map(|x| -u(x)));
        x.iter_mut().zip(e).for_each(|(x, e)| *x /= 1.0 + e);
    }
    let mut last = [0.0; WIDTH];
    last.iter_mut().zip(&*rest).for_each(|(last, x)| *last = -u(*x));
    rest.iter_mut().zip(vector::plain_exp(last)).for_each(|(x, e)| *x /= 1.0 + e);
}

/// GELU as GPT-2 approximates it: ½·(1 + tanh u) is σ(2u).
pub(crate) fn gelu(processor: Processor, x: &mut [f32]) {
    processor.run(
        #[inline(always)]
        || gated(x, |x| x * (x * x * (2.0 * SLOPE * CUBE) + 2.0 * SLOPE)),
    );
}

/// `gate · σ(gate) · up` in the place of `gate`.
pub(crate) fn swiglu(processor: Processor, gate: &mut [f32], up: &[f32]) {
    processor.run(
        #[inline(always)]
        || gated(gate, |x| x),
    );
    gate.iter_mut().zip(up).for_each(|(gate, up)| *gate *= up);
}

/// Scores to e^(scale·(score − largest)); returns their sum.
#[inline(always)]
pub(crate) fn exponentials(scores: &mut [f32], scale: f32) -> f32 {
    let greatest = scores.iter().fold(f32::NEG_INFINITY, |most, x| if *x > most { *x } else { most });
    let (whole, rest) = scores.as_chunks_mut::<WIDTH>();
    let mut last = [f32::NEG_INFINITY; WIDTH];
    last.iter_mut().zip(&*rest).for_each(|(last, x)| *last = *x);
    let shifted = |x: [f32; WIDTH]| x.map(|x| (x - greatest) * scale);
    // Not `for_each`, which is a function of its own, without the processor's vectors.
    for x in whole {
        *x = vector::plain_exp(shifted(*x));
    }
    for (x, e) in rest.iter_mut().zip(vector::plain_exp(shifted(last))) {
        *x = e;
    }
    sum(scores)
}
