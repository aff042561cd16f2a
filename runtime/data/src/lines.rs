//! Rows of JSON lines.

use super::json::{objects, reason};
use super::open::open;
use super::rows::{Origin, Row, Rows};
use crate::error::DataError;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

/// The longest row, in bytes: what a small packed file may blow up to before it is refused.
const LONGEST_LINE: u64 = 1 << 24;

/// The most bytes of a longer line that are read, without being held, to find its end.
const LONGEST_SEARCH: usize = 1 << 30;

/// The byte-order mark, which some programs write at the beginning of a text, and `cat` leaves within it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The lines of a file, empty ones left out. After one that is too long those behind it are still read; one
/// that cannot be read is the last.
pub(super) struct RawLines {
    path: Arc<Path>,
    reader: Option<Box<dyn BufRead>>,
    line: usize,
    buffer: Vec<u8>,
}

impl RawLines {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self::of(path, open(path)?))
    }

    /// Reads the lines of a reader, which messages call `path`.
    fn of(path: &Path, reader: Box<dyn BufRead>) -> Self {
        Self { path: path.into(), reader: Some(reader), line: 0, buffer: Vec::new() }
    }

    /// The line that was read last, counted from 1.
    pub fn origin(&self) -> Origin {
        Origin { path: self.path.clone(), line: self.line }
    }

    /// The line that was read last is wrong.
    pub fn fault(&self, reason: impl Into<String>) -> DataError {
        DataError::content(&self.path, format!("line {}", self.line), reason)
    }

    /// Returns whether the line that was read last is the file's last and has no end of its own, as after a cut.
    pub fn unfinished(&self) -> bool {
        self.buffer.last() != Some(&b'\n')
    }

    /// The next line with its end, where it has one; `None` after the last.
    pub fn next(&mut self) -> Option<Result<&[u8], DataError>> {
        while let Some(reader) = &mut self.reader {
            self.line += 1;
            self.buffer.clear();
            let fault = match reader.take(LONGEST_LINE + 1).read_until(b'\n', &mut self.buffer) {
                Err(error) => self.fault(format!("it cannot be read further: {error}")),
                Ok(_) if self.buffer.is_empty() => break,
                Ok(_) if self.buffer.len() as u64 > LONGEST_LINE && self.buffer.last() != Some(&b'\n') => {
                    self.buffer.clear();
                    let reason = "want at most 16 MiB in one line";
                    match skip_line(reader) {
                        Ok(true) => return Some(Err(self.fault(reason))),
                        Ok(false) => self.fault(format!("{reason}; its end was not found")),
                        Err(error) => self.fault(format!("it cannot be read further: {error}")),
                    }
                }
                Ok(_) if without_mark(&self.buffer).trim_ascii().is_empty() => continue,
                Ok(_) => return Some(Ok(without_mark(&self.buffer))),
            };
            self.reader = None;
            return Some(Err(fault.ending()));
        }
        self.reader = None;
        None
    }
}

fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}

/// Reads to the end of the line, which is not held; whether there was one.
fn skip_line(reader: &mut Box<dyn BufRead>) -> io::Result<bool> {
    let mut left = LONGEST_SEARCH;
    while left > 0 {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let end = bytes.iter().position(|b| *b == b'\n');
        let used = end.map_or(bytes.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
        left = left.saturating_sub(used);
    }
    Ok(false)
}

/// The rows of JSON lines that come from elsewhere than a file: standard input, say. Messages call it `name`.
pub fn json_lines(name: &Path, reader: Box<dyn BufRead>) -> Rows {
    Box::new(Lines::of(RawLines::of(name, reader)))
}

/// The rows of JSON lines. A line that is no JSON object is an error; those after it are still read.
pub(super) struct Lines {
    lines: RawLines,
    /// Rows of the line that was read last.
    ready: VecDeque<Map<String, Value>>,
}

impl Lines {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        RawLines::open(path).map(Self::of)
    }

    fn of(lines: RawLines) -> Self {
        Self { lines, ready: VecDeque::new() }
    }
}

impl Iterator for Lines {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() {
            let read = match self.lines.next()? {
                Ok(line) => objects(line),
                Err(error) => return Some(Err(error)),
            };
            match read {
                Ok(all) => self.ready.extend(all),
                // How many rows were behind it is not known.
                Err(error) if error.is_eof() && self.lines.unfinished() => {
                    let reason = "the file ends within this row: it is cut off";
                    return Some(Err(self.lines.fault(reason).ending()));
                }
                Err(error) => return Some(Err(self.lines.fault(reason(&error)))),
            }
        }
        Some(Row::new(self.lines.origin(), "line", self.ready.pop_front()?))
    }
}
