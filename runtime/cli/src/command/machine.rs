//! The options of device, precision and threads.

use super::exit::Failure;
use clap::Args;
use rlhf::engine::{Device, Devices, Precision};
use rlhf_cpu::{Cpu, Isa};

/// The machine of a command. The result does not depend on the number of threads.
#[derive(Args)]
pub struct Machine {
    /// Device that networks are computed on: cpu, or one that this build has: cuda, metal, vulkan, wgpu, flex, ndarray;
    /// of several cards cuda:1 is the second
    #[arg(long, global = true, value_name = "NAME", default_value = "cpu")]
    device: String,
    /// Precision of products on that device: f32, bf16 or (not on the CPU engine) f16; weights and optimizer are always in f32
    #[arg(long, global = true, value_name = "PRECISION", default_value = "f32", value_parser = precision)]
    precision: Precision,
    /// Number of threads; by default all that the processor has
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Instruction set, on which the bits of the result depend: avx512, avx2, neon or portable; by default the best
    /// there is
    #[arg(long, global = true, value_name = "ISA", value_parser = isa)]
    isa: Option<Isa>,
}

impl Machine {
    /// Opens it.
    pub fn open(&self, devices: &Devices) -> Result<Device, Failure> {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        let cpu = Cpu::new(self.threads.map_or_else(all, usize::from), self.isa.unwrap_or_else(Isa::best));
        devices.open(&self.device, cpu, self.precision).map_err(Failure::wrong)
    }
}

fn precision(name: &str) -> Result<Precision, &'static str> {
    Precision::ALL.into_iter().find(|precision| precision.name() == name).ok_or("known are f32, bf16, f16")
}

fn isa(name: &str) -> Result<Isa, String> {
    let known = || Isa::ALL.map(Isa::name).join(", ");
    let isa = Isa::ALL
        .into_iter()
        .find(|isa| isa.name() == name)
        .ok_or_else(|| format!("known are {}", known()))?;
    if isa.available() { Ok(isa) } else { Err(format!("this processor has no {name}")) }
}
