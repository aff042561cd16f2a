//! Whole runs.

use super::data::{CONFIG, PROMPTS, write};
use rlhf::run::{Config, Manner, RunError, Summary, report, run};
use rlhf_cpu::{Cpu, Isa};
use rlhf_tests::schema;
use serde_json::Value;
use std::path::Path;

fn config(folder: &Path, text: &str) -> Config {
    let path = folder.join("run.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap_or_else(|e| panic!("{e}")).with_data(folder)
}

fn whole(config: &Config, cpu: &Cpu, out: &Path) -> Result<Summary, RunError> {
    Ok(run(config, cpu, &Manner::new(out), &mut |_, _, _, _| {})?.expect("all stages were asked for"))
}

fn on(folder: &Path, text: &str, threads: usize) -> Result<Summary, RunError> {
    let cpu = Cpu::new(threads, Isa::best());
    // A folder keeps one run.
    let _ = std::fs::remove_dir_all(folder.join("out"));
    whole(&config(folder, text), &cpu, &folder.join("out"))
}

fn fits_the_schema(summary: &Path) -> Value {
    let schema = include_str!("../../../runtime/schemas/run-summary.schema.json");
    let summary: Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    schema::check(schema, &summary).unwrap();
    summary
}

#[test]
fn a_folder_of_public_formats_runs_end_to_end() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let summary = on(folder.path(), CONFIG, 2).unwrap_or_else(|e| panic!("{e}"));
    let stored = fits_the_schema(&folder.path().join("out/summary.json"));
    assert_eq!(stored["weights_sha256"], summary.weights_sha256);

    // The same prompts are everywhere, and each is on one side.
    let sets = [&summary.data.demonstrations, &summary.data.comparisons, &summary.data.prompts];
    let counts: Vec<_> = sets.into_iter().flatten().map(|set| (set.rows, set.train, set.held_out)).collect();
    assert_eq!(counts.len(), 6);
    assert!(counts.iter().all(|c| *c == counts[0] && c.0 == PROMPTS && c.1 + c.2 == PROMPTS), "{counts:?}");
    let votes: Vec<usize> =
        summary.reward_model.data_sets.iter().filter_map(|set| set.accuracy.map(|a| a.n)).collect();
    let held_out = counts[0].2;
    assert_eq!(votes, [held_out, 3 * held_out, 5 * held_out], "ties are left out");
    let long = summary.data.comparisons.iter().find(|set| set.name == "c").unwrap();
    assert_eq!(long.cut, PROMPTS / 10);
    assert_eq!((summary.samples.len(), summary.iterations.len()), (6, 3));
    assert_eq!(summary.iterations[0].kl, 0.0, "the first rollout is the reference's own");
    assert!(report(&summary).contains("KL"));
    let said = summary.reward_model.calibration.as_ref().unwrap();
    assert_eq!(said.margins.counts.iter().sum::<usize>(), summary.reward_model.accuracy.unwrap().n);
    let page = rlhf::report::write(&folder.path().join("out")).unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("Calibration"));

    // What is left behind is a model of its own.
    for model in ["sft", "reward", "policy"] {
        let opened = rlhf::formats::open(&folder.path().join("out").join(model)).unwrap();
        assert_eq!(opened.architecture.scalar, model == "reward");
        assert!(folder.path().join("out").join(model).join("tokenizer.rlhf").exists());
    }
}

#[test]
fn a_seed_gives_the_same_weights_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let weights = |text: &str, threads| on(folder.path(), text, threads).unwrap().weights_sha256;
    let first = weights(CONFIG, 1);
    assert_eq!(weights(CONFIG, 1), first);
    assert_eq!(weights(CONFIG, 2), first);
    assert_ne!(weights(&CONFIG.replace("seed = 3", "seed = 4"), 2), first);
}

#[test]
fn every_profile_and_plain_text_serve() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let text = CONFIG.replace("source = \"base\"", "source = \"text\"");
    for profile in ["ziegler2019", "huang2024", "trl", "openrlhf"] {
        let text = format!("profile = \"{profile}\"\n{text}");
        on(folder.path(), &text, 2).unwrap_or_else(|e| panic!("{profile}: {e}"));
        fits_the_schema(&folder.path().join("out/summary.json"));
    }
}

#[test]
fn what_is_missing_is_said_before_any_work() {
    for (files, what) in [
        (&["a.json", "b"][..], "demonstrations"),
        (&["c.data", "d.data", "e.data"], "comparisons"),
        (&["f.data"], "prompts"),
        (&["bytes.tok"], "bytes.tok"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        files.iter().for_each(|file| std::fs::remove_file(folder.path().join(file)).unwrap());
        let error = on(folder.path(), CONFIG, 1).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        assert!(!folder.path().join("out").exists());
    }
}

#[test]
fn a_row_that_does_not_fit_names_its_file_line_and_field() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let path = folder.path().join("f.data");
    let rows = std::fs::read_to_string(&path).unwrap().replace("Question 7", "\"}\n{\"promt\": \"");
    std::fs::write(&path, rows).unwrap();
    let error = on(folder.path(), CONFIG, 1).unwrap_err().to_string();
    assert!(["f.data", "line 9", "prompt"].iter().all(|part| error.contains(part)), "{error}");
}

#[test]
fn a_run_that_diverges_says_where() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    for (setting, phase) in [
        ("supervised.optimiser.learning_rate", "supervised"),
        ("reward.optimiser.learning_rate", "reward"),
        ("ppo.policy.learning_rate", "ppo"),
    ] {
        let text =
            format!("{CONFIG}\n[[override]]\nsetting = \"{setting}\"\nvalue = 1e38\nreason = \"to fail\"\n");
        let error = on(folder.path(), &text, 2).unwrap_err().to_string();
        assert!(error.contains(phase), "{setting}: {error}");
        assert!(!folder.path().join("out/summary.json").exists());
    }
}

/// The example on a few rows of the real data.
#[test]
fn the_example_runs_on_the_real_data() {
    let Some(data) = rlhf_tests::shared::data("") else { return };
    let mut config = example(&data);
    (config.supervised.rows, config.reward.rows, config.ppo.rows) = (24, 24, 64);
    (config.ppo.iterations, config.pretraining.texts, config.evaluation.prompts) = (1, 16, 16);
    for change in &mut config.overrides {
        if change.setting == "ppo.batch" {
            change.value = 16.into();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let summary = whole(&config, &Cpu::default(), folder.path()).unwrap();
    fits_the_schema(&folder.path().join("summary.json"));
    assert!(summary.data.comparisons.iter().any(|set| set.cut > 0));
}

/// The whole example: minutes. `cargo test --release -p rlhf-tests --test real -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn the_whole_example_learns() {
    let Some(data) = rlhf_tests::shared::data("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let summary = whole(&example(&data), &Cpu::default(), folder.path()).unwrap();
    eprint!("{}", report(&summary));
    fits_the_schema(&folder.path().join("summary.json"));
    assert!(summary.losses.demonstrations.sft < summary.losses.demonstrations.base - 0.5);
    assert!(summary.reward.ppo > summary.reward.sft && summary.win_rate.low > 0.5);
    assert!(summary.kl > 0.0 && summary.kl < 20.0, "KL {}", summary.kl);
    assert!(summary.losses.pretraining.ppo < summary.losses.pretraining.sft + 0.5);
}

fn example(data: &Path) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/real.toml");
    Config::read(&path).unwrap_or_else(|e| panic!("{e}")).with_data(data)
}
