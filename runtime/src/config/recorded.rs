//! The recipe of a run that was begun earlier, perhaps by a version with other numbers in it.

use super::change::Change;
use super::error::ConfigError;
use super::node::Node;
use super::overrides::{self, pointer};
use super::{Config, schema};
use serde_json::Value;
use std::collections::BTreeSet;

impl Config {
    /// Returns the same run with the recipe's numbers as `settings` has them, which a run of the configuration `begun`
    /// recorded. What one of the two configurations changes alone is a difference between them, and stays one.
    ///
    /// # Errors
    /// [`ConfigError::Setting`]: a recorded number that this version refuses.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub(crate) fn with_recorded(mut self, begun: &Self, settings: &Value) -> Result<Self, ConfigError> {
        self.recorded.clear();
        if (&self.profile, &self.method) != (&begun.profile, &begun.method) {
            return Ok(self);
        }
        let fault = |e: serde_json::Error| ConfigError::setting("profile", e.to_string());
        let (resolved, _) = overrides::apply(self.unchanged()?, &self.changes, &self.reasons)?;
        let resolved = serde_json::to_value(resolved).map_err(fault)?;
        let (ours, theirs) = (changed(&self.changes), changed(&begun.changes));
        let mut names = Vec::new();
        all("", schema::profile(), &mut names);
        for setting in names.into_iter().filter(|name| ours.contains(name) == theirs.contains(name)) {
            let at = pointer(&setting);
            if let (Some(now), Some(value)) = (resolved.pointer(&at), settings.pointer(&at))
                && now != value
            {
                self.recorded.push(Change { setting, value: value.clone(), whole: true });
            }
        }
        self.unchanged()?;
        Ok(self)
    }

    /// The settings that [`Self::with_recorded`] took from a record, with their values.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub(crate) fn recorded(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.recorded.iter().map(|change| (&change.setting[..], &change.value))
    }
}

/// The settings that are changed.
fn changed(changes: &[Change]) -> BTreeSet<String> {
    changes.iter().map(|change| schema::profile().setting(&change.setting)).collect()
}

/// The names of all settings below a table.
fn all(section: &str, node: Node<'_>, out: &mut Vec<String>) {
    for name in node.names() {
        let whole = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        match node.property(name) {
            Some(inner) if inner.is_table() => all(&whole, inner, out),
            _ => out.push(whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(rest: &str) -> Config {
        let text = format!("profile = \"small\"\n[base]\nmodel = \"a\"\ntokenizer = \"b\"\n{rest}");
        Config::parse(&text, "run.toml".as_ref(), &[]).unwrap()
    }

    fn settings(config: &Config) -> Value {
        serde_json::to_value(config.resolve().unwrap().0).unwrap()
    }

    #[test]
    fn numbers_that_are_not_the_recipe_s_any_more_are_taken_over() {
        for (method, name, value) in [
            ("ppo", "ppo.policy.learning_rate", json!(3.25e-4)),
            ("ppo", "ppo.controller", json!({ "fixed": { "beta": 0.3125 } })),
            ("ppo", "ppo.epochs", json!(7)),
            ("dpo", "preference.batch", json!(24)),
            ("grpo", "on_policy.group", json!(12)),
            ("ppo", "reward.epochs", json!(9)),
        ] {
            let at = &pointer(name);
            let begun = Config { method: method.into(), ..config("[supervised]\nepochs = 2\n") };
            let mut was = settings(&begun);
            assert_ne!(was.pointer(at).unwrap(), &value, "{name}");
            *was.pointer_mut(at).unwrap() = value.clone();
            let gone_on = begun.clone().with_recorded(&begun, &was).unwrap();
            assert_eq!(settings(&gone_on), was, "{name}");
            assert_eq!(gone_on.recorded().collect::<Vec<_>>(), [(name, &value)]);
            // It is the recipe's number, no change of it.
            assert_eq!(gone_on.resolve().unwrap().1, begun.resolve().unwrap().1, "{name}");
            assert_eq!(gone_on.to_toml().unwrap(), begun.to_toml().unwrap(), "{name}");
            assert_eq!(gone_on.clone().with_recorded(&begun, &was).unwrap(), gone_on, "once more");
        }
    }

    #[test]
    fn a_change_of_one_of_the_two_is_a_difference() {
        let (plain, two, three) = (config(""), config("[ppo]\nepochs = 2\n"), config("[ppo]\nepochs = 3\n"));
        for (begun, now) in [(&plain, &two), (&two, &plain), (&two, &three)] {
            let was = settings(begun);
            let gone_on = now.clone().with_recorded(begun, &was).unwrap();
            assert_eq!(settings(&gone_on), settings(now));
            assert_ne!(settings(&gone_on), was);
        }
        let (ppo, dpo) = (settings(&plain), Config { method: "dpo".into(), ..plain.clone() });
        assert_eq!(dpo.clone().with_recorded(&plain, &ppo).unwrap(), dpo, "another method");
    }

    #[test]
    fn a_part_that_both_change_keeps_the_rest_of_its_setting() {
        let begun = config(
            "[ppo]\npretraining = { coefficient = 2.0, examples = 4.0 }\ncontroller.fixed.beta = 0.5\n",
        );
        let part = Change { setting: "ppo.pretraining.examples".into(), value: json!(8.0), whole: false };
        let begun = Config { changes: [begun.changes.clone(), vec![part]].concat(), ..begun };
        let mut was = settings(&begun);
        assert_eq!(was["ppo"]["pretraining"], json!({ "coefficient": 2.0, "examples": 8.0 }));
        was["ppo"]["critic"]["adam"]["beta2"] = json!(0.875);
        let gone_on = begun.clone().with_recorded(&begun, &was).unwrap();
        assert_eq!(settings(&gone_on), was);
    }

    #[test]
    fn a_record_that_makes_no_sense_is_refused() {
        let begun = config("");
        let mut was = settings(&begun);
        was["ppo"]["gae"]["lambda"] = json!(2.0);
        let error = begun.clone().with_recorded(&begun, &was).unwrap_err().to_string();
        assert!(error.contains("lambda"), "{error}");
    }
}
