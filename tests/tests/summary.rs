//! What `rlhf quickstart --out` leaves behind, of a run too small to learn anything.

use core::cell::Cell;
use core::time::Duration;
use rlhf::stage::{Session, StageError};
use rlhf::train::profile::WarmUpLength;
use rlhf_cli::quickstart::world::tokenizer;
use rlhf_cli::quickstart::{Outcome, Settings, run, save};
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_tests::device::threads;
use rlhf_tests::schema;
use serde_json::Value;
use std::path::Path;

fn settings(seed: u64) -> Settings {
    let mut settings = Settings::new(seed);
    let vocabulary = settings.architecture.vocabulary;
    settings.architecture = Architecture::gpt2(vocabulary, 64, 32, 1, 2);
    (settings.corpus, settings.demonstrations, settings.rankings) = (2000, 128, 64);
    (settings.iterations, settings.best_of, settings.longest) = (2, 2, 24);
    // Enough to write stories of different gold, or there is nothing to rank.
    settings.pretraining.batch = 16;
    settings.pretraining.optimiser.warm_up = WarmUpLength::Steps(2);
    settings.profile.ppo.batch = Some(16);
    settings
}

/// Runs, and reads back the summary that is left in a folder.
fn summary(folder: &Path, seed: u64, threads: usize) -> (Outcome, Value) {
    let settings = settings(seed);
    let device = rlhf_tests::device::threads(threads);
    let session = Session::new(|_, _, _, _: &str| {});
    let about = settings.about(&device);
    let mut session =
        session.keeping(folder, Some(Duration::ZERO), false, &about, tokenizer().into()).unwrap();
    let outcome = run(&settings, &device, &mut session).unwrap();
    save(folder, &settings, &outcome).unwrap();
    let summary = std::fs::read(folder.join("summary.json")).unwrap();
    (outcome, serde_json::from_slice(&summary).unwrap())
}

#[test]
fn a_summary_fits_its_schema_and_says_what_came_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (outcome, summary) = summary(folder.path(), 1, 2);
    schema::check(include_str!("../../runtime/schemas/quickstart-summary.schema.json"), &summary).unwrap();
    for (place, value) in [
        ("/gold/win_rate/low", outcome.win_rate.low),
        ("/gold/reward/sft", outcome.gold.0),
        ("/proxy/reward/ppo", outcome.proxy.1),
        ("/kl", outcome.kl),
        ("/reward_model/accuracy/value", outcome.accuracy.value),
        ("/reward_model/calibration/error", outcome.calibration.error),
        ("/samples/0/sft/reward", outcome.samples[0].proxy.0),
        ("/labellers/agreement", outcome.agreement),
        ("/seconds/ppo", outcome.seconds[3]),
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
    let about = settings.about(&device);
    let whole = run(&settings, &device, &mut Session::new(|_, _, _, _: &str| {})).unwrap();
    let mut draws = Key::new(4, Stream::Data, 0).draws(0);
    let mut stops = 0;
    let again = loop {
        let left = Cell::new(1 + draws.below(60));
        let session = Session::new(|_, _, _, _: &str| {}).stopped_by(|| {
            left.set(left.get() - 1);
            left.get() == 0
        });
        let every = Duration::from_secs(3600);
        let mut session =
            session.keeping(folder.path(), Some(every), true, &about, tokenizer().into()).unwrap();
        match run(&settings, &device, &mut session) {
            Ok(outcome) => break outcome,
            Err(StageError::Stopped { .. }) => stops += 1,
            Err(e) => panic!("{e}"),
        }
    };
    assert!(stops >= 3, "{stops}");
    assert_eq!(again.policy.weights(), whole.policy.weights());
    assert_eq!(again.ppo_curve, whole.ppo_curve);
    assert_eq!((again.win_rate, again.proxy), (whole.win_rate, whole.proxy));
}
