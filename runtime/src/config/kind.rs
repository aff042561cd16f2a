//! What a key of a configuration may be.

use crate::config::named;
use serde_json::Value;

/// The greatest size: far beyond what serves, and what every machine counts to.
pub const MOST: u64 = u32::MAX as u64;

/// What a key may be.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A path.
    Path,
    /// Yes or no.
    Flag,
    /// A whole number, from the least to the most.
    Whole(u64, u64),
    /// A number of 0 to 1, both included.
    Share,
    /// A number between 0 and 1.
    Between,
    /// A positive number.
    Positive,
    /// A number from the least on.
    AtLeast(u32),
    /// One of these.
    OneOf(fn() -> Vec<&'static str>),
    /// Formats of data that serve as one of these.
    Formats(&'static [rlhf_data::Kind]),
    /// One of those formats.
    Format(&'static [rlhf_data::Kind]),
    /// Paths or patterns.
    Files,
    /// Tables, each a source of data whose format serves as one of these.
    Sources(&'static [rlhf_data::Kind]),
}

use Kind::{AtLeast, Between, Files, Flag, Format, Formats, OneOf, Path, Positive, Share, Sources, Whole};

impl Kind {
    /// What would do, in words.
    pub fn wanted(self) -> String {
        match self {
            Path => "a path in quotes".into(),
            Flag => "true or false".into(),
            Whole(least, most) if least == most => least.to_string(),
            Whole(least, most) if most >= MOST => format!("a whole number, {least} or more"),
            Whole(least, most) => format!("a whole number of {least} to {most}"),
            Share => "a number of 0 to 1".into(),
            Between => "a number between 0 and 1".into(),
            Positive => "a number above 0".into(),
            AtLeast(least) => format!("a number, {least} or more"),
            OneOf(names) => format!("one of {}", names().join(", ")),
            Formats(kinds) => format!("a list of formats: {}", named::names(kinds).join(", ")),
            Format(kinds) => format!("one of {}", named::names(kinds).join(", ")),
            Files => "a list of paths or patterns in quotes".into(),
            Sources(_) => "a list of tables, each with files, and perhaps a format and a weight".into(),
        }
    }

    /// Whether this will do.
    pub fn takes(self, value: &Value) -> bool {
        let number = |fits: fn(f64) -> bool| value.as_f64().is_some_and(fits);
        match self {
            Path => value.as_str().is_some_and(|text| !text.is_empty()),
            Flag => value.is_boolean(),
            Whole(least, most) => value.as_u64().is_some_and(|n| (least..=most).contains(&n)),
            Share => number(|x| (0.0..=1.0).contains(&x)),
            Between => number(|x| x > 0.0 && x < 1.0),
            Positive => number(|x| x > 0.0 && x.is_finite()),
            AtLeast(least) => value.as_f64().is_some_and(|x| x >= f64::from(least) && x.is_finite()),
            OneOf(names) => value.as_str().is_some_and(|text| names().contains(&text)),
            Format(kinds) => value.as_str().is_some_and(|text| named::names(kinds).contains(&text.into())),
            Files => {
                value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(|v| Path.takes(v)))
            }
            Sources(_) => value.is_array(),
            Formats(kinds) => value.as_array().is_some_and(|list| {
                let names = named::names(kinds);
                !list.is_empty() && list.iter().all(|v| v.as_str().is_some_and(|v| names.contains(&v.into())))
            }),
        }
    }
}
