//! A first run: the recipe that fits the base, prompts where there are none, the plan, and a drafted configuration.

use super::{prepared, said};
use rlhf::config::Config;
use rlhf_tests::run_data::CONFIG;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// [`CONFIG`] as a file of today that leaves the recipe open.
fn open_recipe() -> String {
    CONFIG.replace("version = 1\n", "")
}

fn check(folder: &Path, set: &[&str]) -> String {
    let (code, text) = said(folder, &[&["config", "check", "run.toml", "--data", "."], set].concat());
    assert_eq!(code, 0, "{text}");
    text
}

/// The rest of the line that begins so.
fn line<'a>(text: &'a str, begins: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(begins))
        .unwrap_or_else(|| panic!("no {begins:?} in {text}"))
}

#[test]
fn the_size_of_the_base_chooses_the_recipe_and_parts_of_a_run_keep_it() {
    let folder = prepared();
    fs::write(folder.path().join("run.toml"), open_recipe()).unwrap();
    let told = |text: &str| text.contains("weights: recipe `small`");
    assert!(told(&check(folder.path(), &[])));
    assert!(!told(&check(folder.path(), &["--set", "profile=trl"])));
    let part = |command: &str, out: &str, set: &[&str]| {
        let (code, text) =
            said(folder.path(), &[&[command, "run.toml", "--data", ".", "--out", out], set].concat());
        assert_eq!(code, 0, "{text}");
        let recorded = Config::read(&folder.path().join(out).join("config.toml")).unwrap();
        (text, recorded.profile)
    };
    let (text, recorded) = part("sft", "small", &[]);
    assert!(told(&text) && recorded == "small", "{text}");
    // One that was begun with another recipe goes on with it.
    assert_eq!(part("sft", "trl", &["--set", "profile=trl"]).1, "trl");
    let (text, recorded) = part("reward", "trl", &[]);
    assert!(!told(&text) && recorded == "trl", "{text}");
}

#[test]
fn a_file_of_the_first_version_keeps_its_recipe_and_is_told() {
    let folder = prepared();
    let text = check(folder.path(), &[]);
    assert!(text.contains("without `profile` a file of version 1 is `instructgpt`"), "{text}");
    let read = |text: &str| Config::parse(text, "run.toml".as_ref(), &[]).unwrap();
    let named = format!("profile = \"instructgpt\"\n{CONFIG}");
    assert_eq!(read(&named).resolve().unwrap(), read(CONFIG).resolve().unwrap());
}

#[test]
fn a_plan_says_what_will_be_done_and_what_will_learn_nothing() {
    let folder = prepared();
    let published = check(folder.path(), &[]);
    let steps = ["supervised", "reward model", "ppo"];
    for step in steps {
        assert!(published.contains(&format!("nothing will be learnt in `{step}`")), "{published}");
    }
    fs::write(folder.path().join("run.toml"), open_recipe()).unwrap();
    let more = ["--set", "supervised.epochs=16", "--set", "ppo.iterations=40", "--set", "reward.epochs=8"];
    let small = check(folder.path(), &more);
    assert!(!small.contains("nothing will be learnt"), "{small}");
    let large = check(folder.path(), &["--set", "supervised.batch=64"]);
    assert!(large.contains("`supervised`: a batch of 64 has all"), "{large}");
    assert!(!published.contains("has all") && !small.contains("has all"), "{small}");
    // Of 40 rollouts with two steps each, the rate is reached.
    let columns: Vec<_> = line(&small, "ppo").split_whitespace().collect();
    assert_eq!((columns[1], columns[2]), ("80", "2.0e-4"), "{small}");
    let (code, text) =
        said(folder.path(), &["config", "check", "run.toml", "--data", ".", "--json", "--set", "method=dpo"]);
    assert_eq!(code, 0, "{text}");
    let json: Value =
        serde_json::from_str(&text[text.find("{\n").unwrap()..=text.rfind('}').unwrap()]).unwrap();
    let last = json["steps"].as_array().unwrap().last().unwrap();
    assert!(last["name"] == "dpo" && last["optimizer_steps"].as_u64() > Some(0), "{json}");
    assert!(last["seconds"].as_f64() > Some(0.0) && last["rows"].as_u64() > Some(0), "{json}");
}

#[test]
fn prompts_are_taken_from_the_comparisons_where_there_are_none() {
    let folder = prepared();
    fs::remove_file(folder.path().join("f.data")).unwrap();
    let text = open_recipe().replace("formats = [\"prompts\"]\n", "");
    fs::write(folder.path().join("run.toml"), &text).unwrap();
    let note = "there are no prompts by themselves: ";
    let checked = check(folder.path(), &[]);
    let taken = line(&checked, &format!("warning: {note}"));
    assert!(taken.ends_with("are taken from the comparisons"), "{taken}");
    // Several comparisons are about one prompt, which is one prompt.
    let prompts: usize = taken.split(' ').next().unwrap().parse().unwrap();
    assert!((10..=40).contains(&prompts), "{taken}");
    // Who says where they are wants them there.
    fs::write(folder.path().join("run.toml"), open_recipe()).unwrap();
    let (code, text) = said(folder.path(), &["config", "check", "run.toml", "--data", "."]);
    assert!(code == 2 && text.contains("there are no prompts"), "{text}");
}

/// Writes demonstrations and comparisons about so many things.
fn rows(folder: &Path, things: usize) {
    let write = |name: &str, row: &dyn Fn(usize) -> Value| {
        let rows: String = (0..things).map(|i| row(i).to_string() + "\n").collect();
        fs::write(folder.join(name), rows).unwrap();
    };
    let prompt = |i: usize| format!("Where is box {i}?");
    write("a.jsonl", &|i| json!({ "prompt": prompt(i), "response": format!("Box {i} is here.") }));
    write(
        "b.jsonl",
        &|i| json!({ "prompt": prompt(i), "chosen": format!("Here is {i}."), "rejected": "No." }),
    );
}

#[test]
fn a_drafted_configuration_runs_and_never_replaces_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let init = |more: &[&str]| said(folder.path(), &[&["init", "data"], more].concat());
    fs::create_dir(folder.path().join("data")).unwrap();
    let data = folder.path().join("data");
    let (code, text) = init(&[]);
    assert!(code == 2 && text.contains("there are no demonstrations"), "{text}");
    rows(&data, 40);
    let (code, text) = init(&[]);
    assert!(
        code == 2 && text.contains("there is no model") && !folder.path().join("run.toml").exists(),
        "{text}"
    );
    fs::write(data.join("text.txt"), "The box is red and it is here. ".repeat(3000)).unwrap();
    let (code, text) = init(&[]);
    assert!(code == 0 && text.contains("rlhf run run.toml --data data"), "{text}");
    let (code, text) = said(folder.path(), &["config", "check", "run.toml", "--data", "data"]);
    assert!(
        code == 0 && text.contains("recipe `small`") && !text.contains("nothing will be learnt"),
        "{text}"
    );
    assert!(!text.contains("were cut"), "every text fits: {text}");
    let before = fs::read(folder.path().join("run.toml")).unwrap();
    let (code, text) = init(&[]);
    assert!(code == 2 && text.contains("run.toml: it is there already"), "{text}");
    assert_eq!(fs::read(folder.path().join("run.toml")).unwrap(), before);
    let quick = ["--set", "ppo.iterations=2", "--set", "base.new.epochs=1", "--set", "supervised.epochs=1"];
    let (code, text) =
        said(folder.path(), &[&["run", "run.toml", "--data", "data", "--out", "out"], &quick[..]].concat());
    assert!(code == 0 && folder.path().join("out/policy").is_dir(), "{text}");
    // What a run left is a model to start from, in a folder of data.
    let again = folder.path().join("again");
    fs::create_dir(&again).unwrap();
    rows(&again, 40);
    fs::rename(folder.path().join("out/policy"), again.join("policy")).unwrap();
    let (code, text) = said(folder.path(), &["init", "again", "--out", "again.toml"]);
    assert!(code == 0 && text.contains("the model policy of"), "{text}");
    let (code, text) = said(folder.path(), &["config", "check", "again.toml", "--data", "again"]);
    assert_eq!(code, 0, "{text}");
}
