//! A configuration as keys with values, each with the place where it stands.

use super::keys::{KEYS, Key, OPTIONAL, SECTIONS};
use super::kind::Kind;
use super::nearest::nearest;
use super::{settings, source};
use crate::config::ConfigError;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A configuration, read and not yet understood.
#[derive(Default)]
pub struct Tree {
    /// Values by the names of their keys.
    values: BTreeMap<String, Value>,
    /// The tables of `[[override]]`.
    overrides: Vec<Value>,
    /// Where keys stand, and the settings of `[[override]]`: `run.toml, line 7`.
    places: BTreeMap<String, String>,
    /// What has changed since the file's version.
    pub notes: Vec<String>,
}

impl Tree {
    /// Sets a key, as the command line does.
    ///
    /// # Errors
    /// The key does not take the value.
    pub fn set(&mut self, name: &str, value: Value, place: String) -> Result<(), ConfigError> {
        let key = Key::of(name).ok_or_else(|| unknown(name, place.clone()))?;
        if !key.kind.takes(&value) {
            let reason = format!("want {}, not {value}", key.kind.wanted());
            return Err(ConfigError::Key { place, key: name.into(), reason });
        }
        if let (Kind::Sources(kinds), Some(sources)) = (key.kind, value.as_array()) {
            source::check(name, kinds, sources, &|_, _| place.clone())?;
        }
        self.places.insert(name.into(), place);
        self.values.insert(name.into(), value);
        Ok(())
    }

    /// Adds an `[[override]]`.
    pub fn change(&mut self, setting: &str, table: Value, place: String) {
        self.places.insert(setting.into(), place);
        self.overrides.push(table);
    }

    /// Whether an `[[override]]` changes a setting, a part of it, or what it is a part of.
    pub fn changes(&self, setting: &str) -> bool {
        let below = |name: &str, of: &str| {
            name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let changed = self.overrides.iter().filter_map(|table| table.get("setting").and_then(Value::as_str));
        changed.into_iter().any(|other| below(other, setting) || below(setting, other))
    }

    /// The value of a key, or its default. Formats have none where there are sources instead.
    pub fn get(&self, key: &Key) -> Option<Value> {
        let sources = || self.values.get(&format!("{}.sources", key.parts().0)).and_then(Value::as_array);
        self.values.get(key.name).cloned().or_else(|| match key.kind {
            Kind::Formats(_) if sources().is_some_and(|list| !list.is_empty()) => {
                Some(Value::Array(Vec::new()))
            }
            _ => key.default(),
        })
    }

    /// Says where the key or setting of an error stands, if it is here.
    pub fn placed(&self, error: ConfigError) -> ConfigError {
        match error {
            ConfigError::Unknown { place, key, nearest, known } => {
                let place = self.places.get(&key).cloned().unwrap_or(place);
                ConfigError::Unknown { place, key, nearest, known }
            }
            ConfigError::Setting { setting, reason } => match self.places.get(&setting) {
                Some(place) => ConfigError::Key { place: place.clone(), key: setting, reason },
                None => ConfigError::Setting { setting, reason },
            },
            other => other,
        }
    }

    /// All of it as nested tables, with the defaults of keys that are not here.
    pub fn complete(&self) -> Value {
        let new = self.values.keys().any(|name| in_section(name, OPTIONAL));
        let mut root = Map::new();
        for key in KEYS.iter().filter(|key| new || !in_section(key.name, OPTIONAL)) {
            place_in(&mut root, key.name, self.get(key));
        }
        root.insert("override".into(), Value::Array(self.overrides.clone()));
        Value::Object(root)
    }
}

/// Puts a value into nested tables, which are made as need be.
fn place_in(table: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match name.split_once('.') {
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                place_in(inner, rest, value);
            }
        }
        None => table.extend(value.map(|value| (name.to_owned(), value))),
    }
}

/// Whether a key stands in a section or below it.
fn in_section(name: &str, section: &str) -> bool {
    name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'))
}

/// What to say of a key that does not exist.
pub fn unknown(name: &str, place: String) -> ConfigError {
    let sections = SECTIONS.iter().map(|(section, _)| *section);
    let known = KEYS.iter().map(|key| key.name).chain(sections).chain(["override"]);
    let settings = settings::all();
    let near = nearest(name, known.chain(settings.iter().map(|s| s.name.as_str())));
    ConfigError::Unknown { place, key: name.into(), nearest: near.map(Into::into), known: neighbours(name) }
}

/// The keys of the section that a name seems to be in, and the sections below it.
fn neighbours(name: &str) -> String {
    let section = name.rsplit_once('.').map_or("", |(section, _)| section);
    let section = if SECTIONS.iter().any(|(known, _)| *known == section) { section } else { "" };
    let keys = KEYS.iter().map(Key::parts);
    let sections = SECTIONS.iter().map(|(name, _)| name.rsplit_once('.').unwrap_or(("", name)));
    let here = keys.chain(sections).filter(|(outer, name)| *outer == section && !name.is_empty());
    here.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}
