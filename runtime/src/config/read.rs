//! A configuration that is read, and not yet understood.

use super::change::Change;
use super::error::ConfigError;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The content of a file and of the command line.
#[derive(Default)]
pub struct Read {
    /// The keys of [`Config`](super::Config), as nested tables.
    pub keys: Map<String, Value>,
    /// The changes of the profile, in order.
    pub changes: Vec<Change>,
    /// The reasons by names.
    pub reasons: BTreeMap<String, String>,
    /// The places of keys and settings: `run.toml, line 7`.
    pub places: BTreeMap<String, String>,
    /// Notes on changes since the file's version.
    pub notes: Vec<String>,
}

impl Read {
    /// The value of a key that was given.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let first = self.keys.get(first)?;
        rest.split('.').filter(|part| !part.is_empty()).try_fold(first, |at, part| at.get(part))
    }

    /// Adds a change.
    pub fn change(&mut self, change: Change, place: String) {
        self.places.insert(change.setting.clone(), place);
        self.changes.push(change);
    }

    /// Checks that a setting does not stand in its table and in `[[override]]`.
    ///
    /// # Errors
    /// It does, or a part of it, or what it is a part of.
    pub fn alone(&self, change: &Change, place: &str) -> Result<(), ConfigError> {
        let below = |name: &str, of: &str| {
            name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let key = &change.setting;
        let mut others = self.changes.iter().filter(|other| other.whole != change.whole);
        let Some(other) = others.find(|other| below(&other.setting, key) || below(key, &other.setting))
        else {
            return Ok(());
        };
        let there = self.places.get(&other.setting).map_or("", String::as_str);
        let (table, tables) = if change.whole { (there, place) } else { (place, there) };
        let reason = format!("it stands in [[override]] too ({tables}): keep one of them");
        Err(ConfigError::Key { place: table.into(), key: key.clone(), reason })
    }

    /// Notes what has changed, once.
    pub fn note(&mut self, place: &str, note: String) {
        if !self.notes.iter().any(|other| other.ends_with(&note)) {
            self.notes.push(format!("{place}: {note}"));
        }
    }

    /// Says where the key or setting of an error stands, if it is here.
    pub fn placed(&self, error: ConfigError) -> ConfigError {
        match error {
            ConfigError::Setting { setting, reason } => match self.places.get(&setting) {
                Some(place) => ConfigError::Key { place: place.clone(), key: setting, reason },
                None => ConfigError::Setting { setting, reason },
            },
            other => other,
        }
    }
}

/// Puts a value into nested tables, which are made as need be.
pub fn put(table: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
        None => drop(table.insert(name.into(), value)),
    }
}
