use super::oracle::Oracle;
use rlhf_core::model::tokenizer::{Bpe, Tokenizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Ragged, ready};
use rlhf_cpu::{Cpu, Isa, Model};
use rlhf_tests::shared::data;

/// As llama2.c's `doc/stories260K.md` has it.
const BEGINNING: &str = "Once upon a time, there was a little girl named Lily. She loved to play outside \
                         in the park. One day, she saw a big, red ball.";

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn the_well_known_story() {
    let (path, tokens) = (data("models/stories260K.bin"), data("models/tok512.bin"));
    let tokenizer = Bpe::llama2c(&std::fs::read(tokens).unwrap()).unwrap();
    let opened = rlhf::models::open(&path).unwrap();
    let (weights, missing) = opened.weights(&opened.architecture).unwrap();
    assert!(missing.is_empty());
    let bos = tokenizer.bos().unwrap();
    let prompt = [bos];
    let oracle = Oracle::read(&std::fs::read(&path).unwrap()).greedy(bos, 120);
    assert!(tokenizer.decode(&oracle).starts_with(BEGINNING), "{}", tokenizer.decode(&oracle));
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        for threads in [1, 2] {
            let cpu = Cpu::new(threads, isa);
            let mut model = Model::from_weights(&cpu, opened.architecture.clone(), weights.clone()).unwrap();
            let stopping = StopCriteria { max_new_tokens: oracle.len(), eos: &[], stop: &[] };
            let prompt = Ragged::new(&prompt, &[1]).unwrap();
            let key = Key::new(0, Stream::Sampling, 0);
            let out =
                ready(model.sample(prompt, &SamplingParams::Greedy, &stopping, key, 0)).unwrap().unwrap();
            assert_eq!(tokenizer.decode(&out.tokens), tokenizer.decode(&oracle), "{cpu:?}");
        }
    }
}
