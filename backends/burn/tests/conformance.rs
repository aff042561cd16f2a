//! The backend keeps the promises that `rlhf-core` writes down, on every processor's device of this build:
//! both families of networks, with and without a scalar head. What was found is what the README says.

mod shared;

use rlhf_core::conformance;
use rlhf_core::conformance::{Report, Saved, Skip, Subject, WithDropout};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::ready;
use shared::backend::{Device, Model};
use shared::{devices, is_processor, table, weights};

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
        let mut loaded = Model::from_weights(&self.device, network.architecture().clone(), &weights).unwrap();
        loaded.seed_dropout(DROPOUT_SEED);
        if let Some(state) = ready(network.optimizer_state()).unwrap().unwrap() {
            loaded.set_optimizer_state(&state).unwrap();
        }
        loaded
    }
}

/// The seed of dropout masks, which a run has in its checkpoint.
const DROPOUT_SEED: u64 = 5;

impl WithDropout for Backend {
    fn with_dropout(&self, seed: u64) -> Model {
        let architecture = Architecture { dropout: 0.3, ..self.architecture.clone() };
        let weights = weights(&self.architecture, seed);
        let mut network = Model::from_weights(&self.device, architecture, &weights).unwrap();
        network.seed_dropout(DROPOUT_SEED);
        network
    }
}

fn conforms(name: &str, device: Device, architecture: Architecture) -> Report {
    const HEADLESS: Skip =
        Skip { what: &["critic", "learn_values", "reward", "learn_scores"], why: "no scalar head" };
    let skips: &[Skip] = if architecture.scalar { &[] } else { &[HEADLESS] };
    let name = format!("{name} on {}", device.name());
    conformance!(Backend { name, device, architecture, skips }, &mut Live)
}

/// Prints the rows of a table as they come: on a slow device they come slowly.
struct Live;

impl core::fmt::Write for Live {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        print!("{text}");
        Ok(())
    }
}

/// The networks that a device is checked with. A software renderer takes minutes for each, so that other devices than the
/// processor have Llama alone, and both with `RLHF_BURN_NETWORKS=all` (`tests/run endurance`).
fn networks(device: &Device) -> Vec<(&'static str, Architecture)> {
    let mut all = shared::networks(device);
    if !is_processor(device) && std::env::var_os("RLHF_BURN_NETWORKS").is_none_or(|which| which != "all") {
        all.retain(|(_, architecture)| architecture.family == Family::Llama);
    }
    all
}

#[test]
fn every_network_conforms_and_the_readme_says_so() {
    for device in devices() {
        let run = |(name, architecture)| conforms(name, device.clone(), architecture);
        let reports: Vec<_> = if is_processor(&device) {
            std::thread::scope(|scope| {
                let runs: Vec<_> =
                    networks(&device).into_iter().map(|network| scope.spawn(move || run(network))).collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            })
        } else {
            networks(&device).into_iter().map(run).collect()
        };
        for report in &reports {
            println!("{report}");
            assert!(report.passed(), "{report}");
        }
        table::check(&device, &reports);
    }
}
