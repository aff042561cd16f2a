//! A scorer is a reward as any other: the kit's family `reward`.

use super::{File, file, gpt2, llama};
use crate::{Error, Model, Scorer, WeightFormat, arena_bytes};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::conformance::{Skip, Subject, Tolerances};
use rlhf_core::model::Architecture;
use rlhf_core::roles::Reward;
use rlhf_core::{Ragged, conformance};
use std::println;

struct Network {
    file: File,
    arena: Vec<u8>,
}

impl Reward for Network {
    type Error = Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        let mut scorer = Scorer::new(self.file.bytes(), &mut self.arena)?;
        Reward::score(&mut scorer, sequences, out).await
    }
}

struct Scores {
    name: &'static str,
    architecture: Architecture,
    format: WeightFormat,
}

impl Subject for Scores {
    type Network = Network;

    fn fresh(&self, seed: u64) -> Network {
        let file = file(&self.architecture, self.format, seed);
        let shape = Model::new(file.bytes()).unwrap().shape();
        let arena = vec![0; arena_bytes(&shape, shape.context as usize)];
        Network { file, arena }
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

    /// The same text has the same bits in any company.
    fn tolerances(&self) -> Tolerances {
        Tolerances { same: 0.0, agree: 0.0, ..Tolerances::default() }
    }

    fn skips(&self) -> &[Skip] {
        const FAMILIES: &[&str] = &[
            "reference",
            "policy",
            "learner",
            "critic",
            "learn_values",
            "learn_scores",
            "averaged",
            "rows",
            "learn_rows",
            "candidates",
            "learn_candidates",
            "parameters",
            "saved",
        ];
        &[Skip { what: FAMILIES, why: "it scores and does nothing else" }]
    }
}

#[test]
fn a_scorer_is_a_reward() {
    for (name, architecture) in [("GPT-2", gpt2()), ("Llama", llama())] {
        for format in WeightFormat::ALL {
            let report = conformance!(Scores { name, architecture: architecture.clone(), format });
            println!("{report}");
            assert!(report.passed(), "{report}");
        }
    }
}
