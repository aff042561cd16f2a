//! A short run of the fuzz targets without a fuzzer: keyed mutations of good files.

use rlhf::formats::save_model;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes};
use rlhf_core::random::{Draws, Key, Stream};
use rlhf_cpu::{Cpu, Model};
use rlhf_tests::fuzz;

const ROWS: [&str; 5] = [
    r#"{"prompt": "Hi ann@example.org", "chosen": "Yes", "rejected": "No", "user_id": 3, "margin": 1}"#,
    r#"{"chosen": "\n\nHuman: Hi\n\nAssistant: Yes", "rejected": "\n\nHuman: Hi\n\nAssistant: No"}"#,
    r#"{"prompt": "Hi", "answers": ["a", "é", "c"], "ranks": [0, 1, 1]}"#,
    r#"{"prompt": "Hi", "answers": ["a", "b"], "votes": [[0, 1], [1, 0, "tie"]]}"#,
    "Call 212-555-0199, 192.0.2.1 or 4111 1111 1111 1111, Ann Example.",
];

/// Bytes turned around, left out, doubled or replaced by what means something.
fn mutate(bytes: &mut Vec<u8>, draws: &mut Draws) {
    const MARKS: &[u8] = b"{}[]\",:\\0-9ea@. \n\0\x80\xff";
    for _ in 0..1 + draws.below(6) {
        let at = draws.below(bytes.len());
        match draws.below(4) {
            _ if bytes.is_empty() => bytes.push(b'{'),
            0 => bytes[at] ^= 1 << draws.below(8),
            1 => bytes[at] = *draws.pick(MARKS),
            2 => drop(bytes.drain(at..(at + 1 + draws.below(8)).min(bytes.len()))),
            _ => {
                let part = bytes[at..(at + 1 + draws.below(16)).min(bytes.len())].to_vec();
                let to = draws.below(bytes.len());
                bytes.splice(to..to, part);
            }
        }
    }
}

#[test]
fn mutated_files_are_survived() {
    for case in 0..2000 {
        let mut draws = Key::new(7, Stream::Data, 0).draws(case);
        let mut bytes = [*draws.pick(&ROWS), "\n", *draws.pick(&ROWS)].concat().into_bytes();
        mutate(&mut bytes, &mut draws);
        fuzz::json_lines(&bytes);
        fuzz::transcript(&bytes);
        if case % 8 == 0 {
            // These write files.
            fuzz::mask(&bytes);
            fuzz::parquet(&bytes);
        }
    }
}

#[test]
fn mutated_models_and_configurations_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::random(&Cpu::default(), Architecture::gpt2(257, 8, 4, 1, 1), 1).unwrap();
    save_model(folder.path(), &model, &AnyTokenizer::from(Bytes)).unwrap();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let models = ["config.json", "model.safetensors", "tokenizer.rlhf"].map(read);
    let line = r#"{"phase":"ppo","step":1,"total":2,"figures":{"kl":0.5},"seconds":1.0}"#;
    let manifest =
        r#"{"version":1,"phase":"ppo","step":1,"state":null,"files":{"x.bin":{"bytes":1,"sha256":""}}}"#;
    let text = rlhf::run::complete("instructgpt").unwrap()
        + "\n[[override]]\nsetting = \"ppo.epochs\"\nvalue = 1\nreason = \"x\"\n";
    for case in 0..600 {
        let mut draws = Key::new(8, Stream::Data, 0).draws(case);
        let mut bytes = match draws.below(5) {
            3 => line.as_bytes().to_vec(),
            4 => manifest.as_bytes().to_vec(),
            which => models[which].clone(),
        };
        mutate(&mut bytes, &mut draws);
        fuzz::model_file(&bytes);
        let mut bytes = text.clone().into_bytes();
        mutate(&mut bytes, &mut draws);
        fuzz::config(&bytes);
    }
}
