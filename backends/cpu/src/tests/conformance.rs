//! The engine keeps the promises that `rlhf-core` writes down: both families of networks, with and without
//! a scalar head.

use rlhf_core::conformance;
use rlhf_core::conformance::{Saved, Skip, Subject, Tolerances, WithDropout};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::network::{Network, Precision};
use rlhf_core::random::{Key, Stream};
use rlhf_core::ready;
use rlhf_cpu::{Cpu, Isa, Model};
use std::println;

struct Engine {
    name: &'static str,
    cpu: Cpu,
    architecture: Architecture,
    skips: &'static [Skip],
}

/// The seed of dropout masks, which a run has in its checkpoint.
const DROPOUT_SEED: u64 = 5;

impl Engine {
    /// Biases, and a scalar head, that are not 0.
    fn network(&self, architecture: Architecture, seed: u64) -> Model {
        let base = Model::random(&self.cpu, architecture.clone(), seed).unwrap();
        let key = Key::new(seed, Stream::Data, 9);
        let noise = (0..).map(|i| 0.1 * key.normal(0, i) as f32);
        let weights = base.weights().iter().zip(noise).map(|(w, n)| w + n).collect();
        Model::from_weights(&self.cpu, architecture, weights).unwrap()
    }
}

impl Subject for Engine {
    type Network = Model;

    fn fresh(&self, seed: u64) -> Model {
        self.network(self.architecture.clone(), seed)
    }

    fn vocabulary(&self) -> usize {
        self.architecture.vocabulary
    }

    fn context(&self) -> usize {
        self.architecture.context
    }

    fn name(&self) -> &str {
        self.name
    }

    /// Sampler, scorer and learner agree to the bit, in any company and split, but for portable products.
    fn tolerances(&self) -> Tolerances {
        let tolerances = Tolerances::of(self.cpu.precision());
        match (self.cpu.isa(), self.cpu.precision()) {
            (Isa::Portable, Precision::F32) => tolerances,
            _ => Tolerances { same: 0.0, agree: 0.0, ..tolerances },
        }
    }

    fn skips(&self) -> &[Skip] {
        self.skips
    }
}

impl Saved for Engine {
    fn reload(&self, network: &mut Model) -> Model {
        let weights = network.weights().to_vec();
        let mut loaded = Model::from_weights(&self.cpu, network.architecture().clone(), weights).unwrap();
        loaded.seed_dropout(DROPOUT_SEED);
        if let Some(state) = ready(Network::optimizer_state(network)).unwrap().unwrap() {
            loaded.set_optimizer_state(state).unwrap();
        }
        loaded
    }
}

impl WithDropout for Engine {
    fn with_dropout(&self, seed: u64) -> Model {
        let mut network = self.network(Architecture { dropout: 0.3, ..self.architecture.clone() }, seed);
        network.seed_dropout(DROPOUT_SEED);
        network
    }
}

fn gpt2() -> Architecture {
    Architecture::gpt2(17, 20, 24, 2, 3)
}

/// Grouped heads, a head of its own.
fn llama() -> Architecture {
    Architecture {
        family: Family::Llama,
        width: 32,
        heads: 4,
        kv_heads: 2,
        head_width: 8,
        hidden: 52,
        tied: false,
        ..gpt2()
    }
}

fn conforms(name: &'static str, cpu: Cpu, architecture: Architecture) {
    const HEADLESS: Skip =
        Skip { what: &["critic", "learn_values", "reward", "learn_scores"], why: "no scalar head" };
    let skips: &[Skip] = if architecture.scalar { &[] } else { &[HEADLESS] };
    let report = conformance!(Engine { name, cpu, architecture, skips });
    println!("{report}");
    assert!(report.passed(), "{report}");
}

#[test]
fn gpt2_conforms() {
    conforms("GPT-2", Cpu::new(2, Isa::best()), gpt2());
}

#[test]
fn gpt2_with_a_scalar_head_conforms() {
    conforms("GPT-2 with a scalar head", Cpu::new(2, Isa::best()), gpt2().with_scalar());
}

#[test]
fn llama_conforms() {
    conforms("Llama", Cpu::new(2, Isa::best()), llama());
}

#[test]
fn llama_with_a_scalar_head_conforms() {
    conforms("Llama with a scalar head", Cpu::new(2, Isa::best()), llama().with_scalar());
}

#[test]
fn portable_products_conform() {
    conforms("GPT-2, portable products", Cpu::new(2, Isa::Portable), gpt2().with_scalar());
}

fn in_bf16() -> Cpu {
    Cpu::new(2, Isa::best()).with_precision(Precision::Bf16).unwrap()
}

#[test]
fn gpt2_in_bf16_conforms() {
    conforms("GPT-2 in bf16", in_bf16(), gpt2().with_scalar());
}

#[test]
fn llama_in_bf16_conforms() {
    conforms("Llama in bf16", in_bf16(), llama().with_scalar());
}
