//! Rotary positions, tabulated and shared among threads.

use crate::Cpu;
use crate::threads::ELEMENT;
use alloc::vec::Vec;
use rlhf_core::model::{Architecture, Family};
use rlhf_kernels::rope;

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
            turns.resize(a.context * half * 2, 0.0);
            for position in 0..a.context {
                rope::turns(f64::from(a.rope_theta), position, &mut turns[position * half * 2..][..half * 2]);
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
        let wide = self.half * 2;
        cpu.map_rows(qkv, width, ELEMENT, &|rows, qkv| {
            for (row, &position) in qkv.chunks_exact_mut(width).zip(&positions[rows]) {
                let turns = &self.turns[position as usize * wide..][..wide];
                rope::rotate(&mut row[..heads * wide], turns, back);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, cpus, numbers, wide};

    fn naive(heads: usize, head_width: usize, width: usize, positions: &[u32], qkv: &[f64]) -> Vec<f64> {
        let half = head_width / 2;
        let mut out = qkv.to_vec();
        for (row, &position) in out.chunks_mut(width).zip(positions) {
            for head in row.chunks_mut(head_width).take(heads) {
                for i in 0..half {
                    let angle = f64::from(position) * 10_000f64.powf(-(i as f64) / half as f64);
                    let (sin, cos) = angle.sin_cos();
                    let (a, b) = (head[i], head[half + i]);
                    (head[i], head[half + i]) = (a * cos - b * sin, b * cos + a * sin);
                }
            }
        }
        out
    }

    #[test]
    fn rotations_equal_the_naive_ones_and_can_be_undone() {
        let mut a = Architecture::gpt2(5, 600, 30, 1, 3);
        a.family = Family::Llama;
        a.kv_heads = 1;
        // Values, the last head of a row, are not rotated.
        let (heads, width) = (a.heads + a.kv_heads, a.qkv());
        let positions: Vec<u32> = (0..70).map(|i| i * i % 599).collect();
        let qkv = numbers(positions.len() * width, 1);
        let want = naive(heads, a.head_width, width, &positions, &wide(&qkv));
        for cpu in cpus() {
            let mut got = qkv.clone();
            Rope::new(&a).rotate(&cpu, &mut got, width, heads, &positions, false);
            close(&cpu, "rotated", &got, &want, 1e-6);
            Rope::new(&a).rotate(&cpu, &mut got, width, heads, &positions, true);
            close(&cpu, "and back", &got, &wide(&qkv), 1e-6);
            let gpt2 = Architecture { family: Family::Gpt2, ..a.clone() };
            let mut got = qkv.clone();
            Rope::new(&gpt2).rotate(&cpu, &mut got, width, heads, &positions, false);
            assert_eq!(got, qkv);
        }
    }
}
