//! The formats of data that each step can use.

use rlhf_data::{Format, Kind};
use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

/// The kinds of data that demonstrations are made from.
pub(super) const DEMONSTRATIONS: &[Kind] = &[Kind::Demonstrations];
/// The kinds of data that comparisons are made from.
pub(super) const COMPARISONS: &[Kind] = &[Kind::Comparisons];
/// The kinds of data that labels are made from.
pub(super) const SOLUTIONS: &[Kind] = &[Kind::Solutions, Kind::Feedback];
/// The kinds of data that a reward model can learn from, depending on its loss.
pub(super) const JUDGED: &[Kind] = &[Kind::Comparisons, Kind::Solutions, Kind::Feedback];
/// The kinds of data that are logged feedback.
pub(super) const FEEDBACK: &[Kind] = &[Kind::Feedback];
/// The kinds of data that prompts are taken from.
pub(super) const PROMPTS: &[Kind] =
    &[Kind::Prompts, Kind::Demonstrations, Kind::Comparisons, Kind::Solutions, Kind::Feedback];

/// The name alone.
#[cfg(feature = "run")]
pub(crate) fn name(format: Format) -> String {
    format.to_string()
}

/// Returns all formats that can be used for one of these kinds.
pub(super) fn all(kinds: &[Kind]) -> Vec<Format> {
    Format::ALL.into_iter().filter(|format| kinds.contains(&format.kind())).collect()
}

/// Returns the names of all formats that can be used for one of these kinds.
pub(super) fn names(kinds: &[Kind]) -> Vec<String> {
    all(kinds).iter().map(ToString::to_string).collect()
}

/// Removes the formats that cannot be used.
pub(super) struct OnlyFormats(pub &'static [Kind]);

impl Transform for OnlyFormats {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(formats)) = schema.get_mut("oneOf") {
            let serve = names(self.0);
            formats
                .retain(|format| format["const"].as_str().is_none_or(|name| serve.iter().any(|s| s == name)));
        }
        transform_subschemas(self, schema);
    }
}
