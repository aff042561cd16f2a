//! The rows of a file, one at a time, and the records that they become.

use super::lines::Lines;
use super::parquet;
use super::rows::{Row, Rows};
use crate::error::DataError;
use std::collections::VecDeque;
use std::path::Path;

/// The rows of a file, whatever it is.
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
