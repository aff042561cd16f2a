//! Prompts with a good response, for supervised fine-tuning.

use super::rows::{Origin, Parse, Records, Row};
use super::split::Group;
use super::transcript::{prompt, prompt_about, response};
use super::{Format, recognise};
use crate::error::DataError;
use std::path::Path;

/// A prompt and what a person wrote for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demonstration {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// Begins with a space.
    pub response: String,
    /// What it may not be parted from by a split.
    pub group: Group,
    /// Where it was read.
    pub origin: Origin,
}

/// The demonstrations of a file, one at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn demonstrations(path: &Path) -> Result<Records<Demonstration>, DataError> {
    demonstrations_of(path, recognise(path)?)
}

/// [`demonstrations`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn demonstrations_of(path: &Path, format: Option<Format>) -> Result<Records<Demonstration>, DataError> {
    match format.and_then(parser) {
        Some(parse) => Records::new(path, parse),
        None => Err(DataError::content(path, "line 1", format!("want demonstrations, found {format:?}"))),
    }
}

/// How rows of a format become demonstrations; `None` where they are none.
pub(super) fn parser(format: Format) -> Option<Parse<Demonstration>> {
    Some(match format {
        Format::Instructions => Box::new(instruction),
        Format::SelfInstruct => Box::new(instances),
        Format::Questions => Box::new(|row: &Row| {
            Ok(vec![demonstration(row, prompt(row.text("question")?), row.text("answer")?)?])
        }),
        Format::Responses => Box::new(|row: &Row| {
            let response = row.text(row.either(&["response", "completion"]))?;
            Ok(vec![demonstration(row, prompt(row.text("prompt")?), response)?])
        }),
        _ => return None,
    })
}

fn demonstration(row: &Row, prompt: String, said: &str) -> Result<Demonstration, DataError> {
    let group = row.group(&prompt)?;
    Ok(Demonstration { prompt, response: response(said), group, origin: row.origin.clone() })
}

fn instruction(row: &Row) -> Result<Vec<Demonstration>, DataError> {
    let context = if row.fields.contains_key("context") { row.text("context")? } else { "" };
    let prompt = prompt_about(row.text("instruction")?, context);
    Ok(vec![demonstration(row, prompt, row.text("response")?)?])
}

fn instances(row: &Row) -> Result<Vec<Demonstration>, DataError> {
    let instruction = row.text("instruction")?;
    row.array("instances")?
        .iter()
        .map(|instance| {
            let part = |field: &str| {
                instance[field]
                    .as_str()
                    .ok_or_else(|| row.fault(&format!("instances.{field}"), "want a text"))
            };
            demonstration(row, prompt_about(instruction, part("input")?), part("output")?)
        })
        .collect()
}
