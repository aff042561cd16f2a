//! Rows of an array of objects, and of objects that go over several lines.

use super::json::{object, reason};
use super::open::open;
use super::rows::{Origin, Row};
use crate::error::DataError;
use std::io::{self, BufRead};
use std::path::Path;
use std::sync::Arc;

/// The longest element, in bytes.
const LONGEST: usize = 1 << 24;

/// The objects of a file, each of which may go over any lines: the elements of an array, or one after the
/// other. They are found by their brackets, and held one at a time.
pub(super) struct Elements {
    path: Arc<Path>,
    /// `None` after the end.
    reader: Option<Box<dyn BufRead>>,
    array: bool,
    row: usize,
    buffer: Vec<u8>,
}

/// The end of an element.
enum End {
    /// There is no element: the array or the file is over.
    Over,
    /// The element ends with its last byte; `long`: it was too long to be held.
    Whole { long: bool },
    /// The file ended within it.
    Cut,
}

impl Elements {
    /// The elements of an array.
    pub fn array(path: &Path) -> Result<Self, DataError> {
        Self::open(path, true)
    }

    /// Objects one after the other.
    pub fn objects(path: &Path) -> Result<Self, DataError> {
        Self::open(path, false)
    }

    fn open(path: &Path, array: bool) -> Result<Self, DataError> {
        let mut reader = open(path)?;
        if array {
            let bracket = skip_space(&mut reader).map_err(|e| DataError::io(path, e))?;
            reader.consume(usize::from(bracket == Some(b'[')));
        }
        Ok(Self { path: path.into(), reader: Some(reader), array, row: 0, buffer: Vec::new() })
    }

    /// The element that was read last is wrong.
    pub fn fault(&self, reason: impl Into<String>) -> DataError {
        DataError::content(&self.path, format!("row {}", self.row), reason)
    }

    fn end(&mut self, reason: impl Into<String>) -> DataError {
        self.reader = None;
        self.fault(reason).ending()
    }

    /// The bytes of the element that was read last.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Reads the next element into the buffer; `None` after the last.
    pub fn read(&mut self) -> Option<Result<(), DataError>> {
        let reader = self.reader.as_mut()?;
        self.row += 1;
        self.buffer.clear();
        let end = element(reader, self.array, &mut self.buffer);
        Some(match end {
            Ok(End::Whole { long: false }) => Ok(()),
            Ok(End::Whole { long: true }) => Err(self.fault("want at most 16 MiB in one row")),
            Ok(End::Over) if self.array => match skip_space(reader) {
                Ok(None) => {
                    self.reader = None;
                    return None;
                }
                Ok(Some(_)) => Err(self.end("want nothing after the array's end; the file is damaged")),
                Err(error) => Err(self.end(format!("it cannot be read: {error}"))),
            },
            Ok(End::Over) => {
                self.reader = None;
                return None;
            }
            Ok(End::Cut) => {
                let what = if self.array { "array" } else { "row" };
                Err(self.end(format!("the {what} has no end: the file is cut off or damaged")))
            }
            Err(error) => Err(self.end(format!("it cannot be read: {error}"))),
        })
    }
}

impl Iterator for Elements {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.read()? {
            return Some(Err(error));
        }
        Some(match object(&self.buffer) {
            Ok(fields) => Row::new(Origin { path: self.path.clone(), line: self.row }, "row", fields),
            Err(error) => {
                let reason = reason(&error);
                // Where brackets or quotes are missing, an element ends where another one does.
                if holds_several(&self.buffer) {
                    Err(self.end(format!("{reason}; the beginning of the next row cannot be found")))
                } else {
                    Err(self.fault(reason))
                }
            }
        })
    }
}

/// Consumes white space and returns the byte after it, which it leaves.
fn skip_space(reader: &mut Box<dyn BufRead>) -> io::Result<Option<u8>> {
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let space = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let next = bytes.get(space).copied();
        reader.consume(space);
        if next.is_some() {
            return Ok(next);
        }
    }
}

/// Reads one element into `buffer`, without the comma after it.
fn element(reader: &mut Box<dyn BufRead>, array: bool, buffer: &mut Vec<u8>) -> io::Result<End> {
    match skip_space(reader)? {
        None if array => return Ok(End::Cut),
        None => return Ok(End::Over),
        Some(b']') if array => {
            reader.consume(1);
            return Ok(End::Over);
        }
        Some(_) => {}
    }
    let (mut depth, mut text, mut escaped, mut long) = (0usize, false, false, false);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(End::Cut);
        }
        let mut used = 0;
        let mut end = None;
        for byte in bytes {
            used += 1;
            if text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => text = true,
                b'{' | b'[' => depth += 1,
                // The array's own bracket is left for the next call.
                b']' if array && depth == 0 => end = Some((used - 1, used - 1)),
                b',' if array && depth == 0 => end = Some((used - 1, used)),
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && !array {
                        end = Some((used, used));
                    }
                }
                _ => {}
            }
            if end.is_some() {
                break;
            }
        }
        let (kept, used) = end.unwrap_or((used, used));
        let room = LONGEST.saturating_sub(buffer.len());
        long |= kept > room;
        if !long {
            buffer.extend_from_slice(bytes.get(..kept).unwrap_or_default());
        }
        reader.consume(used);
        if end.is_some() {
            return Ok(End::Whole { long });
        }
    }
}

/// Returns whether one object seems to end and another to begin within `element`, whatever stands for the comma.
fn holds_several(element: &[u8]) -> bool {
    let ends = element.iter().enumerate().filter(|(_, byte)| **byte == b'}');
    let mut rests = ends.filter_map(|(at, _)| element.get(at + 1..)).map(<[u8]>::trim_ascii_start);
    rests.any(|rest| {
        let after = rest.get(1..).unwrap_or_default().trim_ascii_start();
        rest.starts_with(b"{") || after.starts_with(b"{")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::shown;

    fn rows(text: &str, array: bool) -> Vec<Result<String, (String, bool)>> {
        shown(text, |path| Elements::open(path, array))
    }

    #[test]
    fn elements_are_rows() {
        let want = [Ok(r#"{"a":"]},{\""}"#.to_owned()), Ok(r#"{"b":[{"c":1},{"c":2}]}"#.to_owned())];
        let (a, b) = (r#"{ "a": "]},{\"" }"#, "{\n\"b\": [{\"c\": 1},\n{\"c\": 2}]\n}");
        assert_eq!(rows(&format!(" [{a} ,\n{b}]\n"), true), want);
        assert_eq!(rows(&format!("{a}\n{b}\n"), false), want);
        assert_eq!(rows("[]", true), []);
    }

    #[test]
    fn an_element_that_is_none_is_one_bad_row() {
        let all = rows(r#"[{"a": }, {"a": 1}, 7, {"a": 2}]"#, true);
        assert_eq!(all.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, true]);
        assert!(all.iter().flat_map(|row| row.as_ref().err()).all(|(_, end)| !end));
    }

    #[test]
    fn an_array_that_breaks_is_an_end() {
        for (text, want) in [
            (r#"[{"a": 1}, {"a": "#, "row 2: the array has no end"),
            (r#"[{"a": 1}, {"a": 2}"#, "row 2: the array has no end"),
            (r#"[{"a": 1},"#, "row 2: the array has no end"),
            (r#"[{"a": 1}] {"a": 2}]"#, "row 2: want nothing after"),
            (r#"[{"a": 1}, {"a": 2}; {"a": 3}, {"a": 4}]"#, "row 2: "),
            // A quote is missing, and the next ones end what they should begin.
            (r#"[{"a": 1}, {"a": "x}, {"a": "y"}, {"a": "}]"#, "row 2: "),
        ] {
            let all = rows(text, true);
            let (reason, end) = all.last().unwrap().as_ref().unwrap_err();
            assert!(reason.starts_with(want) && *end, "{text}: {reason}");
        }
    }
}
