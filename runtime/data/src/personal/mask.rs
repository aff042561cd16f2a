//! A file without the personal data that is found in it.

use super::{Counts, Finder};
use crate::error::DataError;
use crate::lines::RawLines;
use crate::parquet;
use core::ops::Range;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What was masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// Lines read; empty ones are left out.
    pub lines: usize,
    /// Of which so many had something masked.
    pub changed: usize,
    /// What was masked in each field of the rows, by the outermost name; "" in lines of plain text.
    pub fields: BTreeMap<String, Counts>,
}

impl Masked {
    /// All fields together.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.fields.values().for_each(|counts| total.add(counts));
        total
    }

    fn add(&mut self, field: &str, counts: &Counts) {
        // Names of fields come from the file: so many are told apart, and no more.
        let known = self.fields.len() < MOST_FIELDS || self.fields.contains_key(field);
        self.fields.entry(if known { field.into() } else { "…".into() }).or_default().add(counts);
    }
}

/// More names of fields are counted together.
const MOST_FIELDS: usize = 256;

/// Writes JSON lines, or plain text, to `out` with what `finder` finds in their texts masked. Names of
/// fields, numbers and everything else stay as they are, byte for byte. `packed`: by gzip.
///
/// The inner result is that of writing to `out`. After any error what `out` holds is not to be kept.
///
/// # Errors
/// The file cannot be read; it is Parquet; or a line begins like JSON and is none: what is not
/// understood cannot be vouched for.
pub fn mask(
    path: &Path,
    out: &mut dyn Write,
    packed: bool,
    finder: &Finder,
) -> Result<io::Result<Masked>, DataError> {
    if parquet::is(path)? {
        return Err(DataError::content(path, "format", "want JSON lines or text; Parquet is not rewritten"));
    }
    let mut masked = Masked::default();
    let mut out = BufWriter::new(out);
    let written = if packed {
        let mut packer = GzEncoder::new(&mut out, Compression::default());
        each(path, &mut packer, finder, &mut masked)?.and_then(|()| packer.finish().map(|_| ()))
    } else {
        each(path, &mut out, finder, &mut masked)?
    };
    Ok(written.and_then(|()| out.flush()).map(|()| masked))
}

fn each(
    path: &Path,
    to: &mut dyn Write,
    finder: &Finder,
    masked: &mut Masked,
) -> Result<io::Result<()>, DataError> {
    let mut lines = RawLines::open(path)?;
    let mut json = None;
    while let Some(line) = lines.next() {
        let line = line?;
        let rows = *json.get_or_insert(line.trim_ascii_start().starts_with(b"{"));
        let done = if rows { row(line, finder, masked) } else { plain(line, finder, masked) };
        let done = match done {
            Ok(done) => done,
            Err(reason) => return Err(lines.fault(reason)),
        };
        masked.lines += 1;
        if let Err(error) = to.write_all(&done) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn plain<'a>(line: &'a [u8], finder: &Finder, masked: &mut Masked) -> Result<Cow<'a, [u8]>, String> {
    let text = core::str::from_utf8(line).map_err(|_| "it is no UTF-8".to_owned())?;
    Ok(match finder.mask(text) {
        Some((text, counts)) => {
            masked.changed += 1;
            masked.add("", &counts);
            Cow::Owned(text.into_bytes())
        }
        None => Cow::Borrowed(line),
    })
}

/// One row: its texts, but for the names of fields, are masked where they stand.
pub(crate) fn row<'a>(line: &'a [u8], finder: &Finder, masked: &mut Masked) -> Result<Cow<'a, [u8]>, String> {
    let wrong = |error: serde_json::Error| format!("want one JSON object: {error}");
    serde_json::from_slice::<serde::de::IgnoredAny>(line).map_err(wrong)?;
    let (mut out, mut end, mut field) = (Vec::new(), 0, String::new());
    for token in Tokens::new(line) {
        let Some(bytes) = line.get(token.at.clone()) else { break };
        if token.name {
            if token.depth == 1 {
                field = serde_json::from_slice(bytes).map_err(wrong)?;
            }
            continue;
        }
        let text: String = serde_json::from_slice(bytes).map_err(wrong)?;
        if let Some((text, counts)) = finder.mask(&text) {
            masked.add(&field, &counts);
            out.extend_from_slice(line.get(end..token.at.start).unwrap_or_default());
            serde_json::to_writer(&mut out, &text).map_err(wrong)?;
            end = token.at.end;
        }
    }
    if end == 0 {
        return Ok(Cow::Borrowed(line));
    }
    masked.changed += 1;
    out.extend_from_slice(line.get(end..).unwrap_or_default());
    Ok(Cow::Owned(out))
}

/// The texts of valid JSON, with their quotes.
struct Tokens<'a> {
    line: &'a [u8],
    at: usize,
    depth: usize,
}

struct Token {
    at: Range<usize>,
    /// In how many objects and arrays it is.
    depth: usize,
    /// Whether it names a field.
    name: bool,
}

impl<'a> Tokens<'a> {
    fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0, depth: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            self.at += 1;
            match self.line.get(start)? {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b'"' => {
                    while *self.line.get(self.at)? != b'"' {
                        self.at += 1 + usize::from(self.line.get(self.at) == Some(&b'\\'));
                    }
                    self.at += 1;
                    let rest = self.line.get(self.at..).unwrap_or_default().trim_ascii_start();
                    return Some(Token {
                        at: start..self.at,
                        depth: self.depth,
                        name: rest.starts_with(b":"),
                    });
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn only_texts_change() {
        let line = br#"{ "a@example.org": 1.50e3, "to": ["x \u00e9 a@example.org \"q\"", 12345678901234567890123], "n":-0 }"#;
        let mut masked = Masked::default();
        let out = row(line, &Finder::default(), &mut masked).unwrap();
        let want = "{ \"a@example.org\": 1.50e3, \"to\": [\"x é <email> \\\"q\\\"\", 12345678901234567890123], \"n\":-0 }";
        assert_eq!(core::str::from_utf8(&out).unwrap(), want);
        assert_eq!((masked.changed, masked.fields["to"].total()), (1, 1));
        assert!(row(b"{\"a\": }", &Finder::default(), &mut masked).is_err());
    }

    proptest! {
        #[test]
        fn masking_rows_is_masking_their_texts(texts in prop::collection::vec("(a@example.org|[\"\\\\ é\n{}:,a-]){0,9}", 0..5)) {
            let line = serde_json::to_vec(&serde_json::json!({"x": texts, "y": {"z": texts}})).unwrap();
            let finder = Finder::default();
            let out = row(&line, &finder, &mut Masked::default()).unwrap();
            let masked: Vec<String> = texts.iter().map(|t| finder.mask(t).map_or(t.clone(), |m| m.0)).collect();
            let want = serde_json::json!({"x": masked, "y": {"z": masked}});
            prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), want);
        }
    }
}
