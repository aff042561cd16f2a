//! The JSON schema of a configuration, which its structs make: reading, the printed configuration and editors go by
//! it.

use super::keys::Config;
use super::node::{MOST, NONE, Node};
use super::share;
use rlhf_train::profile::Profile;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The table of reasons.
pub(super) const REASONS: &str = "reasons";

/// The keys of [`Config`].
static KEYS: LazyLock<Value> = LazyLock::new(|| of::<Config>(false));
/// The settings of [`Profile`]: a method's stand in the table of its kind.
static SETTINGS: LazyLock<Value> = LazyLock::new(|| settings(of::<Profile>(true)));
/// The keys and the settings, as a file has them.
static FILE: LazyLock<Value> = LazyLock::new(|| {
    let mut all = KEYS.clone();
    merge(&mut all, &SETTINGS);
    all
});

/// The keys of [`Config`].
pub(super) fn keys() -> Node<'static> {
    Node(&KEYS)
}

/// The settings of [`Profile`].
pub(super) fn profile() -> Node<'static> {
    Node(&SETTINGS)
}

/// Everything that a file may hold, but for [`REASONS`].
pub(super) fn file() -> Node<'static> {
    Node(&FILE)
}

/// The JSON schema (draft 2020-12) of configurations; `schemas/config.schema.json` is it.
pub fn schema() -> Value {
    let mut all = FILE.clone();
    all["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    all["$id"] = "https://github.com/rlhf-rs/rlhf/blob/main/runtime/schemas/config.schema.json".into();
    all["title"] = "The configuration of `rlhf run`".into();
    all["required"] = json!(["base"]);
    all["properties"][REASONS] = json!({
        "type": "object",
        "description": "Why settings are not the recipe's, by their names; reports repeat it.",
        "additionalProperties": { "type": ["string", "object"] }
    });
    all["properties"]["base"]["oneOf"] =
        json!([{ "required": ["model", "tokenizer"] }, { "required": ["new"] }]);
    share::share(&mut all);
    all
}

fn of<T: JsonSchema>(none: bool) -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|s| (s.inline_subschemas, s.meta_schema) = (true, None));
    let mut schema = settings.with_transform(AsFile { none }).into_generator().into_root_schema_for::<T>();
    schema.remove("required");
    schema.to_value()
}

/// The settings of a method stand in the table of its kind, and step 1 has some in every recipe.
fn settings(mut profile: Value) -> Value {
    for step in profile["properties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(always) = step["anyOf"].get_mut(0).map(Value::take) {
            *step = always;
        }
    }
    let method = profile["properties"].as_object_mut().and_then(|all| all.remove("method"));
    for kind in method.iter().flat_map(|method| method["oneOf"].as_array()).flatten() {
        for (name, settings) in kind["properties"].as_object().into_iter().flatten() {
            let mut settings = settings.clone();
            settings["description"] = kind["description"].clone();
            profile["properties"][name] = settings;
        }
    }
    profile
}

/// Adds properties, of common tables too.
fn merge(into: &mut Value, other: &Value) {
    for (name, more) in other["properties"].as_object().into_iter().flatten() {
        match &mut into["properties"][name] {
            there @ Value::Null => *there = more.clone(),
            there => merge(there, more),
        }
    }
}

/// Turns the schema of a type into that of a file.
#[derive(Clone)]
struct AsFile {
    /// True if optional settings can be removed.
    none: bool,
}

impl Transform for AsFile {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(parts) = schema.as_object_mut() else { return };
        parts.retain(|name, value| !["format", "title"].contains(&name.as_str()) && !value.is_null());
        if let Some(Value::String(text)) = parts.get_mut("description") {
            *text = plain(text);
        }
        if let Some(Value::Object(inner)) = parts.get_mut("properties") {
            // What a file leaves out is the recipe's.
            inner
                .values_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|part| drop(part.remove("required")));
            parts.insert("additionalProperties".into(), false.into());
        }
        optional(parts, self.none);
        if parts.get("type") == Some(&"integer".into()) {
            parts.entry("maximum").or_insert(MOST.into());
        }
    }
}

/// Writes what may be absent as the file does.
fn optional(parts: &mut Map<String, Value>, none: bool) {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(types)) = parts.get_mut("type") {
        types.retain(|one| one != "null");
        let annotations = ["description", "default", "examples"];
        let (annotations, mut one): (Map<_, _>, Map<_, _>) =
            core::mem::take(parts).into_iter().partition(|(name, _)| annotations.contains(&name.as_str()));
        *parts = annotations;
        if let Some(Value::Array(types)) = one.get("type")
            && let [only] = &types[..]
        {
            let only = only.clone();
            one.insert("type".into(), only);
        }
        if one.get("type") == Some(&"integer".into()) {
            one.entry("maximum").or_insert(MOST.into());
        }
        parts.insert("anyOf".into(), vec![one.into(), null.clone()].into());
    }
    let Some(Value::Array(any)) = parts.get_mut("anyOf") else { return };
    any.iter_mut().filter_map(Value::as_object_mut).for_each(|part| drop(part.remove("required")));
    match any.iter().position(|one| *one == null) {
        Some(at) if none => any[at] = json!({ "const": NONE, "description": "Takes it away." }),
        Some(at) if any.len() == 2 => {
            let Value::Object(only) = any.swap_remove(1 - at) else { return };
            parts.remove("anyOf");
            for (name, value) in only {
                parts.entry(name).or_insert(value);
            }
        }
        _ => {}
    }
}

/// The first paragraph of a documentation comment, in one line and without links.
fn plain(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = first.split_whitespace().collect();
    words.join(" ").replace("[`", "`").replace("`]", "`")
}
