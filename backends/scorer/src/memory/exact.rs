//! What is held, in f32.

use super::{Cache, Sizes, Stream, TILE};
use crate::maths::{exponentials, rows, rows_mut};
use crate::{Error, Processor};
use rlhf_kernels::memory::floats;

/// The residual stream in f32.
pub(crate) struct ExactStream<'a> {
    width: usize,
    rows: &'a mut [f32],
}

impl<'a> ExactStream<'a> {
    pub(crate) fn new(width: usize, bytes: &'a mut [u8]) -> Self {
        Self { width, rows: floats(bytes) }
    }
}

impl Stream for ExactStream<'_> {
    fn store(&mut self, at: usize, x: &[f32]) -> Result<(), Error> {
        let start = at * self.width;
        let row = self.rows.get_mut(start..start + self.width).unwrap_or_default();
        row.iter_mut().zip(x).for_each(|(to, x)| *to = *x);
        Ok(())
    }

    fn load(&self, at: usize, x: &mut [f32]) {
        let start = at * self.width;
        let row = self.rows.get(start..start + self.width).unwrap_or_default();
        x.iter_mut().zip(row).for_each(|(to, x)| *to = *x);
    }
}

/// Keys and values in f32.
pub(crate) struct Exact<'a> {
    processor: Processor,
    sizes: Sizes,
    keys: &'a mut [f32],
    values: &'a mut [f32],
    scores: &'a mut [f32],
}

impl<'a> Exact<'a> {
    pub(crate) fn new(
        processor: Processor,
        sizes: Sizes,
        keys: &'a mut [u8],
        values: &'a mut [u8],
        scores: &'a mut [u8],
    ) -> Self {
        Self { processor, sizes, keys: floats(keys), values: floats(values), scores: floats(scores) }
    }
}

impl Cache for Exact<'_> {
    fn push(&mut self, layer: usize, position: usize, row: &[f32]) -> Result<(), Error> {
        let sizes = self.sizes;
        let (keys, values) = row.split_at_checked(sizes.kv_heads * sizes.head_width).unwrap_or_default();
        let heads = rows(keys, sizes.head_width).zip(rows(values, sizes.head_width));
        for (kv, (key, value)) in heads.enumerate() {
            let held = sizes.part_mut(self.keys, layer, kv, sizes.head_width);
            sizes.key(held, position).zip(key).for_each(|(to, x)| *to = *x);
            let held = sizes.part_mut(self.values, layer, kv, sizes.head_width);
            sizes.value(held, position).iter_mut().zip(value).for_each(|(to, x)| *to = *x);
        }
        Ok(())
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

impl Exact<'_> {
    #[inline(always)]
    fn attend_plainly(
        &mut self,
        layer: usize,
        position: usize,
        queries: &[f32],
        out: &mut [f32],
    ) -> Result<(), Error> {
        let sizes = self.sizes;
        let width = sizes.head_width.max(1);
        for (head, (query, out)) in rows(queries, width).zip(rows_mut(out, width)).enumerate() {
            let kv = head.checked_div(sizes.group).unwrap_or_default();
            let keys = sizes.part(self.keys, layer, kv, width);
            let values = sizes.part(self.values, layer, kv, width);
            for (scores, tile) in
                rows_mut(self.scores, TILE).zip(rows(keys, TILE * width)).take(position / TILE + 1)
            {
                let mut sums = [0.0; TILE];
                for (q, keys) in query.iter().zip(tile.as_chunks::<TILE>().0) {
                    sums.iter_mut().zip(keys).for_each(|(sum, k)| *sum += q * k);
                }
                scores.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
            }
            let weights = self.scores.get_mut(..=position).unwrap_or_default();
            let inverse = 1.0 / exponentials(weights, sizes.scale);
            weights.iter_mut().for_each(|weight| *weight *= inverse);
            weigh(weights, values, width, out);
        }
        Ok(())
    }
}

/// `out = Σ weight·value`, over keys in order.
#[inline(always)]
fn weigh(weights: &[f32], values: &[f32], width: usize, out: &mut [f32]) {
    if width.is_multiple_of(32) {
        weigh_columns::<32>(weights, values, width, out);
    } else if width.is_multiple_of(8) {
        weigh_columns::<8>(weights, values, width, out);
    } else {
        weigh_columns::<1>(weights, values, width, out);
    }
}

/// [`weigh`], `N` columns at once, of which heads have whole ones.
#[inline(always)]
fn weigh_columns<const N: usize>(weights: &[f32], values: &[f32], width: usize, out: &mut [f32]) {
    let values = values.as_chunks::<N>().0;
    for (part, out) in out.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        let mut sums = [0.0; N];
        for (weight, value) in weights.iter().zip(values.iter().skip(part).step_by((width / N).max(1))) {
            sums.iter_mut().zip(value).for_each(|(sum, v)| *sum += weight * v);
        }
        *out = sums;
    }
}
