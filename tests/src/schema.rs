//! JSON Schema, as much of it as our schemas use.

use serde_json::Value;

/// Checks `value` against the text of a schema.
///
/// # Errors
/// The place that does not fit and the keyword that it breaks, or what of the schema this checker
/// does not know.
pub fn check(schema: &str, value: &Value) -> Result<(), String> {
    let schema: Value = serde_json::from_str(schema).map_err(|e| format!("the schema: {e}"))?;
    fits(&schema, &schema, value, "$")
}

/// Checks `value`, found at `place`, against `schema`, whose references begin at `root`.
fn fits(root: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let Value::Object(keywords) = schema else { return Err(format!("{place}: {schema} is no schema")) };
    for (keyword, want) in keywords {
        let satisfied = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "default" | "examples" => true,
            "$ref" => {
                let pointer = want.as_str().and_then(|r| r.strip_prefix('#')).unwrap_or("?");
                let target = root.pointer(pointer).ok_or(format!("{place}: no {want}"))?;
                fits(root, target, value, place)?;
                true
            }
            "type" => match want {
                Value::Array(types) => types.iter().any(|t| is(t, value)),
                one => is(one, value),
            },
            "const" => value == want,
            "enum" => want.as_array().is_some_and(|all| all.contains(value)),
            "minimum" => value.as_f64().is_none_or(|x| Some(x) >= want.as_f64()),
            "maximum" => value.as_f64().is_none_or(|x| Some(x) <= want.as_f64()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|x| Some(x) > want.as_f64()),
            "exclusiveMaximum" => value.as_f64().is_none_or(|x| Some(x) < want.as_f64()),
            "minItems" => value.as_array().is_none_or(|a| Some(a.len() as u64) >= want.as_u64()),
            "oneOf" => {
                let fitting = |part: &&Value| fits(root, part, value, place).is_ok();
                want.as_array().is_some_and(|parts| parts.iter().filter(fitting).count() == 1)
            }
            "maxItems" => value.as_array().is_none_or(|a| Some(a.len() as u64) <= want.as_u64()),
            "anyOf" => want
                .as_array()
                .is_some_and(|parts| parts.iter().any(|part| fits(root, part, value, place).is_ok())),
            "minLength" => value.as_str().is_none_or(|s| Some(s.chars().count() as u64) >= want.as_u64()),
            "maxLength" => value.as_str().is_none_or(|s| Some(s.chars().count() as u64) <= want.as_u64()),
            "required" => value.as_object().is_none_or(|o| {
                want.as_array()
                    .is_some_and(|keys| keys.iter().all(|k| o.contains_key(k.as_str().unwrap_or(""))))
            }),
            "additionalProperties" if want.is_object() => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if schema["properties"].get(key).is_none() {
                        fits(root, want, value, &format!("{place}.{key}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                *want == Value::Bool(true)
                    || value
                        .as_object()
                        .is_none_or(|o| o.keys().all(|k| schema["properties"].get(k).is_some()))
            }
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if let Some(part) = want.get(key) {
                        fits(root, part, value, &format!("{place}.{key}"))?;
                    }
                }
                true
            }
            "items" => {
                for (i, value) in value.as_array().into_iter().flatten().enumerate() {
                    fits(root, want, value, &format!("{place}[{i}]"))?;
                }
                true
            }
            other => return Err(format!("{place}: this checker does not know {other:?}")),
        };
        if !satisfied {
            return Err(format!("{place}: {value} does not satisfy {keyword} {want}"));
        }
    }
    Ok(())
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        _ => false,
    }
}

#[test]
fn the_checker_refuses_what_does_not_fit() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "type": ["integer", "null"], "minimum": 1 } }
    })
    .to_string();
    let fits = |value| check(&schema, &value).is_ok();
    assert!(fits(serde_json::json!({"a": 1})) && fits(serde_json::json!({"a": null})));
    for wrong in ["[]", "{}", r#"{"a": 0}"#, r#"{"a": 1.5}"#, r#"{"a": 1, "b": 2}"#] {
        assert!(!fits(serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}
