//! What a configuration may say.

use super::data::CONFIG;
use rlhf::run::Config;
use std::path::Path;

/// What is said against a configuration.
fn said(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap_err().to_string()
}

#[test]
fn the_example_is_valid_and_gives_its_reasons() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/real.toml");
    let config = Config::read(&path).unwrap_or_else(|e| panic!("{e}"));
    let (_, overrides) = config.resolve().unwrap();
    assert!(overrides.iter().any(|o| o.setting == "ppo.pretraining" && o.reason.len() > 20));
}

#[test]
fn unknown_keys_are_refused_by_name() {
    let error = said(&CONFIG.replace("rows = 100\npre", "rosw = 100\npre"));
    for part in ["run.toml", "rosw", "`rows`", "line"] {
        assert!(error.contains(part), "{error}");
    }
    let error = said(&CONFIG.replace("ppo.batch", "ppo.bacth"));
    assert!(error.contains("ppo.bacth") && error.contains("batch,"), "{error}");
    let error = said(&CONFIG.replace("\"rankings\"", "\"ranking\""));
    assert!(error.contains("ranking") && error.contains("`rankings`"), "{error}");
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    for (from, to, name) in [
        ("held_out = 0.3", "held_out = 1.0", "held_out"),
        ("held_out = 0.3", "held_out = nan", "held_out"),
        ("context = 96", "context = 20", "ppo.prompt"),
        ("iterations = 3", "iterations = 0", "ppo.iterations"),
        ("formats = [\"prompts\"]", "formats = []", "ppo.formats"),
        ("formats = [\"prompts\"]", "formats = [\"text\"]", "ppo.formats"),
        ("seed = 3", "profile = \"gpt5\"", "instructgpt"),
        ("value = 16", "value = 4", "ppo.batch"),
        ("value = 16", "value = -1", "ppo.batch"),
        ("reason = \"a test\"", "reason = \" \"", "supervised.epochs"),
        ("reason = \"a test\"", "", "reason"),
        ("pretraining = 0.1", "pretraining = 1.1", "supervised.pretraining"),
    ] {
        let error = said(&CONFIG.replacen(from, to, 1));
        assert!(error.contains(name), "{to}: {error}");
    }
}
