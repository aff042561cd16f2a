//! A configuration in full: every key and every setting with its value and its description.

use super::base::NewBase;
use super::error::ConfigError;
use super::keys::Config;
use super::node::Node;
use super::recipe::recipe;
use super::{overrides, schema};
use core::fmt::Write;
use rlhf_train::profile::{DistillationTraining, Profile};
use serde_json::Value;
use std::collections::BTreeSet;

const HEAD: &str = "\
# Everything that a run can be told, at its defaults. Lines without `#` are the configuration: say
# which model and tokenizer, and `rlhf run` takes it. What is left out has the value printed here.
# Paths of the base start at the data's folder.
";

const SETTINGS: &str = "
# Why a setting is not the recipe's, which the report repeats. This may be left out.
# [reasons]
# \"ppo.gae.lambda\" = \"short answers\"

# The settings of the recipe, one a line. Each is a key of its table, such as
#
# [ppo.gae]
# lambda = 0.9
#
# or, for one run: `--set ppo.gae.lambda=0.9`.
#
";

/// A list of sources as an example: an empty one would get in the way of [[tables]].
const SOURCES: &str = "[{ files = [\"*.jsonl\"], weight = 1.0 }]";

/// The default configuration on a profile and a method for step 3, as TOML with comments. It parses back to itself.
///
/// # Errors
/// [`ConfigError::Setting`] lists the profiles, or the methods.
pub fn complete(profile: &str, method: &str) -> Result<String, ConfigError> {
    let mut config = Config { profile: profile.into(), method: method.into(), ..Config::default() };
    // Who has no teacher names none.
    config.distillation.teacher = DistillationTraining::by_name(method).is_ok().then(|| "TEACHER".into());
    let recipe = recipe(profile, method, config.ppo.response)?;
    let mut out = HEAD.to_owned();
    for section in text(&config)?.split("\n\n") {
        let name = section.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or_default();
        table(&mut out, name, section, "");
        if name == "base" {
            // Instead of a model; there to be commented in.
            table(&mut out, "base.new", &format!("[base.new]\n{}", text(&NewBase::default())?), "# ");
        }
    }
    out += SETTINGS;
    if !config.names_recipe() {
        let (small, large) = (Profile::for_weights(0), Profile::for_weights(usize::MAX));
        let _ = writeln!(
            out,
            "# These are `{large}`'s. A base below ten million weights takes `{small}`, whose settings\n\
             # `rlhf config --profile {small}` prints.\n#"
        );
    }
    let stored = serde_json::to_value(recipe).map_err(|e| ConfigError::setting("profile", e.to_string()))?;
    settings(&mut out, "", schema::profile(), &stored);
    Ok(out)
}

fn text(values: &impl serde::Serialize) -> Result<String, ConfigError> {
    toml::to_string(values).map_err(|e| ConfigError::setting("config", e.to_string()))
}

/// Writes a table with the descriptions of its keys, and those without a value as comments. Writing to a string cannot
/// fail.
fn table(out: &mut String, name: &str, lines: &str, off: &str) {
    let node = if name.is_empty() { Some(schema::keys()) } else { schema::keys().find(name) };
    let Some(node) = node else { return };
    let _ = writeln!(out, "\n# {}", node.what());
    let mut printed = BTreeSet::new();
    for line in lines.trim().lines() {
        if let Some((key, _)) = line.split_once(" = ") {
            printed.insert(key);
            describe(out, node, key);
        }
        let _ = writeln!(out, "{off}{line}");
    }
    let rest = node.names().into_iter().filter(|key| !printed.contains(key));
    for (key, inner) in
        rest.filter_map(|key| Some((key, node.property(key)?))).filter(|(_, inner)| !inner.is_table())
    {
        describe(out, node, key);
        let _ = match inner.example() {
            Some(example) => writeln!(out, "# {key} = {example}"),
            None => writeln!(out, "# {key} = {SOURCES}"),
        };
    }
}

/// Writes the description of a key.
fn describe(out: &mut String, table: Node<'_>, key: &str) {
    let Some(node) = table.property(key) else { return };
    let what = node.what().trim_end_matches('.');
    let _ = if node.is_text() {
        writeln!(out, "# {what}.")
    } else {
        writeln!(out, "# {what} ({}).", node.wanted())
    };
}

/// Writes all settings of a profile, as comments.
fn settings(out: &mut String, table: &str, node: Node<'_>, stored: &Value) {
    for name in node.names() {
        let whole = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
        match (node.property(name), stored.pointer(&overrides::pointer(&whole))) {
            (Some(inner), Some(_)) if inner.is_table() => settings(out, &whole, inner, stored),
            (Some(inner), Some(value)) => {
                let setting = format!("{whole} = {}", toml(value));
                let what = inner.what();
                // One column for most; the few long ones push their comment out.
                let _ = writeln!(out, "#   {setting:<46} # {what}");
            }
            _ => {}
        }
    }
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
    use crate::config::CliOverride;
    use rlhf_train::profile::Method;

    const RESPONSE: usize = 64;

    fn parse(text: &str) -> Config {
        Config::parse(text, "run.toml".as_ref(), &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_is_printed_is_the_default_configuration() {
        let profiles = ["auto"].into_iter().chain(Profile::names()).map(|profile| (profile, "ppo"));
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
                let given: Vec<CliOverride> =
                    rows.map(|row| row[1..].trim().split(" # ").next().unwrap().parse().unwrap()).collect();
                let teacher =
                    if from.1.contains("distil") || from.1 == "gkd" { "teacher = \"T\"" } else { "" };
                let text = format!(
                    "profile = \"{}\"\nmethod = \"{}\"\n[base]\nmodel = \"M\"\ntokenizer = \"T\"\n\
                     [distillation]\n{teacher}",
                    from.0, from.1
                );
                let made = Config::parse(&text, "run.toml".as_ref(), &given).unwrap().resolve().unwrap().0;
                assert_eq!(made, recipe(to), "{from:?} to {to:?}");
            }
        }
    }
}
