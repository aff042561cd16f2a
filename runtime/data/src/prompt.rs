//! Prompts, for rollouts.

use super::Format;
use super::comparison::{self, Options};
use super::demonstration;
use super::feedback;
use super::messages::{inspect, prompt_of};
use super::recognition::{SAMPLED, consistent, known, named};
use super::records::{Parse, Records, sample};
use super::rows::{Origin, Row, USERS};
use super::solution;
use super::split::Group;
use super::transcript::prompt;
use crate::error::DataError;
use serde_json::Value;
use std::path::Path;

/// A prompt that waits for a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// The group that a split keeps together.
    pub group: Group,
    /// The place that it was read from.
    pub origin: Origin,
}

/// The prompts of a file of any kind but text, one at a time. Of several turns without replies the
/// first is taken.
///
/// # Errors
/// The file cannot be read, or has no prompts.
pub fn prompts(path: &Path) -> Result<Records<Prompt>, DataError> {
    prompts_of(path, Some(known(path)?))
}

/// [`prompts`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn prompts_of(path: &Path, format: Option<Format>) -> Result<Records<Prompt>, DataError> {
    let parse = format.and_then(|format| parser(format, Options::default()));
    match format.zip(parse) {
        Some((format, parse)) => Records::new(path, format, consistent(path, format, parse)?),
        None => Err(DataError::content(path, "line 1", format!("want prompts, found {}", named(format)))),
    }
}

/// Returns the parser of a format's rows; `None` for formats without prompts.
pub(super) fn parser(format: Format, options: Options) -> Option<Parse<Prompt>> {
    if let Some(parse) = demonstration::parser(format) {
        return Some(alone(parse, |d| Prompt { prompt: d.prompt, group: d.group, origin: d.origin }));
    }
    if let Some(parse) = comparison::parser(format, options) {
        return Some(alone(parse, |c| Prompt { prompt: c.prompt, group: c.group, origin: c.origin }));
    }
    if let Some(parse) = solution::parser(format) {
        return Some(alone(parse, |s| Prompt { prompt: s.prompt, group: s.group, origin: s.origin }));
    }
    if let Some(parse) = feedback::parser(format) {
        return Some(alone(parse, |f| Prompt { prompt: f.prompt, group: f.group, origin: f.origin }));
    }
    match format {
        Format::Prompts => Some(Box::new(|row| one(row, prompt_of(row)?))),
        Format::Turns => Some(Box::new(turns)),
        _ => None,
    }
}

/// The prompts of records, whether or not they have an answer.
fn alone<T: 'static>(parse: Parse<T>, prompt: impl Fn(T) -> Prompt + 'static) -> Parse<Prompt> {
    Box::new(move |row| {
        let prompts = parse(row)?.into_iter().map(&prompt).collect();
        row.only_prompt();
        Ok(prompts)
    })
}

fn one(row: &Row, prompt: String) -> Result<Vec<Prompt>, DataError> {
    inspect(row, &prompt, core::iter::empty());
    Ok(vec![Prompt { group: row.group(&prompt)?, prompt, origin: row.origin.clone() }])
}

fn turns(row: &Row) -> Result<Vec<Prompt>, DataError> {
    let first = row.array("turns")?.first().unwrap_or(&Value::Null);
    let text = first
        .as_str()
        .or_else(|| first["content"].as_str())
        .ok_or_else(|| row.fault("turns", "want a text, or an object with a content, first"))?;
    one(row, prompt(text))
}

/// The groups, row by row.
type Groups = Box<dyn Iterator<Item = Result<Group, DataError>>>;

/// The groups of a file's rows, whatever its kind, for [`super::Sides`]: a first pass over all data
/// that a run is to read. None of a file of text.
///
/// # Errors
/// The file cannot be read.
pub fn groups(path: &Path) -> Result<Groups, DataError> {
    groups_of(path, Some(known(path)?))
}

/// [`groups`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn groups_of(path: &Path, format: Option<Format>) -> Result<Groups, DataError> {
    // Rows that some options leave out join others all the same.
    let options = Options { synthetic: true, passages: false };
    match format.and_then(|format| Some((format, parser(format, options)?))) {
        Some((format, parse)) => Ok(Box::new(Records::new(path, format, parse)?.map(|p| p.map(|p| p.group)))),
        None => Ok(Box::new(core::iter::empty())),
    }
}

/// The field that names the users of a file's rows, by the first of them that has one.
///
/// # Errors
/// The file cannot be read.
pub fn user_field(path: &Path) -> Result<Option<&'static str>, DataError> {
    let rows = sample(path, SAMPLED)?.map(|sampled| sampled.rows).unwrap_or_default();
    Ok(rows.iter().find_map(|row| row.first_of(&USERS)))
}
