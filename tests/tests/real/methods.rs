//! What `method` puts in the place of PPO, end to end.

use super::data::{CONFIG, write};
use core::cell::Cell;
use core::time::Duration;
use rlhf::record::{FIGURES, Line, Metrics, Phase};
use rlhf::run::{Config, Manner, RunError, Summary, run};
use rlhf::stage::StageError;
use rlhf_cpu::{Cpu, Isa};
use rlhf_tests::schema;
use std::path::Path;

/// One of each kind, and those that have a turn of their own: replaced prompts, a whole batch at once,
/// no reference, an opponent.
const METHODS: [&str; 10] =
    ["a2c", "reinforce", "remax", "gspo", "dpo", "aot", "orpo", "kto", "online_dpo", "nash_md"];

/// The names and values of a step's figures.
fn figures(line: &Line) -> Vec<(&str, f64)> {
    line.figures.iter().map(|(name, value)| (name.as_str(), *value)).collect()
}

fn config(folder: &Path, method: &str) -> Config {
    let mut text = format!("method = \"{method}\"\n{CONFIG}");
    // Two prompts with two answers each, and small batches of pairs.
    for (setting, value) in
        [("method.on_policy.prompts", "4"), ("method.preference.batch", "16"), ("method.kto.batch", "32")]
    {
        let kind = setting.split('.').nth(1).unwrap();
        let of = match method {
            "reinforce" | "remax" | "gspo" => "on_policy",
            "dpo" | "aot" | "orpo" => "preference",
            "kto" => "kto",
            _ => "",
        };
        if kind == of {
            text += &format!("[[override]]\nsetting = \"{setting}\"\nvalue = {value}\nreason = \"a test\"\n");
        }
    }
    let path = folder.join("run.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap_or_else(|e| panic!("{method}: {e}")).with_data(&folder.join("data"))
}

fn go(folder: &Path, method: &str, stop: &dyn Fn() -> bool) -> Result<Option<Summary>, RunError> {
    let out = folder.join(method);
    let manner = Manner { resume: true, every: Duration::ZERO, stop, ..Manner::new(&out) };
    run(&config(folder, method), &Cpu::new(1, Isa::best()), &manner, &mut |_, _, _, _| {})
}

#[test]
fn every_kind_of_method_runs_and_goes_on_to_the_same_bits() {
    let whole = tempfile::tempdir().unwrap();
    let stopped = tempfile::tempdir().unwrap();
    for folder in [whole.path(), stopped.path()] {
        std::fs::create_dir(folder.join("data")).unwrap();
        write(&folder.join("data"));
    }
    let schema = include_str!("../../../runtime/schemas/run-summary.schema.json");
    for method in METHODS {
        let summary = go(whole.path(), method, &|| false).unwrap_or_else(|e| panic!("{method}: {e}"));
        let summary = summary.expect("all stages were asked for");
        let lines: Vec<Line> = Metrics::read(&whole.path().join(method)).unwrap();
        let steps: Vec<&Line> = lines.iter().filter(|line| line.phase == Phase::Ppo).collect();
        assert!(steps.len() >= 3, "{method}: {}", steps.len());
        for (name, _) in steps.iter().flat_map(|line| figures(line)) {
            assert!(FIGURES.iter().any(|figure| figure.name == name), "{method}: {name}");
        }
        let stored = std::fs::read(whole.path().join(method).join("summary.json")).unwrap();
        schema::check(schema, &serde_json::from_slice(&stored).unwrap()).unwrap();
        let page = std::fs::read_to_string(whole.path().join(method).join("report.html")).unwrap();
        assert!(page.contains(method), "{method}: the report does not say what was done");
        assert!(!page.contains("NaN"), "{method}");

        // Stopped in the middle of step 3.
        let left = Cell::new(lines.len() - steps.len() + steps.len() / 2);
        let middle = move || {
            left.set(left.get() - 1);
            left.get() == 0
        };
        match go(stopped.path(), method, &middle) {
            Err(RunError::Stage(StageError::Stopped { .. })) => {}
            other => panic!("{method}: {other:?}"),
        }
        let again = go(stopped.path(), method, &|| false).unwrap().unwrap();
        assert_eq!(again.weights_sha256, summary.weights_sha256, "{method}");
    }
}

#[test]
fn a_method_that_does_not_exist_is_refused_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, format!("method = \"gprpo\"\n{CONFIG}")).unwrap();
    let said = Config::read(&path).unwrap_err().to_string();
    assert!(said.contains("grpo") && said.contains("run.toml"), "{said}");
}
