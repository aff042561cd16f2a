//! The limits of the machine itself.

use super::kernel::Kind;
use core::hint::black_box;
use core::time::Duration;
use rlhf::engine::{Device, Precision};
use rlhf::train::TrainError;
use rlhf_cpu::Cpu;
use serde::Serialize;
use std::time::Instant;

/// The limits of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Limits {
    /// Multiplications and additions a second: those of the device's precision in registers on the processor, a large
    /// product on another device.
    pub arithmetic: f64,
    /// Bytes a second that are read and written by copying what fits no cache.
    pub bandwidth: f64,
}

impl Limits {
    /// Measures each for as long as `budget`: the best result counts, because other processes may be busy.
    ///
    /// # Errors
    /// The device's own.
    pub fn of(device: &Device, budget: Duration) -> Result<Self, TrainError> {
        if let Some((arithmetic, bandwidth)) = device.limits(budget).map_err(TrainError::role("device"))? {
            return Ok(Self { arithmetic, bandwidth });
        }
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = device.cpu().map_or_else(all, Cpu::threads);
        let copies: Vec<_> = (0..threads).map(|_| Copy::new(COPY / threads)).collect();
        let bf16 = device.cpu().is_some_and(|cpu| cpu.precision() == Precision::Bf16);
        let kind = if bf16 { Kind::Bf16 } else { Kind::F32 };
        Ok(Self { arithmetic: arithmetic(kind, threads, budget), bandwidth: bandwidth(copies, budget) })
    }

    /// The better of both, one by one.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            arithmetic: self.arithmetic.max(other.arithmetic),
            bandwidth: self.bandwidth.max(other.bandwidth),
        }
    }
}

/// The most that `once` was seen to do.
fn best(budget: Duration, mut once: impl FnMut() -> f64) -> f64 {
    let start = Instant::now();
    let mut best = once();
    while start.elapsed() < budget {
        best = best.max(once());
    }
    best
}

/// Operations a second of all threads in registers: the sum of what each did by itself, since their starts are not
/// one moment.
pub(super) fn arithmetic(kind: Kind, threads: usize, budget: Duration) -> f64 {
    let once = || {
        let start = Instant::now();
        kind.peak() / start.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(|| best(budget, once))).collect();
        all.into_iter().filter_map(|thread| thread.join().ok()).sum()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_does_fused_operations_and_copies() {
        let limits = Limits::of(&Device::default(), Duration::from_millis(1)).unwrap();
        // A single fused operation in a library call is two orders slower than one in a register.
        assert!(limits.arithmetic > 2e9, "{limits:?}");
        assert!(limits.bandwidth > 1e8, "{limits:?}");
        let [a, b] = [(1.0, 4.0), (3.0, 2.0)].map(|(arithmetic, bandwidth)| Limits { arithmetic, bandwidth });
        assert_eq!(a.or(b), Limits { arithmetic: 3.0, bandwidth: 4.0 });
    }
}
