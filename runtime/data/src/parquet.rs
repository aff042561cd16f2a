//! Rows of Parquet, where the feature `parquet` is built in.

use super::open::file;
use crate::error::DataError;
use std::io::Read;
use std::path::Path;

/// Whether a file is Parquet, by its first bytes.
pub(super) fn is(path: &Path) -> Result<bool, DataError> {
    let read = || {
        let mut first = Vec::new();
        file(path)?.take(4).read_to_end(&mut first)?;
        Ok(first == *b"PAR1")
    };
    read().map_err(|e| DataError::io(path, e))
}

#[cfg(not(feature = "parquet"))]
pub(super) fn rows(path: &Path) -> Result<super::rows::Rows, DataError> {
    let reason = "this build does not read Parquet: build it with `--features parquet`";
    Err(DataError::content(path, "format", reason))
}

#[cfg(feature = "parquet")]
pub(super) use built::rows;

#[cfg(feature = "parquet")]
mod built {
    use super::super::caught::caught;
    use super::super::columns::Columns;
    use super::super::rows::{Origin, Row, Rows};
    use crate::error::DataError;
    use parquet::errors::ParquetError;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::reader::RowIter;
    use parquet::record::{Field, Row as Fields};
    use serde_json::{Map, Value};
    use std::fs::File;
    use std::path::Path;
    use std::sync::Arc;

    /// The rows of a Parquet file, page by page.
    pub fn rows(path: &Path) -> Result<Rows, DataError> {
        let file = File::open(path).map_err(|e| DataError::io(path, e))?;
        let columns = Columns::new(file).map_err(|e| DataError::io(path, e))?;
        let open = || {
            let reader = SerializedFileReader::new(columns.clone())?;
            for group in reader.metadata().row_groups() {
                for column in group.columns() {
                    columns.begins(column.data_page_offset(), column.dictionary_page_offset());
                }
            }
            RowIter::from_file_into(Box::new(reader)).project(None)
        };
        let rows = caught(|| open().map_err(|e: ParquetError| e.to_string()))
            .map_err(|e| DataError::content(path, "format", e))?;
        Ok(Box::new(Iterated { path: path.into(), rows: Some(rows), row: 0 }))
    }

    struct Iterated {
        path: Arc<Path>,
        rows: Option<RowIter<'static>>,
        row: usize,
    }

    impl Iterator for Iterated {
        type Item = Result<Row, DataError>;

        fn next(&mut self) -> Option<Self::Item> {
            let rows = self.rows.as_mut()?;
            self.row += 1;
            match caught(|| rows.next().transpose().map_err(|e| e.to_string())) {
                Ok(Some(row)) => {
                    let origin = Origin { path: self.path.clone(), line: self.row };
                    Some(Ok(Row::new(origin, "row", object(row))))
                }
                Ok(None) => {
                    self.rows = None;
                    None
                }
                Err(error) => {
                    self.rows = None;
                    Some(Err(DataError::content(&self.path, format!("row {}", self.row), error).ending()))
                }
            }
        }
    }

    fn object(row: Fields) -> Map<String, Value> {
        row.into_columns().into_iter().map(|(name, field)| (name, value(field))).collect()
    }

    /// As JSON lines would say it; moments and the like as texts.
    fn value(field: Field) -> Value {
        match field {
            Field::Null => Value::Null,
            Field::Bool(x) => x.into(),
            Field::Byte(x) => x.into(),
            Field::Short(x) => x.into(),
            Field::Int(x) => x.into(),
            Field::Long(x) => x.into(),
            Field::UByte(x) => x.into(),
            Field::UShort(x) => x.into(),
            Field::UInt(x) => x.into(),
            Field::ULong(x) => x.into(),
            Field::Float(x) => x.into(),
            Field::Double(x) => x.into(),
            Field::Str(x) => x.into(),
            Field::Group(row) => Value::Object(object(row)),
            Field::ListInternal(list) => list.elements().iter().cloned().map(value).collect(),
            // Some writers do not say that their bytes are text.
            Field::Bytes(bytes) => bytes.as_utf8().map_or(Value::Null, Value::from),
            other => other.to_string().into(),
        }
    }
}
