//! The rows of a file, one at a time, and the records that they become.

use super::array::Elements;
use super::fields::Fields;
use super::flaws::Flaw;
use super::format::Format;
use super::layout::{Layout, layout};
use super::lines::Lines;
use super::parquet;
use super::rows::{Row, Rows};
use super::table::Table;
use crate::error::DataError;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

/// The rows of a file as they are, whatever packs them: JSON lines, an array, a table, Parquet.
///
/// # Errors
/// The file cannot be opened.
pub fn rows(path: &Path) -> Result<Rows, DataError> {
    Ok(match layout(path)? {
        Some(Layout::Parquet) => parquet::rows(path)?,
        Some(Layout::Array) => Box::new(Elements::array(path)?),
        Some(Layout::Objects) => Box::new(Elements::objects(path)?),
        Some(Layout::Table(delimiter)) => Box::new(Table::open(path, delimiter)?),
        Some(Layout::Lines) | None => Box::new(Lines::open(path)?),
    })
}

/// The first rows of a file.
pub(super) struct Sampled {
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// The error of the first row that could not.
    pub first_error: Option<DataError>,
}

/// The most that a sample holds, in bytes of its rows' texts, where one row is not more.
const LARGEST_SAMPLE: usize = 1 << 24;

/// Reads up to `most` rows from the beginning of a file, fewer where they are long. `None` where it has no
/// rows by its first bytes: plain text, say.
///
/// # Errors
/// The file cannot be read at all.
pub(super) fn sample(path: &Path, most: usize) -> Result<Option<Sampled>, DataError> {
    if layout(path)?.is_none() {
        return Ok(None);
    }
    let (mut sampled, mut size) = (Sampled { rows: Vec::new(), first_error: None }, 0);
    for row in rows(path)?.take(most) {
        match row {
            Ok(row) => {
                size += row.fields.values().map(length).sum::<usize>();
                sampled.rows.push(row);
            }
            Err(error) => _ = sampled.first_error.get_or_insert(error),
        }
        if size > LARGEST_SAMPLE {
            break;
        }
    }
    match sampled.first_error.take_if(|error| sampled.rows.is_empty() && error.is_end()) {
        Some(error) => Err(error),
        None => Ok(Some(sampled)),
    }
}

/// Estimates the memory of a value in bytes.
fn length(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(length).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + length(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

/// A parser of a row, which makes any number of records.
pub(super) type Parse<T> = Box<dyn Fn(&Row) -> Result<Vec<T>, DataError>>;

/// The records of a row: none of one that its flaws leave out.
pub(super) fn parsed<T>(parse: &Parse<T>, row: &Row) -> Result<Vec<T>, DataError> {
    let left_out = |row: &Row| row.flaws().iter().any(Flaw::leaves_out);
    if left_out(row) {
        return Ok(Vec::new());
    }
    let records = parse(row)?;
    // What its texts lack shows when they are read.
    Ok(if left_out(row) { Vec::new() } else { records })
}

/// An iterator over the records of a file. A row that does not fit is an error that names it; the rows after it are
/// still read. A file that cannot be read further ends after its error, for which [`DataError::is_end`] holds.
pub struct Records<T> {
    rows: Rows,
    parse: Parse<T>,
    ready: VecDeque<T>,
    flaws: BTreeMap<Flaw, usize>,
    format: Format,
    /// Columns that are not read.
    unread: Vec<String>,
    unused: BTreeMap<String, u64>,
}

impl<T> Records<T> {
    pub(super) fn new(path: &Path, format: Format, parse: Parse<T>) -> Result<Self, DataError> {
        Ok(Self {
            rows: rows(path)?,
            parse,
            ready: VecDeque::new(),
            flaws: BTreeMap::new(),
            format,
            unread: parquet::unread(path)?,
            unused: BTreeMap::new(),
        })
    }
}

impl<T> Records<T> {
    /// The flaws of the rows read so far, each with the number of rows that have it.
    pub fn flaws(&self) -> &BTreeMap<Flaw, usize> {
        &self.flaws
    }

    /// Fields that the format does not read, and how many of the rows so far have them.
    pub fn unused(&self) -> &BTreeMap<String, u64> {
        &self.unused
    }
}

impl<T> Iterator for Records<T> {
    type Item = Result<T, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(Ok(record));
            }
            let parsed = self.rows.next()?.and_then(|row| Ok((parsed(&self.parse, &row)?, row)));
            match parsed {
                Ok((records, row)) => {
                    Fields::count_unused(self.format, &row, &self.unread, &mut self.unused);
                    row.flaws().iter().for_each(|flaw| *self.flaws.entry(flaw).or_default() += 1);
                    self.ready.extend(records);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
