//! Values of TOML as JSON.

use serde::Deserialize;
use serde::de::Error;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

/// A value, with all that is in it.
///
/// # Errors
/// A number is not finite, which JSON has no word for, or too large.
pub fn json(value: Spanned<DeValue<'_>>) -> Result<Value, toml::de::Error> {
    if !finite(value.get_ref()) {
        return Err(toml::de::Error::custom("want a finite number"));
    }
    Value::deserialize(ValueDeserializer::from(value))
}

/// Returns whether all numbers of a value are finite.
fn finite(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Float(number) => number.as_str().parse::<f64>().is_ok_and(f64::is_finite),
        DeValue::Array(values) => values.iter().all(|value| finite(value.get_ref())),
        DeValue::Table(values) => values.values().all(|value| finite(value.get_ref())),
        _ => true,
    }
}
