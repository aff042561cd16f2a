//! Runs under real-world trouble.

use rlhf::config::{Config, Given};
use rlhf::train::profile::Method;
use rlhf_tests::run_data::{self, CONFIG};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The command in a folder, on one thread.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rlhf-tested"));
    command.args(args).args(["--threads", "1"]).current_dir(folder);
    command
}

fn rlhf(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

/// Its exit code, and all that it says.
fn said(folder: &Path, args: &[&str]) -> (i32, String) {
    let out = rlhf(folder, args);
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap(), text)
}

fn lines(rows: impl IntoIterator<Item = Value>) -> String {
    rows.into_iter().map(|row| row.to_string() + "\n").collect()
}

/// A folder with data, a base of 96 tokens' context and `run.toml`, whose run takes a second.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run_data::write(folder.path());
    fs::write(folder.path().join("run.toml"), CONFIG).unwrap();
    folder
}

/// `run` on it, with further arguments.
fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "run.toml", "--data", "."], more].concat()
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_goes_on_when_nobody_can_read_its_progress() {
    let folder = prepared();
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let mut full_disk = command(folder.path(), &run(&["--out", "full"]));
    assert!(full_disk.stdout(full()).stderr(full()).status().unwrap().success());
    // A reader that ends after the first line, as `head -1` does.
    let mut closed = command(folder.path(), &run(&["--out", "closed"]));
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = closed.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
    drop((reader, closed));
    assert!(child.wait().unwrap().success());
    for out in ["full", "closed"] {
        assert!(folder.path().join(out).join("summary.json").exists(), "{out}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = prepared();
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let tokenizer = ["--tokenizer", "bytes.tok"];
    let generate = [&["generate", "base", "--prompt", "Why?"], &tokenizer[..]].concat();
    for args in
        [&generate[..], &["config"], &["completions", "bash"], &["config", "check", "run.toml", "--json"]]
    {
        let out = command(folder.path(), args).stdout(full()).output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stderr).contains("No space"), "{args:?}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let out = command(folder.path(), args).stdout(writer).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "a reader who has seen enough: {args:?}");
        assert!(!String::from_utf8_lossy(&out.stderr).contains("panic"), "{args:?}");
    }
}

/// Names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_of_a_name_that_a_run_would_write_is_left_as_it_is() {
    let folder = prepared();
    let own = "# My notes\n".to_owned() + CONFIG;
    fs::write(folder.path().join("config.toml"), &own).unwrap();
    let before = names(folder.path());
    for more in [&["--out", "."][..], &["--out", ".", "--overwrite"], &["--out", ".", "--resume"]] {
        let (code, text) = said(folder.path(), &[&["run", "config.toml", "--data", "."], more].concat());
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("config.toml: it is there already"), "{text}");
    }
    let (code, text) = said(folder.path(), &["config", "check", "run.toml", "--data", ".", "--out", "."]);
    assert!(code == 2 && text.contains("config.toml"), "{text}");
    assert_eq!(names(folder.path()), before, "nothing is left behind");
    assert_eq!(fs::read_to_string(folder.path().join("config.toml")).unwrap(), own);
    for name in ["summary.json", "metrics.jsonl", "checkpoints", "offending.jsonl", "sft"] {
        let out = folder.path().join("taken").join(name);
        fs::create_dir_all(out.parent().unwrap()).unwrap();
        fs::write(&out, "mine").unwrap();
        let (code, text) = said(folder.path(), &run(&["--out", "taken"]));
        assert!(code == 2 && text.contains(name), "{text}");
        assert_eq!(names(out.parent().unwrap()), [name]);
        fs::remove_file(out).unwrap();
    }
}

#[test]
fn overwrite_removes_what_the_run_wrote_and_nothing_else() {
    let folder = prepared();
    let out = folder.path().join("out");
    let first = rlhf(folder.path(), &run(&["--out", "out"]));
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    for name in ["notes.md", "curve.svg", "policy/notes.md", "tensorboard/notes.md", "offending.jsonl"] {
        fs::write(out.join(name), "mine").unwrap();
    }
    // What a run would write only now is in its way before it begins.
    let (code, text) = said(folder.path(), &run(&["--out", "out", "--overwrite"]));
    assert!(code == 2 && text.contains("offending.jsonl"), "{text}");
    for name in ["notes.md", "curve.svg", "policy/notes.md", "tensorboard/notes.md", "offending.jsonl"] {
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), "mine");
    }
    for name in ["offending.jsonl", "policy/notes.md", "tensorboard/notes.md"] {
        fs::remove_file(out.join(name)).unwrap();
    }
    for name in ["policy", "tensorboard"] {
        fs::remove_dir(out.join(name)).unwrap();
    }
    let (code, text) = said(folder.path(), &run(&["--out", "out", "--overwrite"]));
    assert_eq!(code, 0, "{text}");
    assert!(out.join("notes.md").exists() && out.join("curve.svg").exists() && out.join("policy").exists());
}

#[test]
fn a_start_that_fails_leaves_nothing_behind() {
    let folder = prepared();
    fs::write(folder.path().join("g.txt"), "too little").unwrap();
    let before = names(folder.path());
    // The text of the pretraining mix is looked for when the folder is there.
    let text = ["--out", "new/out", "--set", "pretraining.source=text", "--set", "pretraining.length=90"];
    let (code, text) = said(folder.path(), &run(&text));
    assert_ne!(code, 0, "{text}");
    let (code, text) = said(folder.path(), &run(&["--out", "new/out", "--set", "seed=x"]));
    assert_eq!(code, 2, "{text}");
    assert_eq!(names(folder.path()), before);
}

fn pairs(prompt: impl Fn(usize) -> String, chosen: &str, rejected: &str) -> String {
    lines((0..40).map(|i| serde_json::json!({"prompt": prompt(i), "chosen": chosen, "rejected": rejected})))
}

/// The same with `reward` from pairs alone, which are these, and what is written to `summary.json`.
fn on_pairs(folder: &Path, out: &str, rows: &str, more: &[&str]) -> (i32, String, Value) {
    fs::write(folder.join("pairs.jsonl"), rows).unwrap();
    let set = ["--out", out, "--set", "reward.formats=[\"pairs\"]"];
    let (code, text) = said(folder, &run(&[&set[..], more].concat()));
    let summary = fs::read(folder.join(out).join("summary.json"));
    (code, text, summary.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap()))
}

#[test]
fn answers_as_long_as_the_context_keep_some_of_their_prompt_and_are_counted() {
    let folder = prepared();
    let mut weights = Vec::new();
    for (name, word) in [("red", "red"), ("blue", "blue")] {
        let rows = pairs(|i| format!("Why is {i} so {word}?"), &"a".repeat(104), &"b ".repeat(52));
        let (code, text, summary) = on_pairs(folder.path(), name, &rows, &[]);
        assert_eq!(code, 0, "{text}");
        let note =
            "reward, comparisons, pairs: 40 of 40 rows are longer than the context of 96 tokens and were cut";
        assert!(text.matches(note).count() >= 2, "at the beginning and at the end: {text}");
        assert!(summary["notes"].to_string().contains(note), "{}", summary["notes"]);
        assert_eq!(summary["data"]["comparisons"][0]["cut"], 40);
        assert_eq!(summary["data"]["comparisons"][0]["cut_answers"], 40);
        weights.push(fs::read(folder.path().join(name).join("reward/model.safetensors")).unwrap());
    }
    assert_ne!(weights[0], weights[1], "the prompts tell the two apart");
}

#[test]
fn ties_alone_are_found_before_anything_is_trained() {
    let folder = prepared();
    let rows = (0..40).map(|i| {
        serde_json::json!({"prompt": format!("Why {i}?"), "answers": ["Yes.", "No.", "So."], "ranks": [1, 1, 1]})
    });
    fs::write(folder.path().join("ranks.jsonl"), lines(rows)).unwrap();
    let set = ["--set", "reward.formats=[\"ranked\"]"];
    for method in ["method=ppo", "method=dpo", "method=ilql"] {
        let (code, text) =
            said(folder.path(), &run(&[&["--out", "out", "--set", method], &set[..]].concat()));
        assert!(code == 2 && text.contains("there is no decided vote to learn from"), "{text}");
    }
    let (code, text) =
        said(folder.path(), &[&["config", "check", "run.toml", "--data", "."], &set[..]].concat());
    assert_eq!(code, 2, "{text}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn labels_of_one_kind_are_found_before_anything_is_trained() {
    let folder = prepared();
    let rows = |label| {
        lines((0..40).map(
            |i| serde_json::json!({"prompt": format!("Why {i}?"), "completion": " So.", "label": label}),
        ))
    };
    for label in [true, false] {
        fs::write(folder.path().join("labels.jsonl"), rows(label)).unwrap();
        let (code, text) = said(folder.path(), &run(&["--out", "out", "--set", "method=kto"]));
        assert_eq!(code, 2, "{text}");
        let class = if label { "answers are desirable" } else { "answers are undesirable" };
        assert!(text.contains(class) && text.contains("want both kinds"), "{text}");
        let (code, text) = said(
            folder.path(),
            &run(&["--out", "out", "--set", "reward.loss=outcome", "--set", "reward.formats=[\"feedback\"]"]),
        );
        assert!(code == 2 && text.contains("all labels are"), "{text}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_warm_up_that_is_longer_than_the_training_is_told_before_it() {
    let folder = prepared();
    let set = ["--set", "method=dpo"];
    let note = "step 3, dpo: the warm-up of 150 steps is longer than the training, which has";
    let (code, text) =
        said(folder.path(), &[&["config", "check", "run.toml", "--data", "."], &set[..]].concat());
    assert!(
        code == 0 && text.contains(note) && text.contains("method.preference.optimiser.warm_up"),
        "{text}"
    );
    let (code, text) = said(folder.path(), &run(&[&["--out", "out"], &set[..]].concat()));
    assert!(code == 0 && text.contains(note), "{text}");
    let summary = fs::read_to_string(folder.path().join("out/summary.json")).unwrap();
    assert!(summary.contains(note), "{summary}");
}

#[test]
fn a_learning_rate_of_nothing_is_told() {
    let folder = prepared();
    for (method, setting) in [
        ("ppo", "supervised.optimiser"),
        ("ppo", "reward.optimiser"),
        ("ppo", "ppo.policy"),
        ("grpo", "method.on_policy.optimiser"),
        ("kto", "method.kto.optimiser"),
        ("simpo", "method.preference.optimiser"),
        ("online_dpo", "method.online.optimiser"),
        ("best_of_n", "method.expert_iteration.optimiser"),
    ] {
        let (method, rate) = (format!("method={method}"), format!("{setting}.learning_rate=0"));
        let set = ["config", "check", "run.toml", "--data", ".", "--set", &method, "--set", &rate];
        let (code, text) = said(folder.path(), &set);
        assert!(code == 0 && text.contains(&format!("the learning rate is 0 ({setting}")), "{text}");
    }
}

#[test]
fn files_that_are_named_for_testing_are_held_out_whole() {
    let folder = prepared();
    let rows = |n: usize| {
        lines((0..n).map(
            |i| serde_json::json!({"prompt": format!("Tested {i}?"), "chosen": "Yes.", "rejected": "No."}),
        ))
    };
    fs::create_dir(folder.path().join("validation")).unwrap();
    fs::write(folder.path().join("hh_test.jsonl"), rows(12)).unwrap();
    fs::write(folder.path().join("validation/x.jsonl"), rows(9)).unwrap();
    fs::write(folder.path().join("latest.jsonl"), rows(30)).unwrap();
    let set = ["--out", "out", "--set", "reward.formats=[\"pairs\"]", "--set", "held_out=0.2"];
    let (code, text) = said(folder.path(), &run(&set));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("their names say that they are for testing"), "{text}");
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/summary.json")).unwrap()).unwrap();
    let sets = summary["data"]["comparisons"].as_array().unwrap();
    let of = |name: &str| sets.iter().find(|set| set["name"] == name).unwrap();
    assert_eq!((&of("hh")["train"], &of("hh")["held_out"]), (&Value::from(0), &Value::from(12)));
    assert_eq!(of("x")["train"], 0);
    assert!(
        of("latest")["train"].as_u64().unwrap() <= 18,
        "their prompts are not trained on from other files either"
    );
    assert!(of("latest")["train"].as_u64().unwrap() > 5);
    // What is for testing alone teaches nothing.
    fs::remove_file(folder.path().join("latest.jsonl")).unwrap();
    let (code, text) = said(folder.path(), &run(&[&set[..], &["--overwrite"]].concat()));
    assert!(code == 2 && text.contains("is for testing"), "{text}");
}

#[test]
fn every_file_that_is_not_read_is_named_with_the_reason() {
    let folder = prepared();
    fs::write(folder.path().join("odd.jsonl"), "{\"colour\": \"red\"}\n").unwrap();
    fs::write(
        folder.path().join("logged.jsonl"),
        lines((0..3).map(|i| serde_json::json!({"prompt": format!("{i}"), "response": "a", "reward": 1.0}))),
    )
    .unwrap();
    let (code, text) = said(folder.path(), &run(&["--out", "out"]));
    assert_eq!(code, 0, "{text}");
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/summary.json")).unwrap()).unwrap();
    let left_out = summary["data"]["left_out"].as_array().unwrap();
    for name in ["odd.jsonl", "logged.jsonl", "g.txt"] {
        assert!(text.contains(&format!("not read: ./{name}: ")), "{name}: {text}");
        assert!(left_out.iter().any(|file| file["path"].as_str().unwrap().ends_with(name)), "{name}");
    }
    assert!(!text.contains("base/model.safetensors"), "models are read: {text}");
}

#[test]
fn a_value_out_of_range_is_told_in_few_digits() {
    let folder = prepared();
    for (set, wanted) in [
        ("supervised.batch=0", "want 1 or more"),
        ("supervised.epochs=0", "want 1 or more"),
        ("reward.epochs=0", "want 1 or more"),
        ("ppo.epochs=0", "want 1 or more"),
        ("ppo.iterations=0", "1 or more"),
        ("ppo.temperature=0", "want above 0"),
        ("ppo.dropout=1", "want 0 to 0.99"),
        ("ppo.shaping.score_clip=-1.0", "want above 0"),
        ("ppo.pretraining.examples=1e30", "want 0 to 1024, not 1e30"),
        ("ppo.policy.learning_rate=-1e300", "want 0 or more, not -1e300"),
    ] {
        let (code, text) = said(folder.path(), &["config", "check", "run.toml", "--data", ".", "--set", set]);
        assert_eq!(code, 2, "{set}: {text}");
        assert!(text.contains(wanted), "{set}: {text}");
        let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(digits < Some(40), "{text}");
    }
    for (args, wanted) in
        [(["--top-p", "0"], "want above 0 and at most 1"), (["--min-p", "2"], "want 0 to 1")]
    {
        let generate = ["generate", "base", "--tokenizer", "bytes.tok", "--prompt", "a"];
        let (code, text) = said(folder.path(), &[&generate[..], &args].concat());
        assert!(code == 2 && text.contains(wanted), "{text}");
    }
}

#[test]
fn a_rate_that_is_too_high_ends_every_method_with_advice_and_samples() {
    let folder = prepared();
    let zero = |setting: &str| format!("{setting}.warm_up={{ steps = 0 }}");
    for (method, setting) in [
        ("ppo", "ppo.policy"),
        ("grpo", "method.on_policy.optimiser"),
        ("dpo", "method.preference.optimiser"),
        ("kto", "method.kto.optimiser"),
        ("online_dpo", "method.online.optimiser"),
        ("best_of_n", "method.expert_iteration.optimiser"),
        ("ilql", "method.ilql.optimiser"),
        ("ppo", "supervised.optimiser"),
        ("ppo", "reward.optimiser"),
    ] {
        let out = format!("{method}-{setting}");
        let (method, rate) = (format!("method={method}"), format!("{setting}.learning_rate=1e10"));
        let set = ["--out", &out, "--set", &method, "--set", &rate, "--set", &zero(setting)];
        let (code, text) = said(folder.path(), &run(&set));
        assert_eq!(code, 3, "{setting}: {text}");
        let last = text.lines().find(|line| line.starts_with("error: ")).unwrap();
        // A reward model that was made of a broken step 1 is broken too, and is where that shows.
        let own = ["lower ", setting, ".learning_rate"].concat();
        assert!(last.contains(&own) || setting.starts_with("supervised"), "{last}");
        assert!(folder.path().join(&out).join("offending.jsonl").exists(), "{last}");
    }
}

#[test]
fn a_finished_run_is_made_longer() {
    let folder = prepared();
    let out = |name: &str, iterations: &str, more: &[&str]| {
        let set = format!("ppo.iterations={iterations}");
        let (code, text) = said(folder.path(), &run(&[&["--out", name, "--set", &set], more].concat()));
        assert_eq!(code, 0, "{text}");
        let folder = folder.path().join(name);
        let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
        (summary["weights_sha256"].clone(), summary["iterations"].as_array().unwrap().len(), folder)
    };
    let short = out("out", "2", &[]);
    let longer = out("out", "4", &["--resume"]);
    let whole = out("whole", "4", &[]);
    assert_eq!((longer.1, &longer.0), (whole.1, &whole.0), "as if it had never ended");
    assert_ne!(short.0, longer.0);
    let lines = fs::read_to_string(longer.2.join("metrics.jsonl")).unwrap();
    for line in lines.lines().filter(|line| line.contains("\"ppo\"")) {
        assert!(line.contains("learning_rate"), "{line}");
    }
    let set = ["--out", "out", "--resume", "--set", "ppo.iterations=3"];
    let (code, text) = said(folder.path(), &run(&set));
    assert!(code == 2 && text.contains("iterations was 4 and is now 3"), "{text}");
}

#[test]
fn a_flipped_bit_in_a_manifest_is_not_resumed() {
    let folder = prepared();
    let (code, text) = said(folder.path(), &run(&["--out", "out"]));
    assert_eq!(code, 0, "{text}");
    let checkpoints = folder.path().join("out/checkpoints");
    let name = names(&checkpoints).pop().unwrap();
    let manifest = checkpoints.join(name).join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let digit = text.find("\"beta\": 0.0").map(|at| at + "\"beta\": 0.0".len());
    let digit = digit.unwrap_or_else(|| text.find("\"iteration\": ").unwrap() + "\"iteration\": ".len());
    let mut bytes = text.into_bytes();
    bytes[digit] ^= 1;
    fs::write(&manifest, bytes).unwrap();
    let (code, text) = said(folder.path(), &run(&["--out", "out", "--resume", "--set", "ppo.iterations=9"]));
    assert!(code == 1 && text.contains("manifest.json") && text.contains("damaged"), "{text}");
}

#[test]
fn a_prompt_means_the_same_with_a_newline_behind_it() {
    let folder = prepared();
    let answer = |prompt: &str, more: &[&str]| {
        let generate =
            ["generate", "base", "--tokenizer", "bytes.tok", "--max-new-tokens", "8", "--prompt", prompt];
        let (code, text) = said(folder.path(), &[&generate[..], more].concat());
        assert_eq!(code, 0, "{text}");
        text
    };
    let plain = answer("Why is it so?", &["--transcript"]);
    for prompt in ["Why is it so?\n", "Why is it so?  ", "\n\nHuman: Why is it so?\n\nAssistant:"] {
        assert_eq!(answer(prompt, &["--transcript"]), plain, "{prompt:?}");
    }
    for prompt in ["\n\nHuman: Why is it so?\n\nAssistant:", "\n\nHuman: Why is it so?\n\nAssistant: \n"] {
        assert_eq!(answer(prompt, &[]), plain, "{prompt:?}");
    }
}

/// The numbers of a recipe: the places of settings that have one.
fn numbers(place: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Number(_) => out.push(place.into()),
        Value::Object(parts) => {
            for (name, part) in parts {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                numbers(&place, part, out);
            }
        }
        _ => {}
    }
}

/// Settings that may be below 0: a bonus may be a malus, a penalty a gift, a threshold anywhere.
const SIGNED: [&str; 7] =
    ["entropy", "missing_end.subtract", "missing_end.replace", "beta", "score", "log_ratio", "alpha"];

#[test]
fn every_number_of_every_recipe_has_bounds_that_a_check_knows() {
    let config = |method: &str, set: &str, value: &str| {
        let given = |name: &str, value: &str| Given { name: name.into(), value: value.into() };
        let given = [given("method", method), given("distillation.teacher", "base"), given(set, value)];
        let given = if method.contains("distil") || method == "gkd" {
            &given[..]
        } else {
            &[given[0].clone(), given[2].clone()]
        };
        Config::parse(CONFIG, "run.toml".as_ref(), given)
    };
    let (mut seen, mut free) = (0, BTreeSet::new());
    for method in Method::names() {
        let recipe = serde_json::to_value(Config::recipe("instructgpt", method, 8).unwrap()).unwrap();
        let mut all = Vec::new();
        numbers("", &recipe, &mut all);
        for name in all {
            seen += 1;
            let past = [config(method, &name, "-1.0"), config(method, &name, "-1")];
            if past.iter().any(Result::is_ok) && !SIGNED.iter().any(|signed| name.ends_with(signed)) {
                free.insert(name.clone());
            }
            if let Some(error) = past.into_iter().find_map(Result::err) {
                let text = error.to_string();
                assert!(!text.contains("0000000000000000"), "{name}: {text}");
            }
        }
    }
    assert!(free.is_empty(), "taken below 0: {free:?}");
    assert!(seen > 1000, "{seen}");
    for (key, least, below) in [
        ("ppo.iterations", "1", "0"),
        ("ppo.prompt", "2", "1"),
        ("ppo.response", "1", "0"),
        ("context", "96", "15"),
        ("held_out", "0.001", "0"),
        ("supervised.rows", "1", "0"),
        ("supervised.pretraining", "0", "-0.1"),
        ("pretraining.texts", "0", "-1"),
        ("pretraining.length", "2", "1"),
        ("guards.max_ratio", "1", "0.9"),
        ("guards.max_kl", "1e-3", "0"),
        ("evaluation.prompts", "2", "1"),
        ("supervised.epochs", "1", "0"),
        ("reward.epochs", "1", "0"),
        ("ppo.dropout", "0.99", "1"),
        ("ppo.pretraining.examples", "1024", "1025"),
    ] {
        assert!(config("ppo", key, least).is_ok(), "{key}={least}");
        assert!(config("ppo", key, below).is_err(), "{key}={below}");
    }
}

/// A terminal that is closed hangs up on the run, and so does its shell.
#[cfg(unix)]
#[test]
fn a_closed_terminal_leaves_a_checkpoint_to_resume_from() {
    let folder = prepared();
    let set = ["--out", "out", "--set", "ppo.iterations=4000"];
    let mut child =
        command(folder.path(), &run(&set)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let metrics = folder.path().join("out/metrics.jsonl");
    while fs::metadata(&metrics).map_or(0, |metrics| metrics.len()) == 0 {
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    // The second may come too late.
    let _ = Command::new("kill").args(["-HUP", &id]).stderr(Stdio::null()).status();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let checkpoints = folder.path().join("out/checkpoints");
    assert!(checkpoints.exists() || folder.path().join("out/sft").exists());
}

#[test]
fn what_a_run_wrote_is_no_data_for_the_next() {
    let folder = prepared();
    let rate = ["--out", "out", "--set", "reward.optimiser.learning_rate=1e10"];
    let (code, text) = said(folder.path(), &run(&rate));
    assert_eq!(code, 3, "{text}");
    fs::write(
        folder.path().join("out/mine.jsonl"),
        lines((0..4).map(|i| serde_json::json!({"instruction": format!("Mine {i}"), "response": "So."}))),
    )
    .unwrap();
    let samples =
        lines((0..4).map(|i| serde_json::json!({"instruction": format!("Bad {i}"), "response": "No."})));
    fs::write(folder.path().join("out/offending.jsonl"), samples).unwrap();
    let (code, text) = said(folder.path(), &run(&["--out", "other"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("out/offending.jsonl: a run's own"), "{text}");
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path().join("other/summary.json")).unwrap()).unwrap();
    let names: Vec<_> =
        summary["data"]["demonstrations"].as_array().unwrap().iter().map(|set| &set["name"]).collect();
    assert!(
        names.contains(&&Value::from("mine")) && !names.contains(&&Value::from("offending")),
        "{names:?}"
    );
}
