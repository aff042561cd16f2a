//! How fast a device is on the work of a run, and how near that is to what it could do.
//!
//! Every figure stands beside two limits that are measured in the same run: the most arithmetic
//! ([`Limits::arithmetic`]) and the most memory traffic ([`Limits::bandwidth`]). What a piece of work needs
//! of each ([`Cost`]) is counted, not measured: 2 operations a weight and token forward and 4 backward,
//! attention's own products, the head only where a token is owed; and of memory the weights, once for each
//! token that has to wait for the one before it.
//!
//! ```
//! use core::time::Duration;
//! use rlhf::bench::{Limits, Size, Work, measure};
//! use rlhf::engine::Device;
//! let device = Device::default();
//! let limits = Limits::of(&device, Duration::from_millis(20))?;
//! let seen = measure(&device, Size::Tiny, Work::Forward, &limits, Duration::from_millis(50))?;
//! assert!(seen.rate > 0.0 && seen.unit == "tokens");
//! # Ok::<(), rlhf::train::TrainError>(())
//! ```

mod clock;
mod cost;
mod limits;
mod memory;
mod ppo;
mod text;
mod timed;
mod work;

pub use clock::Times;
pub use cost::Cost;
pub use limits::Limits;
pub use memory::peak_memory;
pub use work::{Size, Work};

use crate::engine::Device;
use crate::train::TrainError;
use core::time::Duration;
use serde::Serialize;

/// How fast a piece of work is.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The network's size.
    pub size: Size,
    /// The work's name.
    pub work: String,
    /// What one repetition takes.
    pub seconds: Times,
    /// How much of `unit` is done a second, by the median.
    pub rate: f64,
    /// What is counted: tokens read, new tokens, pairs.
    pub unit: &'static str,
    /// What the work needs of the machine.
    pub cost: Cost,
    /// The arithmetic that it needs, as a share of the most that the device did.
    pub of_arithmetic: f64,
    /// The memory traffic that it needs, as a share of the most that the device did.
    pub of_bandwidth: f64,
    /// Seconds of each of its phases, where it has some, summed over a repetition: the median repetition's.
    pub phases: Vec<(&'static str, f64)>,
}

/// Times a piece of work on a network of that size, for about as long as `budget`.
///
/// # Errors
/// The device's, a memory that is too small for the network among them.
pub fn measure(
    device: &Device,
    size: Size,
    work: Work,
    limits: &Limits,
    budget: Duration,
) -> Result<Measured, TrainError> {
    let architecture = size.architecture();
    let mut prepared = work.prepare(device, &architecture)?;
    let (seconds, phases) = clock::time(&mut *prepared, budget)?;
    let (count, unit) = work.units();
    let cost = work.cost(&architecture);
    Ok(Measured {
        size,
        work: work.name(),
        rate: count / seconds.median,
        unit,
        of_arithmetic: cost.operations / seconds.median / limits.arithmetic,
        of_bandwidth: cost.bytes / seconds.median / limits.bandwidth,
        cost,
        seconds,
        phases,
    })
}
