//! Output for people or for a script.
//!
//! No macro of the standard library prints anywhere in this command: `eprintln!` panics where standard error
//! cannot be written, and a closed terminal or a full disk below a log must not end hours of training.

use super::exit::{Exit, Failure};
use serde::Serialize;
use std::io::{ErrorKind, Write, stderr, stdout};

/// The output of a command, for people or for a script.
#[derive(Clone, Copy)]
pub struct Output {
    /// A script, that wants one result as JSON; people read standard error.
    pub json: bool,
}

impl Output {
    /// Tells people something. That nobody listens does not end a run.
    pub fn message(self, text: &str) {
        let _ = if self.json { writeln!(stderr(), "{text}") } else { writeln!(stdout(), "{text}") };
    }

    /// Gives a script its result, indented.
    pub fn result(self, value: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        print(&(serde_json::to_string_pretty(value).map_err(Failure::failed)? + "\n"))
    }
}

/// Tells people of progress or of a warning, on standard error. What nobody can read is dropped.
pub fn print_message(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Writes to standard output. A reader who has seen enough is no failure, and ends the command.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        let exit = if error.kind() == ErrorKind::BrokenPipe { Exit::Done } else { Exit::Failed };
        Failure { exit, error: error.into() }
    })
}

/// A value as one line of JSON.
pub fn print_line(value: &impl Serialize) -> Result<(), Failure> {
    print(&(serde_json::to_string(value).map_err(Failure::failed)? + "\n"))
}

/// Returns text that a model wrote, without characters that a terminal would obey.
pub fn harmless(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.chars().map(|c| if obeyed(c) { '\u{fffd}' } else { c }).collect()
}
