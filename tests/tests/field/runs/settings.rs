//! Settings out of range.

use super::{prepared, run, said};
use rlhf::config::{CliOverride, Config};
use rlhf::train::profile::Method;
use rlhf_tests::run_data::CONFIG;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn a_value_out_of_range_is_told_in_few_digits() {
    let folder = prepared();
    for (set, wanted) in [
        ("supervised.batch=0", "want a whole number, 1 or more"),
        ("supervised.epochs=0", "want a whole number, 1 or more"),
        ("reward.epochs=0", "want a whole number, 1 or more"),
        ("ppo.epochs=0", "want a whole number, 1 or more"),
        ("ppo.iterations=0", "1 or more"),
        ("ppo.temperature=0", "want a number above 0"),
        ("ppo.dropout=1", "want a number of 0 to 0.99"),
        ("ppo.shaping.score_clip=-1.0", "a number above 0"),
        ("ppo.pretraining.examples=1e30", "want a number of 0 to 1024, not 1e"),
        ("ppo.policy.learning_rate=-1e300", "want a number, 0 or more, not -1e"),
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
fn rollouts_of_a_method_that_makes_none_are_told_to_change_nothing() {
    let folder = prepared();
    let check = |method: &str| {
        let args =
            ["config", "check", "run.toml", "--data", ".", "--set", method, "--set", "ppo.iterations=3"];
        said(folder.path(), &args).1
    };
    let note =
        "ppo.iterations counts rollouts, of which dpo makes none: how long it trains is preference.epochs";
    assert!(check("method=dpo").contains(note), "{}", check("method=dpo"));
    for method in ["method=ppo", "method=grpo", "method=online_dpo"] {
        assert!(!check(method).contains("counts rollouts"), "{}", check(method));
    }
}

#[test]
fn a_rate_that_is_too_high_ends_every_method_with_advice_and_samples() {
    let folder = prepared();
    let zero = |setting: &str| format!("{setting}.warm_up={{ steps = 0 }}");
    for (method, setting) in [
        ("ppo", "ppo.policy"),
        ("grpo", "on_policy.optimizer"),
        ("dpo", "preference.optimizer"),
        ("kto", "kto.optimizer"),
        ("online_dpo", "online.optimizer"),
        ("best_of_n", "expert_iteration.optimizer"),
        ("ilql", "ilql.optimizer"),
        ("ppo", "supervised.optimizer"),
        ("ppo", "reward.optimizer"),
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
        let given = |name: &str, value: &str| CliOverride { name: name.into(), value: value.into() };
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
        ("evaluation.temperature", "0.1", "0"),
        ("supervised.epochs", "1", "0"),
        ("reward.epochs", "1", "0"),
        ("ppo.dropout", "0.99", "1"),
        ("ppo.pretraining.examples", "1024", "1025"),
    ] {
        assert!(config("ppo", key, least).is_ok(), "{key}={least}");
        assert!(config("ppo", key, below).is_err(), "{key}={below}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused_and_take_no_limit_away() {
    let folder = prepared();
    for set in ["ppo.temperature=nan", "ppo.shaping.score_clip=nan", "held_out=inf", "seed=1e999"] {
        let (code, text) = said(folder.path(), &["config", "check", "run.toml", "--data", ".", "--set", set]);
        assert!(code == 2 && text.contains("want a finite number"), "{set}: {text}");
    }
    let number = CONFIG.lines().find(|line| line.starts_with("held_out")).unwrap();
    let at = CONFIG.lines().position(|line| line == number).unwrap() + 1;
    let file = CONFIG.replace(number, "held_out = nan");
    std::fs::write(folder.path().join("nan.toml"), file).unwrap();
    let (code, text) = said(folder.path(), &["config", "check", "nan.toml", "--data", "."]);
    assert!(
        code == 2 && text.contains(&format!("nan.toml, line {at}")) && text.contains("want a finite number"),
        "{text}"
    );
    std::fs::write(folder.path().join("games.jsonl"), "{\"a\":\"x\",\"b\":\"y\",\"winner\":\"a\"}\n")
        .unwrap();
    for wrong in [["--k=nan", "--prior=1"], ["--k=1", "--prior=inf"]] {
        let (code, text) = said(folder.path(), &[&["rate", "games.jsonl"], &wrong[..]].concat());
        assert!(code == 2, "{wrong:?}: {text}");
    }
}
