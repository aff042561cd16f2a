//! A key, setting or table of a configuration, as its schema describes it.

use serde_json::Value;

/// The greatest size: far beyond any useful one, and within what every machine counts to.
pub const MOST: u64 = u32::MAX as u64;

/// The value that removes an optional setting, because TOML has no null.
pub const NONE: &str = "none";

/// A part of the schema.
#[derive(Clone, Copy)]
pub struct Node<'a>(pub &'a Value);

impl<'a> Node<'a> {
    /// The description, with its unit.
    pub fn what(self) -> &'a str {
        self.0["description"].as_str().unwrap_or_default()
    }

    /// The alternatives, where there are several.
    fn choices(self) -> Option<impl Iterator<Item = Self>> {
        let choices = self.0.get("oneOf").or_else(|| self.0.get("anyOf"))?.as_array()?;
        Some(choices.iter().map(Node))
    }

    /// The names below it, of all that it may be.
    pub fn names(self) -> Vec<&'a str> {
        let own = self.0["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        own.chain(self.choices().into_iter().flatten().flat_map(Node::names)).collect()
    }

    /// Returns the node of a key or setting directly below.
    pub fn property(self, name: &str) -> Option<Self> {
        let own = self.0.get("properties").and_then(|properties| properties.get(name)).map(Node);
        own.or_else(|| self.choices()?.find_map(|choice| choice.property(name)))
    }

    /// Returns the node of a place below, such as `ppo.gae.lambda`.
    pub fn find(self, place: &str) -> Option<Self> {
        place.split('.').try_fold(self, Node::property)
    }

    /// Returns whether it is a table of several keys or settings, each of which can be set by itself.
    pub fn is_table(self) -> bool {
        self.0.get("properties").is_some()
    }

    /// The name of the setting that a place below this is, or is a part of.
    pub fn setting(self, place: &str) -> String {
        let mut at = self;
        let parts = place.split('.').take_while(|part| {
            let within = at.is_table();
            at = at.property(part).unwrap_or(at);
            within
        });
        parts.collect::<Vec<_>>().join(".")
    }

    /// A value of it, as TOML writes it.
    pub fn example(self) -> Option<&'a Value> {
        self.0["examples"].get(0)
    }

    /// Returns the node of a list's entries.
    pub fn items(self) -> Option<Self> {
        self.0.get("items").map(Node)
    }

    /// The names without which it is nothing.
    pub fn needed(self) -> impl Iterator<Item = &'a str> {
        self.0["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// Returns whether the setting can be removed.
    pub fn is_optional(self) -> bool {
        self.0["anyOf"].as_array().is_some_and(|any| any.iter().any(|choice| choice["const"] == NONE))
    }

    /// Returns whether it is a text without a list of allowed values.
    pub fn is_text(self) -> bool {
        self.kind() == "string" && self.0.get("enum").is_none()
    }

    fn kind(self) -> &'a str {
        self.0["type"].as_str().unwrap_or_default()
    }

    fn number(self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    fn whole(self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// Returns whether a value is allowed; the content of a table is not checked.
    pub fn takes(self, value: &Value) -> bool {
        if let Some(mut choices) = self.choices() {
            return choices.any(|choice| choice.takes(value));
        }
        if let Some(only) = self.0.get("const") {
            return value == only;
        }
        if let Some(names) = self.0["enum"].as_array() {
            return names.contains(value);
        }
        let (least, most) = (self.number("minimum"), self.number("maximum"));
        match self.kind() {
            "boolean" => value.is_boolean(),
            "string" => {
                value.as_str().is_some_and(|text| text.len() as u64 >= self.whole("minLength").unwrap_or(0))
            }
            "integer" => value.as_u64().is_some_and(|n| {
                n >= self.whole("minimum").unwrap_or(0) && n <= self.whole("maximum").unwrap_or(MOST)
            }),
            "number" => value.as_f64().is_some_and(|x| {
                x.is_finite()
                    && least.is_none_or(|least| x >= least)
                    && most.is_none_or(|most| x <= most)
                    && self.number("exclusiveMinimum").is_none_or(|above| x > above)
                    && self.number("exclusiveMaximum").is_none_or(|below| x < below)
            }),
            "array" => value.as_array().is_some_and(|list| {
                let number = list.len() as u64;
                number >= self.whole("minItems").unwrap_or(0)
                    && number <= self.whole("maxItems").unwrap_or(u64::MAX)
                    && list.iter().all(|one| self.items().is_none_or(|items| items.takes(one)))
            }),
            _ => value.is_object(),
        }
    }

    /// Describes the allowed values, for messages.
    pub fn wanted(self) -> String {
        if let Some(choices) = self.choices() {
            let names = choices.map(Node::choice).filter(|name| !name.is_empty()).collect::<Vec<_>>();
            return if names.len() == 1 { names[0].clone() } else { format!("one of {}", names.join(", ")) };
        }
        if let Some(names) = self.0["enum"].as_array() {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            return format!("one of {}", names.join(", "));
        }
        let (least, most) = (self.number("minimum"), self.number("maximum"));
        match self.kind() {
            "boolean" => "true or false".into(),
            "string" => "a path in quotes".into(),
            "integer" => match (least.unwrap_or(0.0), most) {
                (least, Some(most)) if least == most => most.to_string(),
                (least, Some(most)) if most < MOST as f64 => format!("a whole number of {least} to {most}"),
                (least, _) => format!("a whole number, {least} or more"),
            },
            "number" => self.wanted_number(),
            "array" => match (self.items(), self.whole("maxItems")) {
                (Some(items), Some(most)) => {
                    format!("a list of {most} tables at most, each with {}", items.names().join(", "))
                }
                (Some(items), _) if items.choices().is_some() => {
                    format!("a list of formats: {}", items.wanted().trim_start_matches("one of "))
                }
                _ => "a list of paths or patterns in quotes".into(),
            },
            _ => format!("a table of {}", self.names().join(", ")),
        }
    }

    /// The bounds of a number, in words.
    fn wanted_number(self) -> String {
        let bound = |inclusive, exclusive| self.number(inclusive).or_else(|| self.number(exclusive));
        let (low, high) = (bound("minimum", "exclusiveMinimum"), bound("maximum", "exclusiveMaximum"));
        let excludes = |name| self.number(name).is_some();
        match (low, high, excludes("exclusiveMinimum"), excludes("exclusiveMaximum")) {
            (Some(low), Some(high), false, false) => format!("a number of {low} to {high}"),
            (Some(low), Some(high), true, true) => format!("a number between {low} and {high}"),
            (Some(low), Some(high), true, false) => format!("a number above {low}, {high} at most"),
            (Some(low), Some(high), false, true) => format!("a number of {low} or more, below {high}"),
            (Some(low), None, false, _) => format!("a number, {low} or more"),
            (Some(low), None, true, _) => format!("a number above {low}"),
            _ => "a number".into(),
        }
    }

    /// Describes one of several allowed values.
    fn choice(self) -> String {
        let table = |names: Vec<&str>| names.iter().map(|name| format!("{name} = …")).collect::<Vec<_>>();
        match (self.0.get("const"), self.0["properties"].as_object()) {
            (Some(name), _) => name.as_str().unwrap_or_default().to_owned(),
            (None, Some(_)) if self.needed().next().is_some() => table(self.names()).join(", "),
            (None, Some(_)) => format!("{{ {} }}", table(self.names()).join(", ")),
            _ => self.wanted().trim_start_matches("one of ").to_owned(),
        }
    }
}
