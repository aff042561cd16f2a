//! Configurations and stored settings of earlier versions: they keep working, with notes on what has changed.
//!
//! Version 2 has American spellings, every setting as a key of its table (`[on_policy]`, not `method.on_policy`),
//! reasons in `[reasons]`, in the place of `[[override]]`, and a recipe that fits the base where none is named. Of two names for one thing, the reader refuses the second.

use super::error::ConfigError;
use super::node::Node;
use serde_json::Value;

/// The form of configurations that this version reads and writes.
pub const VERSION: u64 = 2;

/// The recipe of a file that says it is of version 1 and names none.
pub const PROFILE: &str = "instructgpt";

/// Words of keys and values before version 2, and their names now.
const RENAMED: [(&str, &str); 8] = [
    ("optimiser", "optimizer"),
    ("normalisation", "normalization"),
    ("normaliser", "normalizer"),
    ("centring", "centering"),
    ("centre_on_demonstrations", "center_on_demonstrations"),
    ("centre_on_reference", "center_on_reference"),
    ("variance_penalised", "variance_penalized"),
    ("renormalised", "renormalized"),
];

/// Returns the name now of an old word.
pub fn word(old: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(from, _)| *from == old).map(|(_, to)| *to)
}

/// Returns the name now of an old setting, such as `method.on_policy.optimiser.learning_rate`.
pub fn name(old: &str) -> String {
    let parts = old.strip_prefix("method.").unwrap_or(old).split('.');
    parts.map(|part| word(part).unwrap_or(part)).collect::<Vec<_>>().join(".")
}

/// Gives the stored settings of a run, as its `run.json` and `summary.json` have them, the words of today.
pub fn modernize(settings: &mut Value) {
    match settings {
        Value::Object(parts) => {
            *parts = core::mem::take(parts)
                .into_iter()
                .map(|(name, mut part)| {
                    modernize(&mut part);
                    (word(&name).map_or(name, Into::into), part)
                })
                .collect();
        }
        Value::Array(parts) => parts.iter_mut().for_each(modernize),
        Value::String(text) => {
            if let Some(now) = word(text) {
                *text = now.into();
            }
        }
        _ => {}
    }
}

/// Replaces a whole table of settings: those that the value of an `[[override]]` does not name are removed.
pub fn whole(table: Node<'_>, value: &Value) -> Vec<(String, Value)> {
    let part = |name: &str| value.get(name).cloned().unwrap_or_default();
    table.names().into_iter().map(|name| (name.to_owned(), part(name))).collect()
}

/// Checks the form of a file.
///
/// # Errors
/// A later version's, or none.
pub fn version(value: &Value, place: String) -> Result<u64, ConfigError> {
    let reason = match value.as_u64() {
        Some(version) if (1..=VERSION).contains(&version) => return Ok(version),
        Some(version) if version > VERSION => {
            format!("this program reads files of version {VERSION} at most, not {version}: it is too old")
        }
        _ => format!("want a whole number of 1 to {VERSION}, not {value}"),
    };
    Err(ConfigError::Key { place, key: "version".into(), reason })
}
