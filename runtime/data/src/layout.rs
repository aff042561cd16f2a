//! Layouts of a file's rows.

use super::lines::RawLines;
use super::open::open;
use super::parquet;
use crate::error::DataError;
use serde::de::IgnoredAny;
use std::io::BufRead;
use std::path::Path;

/// The layout of a file's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Columns.
    Parquet,
    /// An object on each line.
    Lines,
    /// One array of objects, on any lines.
    Array,
    /// Objects one after the other, each over several lines.
    Objects,
    /// Records of cells, which this byte separates.
    Table(u8),
}

/// Looks at the beginning of a file. `None`: it has no rows.
///
/// # Errors
/// The file cannot be read.
pub(super) fn layout(path: &Path) -> Result<Option<Layout>, DataError> {
    if parquet::is(path)? {
        return Ok(Some(Layout::Parquet));
    }
    Ok(match first(path)? {
        // Where a name is wrong, the bytes are right.
        [Some(byte), _] if !matches!(byte, b'{' | b'[') && delimiter(path).is_some() => {
            delimiter(path).map(Layout::Table)
        }
        [Some(b'['), Some(b'{' | b']') | None] => Some(Layout::Array),
        [Some(b'['), _] if !named_as_text(path) => Some(Layout::Array),
        [Some(b'{'), _] if over_lines(path)? => Some(Layout::Objects),
        [Some(b'{'), _] => Some(Layout::Lines),
        _ => None,
    })
}

/// The name of a file in lower case, without the ending of its packing.
pub(super) fn plain_name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let packed = [".gz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending));
    packed.map(str::to_owned).unwrap_or(name)
}

/// Returns whether a file is text by its name.
pub(super) fn named_as_text(path: &Path) -> bool {
    plain_name(path).ends_with(".txt")
}

/// Returns the separator of a table's cells, by the file's name.
fn delimiter(path: &Path) -> Option<u8> {
    let name = plain_name(path);
    [(".csv", b','), (".tsv", b'\t')]
        .into_iter()
        .find_map(|(ending, byte)| name.ends_with(ending).then_some(byte))
}

/// The first two bytes that are not white space.
fn first(path: &Path) -> Result<[Option<u8>; 2], DataError> {
    let mut reader = open(path)?;
    let mut first = [None; 2];
    for place in &mut first {
        loop {
            let bytes = reader.fill_buf().map_err(|e| DataError::io(path, e))?;
            let (length, begun) = (bytes.len(), bytes.iter().position(|b| !b.is_ascii_whitespace()));
            *place = begun.and_then(|at| bytes.get(at).copied());
            reader.consume(begun.map_or(length, |at| at + 1));
            if begun.is_some() || length == 0 {
                break;
            }
        }
    }
    Ok(first)
}

/// Returns whether the first object of a file goes on after its first line, so that the next line begins with no
/// object. A damaged row of JSON lines does not.
fn over_lines(path: &Path) -> Result<bool, DataError> {
    let mut lines = RawLines::open(path)?;
    let goes_on = match lines.next() {
        Some(Ok(line)) => {
            // What is left open is no text: the end of a line cannot be in one.
            serde_json::from_slice::<IgnoredAny>(line).is_err_and(|e| e.is_eof())
        }
        _ => false,
    };
    Ok(goes_on
        && match lines.next() {
            Some(Ok(line)) => matches!(line.trim_ascii_start().first(), Some(b'"' | b'}' | b'[' | b']')),
            _ => false,
        })
}
