//! What became of an answer: a label, or a rating.

use super::fields::JUDGED;
use super::rows::Row;
use super::value::number_or_truth;
use crate::error::DataError;
use serde_json::Value;

/// The field that says what became of an answer.
pub(super) fn judgment(row: &Row) -> &'static str {
    let numeric = |field: &&&str| row.fields.get(**field).and_then(number_or_truth).is_some();
    let named = row.first_of(&["reward", "label", "kto_tag"]);
    named.or_else(|| JUDGED.iter().find(numeric).copied()).unwrap_or("reward")
}

/// True or false, or a number between.
pub(super) fn label(row: &Row, field: &str, said: &Value) -> Result<f32, DataError> {
    match number_or_truth(said).filter(|label| (0.0..=1.0).contains(label)) {
        Some(label) => Ok(label as f32),
        None => Err(row.fault(field, format!("{said} is neither true, false nor a number of 0 to 1"))),
    }
}
