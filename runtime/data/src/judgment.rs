//! Judgments of an answer: labels in numbers, words or signs, and ratings.

use super::fields::{JUDGED, LABELED};
use super::rows::Row;
use super::value::number_or_truth;
use super::words::{UNDERSTOOD, is_judgment, word};
use crate::error::DataError;
use serde_json::Value;

/// The field that holds the judgment of an answer.
pub(super) fn judgment(row: &Row) -> &'static str {
    let understood = |field: &&&str| row.fields.get(**field).is_some_and(is_judgment);
    let named = row.first_of(&["reward", "label", "kto_tag"]);
    let named = named.or_else(|| JUDGED.iter().find(understood).copied());
    named.unwrap_or_else(|| row.either(JUDGED))
}

/// The reward in a field: of a label or a word 1 where the answer is good and −1 where it is bad, else the number.
pub(super) fn reward(row: &Row, field: &str, value: &Value) -> Result<f32, DataError> {
    if LABELED.contains(&field) || word(value).is_some() {
        return Ok(2.0 * label(row, field, value)? - 1.0);
    }
    let reward = number_or_truth(value).map(|reward| reward as f32).filter(|reward| reward.is_finite());
    reward.ok_or_else(|| {
        row.fault(field, format!("{value} is neither a finite number nor a word such as {UNDERSTOOD}"))
    })
}

/// Reads a label: true or false, in words too, or a number between; −1 is false.
pub(super) fn label(row: &Row, field: &str, value: &Value) -> Result<f32, DataError> {
    match number_or_truth(value).or_else(|| word(value)) {
        Some(-1.0) => Ok(0.0),
        Some(label) if (0.0..=1.0).contains(&label) => Ok(label as f32),
        _ => {
            let reason = format!(
                "{value} is neither true, false, -1, a number of 0 to 1, nor a word such as {UNDERSTOOD}"
            );
            Err(row.fault(field, reason))
        }
    }
}
