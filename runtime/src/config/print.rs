//! A configuration in full: every key and every setting with its value and what it says.

use super::keys::{KEYS, Key, OPTIONAL, SECTIONS};
use super::kind::Kind;
use super::{Config, settings};
use crate::config::ConfigError;
use core::fmt::Write;
use rlhf_train::profile::{DistillationTraining, Profile};
use serde_json::Value;

const HEAD: &str = "\
# Everything that a run can be told, at its defaults. Lines without `#` are the configuration: say
# which model and tokenizer, and `rlhf run` takes it. What is left out has the value printed here.
# Paths of the base start at the data's folder.
";

const SETTINGS: &str = "
# The settings of the profile, one a line. Each may stand in its table above, or in one of its own:
#
# [ppo.gae]
# lambda = 0.9
#
# with a reason that the report repeats:
#
# [[override]]
# setting = \"ppo.gae.lambda\"
# value = 0.9
# reason = \"short answers\"
#
# or, for one run: `--set ppo.gae.lambda=0.9`. What begins with `method.` may go without: [on_policy]. In tables, { cosine = { floor = 0.1 } } is written for
# what the list below calls cosine = { floor }.
#
";

/// What is printed where a path has to be filled in.
const FILL_IN: [(&str, &str); 3] = [
    ("base.model", "\"MODEL\""),
    ("base.tokenizer", "\"TOKENIZER\""),
    ("distillation.teacher", "\"TEACHER\""),
];

/// What is printed where sources may stand.
const SOURCES: &str = "[{ files = [\"*.jsonl\"], weight = 1.0 }]";

/// `ppo.response`, at its default.
const RESPONSE: usize = 64;

/// The default configuration on a profile and a method for step 3, as TOML with comments. It parses back to itself.
///
/// # Errors
/// [`ConfigError::Setting`] lists the profiles, or the methods.
pub fn complete(profile: &str, method: &str) -> Result<String, ConfigError> {
    let mut out = HEAD.to_owned();
    for (section, about) in SECTIONS {
        // The instead of a model is there to be commented in.
        let off = if *section == OPTIONAL { "# " } else { "" };
        let _ = writeln!(out, "\n# {about}");
        if !section.is_empty() {
            let _ = writeln!(out, "{off}[{section}]");
        }
        for key in KEYS.iter().filter(|key| key.parts().0 == *section) {
            entry(&mut out, key, off, (profile, method));
        }
    }
    out += SETTINGS;
    out += &listing(&Config::recipe(profile, method, RESPONSE)?)?;
    Ok(out)
}

fn entry(out: &mut String, key: &Key, off: &str, (profile, method): (&str, &str)) {
    let name = key.parts().1;
    // Writing to a string cannot fail.
    let _ = match key.kind {
        Kind::Path => writeln!(out, "# {}", key.what),
        kind => writeln!(out, "# {} ({})", key.what, kind.wanted()),
    };
    // Who has no teacher names none.
    let asked = key.name != "distillation.teacher" || DistillationTraining::by_name(method).is_ok();
    let fill_in = FILL_IN.iter().find(|(known, _)| asked && *known == key.name).map(|(_, value)| *value);
    let _ = match (key.default(), fill_in) {
        // An empty list here would stand in the way of [[tables]].
        _ if matches!(key.kind, Kind::Sources(_)) => writeln!(out, "# {name} = {SOURCES}"),
        _ if key.name == "profile" => writeln!(out, "profile = \"{profile}\""),
        _ if key.name == "method" => writeln!(out, "method = \"{method}\""),
        (Some(value), _) => writeln!(out, "{off}{name} = {}", toml(&value)),
        (None, Some(value)) => writeln!(out, "{off}{name} = {value}"),
        (None, None) => writeln!(out, "# {name} = \"{name}\""),
    };
}

/// All settings of a profile, as comments.
fn listing(profile: &Profile) -> Result<String, ConfigError> {
    let stored = serde_json::to_value(profile).map_err(|e| ConfigError::setting("profile", e.to_string()))?;
    let rows: Vec<(String, &str)> = settings::of(&stored)
        .iter()
        .map(|setting| {
            let value = stored.pointer(&format!("/{}", setting.name.replace('.', "/")));
            (format!("{} = {}", setting.name, toml(value.unwrap_or(&Value::Null))), setting.what)
        })
        .collect();
    // One column for most; the few long ones push their comment out.
    Ok(rows.iter().map(|(setting, what)| format!("#   {setting:<46} # {what}\n")).collect())
}

/// A value as TOML writes it within a line. What is absent is `"none"`.
fn toml(value: &Value) -> String {
    match value {
        Value::Null => "\"none\"".into(),
        Value::Array(all) => format!("[{}]", all.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(parts) => {
            let parts: Vec<_> = parts.iter().map(|(name, part)| format!("{name} = {}", toml(part))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Change, overrides};
    use rlhf_train::profile::Method;

    fn parse(text: &str) -> Config {
        Config::parse(text, "run.toml".as_ref(), &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_is_printed_is_the_default_configuration() {
        let profiles = Profile::names().map(|profile| (profile, "ppo"));
        for (profile, method) in profiles.chain(Method::names().map(|method| ("trl", method))) {
            let printed = parse(&complete(profile, method).unwrap());
            let mut paths = "[base]\nmodel = \"MODEL\"\ntokenizer = \"TOKENIZER\"".to_owned();
            if DistillationTraining::by_name(method).is_ok() {
                paths += "\n[distillation]\nteacher = \"TEACHER\"";
            }
            let short = format!("profile = \"{profile}\"\nmethod = \"{method}\"\n{paths}");
            assert_eq!(printed, parse(&short));
            assert_eq!((printed.profile.as_str(), printed.method.as_str()), (profile, method));
            assert_eq!(printed.ppo.response, RESPONSE);
        }
        assert!(complete("gpt5", "ppo").unwrap_err().to_string().contains("instructgpt"));
        assert!(complete("trl", "gpro").unwrap_err().to_string().contains("grpo"));
    }

    #[test]
    fn a_network_of_ones_own_can_be_commented_in() {
        let text = complete("trl", "ppo").unwrap();
        let text = text.replace("model = \"MODEL", "# model = \"MODEL");
        let text = text.replace("tokenizer = \"TOKENIZER", "# tokenizer = \"TOKENIZER");
        let start = text.find("# [base.new]").unwrap();
        let end = start + text[start..].find("\n\n").unwrap();
        let new: Vec<String> = text[start..end]
            .lines()
            .map(
                |line| {
                    if line.contains(" = ") || line.contains('[') { line[2..].into() } else { line.into() }
                },
            )
            .collect();
        let text = [&text[..start], &new.join("\n"), &text[end..]].concat();
        let text = text.replace("source = \"base\"", "source = \"text\"");
        assert_eq!(parse(&text).base.fresh().map(|new| new.width), Some(128), "{text}");
    }

    fn recipe((profile, method): (&str, &str)) -> Profile {
        Config::recipe(profile, method, RESPONSE).unwrap()
    }

    fn pairs<T: Copy>(all: &[T]) -> Vec<(T, T)> {
        all.iter().flat_map(|a| all.iter().map(|b| (*a, *b))).collect()
    }

    /// The listing has every setting: from any profile it leads to any other.
    #[test]
    fn the_settings_of_one_profile_make_it_of_another() {
        let profiles: Vec<_> = Profile::names().map(|profile| (profile, "ppo")).collect();
        // A method's settings stand below its kind.
        let kind = |name: &str| core::mem::discriminant(&recipe(("trl", name)).method);
        let mut kinds: Vec<Vec<_>> = vec![profiles];
        for name in Method::names().filter(|name| !["ppo", "a2c"].contains(name)) {
            match kinds.iter_mut().skip(1).find(|all| kind(all[0].1) == kind(name)) {
                Some(all) => all.push(("trl", name)),
                None => kinds.push(vec![("trl", name)]),
            }
        }
        assert_eq!(kinds.len(), 11);
        for (from, to) in kinds.iter().flat_map(|all| pairs(all)) {
            {
                let text = complete(to.0, to.1).unwrap();
                let rows = text.lines().filter(|line| line.starts_with("#   "));
                let changes: Vec<Change> = rows
                    .map(|row| {
                        let (setting, rest) = row[1..].trim().split_once(" = ").unwrap();
                        let value = rest.split(" # ").next().unwrap();
                        let value = crate::config::value::value(value).unwrap();
                        Change { setting: setting.into(), value, reason: "a test".into() }
                    })
                    .collect();
                let made = overrides::apply(recipe(from), &changes).unwrap().0;
                assert_eq!(made, recipe(to), "{from:?} to {to:?}");
            }
        }
    }
}
