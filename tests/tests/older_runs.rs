//! Run folders that an earlier version left: `fixtures/runs` says which.

use rlhf::config::{CliOverride, Config};
use rlhf::engine::Device;
use rlhf::run::{RunError, RunOptions, Stage, run};
use rlhf::stage::StageError;
use rlhf::{LanguageModel, RewardModel, Writing};
use rlhf_cpu::{Cpu, Isa};
use rlhf_tests::golden;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const VERSION: &str = "runs/e443ea5";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}

/// The fixture's folder to work in, with its data whole.
fn older() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("older");
    copy(&golden::own().join(VERSION), &path);
    fs::write(path.join("data/story.txt"), "Once upon a time there was a fox. ".repeat(2000)).unwrap();
    (folder, path)
}

fn config(folder: &Path, set: &[&str]) -> Config {
    let given: Vec<CliOverride> = set.iter().map(|given| given.parse().unwrap()).collect();
    Config::read_with(&folder.join("run.toml"), &given).unwrap().with_data(&folder.join("data"))
}

fn device() -> Device {
    Cpu::new(1, Isa::Portable).into()
}

#[test]
fn a_finished_run_serves_reports_text_and_rewards() {
    let (_kept, folder) = older();
    let finished = folder.join("finished");
    let page = fs::read_to_string(rlhf_cli::report::write(&finished).unwrap()).unwrap();
    assert!(page.contains("<html") && page.contains("PPO"));
    for writer in ["base", "sft", "policy"] {
        let mut writer = LanguageModel::open(finished.join(writer), &device()).unwrap();
        let writing = Writing { longest: 4, ..Writing::default() };
        assert_eq!(writer.generate("Why?", &writing).unwrap().len(), 1);
    }
    let mut reward = RewardModel::open(finished.join("reward"), &device()).unwrap();
    assert!(reward.score("Why?", " So.").unwrap().is_finite());
}

#[test]
fn another_run_starts_from_a_finished_one() {
    let (_kept, folder) = older();
    let (from, out) = (folder.join("finished"), folder.join("out"));
    let manner = RunOptions { from: Some(&from), until: Stage::Align, ..RunOptions::new(&out) };
    let config = config(&folder, &["ppo.iterations=1"]);
    let summary = run(&config, &device(), &manner, &mut |_, _, _, _| {}).unwrap().unwrap();
    assert_eq!(summary.iterations.len(), 1);
    assert!(!out.join("sft").exists(), "step 1 was taken over");
}

/// All files below a folder, with what they hold.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

/// Its rows were split otherwise: nothing that this version trains on is what it trained on.
#[test]
fn an_unfinished_run_is_refused_by_the_version_that_can_go_on_and_left_alone() {
    let (_kept, folder) = older();
    let out = folder.join("unfinished");
    let before = contents(&out);
    let manner = RunOptions { resume: true, ..RunOptions::new(&out) };
    let config = config(&folder, &["ppo.iterations=30"]);
    match run(&config, &device(), &manner, &mut |_, _, _, _| {}) {
        Err(RunError::Stage(error @ StageError::Older { .. })) => {
            let error = error.to_string();
            assert!(error.contains("e443ea5") && error.contains("unfinished"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let mut after = contents(&out);
    after.retain(|path, _| !path.ends_with(".lock"));
    assert_eq!(before, after, "nothing is written");
}
