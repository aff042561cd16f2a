//! Arrays, for every processor: the oracle of the others.

use super::sums::{Integers, Rows};
use crate::lanes::Portable;
use crate::quantized::activations::FROM_8;
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP, PANEL};

#[derive(Clone, Copy)]
pub(in crate::quantized) struct PortableIntegers;

impl Integers for PortableIntegers {
    type Lanes = Portable;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [[f32; PANEL]; R] {
        let mut sums = [[0i32; PANEL]; R];
        for group in 0..BLOCK / GROUP {
            // SAFETY: the caller promises the blocks.
            let w =
                unsafe { weights.add(group * INT8_GROUP).cast::<[[i8; GROUP]; PANEL]>().read_unaligned() };
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let a = unsafe { rows.word(i, group * GROUP) }.to_ne_bytes().map(|a| i32::from(a as i8));
                for (sum, w) in sums.iter_mut().zip(&w) {
                    *sum += product(w.map(i32::from), a);
                }
            }
        }
        sums.map(|row| row.map(|sum| sum as f32))
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [[f32; PANEL]; R] {
        let mut sums = [[0i32; PANEL]; R];
        for pair in 0..BLOCK / GROUP / 2 {
            // SAFETY: the caller promises the blocks.
            let w = unsafe { weights.add(pair * INT8_GROUP).cast::<[[u8; GROUP]; PANEL]>().read_unaligned() };
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let [low, high] = [0, GROUP].map(|group| unsafe { rows.word(i, pair * 2 * GROUP + group) });
                let [low, high] = [low, high].map(|a| a.to_ne_bytes().map(|a| i32::from(a as i8)));
                for (sum, w) in sums.iter_mut().zip(&w) {
                    *sum += product(w.map(|w| i32::from(w & 15)), low)
                        + product(w.map(|w| i32::from(w >> 4)), high);
                }
            }
        }
        core::array::from_fn(|i| {
            // SAFETY: as above.
            let start = if CENTERED { unsafe { rows.word(i, FROM_8) } } else { 0 };
            sums[i].map(|sum| sum.wrapping_add(start) as f32)
        })
    }
}

#[inline(always)]
fn product(w: [i32; GROUP], a: [i32; GROUP]) -> i32 {
    w[0] * a[0] + w[1] * a[1] + w[2] * a[2] + w[3] * a[3]
}
