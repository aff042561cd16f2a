//! Rows out of columns, by levels of definition and repetition (Melnik et al., "Dremel", 2010).

use super::leaf::Leaf;
use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::Type;
use serde_json::{Map, Value};

/// The most memory of a row, in bytes.
const LARGEST_ROW: usize = 1 << 24;
/// The memory of a value beside its text.
const VALUE: usize = 16;

/// The way in which columns make a value.
pub(super) enum Shape {
    /// A value of the column.
    Value(usize),
    Object(Vec<(String, Shape)>),
    /// A value from this definition level on, else null.
    Optional(i16, Box<Shape>),
    /// Elements from this level of definition on, each but the first at this level of repetition.
    List(i16, i16, Box<Shape>),
}

/// The reason why a row could not be put together.
pub(super) enum Fault {
    /// The row is too large; the next may not be.
    Large,
    /// The columns contradict each other.
    Damaged(String),
}

impl Shape {
    /// The shape of a field at these levels of definition and repetition; `columns` counts the columns.
    pub fn of(field: &Type, mut definition: i16, mut repetition: i16, columns: &mut usize) -> Self {
        let info = field.get_basic_info();
        let how = if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED };
        definition += i16::from(how != Repetition::REQUIRED);
        repetition += i16::from(how == Repetition::REPEATED);
        let inner = match field {
            Type::PrimitiveType { .. } => {
                *columns += 1;
                Self::Value(*columns - 1)
            }
            Type::GroupType { fields, .. } => match (&fields[..], is_list(field)) {
                ([element], true) => Self::elements(element, definition, repetition, columns),
                _ => Self::Object(
                    fields
                        .iter()
                        .map(|f| (f.name().to_owned(), Self::of(f, definition, repetition, columns)))
                        .collect(),
                ),
            },
        };
        match how {
            Repetition::REQUIRED => inner,
            Repetition::OPTIONAL => Self::Optional(definition, Box::new(inner)),
            Repetition::REPEATED => Self::List(definition, repetition, Box::new(inner)),
        }
    }

    /// The elements of a list, which most writers put into a group of their own.
    fn elements(element: &Type, definition: i16, repetition: i16, columns: &mut usize) -> Self {
        match element {
            Type::GroupType { fields, .. }
                if fields.len() == 1 && element.name() != "array" && !element.name().ends_with("_tuple") =>
            {
                let (definition, repetition) = (definition + 1, repetition + 1);
                let inner = fields.iter().map(|f| Self::of(f, definition, repetition, columns)).next();
                Self::List(definition, repetition, Box::new(inner.unwrap_or(Self::Object(Vec::new()))))
            }
            _ => Self::of(element, definition, repetition, columns),
        }
    }

    /// The column whose levels are first to give the number of values.
    fn first(&self) -> Option<usize> {
        match self {
            Self::Value(at) => Some(*at),
            Self::Object(fields) => fields.iter().find_map(|(_, shape)| shape.first()),
            Self::Optional(_, inner) | Self::List(_, _, inner) => inner.first(),
        }
    }

    fn skip(&self, leaves: &mut [Leaf]) {
        match self {
            Self::Value(at) => leaves.get_mut(*at).into_iter().for_each(Leaf::skip),
            Self::Object(fields) => fields.iter().for_each(|(_, shape)| shape.skip(leaves)),
            Self::Optional(_, inner) | Self::List(_, _, inner) => inner.skip(leaves),
        }
    }

    /// Takes one value from the columns, of which `room` bytes are left to the row.
    pub fn take(&self, leaves: &mut [Leaf], room: &mut usize) -> Result<Value, Fault> {
        let first = |leaves: &[Leaf]| self.first().and_then(|at| leaves.get(at)?.definition());
        *room = room.checked_sub(VALUE).ok_or(Fault::Large)?;
        match self {
            Self::Value(at) => {
                let leaf = leaves.get_mut(*at).filter(|leaf| !leaf.is_done());
                let leaf = leaf.ok_or_else(|| Fault::Damaged("its columns do not fit each other".into()))?;
                *room = room.checked_sub(leaf.length()).ok_or(Fault::Large)?;
                leaf.take().map_err(|e| Fault::Damaged(e.to_string()))
            }
            Self::Object(fields) => {
                let mut object = Map::new();
                for (name, shape) in fields {
                    object.insert(name.clone(), shape.take(leaves, room)?);
                }
                Ok(Value::Object(object))
            }
            Self::Optional(definition, inner) => {
                if first(leaves).is_some_and(|level| level < *definition) {
                    self.skip(leaves);
                    return Ok(Value::Null);
                }
                inner.take(leaves, room)
            }
            Self::List(definition, repetition, inner) => {
                if first(leaves).is_some_and(|level| level < *definition) {
                    self.skip(leaves);
                    return Ok(Value::Array(Vec::new()));
                }
                let mut elements = Vec::new();
                loop {
                    elements.push(inner.take(leaves, room)?);
                    let next = inner.first().and_then(|at| leaves.get(at)?.repetition());
                    if next != Some(*repetition) {
                        return Ok(Value::Array(elements));
                    }
                }
            }
        }
    }

    /// Takes a whole row.
    pub fn row(&self, leaves: &mut [Leaf]) -> Result<Map<String, Value>, Fault> {
        match self.take(leaves, &mut LARGEST_ROW.clone())? {
            Value::Object(row) if leaves.iter().all(Leaf::is_done) => Ok(row),
            _ => Err(Fault::Damaged("its columns do not fit each other".into())),
        }
    }
}

fn is_list(field: &Type) -> bool {
    let info = field.get_basic_info();
    let says =
        info.converted_type() == ConvertedType::LIST || info.logical_type_ref() == Some(&LogicalType::List);
    let repeated = |element: &Type| {
        let info = element.get_basic_info();
        info.has_repetition() && info.repetition() == Repetition::REPEATED
    };
    says && field.get_fields().first().is_some_and(|element| repeated(element))
}
