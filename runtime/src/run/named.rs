//! Formats by name, as configurations and summaries write them.

use crate::data::{Format, Kind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Mirrors [`Format`] for serde.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Format", rename_all = "snake_case")]
enum Name {
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

pub(in crate::run) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Format>, D::Error> {
    Ok(Vec::<Named>::deserialize(from)?.into_iter().map(|named| named.0).collect())
}

pub(super) fn one<S: Serializer>(format: &Format, to: S) -> Result<S::Ok, S::Error> {
    Name::serialize(format, to)
}

/// The name alone.
pub(super) fn name(format: Format) -> String {
    match serde_json::to_value(Named(format)) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{format:?}"),
    }
}

/// All formats.
const ALL: [Format; 13] = [
    Format::Instructions,
    Format::SelfInstruct,
    Format::Questions,
    Format::Transcripts,
    Format::Pairs,
    Format::Conversations,
    Format::Rankings,
    Format::Predictions,
    Format::Labelled,
    Format::Annotated,
    Format::Prompts,
    Format::Turns,
    Format::Text,
];

/// The names of all formats that can be used for one of these.
pub(super) fn names(kinds: &[Kind]) -> Vec<String> {
    ALL.into_iter().filter(|format| kinds.contains(&format.kind())).map(name).collect()
}
