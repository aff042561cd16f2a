//! A file without the personal data that is found in it.

use super::{Counts, Finder, Kind};
use crate::array::Elements;
use crate::error::DataError;
use crate::json::{object, reason};
use crate::layout::{Layout, layout, plain_name};
use crate::lines::RawLines;
use crate::table::Records;
use core::ops::Range;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The numbers of what was masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// The number of lines, elements or records read; empty lines are not counted.
    pub lines: usize,
    /// The number of those in which something was masked.
    pub changed: usize,
    /// The findings masked in each field of the rows, by the outermost name; "" in lines of plain text.
    pub fields: BTreeMap<String, Counts>,
}

impl Masked {
    /// Adds up all fields.
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

/// The most names of fields that are counted apart; further ones are counted together.
const MOST_FIELDS: usize = 256;

/// Writes JSON (lines, an array, objects over several lines), CSV, TSV or plain text to `out` with what
/// `finder` finds in its texts masked. JSON is decoded first: escapes are read, and a number that is a card's
/// becomes a text. Names of fields, other numbers and all else stay as they are, byte for byte; but a byte
/// order mark is left out, elements of an array are separated by `,` and a new line, and cells have quotes
/// only where they need them. `packed`: by gzip.
///
/// The inner result is that of writing to `out`. After any error what `out` holds is not to be kept.
///
/// # Errors
/// The file cannot be read to its end, or is not understood and so cannot be vouched for: it is Parquet or
/// binary, its JSON is none, or a line of text has JSON's escapes.
pub fn mask(
    path: &Path,
    out: &mut dyn Write,
    packed: bool,
    finder: &Finder,
) -> Result<io::Result<Masked>, DataError> {
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
    let refused = |reason| Err(DataError::content(path, "format", reason));
    match layout(path)? {
        Some(Layout::Parquet) => refused("want JSON, CSV or text; Parquet is not rewritten"),
        Some(Layout::Array) => elements(Elements::array(path)?, ["[\n", ",\n", "\n]\n"], to, finder, masked),
        Some(Layout::Objects) => elements(Elements::objects(path)?, ["", "\n", "\n"], to, finder, masked),
        Some(Layout::Table(delimiter)) => table(path, delimiter, to, finder, masked),
        Some(Layout::Lines) => lines(path, true, to, finder, masked),
        None if [".json", ".jsonl", ".ndjson"].iter().any(|ending| plain_name(path).ends_with(ending)) => {
            refused("it is named as JSON and has no objects")
        }
        None => lines(path, false, to, finder, masked),
    }
}

/// Rows of JSON, or text where `json` is not.
fn lines(
    path: &Path,
    json: bool,
    to: &mut dyn Write,
    finder: &Finder,
    masked: &mut Masked,
) -> Result<io::Result<()>, DataError> {
    let mut lines = RawLines::open(path)?;
    while let Some(line) = lines.next() {
        let line = line?;
        let begins = line.trim_ascii_start().starts_with(b"{") && is_json(line);
        let done = if json || begins { row(line, finder, masked) } else { plain(line, finder, masked) };
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

/// Masks the elements, and copies what stands before, between and after them.
fn elements(
    mut elements: Elements,
    [before, between, after]: [&str; 3],
    to: &mut dyn Write,
    finder: &Finder,
    masked: &mut Masked,
) -> Result<io::Result<()>, DataError> {
    let mut separator = before;
    while let Some(read) = elements.read() {
        read?;
        let element = elements.bytes().trim_ascii();
        let done = row(element, finder, masked).map_err(|reason| elements.fault(reason))?;
        masked.lines += 1;
        if let Err(error) = to.write_all(separator.as_bytes()).and_then(|()| to.write_all(&done)) {
            return Ok(Err(error));
        }
        separator = between;
    }
    let rest = if masked.lines == 0 { before } else { "" };
    Ok(to.write_all(rest.as_bytes()).and_then(|()| to.write_all(after.as_bytes())))
}

/// The cells of a table, its names too.
fn table(
    path: &Path,
    delimiter: u8,
    to: &mut dyn Write,
    finder: &Finder,
    masked: &mut Masked,
) -> Result<io::Result<()>, DataError> {
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(to);
    for record in Records::open(path, delimiter)? {
        let (names, cells) = record?;
        let (mut changed, mut done) = (false, Vec::new());
        for (at, cell) in cells.iter().enumerate() {
            let field = names.get(at).map_or("", String::as_str);
            match embedded(cell, finder, masked, field, DEEPEST)
                .map_err(|reason| DataError::content(path, format!("field {field:?}"), reason))?
            {
                Some(text) => {
                    changed = true;
                    done.push(text);
                }
                None => done.push(cell.clone()),
            }
        }
        masked.lines += 1;
        masked.changed += usize::from(changed);
        if let Err(error) = out.write_record(&done) {
            return Ok(Err(io::Error::other(error)));
        }
    }
    Ok(out.flush())
}

fn plain<'a>(line: &'a [u8], finder: &Finder, masked: &mut Masked) -> Result<Cow<'a, [u8]>, String> {
    let text = core::str::from_utf8(line).map_err(|_| "it is no UTF-8".to_owned())?;
    if text.contains('\0') {
        return Err("it is binary".into());
    }
    if escaped(text) {
        return Err("it has escapes, as in JSON, but is none: what they say is not understood".into());
    }
    Ok(match finder.mask(text) {
        Some((text, counts)) => {
            masked.changed += 1;
            masked.add("", &counts);
            Cow::Owned(text.into_bytes())
        }
        None => Cow::Borrowed(line),
    })
}

/// Returns whether a text has JSON's escapes of letters.
fn escaped(text: &str) -> bool {
    text.split("\\u")
        .skip(1)
        .any(|after| after.len() >= 4 && after.bytes().take(4).all(|byte| byte.is_ascii_hexdigit()))
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// Rows in texts in rows are looked into so deep.
const DEEPEST: usize = 4;

/// A text, which may itself be JSON; `None` where nothing is masked.
fn embedded(
    text: &str,
    finder: &Finder,
    masked: &mut Masked,
    field: &str,
    deeper: usize,
) -> Result<Option<String>, String> {
    let begins = text.trim_start().starts_with(['{', '[']);
    if begins && escaped(text) && is_json(text.as_bytes()) {
        let deeper = deeper.checked_sub(1).ok_or("want JSON in texts at most four deep")?;
        return Ok(match within(text.as_bytes(), finder, masked, Some(field), deeper)? {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(String::from_utf8(text).map_err(|e| e.to_string())?),
        });
    }
    Ok(finder.mask(text).map(|(text, counts)| {
        masked.add(field, &counts);
        text
    }))
}

/// Masks a row: its texts, but for the names of fields, and the numbers of cards.
pub(crate) fn row<'a>(line: &'a [u8], finder: &Finder, masked: &mut Masked) -> Result<Cow<'a, [u8]>, String> {
    let done = within(line, finder, masked, None, DEEPEST)?;
    masked.changed += usize::from(matches!(done, Cow::Owned(_)));
    Ok(done)
}

/// Masks the JSON in the field `outer`.
fn within<'a>(
    line: &'a [u8],
    finder: &Finder,
    masked: &mut Masked,
    outer: Option<&str>,
    deeper: usize,
) -> Result<Cow<'a, [u8]>, String> {
    let wrong = |error: serde_json::Error| reason(&error);
    // Numbers that JSON has not stay as they are.
    if !is_json(line) {
        object(line).map_err(wrong)?;
    }
    let (mut out, mut end, mut field) = (Vec::new(), 0, outer.unwrap_or_default().to_owned());
    for token in Tokens::new(line) {
        let Some(bytes) = line.get(token.at.clone()) else { break };
        let text = match token.kind {
            TokenKind::Name => {
                if token.depth == 1 && outer.is_none() {
                    field = serde_json::from_slice(bytes).map_err(wrong)?;
                }
                continue;
            }
            TokenKind::Number => {
                let digits = core::str::from_utf8(bytes).unwrap_or_default();
                let cards = finder.mask(digits).filter(|(_, counts)| is_card(digits, counts));
                cards.map(|(text, counts)| {
                    masked.add(&field, &counts);
                    text
                })
            }
            TokenKind::Text => {
                let text: String = serde_json::from_slice(bytes).map_err(wrong)?;
                embedded(&text, finder, masked, &field, deeper)?
            }
        };
        if let Some(text) = text {
            out.extend_from_slice(line.get(end..token.at.start).unwrap_or_default());
            serde_json::to_writer(&mut out, &text).map_err(wrong)?;
            end = token.at.end;
        }
    }
    if end == 0 {
        return Ok(Cow::Borrowed(line));
    }
    out.extend_from_slice(line.get(end..).unwrap_or_default());
    Ok(Cow::Owned(out))
}

/// A number is a card's, and not a moment in milliseconds, say, by its first digit and its length too.
fn is_card(digits: &str, counts: &Counts) -> bool {
    counts.of(Kind::Card) == 1
        && (14..=19).contains(&digits.len())
        && digits.starts_with(['2', '3', '4', '5', '6'])
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The texts of valid JSON, with their quotes, and its numbers.
struct Tokens<'a> {
    line: &'a [u8],
    at: usize,
    depth: usize,
}

struct Token {
    at: Range<usize>,
    /// The depth of nested objects and arrays.
    depth: usize,
    kind: TokenKind,
}

enum TokenKind {
    /// The name of a field.
    Name,
    Text,
    Number,
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
                    let kind = if rest.starts_with(b":") { TokenKind::Name } else { TokenKind::Text };
                    return Some(Token { at: start..self.at, depth: self.depth, kind });
                }
                b'0'..=b'9' | b'-' => {
                    let rest = self.line.get(start..).unwrap_or_default();
                    let inside = |b: &&u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
                    self.at = start + rest.iter().take_while(inside).count();
                    return Some(Token { at: start..self.at, depth: self.depth, kind: TokenKind::Number });
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

    /// A file of this name and content, masked.
    fn file(name: &str, content: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut out) = (folder.path().join(name), Vec::new());
        std::fs::write(&path, content).unwrap();
        let finder = Finder::with_names(super::super::Names::new(["José", "Müller"]));
        match mask(&path, &mut out, false, &finder) {
            Ok(written) => written.map(|_| String::from_utf8(out).unwrap()).map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn json_of_any_layout_is_decoded_and_stays_json() {
        let array =
            r#"[{"a": "Jos\u00e9", "n": 4111111111111111}, {"b": ["M\u00fcller", NaN, 1700000000000]}]"#;
        let want =
            "[\n{\"a\": \"<name>\", \"n\": \"<card>\"},\n{\"b\": [\"<name>\", NaN, 1700000000000]}\n]\n";
        assert_eq!(file("x.json", array).unwrap(), want);
        assert_eq!(file("x.json", "[]").unwrap(), "[\n\n]\n");
        let lines = "\u{feff}{\"a\": \"Jos\\u00e9\"}\n{\"b\": 1}\n";
        assert_eq!(file("x", lines).unwrap(), "{\"a\": \"<name>\"}\n{\"b\": 1}\n");
        let objects = "{\n  \"a\": \"Jos\\u00e9\"\n}\n{\n  \"a\": 1\n}\n";
        assert_eq!(file("x", objects).unwrap(), objects.replace("Jos\\u00e9", "<name>"));
        let nested = r#"{"call": "{\"to\": \"Jos\\u00e9\"}"}"#;
        assert_eq!(file("x", nested).unwrap(), r#"{"call": "{\"to\": \"<name>\"}"}"#);
    }

    #[test]
    fn cells_are_masked_with_their_quotes_read() {
        let table = "who,what\n\"José \"\"Pepe\"\"\",\"a, b\"\n";
        assert_eq!(file("x.csv", table).unwrap(), "who,what\n\"<name> \"\"Pepe\"\"\",\"a, b\"\n");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (name, content) in [
            ("x.json", "\"Jos\\u00e9\""),
            ("x.json", "[{\"a\": 1}"),
            ("x.json", "[{\"a\": }]"),
            ("x.jsonl", "{\"a\": 1}\n{oh\n"),
            ("x.log", "wrote {\"name\": \"Jos\\u00e9\"}\n"),
            ("x.bin", "a\0b"),
            ("x.csv", "a,b\n\"José,1\n"),
        ] {
            assert!(file(name, content).is_err(), "{name} {content}");
        }
        assert_eq!(file("x.log", "so {it} is José\n").unwrap(), "so {it} is <name>\n");
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
