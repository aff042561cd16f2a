//! A configuration's text, key by key.

use super::keys::{Key, SECTIONS};
use super::kind::Kind;
use super::nearest::nearest;
use super::recipe;
use super::settings::{self, Named};
use super::source;
use super::tree::Tree;
use super::value::json;
use super::version::{RENAMED, Renamed, VERSION};
use crate::config::ConfigError;
use serde_json::Value;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// The most tables of `[[override]]`: profiles have fewer settings.
const MOST_OVERRIDES: usize = 1000;

/// Reads a text; `path` is for messages. Unknown keys, and values that their keys do not take,
/// are refused.
pub fn parse(text: &str, path: &Path) -> Result<Tree, ConfigError> {
    let fault = |e: toml::de::Error| ConfigError::File { path: path.into(), reason: e.to_string() };
    let table = DeTable::parse(text).map_err(fault)?.into_inner();
    let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let mut reader = Reader { lines, path, version: 1, tree: Tree::default(), settings: Vec::new() };
    if let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == "version") {
        let place = reader.place(name.span().start);
        reader.version = version(&json(value.clone()).map_err(fault)?, place)?;
    }
    reader.table("", table)?;
    reader.settle()?;
    Ok(reader.tree)
}

/// Checks the form of a file.
fn version(value: &Value, place: String) -> Result<u64, ConfigError> {
    let reason = match value.as_u64() {
        Some(version) if (1..=VERSION).contains(&version) => return Ok(version),
        Some(version) if version > VERSION => {
            format!("this program reads files of version {VERSION} at most, not {version}: it is too old")
        }
        _ => format!("want a whole number of 1 to {VERSION}, not {value}"),
    };
    Err(ConfigError::Key { place, key: "version".into(), reason })
}

struct Reader<'a> {
    /// Where lines end.
    lines: Vec<usize>,
    path: &'a Path,
    /// The file's.
    version: u64,
    tree: Tree,
    /// Settings of the profile that stand in tables of their own, with their values and places.
    settings: Vec<(String, Value, String)>,
}

impl Reader<'_> {
    fn place(&self, at: usize) -> String {
        let line = 1 + self.lines.partition_point(|end| *end < at);
        format!("{}, line {line}", self.path.display())
    }

    fn table(&mut self, section: &str, table: DeTable<'_>) -> Result<(), ConfigError> {
        // In the order of the file, so that its first fault is told first.
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let place = self.place(name.span().start);
            let name = name.into_inner();
            let name = if section.is_empty() { name.into_owned() } else { format!("{section}.{name}") };
            let (name, notes) = Renamed::now(RENAMED, &name, self.version);
            self.tree.notes.extend(notes.into_iter().map(|note| format!("{place}: {note}")));
            let is_section = SECTIONS.iter().any(|(known, _)| *known == name);
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(inner) if is_section => self.table(&name, inner)?,
                DeValue::Array(tables) if name == "override" => {
                    if tables.len() > MOST_OVERRIDES {
                        let reason = format!("want {MOST_OVERRIDES} at most");
                        return Err(ConfigError::Key { place, key: name, reason });
                    }
                    tables.into_iter().try_for_each(|table| self.change(table))?;
                }
                value if !is_section && Key::of(&name).is_none() && settings::named(&name).is_some() => {
                    match (settings::named(&name), value) {
                        (Some(Named::Group), DeValue::Table(inner)) => self.table(&name, inner)?,
                        (Some(Named::Setting(setting)), value) => {
                            let value = plain(&name, Spanned::new(span, value), &place)?;
                            self.settings.push((setting, value, place));
                        }
                        _ => {
                            let reason = format!("it is a group of settings: write [{name}]");
                            return Err(ConfigError::Key { place, key: name, reason });
                        }
                    }
                }
                value => {
                    if is_section {
                        let reason = format!("it is a section: write [{name}]");
                        return Err(ConfigError::Key { place, key: name, reason });
                    }
                    if let DeValue::Array(tables) = &value {
                        self.sources(&name, tables, &place)?;
                    }
                    let value = plain(&name, Spanned::new(span, value), &place)?;
                    self.tree.set(&name, value, place)?;
                }
            }
        }
        Ok(())
    }

    /// Makes changes of the profile of the settings that were read. A table that names some parts of a setting
    /// leaves the others as they are.
    fn settle(&mut self) -> Result<(), ConfigError> {
        let stored = recipe::of(&self.tree).and_then(|recipe| serde_json::to_value(recipe).ok());
        for (setting, value, place) in core::mem::take(&mut self.settings) {
            let at =
                stored.as_ref().and_then(|stored| stored.pointer(&format!("/{}", setting.replace('.', "/"))));
            if self.tree.changes(&setting) {
                let reason = "it stands here and in [[override]]: keep one of them".into();
                return Err(ConfigError::Key { place, key: setting, reason });
            }
            self.settle_part(setting, value, at, &place);
        }
        Ok(())
    }

    fn settle_part(&mut self, setting: String, value: Value, at: Option<&Value>, place: &str) {
        match (value, at.and_then(Value::as_object)) {
            (Value::Object(parts), Some(at)) if parts.keys().all(|part| at.contains_key(part)) => {
                for (part, value) in parts {
                    let below = at.get(&part);
                    self.settle_part(format!("{setting}.{part}"), value, below, place);
                }
            }
            (value, _) => {
                let table = serde_json::json!({ "setting": setting, "value": value });
                self.tree.change(&setting, table, place.into());
            }
        }
    }

    /// Checks the tables of a key that takes sources, each by its own lines; `place` is the key's.
    fn sources(&self, name: &str, tables: &DeArray<'_>, place: &str) -> Result<(), ConfigError> {
        let Some(Kind::Sources(kinds)) = Key::of(name).map(|key| key.kind) else { return Ok(()) };
        // What is no value of JSON, such as a number that is not finite, is told as null by its own key.
        let value = |value: &Spanned<DeValue<'_>>| json(value.clone()).unwrap_or_default();
        let values = tables.iter().map(|table| match table.get_ref() {
            DeValue::Table(entries) => {
                entries.iter().map(|(key, entry)| (key.get_ref().to_string(), value(entry))).collect()
            }
            _ => value(table),
        });
        let values: Vec<Value> = values.collect();
        let place = |at: usize, part: &str| {
            let Some(table) = tables.get(at) else { return place.into() };
            let span = match table.get_ref() {
                DeValue::Table(entries) => {
                    entries.keys().find(|key| key.get_ref() == part).map(Spanned::span)
                }
                _ => None,
            };
            self.place(span.unwrap_or(table.span()).start)
        };
        source::check(name, kinds, &values, &place)
    }

    /// A table of `[[override]]`.
    fn change(&mut self, table: Spanned<DeValue<'_>>) -> Result<(), ConfigError> {
        let place = self.place(table.span().start);
        let fault =
            |reason: String| ConfigError::Key { place: place.clone(), key: "override".into(), reason };
        let known = ["setting", "value", "reason"];
        let DeValue::Table(entries) = table.get_ref() else {
            return Err(fault("want tables: write [[override]]".into()));
        };
        for name in entries.keys() {
            if !known.contains(&name.get_ref().as_ref()) {
                return Err(ConfigError::Unknown {
                    place: self.place(name.span().start),
                    key: format!("override.{}", name.get_ref()),
                    nearest: nearest(name.get_ref(), known.into_iter()).map(|n| format!("override.{n}")),
                    known: known.join(", "),
                });
            }
        }
        let setting = entries.get("setting");
        let place = setting.map_or(place.clone(), |setting| self.place(setting.span().start));
        let table = json(table).map_err(|e| fault(e.message().into()))?;
        let setting = table.get("setting").and_then(Value::as_str).unwrap_or("override").to_owned();
        for key in known {
            let missing = match table.get(key) {
                Some(value) => key != "value" && !value.is_string(),
                None => key != "reason",
            };
            if missing {
                let reason = format!("this [[override]] needs a `{key}`");
                return Err(ConfigError::Key { place, key: setting, reason });
            }
        }
        self.tree.change(&setting, table, place);
        Ok(())
    }
}

/// The value of a key, which stands at a place.
fn plain(key: &str, value: Spanned<DeValue<'_>>, place: &str) -> Result<Value, ConfigError> {
    let fault = |reason: String| ConfigError::Key { place: place.into(), key: key.into(), reason };
    json(value).map_err(|e| fault(e.message().into()))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use proptest::prelude::*;

    /// A configuration that is right, to damage.
    const RIGHT: &str = "seed = 1\n[base]\nmodel = \"a\"\ntokenizer = \"b\"\n[ppo]\nformats = [\"prompts\"]\n\
        [[override]]\nsetting = \"ppo.epochs\"\nvalue = { a = [1, 2.5], b = 1979-05-27 }\nreason = \"c\"\n";

    proptest! {
        #[test]
        fn any_text_is_a_configuration_or_an_error_with_the_file(text in "[a-z\\[\\]{}.=\"\n 0-9#-]{0,200}") {
            if let Err(error) = Config::parse(&text, "run.toml".as_ref(), &[]) {
                prop_assert!(error.to_string().starts_with("run.toml"), "{error}");
            }
        }

        #[test]
        fn a_damaged_one_is_no_worse(at in any::<prop::sample::Index>(), byte in 32u8..127) {
            let mut bytes = RIGHT.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = Config::parse(core::str::from_utf8(&bytes).unwrap(), "run.toml".as_ref(), &[]);
        }
    }

    fn with(method: &str, rest: &str) -> Result<Config, crate::config::ConfigError> {
        let text = format!("method = \"{method}\"\n[base]\nmodel = \"a\"\ntokenizer = \"b\"\n{rest}");
        Config::parse(&text, "run.toml".as_ref(), &[])
    }

    #[test]
    fn a_setting_may_stand_in_its_table_without_a_reason() {
        let in_tables = "[ppo]\niterations = 7\nepochs = 2\ngae.lambda = 0.9\n[ppo.policy.adam]\nbeta2 = 0.9\n\
            [ppo.pretraining]\ncoefficient = 1\n[reward]\nbatch = 8\n";
        let overrides = [
            ("ppo.epochs", "2"),
            ("ppo.gae.lambda", "0.9"),
            ("ppo.policy.adam.beta2", "0.9"),
            ("ppo.pretraining.coefficient", "1"),
            ("reward.batch", "8"),
        ]
        .map(|(setting, value)| format!("[[override]]\nsetting = \"{setting}\"\nvalue = {value}\n"))
        .concat();
        let tables = with("ppo", in_tables).unwrap();
        let (profile, changes) = tables.resolve().unwrap();
        let other = with("ppo", &format!("[ppo]\niterations = 7\n{overrides}")).unwrap();
        assert_eq!((profile, tables.ppo.iterations), (other.resolve().unwrap().0, 7));
        assert_eq!((profile.ppo.epochs, profile.ppo.policy.adam.beta2), (2, 0.9));
        assert_eq!(profile.ppo.pretraining.unwrap().coefficient, 1.0);
        assert_eq!((changes.len(), changes[0].reason.as_str()), (5, ""));
        // What a run writes into its folder is the same configuration.
        let again = Config::parse(&tables.to_toml().unwrap(), "run.toml".as_ref(), &[]).unwrap();
        assert_eq!(again.resolve().unwrap(), (profile, changes));
    }

    #[test]
    fn what_belongs_to_a_method_goes_by_its_kind() {
        let config = with("grpo", "[on_policy]\ngroup = 4\noptimiser.learning_rate = 1e-3\n").unwrap();
        let rlhf_train::profile::Method::OnPolicy(settings) = config.resolve().unwrap().0.method else {
            panic!()
        };
        assert_eq!((settings.group, settings.optimiser.learning_rate), (4, 1e-3));
        let said = with("ppo", "[on_policy]\ngroup = 4\n").unwrap_err().to_string();
        assert!(said.starts_with("run.toml, line 6") && said.contains("on_policy"), "{said}");
    }

    #[test]
    fn settings_in_tables_are_checked_like_keys() {
        let said = |rest: &str| with("ppo", rest).unwrap_err().to_string();
        let misspelt = said("[ppo]\n\nepohcs = 2\n");
        assert!(misspelt.starts_with("run.toml, line 7") && misspelt.contains("`ppo.epochs`"), "{misspelt}");
        let misspelt = said("[ppo.gae]\nlamda = 0.9\n");
        assert!(
            misspelt.starts_with("run.toml, line 6") && misspelt.contains("`ppo.gae.lambda`"),
            "{misspelt}"
        );
        let wrong = said("[ppo.gae]\nlambda = 2\n");
        assert!(wrong.starts_with("run.toml, line 6") && wrong.contains("0 to 1"), "{wrong}");
        let no_limit = said("[ppo.shaping]\nscore_clip = nan\n");
        assert!(no_limit.starts_with("run.toml, line 6") && no_limit.contains("finite"), "{no_limit}");
        let group = said("[ppo]\ngae = 2\n");
        assert!(group.contains("[ppo.gae]"), "{group}");
        let twice =
            said("[ppo]\nepochs = 2\n[[override]]\nsetting = \"ppo.epochs\"\nvalue = 3\nreason = \"c\"\n");
        assert!(twice.starts_with("run.toml, line 6") && twice.contains("keep one"), "{twice}");
    }

    #[test]
    fn depth_and_number_are_limited() {
        for text in [
            format!("seed = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
            format!("[{}]", vec!["base"; 100_000].join(".")),
            "[[override]]\nsetting = \"ppo.epochs\"\nvalue = 1\nreason = \"a\"\n".repeat(1001),
        ] {
            assert!(super::parse(&text, "run.toml".as_ref()).is_err());
        }
    }
}
