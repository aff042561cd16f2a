//! Warnings of whole runs: in `metrics.jsonl`, in `summary.json`, at the top of the report and on the terminal.

use rlhf::config::{CliOverride, Config};
use rlhf::record::{Metrics, Phase, WarningSummary};
use rlhf::run::{RunOptions, Summary, report, run};
use rlhf::train::Warning;
use rlhf_tests::device::threads;
use rlhf_tests::run_data;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A run of seconds whose supervised model learns to say a word and to end, and whose reward model learns at once.
const CONFIG: &str = r#"
seed = 5
held_out = 0.4
context = 64

[base]
model = "base"
tokenizer = "bytes.tok"

[supervised]
formats = ["instructions"]
rows = 200
pretraining = 0.0
epochs = 12

[supervised.optimizer]
learning_rate = 3e-2

[reward]
formats = ["pairs"]
rows = 200
epochs = 4
batch = 8

[reward.optimizer]
learning_rate = 1e-2

[ppo]
formats = ["prompts"]
rows = 200
iterations = 3
prompt = 40
response = 12
batch = 16

[pretraining]
source = "base"
texts = 16
length = 16

[evaluation]
prompts = 40
samples = 4

[reasons]
"supervised.epochs" = "a test"
"supervised.optimizer.learning_rate" = "a test"
"reward.epochs" = "a test"
"reward.batch" = "a test"
"reward.optimizer.learning_rate" = "a test"
"ppo.batch" = "a test"
"#;

const ROWS: usize = 120;

/// A folder with a base, demonstrations of short answers that end, prompts, and pairs: `pair(i)` is the answer that
/// people prefer and the other one.
fn folder(pair: impl Fn(usize) -> [String; 2]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run_data::base(folder.path());
    let rows = |of: &dyn Fn(usize) -> Value| (0..ROWS).map(|i| of(i).to_string() + "\n").collect::<String>();
    let prompt = |i: usize| format!("Dish {i}?");
    let word = |i: usize| ["Fish.", "Soup.", "Rice.", "Cake."][i % 4];
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("a.data", rows(&|i| json!({"instruction": prompt(i), "response": word(i)})));
    write("b.data", rows(&|i| json!({"prompt": prompt(i)})));
    let pairs = |i: usize| {
        let [chosen, rejected] = pair(i);
        json!({"prompt": prompt(i), "chosen": chosen, "rejected": rejected})
    };
    write("c.data", rows(&pairs));
    write("run.toml", CONFIG.into());
    folder
}

/// Pairs that differ in what they say and not in how long they are.
fn by_taste(i: usize) -> [String; 2] {
    let others = ["Soup.", "Rice.", "Cake."];
    ["Fish.".into(), others[i % 3].into()]
}

/// The settings by which DPO learns a little, and stays near.
const LEARNING: [&str; 4] = [
    "method=dpo",
    "preference.batch=16",
    "preference.optimizer.learning_rate=3e-3",
    "preference.optimizer.warm_up={ steps = 0 }",
];

fn go(folder: &Path, set: &[&str]) -> Summary {
    let given: Vec<CliOverride> = set.iter().map(|given| given.parse().unwrap()).collect();
    let config = Config::read_with(&folder.join("run.toml"), &given).unwrap().with_data(folder);
    let out = folder.join("out");
    let _ = fs::remove_dir_all(&out);
    run(&config, &threads(1), &RunOptions::new(&out), &mut |_, _, _, _| {}).unwrap().unwrap()
}

fn standing(summary: &Summary) -> Vec<&Warning> {
    summary.common.warnings.iter().filter(|w| w.stands).map(|w| &w.last.warning).collect()
}

/// The headline of a run with warnings is no praise, and the report and the terminal have each of them.
fn told(folder: &Path, summary: &Summary) {
    let page = fs::read_to_string(folder.join("out/report.html")).unwrap();
    let first_screen = &page[..page.find("<nav").unwrap()];
    assert!(first_screen.contains("Do not trust this result") && !first_screen.contains("is the better one"));
    for WarningSummary { last, .. } in &summary.common.warnings {
        let finding = last.warning.finding();
        assert!(first_screen.contains(&finding[1..]), "{finding}");
        assert_eq!(report(summary).matches(&last.message).count(), 1, "{finding}");
    }
}

#[test]
fn a_healthy_run_warns_of_nothing() {
    let folder = folder(by_taste);
    let summary = go(folder.path(), &LEARNING);
    assert!(summary.common.warnings.is_empty(), "{:?}", summary.common.warnings);
    assert!(Metrics::read(&folder.path().join("out")).unwrap().iter().all(|line| line.warnings.is_empty()));
    let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(!page.contains("class=\"warnings\"") && !page.contains("Do not trust"));
    assert!(!report(&summary).contains("warnings"));
}

/// Its supervised model has hardly learned, so that hardly an answer ends.
#[test]
fn answers_that_never_end_are_told_of_in_all_places_whatever_the_method() {
    let folder = folder(by_taste);
    for (method, more) in
        [("grpo", "on_policy.prompts=4"), ("dpo", "preference.batch=16"), ("ppo", "ppo.batch=16")]
    {
        let _ = fs::remove_dir_all(folder.path().join("out"));
        let method_key = format!("method={method}");
        let set = [&method_key, "supervised.epochs=1", "supervised.optimizer.learning_rate=1e-6", more];
        let set = set.iter().flat_map(|set| ["--set", set]);
        let args = ["run", "run.toml", "--data", ".", "--out", "out", "--threads", "1"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_rlhf-tested"));
        let out = command.args(args).args(set).current_dir(folder.path()).output().unwrap();
        let (said, warned) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{method}: {warned}");
        // Once on the way, and once at the end.
        let way = warned.matches("of the answers end by themselves").count();
        assert!((1..=2).contains(&way), "{method}: {warned}");
        let (_, end) = said.split_once("\nwarnings\n").unwrap_or_else(|| panic!("{method}: {said}"));
        assert_eq!(end.matches("of the answers end by themselves").count(), 1, "{method}: {end}");
        assert!(said.contains("Do not trust this result") && !said.contains("is the better one"), "{said}");

        let stored: Value =
            serde_json::from_slice(&fs::read(folder.path().join("out/summary.json")).unwrap()).unwrap();
        let kept = stored["warnings"].as_array().unwrap();
        let ended =
            kept.iter().find(|one| one["kind"] == "ended").unwrap_or_else(|| panic!("{method}: {kept:?}"));
        assert_eq!(ended["stands"], true);
        assert!(
            ended["now"].as_f64().unwrap() < 0.5 && ended["message"].as_str().unwrap().contains("penalty")
        );
        let lines = Metrics::read(&folder.path().join("out")).unwrap();
        let with = lines
            .iter()
            .filter(|line| line.warnings.iter().any(|w| matches!(w.warning, Warning::Ended { .. })));
        let phases: Vec<Phase> = with.map(|line| line.phase).collect();
        assert_eq!(phases.last(), Some(&Phase::Evaluate));
        assert!(phases.len() == 1 || phases.contains(&Phase::Ppo), "{method}: {phases:?}");
        assert_eq!(
            phases.len() == 1,
            method == "dpo",
            "{method}: a warning of each rollout, where there are some"
        );
        assert_eq!(ended["times"], phases.len());
        let summary: Summary = serde_json::from_value(stored).unwrap();
        told(folder.path(), &summary);
    }
}

#[test]
fn a_reward_model_of_random_labels_is_told_to_be_at_chance() {
    let random = |i: usize| {
        let [a, b] = by_taste(i);
        if (i * 2_654_435_761) >> 7 & 1 == 0 { [a, b] } else { [b, a] }
    };
    let folder = folder(random);
    let summary = go(folder.path(), &[]);
    let chance = standing(&summary).into_iter().any(|warning| matches!(warning, Warning::Chance { .. }));
    assert!(chance, "{:?}", summary.reward_model.accuracy);
    told(folder.path(), &summary);
}

/// Answers of six syllables and of two; the longer one is preferred where `longer` says so.
fn by_length(longer: impl Fn(usize) -> bool) -> impl Fn(usize) -> [String; 2] {
    move |i| {
        let (long, short) = ("So".repeat(4 + i % 3) + ".", "So.".repeat(1 + i % 2));
        if longer(i) { [long, short] } else { [short, long] }
    }
}

#[test]
fn a_reward_model_that_follows_length_more_than_its_data_is_told_of() {
    // Six in seven prefer the longer answer, the others the shorter one, by nothing that can be read.
    let folder = folder(by_length(|i| !((i * 2_654_435_761) >> 7).is_multiple_of(7)));
    let summary = go(folder.path(), &["reward.epochs=2"]);
    let biased = standing(&summary).into_iter().any(|warning| matches!(warning, Warning::LengthBias { .. }));
    assert!(biased, "{:?}, {:?}", summary.reward_model.accuracy, summary.common.warnings);
    assert!(!summary.notes.iter().any(|note| note.contains("length is what")), "{:?}", summary.notes);
    told(folder.path(), &summary);
}

/// Somebody who wants short answers, or long ones, and says so in (nearly) every comparison.
#[test]
fn a_reward_model_of_comparisons_that_length_explains_is_no_failed_one() {
    for (rule, longer) in [("longer", true), ("shorter", false)] {
        let folder = folder(by_length(|i| (i % 20 == 7) != longer));
        let gently = "preference.optimizer.learning_rate=1e-3";
        let summary = go(folder.path(), &[&LEARNING[..], &[gently]].concat());
        let biased =
            standing(&summary).into_iter().any(|warning| matches!(warning, Warning::LengthBias { .. }));
        assert!(!biased, "{rule}: {:?}, {:?}", summary.reward_model, summary.common.warnings);
        assert!(summary.reward_model.accuracy.unwrap().value > 0.85, "{rule}: it learned");
        let remark = format!("your comparisons prefer the {rule} answer in 95\u{a0}% of 120 votes");
        assert!(summary.notes.iter().any(|note| note.starts_with(&remark)), "{:?}", summary.notes);
        let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
        assert!(page.contains(&remark), "{rule}");
        assert!(summary.common.warnings.is_empty() && !page.contains("Do not trust"), "{:?}", summary.common);
    }
}

#[test]
fn a_policy_beyond_its_budget_of_kl_is_told_of() {
    let folder = folder(by_taste);
    let beyond = |budget: &str| {
        let summary = go(folder.path(), &[&LEARNING[..], &[budget]].concat());
        let kl = standing(&summary).into_iter().any(|warning| matches!(warning, Warning::Kl { .. }));
        (kl, summary)
    };
    let (warned, summary) = beyond("guards.kl_budget=0.1");
    assert!(warned, "{}", summary.common.kl);
    told(folder.path(), &summary);
    assert!(!beyond("guards.kl_budget=1e6").0);
}

#[test]
fn a_policy_that_learned_nothing_is_told_of() {
    let folder = folder(by_taste);
    let still = ["method=dpo", "preference.batch=16", "preference.optimizer.learning_rate=1e-12"];
    let summary = go(folder.path(), &still);
    let standing = standing(&summary);
    assert!(matches!(standing[..], [Warning::Unchanged { answers: 40 }]), "{standing:?}");
    let before = summary.notes.iter().filter(|note| note.starts_with("nothing will be learnt in `dpo`: "));
    assert_eq!(before.count(), 1, "{:?}", summary.notes);
    told(folder.path(), &summary);
}

#[test]
fn held_out_votes_that_are_all_ties_are_told_of() {
    let folder = folder(by_taste);
    let row = |name: &str, row: &dyn Fn(usize) -> Value| {
        let rows: String = (0..8).map(|i| row(i).to_string() + "\n").collect();
        fs::write(folder.path().join(name), rows).unwrap();
    };
    row("test.prompts", &|i| json!({"prompt": format!("Drink {i}?")}));
    let same = |i: usize| {
        json!({
            "context": [{"role": "prompter", "text": format!("Drink {i}?")}],
            "responses": [{"text": "Tea.", "rank": 0}, {"text": "Milk.", "rank": 0}]
        })
    };
    row("test.ranks", &same);
    let set = ["held_out=0.000001", "reward.formats=[\"pairs\", \"rankings\"]"];
    let summary = go(folder.path(), &set);
    assert!(standing(&summary).contains(&&Warning::TiedVotes { votes: 8 }), "{:?}", summary.common.warnings);
    told(folder.path(), &summary);
}
