//! The figures of an iteration of step 3 in `metrics.jsonl`.

use rlhf::config::{CliOverride, Config};
use rlhf::record::{FIGURES, Line, Metrics, Phase};
use rlhf::run::{RunOptions, run};
use rlhf_tests::device::threads;
use rlhf_tests::run_data::{CONFIG, write};
use std::path::Path;

/// The iterations of a run.
fn iterations(folder: &Path, settings: &[&str]) -> Vec<Line> {
    let (path, out) = (folder.join("run.toml"), folder.join("out"));
    std::fs::write(&path, CONFIG).unwrap();
    let given: Vec<CliOverride> = settings.iter().map(|one| one.parse().unwrap()).collect();
    let config =
        Config::read_with(&path, &given).unwrap_or_else(|e| panic!("{e}")).with_data(&folder.join("data"));
    let _ = std::fs::remove_dir_all(&out);
    run(&config, &threads(1), &RunOptions::new(&out), &mut |_, _, _, _| {}).unwrap();
    Metrics::read(&out).unwrap().into_iter().filter(|line| line.phase == Phase::Ppo).collect()
}

/// The figures that every iteration has, whatever the method.
const ALWAYS: [&str; 22] = [
    "beta",
    "clip_fraction",
    "dual_clip_fraction",
    "ended",
    "entropy",
    "kl",
    "kl_error",
    "kl_exact",
    "kl_k2",
    "kl_k3",
    "kl_k3_error",
    "length",
    "length_max",
    "ratio_max",
    "ratio_min",
    "reward",
    "reward_kl",
    "reward_overlong",
    "reward_total",
    "token_kl",
    "token_kl_exact",
    "truncated",
];

#[test]
fn every_figure_is_in_the_table_and_they_agree_with_each_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data"));
    let far = "ppo.policy.learning_rate=1e-3";
    let ensemble = "reward.ensemble={ members = 2, how = \"mean\" }";
    for (method, settings) in [
        ("ppo", &["method=ppo", far, ensemble][..]),
        ("rloo", &["method=rloo", "on_policy.prompts=4", "on_policy.optimizer.learning_rate=1e-3"]),
    ] {
        let lines = iterations(folder.path(), settings);
        assert_eq!(lines.len(), 3);
        for line in &lines {
            let of = |name: &str| *line.figures.get(name).unwrap_or_else(|| panic!("{method}: no {name}"));
            for name in line.figures.keys() {
                let figure = FIGURES.iter().find(|figure| figure.name == name);
                let figure = figure.unwrap_or_else(|| panic!("{method}: {name} is not in the table"));
                let share = figure.unit == "share" && *name != "explained_variance";
                assert!(!share || (0.0..=1.0).contains(&of(name)), "{method}: {name} {}", of(name));
            }
            ALWAYS.iter().for_each(|name| assert!(of(name).is_finite(), "{method}: {name}"));
            let close = |a: f64, b: f64| (a - b).abs() < 1e-5 * (1.0 + a.abs());
            // The penalty is β times what k1 measures.
            assert!(close(of("reward_kl"), -of("beta") * of("kl")), "{} {}", of("reward_kl"), of("kl"));
            let parts = ["reward", "reward_clip", "reward_missing_end", "reward_overlong", "reward_kl"];
            assert!(close(of("reward_total"), parts.iter().map(|part| of(part)).sum()), "{method}");
            assert!(of("kl_k2") >= 0.0 && of("kl_k3") >= 0.0 && of("kl_exact") >= -1e-6, "{method}");
            assert!(close(of("ended") + of("truncated"), 1.0));
            assert!(close(of("token_kl") * of("length"), of("kl")), "{method}");
            assert!(of("ratio_min") <= 1.0 + 1e-6 && of("ratio_max") >= 1.0 - 1e-6);
            assert!(of("length") <= of("length_max") && of("length_max") <= 8.0);
            let critic = line.figures.contains_key("value_loss");
            assert_eq!(critic, method == "ppo", "only PPO has a critic");
            assert_eq!(
                line.figures.contains_key("disagreement"),
                method == "ppo",
                "only it has an ensemble here"
            );
        }
        // The first rollout is the reference's own, by whichever estimator.
        for name in ["kl", "kl_k2", "kl_k3", "kl_exact"] {
            assert!(lines[0].figures[name].abs() < 1e-9, "{method}: {name}");
            assert!(lines[2].figures[name].abs() > 1e-9, "{method}: {name} after two updates");
        }
        let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
        assert!(page.contains("What rewards are made of") && !page.contains("NaN"));
    }
}
