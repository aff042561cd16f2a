//! References in a schema: what several settings have in common is written once, below `$defs`.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The shortest text of a definition worth a reference, in bytes.
const SHORTEST: usize = 150;

/// Moves tables and choices that occur more than once to `$defs`. Descriptions stay where they are, for each place has
/// its own.
pub fn share(schema: &mut Value) {
    let mut found = BTreeMap::new();
    count(schema, "", &mut found);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (text, Found { times, name }) in found {
        if times > 1 {
            let same =
                names.values().filter(|other| other.trim_end_matches(char::is_numeric) == name).count();
            names.insert(text, if same == 0 { name } else { format!("{name}{}", same + 1) });
        }
    }
    let mut definitions = Map::new();
    refer(schema, &names, &mut definitions);
    schema["$defs"] = Value::Object(definitions);
}

/// A definition, found so many times and first under this name.
struct Found {
    times: usize,
    name: String,
}

/// The text by which two schemas are the same, where it is worth a reference.
fn text(schema: &Value) -> Option<String> {
    let mut parts = schema.as_object()?.clone();
    parts.remove("description");
    let nested = ["properties", "oneOf", "anyOf"].iter().any(|word| parts.contains_key(*word));
    Some(Value::Object(parts).to_string()).filter(|text| nested && text.len() > SHORTEST)
}

/// The nearest schemas below the one of `name`: its settings, those of its choices, and what its list holds, such as a
/// format of `formats`.
fn below<'a>(schema: &'a mut Value, name: &'a str) -> Vec<(&'a str, &'a mut Value)> {
    let mut all = Vec::new();
    for (word, part) in schema.as_object_mut().into_iter().flatten() {
        match (word.as_str(), part) {
            ("properties", Value::Object(parts)) => {
                all.extend(parts.iter_mut().map(|(name, part)| (name.as_str(), part)));
            }
            ("oneOf" | "anyOf", Value::Array(choices)) => {
                all.extend(choices.iter_mut().flat_map(|choice| below(choice, name)));
            }
            ("items", items) => all.push((name.trim_end_matches('s'), items)),
            _ => {}
        }
    }
    all
}

fn count(schema: &mut Value, name: &str, found: &mut BTreeMap<String, Found>) {
    if let Some(text) = text(schema) {
        found.entry(text).or_insert_with(|| Found { times: 0, name: name.into() }).times += 1;
    }
    below(schema, name).into_iter().for_each(|(name, part)| count(part, name, found));
}

fn refer(schema: &mut Value, names: &BTreeMap<String, String>, definitions: &mut Map<String, Value>) {
    for (_, part) in below(schema, "") {
        let Some(name) = text(part).and_then(|text| names.get(&text)) else {
            refer(part, names, definitions);
            continue;
        };
        let mut whole = core::mem::replace(part, json!({ "$ref": format!("#/$defs/{name}") }));
        if let Some(description) = whole.as_object_mut().and_then(|parts| parts.remove("description")) {
            part["description"] = description;
        }
        if !definitions.contains_key(name) {
            definitions.insert(name.clone(), Value::Null);
            refer(&mut whole, names, definitions);
            definitions[name] = whole;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_occurs_twice_is_written_once() {
        let rate = json!({ "type": "number", "description": "The highest learning rate of all the steps of a run, after its warm-up and before its decay begins." });
        let table =
            |text: &str| json!({ "description": text, "type": "object", "properties": { "rate": rate } });
        let other = json!({ "type": "object", "properties": { "one": rate, "two": rate } });
        let mut schema = json!({ "properties": { "a": table("One."), "b": table("Two."), "c": other } });
        share(&mut schema);
        assert_eq!(schema["properties"]["b"], json!({ "description": "Two.", "$ref": "#/$defs/a" }));
        assert_eq!(schema["$defs"]["a"]["properties"]["rate"], rate);
        assert_eq!((&schema["properties"]["c"], schema["$defs"].as_object().unwrap().len()), (&other, 1));
    }
}
