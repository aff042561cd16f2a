//! A configuration's text, key by key.

use super::keys::{Key, SECTIONS};
use super::kind::Kind;
use super::nearest::nearest;
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
    let mut reader = Reader { lines, path, version: 1, tree: Tree::default() };
    if let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == "version") {
        let place = reader.place(name.span().start);
        reader.version = version(&json(value.clone()).map_err(fault)?, place)?;
    }
    reader.table("", table)?;
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
                value => {
                    if is_section {
                        let reason = format!("it is a section: write [{name}]");
                        return Err(ConfigError::Key { place, key: name, reason });
                    }
                    if let DeValue::Array(tables) = &value {
                        self.sources(&name, tables, &place)?;
                    }
                    match json(Spanned::new(span, value)) {
                        Ok(value) => self.tree.set(&name, value, place)?,
                        Err(e) => {
                            let reason = e.message().into();
                            return Err(ConfigError::Key { place, key: name, reason });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks the tables of a key that takes sources, each by its own lines; `place` is the key's.
    fn sources(&self, name: &str, tables: &DeArray<'_>, place: &str) -> Result<(), ConfigError> {
        let Some(Kind::Sources(kinds)) = Key::of(name).map(|key| key.kind) else { return Ok(()) };
        let values: Vec<Value> = tables.iter().map(|table| json(table.clone()).unwrap_or_default()).collect();
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
                None => true,
            };
            if missing {
                let reason = format!("this [[override]] needs a `{key}`{}", why(key));
                return Err(ConfigError::Key { place, key: setting, reason });
            }
        }
        self.tree.change(&setting, table, place);
        Ok(())
    }
}

fn why(key: &str) -> &'static str {
    if key == "reason" { ": say why the recipe is left" } else { "" }
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
