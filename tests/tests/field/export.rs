//! `rlhf export`: a reward model becomes one file.

use super::models::{said, trained};
use crate::command::rlhf;
use rlhf::RewardModel;
use rlhf::engine::Device;
use rlhf::scorer::{Buffer, Model, Scorer, arena_bytes, growing_arena_bytes};
use serde_json::{Value, json};
use std::path::Path;

fn pairs(folder: &Path) {
    let rows: String = (0..10)
        .map(|i| {
            json!({"prompt": format!("Q{i}"), "chosen": "a".repeat(1 + i), "rejected": "bb"}).to_string()
                + "\n"
        })
        .collect();
    // With the names of who speaks, four are longer than the context of 32.
    let long = json!({"prompt": "Q", "chosen": "a".repeat(40), "rejected": "b"}).to_string();
    std::fs::write(folder.join("pairs.jsonl"), rows + &long + "\n").unwrap();
}

#[test]
fn a_file_scores_as_its_reward_model() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    pairs(folder.path());
    let mut model = RewardModel::open(folder.path().join("reward"), &Device::default()).unwrap();
    let want = model.score("Hello", " there").unwrap();
    for (dtype, error) in [("f32", 1e-5), ("f16", 1e-2), ("bf16", 5e-2), ("int8", 0.1), ("int4", 0.5)] {
        let export =
            ["export", "reward", "--dtype", dtype, "--pairs", "pairs.jsonl", "--out", "rm.rlhf", "--json"];
        let (code, out, message) = said(&rlhf(folder.path(), &export, ""));
        assert_eq!(code, 0, "{message}");
        let line: Value = serde_json::from_str(&out).unwrap();
        let file = Buffer::from(&std::fs::read(folder.path().join("rm.rlhf")).unwrap()[..]);
        let opened = Model::new(&file).unwrap();
        let shape = opened.shape();
        assert_eq!(line["bytes"], json!(file.len()));
        assert_eq!(line["arena"], json!(arena_bytes(&shape, 32)));
        assert_eq!(line["growing_arena"], json!(growing_arena_bytes(&shape, 32)));
        assert_eq!(
            (shape.weights.name(), shape.context, line["pairs"]["longer_than_context"].as_u64()),
            (dtype, 32, Some(4))
        );
        assert!(
            line["pairs"]["accuracy"].as_f64().is_some()
                && line["pairs"]["accuracy_of_file"].as_f64().is_some()
        );
        let greatest = line["pairs"]["greatest_difference"].as_f64().unwrap();
        let mut arena = Buffer::zeros(arena_bytes(&shape, 32));
        let got = Scorer::new(&file, &mut arena).unwrap().score_reply("Hello", " there").unwrap();
        assert!((got - want).abs() <= error * want.abs().max(1.0), "{dtype}: {got} {want}");
        assert!(greatest <= f64::from(error) * 2.0, "{dtype}: {greatest}");
    }
}

#[test]
fn people_read_the_sizes_that_a_program_needs() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let export = ["export", "reward", "--context", "20", "--out", "rm.rlhf"];
    let (code, out, message) = said(&rlhf(folder.path(), &export, ""));
    assert_eq!(code, 0, "{message}");
    for part in [
        "const SHAPE: Shape = Shape {",
        "family: Family::Gpt2, weights: WeightFormat::Int8",
        "arena_bytes(&SHAPE, 20)",
    ] {
        assert!(out.contains(part), "{out}");
    }
}

#[test]
fn what_cannot_be_exported_says_why_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    for (args, part) in [
        (&["export", "policy", "--out", "rm.rlhf"][..], "it is a language model and gives no rewards"),
        (
            &["export", "reward", "--context", "33", "--out", "rm.rlhf"],
            "a context of 33 tokens: want 1 to 32",
        ),
        (&["export", "reward", "--context", "0", "--out", "rm.rlhf"], "a context of 0 tokens"),
        (&["export", "nowhere", "--out", "rm.rlhf"], "nowhere"),
        (&["export", "reward", "--pairs", "none.jsonl", "--out", "rm.rlhf"], "none.jsonl"),
        (&["export", "reward", "--dtype", "int3", "--out", "rm.rlhf"], "int3"),
        (&["export", "reward", "--out", "no/rm.rlhf"], "no/rm.rlhf"),
    ] {
        let (code, out, message) = said(&rlhf(folder.path(), args, ""));
        assert!(code != 0 && message.contains(part), "{args:?}: {code} {out} {message}");
        assert!(!folder.path().join("rm.rlhf").exists(), "{args:?}");
    }
}
