//! The command as a script sees it: what it prints, and its exit codes.

use rlhf::engine::Device;
use rlhf::models::huggingface;
use rlhf_cli::bench::Work;
use rlhf_core::model::Architecture;
use rlhf_tests::run_data::{self, CONFIG, write};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the command in a folder, with `input` to read.
pub(crate) fn rlhf(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rlhf-tested"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read has ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Its standard output, which it ends well with.
fn said(folder: &Path, args: &[&str], input: &str) -> String {
    let out = rlhf(folder, args, input);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Its exit code and what it says of its failure.
fn failed(folder: &Path, args: &[&str], input: &str) -> (i32, String) {
    let out = rlhf(folder, args, input);
    (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with data, `base` and `run.toml`.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    std::fs::write(folder.path().join("run.toml"), CONFIG).unwrap();
    folder
}

#[test]
fn every_command_has_help_with_examples_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let commands = [
        "quickstart",
        "run",
        "pretrain",
        "sft",
        "reward",
        "align",
        "generate",
        "score",
        "rate",
        "bench",
        "config",
        "control",
        "completions",
    ];
    // Step 3's name before methods other than PPO.
    assert_eq!(said(folder.path(), &["ppo", "--help"], ""), said(folder.path(), &["align", "--help"], ""));
    let all = said(folder.path(), &["--help"], "");
    for command in commands {
        assert!(all.contains(command), "{command}");
        let help = said(folder.path(), &[command, "--help"], "");
        let parts = ["Examples:", &format!("  rlhf {command} "), "Exit codes: 0 done"];
        assert!(parts.iter().all(|part| help.contains(*part)), "{help}");
    }
    assert!(said(folder.path(), &["config", "check", "--help"], "").contains("Exit codes"));
}

#[test]
fn a_wrong_command_line_or_configuration_exits_with_2() {
    let folder = prepared();
    let mistyped = CONFIG.replace("iterations", "iteratons");
    std::fs::write(folder.path().join("mistyped.toml"), mistyped).unwrap();
    for (args, words) in [
        (&["rum"][..], "run"),
        (&["run", "mistyped.toml"], "line 24: unknown key `ppo.iteratons`: did you mean `ppo.iterations`?"),
        (&["run", "nowhere.toml"], "nowhere.toml"),
        (&["run", "run.toml"], "--data"),
        (&["run", "run.toml", "--data", "nowhere"], "nowhere"),
        (&["run", "run.toml", "--data", ".", "--set", "ppo.promt=9"], "did you mean `ppo.prompt`?"),
        (&["run", "run.toml", "--data", ".", "--set", "ppo"], "NAME=VALUE"),
        (&["run", "run.toml", "--data", ".", "--memory", "0.001"], "GiB"),
        (
            &["run", "run.toml", "--data", ".", "--device", "abacus"],
            "no device is called \"abacus\": want one of cpu",
        ),
        (&["align", "run.toml", "--data", ".", "--device", "cuda:99"], "\"cuda:99\""),
        (&["quickstart", "--precision", "f16"], "want --precision f32"),
        (&["quickstart", "--precision", "f8"], "known are f32, bf16, f16"),
        (&["run", "run.toml", "--data", ".", "--out", "run.toml/out"], "run.toml/out"),
        (&["pretrain", "run.toml", "--data", "."], "[base.new]"),
        (&["config", "--profile", "gpt5"], "instructgpt"),
        (&["generate", "nowhere", "--prompt", "x"], "nowhere"),
        (&["generate", "base", "--tokenizer", "bytes.tok", "--prompt", "x", "--top-p", "2"], "top_p"),
        (&["score", "base", "--tokenizer", "bytes.tok", "--prompt", "a", "--reply", "b"], "gives no rewards"),
    ] {
        let (code, error) = failed(folder.path(), args, "");
        assert_eq!(code, 2, "{args:?}: {error}");
        assert!(error.contains(words), "{args:?}: {error}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_printed_configuration_is_taken_once_the_paths_are_filled_in() {
    let folder = prepared();
    // At rates for billions of weights this base learns nothing.
    for (profile, code) in [("instructgpt", 0), ("small", 0)] {
        let printed = said(folder.path(), &["config", "--profile", profile], "");
        let mut filled = printed.replace("\"MODEL\"", "\"base\"").replace("\"TOKENIZER\"", "\"bytes.tok\"");
        // The base of the test reads no more.
        for (from, to) in
            [("context = 256", "context = 96"), ("= 128", "= 64"), ("response = 64", "response = 8")]
        {
            filled = filled.replace(from, to);
        }
        std::fs::write(folder.path().join("printed.toml"), filled).unwrap();
        let check = ["config", "check", "printed.toml", "--data", ".", "--json"];
        let checked = rlhf(folder.path(), &check, "");
        assert_eq!(checked.status.code(), Some(code), "{profile}");
        let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!((&checked["valid"], &checked["profile"]), (&true.into(), &profile.into()));
    }
    let schema = said(folder.path(), &["config", "--schema"], "");
    assert!(schema == include_str!("../../runtime/schemas/config.schema.json"));
}

#[test]
fn a_check_tells_a_script_what_is_wrong() {
    let folder = prepared();
    let check = |more: &[&str]| {
        let out = rlhf(folder.path(), &[&["config", "check", "run.toml", "--json"], more].concat(), "");
        (out.status.code(), serde_json::from_slice::<Value>(&out.stdout).unwrap())
    };
    let (code, found) = check(&["--data", ".", "--set", "ppo.batch=12", "--set", "ppo.minibatches=5"]);
    assert_eq!((code, &found["valid"]), (Some(0), &true.into()), "{found}");
    let steps = |found: &Value| {
        let steps = found["steps"].as_array().unwrap().iter();
        steps.map(|step| (step["name"].as_str().unwrap().to_owned(), step["learns"] == true)).collect()
    };
    let all: Vec<(String, bool)> = steps(&found);
    assert_eq!(all, ["supervised", "reward model", "ppo"].map(|name| (name.to_owned(), false)));
    let notes = found["found"]["notes"].to_string();
    assert_eq!(notes.matches("nothing will be learnt in `").count(), 3, "{notes}");
    let (code, found) = check(&[&["--data", "."], &LEARNING[..]].concat());
    let all: Vec<(String, bool)> = steps(&found);
    assert!(code == Some(0) && all.iter().all(|(_, learns)| *learns), "{found}");
    let (_, found) = check(&["--data", ".", "--set", "ppo.batch=12", "--set", "ppo.minibatches=5"]);
    let minibatches = |found: &Value| {
        let notes = found["found"]["notes"].as_array().unwrap().clone();
        notes.into_iter().find(|note| note.as_str().unwrap().contains("minibatches"))
    };
    let note = "12 responses make 5 minibatches of 2, 2 of them with one more";
    assert_eq!(minibatches(&found), Some(note.into()));
    assert!(found["found"]["memory"]["weights"].as_u64() > Some(0));
    // Without rollouts in minibatches nothing is said of them, and nothing refused.
    let few = ["--data", ".", "--set", "ppo.batch=4", "--set", "ppo.minibatches=8"];
    assert_eq!(check(&few).0, Some(2));
    let (code, found) = check(&[&few[..], &["--set", "method=dpo"]].concat());
    assert_eq!((code, minibatches(&found)), (Some(0), None), "{found}");
    let (code, found) = check(&["--set", "context=9"]);
    assert_eq!((code, &found["valid"]), (Some(2), &false.into()));
    assert!(found["error"].as_str().unwrap().contains("context"), "{found}");
}

/// The plan's counts are those of the run.
#[test]
fn a_check_counts_the_pretraining_of_a_new_base() {
    let folder = prepared();
    let new = "[base.new]\nlayers = 1\nwidth = 16\nheads = 2\ncontext = 96\nepochs = 2\nbatch = 48\n";
    let old = "[base]\nmodel = \"base\"\ntokenizer = \"bytes.tok\"\n";
    let text = CONFIG.replace(old, new).replace("source = \"base\"", "source = \"text\"");
    std::fs::write(folder.path().join("new.toml"), text).unwrap();
    let check = ["config", "check", "new.toml", "--data", ".", "--json"];
    let checked = rlhf(folder.path(), &[&check[..], &LEARNING].concat(), "");
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let step = &checked["steps"][0];
    assert_eq!((&step["name"], &step["stage"]), (&"pretraining".into(), &"pretrain".into()));
    assert!(step["learns"] == true && step["seconds"].as_f64().unwrap() > 0.0, "{step}");
    let run = ["pretrain", "new.toml", "--data", ".", "--out", "out"];
    said(folder.path(), &[&run[..], &LEARNING].concat(), "");
    let lines = rows(&std::fs::read_to_string(folder.path().join("out/metrics.jsonl")).unwrap());
    assert_eq!(step["optimizer_steps"], lines.len());
    assert!(step["rows"].as_u64().unwrap() > 40 * 48, "{step}");
}

/// Settings by which every step of the prepared run learns.
const LEARNING: [&str; 6] =
    ["--set", "profile=small", "--set", "supervised.epochs=16", "--set", "ppo.iterations=30"];

/// A step takes the memory of its own networks, and so does a method.
#[test]
fn memory_is_that_of_the_steps_that_will_run() {
    let folder = prepared();
    let needs = |args: &[&str]| {
        let set = ["run.toml", "--data", ".", "--memory", "0.001", "--set", "profile=small"];
        let (code, error) = failed(folder.path(), &[args, &set].concat(), "");
        assert_eq!(code, 2, "{error}");
        let (_, after) = error.split_once("needs about ").unwrap_or_else(|| panic!("{error}"));
        after.split_once(" GiB").unwrap().0.parse::<f64>().unwrap()
    };
    let (sft, whole) = (needs(&["sft"]), needs(&["run"]));
    let dpo = needs(&["run", "--set", "method=dpo"]);
    assert!(0.0 < sft && sft < dpo && dpo < whole, "{sft} {dpo} {whole}");
    // Just enough for DPO is too little for PPO.
    let enough = ((dpo + whole) / 2.0).to_string();
    let check = |more: &[&str]| {
        let check = ["config", "check", "run.toml", "--data", ".", "--memory", &enough];
        let check = [&check[..], &LEARNING].concat();
        rlhf(folder.path(), &[&check[..], more].concat(), "").status.code()
    };
    assert_eq!((check(&[]), check(&["--set", "method=dpo"])), (Some(2), Some(0)));
}

/// A device that this build or this machine lacks is reported before the work begins.
#[test]
fn a_device_that_is_not_there_is_named_with_what_would_do() {
    let folder = prepared();
    for (name, built) in Device::known() {
        let args = ["config", "check", "run.toml", "--data", ".", "--device", name];
        let args = [&args[..], &LEARNING].concat();
        let out = rlhf(folder.path(), &args, "");
        let error = String::from_utf8_lossy(&out.stderr);
        match (built, out.status.code()) {
            (false, Some(2)) => assert!(error.contains(&format!("--features {name}")), "{error}"),
            // A card or a driver that this machine does not have.
            (true, Some(2)) => assert!(error.contains(name) && error.contains("cpu"), "{error}"),
            (true, Some(0)) => {}
            (_, code) => panic!("{name}: {code:?} {error}"),
        }
    }
}

/// A folder with a network of a few hundred weights.
fn smallest() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let architecture = Architecture::gpt2(11, 128, 4, 1, 2);
    let weights = rlhf_core::model::random(&architecture, 1).unwrap();
    huggingface::save(folder.path(), &architecture, &weights, &[]).unwrap();
    folder
}

#[test]
fn a_benchmark_says_how_fast_and_how_near_to_the_limit() {
    let folder = smallest();
    let works = Work::all();
    let mut args =
        vec!["bench", "--model", ".", "--repeat", "1", "--least", "0.001", "--threads", "2", "--json"];
    let names: Vec<_> = works.iter().map(|work| work.name()).collect();
    args.extend(names.iter().flat_map(|work| ["--only", work]));
    let said: Value = serde_json::from_str(&said(folder.path(), &args, "")).unwrap();
    assert_eq!(said["threads"], 2);
    let at_most = said["limits"]["arithmetic"].as_f64().unwrap();
    let figures = said["figures"].as_array().unwrap();
    assert_eq!(figures.len(), works.len());
    for (figure, work) in figures.iter().zip(works) {
        assert_eq!(figure["work"], work.name());
        let number = |name: &str| figure[name].as_f64().unwrap();
        let seconds = figure["seconds"]["median"].as_f64().unwrap();
        assert!((number("rate") * seconds / number("count") - 1.0).abs() < 1e-9);
        let cost = |name: &str| figure["cost"][name].as_f64().unwrap();
        let operations = cost("products") + cost("attention");
        // One thread has limits of its own.
        let alone = matches!(
            work,
            Work::TrainAlone | Work::Advantages | Work::Losses | Work::Product(_) | Work::Row(_)
        );
        assert!(number("of_arithmetic") >= 0.0 && number("of_bandwidth") > 0.0);
        if !alone {
            assert!((number("of_arithmetic") * seconds * at_most - operations).abs() <= 1e-6 * operations);
        }
        let phases = figure["phases"].as_array().unwrap();
        let named: Vec<_> = phases.iter().map(|phase| phase[0].as_str().unwrap()).collect();
        let learns: &[&str] = match work {
            Work::Ppo => &["policy learns", "critic learns"],
            Work::PpoValueHead => &["policy learns"],
            _ => &[],
        };
        let all = ["generate", "reference", "scores", "values", "optimizer", "other"];
        let wanted = if learns.is_empty() { Vec::new() } else { [&all, learns].concat() };
        assert_eq!(named.len(), wanted.len(), "{named:?}");
        assert!(wanted.iter().all(|name| named.contains(name)), "{named:?}");
        let sum: f64 = phases.iter().map(|phase| phase[1].as_f64().unwrap()).sum();
        // Others may take the processor between two phases.
        assert!(phases.is_empty() || (sum / seconds - 1.0).abs() < 0.5, "{sum} {seconds}");
    }
    let lengths: Vec<u64> =
        figures[6]["lengths"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!(lengths.len(), 32);
    assert_eq!(lengths.iter().sum::<u64>() as f64, figures[6]["count"].as_f64().unwrap());
}

#[test]
fn a_benchmark_shows_people_a_table_and_refuses_what_it_does_not_know() {
    let folder = smallest();
    let help = said(folder.path(), &["bench", "--help"], "");
    let words: Vec<_> = help.split(|c: char| c.is_whitespace() || c == ',' || c == ';').collect();
    assert!(Work::all().iter().all(|work| words.contains(&work.name().as_str())), "{help}");
    let args = ["bench", "--model", ".", "--only", "train-8", "--only", "train-alone", "--only", "ragged"];
    let table = said(
        folder.path(),
        &[&args[..], &["--threads", "2", "--repeat", "1", "--least", "0.001"]].concat(),
        "",
    );
    for part in ["GFLOP/s", "train-8", "of peak", " if padded, ", " as fast on 2 threads as on one"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    for (args, words) in [
        (["--only", "nap"], "greedy-32"),
        (["--model", "huge"], "known are tiny, small, 124M"),
        (["--repeat", "0"], "1..=1000"),
        (["--least", "0"], "from 0.001 to 60"),
    ] {
        let (code, error) = failed(folder.path(), &[&["bench"], &args[..]].concat(), "");
        assert!(code == 2 && error.contains(words), "{error}");
    }
}

#[test]
fn a_run_leaves_models_that_write_and_score() {
    let folder = prepared();
    let folder = folder.path();
    let run = ["run", "run.toml", "--data", ".", "--out", "out", "--json", "--set", "ppo.iterations=1"];
    let summary: Value = serde_json::from_str(&said(folder, &run, "")).unwrap();
    let stored: Value =
        serde_json::from_slice(&std::fs::read(folder.join("out/summary.json")).unwrap()).unwrap();
    assert_eq!(summary["weights_sha256"], stored["weights_sha256"]);
    let changed = summary["overrides"].as_array().unwrap().last().unwrap();
    assert_eq!((&changed["setting"], &changed["here"]), (&"ppo.iterations".into(), &1.into()));
    assert_eq!(changed["reason"], "given on the command line");

    // The same prompt and seed, in any company.
    let options = ["--json", "--max-new-tokens", "8"];
    let generate = |more: &[&str], input: &str| {
        rows(&said(folder, &[&["generate", "out/policy"], &options[..], more].concat(), input))
    };
    let alone = generate(&["--prompt", "Why is it red?"], "");
    let together = generate(&["--n", "3"], "Why is it wet?\nWhy is it red?\n");
    assert_eq!((alone.len(), together.len()), (1, 6));
    assert_eq!(alone[0], together[3]);
    assert_ne!(together[3]["response"], together[4]["response"]);
    let other = generate(&["--prompt", "Why is it red?", "--seed", "6"], "");
    assert_ne!(alone[0]["response"], other[0]["response"]);
    let greedy = generate(&["--prompts", "f.data", "--temperature", "0", "--transcript"], "");
    assert_eq!(greedy.len(), run_data::PROMPTS);

    // A reward is what PPO was told: gain and bias are part of it.
    let score = |input: &str| rows(&said(folder, &["score", "out/reward", "--json"], input));
    let input = r#"{"prompt": "Why?", "response": " So.", "more": 1}"#;
    let reward = score(input)[0]["reward"].as_f64().unwrap();
    let path = folder.join("out/reward/reward.json");
    let mut scale: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_ne!(scale["bias"], 0.0, "it was centered");
    scale["bias"] = (scale["bias"].as_f64().unwrap() + 1.0).into();
    std::fs::write(&path, scale.to_string()).unwrap();
    assert!((score(input)[0]["reward"].as_f64().unwrap() - reward - 1.0).abs() < 1e-5);
    let args = ["score", "out/reward", "--prompt", "Why?", "--reply", " So."];
    assert!((said(folder, &args, "").trim().parse::<f64>().unwrap() - reward - 1.0).abs() < 1e-5);

    for (args, input, code, words) in [
        (
            &["generate", "out/policy"][..],
            "x".repeat(96),
            4,
            "line 1: it needs 97 tokens, the model reads 96",
        ),
        (&["generate", "out/reward"], String::new(), 2, "writes nothing"),
        (&["score", "out/policy"], String::new(), 2, "gives no rewards"),
        (&["score", "out/reward"], "{\"prompt\": \"a\"}\n".into(), 4, "line 1, field \"response\""),
        (&["score", "out/reward"], "\nx\n".into(), 4, "line 2: "),
    ] {
        let (exit, error) = failed(folder, args, &input);
        assert_eq!(exit, code, "{args:?}: {error}");
        assert!(error.contains(words), "{args:?}: {error}");
    }
}

#[test]
fn shells_get_their_completions() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = said(folder.path(), &["completions", shell], "");
        assert!(script.contains("quickstart") && script.contains("max-new-tokens"), "{shell}");
    }
}

/// Ctrl-C ends a run after its step with exit code 3; `--resume` then goes on to the same weights.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_a_checkpoint_and_goes_on() {
    let folder = prepared();
    let run = |out: &'static str, more: &'static [&'static str]| {
        [&["run", "run.toml", "--data", ".", "--set", "ppo.iterations=40", "--json", "--out", out][..], more]
            .concat()
    };
    let sum = |text: &str| serde_json::from_str::<Value>(text).unwrap()["weights_sha256"].clone();
    let want = sum(&said(folder.path(), &run("whole", &[]), ""));
    let child = Command::new(env!("CARGO_BIN_EXE_rlhf-tested"))
        .args(run("cut", &[]))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As soon as it is at work.
    let metrics = folder.path().join("cut/metrics.jsonl");
    while std::fs::metadata(&metrics).map_or(0, |m| m.len()) == 0 {
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3), "{error}");
    assert!(error.contains("--resume"), "{error}");
    let (code, error) = failed(folder.path(), &run("cut", &[]), "");
    assert!(code == 2 && error.contains("holds a run"), "{error}");
    assert_eq!(sum(&said(folder.path(), &run("cut", &["--resume"]), "")), want);
    assert_eq!(sum(&said(folder.path(), &run("cut", &["--overwrite"]), "")), want);
}

#[test]
fn models_are_rated_from_a_file_or_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let game = |a: &str, b: &str, winner: &str| {
        format!("{{\"a\": \"{a}\", \"b\": \"{b}\", \"winner\": \"{winner}\"}}\n")
    };
    let won =
        game("ppo", "sft", "a").repeat(6) + &game("sft", "ppo", "a").repeat(2) + &game("ppo", "sft", "tie");
    let games = won + &game("sft", "base", "a").repeat(3) + &game("base", "ppo", "a");
    std::fs::write(folder.path().join("games.jsonl"), &games).unwrap();
    let table = said(folder.path(), &["rate", "games.jsonl"], "");
    let place = |model: &str| table.find(model).unwrap_or_else(|| panic!("{table}"));
    assert!(place("ppo") < place("sft") && place("sft") < place("base"), "{table}");
    let ratings: Value = serde_json::from_str(&said(folder.path(), &["rate", "--json"], &games)).unwrap();
    assert_eq!((&ratings[0]["model"], &ratings[0]["games"]), (&"ppo".into(), &10.into()));
    for rating in ratings.as_array().unwrap() {
        for by in ["bradley_terry", "elo"] {
            let [low, value, high] = ["low", "value", "high"].map(|name| rating[by][name].as_f64().unwrap());
            assert!(low < value && value < high, "{rating}");
        }
    }
    let beaten = game("ppo", "sft", "a");
    for (input, words) in [
        (game("ppo", "sft", "c"), "line 1, field \"winner\""),
        ("{\"a\": \"ppo\"}\n".into(), "field \"b\""),
        (beaten.clone(), "a prior keeps ratings finite"),
        (game("a", "b", "tie") + &game("c", "d", "tie"), "no game links"),
    ] {
        let (code, error) = failed(folder.path(), &["rate"], &input);
        assert!(code == 1 && error.contains(words), "{input}: {error}");
    }
    assert!(said(folder.path(), &["rate", "--prior", "0.1"], &beaten).contains("ppo"));
}
