//! Errors of reading data.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A data file that cannot be read, or that holds something else than it should.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct DataError(Kind);

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{}: {error}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("{}, {place}: {reason}", path.display())]
    Content {
        path: PathBuf,
        place: String,
        reason: String,
        /// True if nothing of the file can be read after it.
        end: bool,
    },
}

impl DataError {
    /// An error of the system in reading or writing `path`.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self(Kind::Io { path: path.into(), error })
    }

    /// An error of the content of `path` at `place`: a line, a field.
    pub fn content(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self(Kind::Content { path: path.into(), place: place.into(), reason: reason.into(), end: false })
    }

    /// Marks the error as one after which nothing more of the file can be read, so that not only one row is lost.
    #[must_use]
    pub fn ending(mut self) -> Self {
        if let Kind::Content { end, .. } = &mut self.0 {
            *end = true;
        }
        self
    }

    /// Returns whether nothing of the file can be read after the error, however many rows that loses.
    pub fn is_end(&self) -> bool {
        match self.0 {
            Kind::Io { .. } => true,
            Kind::Content { end, .. } => end,
        }
    }

    /// The message without the file's name: the place in the file and the reason.
    pub fn within(&self) -> String {
        match &self.0 {
            Kind::Io { error, .. } => error.to_string(),
            Kind::Content { place, reason, .. } => format!("{place}: {reason}"),
        }
    }

    /// The message about a file that is shorter than it should be.
    pub(crate) fn early_end(&self) -> String {
        let path = self.path().display();
        match &self.0 {
            Kind::Io { error, .. } => format!("{path} ends early: {error}"),
            Kind::Content { place, reason, .. } => format!("{path} ends early at {place}: {reason}"),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Kind::Io { path, .. } | Kind::Content { path, .. } => path,
        }
    }
}
