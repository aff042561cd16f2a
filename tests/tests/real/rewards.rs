//! Runs, end to end, with each alternative to a single reward model trained on rankings: `reward.loss`,
//! `reward.ensemble` and `reward.pretraining`.

use core::cell::Cell;
use core::time::Duration;
use rlhf::RewardModel;
use rlhf::config::{CliOverride, Config};
use rlhf::record::{Line, Metrics, Phase};
use rlhf::run::{RunError, RunOptions, Stage, Summary, run};
use rlhf::stage::StageError;
use rlhf_tests::device::threads;
use rlhf_tests::run_data::{CONFIG, PROMPTS, write};
use rlhf_tests::schema;
use serde_json::json;
use std::path::Path;

/// A name for each kind, and its settings.
const KINDS: [(&str, &[&str]); 5] = [
    ("pairwise", &["reward.loss={ pairwise = { centering = 0.01, margin = 1.0 } }"]),
    ("graded", &["reward.loss={ graded = { ordered = { tie = 0.5, clear = 2.0 } } }"]),
    ("outcome", &["reward.loss=outcome", "reward.formats=[\"feedback\", \"steps\"]"]),
    ("process", &["reward.loss={ process = \"min\" }", "reward.formats=[\"steps\"]"]),
    (
        "ensemble",
        &[
            "reward.ensemble={ members = 3, how = { lower_bound = { deviations = 1.0 } } }",
            "reward.pretraining={ epochs = 1, language = 1.0, learning_rate = 1e-3 }",
            "reward.pretraining_sources=[{ files = [\"e.data\"] }]",
        ],
    ),
];

/// The made-up data with labels and margins beside it.
fn data(folder: &Path) {
    write(folder);
    let rows = |of: &dyn Fn(usize) -> serde_json::Value| -> String {
        (0..PROMPTS).map(|i| of(i).to_string() + "\n").collect()
    };
    let write = |name: &str, content: String| std::fs::write(folder.join(name), content).unwrap();
    write(
        "h",
        rows(&|i| json!({"prompt": format!("Is {i} even?"), "response": "Yes.", "label": i % 2 == 0})),
    );
    write(
        "i",
        rows(&|i| {
            let right = i % 2 == 0;
            json!({
                "prompt": format!("Is {i} even?"), "steps": [format!("{i} is {i}."), "So yes."],
                "labels": [1, right], "user": i
            })
        }),
    );
    write(
        "j",
        rows(&|i| {
            json!({
                "prompt": format!("Question {i}?"), "chosen": "Yes.", "rejected": "No.", "margin": 0.5, "degree": 2
            })
        }),
    );
}

fn config(folder: &Path, settings: &[&str]) -> Result<Config, RunError> {
    let path = folder.join("run.toml");
    let text = CONFIG.replace("[\"transcripts\", ", "[\"pairs\", \"transcripts\", ");
    std::fs::write(&path, text.replace("[reward]", "[reward]\nbatch = 8")).unwrap();
    let given: Vec<CliOverride> = settings.iter().map(|one| one.parse().unwrap()).collect();
    Ok(Config::read_with(&path, &given)?.with_data(&folder.join("data")))
}

fn go(folder: &Path, kind: (&str, &[&str]), stop: &dyn Fn() -> bool) -> Result<Option<Summary>, RunError> {
    let out = folder.join(kind.0);
    let manner = RunOptions { resume: true, every: Some(Duration::ZERO), stop, ..RunOptions::new(&out) };
    let config = config(folder, kind.1).unwrap_or_else(|e| panic!("{}: {e}", kind.0));
    run(&config, &threads(1), &manner, &mut |_, _, _, _| {})
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    data(&folder.path().join("data"));
    folder
}

#[test]
fn every_kind_runs_is_saved_and_goes_on_to_the_same_bits() {
    let (whole, stopped) = (folder(), folder());
    let schema = include_str!("../../../runtime/schemas/run-summary.schema.json");
    for kind in KINDS {
        let name = kind.0;
        let summary = go(whole.path(), kind, &|| false).unwrap_or_else(|e| panic!("{name}: {e}"));
        let summary = summary.expect("all stages were asked for");
        let out = whole.path().join(name);
        let stored = std::fs::read(out.join("summary.json")).unwrap();
        schema::check(schema, &serde_json::from_slice(&stored).unwrap())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(summary.reward_model.accuracy.is_some(), "{name}: nothing was measured");
        assert_eq!(summary.reward_model.disagreement.is_some(), name == "ensemble");

        // What was saved gives rewards, an ensemble's with how far its members disagree.
        let mut model = RewardModel::open(out.join("reward"), &threads(1)).unwrap();
        let worth = model.judge("\n\nHuman: Is 2 even?\n\nAssistant:", &[" Yes."]).unwrap()[0];
        assert!(worth.reward.is_finite() && worth.disagreement.is_some() == (name == "ensemble"), "{name}");
        assert!(worth.disagreement.is_none_or(|d| d > 0.0), "members are not alike");

        // Stopped in the middle of step 2.
        let lines: Vec<Line> = Metrics::read(&out).unwrap();
        let steps = lines.iter().filter(|line| line.phase == Phase::Reward).count();
        let before = lines.iter().filter(|line| line.phase < Phase::Reward).count();
        assert!(steps >= 2, "{name}: {steps}");
        let left = Cell::new(before + steps / 2);
        let middle = move || {
            left.set(left.get() - 1);
            left.get() == 0
        };
        match go(stopped.path(), kind, &middle) {
            Err(RunError::Stage(StageError::Stopped { phase: Phase::Reward, .. })) => {}
            other => panic!("{name}: {other:?}"),
        }
        let again = go(stopped.path(), kind, &|| false).unwrap().unwrap();
        assert_eq!(again.common.weights_sha256, summary.common.weights_sha256, "{name}");
    }
}

#[test]
fn a_saved_ensemble_serves_another_run_and_damage_is_found() {
    let folder = folder();
    let [.., ensemble] = KINDS;
    go(folder.path(), ensemble, &|| false).unwrap();
    let (from, out) = (folder.path().join("ensemble"), folder.path().join("other"));
    let device = threads(1);
    let manner = RunOptions { from: Some(&from), until: Stage::Align, ..RunOptions::new(&out) };
    let config = config(folder.path(), ensemble.1).unwrap();
    let summary = run(&config, &device, &manner, &mut |_, _, _, _| {}).unwrap().unwrap();
    assert!(summary.reward_model.disagreement.is_some());
    // A member that was changed is not gone on with.
    let weights = from.join("reward/2/model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let error = go(folder.path(), ensemble, &|| false).unwrap_err().to_string();
    assert!(error.contains("model.safetensors") || error.contains("damaged"), "{error}");
}

#[test]
fn settings_that_do_not_fit_are_refused_by_name() {
    let folder = folder();
    for (settings, words) in [
        (
            &["reward.loss={ pairwise = { centering = 0.0, margins = 1.0 } }"][..],
            &["reward.loss", "did you mean `reward.loss.pairwise.margin`?"][..],
        ),
        (&["reward.loss=best"], &["reward.loss"]),
        (&["reward.loss={ graded = { davidson = { nu = 0.0 } } }"], &["reward.loss", "nu"]),
        (&["reward.ensemble={ members = 0, how = \"mean\" }"], &["reward.ensemble", "members"]),
        (&["reward.loss=outcome"], &["reward.formats", "labels", "feedback"]),
        (&["reward.formats=[\"steps\"]"], &["reward.formats", "comparisons"]),
        (
            &["reward.loss=outcome", "reward.formats=[\"feedback\"]", "method=dpo"],
            &["method", "learns from comparisons"],
        ),
        (&["reward.pretraining_sources=[{ files = [\"e.data\"] }]"], &["reward.pretraining", "say how"]),
        (
            &["reward.pretraining={ epochs = 1, language = 1.0, learning_rate = 1e-3 }"],
            &["reward.pretraining_sources", "say which"],
        ),
    ] {
        let error = config(folder.path(), settings).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{settings:?}: {error}");
    }
}
