//! Rows of CSV and TSV, whose first record names the fields.

use super::open::open;
use super::rows::{Origin, Row};
use crate::error::DataError;
use csv::{ByteRecord, Reader, ReaderBuilder, Trim};
use serde_json::{Map, Value};
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

/// The longest record, in bytes.
const LONGEST: u64 = 1 << 24;
/// The most fields, and the most cells of one record.
const MOST_FIELDS: usize = 4096;
const MOST_CELLS: usize = 1 << 16;

/// The rows of a table. Cells are texts, empty ones are absent.
pub(super) struct Table {
    path: Arc<Path>,
    /// `None` after the end.
    reader: Option<Reader<Quotes>>,
    names: Vec<String>,
    record: ByteRecord,
    row: usize,
}

impl Table {
    /// Reads the names of the fields.
    pub fn open(path: &Path, delimiter: u8) -> Result<Self, DataError> {
        let source = Quotes::new(open(path)?, delimiter);
        // Records of other lengths are told apart from those that cannot be read.
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(Trim::Headers).from_reader(source);
        let fault = |reason: String| DataError::content(path, "line 1", reason);
        let header = reader.byte_headers().map_err(|e| fault(e.to_string()).ending())?;
        if header.len() > MOST_FIELDS {
            return Err(fault(format!("want at most {MOST_FIELDS} fields")));
        }
        let names = header.iter().map(|name| String::from_utf8(name.to_vec()));
        let names = names.collect::<Result<Vec<_>, _>>().map_err(|_| fault("it is no UTF-8".into()))?;
        Ok(Self { path: path.into(), reader: Some(reader), names, record: ByteRecord::new(), row: 0 })
    }

    /// The line that the record begins on.
    fn line(&self) -> usize {
        self.record.position().map_or(0, csv::Position::line) as usize
    }

    /// Reads the next record; `None` after the last.
    fn read(&mut self) -> Option<Result<(), DataError>> {
        let reader = self.reader.as_mut()?;
        self.row += 1;
        reader.get_mut().left = LONGEST;
        let read = reader.read_byte_record(&mut self.record);
        let open = reader.get_ref().over && reader.get_ref().place == Place::Quoted;
        let (place, reason) = match read {
            Ok(true) if open => {
                let reason = "a quote has no end: the file is cut off or damaged";
                (format!("line {}", self.line()), reason.into())
            }
            Ok(true) => return Some(Ok(())),
            Ok(false) => {
                self.reader = None;
                return None;
            }
            Err(error) => (format!("row {}", self.row), format!("it cannot be read further: {error}")),
        };
        self.reader = None;
        Some(Err(DataError::content(&self.path, place, reason).ending()))
    }

    fn fields(&self) -> Result<Map<String, Value>, String> {
        let (want, got) = (self.names.len(), self.record.len());
        if want != got {
            return Err(format!("want {want} cells, as the first line names, got {got}"));
        }
        let mut fields = Map::new();
        for (name, cell) in self.names.iter().zip(&self.record) {
            let text = core::str::from_utf8(cell)
                .map_err(|_| format!("field {name:?} is no UTF-8; save the file as UTF-8"))?;
            if !text.is_empty() {
                fields.insert(name.clone(), text.into());
            }
        }
        Ok(fields)
    }
}

impl Iterator for Table {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.read()? {
            return Some(Err(error));
        }
        let line = self.line();
        let fault = |reason: String| DataError::content(&self.path, format!("line {line}"), reason);
        let origin = Origin { path: self.path.clone(), line };
        Some(self.fields().map_err(fault).and_then(|fields| Row::new(origin, "line", fields)))
    }
}

/// The records of a table, each with the names of the fields; the names themselves come first.
pub(super) struct Records {
    table: Table,
    begun: bool,
}

impl Records {
    pub fn open(path: &Path, delimiter: u8) -> Result<Self, DataError> {
        Ok(Self { table: Table::open(path, delimiter)?, begun: false })
    }
}

impl Iterator for Records {
    type Item = Result<(Vec<String>, Vec<String>), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !core::mem::replace(&mut self.begun, true) {
            return Some(Ok((Vec::new(), self.table.names.clone())));
        }
        let cells = match self.table.read()? {
            Ok(()) => self.table.record.iter().map(|cell| String::from_utf8(cell.to_vec())).collect(),
            Err(error) => return Some(Err(error)),
        };
        let cells: Result<Vec<String>, _> = cells;
        let fault =
            |_| DataError::content(&self.table.path, format!("row {}", self.table.row), "it is no UTF-8");
        Some(cells.map(|cells| (self.table.names.clone(), cells)).map_err(fault))
    }
}

/// The place of a byte in a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellBegins,
    Plain,
    Quoted,
    /// The byte after a quote in a quoted cell, which ends the cell or is the first of two.
    Quote,
}

/// A source of which so much may be read for one record. Follows its quotes: where one is missing, rows are
/// taken for parts of a cell.
struct Quotes {
    source: Box<dyn BufRead>,
    delimiter: u8,
    left: u64,
    place: Place,
    line: usize,
    /// Cells of the record so far.
    cells: usize,
    /// True when all was read.
    over: bool,
    /// The error at the next byte.
    fault: Option<io::Error>,
}

impl Quotes {
    fn new(source: Box<dyn BufRead>, delimiter: u8) -> Self {
        Self {
            source,
            delimiter,
            left: LONGEST,
            place: Place::CellBegins,
            line: 1,
            cells: 0,
            over: false,
            fault: None,
        }
    }

    fn follow(&mut self, byte: u8) -> io::Result<()> {
        self.line += usize::from(byte == b'\n');
        self.cells = match (self.place, byte) {
            (Place::Quoted, _) => self.cells,
            (_, b'\n') => 0,
            _ => self.cells + usize::from(byte == self.delimiter),
        };
        if self.cells > MOST_CELLS {
            let reason = format!("line {}: want at most {MOST_CELLS} cells", self.line);
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        let separates = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        self.place = match self.place {
            Place::Quoted if byte == b'"' => Place::Quote,
            Place::Quoted => Place::Quoted,
            Place::Quote if byte == b'"' => Place::Quoted,
            Place::CellBegins if byte == b'"' => Place::Quoted,
            _ if separates => Place::CellBegins,
            Place::CellBegins | Place::Plain => Place::Plain,
            Place::Quote => {
                let reason =
                    format!("line {}: a quote ends within a cell, so that another is missing", self.line);
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
        };
        Ok(())
    }
}

impl Read for Quotes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let count = self.source.read(out)?;
        self.over = count == 0;
        for (at, byte) in out.get(..count).unwrap_or_default().iter().enumerate() {
            match self.follow(*byte) {
                Ok(()) => {}
                Err(fault) if at == 0 => return Err(fault),
                Err(fault) => {
                    // The rows before it are read.
                    self.fault = Some(fault);
                    return Ok(at);
                }
            }
        }
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::other("want at most 16 MiB in one record"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::shown;

    fn rows(text: &str) -> Vec<Result<String, (String, bool)>> {
        shown(text, |path| Table::open(path, b','))
    }

    #[test]
    fn cells_are_texts_and_empty_ones_are_absent() {
        let all = rows("\u{feff}a, b\r\n1,\"x, \"\"y\"\"\nz\"\r\n,2\n");
        assert_eq!(all, [Ok(r#"{"a":"1","b":"x, \"y\"\nz"}"#.into()), Ok(r#"{"b":"2"}"#.into())]);
    }

    #[test]
    fn a_ragged_row_is_one_bad_row() {
        let all = rows("a,b\n1\n1,2\n1,2,3\n");
        assert_eq!(all.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(all[2], Err(("line 4: want 2 cells, as the first line names, got 3".into(), false)));
    }

    #[test]
    fn a_quote_without_an_end_is_the_end() {
        let all = rows("a,b\n1,2\n3,\"x\n5,6\n");
        let (reason, end) = all.last().unwrap().as_ref().unwrap_err();
        assert!(all.len() == 2 && reason.contains("line 3: a quote has no end") && *end, "{reason}");
        let all = rows("a,b\n1,2\n3,\"x\n5,\"y\"\n7,8\n");
        let (reason, end) = all.last().unwrap().as_ref().unwrap_err();
        assert!(reason.contains("line 4: a quote ends within a cell") && *end, "{reason}");
        assert_eq!(rows("a,b\n5\" pipe,2\n"), [Ok(r#"{"a":"5\" pipe","b":"2"}"#.into())]);
    }
}
