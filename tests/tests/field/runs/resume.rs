//! Runs that are gone on with.

use super::{names, prepared, run, said};
use serde_json::Value;
use std::fs;

#[test]
fn a_finished_run_is_made_longer() {
    let folder = prepared();
    let out = |name: &str, iterations: &str, more: &[&str]| {
        let set = format!("ppo.iterations={iterations}");
        let (code, text) = said(folder.path(), &run(&[&["--out", name, "--set", &set], more].concat()));
        assert_eq!(code, 0, "{text}");
        let folder = folder.path().join(name);
        let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
        (summary["weights_sha256"].clone(), summary["iterations"].as_array().unwrap().len(), folder)
    };
    let short = out("out", "2", &[]);
    let longer = out("out", "4", &["--resume"]);
    let whole = out("whole", "4", &[]);
    assert_eq!((longer.1, &longer.0), (whole.1, &whole.0), "as if it had never ended");
    assert_ne!(short.0, longer.0);
    let lines = fs::read_to_string(longer.2.join("metrics.jsonl")).unwrap();
    for line in lines.lines().filter(|line| line.contains("\"ppo\"")) {
        assert!(line.contains("learning_rate"), "{line}");
    }
    let set = ["--out", "out", "--resume", "--set", "ppo.iterations=3"];
    let (code, text) = said(folder.path(), &run(&set));
    assert!(code == 2 && text.contains("iterations was 4 and is now 3"), "{text}");
}

#[test]
fn a_flipped_bit_in_a_manifest_is_not_resumed() {
    let folder = prepared();
    let (code, text) = said(folder.path(), &run(&["--out", "out"]));
    assert_eq!(code, 0, "{text}");
    let checkpoints = folder.path().join("out/checkpoints");
    let name = names(&checkpoints).pop().unwrap();
    let manifest = checkpoints.join(name).join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let digit = text.find("\"beta\": 0.0").map(|at| at + "\"beta\": 0.0".len());
    let digit = digit.unwrap_or_else(|| text.find("\"iteration\": ").unwrap() + "\"iteration\": ".len());
    let mut bytes = text.into_bytes();
    bytes[digit] ^= 1;
    fs::write(&manifest, bytes).unwrap();
    let (code, text) = said(folder.path(), &run(&["--out", "out", "--resume", "--set", "ppo.iterations=9"]));
    assert!(code == 1 && text.contains("manifest.json") && text.contains("damaged"), "{text}");
}

/// A finished run whose `metrics.jsonl` this changed; what `--resume` with more iterations and `report` say.
fn damaged(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> [(i32, String); 2] {
    let folder = prepared();
    let (code, text) = said(folder.path(), &run(&["--out", "out"]));
    assert_eq!(code, 0, "{text}");
    let metrics = folder.path().join("out/metrics.jsonl");
    fs::write(&metrics, change(fs::read(&metrics).unwrap())).unwrap();
    let everything = || {
        let files = names(&folder.path().join("out")).into_iter();
        let files = files.map(|name| folder.path().join("out").join(name)).filter(|path| path.is_file());
        files.map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = everything();
    let resumed = said(folder.path(), &run(&["--out", "out", "--resume", "--set", "ppo.iterations=9"]));
    assert!(resumed.0 == 0 || before == everything(), "nothing is written");
    [resumed, said(folder.path(), &["report", "out"])]
}

#[test]
fn damage_to_what_was_measured_is_told_by_its_line() {
    let flipped = damaged(|mut bytes| {
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let digit = (second..).find(|at| bytes[*at].is_ascii_digit()).unwrap();
        bytes[digit] ^= 1;
        bytes
    });
    let half = damaged(|bytes| {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        [&bytes[..=end], &bytes[end + 1..end + 20], b"\n", &bytes[end + 1..]].concat()
    });
    for (code, text) in flipped.into_iter().chain(half) {
        assert!(code == 1 && text.contains("metrics.jsonl, line 2: damaged"), "{code} {text}");
        assert!(text.contains("put the file back from a copy"), "{text}");
    }
    // The last step is one that the checkpoint has taken.
    let [(code, text), _] = damaged(|bytes| {
        // What was measured behind it would be measured again.
        let text = String::from_utf8(bytes).unwrap();
        text[..text.rfind("{\"phase\":\"ppo\"").unwrap()].into()
    });
    assert!(code == 1 && text.contains("it lacks ppo step"), "{code} {text}");
    // What a killed process wrote half is cut.
    let [(code, text), _] = damaged(|bytes| [&bytes[..], b"{\"phase\":\"ppo\",\"st"].concat());
    assert_eq!(code, 0, "{text}");
}

#[test]
fn more_passes_over_data_are_refused_with_what_to_do_instead() {
    let folder = prepared();
    let dpo = ["--set", "method=dpo"];
    let (code, text) = said(folder.path(), &run(&[&["--out", "out"], &dpo[..]].concat()));
    assert_eq!(code, 0, "{text}");
    let written = |name: &str| fs::read(folder.path().join("out").join(name)).unwrap();
    let before = [written("run.json"), written("config.toml")];
    for (setting, advice) in [
        ("preference.epochs", Some("rlhf align --from out")),
        ("reward.epochs", Some("rlhf reward --from out")),
        ("supervised.epochs", None),
    ] {
        let more = format!("{setting}=7");
        let set = [&["--out", "out", "--resume", "--set", &more], &dpo[..]].concat();
        let (code, text) = said(folder.path(), &run(&set));
        assert!(code == 2 && text.contains(&format!(": {setting} was ")), "{text}");
        assert_eq!(text.contains("--from"), advice.is_some(), "{text}");
        assert!(text.contains(advice.unwrap_or("name another folder")), "{text}");
    }
    assert_eq!(before, [written("run.json"), written("config.toml")]);
    // The advice does.
    let more =
        ["run.toml", "--data", ".", "--set", "preference.epochs=3", "--from", "out", "--out", "longer"];
    let (code, text) = said(folder.path(), &[&["align"], &more[..], &dpo].concat());
    assert_eq!(code, 0, "{text}");
    assert!(!folder.path().join("longer/sft").exists(), "taken over");
}
