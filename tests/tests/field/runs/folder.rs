//! The files that a run writes, and those that it leaves as they are.

use super::{lines, names, prepared, rlhf, run, said};
use rlhf_tests::run_data::CONFIG;
use serde_json::Value;
use std::fs;

#[test]
fn a_file_of_a_name_that_a_run_would_write_is_left_as_it_is() {
    let folder = prepared();
    let own = "# My notes\n".to_owned() + CONFIG;
    fs::write(folder.path().join("config.toml"), &own).unwrap();
    let before = names(folder.path());
    for more in [&["--out", "."][..], &["--out", ".", "--overwrite"], &["--out", ".", "--resume"]] {
        let (code, text) = said(folder.path(), &[&["run", "config.toml", "--data", "."], more].concat());
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("config.toml: it is there already"), "{text}");
    }
    let (code, text) = said(folder.path(), &["config", "check", "run.toml", "--data", ".", "--out", "."]);
    assert!(code == 2 && text.contains("config.toml"), "{text}");
    assert_eq!(names(folder.path()), before, "nothing is left behind");
    assert_eq!(fs::read_to_string(folder.path().join("config.toml")).unwrap(), own);
    for name in ["summary.json", "metrics.jsonl", "checkpoints", "offending.jsonl", "sft"] {
        let out = folder.path().join("taken").join(name);
        fs::create_dir_all(out.parent().unwrap()).unwrap();
        fs::write(&out, "mine").unwrap();
        let (code, text) = said(folder.path(), &run(&["--out", "taken"]));
        assert!(code == 2 && text.contains(name), "{text}");
        assert_eq!(names(out.parent().unwrap()), [name]);
        fs::remove_file(out).unwrap();
    }
}

#[test]
fn overwrite_removes_what_the_run_wrote_and_nothing_else() {
    let folder = prepared();
    let out = folder.path().join("out");
    let first = rlhf(folder.path(), &run(&["--out", "out"]));
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    for name in ["notes.md", "curve.svg", "policy/notes.md", "tensorboard/notes.md", "offending.jsonl"] {
        fs::write(out.join(name), "mine").unwrap();
    }
    // What a run would write only now is in its way before it begins.
    let (code, text) = said(folder.path(), &run(&["--out", "out", "--overwrite"]));
    assert!(code == 2 && text.contains("offending.jsonl"), "{text}");
    for name in ["notes.md", "curve.svg", "policy/notes.md", "tensorboard/notes.md", "offending.jsonl"] {
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), "mine");
    }
    for name in ["offending.jsonl", "policy/notes.md", "tensorboard/notes.md"] {
        fs::remove_file(out.join(name)).unwrap();
    }
    for name in ["policy", "tensorboard"] {
        fs::remove_dir(out.join(name)).unwrap();
    }
    let (code, text) = said(folder.path(), &run(&["--out", "out", "--overwrite"]));
    assert_eq!(code, 0, "{text}");
    assert!(out.join("notes.md").exists() && out.join("curve.svg").exists() && out.join("policy").exists());
}

#[test]
fn a_start_that_fails_leaves_nothing_behind() {
    let folder = prepared();
    fs::write(folder.path().join("g.txt"), "too little").unwrap();
    let before = names(folder.path());
    // The text of the pretraining mix is looked for when the folder is there.
    let text = ["--out", "new/out", "--set", "pretraining.source=text", "--set", "pretraining.length=90"];
    let (code, text) = said(folder.path(), &run(&text));
    assert_ne!(code, 0, "{text}");
    let (code, text) = said(folder.path(), &run(&["--out", "new/out", "--set", "seed=x"]));
    assert_eq!(code, 2, "{text}");
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_a_run_wrote_is_no_data_for_the_next() {
    let folder = prepared();
    let rate = ["--out", "out", "--set", "reward.optimizer.learning_rate=1e10"];
    let (code, text) = said(folder.path(), &run(&rate));
    assert_eq!(code, 3, "{text}");
    fs::write(
        folder.path().join("out/mine.jsonl"),
        lines((0..4).map(|i| serde_json::json!({"instruction": format!("Mine {i}"), "response": "So."}))),
    )
    .unwrap();
    let samples =
        lines((0..4).map(|i| serde_json::json!({"instruction": format!("Bad {i}"), "response": "No."})));
    fs::write(folder.path().join("out/offending.jsonl"), samples).unwrap();
    let (code, text) = said(folder.path(), &run(&["--out", "other"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("out/offending.jsonl: a run's own"), "{text}");
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path().join("other/summary.json")).unwrap()).unwrap();
    let names: Vec<_> =
        summary["data"]["demonstrations"].as_array().unwrap().iter().map(|set| &set["name"]).collect();
    assert!(
        names.contains(&&Value::from("mine")) && !names.contains(&&Value::from("offending")),
        "{names:?}"
    );
}
