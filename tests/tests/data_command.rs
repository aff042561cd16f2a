//! `rlhf data` as a person calls it.

use std::path::Path;
use std::process::{Command, Output};

fn rlhf(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rlhf-tested")).current_dir(folder).args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn check_says_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, rows: &[&str]| std::fs::write(folder.path().join(name), rows.join("\n")).unwrap();
    let good = r#"{"prompt": "Why is it so?", "chosen": "Because it is.", "rejected": "No."}"#;
    write("train.jsonl", &[good, r#"{"prompt": "How?", "chosen": "So.", "rejected": "Well, no."}"#]);
    let output = rlhf(folder.path(), &["data", "check", "train.jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("longer is preferred    50.0 %"), "{}", text(&output));

    write(
        "bad.jsonl",
        &[
            good,
            good,
            r#"{"prompt": "why is it SO", "chosen": "because it is", "rejected": "no"}"#,
            r#"{"prompt": "Why is it so?", "chosen": "No.", "rejected": "Because it is."}"#,
            r#"{"prompt": "Who?", "chosen": 7, "rejected": "ann@example.org"}"#,
        ],
    );
    write("test.jsonl", &[r#"{"prompt": "Why is it so??"}"#, r#"{"prompt": "When?"}"#]);
    let output = rlhf(folder.path(), &["data", "check", "bad.jsonl", "test.jsonl"]);
    assert_eq!(output.status.code(), Some(4));
    for part in [
        "bad.jsonl, line 5, field \"chosen\": want a text",
        "1 exact, 1 but for case",
        "test prompts           2, of which 1 are trained on",
        "1 <email> in \"rejected\"",
        "1 pairs of answers are preferred both ways",
    ] {
        assert!(text(&output).contains(part), "{part}\n{}", text(&output));
    }
    let json = rlhf(folder.path(), &["data", "check", "--json", "bad.jsonl", "--against", "test.jsonl"]);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["leaks"]["leaked"], 1);
    assert_eq!(report["duplicates"]["exact"], 1);
    assert_eq!(report["files"][0]["refused"], 1);

    let output = rlhf(folder.path(), &["data", "check", "none.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("none.jsonl"));
}

#[test]
fn agreement_of_several_people() {
    let folder = tempfile::tempdir().unwrap();
    let row = |who: &str, votes: &str| {
        format!(r#"{{"prompt": "Why?", "answers": ["a", "b"], "votes": [{votes}], "annotator": "{who}"}}"#)
    };
    // Three for the first, one for the second: 3 of 6 pairs of votes agree.
    let rows = [row("x", "[0, 1]"), row("y", "[0, 1]"), row("z", "[0, 1], [1, 0]")].join("\n");
    std::fs::write(folder.path().join("votes"), rows).unwrap();
    let output = rlhf(folder.path(), &["data", "check", "votes"]);
    assert!(text(&output).contains("agreement              50.0 % of 6 pairs of votes"), "{}", text(&output));
    assert!(text(&output).contains("first is preferred     75.0 %"), "{}", text(&output));
}

#[test]
fn mask_writes_a_file_without_personal_data() {
    let folder = tempfile::tempdir().unwrap();
    let row =
        r#"{"prompt":  "Mail ann@example.org, Ann Example!", "n": 1.50, "response": "Call 212-555-0199."}"#;
    std::fs::write(folder.path().join("in"), format!("{row}\n\n{{\"prompt\": \"1999\"}}\n")).unwrap();
    std::fs::write(folder.path().join("names"), "Ann Example\n").unwrap();
    let output = rlhf(folder.path(), &["data", "mask", "in", "--out", "out", "--names", "names"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let want = r#"{"prompt":  "Mail <email>, <name>!", "n": 1.50, "response": "Call <phone>."}"#;
    let written = std::fs::read_to_string(folder.path().join("out")).unwrap();
    assert_eq!(written, format!("{want}\n{{\"prompt\": \"1999\"}}\n"));
    assert!(text(&output).starts_with("1 of 2 lines changed."), "{}", text(&output));

    std::fs::write(folder.path().join("in"), format!("{row}\n{{oh\n")).unwrap();
    let output = rlhf(folder.path(), &["data", "mask", "in", "--out", "half"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("line 2") && !folder.path().join("half").exists());
}
