//! The whole product on a device of one's own.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const CONFIG: &str = r#"
seed = 3
held_out = 0.3
context = 96

[base.new]
layers = 1
width = 16
heads = 2
epochs = 1

[supervised]
formats = ["instructions"]
rows = 40

[reward]
formats = ["transcripts"]
rows = 40

[ppo]
formats = ["prompts"]
rows = 40
batch = 16
iterations = 20
prompt = 60
response = 8

[pretraining]
source = "text"
texts = 16
length = 16

[evaluation]
prompts = 12
samples = 2
"#;

/// A folder with data of its own and a configuration.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let rows = |name: &str, row: &dyn Fn(usize) -> Value| {
        let text: String = (0..40).map(|i| row(i).to_string() + "\n").collect();
        fs::write(data.join(name), text).unwrap();
    };
    let ask = |i: usize| format!("Question {i}: how is it {}?", ["red", "blue", "hot"][i % 3]);
    let reply = |i: usize, text: &str| format!("\n\nHuman: {}\n\nAssistant: {text}", ask(i));
    rows("a.jsonl", &|i| json!({"instruction": ask(i), "response": format!("It is {i}.")}));
    rows("b.jsonl", &|i| json!({"chosen": reply(i, "Yes."), "rejected": reply(i, "No, so.")}));
    rows("c.jsonl", &|i| json!({"prompt": ask(i)}));
    fs::write(data.join("d.txt"), "Once upon a time there was a fox. ".repeat(2000)).unwrap();
    fs::write(folder.path().join("run.toml"), CONFIG).unwrap();
    folder
}

fn mine(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mine"));
    command.args(args).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The sum of the policy's weights, and how many calls the device had. The exit code is to be 0.
fn done(folder: &Path, args: &[&str]) -> (Value, usize) {
    let out = mine(folder, args).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", said(&out));
    let summary: Value = serde_json::from_slice(&out.stdout).unwrap();
    (summary["weights_sha256"].clone(), calls(&out))
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn calls(out: &Output) -> usize {
    said(out).rsplit_once("calls: ").unwrap().1.trim().parse().unwrap()
}

/// Ends a command, as Ctrl-C does, as soon as it is at work in `out`. Returns the calls.
fn stopped(folder: &Path, out: &str, args: &[&str]) -> usize {
    let child = mine(folder, args).spawn().unwrap();
    let metrics = folder.join(out).join("metrics.jsonl");
    while fs::metadata(&metrics).map_or(0, |file| file.len()) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(3), "{}", said(&out));
    calls(&out)
}

#[test]
fn a_run_that_is_stopped_and_resumed_gives_the_processors_weights() {
    let folder = prepared();
    let run = |device: &'static str, out: &'static str| {
        ["run", "run.toml", "--data", "data", "--json", "--device", device, "--out", out]
    };
    let (want, none) = done(folder.path(), &run("cpu", "there"));
    assert!(want.is_string() && none == 0);
    let before = stopped(folder.path(), "here", &run("mine:1", "here"));
    let (got, after) = done(folder.path(), &[&run("mine:1", "here")[..], &["--resume"]].concat());
    assert_eq!(got, want);
    assert!(before > 0 && after > 0, "{before} and {after} calls");
}

/// That its weights are the processor's is seen in the run above, which takes seconds.
#[test]
fn the_quickstart_runs_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = ["quickstart", "--json", "--device", "mine", "--out", "here"];
    let before = stopped(folder.path(), "here", &run);
    let (weights, after) = done(folder.path(), &[&run[..], &["--resume"]].concat());
    assert!(weights.is_string() && before > 0 && after > before, "{before} and {after} calls");
}

#[test]
fn every_subcommand_knows_the_device_and_what_it_lacks() {
    let folder = prepared();
    let check = |more: &[&str]| {
        let check = ["config", "check", "run.toml", "--data", "data"];
        let out = mine(folder.path(), &[&check[..], more].concat()).output().unwrap();
        (out.status.code(), said(&out))
    };
    assert_eq!(check(&["--device", "mine"]).0, Some(0));
    let (code, error) = check(&["--device", "yours"]);
    assert!(code == Some(2) && error.contains("mine"), "{error}");
    let (code, error) = check(&["--device", "mine", "--precision", "bf16"]);
    assert!(code == Some(2) && error.contains("bf16"), "{error}");
    // Its networks have no parameters that TRPO could read: nothing is begun.
    let run =
        ["run", "run.toml", "--data", "data", "--device", "mine", "--set", "method=trpo", "--out", "out"];
    let out = mine(folder.path(), &run).output().unwrap();
    assert!(!out.status.success() && said(&out).contains("access to parameters"), "{}", said(&out));
    assert!(calls(&out) == 0 && !folder.path().join("out/metrics.jsonl").exists());
}
