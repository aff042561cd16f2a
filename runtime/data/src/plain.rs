//! Plain rows out of exported ones: the parts that all annotation tools share.

use super::flaws::Flaws;
use serde_json::{Map, Value};

pub(super) type Fields = Map<String, Value>;

/// A plain row, and what was left out of it.
pub(super) struct Plain {
    pub fields: Fields,
    pub flaws: Flaws,
}

/// A problem of an exported row.
pub(super) struct Fault {
    pub field: String,
    pub reason: String,
}

impl Fault {
    pub fn new(field: &str, reason: String) -> Self {
        Self { field: field.into(), reason }
    }
}

pub(super) fn mean(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

pub(super) fn rated(mut row: Fields, ratings: &[f64]) -> Option<Fields> {
    row.insert("rating".into(), mean(ratings)?.into());
    Some(row)
}

pub(super) fn rest(fields: &Fields, keep: impl Fn(&str) -> bool) -> Fields {
    fields.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub(super) fn annotator(row: &mut Fields, who: &Value) {
    let who = who.get("id").unwrap_or(who);
    if who.is_string() || who.is_number() {
        row.insert("annotator".into(), who.clone());
    }
}
