//! Formats by name, as configurations and summaries write them.

use rlhf_data::{Format, Kind};

/// The name alone.
pub(crate) fn name(format: Format) -> String {
    match serde_json::to_value(format) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{format:?}"),
    }
}

/// What demonstrations are made from.
pub(super) const DEMONSTRATIONS: &[Kind] = &[Kind::Demonstrations];
/// What comparisons are made from.
pub(super) const COMPARISONS: &[Kind] = &[Kind::Comparisons];
/// What labels are made from.
pub(super) const SOLUTIONS: &[Kind] = &[Kind::Solutions, Kind::Feedback];
/// What a reward model can learn from, by its loss.
pub(super) const JUDGED: &[Kind] = &[Kind::Comparisons, Kind::Solutions, Kind::Feedback];
/// What logged feedback is.
pub(super) const FEEDBACK: &[Kind] = &[Kind::Feedback];
/// What prompts are taken from.
pub(super) const PROMPTS: &[Kind] =
    &[Kind::Prompts, Kind::Demonstrations, Kind::Comparisons, Kind::Solutions, Kind::Feedback];

/// All formats.
const ALL: [Format; 18] = [
    Format::Instructions,
    Format::SelfInstruct,
    Format::Questions,
    Format::Responses,
    Format::Transcripts,
    Format::Pairs,
    Format::Conversations,
    Format::Rankings,
    Format::Predictions,
    Format::Labelled,
    Format::Annotated,
    Format::Ranked,
    Format::Voted,
    Format::Steps,
    Format::Feedback,
    Format::Prompts,
    Format::Turns,
    Format::Text,
];

/// The names of all formats that can be used for one of these.
pub(super) fn names(kinds: &[Kind]) -> Vec<String> {
    ALL.into_iter().filter(|format| kinds.contains(&format.kind())).map(name).collect()
}
