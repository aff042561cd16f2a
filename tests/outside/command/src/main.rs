//! The command `rlhf` with a device of its own: `mine quickstart --device mine`.

mod counted;

use counted::{CALLS, Counted};
use rlhf::engine::Devices;
use rlhf_core::model::Architecture;
use rlhf_core::network::{BoxedNetwork, Engine, EngineError};
use rlhf_cpu::{Cpu, Model};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

/// The processor's engine, whose networks count what they do.
struct Mine(Cpu);

impl Engine for Mine {
    fn network(&self, architecture: Architecture, weights: Vec<f32>) -> Result<BoxedNetwork, EngineError> {
        Ok(Box::new(Counted(Model::from_weights(&self.0, architecture, weights)?)))
    }

    fn name(&self) -> String {
        "mine".into()
    }
}

fn main() -> ExitCode {
    let devices = Devices::default().with("mine", |request| Ok(Mine(request.cpu.clone())));
    let code = rlhf_cli::run(devices);
    eprintln!("calls: {}", CALLS.load(Ordering::Relaxed));
    code
}
