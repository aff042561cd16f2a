//! Rows of JSON lines, one at a time.

use crate::formats::FormatError;
use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// The longest row, in bytes: what a small gzip file may blow up to before it is refused.
const LONGEST_LINE: u64 = 1 << 24;

/// Which row of which file something was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: Arc<Path>,
    /// The line, counted from 1.
    pub line: usize,
}

/// One row of a file.
pub(super) struct Row {
    pub origin: Origin,
    pub fields: Map<String, Value>,
}

impl Row {
    /// An error that names the file, the line and the field.
    pub fn fault(&self, field: &str, reason: impl Into<String>) -> FormatError {
        FormatError::content(&self.origin.path, format!("line {}, field {field:?}", self.origin.line), reason)
    }

    pub fn text(&self, field: &str) -> Result<&str, FormatError> {
        self.fields.get(field).and_then(Value::as_str).ok_or_else(|| self.fault(field, "want a text"))
    }

    pub fn array(&self, field: &str) -> Result<&[Value], FormatError> {
        self.fields
            .get(field)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .ok_or_else(|| self.fault(field, "want an array"))
    }
}

/// Opens a file, through gzip where its first bytes say so.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, FormatError> {
    let open = || {
        let mut file = BufReader::new(File::open(path)?);
        let gzipped = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        Ok(if gzipped {
            Box::new(BufReader::new(MultiGzDecoder::new(file))) as Box<dyn BufRead>
        } else {
            Box::new(file)
        })
    };
    open().map_err(|e| FormatError::io(path, e))
}

/// Reads plain text, gzipped or not, of at most `most` bytes.
///
/// # Errors
/// The file cannot be read, is larger, or is no UTF-8.
pub fn text(path: &Path, most: usize) -> Result<String, FormatError> {
    let mut bytes = Vec::new();
    open(path)?.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|e| FormatError::io(path, e))?;
    if bytes.len() > most {
        return Err(FormatError::content(path, "size", format!("want at most {most} bytes of text")));
    }
    String::from_utf8(bytes).map_err(|e| {
        FormatError::content(path, format!("byte {}", e.utf8_error().valid_up_to()), "it is no UTF-8")
    })
}

/// The rows of a file, empty lines left out. Ends after the first error.
pub(super) struct Rows {
    path: Arc<Path>,
    reader: Option<Box<dyn BufRead>>,
    line: usize,
    buffer: Vec<u8>,
}

impl Rows {
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Ok(Self { path: path.into(), reader: Some(open(path)?), line: 0, buffer: Vec::new() })
    }

    fn read(&mut self) -> Result<Option<Row>, FormatError> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        loop {
            self.line += 1;
            self.buffer.clear();
            let fault =
                |reason: String| FormatError::content(&self.path, format!("line {}", self.line), reason);
            reader
                .take(LONGEST_LINE + 1)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|e| fault(format!("it cannot be read: {e}")))?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            if self.buffer.len() as u64 > LONGEST_LINE {
                return Err(fault("want at most 16 MiB in one line".into()));
            }
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            let fields = serde_json::from_slice(&self.buffer)
                .map_err(|e| fault(format!("want one JSON object: {e}")))?;
            let origin = Origin { path: self.path.clone(), line: self.line };
            return Ok(Some(Row { origin, fields }));
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.read().transpose();
        if !matches!(row, Some(Ok(_))) {
            self.reader = None;
        }
        row
    }
}

/// How a row becomes any number of records.
type Parse<T> = Box<dyn Fn(&Row) -> Result<Vec<T>, FormatError>>;

/// What a file holds, one record at a time. A row that does not fit is an error that names it; the
/// rows after it are still read. A file that cannot be read further ends after its error.
pub struct Records<T> {
    rows: Rows,
    parse: Parse<T>,
    ready: VecDeque<T>,
}

impl<T> Records<T> {
    pub(super) fn new(path: &Path, parse: Parse<T>) -> Result<Self, FormatError> {
        Ok(Self { rows: Rows::open(path)?, parse, ready: VecDeque::new() })
    }
}

impl<T> Iterator for Records<T> {
    type Item = Result<T, FormatError>;

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
