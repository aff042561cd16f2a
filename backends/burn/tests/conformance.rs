//! The backend keeps the promises that `rlhf-core` writes down, on every processor's device of this build:
//! both families of networks, with and without a scalar head.

mod shared;

use rlhf_core::conformance;
use rlhf_core::conformance::{Saved, Skip, Subject};
use rlhf_core::model::Architecture;
use rlhf_core::ready;
use shared::backend::{Device, Model};
use shared::{devices, gpt2, llama, weights};

struct Backend {
    name: String,
    device: Device,
    architecture: Architecture,
    skips: &'static [Skip],
}

impl Subject for Backend {
    type Network = Model;

    fn fresh(&self, seed: u64) -> Model {
        let weights = weights(&self.architecture, seed);
        Model::from_weights(&self.device, self.architecture.clone(), &weights).unwrap()
    }

    fn vocabulary(&self) -> usize {
        self.architecture.vocabulary
    }

    fn context(&self) -> usize {
        self.architecture.context
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn skips(&self) -> &[Skip] {
        self.skips
    }
}

impl Saved for Backend {
    fn reload(&self, network: &mut Model) -> Model {
        let weights = ready(network.weights()).unwrap().unwrap();
        Model::from_weights(&self.device, self.architecture.clone(), &weights).unwrap()
    }
}

fn conforms(name: &str, architecture: Architecture) {
    const HEADLESS: Skip =
        Skip { what: &["critic", "learn_values", "reward", "learn_scores"], why: "no scalar head" };
    let skips: &[Skip] = if architecture.scalar { &[] } else { &[HEADLESS] };
    for device in devices() {
        let name = format!("{name} on {}", device.name());
        let report = conformance!(Backend { name, device, architecture: architecture.clone(), skips });
        println!("{report}");
        assert!(report.passed(), "{report}");
    }
}

#[test]
fn gpt2_conforms() {
    conforms("GPT-2", gpt2());
}

#[test]
fn gpt2_with_a_scalar_head_conforms() {
    conforms("GPT-2 with a scalar head", gpt2().with_scalar());
}

#[test]
fn llama_conforms() {
    conforms("Llama", llama());
}

#[test]
fn llama_with_a_scalar_head_conforms() {
    conforms("Llama with a scalar head", llama().with_scalar());
}
