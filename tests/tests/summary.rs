//! The output of `rlhf quickstart --out`, of a run too small to learn anything.

use core::cell::Cell;
use core::time::Duration;
use rlhf::run::{Finished, RunError, RunOptions};
use rlhf::stage::StageError;
use rlhf_cli::quickstart::{FILES, Settings, Summary, run, save};
use rlhf_core::random::{Key, Stream};
use rlhf_tests::device::threads;
use rlhf_tests::schema;
use serde_json::Value;
use std::path::Path;

fn settings(seed: u64) -> Settings {
    let given = [
        "base.new.width=32",
        "base.new.layers=1",
        "base.new.heads=2",
        // Enough to write stories of different gold, or there is nothing to rank.
        "base.new.batch=16",
        "pretraining.texts=2000",
        "supervised.rows=128",
        "reward.rows=64",
        "ppo.iterations=2",
        "ppo.response=24",
        "ppo.batch=16",
    ];
    let given: Vec<_> = given.iter().map(|given| given.parse().unwrap()).collect();
    Settings { best_of: 2, ..Settings::new(seed, &given).unwrap() }
}

/// Runs, and reads back the summary that is left in a folder.
fn summary(folder: &Path, seed: u64, threads: usize) -> (Summary, Value) {
    let device = rlhf_tests::device::threads(threads);
    let every = Some(Duration::ZERO);
    let manner = RunOptions { folder: Some(folder), files: FILES, every, ..RunOptions::default() };
    let (summary, finished) = run(&settings(seed), &device, &manner, &mut |_, _, _, _| {}).unwrap().unwrap();
    save(folder, &summary, &finished.lines).unwrap();
    let stored = std::fs::read(folder.join("summary.json")).unwrap();
    (summary, serde_json::from_slice(&stored).unwrap())
}

#[test]
fn a_summary_fits_its_schema_and_says_what_came_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (found, summary) = summary(folder.path(), 1, 2);
    schema::check(include_str!("../../runtime/schemas/quickstart-summary.schema.json"), &summary).unwrap();
    for (place, value) in [
        ("/gold/win_rate/low", found.gold.win_rate.low),
        ("/gold/reward/sft", found.gold.reward.sft),
        ("/proxy/reward/ppo", found.proxy.reward.ppo),
        ("/kl", found.common.kl),
        ("/reward_model/accuracy/value", found.reward_model.accuracy.value),
        ("/reward_model/calibration/error", found.reward_model.calibration.as_ref().unwrap().error),
        ("/samples/0/sft/reward", found.samples[0].sft.reward),
        ("/labellers/agreement", found.labelers.agreement),
        ("/seconds/ppo", found.seconds.ppo),
    ] {
        let stored = summary.pointer(place).and_then(Value::as_f64).unwrap();
        assert!((stored - value).abs() <= 1e-12 * value.abs(), "{place}: {stored}, {value}");
    }
    assert_eq!(summary["seed"], 1);
    assert_eq!(summary["best_of_n"].as_array().map(Vec::len), Some(2));
    assert!(std::fs::read_to_string(folder.path().join("curve.svg")).unwrap().starts_with("<svg"));
    // The summary is read back for the report.
    let page = std::fs::read_to_string(rlhf_cli::report::write(folder.path()).unwrap()).unwrap();
    let told = &summary["samples"][0];
    let gold = format!("gold {:.2}", told["ppo"]["gold"].as_f64().unwrap());
    for said in ["Calibration", told["prompt"].as_str().unwrap(), &gold] {
        assert!(page.contains(said), "{said}");
    }
    for (name, scalar) in [("sft", false), ("reward", true), ("policy", false)] {
        let model = rlhf::models::open(&folder.path().join(name)).unwrap();
        assert_eq!(model.architecture.scalar, scalar, "{name}");
    }
}

#[test]
fn a_seed_gives_the_same_weights_on_any_number_of_threads() {
    let weights = |seed, threads| {
        let folder = tempfile::tempdir().unwrap();
        summary(folder.path(), seed, threads).1["weights_sha256"].clone()
    };
    let first = weights(1, 1);
    assert_eq!(weights(1, 1), first);
    assert_eq!(weights(1, 2), first);
    assert_ne!(weights(2, 2), first);
}

/// A quickstart that is stopped after drawn numbers of steps, and gone on with, in all of its stages.
#[test]
fn a_quickstart_that_is_stopped_goes_on_to_the_same_curve_and_weights() {
    let (settings, device) = (settings(4), threads(2));
    let folder = tempfile::tempdir().unwrap();
    let silent = &mut |_, _, _, _: &str| {};
    let (want, whole) = run(&settings, &device, &RunOptions::default(), silent).unwrap().unwrap();
    let mut draws = Key::new(4, Stream::Data, 0).draws(0);
    let mut stops = 0;
    let (got, again) = loop {
        let left = Cell::new(1 + draws.below(60));
        let stop = &|| {
            left.set(left.get() - 1);
            left.get() == 0
        };
        let every = Some(Duration::from_secs(3600));
        let manner =
            RunOptions { folder: Some(folder.path()), resume: true, every, stop, ..RunOptions::default() };
        match run(&settings, &device, &manner, silent) {
            Ok(ended) => break ended.unwrap(),
            Err(RunError::Stage(StageError::Stopped { .. })) => stops += 1,
            Err(e) => panic!("{e}"),
        }
    };
    assert!(stops >= 3, "{stops}");
    let weights = |run: &Finished| run.policy.model.weights().unwrap().into_owned();
    assert_eq!(weights(&again), weights(&whole));
    assert_eq!(got.ppo_curve, want.ppo_curve);
    assert_eq!((got.gold.win_rate, got.proxy.reward), (want.gold.win_rate, want.proxy.reward));
}
