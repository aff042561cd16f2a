//! At the defaults a small model learns what 200 comparisons prefer: three tastes, each with words drawn by a seed, by
//! PPO, GRPO and DPO. `tests/run tastes`; another seed by `RLHF_TASTES_SEED`.

mod data;
mod measure;

use data::Taste;
use measure::Answers;
use rlhf_tests::shared::data as shared;
use std::path::Path;
use std::process::Command;

/// The configuration of a new user: no setting of a recipe.
const CONFIG: &str =
    "version = 2\n[base]\nmodel = \"MODELS/stories260K.bin\"\ntokenizer = \"MODELS/tok512.bin\"\n";

fn rlhf(folder: &Path, args: &[&str]) -> String {
    let out =
        Command::new(env!("CARGO_BIN_EXE_rlhf-tested")).args(args).current_dir(folder).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn learns(taste: &Taste) {
    let seed = std::env::var("RLHF_TASTES_SEED").map_or(1, |seed| seed.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let kept = taste.write(folder.path(), seed);
    let models = shared("models").canonicalize().unwrap();
    let config = CONFIG.replace("MODELS", models.to_str().unwrap());
    std::fs::write(folder.path().join("run.toml"), config).unwrap();
    let run = ["run.toml", "--data", "data", "--out"];
    let mut missed = Vec::new();
    for method in ["ppo", "grpo", "dpo"] {
        let (out, set) = (format!("runs/{method}"), format!("method={method}"));
        let start = if method == "ppo" { vec!["run"] } else { vec!["align", "--from", "runs/ppo"] };
        rlhf(folder.path(), &[&start[..], &run, &[&out, "--set", &set]].concat());
        let before = Answers::of(folder.path(), "runs/ppo/sft", &kept);
        let after = Answers::of(folder.path(), &format!("{out}/policy"), &kept);
        let summary = std::fs::read(folder.path().join(&out).join("summary.json")).unwrap();
        let kl = serde_json::from_slice::<serde_json::Value>(&summary).unwrap()["kl"].as_f64().unwrap();
        let (wanted, was) = (after.share(taste), before.share(taste));
        let distinct = after.distinct() as f64 / before.distinct() as f64;
        let line = format!(
            "{}, {method}, seed {seed}: wanted {was:.2} -> {wanted:.2}, ended {:.2}, KL {kl:.1}, distinct {distinct:.2}",
            taste.name,
            after.ended()
        );
        eprintln!("{line}");
        // Half of the demonstrations are of the other kind.
        assert!(was < 0.75, "{line}");
        if wanted < 0.8 || after.ended() < 0.9 || kl > 10.0 || distinct < 0.6 {
            missed.push(line);
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
#[cfg_attr(shared_data, ignore = "minutes: tests/run tastes")]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn politeness() {
    learns(&Taste::POLITE);
}

#[test]
#[cfg_attr(shared_data, ignore = "minutes: tests/run tastes")]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn short_answers() {
    learns(&Taste::SHORT);
}

#[test]
#[cfg_attr(shared_data, ignore = "minutes: tests/run tastes")]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn the_thing_asked_for() {
    learns(&Taste::NAMED);
}
