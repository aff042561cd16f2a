//! A row of a file.

use super::export::plain;
use super::flaws::{Flaw, Flaws};
use super::plain::{Fault, Plain};
use super::split::{Group, is_placeholder};
use super::value::kind;
use crate::error::DataError;
use core::cell::Cell;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// The file and the row that something was read from.
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
    /// The place that it was read from.
    pub origin: Origin,
    /// The unit that the file counts: lines or rows.
    pub(super) unit: &'static str,
    /// Its fields by name, without those that are null.
    pub fields: Map<String, Value>,
    flaws: Cell<Flaws>,
}

impl Row {
    /// A row with these fields. Null is absence, at any depth; what annotation tools export is brought into
    /// its plain form.
    ///
    /// # Errors
    /// A judgment in what was exported is not understood.
    pub(super) fn new(
        origin: Origin,
        unit: &'static str,
        mut fields: Map<String, Value>,
    ) -> Result<Self, DataError> {
        drop_nulls(&mut fields);
        let mut row = Self { origin, unit, fields, flaws: Cell::default() };
        match plain(&row.fields) {
            Ok(Some(Plain { fields, flaws })) => {
                row.fields = fields;
                row.flaws.set(flaws);
            }
            Ok(None) => {}
            Err(Fault { field, reason }) => return Err(row.fault(&field, reason)),
        }
        Ok(row)
    }

    /// An error that names the file, the line and the field.
    pub(super) fn fault(&self, field: &str, reason: impl Into<String>) -> DataError {
        let place = format!("{} {}, field {field:?}", self.unit, self.origin.line);
        DataError::content(&self.origin.path, place, reason)
    }

    /// Its file and line, for messages.
    pub fn place(&self) -> String {
        format!("{}, {} {}", self.origin.path.display(), self.unit, self.origin.line)
    }

    /// Notes what is wrong with the row though it can be read.
    pub(super) fn flaw(&self, flaw: Flaw) {
        self.flaws.set(self.flaws.get().with(flaw));
    }

    /// Keeps a row without an answer, of which the prompt alone is wanted.
    pub(super) fn only_prompt(&self) {
        if self.flaws().has(Flaw::Unanswered) {
            self.flaws.set(self.flaws().without(Flaw::Unanswered).with(Flaw::EmptyAnswer));
        }
    }

    /// The flaws of the row, which can be read nevertheless.
    pub(super) fn flaws(&self) -> Flaws {
        self.flaws.get()
    }

    /// Returns whether there is such a field, null being none.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Returns whether a field holds an empty list or object, which tables of lists have for absent values.
    pub(super) fn is_empty(&self, field: &str) -> bool {
        match self.fields.get(field) {
            Some(Value::Array(values)) => values.is_empty(),
            Some(Value::Object(fields)) => fields.is_empty(),
            _ => false,
        }
    }

    /// A field that is a text.
    ///
    /// # Errors
    /// The field is missing, or something else; the file and the line are named.
    pub fn text(&self, field: &str) -> Result<&str, DataError> {
        match self.fields.get(field) {
            Some(Value::String(text)) => Ok(text),
            other => Err(self.fault(field, format!("want a text, found {}", kind(other)))),
        }
    }

    pub(super) fn array(&self, field: &str) -> Result<&[Value], DataError> {
        match self.fields.get(field) {
            Some(Value::Array(values)) => Ok(values),
            other => Err(self.fault(field, format!("want a list, found {}", kind(other)))),
        }
    }

    /// The first of `fields` that there is.
    pub(super) fn first_of<'a>(&self, fields: &[&'a str]) -> Option<&'a str> {
        fields.iter().copied().find(|field| self.has(field))
    }

    /// The first of `fields` that there is; the first where there is none.
    pub(super) fn either<'a>(&self, fields: &[&'a str]) -> &'a str {
        self.first_of(fields).or(fields.first().copied()).unwrap_or_default()
    }

    /// An identity: a text or a number. Missing and empty are none.
    pub(super) fn identity(&self, field: &str) -> Result<Option<String>, DataError> {
        match self.fields.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.fault(field, "want a text or a number")),
        }
    }

    /// The group that a split keeps together: all rows of the prompt, without the material that it may be about, and
    /// all rows of its user, if there is one.
    pub(super) fn group(&self, prompt: &str) -> Result<Group, DataError> {
        let user = self.identity(self.either(&USERS))?.filter(|user| !is_placeholder(user));
        Ok(Group::new(prompt, user.as_deref()))
    }
}

/// The fields that name a row's user.
pub(super) const USERS: [&str; 2] = ["user_id", "user"];

/// Elements of lists stay: their places matter.
fn drop_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    fields.values_mut().for_each(within);

    fn within(value: &mut Value) {
        match value {
            Value::Object(fields) => drop_nulls(fields),
            Value::Array(values) => values.iter_mut().for_each(within),
            _ => {}
        }
    }
}

/// The rows of a file. One that cannot be read is an error, and those after it are still read; what cannot be read
/// further ends after an error for which [`DataError::is_end`] holds.
pub type Rows = Box<dyn Iterator<Item = Result<Row, DataError>>>;

/// The rows of a file of this text as JSON, or what is wrong with each and whether it is the end.
#[cfg(test)]
pub(super) fn shown<R: Iterator<Item = Result<Row, DataError>>>(
    text: &str,
    open: impl Fn(&Path) -> Result<R, DataError>,
) -> Vec<Result<String, (String, bool)>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let place = format!("{}, ", file.path().display());
    let shown = |row: Result<Row, DataError>| match row {
        Ok(row) => Ok(serde_json::to_string(&row.fields).unwrap()),
        Err(error) => Err((error.to_string().replace(&place, ""), error.is_end())),
    };
    open(file.path()).unwrap().map(shown).collect()
}
