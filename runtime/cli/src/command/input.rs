//! Rows from files and from standard input, one after the other, and those that nothing can be done with.

use super::exit::{Exit, Failure};
use super::output::{print_line, print_message};
use rlhf::Error;
use rlhf::data::{self, Rows};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::Path;

/// The name of standard input in messages.
const STANDARD: &str = "standard input";

/// The longest line of plain text, in bytes.
const LONGEST: u64 = 1 << 20;

/// The rows of a file of any kind that data comes in, or the JSON lines of standard input.
pub fn rows(file: Option<&Path>) -> Result<Rows, Failure> {
    match file {
        Some(path) => data::rows(path).map_err(Failure::wrong),
        None => Ok(data::json_lines(STANDARD.as_ref(), Box::new(BufReader::new(stdin())))),
    }
}

/// The lines of standard input as they are but for their ends, each with its place.
pub fn lines() -> impl Iterator<Item = (String, Result<String, String>)> {
    let mut from = stdin().lock();
    (1..).map_while(move |number: u64| {
        let mut bytes = Vec::new();
        let place = format!("{STANDARD}, line {number}");
        let text = match from.by_ref().take(LONGEST + 1).read_until(b'\n', &mut bytes) {
            Ok(0) => return None,
            Ok(_) if bytes.len() as u64 > LONGEST => {
                Err(format!("want at most {LONGEST} bytes a line; what follows is read as another"))
            }
            Ok(_) => String::from_utf8(bytes).map_err(|_| "it is no UTF-8".into()),
            Err(error) => Err(error.to_string()),
        };
        Some((place, text.map(|text| text.trim_end_matches(['\n', '\r']).to_owned())))
    })
}

/// Rows that nothing could be done with, among others.
pub struct Bad {
    json: bool,
    rows: u64,
    bad: u64,
}

impl Bad {
    /// Starts the count at none. With `json` they are reported in their place, on standard output.
    pub fn none(json: bool) -> Self {
        Self { json, rows: 0, bad: 0 }
    }

    /// Returns the result of a row, or reports the reason why there is none, and goes on.
    ///
    /// # Errors
    /// [`Row::Ends`]'s failure.
    pub fn note<T>(&mut self, done: Result<T, Row>) -> Result<Option<T>, Failure> {
        self.rows += 1;
        let reason = match done {
            Ok(done) => return Ok(Some(done)),
            Err(Row::Ends(failure)) => return Err(failure),
            Err(Row::Bad(reason)) => reason,
        };
        self.bad += 1;
        if self.json {
            print_line(&json!({ "error": reason }))?;
        } else {
            print_message(&reason);
        }
        Ok(None)
    }

    /// Ends a command.
    ///
    /// # Errors
    /// [`Exit::Found`] where there was a bad row.
    pub fn finish(self) -> Result<(), Failure> {
        match self.bad {
            0 => Ok(()),
            bad => {
                let error = format!("{bad} of {} rows are left out: see above", self.rows).into();
                Err(Failure { exit: Exit::Found, error })
            }
        }
    }
}

/// The reason why a row could not be used.
pub enum Row {
    /// The row itself is wrong; its place is part of the reason.
    Bad(String),
    /// A failure that the other rows would meet too.
    Ends(Failure),
}

impl Row {
    /// Judges a model's error on the row at `place`: a text that does not fit is the row's fault alone.
    pub fn of(place: &str, error: Error) -> Self {
        let reason = format!("{place}: {error}");
        match error {
            Error::Context { .. } | Error::Empty => Self::Bad(reason),
            _ => Self::Ends(Failure::failed(reason)),
        }
    }

    /// Returns the failure of the only row.
    pub fn failure(self) -> Failure {
        match self {
            Self::Bad(reason) => Failure::failed(reason),
            Self::Ends(failure) => failure,
        }
    }
}

impl From<data::DataError> for Row {
    fn from(error: data::DataError) -> Self {
        match error.is_end() {
            true => Self::Ends(Failure::failed(error)),
            false => Self::Bad(error.to_string()),
        }
    }
}

impl From<Failure> for Row {
    fn from(failure: Failure) -> Self {
        Self::Ends(failure)
    }
}
