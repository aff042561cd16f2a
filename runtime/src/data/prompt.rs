//! Prompts, for rollouts.

use super::comparison::{Options, comparisons};
use super::demonstration::demonstrations;
use super::lines::{Origin, Records, Row};
use super::transcript::prompt;
use super::{Format, Kind, recognise};
use crate::formats::FormatError;
use serde_json::Value;
use std::path::Path;

/// A prompt that waits for a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// Where it was read.
    pub origin: Origin,
}

/// The prompts of a file of any kind but text, one at a time. Of several turns without replies the
/// first is taken.
///
/// # Errors
/// The file cannot be read, or has no prompts.
pub fn prompts(path: &Path) -> Result<Box<dyn Iterator<Item = Result<Prompt, FormatError>>>, FormatError> {
    let format = recognise(path)?;
    Ok(match (format, format.map(Format::kind)) {
        (Some(Format::Turns), _) => Box::new(Records::new(path, Box::new(turns))?),
        (_, Some(Kind::Prompts)) => Box::new(Records::new(path, Box::new(one))?),
        (_, Some(Kind::Demonstrations)) => {
            Box::new(demonstrations(path)?.map(|d| d.map(|d| Prompt { prompt: d.prompt, origin: d.origin })))
        }
        (_, Some(Kind::Comparisons)) => Box::new(
            comparisons(path, Options::default())?
                .map(|c| c.map(|c| Prompt { prompt: c.prompt, origin: c.origin })),
        ),
        (_, Some(Kind::Text) | None) => {
            return Err(FormatError::content(path, "line 1", format!("want prompts, found {format:?}")));
        }
    })
}

fn one(row: &Row) -> Result<Vec<Prompt>, FormatError> {
    Ok(vec![Prompt { prompt: prompt(row.text("prompt")?), origin: row.origin.clone() }])
}

fn turns(row: &Row) -> Result<Vec<Prompt>, FormatError> {
    let first = row.array("turns")?.first().unwrap_or(&Value::Null);
    let text = first
        .as_str()
        .or_else(|| first["content"].as_str())
        .ok_or_else(|| row.fault("turns", "want a text, or an object with a content, first"))?;
    Ok(vec![Prompt { prompt: prompt(text), origin: row.origin.clone() }])
}
