//! Rows of Parquet, where the feature `parquet` is built in.

use super::rows::Rows;
use crate::formats::FormatError;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Whether a file is Parquet, by its first bytes.
pub(super) fn is(path: &Path) -> Result<bool, FormatError> {
    let read = || {
        let mut first = Vec::new();
        File::open(path)?.take(4).read_to_end(&mut first)?;
        Ok(first == *b"PAR1")
    };
    read().map_err(|e| FormatError::io(path, e))
}

#[cfg(not(feature = "parquet"))]
pub(super) fn rows(path: &Path) -> Result<Rows, FormatError> {
    let reason = "this build does not read Parquet: install with `--features parquet`";
    Err(FormatError::content(path, "format", reason))
}
