//! Prompts with answers that are right or wrong, for outcome and process reward models.

use super::Format;
use super::judgment::{judgment, label};
use super::messages::{inspect, prompt_and_answer, prompt_of};
use super::recognition::{known, named};
use super::records::{Parse, Records};
use super::rows::{Origin, Row};
use super::split::Group;
use super::transcript::response;
use crate::error::DataError;
use serde_json::Value;
use std::path::Path;

/// A prompt, and an answer whose steps, or which as its one step, are right or wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// The steps, one or more; the first begins with a space, and none has a line's end, which separates them.
    pub steps: Vec<String>,
    /// The label of each step, from 0 for wrong to 1 for right.
    pub labels: Vec<f32>,
    /// The group that a split keeps together.
    pub group: Group,
    /// The place that it was read from.
    pub origin: Origin,
}

/// An answer of more steps is refused.
const MOST_STEPS: usize = 1024;

/// The solutions of a file, one at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn solutions(path: &Path) -> Result<Records<Solution>, DataError> {
    solutions_of(path, Some(known(path)?))
}

/// [`solutions`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn solutions_of(path: &Path, format: Option<Format>) -> Result<Records<Solution>, DataError> {
    match format.and_then(|format| Some((format, parser(format)?))) {
        Some((format, parse)) => Records::new(path, format, parse),
        None => Err(DataError::content(path, "line 1", format!("want solutions, found {}", named(format)))),
    }
}

/// Returns the parser of a format's rows; `None` for formats without solutions.
pub(super) fn parser(format: Format) -> Option<Parse<Solution>> {
    Some(match format {
        Format::Feedback => Box::new(outcome),
        Format::Steps => Box::new(steps),
        _ => return None,
    })
}

fn outcome(row: &Row) -> Result<Vec<Solution>, DataError> {
    let (prompt, response) = prompt_and_answer(row)?;
    let field = if row.has("label") { "label" } else { judgment(row) };
    let label = label(row, field, row.fields.get(field).unwrap_or(&Value::Null))?;
    solution(row, prompt, vec![response], vec![label])
}

fn steps(row: &Row) -> Result<Vec<Solution>, DataError> {
    let field = row.either(&["steps", "completions"]);
    let listed = row.array(field)?;
    if listed.is_empty() || listed.len() > MOST_STEPS {
        return Err(row.fault(field, format!("want 1 to {MOST_STEPS} steps, got {}", listed.len())));
    }
    let mut steps = Vec::with_capacity(listed.len());
    for step in listed {
        let text = step.as_str().ok_or_else(|| row.fault(field, "want an array of texts"))?;
        // A step is a line: within it a line's end is a space.
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        steps.push(if steps.is_empty() { response(&line) } else { line });
    }
    let labels = row.array("labels")?;
    if labels.len() != steps.len() {
        let reason = format!("want {}, one for each step, got {}", steps.len(), labels.len());
        return Err(row.fault("labels", reason));
    }
    let labels = labels.iter().map(|value| label(row, "labels", value)).collect::<Result<_, _>>()?;
    solution(row, prompt_of(row)?, steps, labels)
}

fn solution(
    row: &Row,
    prompt: String,
    steps: Vec<String>,
    labels: Vec<f32>,
) -> Result<Vec<Solution>, DataError> {
    inspect(row, &prompt, steps.iter());
    let group = row.group(&prompt)?;
    Ok(vec![Solution { prompt, steps, labels, group, origin: row.origin.clone() }])
}
