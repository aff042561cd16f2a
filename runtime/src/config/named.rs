//! Formats by name, as configurations and summaries write them.

use rlhf_data::{Format, Kind};

/// The name alone.
pub(crate) fn name(format: Format) -> String {
    format.to_string()
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

/// The names of all formats that can be used for one of these.
pub(super) fn names(kinds: &[Kind]) -> Vec<String> {
    Format::ALL.into_iter().filter(|format| kinds.contains(&format.kind())).map(name).collect()
}
