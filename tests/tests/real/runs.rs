//! Whole runs.

use rlhf::config::Config;
use rlhf::data::Format;
use rlhf::engine::Device;
use rlhf::record::Phase;
use rlhf::run::{DataSet, RunError, RunOptions, Stage, Summary, preflight, report, run};
use rlhf::stage::StageError;
use rlhf::train::{Guard, TrainError};
use rlhf_tests::device::threads;
use rlhf_tests::run_data::{CONFIG, PROMPTS, write};
use rlhf_tests::schema;
use serde_json::Value;
use std::path::Path;

fn config(folder: &Path, text: &str) -> Config {
    let path = folder.join("run.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap_or_else(|e| panic!("{e}")).with_data(folder)
}

fn whole(config: &Config, device: &Device, out: &Path) -> Result<Summary, RunError> {
    Ok(run(config, device, &RunOptions::new(out), &mut |_, _, _, _| {})?.expect("all stages were asked for"))
}

fn on(folder: &Path, text: &str, threads: usize) -> Result<Summary, RunError> {
    let device = rlhf_tests::device::threads(threads);
    // A folder keeps one run.
    let _ = std::fs::remove_dir_all(folder.join("out"));
    whole(&config(folder, text), &device, &folder.join("out"))
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
    assert_eq!(stored["weights_sha256"], summary.common.weights_sha256);

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
    let page = rlhf_cli::report::write(&folder.path().join("out")).unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("Calibration"));

    // What is left behind is a model of its own.
    for model in ["sft", "reward", "policy"] {
        let opened = rlhf::models::open(&folder.path().join("out").join(model)).unwrap();
        assert_eq!(opened.architecture.scalar, model == "reward");
        assert!(folder.path().join("out").join(model).join("tokenizer.rlhf").exists());
    }
}

#[test]
fn a_seed_gives_the_same_weights_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let weights = |text: &str, threads| on(folder.path(), text, threads).unwrap().common.weights_sha256;
    let first = weights(CONFIG, 1);
    assert_eq!(weights(CONFIG, 1), first);
    assert_eq!(weights(CONFIG, 2), first);
    assert_ne!(weights(&CONFIG.replace("seed = 3", "seed = 4"), 2), first);
}

#[test]
fn the_temperature_of_the_evaluation_is_not_the_training_s() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let told = |text: &str| {
        let summary = on(folder.path(), text, 2).unwrap_or_else(|e| panic!("{e}"));
        let before = summary.samples.into_iter().map(|sample| sample.sft.text).collect::<Vec<_>>();
        (summary.common.weights_sha256, before)
    };
    let (weights, answers) = told(CONFIG);
    let cold = told(&CONFIG.replace("samples = 6", "samples = 6\ntemperature = 0.01"));
    assert_eq!(cold.0, weights);
    assert_ne!(cold.1, answers);
    assert_eq!(told(&CONFIG.replace("samples = 6", "samples = 6\ntemperature = 1.0")), (weights, answers));
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
        ("supervised.optimizer.learning_rate", "supervised"),
        ("reward.optimizer.learning_rate", "reward"),
        ("ppo.policy.learning_rate", "ppo"),
    ] {
        let table = setting.strip_suffix(".learning_rate").unwrap();
        let text = format!("{CONFIG}\n[{table}]\nlearning_rate = 1e38\n");
        let error = on(folder.path(), &text, 2).unwrap_err().to_string();
        assert!(error.contains(phase), "{setting}: {error}");
        assert!(!folder.path().join("out/summary.json").exists());
    }
}

#[test]
fn a_limit_of_the_configuration_stops_a_run() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let far = "\n[ppo.policy]\nlearning_rate = 1e-2\n";
    on(folder.path(), &format!("{CONFIG}{far}"), 2).unwrap_or_else(|e| panic!("{e}"));
    assert!(!folder.path().join("out/offending.jsonl").exists());
    let error = on(folder.path(), &format!("{CONFIG}{far}[guards]\nmax_kl = 1e-6\n"), 2).unwrap_err();
    let RunError::Stage(StageError::Train { phase: Phase::Ppo, error: TrainError::Guard(fault), .. }) = error
    else {
        panic!("{error}");
    };
    assert_eq!((fault.guard, fault.limit), (Guard::Kl, Some(1e-6)));
    let kept = std::fs::read_to_string(folder.path().join("out/offending.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), fault.offenders.len());
    assert!(kept.contains("\"guard\":\"kl\""), "{kept}");
}

/// The configuration with sources instead of formats.
fn with_sources(supervised: &str, ppo: &str) -> String {
    CONFIG
        .replace("formats = [\"instructions\", \"self_instruct\"]\nrows = 100", supervised)
        .replace("formats = [\"prompts\"]", ppo)
}

#[test]
fn sources_share_rows_by_weight() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    // What only a source names, for a search leaves hidden folders out; all by one user.
    let rows =
        (0..PROMPTS).map(|i| format!("{{\"prompt\": \"Say {i}\", \"response\": \"a\", \"user\": \"u\"}}\n"));
    std::fs::create_dir(folder.path().join(".more")).unwrap();
    std::fs::write(folder.path().join(".more/g.data"), rows.collect::<String>()).unwrap();
    let text = with_sources(
        "rows = 8\nsources = [{ files = [\"a.*\"], weight = 3.0 }, { files = [\"[b]\"] }]",
        "sources = [{ files = [\"f.data\"] }, { files = [\"f*\"] }, { files = [\".more/*\"], format = \"prompts\" }]",
    );
    let summary = on(folder.path(), &text, 2).unwrap_or_else(|e| panic!("{e}"));
    fits_the_schema(&folder.path().join("out/summary.json"));
    let counts = |sets: &[DataSet]| -> Vec<_> {
        sets.iter().map(|set| (set.name.clone(), set.rows, set.train, set.held_out)).collect()
    };
    let demonstrations = counts(&summary.data.demonstrations);
    assert_eq!(demonstrations, [("a".into(), PROMPTS, 6, 6), ("b".into(), PROMPTS, 2, 2)]);
    let prompts = counts(&summary.data.prompts);
    assert_eq!(prompts.iter().map(|set| set.0.as_str()).collect::<Vec<_>>(), ["f", "f-2", "g"]);
    assert_eq!(summary.data.prompts[2].format, Format::Prompts, "as it was said, not as it looks");
    // 100 rows for three: no more than there are, and no more than a third.
    assert_eq!(prompts[0].2 + prompts[0].3, PROMPTS);
    assert_eq!((prompts[0].2, prompts[0].3), (prompts[1].2, prompts[1].3));
    assert!(
        [(33, 0), (0, 33)].contains(&(prompts[2].2, prompts[2].3)),
        "one user is on one side: {prompts:?}"
    );
    // What is kept of the configuration is one, with its sources.
    let written = Config::read(&folder.path().join("out/config.toml")).unwrap();
    assert_eq!(written.supervised, config(folder.path(), &text).supervised);
}

#[test]
fn files_of_sources_that_do_not_serve_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    for (files, words) in [
        ("\"../secret\"", &["../secret", "leads out"][..]),
        ("\"none*\"", &["none*", "no such file"]),
        ("\"c.data\"", &["c.data", "supervised.sources", "transcripts", "want demonstrations"]),
        ("\"bytes.tok\"", &["bytes.tok", "no known format"]),
        ("\"a.json\", \"b\"", &["b, supervised.sources", "self_instruct", "a source of its own"]),
    ] {
        let text = with_sources(&format!("sources = [{{ files = [{files}] }}]"), "formats = [\"prompts\"]");
        let before = preflight(&config(folder.path(), &text), &threads(1), &Stage::ALL, None, None)
            .unwrap_err()
            .to_string();
        let error = on(folder.path(), &text, 1).unwrap_err().to_string();
        assert_eq!(before, error);
        assert!(words.iter().all(|word| error.contains(word)), "{files}: {error}");
    }
    let counted = |sources: &str| {
        let text = with_sources(sources, "formats = [\"prompts\"]");
        preflight(&config(folder.path(), &text), &threads(1), &Stage::ALL, None, None).unwrap().files
    };
    assert_eq!(counted("formats = [\"instructions\", \"self_instruct\"]"), 6);
    assert_eq!(counted("sources = [{ files = [\"a.json\"] }, { files = [\"a*\"] }]"), 5, "each once");
}

/// The example on a few rows of the real data.
#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn the_example_runs_on_the_real_data() {
    let data = rlhf_tests::shared::data("");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/real.toml");
    let mut config = Config::read_with(&path, &["ppo.batch=16".parse().unwrap()]).unwrap().with_data(&data);
    (config.supervised.rows, config.reward.rows, config.ppo.rows) = (24, 24, 64);
    (config.ppo.iterations, config.pretraining.texts, config.evaluation.prompts) = (1, 16, 16);
    let folder = tempfile::tempdir().unwrap();
    let summary = whole(&config, &threads(1), folder.path()).unwrap();
    fits_the_schema(&folder.path().join("summary.json"));
    assert!(summary.data.comparisons.iter().any(|set| set.cut > 0));
}

/// The whole example: minutes. `cargo test --release -p rlhf-tests --test all -- --ignored the_whole_example_learns`.
#[test]
#[ignore = "takes minutes: a command of its own in the README"]
fn the_whole_example_learns() {
    let data = rlhf_tests::shared::data("");
    let folder = tempfile::tempdir().unwrap();
    let summary = whole(&example(&data), &threads(1), folder.path()).unwrap();
    eprint!("{}", report(&summary));
    fits_the_schema(&folder.path().join("summary.json"));
    assert!(summary.losses.demonstrations.sft < summary.losses.demonstrations.base - 0.5);
    assert!(summary.reward.ppo > summary.reward.sft && summary.win_rate.low > 0.5);
    assert!(summary.common.kl > 0.0 && summary.common.kl < 20.0, "KL {}", summary.common.kl);
    assert!(summary.losses.pretraining.ppo < summary.losses.pretraining.sft + 0.5);
}

fn example(data: &Path) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/real.toml");
    Config::read(&path).unwrap_or_else(|e| panic!("{e}")).with_data(data)
}
