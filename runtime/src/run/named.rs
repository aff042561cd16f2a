//! Formats by name, as configurations and summaries write them.

use crate::data::Format;
use serde::{Deserialize, Deserializer, Serialize};

/// Mirrors [`Format`] for serde.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Format", rename_all = "snake_case")]
pub(super) enum Name {
    Instructions,
    SelfInstruct,
    Questions,
    Transcripts,
    Pairs,
    Conversations,
    Rankings,
    Predictions,
    Labelled,
    Annotated,
    Prompts,
    Turns,
    Text,
}

#[derive(Serialize, Deserialize)]
struct Named(#[serde(with = "Name")] Format);

pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Format>, D::Error> {
    Ok(Vec::<Named>::deserialize(from)?.into_iter().map(|named| named.0).collect())
}

/// The name alone.
pub(super) fn name(format: Format) -> String {
    match serde_json::to_value(Named(format)) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{format:?}"),
    }
}
