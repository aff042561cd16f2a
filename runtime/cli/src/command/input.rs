//! Texts from files and from standard input, line by line.

use super::exit::Failure;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::Path;

/// The longest line, in bytes.
const LONGEST: u64 = 1 << 20;

/// A line, and where it stands.
pub struct Line {
    pub place: String,
    pub text: String,
}

/// The lines of a file, or of standard input.
pub fn lines(file: Option<&Path>) -> Result<impl Iterator<Item = Result<Line, Failure>>, Failure> {
    let (name, from): (String, Box<dyn BufRead>) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|e| Failure::wrong(format!("{name}: {e}")))?;
            (name, Box::new(BufReader::new(file)))
        }
        None => ("standard input".into(), Box::new(stdin().lock())),
    };
    Ok(Lines { name, from, number: 0 })
}

struct Lines {
    name: String,
    from: Box<dyn BufRead>,
    number: u64,
}

impl Iterator for Lines {
    type Item = Result<Line, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.number += 1;
        let place = format!("{}, line {}", self.name, self.number);
        let mut bytes = Vec::new();
        match self.from.by_ref().take(LONGEST + 1).read_until(b'\n', &mut bytes) {
            Ok(0) => return None,
            Ok(_) if bytes.len() as u64 > LONGEST => {
                return Some(Err(Failure::failed(format!("{place}: want at most {LONGEST} bytes a line"))));
            }
            Ok(_) => {}
            Err(error) => return Some(Err(Failure::failed(format!("{place}: {error}")))),
        }
        let text = String::from_utf8(bytes).map_err(|_| Failure::failed(format!("{place}: it is no UTF-8")));
        Some(text.map(|text| Line { place, text: text.trim_end_matches(['\n', '\r']).to_owned() }))
    }
}

impl Line {
    /// Its text as a JSON object with these fields, which are texts; it may have others.
    pub fn fields<const N: usize>(&self, names: [&str; N]) -> Result<[String; N], Failure> {
        let place = &self.place;
        let row: Map<String, Value> =
            serde_json::from_str(&self.text).map_err(|e| Failure::failed(format!("{place}: {e}")))?;
        let mut out = [const { String::new() }; N];
        for (out, name) in out.iter_mut().zip(names) {
            let text = row.get(name).and_then(Value::as_str);
            *out = text
                .ok_or_else(|| Failure::failed(format!("{place}, field {name:?}: want a text")))?
                .to_owned();
        }
        Ok(out)
    }
}
