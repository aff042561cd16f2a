//! Words and signs for good and bad answers.

use super::value::number_or_truth;
use serde_json::Value;

/// Words and signs for a good answer, in lower case.
const GOOD: &[&str] = &[
    "up",
    "good",
    "chosen",
    "yes",
    "positive",
    "like",
    "liked",
    "thumbs up",
    "thumb up",
    "thumbsup",
    "upvote",
    "upvoted",
    "helpful",
    "correct",
    "right",
    "accept",
    "accepted",
    "preferred",
    "desirable",
    "👍",
    "✅",
    "✔",
    "✓",
];
/// The words and signs of a bad answer.
const BAD: &[&str] = &[
    "down",
    "bad",
    "rejected",
    "no",
    "negative",
    "dislike",
    "disliked",
    "thumbs down",
    "thumb down",
    "thumbsdown",
    "downvote",
    "downvoted",
    "unhelpful",
    "incorrect",
    "wrong",
    "reject",
    "dispreferred",
    "undesirable",
    "👎",
    "❌",
    "✗",
    "✘",
];

/// The words that messages name, of all that are understood.
pub(super) const UNDERSTOOD: &str =
    "good/bad, up/down, yes/no, positive/negative, like/dislike, chosen/rejected, correct/wrong or 👍/👎";

/// Returns 1 for a word or sign of a good answer, 0 for one of a bad answer.
pub(super) fn word(value: &Value) -> Option<f64> {
    let word = value.as_str()?.trim().to_lowercase().replace(['_', '-'], " ");
    // Signs may have a color of skin, and say that they are to be drawn as such.
    let word = word.trim_end_matches(['\u{fe0f}', '🏻', '🏼', '🏽', '🏾', '🏿']);
    let among = |words: &[&str]| words.contains(&word);
    among(GOOD).then_some(1.0).or_else(|| among(BAD).then_some(0.0))
}

/// Returns whether a value is a judgment of an answer.
pub(super) fn is_judgment(value: &Value) -> bool {
    number_or_truth(value).is_some() || word(value).is_some()
}

/// Returns whether a value is a judgment, perhaps in a form that is not understood: `4/5`, `★★★`, several numbers.
pub(super) fn resembles_judgment(value: &Value) -> bool {
    match value {
        Value::String(word) => {
            let word = word.trim_start();
            is_judgment(value) || word.starts_with(|c: char| c.is_ascii_digit() || "★☆⭐".contains(c))
        }
        Value::Array(all) => !all.is_empty() && all.iter().all(Value::is_number),
        other => is_judgment(other),
    }
}
