//! A row of a file.

use super::split::Group;
use crate::error::DataError;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// Which row of which file something was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: Arc<Path>,
    /// The line of JSON lines, the row of Parquet; counted from 1.
    pub line: usize,
}

/// One row of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it was read.
    pub origin: Origin,
    /// What its file counts: lines or rows.
    pub(super) unit: &'static str,
    /// Its fields by name.
    pub fields: Map<String, Value>,
}

impl Row {
    /// An error that names the file, the line and the field.
    pub fn fault(&self, field: &str, reason: impl Into<String>) -> DataError {
        let place = format!("{} {}, field {field:?}", self.unit, self.origin.line);
        DataError::content(&self.origin.path, place, reason)
    }

    /// Its file and line, for messages.
    pub fn place(&self) -> String {
        format!("{}, {} {}", self.origin.path.display(), self.unit, self.origin.line)
    }

    /// A field that is a text.
    ///
    /// # Errors
    /// The field is missing, or something else; the file and the line are named.
    pub fn text(&self, field: &str) -> Result<&str, DataError> {
        self.fields.get(field).and_then(Value::as_str).ok_or_else(|| self.fault(field, "want a text"))
    }

    pub(super) fn array(&self, field: &str) -> Result<&[Value], DataError> {
        self.fields
            .get(field)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .ok_or_else(|| self.fault(field, "want an array"))
    }

    /// The first of `fields` that there is; the first where there is none.
    pub(super) fn either<'a>(&self, fields: &[&'a str; 2]) -> &'a str {
        let [first, second] = *fields;
        if !self.fields.contains_key(first) && self.fields.contains_key(second) { second } else { first }
    }

    /// An identity: a text or a number. Missing, `null` and empty are none.
    pub(super) fn identity(&self, field: &str) -> Result<Option<String>, DataError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.fault(field, "want a text or a number")),
        }
    }

    /// What the row may not be parted from: all rows of its prompt, without the material that the
    /// prompt may be about, and all of its user's.
    pub(super) fn group(&self, prompt: &str) -> Result<Group, DataError> {
        let user = self.identity(self.either(&["user_id", "user"]))?;
        Ok(Group::new(prompt, user.as_deref()))
    }
}

/// The rows of a file. One that cannot be read is an error, and those after it are still read; what cannot be read
/// further ends after an error for which [`DataError::is_end`] holds.
pub type Rows = Box<dyn Iterator<Item = Result<Row, DataError>>>;
