//! Configurations: what is accepted, and how errors are reported.

use rlhf::config::{BaseModel, CliOverride, Config};
use rlhf_tests::run_data::CONFIG;
use rlhf_tests::schema::check;
use std::path::Path;

fn schema() -> &'static str {
    include_str!("../../../runtime/schemas/config.schema.json")
}

/// A configuration as JSON.
fn json(text: &str) -> serde_json::Value {
    toml::from_str(text).unwrap()
}

#[test]
fn the_schema_is_the_one_that_the_code_makes() {
    let made = serde_json::to_string_pretty(&rlhf::config::schema()).unwrap() + "\n";
    assert!(made == schema(), "write it anew: rlhf config --schema > runtime/schemas/config.schema.json");
}

#[test]
fn the_schema_takes_what_is_read_and_nothing_else() {
    let example = include_str!("../../../examples/real.toml");
    for valid in [example.to_owned(), CONFIG.to_owned(), rlhf::config::complete("trl", "ppo").unwrap()] {
        check(schema(), &json(&valid)).unwrap();
    }
    for (from, to) in [
        ("seed = 3", "sede = 3"),
        ("held_out = 0.3", "held_out = 1"),
        ("model = \"base\"", ""),
        ("\"rankings\"", "\"ranking\""),
        ("source = \"base\"", "source = \"bass\""),
        ("\"a test\"", "1"),
        ("batch =", "bacth ="),
        ("batch = 16", "batch = \"16\""),
    ] {
        assert!(check(schema(), &json(&CONFIG.replacen(from, to, 1))).is_err(), "{to}");
    }
}

#[test]
fn a_file_of_a_later_version_is_refused_and_one_without_may_have_the_words_of_the_first() {
    let path = Path::new("run.toml");
    let parse = |text: &str| Config::parse(text, path, &[]);
    let bare = CONFIG.replace("version = 1\n", "");
    let named = format!("profile = \"instructgpt\"\n{bare}");
    assert_eq!(parse(&named).unwrap(), parse(&format!("version = 1\n{named}")).unwrap());
    assert_eq!(parse(&named).unwrap(), parse(&format!("version = 2\n{named}")).unwrap());
    // Without a recipe the first version has the one of then; today the base's size chooses.
    assert_eq!(parse(CONFIG).unwrap().profile, "instructgpt");
    assert_eq!(parse(&bare).unwrap().profile, "auto");
    assert_eq!(parse(&format!("version = 2\n{bare}")).unwrap().profile, "auto");
    for (version, words) in [("3", "this program reads files of version 2 at most"), ("0", "want a whole")] {
        let error = parse(&format!("version = {version}\n{bare}")).unwrap_err().to_string();
        assert!(error.contains("run.toml, line 1, version: ") && error.contains(words), "{error}");
    }
}

#[test]
fn the_command_line_changes_keys_and_settings_and_is_recorded() {
    let set = |given: &[&str]| {
        let given: Vec<CliOverride> = given.iter().map(|g| g.parse().unwrap()).collect();
        Config::parse(CONFIG, Path::new("run.toml"), &given)
    };
    let given = ["ppo.iterations=10", "ppo.policy.learning_rate=1e-4", "profile=trl", "base.model=other"];
    let config = set(&given).unwrap();
    assert_eq!((config.ppo.iterations, config.profile.as_str()), (10, "trl"));
    let (profile, overrides) = config.resolve().unwrap();
    assert_eq!(profile.ppo.policy.learning_rate, 1e-4);
    let of = |setting: &str| overrides.iter().find(|o| o.setting == setting).unwrap();
    assert_eq!(
        (of("ppo.iterations").paper.as_u64(), of("ppo.iterations").here.as_u64()),
        (Some(3), Some(10))
    );
    assert_eq!(of("ppo.policy.learning_rate").paper.as_f64(), Some(3e-6));
    assert_eq!(of("base.model").reason, "given on the command line");
    for (given, words) in [
        ("ppo.iteratons=1", "did you mean `ppo.iterations`?"),
        ("ppo.iterations=no", "want a whole number, 1 or more"),
        ("ppo.gea.lambda=1", "did you mean `ppo.gae.lambda`?"),
        ("ppo.gae.lambda=2", "lambda"),
        ("ppo.prompt=500", "exceed the context"),
    ] {
        let error = set(&[given]).unwrap_err().to_string();
        assert!(error.contains(given.split('=').next().unwrap()) && error.contains(words), "{error}");
    }
}

#[test]
fn a_new_base_is_checked() {
    let new = "[base.new]\nlayers = 1\nwidth = 16\nheads = 2\n";
    let files = "[base]\nmodel = \"base\"\ntokenizer = \"bytes.tok\"\n";
    let text = CONFIG.replace(files, new).replace("source = \"base\"", "source = \"text\"");
    let base = |text: &str| Config::parse(text, Path::new("run.toml"), &[]).map(|config| config.base);
    assert!(matches!(base(&text), Ok(BaseModel::New(new)) if new.reads_bytes() && new.batch == 32));
    for (from, to, words) in [
        ("heads = 2", "heads = 3", "3 heads do not divide a width of 16"),
        ("heads = 2", "heads = 2\ncontext = 64", "64 tokens at most"),
        ("heads = 2", "heads = 2\nfamily = \"bert\"", "gpt2, llama"),
        ("\"text\"", "\"base\"", "nothing to write"),
        (new, "", "[base.new]"),
        (new, &format!("{files}{new}"), "or else"),
    ] {
        let error = base(&text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(words), "{to}: {error}");
    }
}

/// Returns the error message for an invalid configuration.
fn said(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap_err().to_string()
}

#[test]
fn a_reason_is_optional() {
    let of = |text: &str| {
        let config = Config::parse(text, Path::new("run.toml"), &[]).unwrap_or_else(|e| panic!("{e}"));
        check(schema(), &json(text)).unwrap();
        config.resolve().unwrap()
    };
    let (with, without) = (of(CONFIG), of(CONFIG.split("[reasons]").next().unwrap()));
    assert_eq!(with.0, without.0);
    assert!(without.1.iter().all(|change| change.reason.is_empty()) && !without.1.is_empty());
}

#[test]
fn the_example_is_valid_and_gives_its_reasons() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/real.toml");
    let config = Config::read(&path).unwrap_or_else(|e| panic!("{e}"));
    let (_, overrides) = config.resolve().unwrap();
    assert!(overrides.iter().any(|o| o.setting == "ppo.pretraining" && o.reason.len() > 20));
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_name() {
    for (from, to, parts) in [
        (
            "rows = 100\npre",
            "rosw = 100\npre",
            ["line 12: ", "`supervised.rosw`: did you mean `supervised.rows`?"],
        ),
        ("seed = 3", "sede = 3", ["line 2: ", "`sede`: did you mean `seed`?"]),
        ("seed = 3", "iterations = 3", ["line 2: ", "`iterations`: did you mean `ppo.iterations`?"]),
        ("seed = 3", "color = 3", ["line 2: ", "`color`; there are bandit, base, "]),
        ("[evaluation]", "[evalution]", ["line 34: ", "`evalution`: did you mean `evaluation`?"]),
        ("batch = 16", "bacth = 16", ["line 27: ", "`ppo.bacth`: did you mean `ppo.batch`?"]),
        ("batch = 16", "policy.lr = 16", ["line 27: ", "`ppo.policy.lr`"]),
        ("\"ppo.batch", "\"ppo.bacth", ["line 40: ", "`ppo.bacth`: did you mean `ppo.batch`?"]),
    ] {
        let error = said(&CONFIG.replacen(from, to, 1));
        assert!(error.contains("run.toml") && parts.iter().all(|part| error.contains(part)), "{to}: {error}");
    }
    let error = said(&CONFIG.replace("\"rankings\"", "\"ranking\""));
    assert!(error.contains("line 17, reward.formats") && error.contains("rankings,"), "{error}");
}

#[test]
fn sources_are_checked_key_by_key() {
    let sources = "[[supervised.sources]]\nfiles = [\"a*\"]\n\n[[supervised.sources]]\nfiles = [\"b\"]\n\
        format = \"self_instruct\"\nweight = 3.0\n";
    let text = CONFIG.replace("formats = [\"instructions\", \"self_instruct\"]\n", "") + "\n" + sources;
    let config = Config::parse(&text, Path::new("run.toml"), &[]).unwrap().supervised;
    assert!(config.formats.is_empty() && config.sources.len() == 2);
    assert_eq!((config.sources[0].weight, config.sources[1].weight), (1.0, 3.0));
    check(schema(), &json(&text)).unwrap();
    let line = |of: &str| format!("line {}, ", 1 + text[..text.rfind(of).unwrap()].matches('\n').count());
    for (from, to, words) in [
        (
            "weight = 3.0",
            "wieght = 3.0",
            "`supervised.sources.wieght`: did you mean `supervised.sources.weight`?",
        ),
        ("weight = 3.0", "weight = 0.0", "supervised.sources.weight: want a number above 0"),
        ("weight = 3.0", "weight = inf", "supervised.sources.weight: want a finite number"),
        ("files = [\"b\"]", "files = []", "supervised.sources.files: want a list of paths"),
        ("self_instruct\"", "pairs\"", "supervised.sources.format: want one of instructions"),
    ] {
        let at = text.rfind(from).unwrap();
        let error = said(&[&text[..at], to, &text[at + from.len()..]].concat());
        assert!(error.contains(line(from).trim_end_matches(", ")) && error.contains(words), "{to}: {error}");
    }
    let given = [r#"ppo.sources=[{files=["a"], wight=1.0}]"#.parse::<CliOverride>().unwrap()];
    let error = Config::parse(&text, Path::new("run.toml"), &given).unwrap_err().to_string();
    assert!(error.contains("--set") && error.contains("did you mean `ppo.sources.weight`?"), "{error}");
    let error = said(&text.replace("files = [\"b\"]\n", ""));
    assert!(error.contains("this source needs `files`"), "{error}");
    let error = said(&format!("{CONFIG}\n{sources}"));
    assert!(
        error.contains("line 11, supervised.formats: remove it: supervised.sources name the files"),
        "{error}"
    );
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
        ("batch = 16", "batch = 4", "ppo.batch"),
        ("batch = 16", "batch = -1", "ppo.batch"),
        ("pretraining = 0.1", "pretraining = 1.1", "supervised.pretraining"),
        ("[evaluation]", "[guards]\nmax_ratio = 0.5\n[evaluation]", "guards.max_ratio"),
        ("[evaluation]", "[guards]\nmax_kl = 1e-310\n[evaluation]", "guards.max_kl"),
    ] {
        let error = said(&CONFIG.replacen(from, to, 1));
        assert!(error.contains(name), "{to}: {error}");
    }
}
