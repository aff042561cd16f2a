//! The most multiplications and additions that the processor does.

use core::hint::black_box;
use rlhf_cpu::Isa;
use std::time::Instant;

/// Operations a second, on so many threads at once.
pub fn measure(isa: Isa, threads: usize) -> f64 {
    let best = |_| {
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(move || one(isa))).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).sum::<f64>()
        })
    };
    // The best of some: others may be busy.
    (0..8).map(best).fold(0.0, f64::max)
}

const ROUNDS: usize = 4_000_000;
/// Sums that do not wait for each other: more than a fused operation's latency times its units.
const SUMS: usize = 12;

fn one(isa: Isa) -> f64 {
    let start = Instant::now();
    let lanes = match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the instruction set was found available.
        Isa::Avx512 => unsafe { x86::avx512() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::avx2() },
        _ => portable(),
    };
    (2 * lanes * SUMS * ROUNDS) as f64 / start.elapsed().as_secs_f64()
}

fn portable() -> usize {
    let mut sums = black_box([[1.0f32; 4]; SUMS]);
    for _ in 0..ROUNDS {
        sums.iter_mut().flatten().for_each(|x| *x = *x * 0.999 + 0.001);
    }
    black_box(sums);
    4
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{ROUNDS, SUMS};
    use core::arch::x86_64::*;
    use core::hint::black_box;

    #[target_feature(enable = "avx512f")]
    pub fn avx512() -> usize {
        let (a, b) = black_box((_mm512_set1_ps(0.999), _mm512_set1_ps(0.001)));
        let mut sums = black_box([_mm512_set1_ps(1.0); SUMS]);
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, a, b);
            }
        }
        black_box(sums);
        16
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn avx2() -> usize {
        let (a, b) = black_box((_mm256_set1_ps(0.999), _mm256_set1_ps(0.001)));
        let mut sums = black_box([_mm256_set1_ps(1.0); SUMS]);
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, a, b);
            }
        }
        black_box(sums);
        8
    }
}
