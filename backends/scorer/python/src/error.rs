//! Exceptions.

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::{PyErr, create_exception};
use scorer::Error;
use std::fmt::Display;
use std::io;
use std::path::Path;

create_exception!(
    rlhf_scorer,
    ScorerError,
    PyValueError,
    "A model file or a text that cannot be scored with."
);
create_exception!(rlhf_scorer, ContextError, ScorerError, "A text that is longer than the context.");

/// The exception of an error of the scorer's.
pub fn exception(error: Error) -> PyErr {
    with_message(error, error.to_string())
}

/// The same, of a file, a text or whatever else `of` names.
pub fn exception_of(of: impl Display, error: Error) -> PyErr {
    with_message(error, format!("{of}: {error}"))
}

fn with_message(error: Error, message: String) -> PyErr {
    match error {
        Error::Context { .. } => ContextError::new_err(message),
        _ => ScorerError::new_err(message),
    }
}

/// The exception of a file that cannot be read, as `open` raises it: by the error's number Python chooses
/// `FileNotFoundError` and the like.
pub fn io_exception(path: &Path, error: &io::Error) -> PyErr {
    match error.raw_os_error() {
        Some(number) => PyOSError::new_err((number, error.kind().to_string(), path.to_path_buf())),
        None => PyOSError::new_err(format!("{}: {error}", path.display())),
    }
}
