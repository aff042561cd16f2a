//! The JSON schema of a configuration, for editors.

use super::keys::{KEYS, Key, SECTIONS};
use super::kind::Kind;
use super::{settings, source};
use crate::config::named;
use serde_json::{Map, Value, json};

/// The JSON schema (draft 2020-12) of configurations; `schemas/config.schema.json` is it.
pub fn schema() -> Value {
    let mut root = section("");
    let names: Vec<String> = settings::all().into_iter().map(|setting| setting.name).collect();
    root["properties"]["override"] = json!({
        "type": "array",
        "description": "Where the run leaves its profile, and why.",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["setting", "value"],
            "properties": {
                "setting": {
                    "type": "string",
                    "description": "Its place in the profile.",
                    "examples": names
                },
                "value": { "description": "Its new value; \"none\" takes an optional one away." },
                "reason": { "type": "string", "description": "Why." }
            }
        }
    });
    for setting in settings::all() {
        let name = setting.name.strip_prefix("method.").unwrap_or(&setting.name);
        let mut at = &mut root;
        let mut parts: Vec<&str> = name.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            at = &mut at["properties"][part];
            if at.is_null() {
                *at = json!({ "type": "object", "additionalProperties": false, "properties": {} });
            }
        }
        at["properties"][last] = json!({ "description": setting.what });
    }
    let Value::Object(parts) = root else { return root };
    let mut all = Map::new();
    all.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    let id = "https://github.com/rlhf-rs/rlhf/blob/main/runtime/schemas/config.schema.json";
    all.insert("$id".into(), id.into());
    all.insert("title".into(), "The configuration of `rlhf run`".into());
    all.extend(parts);
    all.insert("required".into(), json!(["base"]));
    Value::Object(all)
}

/// A section with its keys and the sections in it.
fn section(name: &str) -> Value {
    let about = SECTIONS.iter().find(|(known, _)| *known == name).map_or("", |(_, about)| about);
    let mut properties = Map::new();
    for key in KEYS.iter().filter(|key| key.parts().0 == name) {
        properties.insert(key.parts().1.into(), of(key));
    }
    for (inner, _) in SECTIONS.iter().filter(|(inner, _)| !inner.is_empty()) {
        let (outer, last) = inner.rsplit_once('.').unwrap_or(("", inner));
        if outer == name {
            properties.insert(last.into(), section(inner));
        }
    }
    let mut out = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !name.is_empty() {
        out["description"] = about.into();
    }
    if name == "base" {
        out["oneOf"] = json!([{ "required": ["model", "tokenizer"] }, { "required": ["new"] }]);
    }
    out
}

fn of(key: &Key) -> Value {
    let mut out = match key.kind {
        Kind::Path => json!({ "type": "string", "minLength": 1 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Kind::Between => json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
        Kind::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::AtLeast(least) => json!({ "type": "number", "minimum": least }),
        Kind::OneOf(names) => json!({ "enum": names() }),
        Kind::Files => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } })
        }
        Kind::Format(kinds) => json!({ "enum": named::names(kinds) }),
        Kind::Sources(kinds) => {
            let keys = source::keys(kinds);
            let parts: Map<String, Value> = keys.iter().map(|key| (key.name.into(), of(key))).collect();
            let items = json!({
                "type": "object",
                "additionalProperties": false,
                "required": [source::NEEDED],
                "properties": parts
            });
            json!({ "type": "array", "items": items })
        }
        Kind::Formats(kinds) => {
            json!({ "type": "array", "minItems": 1, "items": { "enum": named::names(kinds) } })
        }
    };
    out["description"] = key.what.into();
    if let Some(default) = key.default() {
        out["default"] = default;
    }
    out
}
