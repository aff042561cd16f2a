//! Rotary positions (Su et al., arXiv:2104.09864), the halves of a head rotated against each other.

use crate::Cpu;
use alloc::vec::Vec;
use rlhf_core::model::{Architecture, Family};

/// Cosines and sines of every position's angles.
#[derive(Clone, Debug)]
pub(crate) struct Rope {
    /// `[context, head_width / 2, 2]`; empty where the family has no rotary positions.
    turns: Vec<f32>,
    half: usize,
}

impl Rope {
    pub(crate) fn new(a: &Architecture) -> Self {
        let half = a.head_width / 2;
        let mut turns = Vec::new();
        if a.family == Family::Llama {
            for position in 0..a.context {
                for i in 0..half {
                    let frequency = libm::pow(f64::from(a.rope_theta), -(i as f64) / half as f64);
                    let angle = position as f64 * frequency;
                    turns.extend([libm::cos(angle) as f32, libm::sin(angle) as f32]);
                }
            }
        }
        Self { turns, half }
    }

    /// Rotates the query and key heads of each row of `qkv` by its position; `back` rotates the
    /// gradient the other way. `heads` counts query and key heads, the first of each row.
    pub(crate) fn rotate(
        &self,
        cpu: &Cpu,
        qkv: &mut [f32],
        width: usize,
        heads: usize,
        positions: &[u32],
        back: bool,
    ) {
        if self.turns.is_empty() {
            return;
        }
        let (half, sign) = (self.half, if back { -1.0 } else { 1.0 });
        cpu.map_rows(qkv, width, 32, &|rows, qkv| {
            for (row, &position) in qkv.chunks_exact_mut(width).zip(&positions[rows]) {
                let turns = &self.turns[position as usize * half * 2..][..half * 2];
                for head in row[..heads * half * 2].chunks_exact_mut(half * 2) {
                    let (low, high) = head.split_at_mut(half);
                    for ((a, b), turn) in low.iter_mut().zip(high).zip(turns.chunks_exact(2)) {
                        let (cos, sin) = (turn[0], sign * turn[1]);
                        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                    }
                }
            }
        });
    }
}
