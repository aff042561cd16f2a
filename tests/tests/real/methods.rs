//! Runs, end to end, with each `method` other than PPO.

use core::cell::Cell;
use core::time::Duration;
use rlhf::config::{CliOverride, Config};
use rlhf::record::{FIGURES, Line, Metrics, Phase};
use rlhf::run::{RunError, RunOptions, Summary, run};
use rlhf::stage::StageError;
use rlhf::{LanguageModel, Writing};
use rlhf_tests::device::threads;
use rlhf_tests::run_data::{CONFIG, PROMPTS, write};
use rlhf_tests::schema;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// One of each kind, and those that have a turn of their own: replaced prompts, a whole batch at once,
/// no reference, an opponent, an older sampler, a student's own texts, a teacher's few best. With each the
/// settings that make it small.
const METHODS: [(&str, &[&str]); 17] = [
    ("a2c", &[]),
    ("reinforce", &["on_policy.prompts=4"]),
    ("remax", &["on_policy.prompts=4"]),
    ("gspo", &["on_policy.prompts=4", "on_policy.stale=1"]),
    ("dpo", &["preference.batch=16"]),
    // At the paper's rate log-ratios stay so near 0 that the order in which AOT pairs them is below f32.
    ("aot", &["preference.batch=16", "preference.optimizer.learning_rate=1e-3"]),
    ("orpo", &["preference.batch=16"]),
    ("kto", &["kto.batch=8"]),
    ("online_dpo", &["online.prompts=4", "online.optimizer.learning_rate=1e-3"]),
    ("nash_md", &["online.prompts=4", "online.optimizer.learning_rate=1e-3"]),
    ("best_of_n", &["expert_iteration.prompts=4", "expert_iteration.group=4"]),
    ("trpo", &["trpo.prompts=4"]),
    ("nlpo", &["nlpo.follow={ every = { iterations = 2 } }"]),
    ("distillation", &["distillation.batch=16", "distillation.top=4", "distillation.teacher=base"]),
    ("gkd", &["distillation.batch=16", "distillation.teacher=base"]),
    ("ilql", &["ilql.batch=64", "ilql.optimizer.learning_rate=1e-2"]),
    ("bandit", &["bandit.batch=8"]),
];

/// The names and values of a step's figures.
fn figures(line: &Line) -> Vec<(&str, f64)> {
    line.figures.iter().map(|(name, value)| (name.as_str(), *value)).collect()
}

/// The folder of data, with what users said of answers.
fn data(folder: &Path) {
    std::fs::create_dir(folder.join("data")).unwrap();
    write(&folder.join("data"));
    let row = |i: usize| {
        let (prompt, good) = (format!("Question {i}: why?"), i.is_multiple_of(2));
        let response = if good { "Yes." } else { "No." };
        json!({ "prompt": prompt, "response": response, "label": good }).to_string() + "\n"
    };
    std::fs::write(folder.join("data/h.data"), (0..PROMPTS).map(row).collect::<String>()).unwrap();
}

fn config(folder: &Path, method: &str, small: &[&str]) -> Result<Config, RunError> {
    let path = folder.join("run.toml");
    std::fs::write(&path, format!("method = \"{method}\"\n{CONFIG}")).unwrap();
    let given: Vec<CliOverride> = small.iter().map(|given| given.parse().unwrap()).collect();
    Ok(Config::read_with(&path, &given)?.with_data(&folder.join("data")))
}

fn go(
    folder: &Path,
    (method, small): (&str, &[&str]),
    stop: &dyn Fn() -> bool,
) -> Result<Option<Summary>, RunError> {
    let out = folder.join(method);
    let manner = RunOptions { resume: true, every: Some(Duration::ZERO), stop, ..RunOptions::new(&out) };
    let config = config(folder, method, small).unwrap_or_else(|e| panic!("{method}: {e}"));
    run(&config, &threads(1), &manner, &mut |_, _, _, _| {})
}

#[test]
fn every_kind_of_method_runs_and_goes_on_to_the_same_bits() {
    let whole = tempfile::tempdir().unwrap();
    let stopped = tempfile::tempdir().unwrap();
    for folder in [whole.path(), stopped.path()] {
        data(folder);
    }
    let schema = include_str!("../../../runtime/schemas/run-summary.schema.json");
    let mut all = Vec::new();
    for told in METHODS {
        let method = told.0;
        let summary = go(whole.path(), told, &|| false).unwrap_or_else(|e| panic!("{method}: {e}"));
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
        let name = rlhf::report::method_name(method);
        assert!(page.contains(&name), "{method}: the report does not say what was done");
        assert!(!page.contains("NaN"), "{method}");

        // Stopped in the middle of step 3.
        let before = lines.iter().filter(|line| line.phase < Phase::Ppo).count();
        let left = Cell::new(before + steps.len() / 2);
        let middle = move || {
            left.set(left.get() - 1);
            left.get() == 0
        };
        match go(stopped.path(), told, &middle) {
            Err(RunError::Stage(StageError::Stopped { .. })) => {}
            other => panic!("{method}: {other:?}"),
        }
        let again = go(stopped.path(), told, &|| false).unwrap().unwrap();
        assert_eq!(again.common.weights_sha256, summary.common.weights_sha256, "{method}");
        assert_eq!(again.common.warnings, summary.common.warnings, "{method}: warnings lost, or twice");
        all.push(summary.common.weights_sha256);
        // ILQL's policy is the supervised one, whom its values lead.
        let file = |of: &str| whole.path().join(method).join(of).join("model.safetensors");
        let weights = |of| std::fs::read(file(of)).unwrap();
        assert_eq!(weights("policy") == weights("sft"), method == "ilql", "{method}: has it learnt?");
    }

    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!(different.len(), METHODS.len(), "two methods have learnt the same: {all:?}");

    // What ILQL keeps writes by its values, and is the same when it is read again.
    let device = threads(1);
    let written = |folder: &str| {
        let mut policy = LanguageModel::open(whole.path().join(folder), &device).unwrap();
        let writing = Writing { longest: 6, count: 4, ..Writing::default() };
        policy.generate("Why?", &writing).unwrap().into_iter().map(|said| said.log_prob).collect::<Vec<_>>()
    };
    assert_ne!(written("ilql/policy"), written("ilql/sft"));
    assert_eq!(written("ilql/policy"), written("ilql/policy"));
    let finished = go(whole.path(), ("ilql", METHODS[15].1), &|| false).unwrap().unwrap();
    assert!(all.contains(&finished.common.weights_sha256), "the values were not read again");
}

#[test]
fn a_method_that_does_not_exist_is_refused_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    let said = config(folder.path(), "gprpo", &[]).unwrap_err().to_string();
    assert!(said.contains("grpo") && said.contains("run.toml"), "{said}");
}

#[test]
fn what_a_method_lacks_is_named_before_anything_is_learned() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let refused = |method, small: &[&str]| {
        let out = folder.path().join("out");
        let config = config(folder.path(), method, small);
        let ran = config.and_then(|c| run(&c, &threads(1), &RunOptions::new(&out), &mut |_, _, _, _| {}));
        assert!(!out.exists(), "{method} has begun");
        ran.unwrap_err().to_string()
    };
    for (method, small, words) in [
        ("distillation", &[][..], "distillation.teacher"),
        ("dpo", &["distillation.teacher=base"][..], "`dpo` has no teacher"),
        ("gkd", &["distillation.teacher=nobody"][..], "nobody"),
        ("distillation", &["distillation.teacher=base", "distillation.top=0"][..], "top"),
        ("ips", &[][..], "`log_prob`"),
        ("nlpo", &["nlpo.top_p=2"][..], "top_p"),
        ("trpo", &["trpo.step.max_kl=0"][..], "max_kl"),
        ("best_of_n", &["expert_iteration.selection={ best = { count = 0 } }"][..], "count"),
        ("bandit", &["bandit.objective.clip=-1"][..], "clip"),
        ("ilql", &["ilql.objective.expectile=1"][..], "expectile"),
        ("trpo", &["ilql.beta=1"][..], "ilql.beta"),
    ] {
        let said = refused(method, small);
        assert!(said.contains(words), "{method}: {said}");
    }
    std::fs::remove_file(folder.path().join("data/h.data")).unwrap();
    let said = refused("bandit", &[]);
    assert!(said.contains("there are no feedback") && said.contains("feedback"), "{said}");
}
