//! The report of a run's folder, finished or not.

use rlhf::record::{Line, Metrics, Phase};
use rlhf::train::profile::Profile;
use rlhf_cli::report::{compare, read, write};
use serde_json::{Value, json};
use std::path::Path;

fn measure(folder: &Path) {
    let mut metrics = Metrics::begin(folder, &[]).unwrap();
    for step in 1..=5 {
        let figures = [("reward".to_string(), 0.5), ("kl".into(), step as f64)].into();
        metrics
            .add(&Line { phase: Phase::Ppo, step, total: 9, figures, seconds: 0.5, warnings: vec![] })
            .unwrap();
    }
}

const HOSTILE: &str = "</div><script>alert(1)</script>\u{202e}";

/// A run's summary in which all texts are hostile.
fn summary() -> Value {
    let share = json!({"value": 0.7, "low": 0.6, "high": 0.8, "n": 90});
    let accuracy = json!({"value": 0.6512, "low": 0.55, "high": 0.75, "n": 86, "prompts": 40});
    let (stages, pair) = (json!({"base": 3.0, "sft": 2.0, "ppo": 2.1}), json!({"sft": 1.0, "ppo": 2.0}));
    let answer = json!({"text": HOSTILE, "reward": 1.25});
    json!({
        "version": HOSTILE, "seed": 3, "device": HOSTILE, "parameters": 12, "profile": HOSTILE,
        "settings": Profile::instructgpt(),
        "overrides": [{"setting": HOSTILE, "paper": null, "here": HOSTILE, "reason": HOSTILE}],
        "data": {"demonstrations": [], "comparisons": [
            {"name": HOSTILE, "format": "pairs", "rows": 9, "refused": 0, "train": 5, "held_out": 4, "cut": 1}
        ], "prompts": [], "pretraining": 0},
        "losses": {"demonstrations": stages, "pretraining": stages},
        "reward_model": {"accuracy": accuracy, "data_sets": [
            {"name": HOSTILE, "format": "pairs", "accuracy": accuracy},
            {"name": "none", "format": "rankings", "accuracy": null}
        ]},
        "reward": pair, "win_rate": share, "kl": 4.5, "length": pair, "ended": pair,
        "iterations": [], "samples": [{"prompt": HOSTILE, "sft": answer, "ppo": answer}],
        "seconds": {"data": 1, "sft": 1, "reward": 1, "ppo": 1, "evaluate": 1,
                    "per_step": {"sft": 1, "reward": 1, "ppo": 1}},
        "weights_sha256": HOSTILE
    })
}

#[test]
fn a_run_that_has_not_finished_shows_its_curves_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    measure(folder.path());
    let path = write(folder.path()).unwrap();
    let html = std::fs::read_to_string(&path).unwrap();
    assert_eq!(path, folder.path().join("report.html"));
    assert!(html.contains("not finished") && html.contains("step 5 of 9"), "{html}");
    assert!(html.contains("Reward against distance") && html.matches("<svg").count() == 3);
    // Anew at any time, over the one that is there.
    assert_eq!(std::fs::read_to_string(write(folder.path()).unwrap()).unwrap(), html);
}

#[test]
fn a_summary_of_hostile_texts_is_shown_as_text() {
    let folder = tempfile::tempdir().unwrap();
    measure(folder.path());
    std::fs::write(folder.path().join("summary.json"), summary().to_string()).unwrap();
    let html = std::fs::read_to_string(write(folder.path()).unwrap()).unwrap();
    assert!(!html.contains("<script") && !html.contains('\u{202e}'));
    let shown = "&lt;/div&gt;&lt;script&gt;alert(1)&lt;/script&gt;‹U+202E›";
    assert!(html.matches(shown).count() > 10, "{}", html.matches(shown).count());
    for said in [
        "70\u{a0}%",
        "60\u{a0}% to 80\u{a0}%",
        "4.5 nats",
        "reward +1.25",
        "65.1 %",
        "none held out",
        "ppo.gae.lambda",
    ] {
        assert!(html.contains(said), "{said}");
    }
    // A summary alone will do.
    std::fs::remove_file(folder.path().join("metrics.jsonl")).unwrap();
    let page = read(folder.path()).unwrap();
    assert!(page.sections.iter().all(|section| !section.title.contains("Step 3")));
    assert_eq!(page.samples.len(), 1);
}

#[test]
fn a_verdict_claims_no_more_than_its_interval() {
    let verdict = |low: f64, high: f64| {
        let folder = tempfile::tempdir().unwrap();
        let mut summary = summary();
        summary["win_rate"] = json!({"value": (low + high) / 2.0, "low": low, "high": high, "n": 30});
        std::fs::write(folder.path().join("summary.json"), summary.to_string()).unwrap();
        read(folder.path()).unwrap().verdict
    };
    assert!(verdict(0.51, 0.7).contains("better one more often"));
    assert!(verdict(0.3, 0.49).contains("worse one more often"));
    assert!(verdict(0.49, 0.7).contains("cannot tell"));
}

/// The share of wins that is praised, and no wins, with a warning.
#[test]
fn no_verdict_praises_while_a_warning_stands() {
    let verdict = |stands: bool| {
        let folder = tempfile::tempdir().unwrap();
        let mut summary = summary();
        summary["win_rate"] = json!({"value": 0.97, "low": 0.92, "high": 0.99, "n": 100});
        summary["warnings"] = json!([{
            "kind": "ended", "now": 0.0, "before": 0.97, "message": HOSTILE, "phase": "ppo", "step": 3, "times": 7,
            "stands": stands
        }]);
        std::fs::write(folder.path().join("summary.json"), summary.to_string()).unwrap();
        let html = std::fs::read_to_string(write(folder.path()).unwrap()).unwrap();
        assert!(!html.contains("<script"));
        let page = read(folder.path()).unwrap();
        assert_eq!(page.warnings.len(), 1);
        (page.verdict, page.warnings[0].place.clone())
    };
    let (said, place) = verdict(true);
    assert!(
        said.starts_with("Do not trust this result: 0\u{a0}% of the answers end by themselves"),
        "{said}"
    );
    assert!(said.contains("wins 97\u{a0}%") && !said.contains("better"), "{said}");
    assert_eq!(place, "measured at the end; seen 6 times from step 3, iteration 3 on");
    let (said, place) = verdict(false);
    assert!(said.contains("is the better one more often than not"), "what passed on the way: {said}");
    assert_eq!(place, "seen 7 times from step 3, iteration 3 on; not at the end");
}

#[test]
fn two_runs_are_laid_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["first <b>", "second"].map(|name| folder.path().join(name));
    for (run, seed, text) in [(&a, 3, "so"), (&b, 4, "or so")] {
        std::fs::create_dir(run).unwrap();
        measure(run);
        let mut summary = summary();
        summary["seed"] = json!(seed);
        summary["method"] = json!(if seed == 3 { "ppo" } else { "dr_grpo" });
        summary["samples"][0]["ppo"]["text"] = json!(text);
        std::fs::write(run.join("summary.json"), summary.to_string()).unwrap();
    }
    let path = compare(&a, &b).unwrap();
    assert_eq!(path, a.join("comparison.html"));
    let html = std::fs::read_to_string(&path).unwrap();
    assert!(!html.contains("<b>") && html.contains("first &lt;b&gt; beside second"));
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("PPO's answer to") < at("Dr. GRPO's answer to"), "both verdicts");
    assert!(at(">so<") < at(">or so<"), "both answers to one prompt");
    // What differs, and nothing else.
    let differences = &html[at("Settings, and what the runs were made of")..at("id=\"part-2\"")];
    assert!(differences.contains("seed") && !differences.contains("ppo.gae.lambda"), "{differences}");
    // Both curves are in one chart. Anew at any time; another's file is left alone.
    assert_eq!(html.matches("<svg").count(), 2, "reward, and KL");
    assert_eq!(std::fs::read_to_string(compare(&a, &b).unwrap()).unwrap(), html);
    assert!(compare(&a, folder.path()).unwrap_err().to_string().contains("want the folder of a run"));
    // A run beside itself differs in nothing.
    let same = std::fs::read_to_string(compare(&a, &a).unwrap()).unwrap();
    assert!(same.contains("There is no difference."));
}

#[test]
fn what_is_no_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let fails = || write(folder.path()).unwrap_err().to_string();
    assert!(fails().contains("want the folder of a run"));
    for (text, place) in [("{", "JSON"), ("{}", "summary"), ("[1]", "summary"), (r#"{"gold": 1}"#, "summary")]
    {
        std::fs::write(folder.path().join("summary.json"), text).unwrap();
        let error = fails();
        assert!(error.contains("summary.json") && error.contains(place), "{error}");
    }
    std::fs::write(folder.path().join("metrics.jsonl"), "{}\n").unwrap();
    assert!(fails().contains("line 1"));
    assert!(!folder.path().join("report.html").exists());
}
