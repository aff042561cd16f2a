//! The rows of a Parquet file, one at a time.

use super::known::known;
use super::leaf::Leaf;
use super::pages::{Budget, Pages};
use super::shape::{Fault, Shape};
use super::thrift::check_nesting;
use crate::catch_panic::catch_panic;
use crate::error::DataError;
use crate::open::file;
use crate::rows::{Origin, Row, Rows};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The largest footer, in bytes, and the most columns.
const LARGEST_FOOTER: u64 = 1 << 24;
const MOST_COLUMNS: usize = 4096;
/// The number of rows that a file may claim whatever its size, and how many more for each byte.
const FREE_ROWS: u64 = 1 << 16;
const ROWS_OF_BYTE: u64 = 64;

/// The rows of a Parquet file, of the columns that some format knows.
pub(in crate::parquet) fn open(path: &Path) -> Result<Columns, DataError> {
    let source = file(path).map_err(|e| DataError::io(path, e))?;
    // A panic of the library's is an error of the file's.
    catch_panic(|| Columns::new(path, source))
        .map_err(|reason| DataError::content(path, "footer", reason).ending())
}

pub(in super::super) fn rows(path: &Path) -> Result<Rows, DataError> {
    Ok(Box::new(open(path)?))
}

/// The outermost columns that no format knows, which are not read.
pub(in crate::parquet) fn unread(path: &Path) -> Result<Vec<String>, DataError> {
    Ok(open(path)?.unread)
}

/// Reads rows column by column.
pub(in crate::parquet) struct Columns {
    path: Arc<Path>,
    file: Arc<File>,
    metadata: ParquetMetaData,
    shape: Shape,
    /// The columns that are read, by their place in the file.
    chosen: Vec<usize>,
    /// The names of the others.
    unread: Vec<String>,
    /// The columns of the group of rows that is being read.
    leaves: Vec<Leaf>,
    budget: Budget,
    /// The next group, and how many rows are left of this one.
    group: usize,
    left: usize,
    row: usize,
    over: bool,
}

fn footer(source: &File, length: u64) -> Result<ParquetMetaData, String> {
    let cut = || "the file is cut off: it does not end as Parquet does".to_owned();
    let begin = length.checked_sub(8).ok_or_else(cut)?;
    let end = source.get_bytes(begin, 8).map_err(|e| e.to_string())?;
    let (size, mark) = end.split_first_chunk::<4>().ok_or_else(cut)?;
    if mark != b"PAR1" {
        return Err(cut());
    }
    let size = u64::from(u32::from_le_bytes(*size));
    if size > LARGEST_FOOTER || size > begin {
        return Err(format!("want a footer of at most {LARGEST_FOOTER} bytes; it may be damaged"));
    }
    let bytes = source.get_bytes(begin - size, size as usize).map_err(|e| e.to_string())?;
    check_nesting(&bytes).map_err(|e| e.to_string())?;
    ParquetMetaDataReader::decode_metadata(&bytes).map_err(|e| e.to_string())
}

impl Columns {
    fn new(path: &Path, source: File) -> Result<Self, String> {
        let length = source.metadata().map_err(|e| e.to_string())?.len();
        let metadata = footer(&source, length)?;
        let says = metadata.file_metadata().num_rows();
        let groups = metadata.row_groups().iter();
        let rows = groups.map(|group| u64::try_from(group.num_rows()).ok()).sum::<Option<u64>>();
        if rows.is_none() || rows != u64::try_from(says).ok() {
            return Err(format!("it claims {says} rows, its groups another number"));
        }
        if rows > length.checked_mul(ROWS_OF_BYTE).map(|most| most.saturating_add(FREE_ROWS)) {
            return Err(format!("it claims {says} rows, more than a file of its size can"));
        }
        let schema = metadata.file_metadata().schema_descr();
        if schema.num_columns() > MOST_COLUMNS {
            return Err(format!("want at most {MOST_COLUMNS} columns"));
        }
        let (mut fields, mut chosen, mut unread, mut place) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for field in schema.root_schema().get_fields() {
            let mut width = 0;
            let mut columns = chosen.len();
            Shape::of(field, 0, 0, &mut width);
            if known(field.name()) {
                fields.push((field.name().to_owned(), Shape::of(field, 0, 0, &mut columns)));
                chosen.extend(place..place + width);
            } else {
                unread.push(field.name().to_owned());
            }
            place += width;
        }
        if chosen.is_empty() {
            unread.truncate(20);
            let names = unread.join(", ");
            return Err(format!("no format knows any of its columns: {names}"));
        }
        Ok(Self {
            path: path.into(),
            file: Arc::new(source),
            metadata,
            shape: Shape::Object(fields),
            chosen,
            unread,
            leaves: Vec::new(),
            budget: Budget::new(length),
            group: 0,
            left: 0,
            row: 0,
            over: false,
        })
    }

    /// Begins the next group of rows; `false` after the last.
    fn begin(&mut self) -> Result<bool, String> {
        for leaf in &mut self.leaves {
            if leaf.read().map_err(|e| e.to_string())? {
                return Err(format!("column {:?} has more rows than the others", leaf.name()));
            }
        }
        self.leaves.clear();
        let Some(group) = self.metadata.row_groups().get(self.group) else { return Ok(false) };
        self.group += 1;
        self.left = usize::try_from(group.num_rows()).map_err(|e| e.to_string())?;
        for at in &self.chosen {
            let column = group.columns().get(*at).ok_or("a column is missing")?;
            let description = column.column_descr_ptr();
            let levels = [description.max_rep_level(), description.max_def_level()];
            let pages = Pages::new(self.file.clone(), column, levels, self.budget.clone());
            self.leaves.push(Leaf::new(description, pages.map_err(|e| e.to_string())?));
        }
        Ok(true)
    }

    /// Reads all columns of the next row; `false` after the last.
    fn read(&mut self) -> Result<bool, String> {
        while self.left == 0 {
            if !self.begin()? {
                return Ok(false);
            }
        }
        self.left -= 1;
        for leaf in &mut self.leaves {
            match leaf.read() {
                Ok(true) => {}
                Ok(false) => {
                    return Err(format!("column {:?} ends before it: the file is damaged", leaf.name()));
                }
                Err(error) => {
                    return Err(format!(
                        "column {:?} cannot be read further, the file is damaged or holds too much: {error}",
                        leaf.name()
                    ));
                }
            }
        }
        Ok(true)
    }
}

impl Iterator for Columns {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.row += 1;
        let fault =
            |this: &Self, reason: String| DataError::content(&this.path, format!("row {}", this.row), reason);
        let read = catch_panic(|| {
            if !self.read()? {
                return Ok(None);
            }
            match self.shape.row(&mut self.leaves) {
                Ok(fields) => Ok(Some(Some(fields))),
                Err(Fault::Large) => Ok(Some(None)),
                Err(Fault::Damaged(reason)) => Err(reason),
            }
        });
        match read {
            Ok(Some(Some(fields))) => {
                let origin = Origin { path: self.path.clone(), line: self.row };
                Some(Row::new(origin, "row", fields))
            }
            Ok(Some(None)) => Some(Err(fault(self, "want at most 16 MiB in one row".into()))),
            Ok(None) => {
                self.over = true;
                None
            }
            Err(reason) => {
                self.over = true;
                Some(Err(fault(self, reason).ending()))
            }
        }
    }
}
