//! Prompts with a good response, for supervised fine-tuning.

use super::Format;
use super::fields::{ANSWER, MESSAGES, TEXT};
use super::flaws::Flaw;
use super::messages::{answer_in, answered, answered_in_text, inspect, prompt_of};
use super::recognition::{consistent, known, named};
use super::records::{Parse, Records};
use super::rows::{Origin, Row};
use super::split::Group;
use super::transcript::{is_blank, prompt_about, response};
use crate::error::DataError;
use std::path::Path;

/// A prompt and what a person wrote for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demonstration {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// Begins with a space.
    pub response: String,
    /// The group that a split keeps together.
    pub group: Group,
    /// The place that it was read from.
    pub origin: Origin,
}

/// The demonstrations of a file, one at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn demonstrations(path: &Path) -> Result<Records<Demonstration>, DataError> {
    demonstrations_of(path, Some(known(path)?))
}

/// [`demonstrations`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn demonstrations_of(path: &Path, format: Option<Format>) -> Result<Records<Demonstration>, DataError> {
    let parse = format.and_then(parser);
    match format.zip(parse) {
        Some((format, parse)) => Records::new(path, format, consistent(path, format, parse)?),
        None => {
            Err(DataError::content(path, "line 1", format!("want demonstrations, found {}", named(format))))
        }
    }
}

/// Returns the parser of a format's rows; `None` for formats without demonstrations.
pub(super) fn parser(format: Format) -> Option<Parse<Demonstration>> {
    Some(match format {
        Format::Instructions | Format::Questions | Format::Responses => Box::new(|row: &Row| {
            let prompt = prompt_of(row)?;
            let response = answer_in(row, row.either(ANSWER), &prompt)?;
            demonstration(row, prompt, response).map(|one| vec![one])
        }),
        Format::Messages => Box::new(|row: &Row| {
            let (prompt, response) = match (row.first_of(MESSAGES), row.first_of(TEXT)) {
                (None, Some(field)) => answered_in_text(row, field)?,
                (field, _) => answered(row, field.unwrap_or(MESSAGES[0]))?,
            };
            demonstration(row, prompt, response).map(|one| vec![one])
        }),
        Format::SelfInstruct => Box::new(instances),
        _ => return None,
    })
}

fn demonstration(row: &Row, prompt: String, response: String) -> Result<Demonstration, DataError> {
    inspect(row, &prompt, [&response].into_iter());
    let group = row.group(&prompt)?;
    Ok(Demonstration { prompt, response, group, origin: row.origin.clone() })
}

fn instances(row: &Row) -> Result<Vec<Demonstration>, DataError> {
    let instruction = row.text("instruction")?;
    let instances = row.array("instances")?;
    let mut pairs = Vec::with_capacity(instances.len());
    for instance in instances {
        let want = |field: &str| row.fault(&format!("instances.{field}"), "want a text");
        let output = instance["output"].as_str().ok_or_else(|| want("output"))?;
        let input = match instance.get("input") {
            None => "",
            Some(input) => input.as_str().ok_or_else(|| want("input"))?,
        };
        pairs.push((input, output));
    }
    // An instance without an output takes none of the others with it.
    if pairs.iter().any(|(_, output)| !is_blank(output)) {
        pairs.retain(|(_, output)| {
            let empty = is_blank(output);
            if empty {
                row.flaw(Flaw::EmptyAnswer);
            }
            !empty
        });
    }
    let one = |(input, output)| demonstration(row, prompt_about(instruction, input), response(output));
    pairs.into_iter().map(one).collect()
}
