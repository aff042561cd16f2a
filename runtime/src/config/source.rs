//! Sources of data in a configuration, such as `[[supervised.sources]]`.

use super::keys::{Key, key};
use super::kind::Kind;
use super::nearest::nearest;
use crate::config::ConfigError;
use serde_json::Value;

/// The most sources of one section.
const MOST: usize = 100;

/// What a source needs.
pub const NEEDED: &str = "files";

/// The keys of a source whose formats serve as one of these.
pub const fn keys(kinds: &'static [rlhf_data::Kind]) -> [Key; 3] {
    [
        key(NEEDED, Kind::Files, "", "paths from the data's folder, or patterns (`*`, `?`, `[a-z]`, `**`)"),
        key("format", Kind::Format(kinds), "", "what all of them hold; else each is recognised by its rows"),
        key(
            "weight",
            Kind::Positive,
            "1.0",
            "its part of the section's `rows`, in proportion to the others'",
        ),
    ]
}

/// Checks the sources of `name`. `place` says where a key of one of them stands, or the source itself,
/// of which the key is empty.
///
/// # Errors
/// A key of a source is unknown, missing, or does not take its value.
pub fn check(
    name: &str,
    kinds: &'static [rlhf_data::Kind],
    sources: &[Value],
    place: &dyn Fn(usize, &str) -> String,
) -> Result<(), ConfigError> {
    let fault = |at, part: &str, reason| {
        let key = if part.is_empty() { name.into() } else { format!("{name}.{part}") };
        Err(ConfigError::Key { place: place(at, part), key, reason })
    };
    if sources.len() > MOST {
        return fault(MOST, "", format!("want {MOST} sources at most"));
    }
    let keys = keys(kinds);
    let known = || keys.iter().map(|key| key.name);
    for (at, source) in sources.iter().enumerate() {
        let Some(table) = source.as_object() else {
            return fault(at, "", format!("want tables: write [[{name}]]"));
        };
        for (part, value) in table {
            let Some(key) = keys.iter().find(|key| key.name == part) else {
                return Err(ConfigError::Unknown {
                    place: place(at, part),
                    key: format!("{name}.{part}"),
                    nearest: nearest(part, known()).map(|near| format!("{name}.{near}")),
                    known: known().collect::<Vec<_>>().join(", "),
                });
            };
            if !key.kind.takes(value) {
                return fault(at, part, format!("want {}, not {value}", key.kind.wanted()));
            }
        }
        if !table.contains_key(NEEDED) {
            return fault(at, "", format!("this source needs `{NEEDED}`: say which it has"));
        }
    }
    Ok(())
}
