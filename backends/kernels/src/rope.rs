//! Rotary positions (Su et al., arXiv:2104.09864), the halves of a head rotated against each other.

/// Writes the cosine and sine of each of a position's angles, `turns.len() / 2` of them: half a head's width.
pub fn turns(theta: f64, position: usize, turns: &mut [f32]) {
    let half = turns.len() / 2;
    for (i, turn) in turns.chunks_exact_mut(2).enumerate() {
        let frequency = libm::pow(theta, -(i as f64) / half as f64);
        let angle = position as f64 * frequency;
        turn.copy_from_slice(&[libm::cos(angle) as f32, libm::sin(angle) as f32]);
    }
}

/// Rotates heads, each as wide as `turns` is long, by a position's [`turns`]; `back` rotates a gradient the other way.
pub fn rotate(heads: &mut [f32], turns: &[f32], back: bool) {
    if turns.is_empty() {
        return;
    }
    let (half, sign) = (turns.len() / 2, if back { -1.0 } else { 1.0 });
    for head in heads.chunks_exact_mut(half * 2) {
        let (low, high) = head.split_at_mut(half);
        for ((a, b), turn) in low.iter_mut().zip(high).zip(turns.chunks_exact(2)) {
            let (cos, sin) = (turn[0], sign * turn[1]);
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Processor;
    use crate::testing::{close, numbers, wide};
    use alloc::vec;

    #[test]
    fn rotations_equal_the_naive_ones_and_can_be_undone() {
        for (half, position) in [(1, 0), (5, 7), (16, 598)] {
            let heads = numbers(3 * 2 * half, 1);
            let mut want = wide(&heads);
            for head in want.chunks_mut(2 * half) {
                for i in 0..half {
                    let angle = position as f64 * 10_000f64.powf(-(i as f64) / half as f64);
                    let (sin, cos) = angle.sin_cos();
                    let (a, b) = (head[i], head[half + i]);
                    (head[i], head[half + i]) = (a * cos - b * sin, b * cos + a * sin);
                }
            }
            let (mut table, mut got) = (vec![f32::NAN; 2 * half], heads.clone());
            turns(10_000.0, position, &mut table);
            rotate(&mut got, &table, false);
            close(Processor::PORTABLE, "rotated", &got, &want, 1e-6);
            rotate(&mut got, &table, true);
            close(Processor::PORTABLE, "and back", &got, &wide(&heads), 1e-6);
            rotate(&mut got, &[], false);
        }
    }
}
