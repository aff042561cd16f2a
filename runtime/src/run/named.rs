//! Formats by name, as configurations and summaries write them.

use crate::data::Format;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Format>, D::Error> {
    Vec::deserialize(from)
}

pub(super) fn one<S: Serializer>(format: &Format, to: S) -> Result<S::Ok, S::Error> {
    format.serialize(to)
}

/// The name alone.
pub(super) fn name(format: Format) -> String {
    match serde_json::to_value(format) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{format:?}"),
    }
}
