//! One row of JSON, and the reasons why one cannot be read.

use serde_json::{Error, Map, Value};

/// The most values of one row, each of which takes memory beyond its bytes.
const MOST_VALUES: usize = 1 << 20;

/// An object of at most a million values. Numbers that Python writes and JSON has not (`NaN`, `Infinity`, `1e999`) are
/// `null`: a field that nobody reads does not refuse a row.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    if bytes.len() > MOST_VALUES && values(bytes) > MOST_VALUES {
        return Err(serde::de::Error::custom(format!("want at most {MOST_VALUES} values in one row")));
    }
    let not_utf8 = |e: core::str::Utf8Error| {
        let place = e.valid_up_to() + 1;
        serde::de::Error::custom(format!("it is no UTF-8 at its byte {place}; save the file as UTF-8"))
    };
    core::str::from_utf8(bytes).map_err(not_utf8)?;
    serde_json::from_slice(bytes).or_else(|error| match without_numbers_beyond_json(bytes) {
        Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| error),
        None => Err(error),
    })
}

/// The objects of a line: one, or several that nothing parts, as where an end of a line is missing, or is but a return.
pub(super) fn objects(line: &[u8]) -> Result<Vec<Map<String, Value>>, Error> {
    let one = match object(line) {
        Ok(one) => return Ok(vec![one]),
        Err(error) => error,
    };
    if values(line) > MOST_VALUES {
        return Err(one);
    }
    serde_json::Deserializer::from_slice(line).into_iter().collect::<Result<_, _>>().map_err(|_| one)
}

/// Counts the values, or somewhat more, by commas and opened brackets outside of texts.
fn values(bytes: &[u8]) -> usize {
    let (mut text, mut escaped, mut count) = (false, false, 1);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b',' | b'[' | b'{' if !text => count += 1,
            _ => {}
        }
    }
    count
}

/// The reason of an error, with its place in the row.
pub(super) fn reason(error: &Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    match error.line() {
        0 => format!("want one JSON object: {what}"),
        1 => format!("want one JSON object: {what} at column {}", error.column()),
        line => format!("want one JSON object: {what} at column {} of its line {line}", error.column()),
    }
}

/// Returns the row with `null` for numbers that JSON does not have, such as NaN; `None` without such numbers.
fn without_numbers_beyond_json(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut rest, mut changed) = (Vec::with_capacity(bytes.len()), bytes, false);
    while let Some(byte) = rest.first() {
        let length = match byte {
            b'"' => text_length(rest),
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count()
            }
            _ => 1,
        };
        let (token, after) = rest.split_at_checked(length)?;
        if beyond_json(token) {
            out.extend_from_slice(b"null");
            changed = true;
        } else {
            out.extend_from_slice(token);
        }
        rest = after;
    }
    changed.then_some(out)
}

fn beyond_json(token: &[u8]) -> bool {
    let token = core::str::from_utf8(token).unwrap_or_default();
    match token {
        "NaN" | "-NaN" | "Infinity" | "-Infinity" => true,
        _ if token.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            token.parse::<f64>().is_ok_and(f64::is_infinite) && !token.ends_with(|c: char| c.is_alphabetic())
        }
        _ => false,
    }
}

/// Returns the length of a text with its quotes.
fn text_length(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_json_are_null() {
        let row =
            object(br#"{"a": NaN, "b": [-Infinity, 1e999, -1e999, 1.5], "c": "NaN \" 1e999"}"#).unwrap();
        assert_eq!(row["a"], Value::Null);
        assert_eq!(row["b"], serde_json::json!([null, null, null, 1.5]));
        assert_eq!(row["c"], "NaN \" 1e999");
        for wrong in [r#"{"a": nan}"#, r#"{"a": NaN,}"#, r#"{"a": Nano}"#, r#"{"a": 1e999x}"#] {
            assert!(object(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_row_of_very_many_values_is_refused_before_it_is_read() {
        let row = format!(r#"{{"a": "{0}", "b": [0{0}]}}"#, ",0".repeat(1 << 20));
        assert!(reason(&object(row.as_bytes()).unwrap_err()).contains("want at most 1048576 values"));
        let row = format!(r#"{{"a": "{0}", "b": 0}}"#, ",[".repeat(1 << 20));
        assert!(object(row.as_bytes()).is_ok());
    }

    #[test]
    fn objects_that_nothing_parts_are_several() {
        let read = |line: &str| objects(line.as_bytes()).map(|all| all.len()).map_err(|e| reason(&e));
        assert_eq!(read(r#"{"a": 1}{"a": 2} {"a": 3}"#), Ok(3));
        assert_eq!(read("{\"a\": 1}\r{\"a\": 2}\r"), Ok(2));
        for line in [r#"{"a": 1}{"a": 2"#, r#"{"a": 1},{"a": 2}"#, r#"{"a": 1} 7"#, r#"{"a": 1}x"#] {
            assert!(
                read(line).unwrap_err().starts_with("want one JSON object: trailing characters"),
                "{line}"
            );
        }
    }

    #[test]
    fn reasons_say_where_in_the_row() {
        let why = |text: &str| reason(&object(text.as_bytes()).unwrap_err());
        assert_eq!(why(r#"{"a": 1,}"#), "want one JSON object: trailing comma at column 9");
        assert_eq!(why("{\n\"a\": x}"), "want one JSON object: expected value at column 6 of its line 2");
        let latin = reason(&object(b"{\"a\": \"caf\xe9\"}").unwrap_err());
        assert_eq!(latin, "want one JSON object: it is no UTF-8 at its byte 11; save the file as UTF-8");
        assert!(why("[1]").starts_with("want one JSON object: invalid type: sequence"));
    }
}
