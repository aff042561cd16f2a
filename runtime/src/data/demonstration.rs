//! Prompts with a good response, for supervised fine-tuning.

use super::lines::{Origin, Records, Row};
use super::transcript::{prompt, prompt_about, response};
use super::{Format, recognise};
use crate::formats::FormatError;
use std::path::Path;

/// A prompt and what a person wrote for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demonstration {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// Begins with a space.
    pub response: String,
    /// Where it was read.
    pub origin: Origin,
}

/// The demonstrations of a file, one at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn demonstrations(path: &Path) -> Result<Records<Demonstration>, FormatError> {
    let parse = match recognise(path)? {
        Some(Format::Instructions) => instruction,
        Some(Format::SelfInstruct) => instances,
        Some(Format::Questions) => question,
        other => {
            return Err(FormatError::content(
                path,
                "line 1",
                format!("want demonstrations, found {other:?}"),
            ));
        }
    };
    Records::new(path, Box::new(parse))
}

fn instruction(row: &Row) -> Result<Vec<Demonstration>, FormatError> {
    let context = if row.fields.contains_key("context") { row.text("context")? } else { "" };
    Ok(vec![Demonstration {
        prompt: prompt_about(row.text("instruction")?, context),
        response: response(row.text("response")?),
        origin: row.origin.clone(),
    }])
}

fn question(row: &Row) -> Result<Vec<Demonstration>, FormatError> {
    Ok(vec![Demonstration {
        prompt: prompt(row.text("question")?),
        response: response(row.text("answer")?),
        origin: row.origin.clone(),
    }])
}

fn instances(row: &Row) -> Result<Vec<Demonstration>, FormatError> {
    let instruction = row.text("instruction")?;
    row.array("instances")?
        .iter()
        .map(|instance| {
            let part = |field: &str| {
                instance[field]
                    .as_str()
                    .ok_or_else(|| row.fault(&format!("instances.{field}"), "want a text"))
            };
            Ok(Demonstration {
                prompt: prompt_about(instruction, part("input")?),
                response: response(part("output")?),
                origin: row.origin.clone(),
            })
        })
        .collect()
}
