//! The speed of a device on the work of a run, and its share of the device's limits.
//!
//! Every figure stands beside two limits that are measured in the same run: the most arithmetic
//! ([`Limits::arithmetic`]) and the most memory traffic ([`Limits::bandwidth`]). What a piece of work needs
//! of each ([`Cost`]) is counted, not measured.
//!
//! ```
//! use rlhf_cli::bench::{Bench, Network, Work};
//! use rlhf::engine::{Device, Precision};
//! let networks = vec![Network::named("tiny").unwrap()];
//! let least = core::time::Duration::from_millis(1);
//! let bench = Bench { networks, works: vec![Work::Forward], repeat: 1, least };
//! let seen = bench.run(&Device::default(), |_| {})?;
//! assert!(seen.figures[0].rate > 0.0 && seen.figures[0].unit == "tokens");
//! # Ok::<(), rlhf::train::TrainError>(())
//! ```

mod clock;
mod cost;
mod figure;
mod kernel;
mod limits;
mod loops;
mod memory;
mod network;
mod ppo;
mod prepare;
mod text;
mod timed;
mod times;
mod value_head;
mod work;

pub use cost::Cost;
pub use figure::{Figure, Measurement};
pub use kernel::Kind;
pub use limits::Limits;
pub use network::Network;
pub use times::Times;
pub use work::Work;

use core::time::Duration;
use memory::Peak;
use rlhf::engine::{Device, Precision};
use rlhf::train::TrainError;
use rlhf_cpu::Cpu;
use times::{Repetition, summary};

/// The settings of a benchmark.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The networks.
    pub networks: Vec<Network>,
    /// The works to time on each network.
    pub works: Vec<Work>,
    /// The number of rounds: everything is done once in each, so that a busy moment affects all works alike.
    pub repeat: usize,
    /// The least time of a repetition: shorter work is done several times in one. Each limit is measured for as long,
    /// and a quiet moment waited for at most eight times as long.
    pub least: Duration,
}

/// The work that is about to be timed.
#[derive(Clone, Debug)]
pub struct Next<'a> {
    /// The network.
    pub network: &'a Network,
    /// The work.
    pub work: Work,
    /// The number of pieces of work before it, of all rounds.
    pub done: usize,
    /// The number of all pieces of work.
    pub total: usize,
}

/// One piece of work on one network, with its repetitions so far.
struct Piece<'a> {
    network: &'a Network,
    work: Work,
    repetitions: Vec<Repetition>,
    peak: Option<u64>,
}

impl Bench {
    /// Times everything; `next` is called before each piece of work.
    ///
    /// # Errors
    /// The device's, a context or a memory that is too small for the work among them;
    /// [`TrainError::Nothing`] without rounds, or for [`Work::TrainAlone`] on another engine than the CPU's.
    pub fn run(&self, device: &Device, mut next: impl FnMut(Next<'_>)) -> Result<Measurement, TrainError> {
        if self.repeat == 0 {
            return Err(TrainError::Nothing { what: "rounds" });
        }
        let alone = self.alone(device)?;
        let mut pieces: Vec<_> = self.networks.iter().flat_map(|network| self.on(network)).collect();
        let total = self.repeat * pieces.len();
        let (mut limits, mut limits_alone) = (Limits::default(), Limits::default());
        for round in 0..self.repeat {
            limits = limits.or(Limits::of(device, self.least)?);
            if let Some(alone) = &alone {
                limits_alone = limits_alone.or(Limits::of(alone, self.least)?);
            }
            let before = round * pieces.len();
            for (i, piece) in pieces.iter_mut().enumerate() {
                next(Next { network: piece.network, work: piece.work, done: before + i, total });
                let device = alone.as_ref().filter(|_| piece.work.alone()).unwrap_or(device);
                piece.repeat(device, self.least)?;
            }
        }
        let figure = |piece: Piece<'_>| {
            let limits = if piece.work.alone() { limits_alone } else { limits };
            let most = |kind| limits::arithmetic(kind, 1, self.least);
            let arithmetic = piece.work.kind().map_or(limits.arithmetic, most);
            piece.figure(Limits { arithmetic, ..limits })
        };
        Ok(Measurement {
            device: device.to_string(),
            threads: device.cpu().map(Cpu::threads),
            limits,
            figures: pieces.into_iter().map(figure).collect(),
        })
    }

    /// Returns one thread of the processor, where there is work for it.
    fn alone(&self, device: &Device) -> Result<Option<Device>, TrainError> {
        if !self.works.iter().any(|work| work.alone()) {
            return Ok(None);
        }
        let isa = match device.cpu() {
            Some(cpu) => cpu.isa(),
            None if self.works.contains(&Work::TrainAlone) => {
                return Err(TrainError::Nothing { what: "threads of this device" });
            }
            None => rlhf_cpu::Isa::best(),
        };
        let alone = Cpu::new(1, isa);
        let precision = device.cpu().map_or(Precision::F32, Cpu::precision);
        Ok(Some(alone.with_precision(precision).map_err(TrainError::role("device"))?.into()))
    }

    fn on<'a>(&'a self, network: &'a Network) -> impl Iterator<Item = Piece<'a>> {
        self.works.iter().map(move |&work| Piece { network, work, repetitions: Vec::new(), peak: None })
    }
}

impl Piece<'_> {
    fn repeat(&mut self, device: &Device, least: Duration) -> Result<(), TrainError> {
        let peak = Peak::start();
        let mut prepared = prepare::prepare(self.work, device, self.network.architecture())?;
        self.repetitions.push(clock::repeat(&mut *prepared, least)?);
        // What work before it has left with the allocator counts too: least in some round.
        self.peak = [self.peak, peak.bytes()].into_iter().flatten().min();
        Ok(())
    }

    fn figure(self, limits: Limits) -> Figure {
        let architecture = self.network.architecture();
        let (count, unit) = self.work.units(architecture);
        let cost = self.work.cost(architecture);
        let (seconds, phases) = summary(self.repetitions);
        Figure {
            network: self.network.name().into(),
            work: self.work.name(),
            count,
            unit,
            lengths: self.work.lengths(architecture),
            rate: count / seconds.median,
            of_arithmetic: cost.operations() / seconds.median / limits.arithmetic,
            of_bandwidth: cost.bytes / seconds.median / limits.bandwidth,
            cost,
            seconds,
            peak_memory: self.peak,
            phases,
        }
    }
}
