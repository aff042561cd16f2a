//! Values of TOML as JSON.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

/// A value of TOML, such as `1e-4` or `["prompts"]`.
pub fn value(text: &str) -> Result<Value, String> {
    let said = |e: toml::de::Error| e.message().to_owned();
    json(DeValue::parse(text.trim()).map_err(said)?).map_err(said)
}

pub fn json(value: Spanned<DeValue<'_>>) -> Result<Value, toml::de::Error> {
    Value::deserialize(ValueDeserializer::from(value))
}
