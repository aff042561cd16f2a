//! The results of a benchmark.

use super::{Cost, Limits, Times};
use serde::Serialize;

/// The speed of a device.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// The device: `cpu avx512`.
    pub device: String,
    /// The number of threads of the CPU engine.
    pub threads: Option<usize>,
    /// The most that the device did.
    pub limits: Limits,
    /// The figures, network by network, in the order of the works that were named.
    pub figures: Vec<Figure>,
}

/// The speed of one piece of work.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// The network's name.
    pub network: String,
    /// The work's name.
    pub work: String,
    /// The number of `unit`s in one repetition.
    pub count: f64,
    /// The unit: tokens read, new tokens, pairs, networks.
    pub unit: &'static str,
    /// The lengths of the sequences that it reads, in tokens; none where it writes.
    pub lengths: Vec<usize>,
    /// The time of one repetition.
    pub seconds: Times,
    /// The number of `unit`s a second, by the median.
    pub rate: f64,
    /// The operations and bytes that the work needs.
    pub cost: Cost,
    /// The arithmetic that it needs, as a share of the most that the device did.
    pub of_arithmetic: f64,
    /// The memory traffic that it needs, as a share of the most that the device did; above 1 where caches
    /// hold the network.
    pub of_bandwidth: f64,
    /// The most memory that the process held meanwhile, in bytes, where the system counts it: the least of all
    /// rounds, since what earlier work has left with the allocator is held too.
    pub peak_memory: Option<u64>,
    /// Seconds of each of its phases, where it has some, of the middle repetition.
    pub phases: Vec<(&'static str, f64)>,
}
