//! What is held, in 8 and 16 bits. Sums are of integers, and exact.

use super::{Cache, Sizes, Stream, TILE};
use crate::maths::{exponentials, finite, largest, round, rows, rows_mut, sum};
use crate::{Error, Processor};
use core::hint::black_box;
use rlhf_kernels::memory::{floats, halves, integers, signed};

/// A row whose largest number is below it counts as zeros: its scale would be subnormal.
const SMALLEST: f32 = 1.5e-36;
/// The sum of a row of attention's integer weights: times 127 it stays below 2³¹.
const WHOLE: f32 = 8_388_608.0;

/// The residual stream in 16 bits, with an f32 scale for each row.
pub(crate) struct CompactStream<'a> {
    processor: Processor,
    width: usize,
    rows: &'a mut [i16],
    scales: &'a mut [f32],
}

impl<'a> CompactStream<'a> {
    pub(crate) fn new(processor: Processor, width: usize, rows: &'a mut [u8], scales: &'a mut [u8]) -> Self {
        Self { processor, width, rows: halves(rows), scales: floats(scales) }
    }
}

impl Stream for CompactStream<'_> {
    fn store(&mut self, at: usize, x: &[f32]) -> Result<(), Error> {
        self.processor.run(
            #[inline(always)]
            || self.store_plainly(at, x),
        )
    }

    fn load(&self, at: usize, x: &mut [f32]) {
        self.processor.run(
            #[inline(always)]
            || self.load_plainly(at, x),
        )
    }
}

impl CompactStream<'_> {
    #[inline(always)]
    fn store_plainly(&mut self, at: usize, x: &[f32]) -> Result<(), Error> {
        if !finite(x) {
            return Err(Error::NotFinite);
        }
        let largest = largest(x);
        let (scale, inverse) =
            if largest < SMALLEST { (0.0, 0.0) } else { (largest / 32767.0, 32767.0 / largest) };
        let start = at * self.width;
        let row = self.rows.get_mut(start..start + self.width).unwrap_or_default();
        row.iter_mut().zip(x).for_each(|(to, x)| *to = round(x * inverse) as i16);
        if let Some(to) = self.scales.get_mut(at) {
            *to = scale;
        }
        Ok(())
    }

    #[inline(always)]
    fn load_plainly(&self, at: usize, x: &mut [f32]) {
        let start = at * self.width;
        let row = self.rows.get(start..start + self.width).unwrap_or_default();
        let scale = self.scales.get(at).copied().unwrap_or_default();
        x.iter_mut().zip(row).for_each(|(to, q)| *to = scale * f32::from(*q));
    }
}

/// Keys and values in int8, with a bf16 scale for each head of each token.
pub(crate) struct Compact<'a> {
    processor: Processor,
    sizes: Sizes,
    keys: &'a mut [i8],
    values: &'a mut [i8],
    key_scales: &'a mut [i16],
    value_scales: &'a mut [i16],
    /// Scores, then weights.
    scores: &'a mut [f32],
    /// Weights in integers.
    weights: &'a mut [i32],
}

impl<'a> Compact<'a> {
    pub(crate) fn new(
        processor: Processor,
        sizes: Sizes,
        [keys, values]: [&'a mut [u8]; 2],
        [key_scales, value_scales]: [&'a mut [u8]; 2],
        scores: &'a mut [u8],
        weights: &'a mut [u8],
    ) -> Self {
        Self {
            processor,
            sizes,
            keys: signed(keys),
            values: signed(values),
            key_scales: halves(key_scales),
            value_scales: halves(value_scales),
            scores: floats(scores),
            weights: integers(weights),
        }
    }
}

impl Cache for Compact<'_> {
    fn push(&mut self, layer: usize, position: usize, row: &[f32]) -> Result<(), Error> {
        self.processor.run(
            #[inline(always)]
            || self.push_plainly(layer, position, row),
        )
    }

    fn attend(
        &mut self,
        layer: usize,
        position: usize,
        queries: &[f32],
        out: &mut [f32],
    ) -> Result<(), Error> {
        self.processor.run(
            #[inline(always)]
            || self.attend_plainly(layer, position, queries, out),
        )
    }
}

impl Compact<'_> {
    #[inline(always)]
    fn push_plainly(&mut self, layer: usize, position: usize, row: &[f32]) -> Result<(), Error> {
        if !finite(row) {
            return Err(Error::NotFinite);
        }
        let (sizes, width) = (self.sizes, self.sizes.head_width.max(1));
        let (keys, values) = row.split_at_checked(sizes.kv_heads * sizes.head_width).unwrap_or_default();
        for (kv, (key, value)) in rows(keys, width).zip(rows(values, width)).enumerate() {
            let (scale, inverse) = rounded_scale(key);
            let held = sizes.part_mut(self.keys, layer, kv, width);
            sizes.key(held, position).zip(key).for_each(|(to, x)| *to = round(x * inverse) as i8);
            if let Some(to) = sizes.part_mut(self.key_scales, layer, kv, 1).get_mut(position) {
                *to = scale;
            }
            let (scale, inverse) = rounded_scale(value);
            let held = sizes.part_mut(self.values, layer, kv, width);
            sizes
                .value(held, position)
                .iter_mut()
                .zip(value)
                .for_each(|(to, x)| *to = round(x * inverse) as i8);
            if let Some(to) = sizes.part_mut(self.value_scales, layer, kv, 1).get_mut(position) {
                *to = scale;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn attend_plainly(
        &mut self,
        layer: usize,
        position: usize,
        queries: &[f32],
        out: &mut [f32],
    ) -> Result<(), Error> {
        if !finite(queries) {
            return Err(Error::NotFinite);
        }
        let (sizes, width) = (self.sizes, self.sizes.head_width.max(1));
        for (head, (query, out)) in rows(queries, width).zip(rows_mut(out, width)).enumerate() {
            let kv = head.checked_div(sizes.group).unwrap_or_default();
            let keys = sizes.part(self.keys, layer, kv, width);
            let scales = sizes.part(self.key_scales, layer, kv, 1);
            let most = largest(query);
            let (scale, inverse) = if most < SMALLEST { (0.0, 0.0) } else { (most / 127.0, 127.0 / most) };
            let tiles = rows_mut(self.scores, TILE).zip(rows(keys, TILE * width)).zip(rows(scales, TILE));
            for ((scores, tile), scales) in tiles.take(position / TILE + 1) {
                let mut sums = [0i32; TILE];
                for (q, keys) in query.iter().zip(tile.as_chunks::<TILE>().0) {
                    // Hidden from the compiler, which would compute several at once and gather their keys byte by byte.
                    let q = black_box(round(q * inverse));
                    sums.iter_mut().zip(keys).for_each(|(sum, k)| *sum += q * i32::from(*k));
                }
                for ((to, sum), key_scale) in scores.iter_mut().zip(sums).zip(scales) {
                    *to = sum as f32 * (scale * widened(*key_scale));
                }
            }
            let scores = self.scores.get_mut(..=position).unwrap_or_default();
            let total = exponentials(scores, sizes.scale);
            // Values' scales go into the weights, and the weights become integers.
            let scales = sizes.part(self.value_scales, layer, kv, 1);
            scores.iter_mut().zip(scales).for_each(|(weight, scale)| *weight *= widened(*scale));
            let scaled = sum(scores);
            let (unit, inverse) =
                if scaled < SMALLEST { (0.0, 0.0) } else { (scaled / WHOLE, WHOLE / scaled) };
            for (to, weight) in self.weights.iter_mut().zip(&*scores) {
                *to = (weight * inverse) as i32;
            }
            let weights = self.weights.get(..=position).unwrap_or_default();
            let values = sizes.part(self.values, layer, kv, width);
            weigh(weights, values, width, unit / total, out);
        }
        Ok(())
    }
}

/// `out = unit · Σ weight·value`.
#[inline(always)]
fn weigh(weights: &[i32], values: &[i8], width: usize, unit: f32, out: &mut [f32]) {
    if width.is_multiple_of(32) {
        weigh_columns::<32>(weights, values, width, unit, out);
    } else if width.is_multiple_of(16) {
        weigh_columns::<16>(weights, values, width, unit, out);
    } else if width.is_multiple_of(8) {
        weigh_columns::<8>(weights, values, width, unit, out);
    } else {
        weigh_columns::<1>(weights, values, width, unit, out);
    }
}

/// [`weigh`], `N` columns at once, of which heads have whole ones.
#[inline(always)]
fn weigh_columns<const N: usize>(weights: &[i32], values: &[i8], width: usize, unit: f32, out: &mut [f32]) {
    let values = values.as_chunks::<N>().0;
    for (part, out) in out.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        let mut sums = [0i32; N];
        for (weight, value) in weights.iter().zip(values.iter().skip(part).step_by((width / N).max(1))) {
            for (sum, v) in sums.iter_mut().zip(value) {
                *sum = sum.wrapping_add(weight.wrapping_mul(i32::from(*v)));
            }
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum as f32 * unit);
    }
}

/// The bits of a scale in bf16, rounded up so that no number exceeds 127, and its inverse.
#[inline(always)]
fn rounded_scale(x: &[f32]) -> (i16, f32) {
    let largest = largest(x);
    if largest < SMALLEST {
        return (0, 0.0);
    }
    let bits = ((largest / 127.0).to_bits().wrapping_add(0xffff) >> 16) as i16;
    (bits, 1.0 / widened(bits))
}

/// A bf16 as f32.
#[inline(always)]
fn widened(bits: i16) -> f32 {
    f32::from_bits(u32::from(bits as u16) << 16)
}
