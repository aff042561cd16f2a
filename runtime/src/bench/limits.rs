//! What the machine itself can do.

use crate::engine::Device;
use crate::train::TrainError;
use core::hint::black_box;
use core::time::Duration;
use fearless_simd::{Level, Simd, dispatch};
use serde::Serialize;
use std::time::Instant;

/// What a device can do at best.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Multiplications and additions a second: fused ones in registers on the processor, a large product on
    /// another device.
    pub arithmetic: f64,
    /// Bytes a second that are read and written by copying what fits no cache.
    pub bandwidth: f64,
}

impl Limits {
    /// Measures each for as long as `budget`: the best of what is seen, for others may be busy.
    ///
    /// # Errors
    /// The device's own.
    pub fn of(device: &Device, budget: Duration) -> Result<Self, TrainError> {
        match device {
            Device::Cpu(cpu) => {
                let threads = cpu.threads();
                let arithmetic = best(budget, || together(threads, fused));
                let copies: Vec<_> = (0..threads).map(|_| Copy::new(COPY / threads)).collect();
                Ok(Self { arithmetic, bandwidth: bandwidth(copies, budget) })
            }
            #[cfg(feature = "burn")]
            Device::Burn { device, precision } => {
                let (arithmetic, bandwidth) =
                    device.limits((*precision).into(), budget).map_err(TrainError::role("device"))?;
                Ok(Self { arithmetic, bandwidth })
            }
        }
    }
}

fn best(budget: Duration, mut once: impl FnMut() -> f64) -> f64 {
    let start = Instant::now();
    let mut best = once();
    while start.elapsed() < budget {
        best = best.max(once());
    }
    best
}

/// What all threads do a second, where each says what it did.
fn together(threads: usize, each: impl Fn() -> f64 + Sync) -> f64 {
    let start = Instant::now();
    let done: f64 = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(&each)).collect();
        all.into_iter().filter_map(|thread| thread.join().ok()).sum()
    });
    done / start.elapsed().as_secs_f64()
}

const ROUNDS: usize = 1_000_000;
/// Sums that do not wait for each other: more than a fused operation's latency times its units.
const SUMS: usize = 12;
/// Numbers of a sum: the widest vector's.
const LANES: usize = 16;

/// Fused multiplications and additions in the widest vectors; how many operations they were.
fn fused() -> f64 {
    #[inline(always)]
    fn rounds() -> [[f32; LANES]; SUMS] {
        let (a, b) = black_box(([0.999f32; LANES], [0.001f32; LANES]));
        let mut sums = black_box([[1.0f32; LANES]; SUMS]);
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                for lane in 0..LANES {
                    sum[lane] = sum[lane].mul_add(a[lane], b[lane]);
                }
            }
        }
        sums
    }
    let level = Level::new();
    black_box(dispatch!(level, simd => simd.vectorize(#[inline(always)] || rounds())));
    (2 * LANES * SUMS * ROUNDS) as f64
}

/// Bytes that are copied at a time, all threads together: beyond any cache.
const COPY: usize = 1 << 28;

struct Copy {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Copy {
    fn new(bytes: usize) -> Self {
        // Written, so that every page is there.
        Self { from: vec![1; bytes], to: vec![2; bytes] }
    }
}

fn bandwidth(mut copies: Vec<Copy>, budget: Duration) -> f64 {
    let bytes: usize = copies.iter().map(|copy| 2 * copy.from.len()).sum();
    best(budget, || {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for Copy { from, to } in &mut copies {
                scope.spawn(move || {
                    to.copy_from_slice(black_box(from));
                    black_box(to);
                });
            }
        });
        bytes as f64 / start.elapsed().as_secs_f64()
    })
}
