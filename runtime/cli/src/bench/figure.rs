//! What a benchmark has seen.

use super::{Cost, Limits, Times};
use serde::Serialize;

/// How fast a device was.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// The device: `cpu avx512`.
    pub device: String,
    /// How many threads, where it is the CPU engine.
    pub threads: Option<usize>,
    /// The most that the device did.
    pub limits: Limits,
    /// Network by network, in each the works in the order that they were asked for.
    pub figures: Vec<Figure>,
}

/// How fast one piece of work was.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// The network's name.
    pub network: String,
    /// The work's name.
    pub work: String,
    /// How many of `unit` one repetition does.
    pub count: f64,
    /// What is counted: tokens read, new tokens, pairs, networks.
    pub unit: &'static str,
    /// The lengths of the sequences that it reads, in tokens; none where it writes.
    pub lengths: Vec<usize>,
    /// What one repetition takes.
    pub seconds: Times,
    /// How much of `unit` is done a second, by the median.
    pub rate: f64,
    /// What the work needs of the machine.
    pub cost: Cost,
    /// The arithmetic that it needs, as a share of the most that the device did.
    pub of_arithmetic: f64,
    /// The memory traffic that it needs, as a share of the most that the device did; above 1 where caches
    /// hold the network.
    pub of_bandwidth: f64,
    /// The most memory that the process held meanwhile, in bytes, where the system says so: the least of all
    /// rounds, since what earlier work has left with the allocator is held too.
    pub peak_memory: Option<u64>,
    /// Seconds of each of its phases, where it has some, of the middle repetition.
    pub phases: Vec<(&'static str, f64)>,
}
