//! Values of fields: numbers as they are written, and what they are in words.

use serde_json::Value;

/// A number, which may be written as text, as CSV has it.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok().filter(|x: &f64| x.is_finite()),
        other => other.as_f64(),
    }
}

/// A number, or 1 for true and 0 for false, either of which may be written as text.
pub(super) fn number_or_truth(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(1.0),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(0.0),
        other => number(other),
    }
}

/// The kind of a value, in words.
pub(super) fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None | Some(Value::Null) => "nothing",
        Some(Value::Bool(_)) => "a truth value",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}
