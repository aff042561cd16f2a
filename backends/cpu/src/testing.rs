//! Oracles and helpers of the kernels' tests. Their oracles are naive and in f64, and know a forward pass only:
//! a backward pass is compared with differences of it.

use crate::{Cpu, Isa};
use alloc::vec::Vec;
use rlhf_core::random::{Key, Stream};

/// Every instruction set that there is, on one, two and three threads.
pub(crate) fn cpus() -> Vec<Cpu> {
    Isa::ALL
        .into_iter()
        .filter(|isa| isa.available())
        .flat_map(|isa| [1, 2, 3].map(|threads| Cpu::new(threads, isa)))
        .collect()
}

/// Normal numbers; other ones for another `sample`.
pub(crate) fn numbers(n: usize, sample: u32) -> Vec<f32> {
    let key = Key::new(1, Stream::Data, 0);
    (0..n).map(|i| key.normal(sample, i as u32) as f32).collect()
}

/// Returns the numbers in f64.
pub(crate) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

/// Σ a·b.
pub(crate) fn weighted(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The gradient of `f` at `x` by central differences, good to about 1e-8.
pub(crate) fn differences(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut x = x.to_vec();
    let step = 1e-5;
    (0..x.len())
        .map(|i| {
            let held = x[i];
            let [high, low] = [held + step, held - step].map(|moved| {
                x[i] = moved;
                f(&x)
            });
            x[i] = held;
            (high - low) / (2.0 * step)
        })
        .collect()
}

/// Every number within `tolerance`, relative to what is wanted where that is above 1. NaN, with which
/// outputs are filled before they are written, never is.
#[track_caller]
pub(crate) fn close(cpu: &Cpu, what: &str, got: &[f32], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (&g, w)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(g) - w).abs() / w.abs().max(1.0);
        assert!(error <= tolerance, "{cpu:?} {what}[{i}]: got {g}, want {w}");
    }
}
