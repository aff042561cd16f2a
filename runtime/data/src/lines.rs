//! Rows of JSON lines.

use super::open::open;
use super::rows::{Origin, Row};
use crate::error::DataError;
use serde_json::{Map, Value};
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

/// The longest row, in bytes: what a small packed file may blow up to before it is refused.
const LONGEST_LINE: u64 = 1 << 24;

/// The lines of a file, empty ones left out. A line that is too long, or cannot be read, is the last.
pub(super) struct RawLines {
    path: Arc<Path>,
    reader: Option<Box<dyn BufRead>>,
    line: usize,
    buffer: Vec<u8>,
}

impl RawLines {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self { path: path.into(), reader: Some(open(path)?), line: 0, buffer: Vec::new() })
    }

    /// The line that was read last, counted from 1.
    pub fn origin(&self) -> Origin {
        Origin { path: self.path.clone(), line: self.line }
    }

    /// The line that was read last is wrong.
    pub fn fault(&self, reason: impl Into<String>) -> DataError {
        DataError::content(&self.path, format!("line {}", self.line), reason)
    }

    /// The next line with its end, where it has one; `None` after the last.
    pub fn next(&mut self) -> Option<Result<&[u8], DataError>> {
        while let Some(reader) = &mut self.reader {
            self.line += 1;
            self.buffer.clear();
            let fault = match reader.take(LONGEST_LINE + 1).read_until(b'\n', &mut self.buffer) {
                Err(error) => self.fault(format!("it cannot be read: {error}")),
                Ok(_) if self.buffer.is_empty() => break,
                Ok(_) if self.buffer.len() as u64 > LONGEST_LINE => {
                    self.fault("want at most 16 MiB in one line")
                }
                Ok(_) if self.buffer.trim_ascii().is_empty() => continue,
                Ok(_) => return Some(Ok(&self.buffer)),
            };
            self.reader = None;
            return Some(Err(fault));
        }
        self.reader = None;
        None
    }
}

/// The rows of JSON lines. A line that is no JSON object is an error; those after it are still read.
pub(super) struct Lines(RawLines);

impl Lines {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        RawLines::open(path).map(Self)
    }
}

impl Iterator for Lines {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let parsed: Result<Map<String, Value>, _> = match self.0.next()? {
            Ok(line) => serde_json::from_slice(line),
            Err(error) => return Some(Err(error)),
        };
        Some(match parsed {
            Ok(fields) => Ok(Row { origin: self.0.origin(), unit: "line", fields }),
            Err(error) => Err(self.0.fault(format!("want one JSON object: {error}"))),
        })
    }
}
