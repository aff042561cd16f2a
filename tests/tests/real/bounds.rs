//! The bounds of settings in the schema are those that `validate` checks.

use rlhf::config::Config;
use rlhf::train::profile::{Method, Profile};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Settings whose bound depends on another setting too, so that the bound itself is not always valid.
const DEPENDENT: [&str; 4] = ["policy_clip.dual", "ordered.clear", "objective.label_smoothing", "trpo.group"];

/// A recipe in its stored form, one setting of which takes other values.
struct Walk {
    root: Value,
    /// Settings with a bound, and whether a value at the bound was ever valid.
    bounds: BTreeMap<String, bool>,
    /// Values outside a bound that were valid.
    loose: BTreeSet<String>,
    /// Numbers without a lower bound.
    free: BTreeSet<String>,
}

impl Walk {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    /// Walks the settings that are at `place` in `recipe`.
    fn walk(&mut self, schema: &Value, recipe: &Value, place: &str) {
        let schema = self.resolve(schema).clone();
        let here = recipe.pointer(place).unwrap();
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            // The configuration's own keys stand in the same tables.
            if here.get(name).is_some() {
                self.walk(part, recipe, &format!("{place}/{name}"));
            }
        }
        for choice in ["oneOf", "anyOf"].iter().filter_map(|word| schema[*word].as_array()).flatten() {
            let mut chosen = recipe.clone();
            *chosen.pointer_mut(place).unwrap() = self.example(choice);
            self.walk(
                choice,
                if self.resolve(choice)["const"].is_string() { recipe } else { &chosen },
                place,
            );
        }
        match schema["type"].as_str() {
            Some("integer") => self.number(&schema, recipe, place, 1.0),
            Some("number") => self.number(&schema, recipe, place, 1e-6),
            _ => {}
        }
    }

    /// Tries values at the bounds of a number and a `step` outside.
    fn number(&mut self, schema: &Value, recipe: &Value, place: &str, step: f64) {
        let name = place.trim_start_matches("/method").trim_start_matches('/').replace('/', ".");
        let valid = |value: f64| {
            let mut recipe = recipe.clone();
            *recipe.pointer_mut(place).unwrap() =
                if step == 1.0 { json!(value as i64) } else { json!(value) };
            serde_json::from_value(recipe).is_ok_and(|recipe: Profile| recipe.validate().is_ok())
        };
        let bound = |name: &str| schema[name].as_f64().filter(|bound| *bound != f64::from(u32::MAX));
        let (low, above) = (bound("minimum"), bound("exclusiveMinimum"));
        let (high, below) = (bound("maximum"), bound("exclusiveMaximum"));
        if low.or(above).is_none() {
            self.free.insert(name.clone());
        }
        let outside = [low.map(|x| x - step), above, high.map(|x| x + step), below];
        for value in outside.into_iter().flatten().filter(|value| valid(*value)) {
            self.loose.insert(format!("{name} = {value}"));
        }
        let inside = [low, above.map(|x| x + step), high, below.map(|x| x - step)];
        for (end, value) in ["low", "low", "high", "high"].iter().zip(inside) {
            let Some(value) = value else { continue };
            *self.bounds.entry(format!("{name} ({end})")).or_default() |= valid(value);
        }
    }

    /// A value of a schema: of each number the lowest, or one between its bounds.
    fn example(&self, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            return self.example(&choices[0]);
        }
        if schema["anyOf"].is_array() {
            return Value::Null;
        }
        let number = |name: &str| schema[name].as_f64();
        match schema["type"].as_str() {
            Some("integer") => json!(schema["minimum"].as_u64().unwrap_or(0)),
            Some("number") => match (number("minimum"), number("exclusiveMinimum")) {
                (Some(low), _) => json!(low),
                (None, Some(above)) => json!(above + 0.5),
                (None, None) => json!(0.0),
            },
            Some("string") => schema["enum"][0].clone(),
            _ => {
                let parts = schema["properties"].as_object().into_iter().flatten();
                parts.map(|(name, part)| (name.clone(), self.example(part))).collect()
            }
        }
    }
}

#[test]
fn the_schemas_bounds_are_those_that_are_checked() {
    let root = rlhf::config::schema();
    let settings = root["properties"].clone();
    let (bounds, loose, free) = Default::default();
    let mut walk = Walk { root, bounds, loose, free };
    for method in Method::names() {
        let recipe = serde_json::to_value(Config::recipe("instructgpt", method, 8).unwrap()).unwrap();
        for step in ["supervised", "reward", "ppo"] {
            walk.walk(&settings[step], &recipe, &format!("/{step}"));
        }
        for (kind, _) in recipe["method"].as_object().into_iter().flatten() {
            walk.walk(&settings[kind], &recipe, &format!("/method/{kind}"));
        }
    }
    assert!(walk.loose.is_empty(), "outside their bounds, and valid: {:#?}", walk.loose);
    let never = walk.bounds.iter().filter(|(_, valid)| !**valid).map(|(name, _)| name);
    let never: Vec<_> = never.filter(|name| !DEPENDENT.iter().any(|other| name.contains(other))).collect();
    assert!(never.is_empty(), "never valid at their bounds: {never:#?}");
    // Whatever their sign, these make sense.
    let signed =
        ["entropy", "missing_end.subtract", "missing_end.replace", "score", "shape.alpha", "ilql.beta"];
    let free: Vec<_> =
        walk.free.iter().filter(|name| !signed.iter().any(|end| name.ends_with(end))).collect();
    assert!(free.is_empty(), "without a lower bound: {free:#?}");
    assert!(walk.bounds.len() > 250, "{}", walk.bounds.len());
}
