//! Rows of a file, one at a time, and what they become.

use super::lines::Lines;
use super::parquet;
use super::split::Group;
use crate::error::DataError;
use serde_json::{Map, Value};
use std::collections::VecDeque;
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
pub(super) struct Row {
    pub origin: Origin,
    /// What its file counts: lines or rows.
    pub unit: &'static str,
    pub fields: Map<String, Value>,
}

impl Row {
    /// An error that names the file, the line and the field.
    pub fn fault(&self, field: &str, reason: impl Into<String>) -> DataError {
        let place = format!("{} {}, field {field:?}", self.unit, self.origin.line);
        DataError::content(&self.origin.path, place, reason)
    }

    pub fn text(&self, field: &str) -> Result<&str, DataError> {
        self.fields.get(field).and_then(Value::as_str).ok_or_else(|| self.fault(field, "want a text"))
    }

    pub fn array(&self, field: &str) -> Result<&[Value], DataError> {
        self.fields
            .get(field)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .ok_or_else(|| self.fault(field, "want an array"))
    }

    /// The first of `fields` that there is; the first where there is none.
    pub fn either<'a>(&self, fields: &[&'a str; 2]) -> &'a str {
        let [first, second] = *fields;
        if !self.fields.contains_key(first) && self.fields.contains_key(second) { second } else { first }
    }

    /// An identity: a text or a number. Missing, `null` and empty are none.
    pub fn identity(&self, field: &str) -> Result<Option<String>, DataError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.fault(field, "want a text or a number")),
        }
    }

    /// What the row may not be parted from: all rows of its prompt, without the material that the
    /// prompt may be about, and all of its user's.
    pub fn group(&self, prompt: &str) -> Result<Group, DataError> {
        let user = self.identity(self.either(&["user_id", "user"]))?;
        Ok(Group::new(prompt, user.as_deref()))
    }
}

/// The rows of a file. What cannot be read further ends after its error.
pub(super) type Rows = Box<dyn Iterator<Item = Result<Row, DataError>>>;

pub(super) fn rows(path: &Path) -> Result<Rows, DataError> {
    Ok(if parquet::is(path)? { parquet::rows(path)? } else { Box::new(Lines::open(path)?) })
}

/// How a row becomes any number of records.
pub(super) type Parse<T> = Box<dyn Fn(&Row) -> Result<Vec<T>, DataError>>;

/// What a file holds, one record at a time. A row that does not fit is an error that names it; the
/// rows after it are still read. A file that cannot be read further ends after its error.
pub struct Records<T> {
    rows: Rows,
    parse: Parse<T>,
    ready: VecDeque<T>,
}

impl<T> Records<T> {
    pub(super) fn new(path: &Path, parse: Parse<T>) -> Result<Self, DataError> {
        Ok(Self { rows: rows(path)?, parse, ready: VecDeque::new() })
    }
}

impl<T> Iterator for Records<T> {
    type Item = Result<T, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(Ok(record));
            }
            match self.rows.next()?.and_then(|row| (self.parse)(&row)) {
                Ok(records) => self.ready.extend(records),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
