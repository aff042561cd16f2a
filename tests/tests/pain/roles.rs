//! Rows 13 and 15: nothing waits for ever, and nothing is tokenized twice.

use rlhf::train::{Examples, TrainError};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::roles::{Reference, Reward};
use rlhf_core::{Batch, Error, Ragged, ready};
use rlhf_cpu::{Cpu, Isa, Model};
use rlhf_tests::small::{Small, bits, settings};

/// Waits for something that never comes.
struct Never;

impl Reward for Never {
    type Error = Error;
    async fn score(&mut self, _: Ragged<'_>, _: &mut [f32]) -> Result<(), Error> {
        core::future::pending().await
    }
}

/// trl#2923, trl#6797, OpenRLHF#918, OpenRLHF#865, OpenRLHF#876, OpenRLHF#624, OpenRLHF#211.
#[test]
fn row_13_a_role_that_waits_or_fails_ends_the_run_with_its_name() {
    let mut small = Small::new(settings(), 1);
    let before = bits(&small.policy);
    assert!(matches!(small.iterate(&mut Never), Err(TrainError::Waited)));
    // A text longer than the context, a token of another vocabulary, no scalar head.
    let prompts = small.prompts.clone();
    small.prompts = Examples::try_from_iter([(vec![2; 24], []), (vec![2; 2], [])]).unwrap();
    assert!(matches!(small.iterate(&mut |_: &[u32]| 0.0), Err(TrainError::Role { role: "policy", .. })));
    small.prompts = Examples::try_from_iter([([99, 2], []), ([2, 2], [])]).unwrap();
    let error = small.iterate(&mut |_: &[u32]| 0.0).unwrap_err().to_string();
    assert!(error.contains("policy") && error.contains("99"), "{error}");
    small.prompts = prompts;
    small.critic = small.reference.clone();
    assert!(matches!(small.iterate(&mut |_: &[u32]| 0.0), Err(TrainError::Role { role: "critic", .. })));
    assert_eq!(bits(&small.policy), before);
}

/// trl#5224, verl#3960, verl#6719: what was written was decoded and tokenized again, differently.
#[test]
fn row_15_token_ids_are_the_only_currency() {
    // Random bytes are no UTF-8: decoding them loses what they were.
    let network = Model::random(&Cpu::new(2, Isa::best()), Architecture::gpt2(257, 24, 16, 1, 2), 1).unwrap();
    let mut small = Small::on(network, settings(), 1);
    let mut scored = Vec::new();
    let seen = small.iterate(&mut |text: &[u32]| {
        scored.push(text.to_vec());
        text.len() as f32
    });
    let rollouts = seen.unwrap().rollouts;
    let lossy = scored.iter().filter(|text| Bytes.encode(&Bytes.decode(text)) != **text).count();
    assert!(lossy > 8, "{lossy}");
    for (i, (text, span)) in rollouts.sequences().sequences().enumerate() {
        assert_eq!(text, scored[i]);
        assert!(text.starts_with(small.prompts.text(i)));
        // The log-probabilities are those of these ids.
        let loss_mask: Vec<bool> = (0..text.len()).map(|t| t >= 2).collect();
        let ends = [text.len()];
        let mut out = vec![0.0; text.len()];
        let batch = Batch::new(Ragged::new(text, &ends).unwrap(), &loss_mask).unwrap();
        ready(small.reference.log_probs(batch, &mut out)).unwrap().unwrap();
        assert_eq!(out, rollouts.log_probs()[span]);
    }
}
