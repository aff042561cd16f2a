//! Configurations that commit e443ea5 read, and the profiles that it made of them: `fixtures/config/e443ea5` has both.

use rlhf::config::Config;
use rlhf::train::profile::Profile;
use rlhf_tests::golden;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    golden::own().join("config/e443ea5")
}

/// The words of that version that were renamed, each with its new form.
const WORDS: [(&str, &str); 8] = [
    ("optimiser", "optimizer"),
    ("normalisation", "normalization"),
    ("normaliser", "normalizer"),
    ("centring", "centering"),
    ("centre_on", "center_on"),
    ("variance_penalised", "variance_penalized"),
    ("renormalised", "renormalized"),
    ("learnt", "learned"),
];

/// The name of a configuration, its text and the profile that it was.
fn all() -> Vec<(String, String, Profile)> {
    let profiles = fs::read_to_string(folder().join("profiles.json")).unwrap();
    let profiles = WORDS.iter().fold(profiles, |text, (old, new)| text.replace(old, new));
    let profiles: serde_json::Map<String, Value> = serde_json::from_str(&profiles).unwrap();
    let read = |name: &str| fs::read_to_string(folder().join(name).with_extension("toml")).unwrap();
    let profile = |value: Value| serde_json::from_value(value).unwrap();
    profiles.into_iter().map(|(name, value)| (name.clone(), read(&name), profile(value))).collect()
}

fn parse(text: &str) -> Result<Config, rlhf::config::ConfigError> {
    Config::parse(text, "run.toml".as_ref(), &[])
}

#[test]
fn every_one_is_the_profile_that_it_was() {
    let files = fs::read_dir(folder()).unwrap().count();
    let all = all();
    assert_eq!(all.len() + 1, files);
    for (name, text, profile) in all {
        let config = parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(config.resolve().unwrap().0, profile, "{name}");
        // What a run writes into its folder is the same in today's words.
        let written = config.to_toml().unwrap();
        let again = parse(&written).unwrap_or_else(|e| panic!("{name}: {e}\n{written}"));
        assert_eq!(again.resolve().unwrap(), config.resolve().unwrap(), "{name}");
        assert!(again.notes.is_empty(), "{name}: {:?}", again.notes);
    }
}

/// From the settings that it printed, as overrides of another profile.
#[test]
fn every_setting_that_it_had_can_be_said_in_its_words() {
    let (mut read, mut settings) = (0, 0);
    for (name, text, profile) in all() {
        let rows = text.lines().filter_map(|line| line.strip_prefix("#   ")?.split(" # ").next());
        let rows: Vec<_> = rows.filter_map(|row| row.trim().split_once(" = ")).collect();
        if rows.is_empty() || name.starts_with("seed") {
            continue;
        }
        let method = name.split('-').next_back().unwrap();
        let teacher = if method == "gkd" { "[distillation]\nteacher = \"T\"\n" } else { "" };
        let mut old = format!(
            "version = 1\nprofile = \"instructgpt\"\nmethod = \"{method}\"\n[base]\nmodel = \"M\"\n\
             tokenizer = \"T\"\n{teacher}"
        );
        for (setting, value) in rows {
            old += &format!("[[override]]\nsetting = \"{setting}\"\nvalue = {value}\nreason = \"a test\"\n");
            settings += 1;
        }
        let config = parse(&old).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (made, overrides) = config.resolve().unwrap();
        assert_eq!(made, profile, "{name}");
        assert!(overrides.iter().all(|change| change.reason == "a test"), "{name}");
        let note = "run.toml, line 7: `[[override]]` is a key of its table, and `[reasons]`, since version 2";
        let note = note.replace('7', if teacher.is_empty() { "7" } else { "9" });
        assert!(config.notes.contains(&note), "{:?}", config.notes);
        read += 1;
    }
    assert!(read == 15 && settings > 1000, "{read}, {settings}");
}

#[test]
fn what_an_override_does_not_name_is_taken_away_as_it_was() {
    let text = |profile: &str, value: &str| {
        format!(
            "profile = \"{profile}\"\n[base]\nmodel = \"M\"\ntokenizer = \"T\"\n[[override]]\n\
             setting = \"ppo.shaping\"\nvalue = {value}\n"
        )
    };
    let all = "{ kl = \"k1\", placement = \"last_token\", missing_end = \"keep\", end = \"eos\" }";
    let shaping = |text: &str| parse(text).unwrap().resolve().unwrap().0.ppo.shaping;
    assert_eq!(shaping(&text("openrlhf", all)).score_clip, None);
    assert_ne!(Profile::openrlhf().ppo.shaping.score_clip, None);
    let error = parse(&text("openrlhf", "{ kl = \"k1\" }")).unwrap_err().to_string();
    assert!(error.contains("line 6, ppo.shaping."), "{error}");
}

#[test]
fn an_old_and_a_new_name_together_are_refused_with_both_lines() {
    let base = "[base]\nmodel = \"M\"\ntokenizer = \"T\"\n";
    let error = |text: &str| parse(&format!("{text}{base}")).unwrap_err().to_string();
    let both = error("[reward]\nnormalization = \"none\"\nnormalisation = \"none\"\n");
    assert!(both.contains("run.toml, line 3, reward.normalisation") && both.contains("line 2"), "{both}");
    let both = error("[reward.optimiser]\nlearning_rate = 1\n[reward.optimizer]\nlearning_rate = 2\n");
    assert!(both.contains("run.toml, line 3, reward.optimizer") && both.contains("line 1"), "{both}");
    let both = error("[ppo]\nepochs = 2\n[[override]]\nsetting = \"ppo.epochs\"\nvalue = 3\n");
    assert!(both.contains("run.toml, line 2, ppo.epochs") && both.contains("line 4"), "{both}");
    // A file of today says it in today's words.
    let old = error("version = 2\n[reward]\nnormalisation = \"none\"\n");
    assert!(old.contains("line 3") && old.contains("did you mean `reward.normalization`?"), "{old}");
    let old = error("version = 2\n[[override]]\nsetting = \"ppo.epochs\"\nvalue = 3\n");
    assert!(old.contains("line 2") && old.contains("[reasons]"), "{old}");
}
