//! The values of one column in one row.

use super::pages::Pages;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::errors::{ParquetError, Result};
use parquet::record::Field;
use parquet::schema::types::ColumnDescPtr;
use serde_json::Value;

/// A column whose rows are read one at a time.
pub(super) struct Leaf {
    description: ColumnDescPtr,
    reader: ColumnReader,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Values,
    /// The number of levels left, the next one, and the next value.
    levels: usize,
    level: usize,
    value: usize,
}

enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl Leaf {
    pub fn new(description: ColumnDescPtr, pages: Pages) -> Self {
        let reader = get_column_reader(description.clone(), Box::new(pages));
        let values = match reader {
            ColumnReader::BoolColumnReader(_) => Values::Bool(Vec::new()),
            ColumnReader::Int32ColumnReader(_) => Values::Int32(Vec::new()),
            ColumnReader::Int64ColumnReader(_) => Values::Int64(Vec::new()),
            ColumnReader::Int96ColumnReader(_) => Values::Int96(Vec::new()),
            ColumnReader::FloatColumnReader(_) => Values::Float(Vec::new()),
            ColumnReader::DoubleColumnReader(_) => Values::Double(Vec::new()),
            ColumnReader::ByteArrayColumnReader(_) => Values::Bytes(Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(_) => Values::Fixed(Vec::new()),
        };
        let (definitions, repetitions) = (Vec::new(), Vec::new());
        Self { description, reader, definitions, repetitions, values, levels: 0, level: 0, value: 0 }
    }

    /// The column's name, with those of the groups that it is in.
    pub fn name(&self) -> String {
        self.description.path().string()
    }

    /// Reads the next row; `false` where there is none.
    pub fn read(&mut self) -> Result<bool> {
        macro_rules! one {
            ($reader:ident, $values:ident) => {{
                $values.clear();
                $reader.read_records(1, Some(&mut self.definitions), Some(&mut self.repetitions), $values)
            }};
        }
        self.definitions.clear();
        self.repetitions.clear();
        (self.level, self.value) = (0, 0);
        let (rows, _, levels) = match (&mut self.reader, &mut self.values) {
            (ColumnReader::BoolColumnReader(r), Values::Bool(v)) => one!(r, v),
            (ColumnReader::Int32ColumnReader(r), Values::Int32(v)) => one!(r, v),
            (ColumnReader::Int64ColumnReader(r), Values::Int64(v)) => one!(r, v),
            (ColumnReader::Int96ColumnReader(r), Values::Int96(v)) => one!(r, v),
            (ColumnReader::FloatColumnReader(r), Values::Float(v)) => one!(r, v),
            (ColumnReader::DoubleColumnReader(r), Values::Double(v)) => one!(r, v),
            (ColumnReader::ByteArrayColumnReader(r), Values::Bytes(v)) => one!(r, v),
            (ColumnReader::FixedLenByteArrayColumnReader(r), Values::Fixed(v)) => one!(r, v),
            _ => Err(ParquetError::General("a column is of another type".into())),
        }?;
        self.levels = levels;
        Ok(rows == 1)
    }

    /// The level of definition that is next; none after the last.
    pub fn definition(&self) -> Option<i16> {
        if self.description.max_def_level() == 0 {
            return (self.level < self.levels).then_some(0);
        }
        self.definitions.get(self.level).copied()
    }

    /// The level of repetition that is next; none after the last.
    pub fn repetition(&self) -> Option<i16> {
        if self.description.max_rep_level() == 0 {
            return (self.level < self.levels).then_some(0);
        }
        self.repetitions.get(self.level).copied()
    }

    /// Returns whether all of the row was taken.
    pub fn is_done(&self) -> bool {
        self.level == self.levels
    }

    /// Passes over one level.
    pub fn skip(&mut self) {
        self.value += usize::from(self.definition() == Some(self.description.max_def_level()));
        self.level += 1;
    }

    /// The length of the next value in bytes.
    pub fn length(&self) -> usize {
        match &self.values {
            Values::Bytes(values) => values.get(self.value).map_or(0, ByteArray::len),
            Values::Fixed(values) => values.get(self.value).map_or(0, |value| value.len()),
            _ => 0,
        }
    }

    /// Takes the next value.
    pub fn take(&mut self) -> Result<Value> {
        let there = self.definition() == Some(self.description.max_def_level());
        let (at, of) = (self.value, &self.description);
        self.level += 1;
        if !there {
            return Ok(Value::Null);
        }
        self.value += 1;
        let field = match &self.values {
            Values::Bool(values) => values.get(at).map(|x| Ok(Field::convert_bool(of, *x))),
            Values::Int32(values) => values.get(at).map(|x| Ok(Field::convert_int32(of, *x))),
            Values::Int64(values) => values.get(at).map(|x| Ok(Field::convert_int64(of, *x))),
            Values::Int96(values) => values.get(at).map(|x| Ok(Field::convert_int96(of, *x))),
            Values::Float(values) => values.get(at).map(|x| Ok(Field::convert_float(of, *x))),
            Values::Double(values) => values.get(at).map(|x| Ok(Field::convert_double(of, *x))),
            Values::Bytes(values) => values.get(at).map(|x| Field::convert_byte_array(of, x.clone())),
            Values::Fixed(values) => {
                values.get(at).map(|x| Field::convert_byte_array(of, ByteArray::from(x.data().to_vec())))
            }
        };
        let missing = || ParquetError::General("a column has fewer values than it claims".into());
        field.ok_or_else(missing)?.map(value)
    }
}

/// Returns the value as in JSON lines; dates and times as texts.
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
        // Some writers do not say that their bytes are text.
        Field::Bytes(bytes) => bytes.as_utf8().map_or(Value::Null, Value::from),
        other => other.to_string().into(),
    }
}
