//! The messages of a run about its data.

use super::{lines, prepared, run, said};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn pairs(prompt: impl Fn(usize) -> String, chosen: &str, rejected: &str) -> String {
    lines((0..40).map(|i| serde_json::json!({"prompt": prompt(i), "chosen": chosen, "rejected": rejected})))
}

/// Runs with these pairs as the only data of `reward`; returns also the content of `summary.json`.
fn on_pairs(folder: &Path, out: &str, rows: &str, more: &[&str]) -> (i32, String, Value) {
    fs::write(folder.join("pairs.jsonl"), rows).unwrap();
    let set = ["--out", out, "--set", "reward.formats=[\"pairs\"]"];
    let (code, text) = said(folder, &run(&[&set[..], more].concat()));
    let summary = fs::read(folder.join(out).join("summary.json"));
    (code, text, summary.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap()))
}

#[test]
fn answers_as_long_as_the_context_keep_some_of_their_prompt_and_are_counted() {
    let folder = prepared();
    let mut weights = Vec::new();
    for (name, word) in [("red", "red"), ("blue", "blue")] {
        let rows = pairs(|i| format!("Why is {i} so {word}?"), &"a".repeat(104), &"b ".repeat(52));
        let (code, text, summary) = on_pairs(folder.path(), name, &rows, &[]);
        assert_eq!(code, 0, "{text}");
        let note =
            "reward, comparisons, pairs: 40 of 40 rows are longer than the context of 96 tokens and were cut";
        assert!(text.matches(note).count() >= 2, "at the beginning and at the end: {text}");
        assert!(summary["notes"].to_string().contains(note), "{}", summary["notes"]);
        assert_eq!(summary["data"]["comparisons"][0]["cut"], 40);
        assert_eq!(summary["data"]["comparisons"][0]["cut_answers"], 40);
        weights.push(fs::read(folder.path().join(name).join("reward/model.safetensors")).unwrap());
    }
    assert_ne!(weights[0], weights[1], "the prompts tell the two apart");
}

#[test]
fn ties_alone_are_found_before_anything_is_trained() {
    let folder = prepared();
    let rows = (0..40).map(|i| {
        serde_json::json!({"prompt": format!("Why {i}?"), "answers": ["Yes.", "No.", "So."], "ranks": [1, 1, 1]})
    });
    fs::write(folder.path().join("ranks.jsonl"), lines(rows)).unwrap();
    let set = ["--set", "reward.formats=[\"ranked\"]"];
    for method in ["method=ppo", "method=dpo", "method=ilql"] {
        let (code, text) =
            said(folder.path(), &run(&[&["--out", "out", "--set", method], &set[..]].concat()));
        assert!(code == 2 && text.contains("there is no decided vote to learn from"), "{text}");
    }
    let (code, text) =
        said(folder.path(), &[&["config", "check", "run.toml", "--data", "."], &set[..]].concat());
    assert_eq!(code, 2, "{text}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn labels_of_one_kind_are_found_before_anything_is_trained() {
    let folder = prepared();
    let rows = |label| {
        lines((0..40).map(
            |i| serde_json::json!({"prompt": format!("Why {i}?"), "completion": " So.", "label": label}),
        ))
    };
    for label in [true, false] {
        fs::write(folder.path().join("labels.jsonl"), rows(label)).unwrap();
        let (code, text) = said(folder.path(), &run(&["--out", "out", "--set", "method=kto"]));
        assert_eq!(code, 2, "{text}");
        let class = if label { "answers are desirable" } else { "answers are undesirable" };
        assert!(text.contains(class) && text.contains("want both kinds"), "{text}");
        let (code, text) = said(
            folder.path(),
            &run(&["--out", "out", "--set", "reward.loss=outcome", "--set", "reward.formats=[\"feedback\"]"]),
        );
        assert!(code == 2 && text.contains("all labels are"), "{text}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_warm_up_that_is_longer_than_the_training_is_told_before_it() {
    let folder = prepared();
    let set = ["--set", "method=dpo"];
    let note = "step 3, dpo: the warm-up of 150 steps is longer than the training, which has";
    let (code, text) =
        said(folder.path(), &[&["config", "check", "run.toml", "--data", "."], &set[..]].concat());
    assert!(text.contains(note) && text.contains("preference.optimizer.warm_up"), "{text}");
    // Of so few steps none changes the network.
    assert!(code == 0 && text.contains("nothing will be learnt"), "{text}");
    let (code, text) = said(folder.path(), &run(&[&["--out", "out"], &set[..]].concat()));
    assert!(code == 0 && text.contains(note), "{text}");
    let summary = fs::read_to_string(folder.path().join("out/summary.json")).unwrap();
    assert!(summary.contains(note), "{summary}");
}

#[test]
fn a_learning_rate_of_nothing_is_told() {
    let folder = prepared();
    for (method, setting) in [
        ("ppo", "supervised.optimizer"),
        ("ppo", "reward.optimizer"),
        ("ppo", "ppo.policy"),
        ("grpo", "on_policy.optimizer"),
        ("kto", "kto.optimizer"),
        ("simpo", "preference.optimizer"),
        ("online_dpo", "online.optimizer"),
        ("best_of_n", "expert_iteration.optimizer"),
    ] {
        let (method, rate) = (format!("method={method}"), format!("{setting}.learning_rate=0"));
        let set = ["config", "check", "run.toml", "--data", ".", "--set", &method, "--set", &rate];
        let (code, text) = said(folder.path(), &set);
        assert!(code == 0 && text.contains(&format!("the learning rate is 0 ({setting}")), "{text}");
    }
}

#[test]
fn files_that_are_named_for_testing_are_held_out_whole() {
    let folder = prepared();
    let rows = |n: usize| {
        lines((0..n).map(
            |i| serde_json::json!({"prompt": format!("Tested {i}?"), "chosen": "Yes.", "rejected": "No."}),
        ))
    };
    fs::create_dir(folder.path().join("validation")).unwrap();
    fs::write(folder.path().join("hh_test.jsonl"), rows(12)).unwrap();
    fs::write(folder.path().join("validation/x.jsonl"), rows(9)).unwrap();
    fs::write(folder.path().join("latest.jsonl"), rows(30)).unwrap();
    let set = ["--out", "out", "--set", "reward.formats=[\"pairs\"]", "--set", "held_out=0.2"];
    let (code, text) = said(folder.path(), &run(&set));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("their names say that they are for testing"), "{text}");
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/summary.json")).unwrap()).unwrap();
    let sets = summary["data"]["comparisons"].as_array().unwrap();
    let of = |name: &str| sets.iter().find(|set| set["name"] == name).unwrap();
    assert_eq!((&of("hh")["train"], &of("hh")["held_out"]), (&Value::from(0), &Value::from(12)));
    assert_eq!(of("x")["train"], 0);
    assert!(
        of("latest")["train"].as_u64().unwrap() <= 18,
        "their prompts are not trained on from other files either"
    );
    assert!(of("latest")["train"].as_u64().unwrap() > 5);
    // What is for testing alone teaches nothing.
    fs::remove_file(folder.path().join("latest.jsonl")).unwrap();
    let (code, text) = said(folder.path(), &run(&[&set[..], &["--overwrite"]].concat()));
    assert!(code == 2 && text.contains("is for testing"), "{text}");
}

#[test]
fn every_file_that_is_not_read_is_named_with_the_reason() {
    let folder = prepared();
    fs::write(folder.path().join("odd.jsonl"), "{\"color\": \"red\"}\n").unwrap();
    fs::write(
        folder.path().join("logged.jsonl"),
        lines((0..3).map(|i| serde_json::json!({"prompt": format!("{i}"), "response": "a", "reward": 1.0}))),
    )
    .unwrap();
    let (code, text) = said(folder.path(), &run(&["--out", "out"]));
    assert_eq!(code, 0, "{text}");
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/summary.json")).unwrap()).unwrap();
    let left_out = summary["data"]["left_out"].as_array().unwrap();
    for name in ["odd.jsonl", "logged.jsonl", "g.txt"] {
        assert!(text.contains(&format!("not read: ./{name}: ")), "{name}: {text}");
        assert!(left_out.iter().any(|file| file["path"].as_str().unwrap().ends_with(name)), "{name}");
    }
    assert!(!text.contains("base/model.safetensors"), "models are read: {text}");
}

#[test]
fn a_prompt_means_the_same_with_a_newline_behind_it() {
    let folder = prepared();
    let answer = |prompt: &str, more: &[&str]| {
        let generate =
            ["generate", "base", "--tokenizer", "bytes.tok", "--max-new-tokens", "8", "--prompt", prompt];
        let (code, text) = said(folder.path(), &[&generate[..], more].concat());
        assert_eq!(code, 0, "{text}");
        text
    };
    let plain = answer("Why is it so?", &["--transcript"]);
    for prompt in ["Why is it so?\n", "Why is it so?  ", "\n\nHuman: Why is it so?\n\nAssistant:"] {
        assert_eq!(answer(prompt, &["--transcript"]), plain, "{prompt:?}");
    }
    for prompt in ["\n\nHuman: Why is it so?\n\nAssistant:", "\n\nHuman: Why is it so?\n\nAssistant: \n"] {
        assert_eq!(answer(prompt, &[]), plain, "{prompt:?}");
    }
}

#[test]
fn fields_that_nothing_reads_are_told_once_at_the_end() {
    let folder = prepared();
    let rows = (0..60).map(|i| {
        let mut row =
            serde_json::json!({ "prompt": format!("Why {i}?"), "chosen": "So.", "rejected": "No." });
        if i < 50 {
            row["color"] = "red".into();
        }
        row
    });
    let (code, text, summary) = on_pairs(folder.path(), "out", &lines(rows), &[]);
    assert_eq!(code, 0, "{text}");
    let note = "fields that are not used: ";
    assert!(text.contains(note) && text.contains("\"color\" (50 rows)"), "{text}");
    let notes = summary["notes"].as_array().unwrap().iter().filter_map(Value::as_str);
    assert_eq!(notes.filter(|told| told.starts_with(note)).count(), 1, "{summary}");
    assert_eq!(summary["data"]["comparisons"][0]["unused"], serde_json::json!({ "color": 50 }));
}
