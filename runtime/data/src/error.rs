//! Errors of reading data.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A data file that cannot be read, or that holds something else than it should.
#[derive(Debug)]
pub struct DataError {
    path: PathBuf,
    kind: Kind,
    /// Nothing of the file can be read after it.
    end: bool,
}

#[derive(Debug)]
enum Kind {
    Io(io::Error),
    Content { place: String, reason: String },
}

impl DataError {
    /// The system refused to read or write `path`.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self { path: path.into(), kind: Kind::Io(error), end: true }
    }

    /// The content of `path` is wrong at `place`: a line, a field.
    pub fn content(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            kind: Kind::Content { place: place.into(), reason: reason.into() },
            end: false,
        }
    }

    /// The same, where nothing more of the file can be read: what follows is lost, not one row.
    #[must_use]
    pub fn ending(self) -> Self {
        Self { end: true, ..self }
    }

    /// Returns whether the rest of the file is lost with it, however many rows that are.
    pub fn is_end(&self) -> bool {
        self.end
    }

    /// What is wrong, and where in the file, without the file's name.
    pub fn within(&self) -> String {
        match &self.kind {
            Kind::Io(error) => error.to_string(),
            Kind::Content { place, reason } => format!("{place}: {reason}"),
        }
    }

    /// The same as of a file that is shorter than it was, after which nothing is read.
    pub(crate) fn early_end(&self) -> String {
        let path = self.path.display();
        match &self.kind {
            Kind::Io(error) => format!("{path} ends early: {error}"),
            Kind::Content { place, reason } => format!("{path} ends early at {place}: {reason}"),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.kind {
            Kind::Io(error) => write!(f, ": {error}"),
            Kind::Content { place, reason } => write!(f, ", {place}: {reason}"),
        }
    }
}

impl core::error::Error for DataError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Content { .. } => None,
        }
    }
}
