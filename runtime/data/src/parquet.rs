//! Rows of Parquet, where the feature `parquet` is built in.

#[cfg(feature = "parquet")]
mod codec;
#[cfg(feature = "parquet")]
mod known;
#[cfg(feature = "parquet")]
mod leaf;
#[cfg(feature = "parquet")]
mod levels;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod rows;
#[cfg(feature = "parquet")]
mod shape;
#[cfg(feature = "parquet")]
mod thrift;

use super::open::file;
use crate::error::DataError;
use std::io::Read;
use std::path::Path;

#[cfg(feature = "parquet")]
pub(super) use rows::rows;

/// Returns whether a file is Parquet, by its first bytes.
pub(super) fn is(path: &Path) -> Result<bool, DataError> {
    let read = || {
        let mut first = Vec::new();
        file(path)?.take(4).read_to_end(&mut first)?;
        Ok(first == *b"PAR1")
    };
    read().map_err(|e| DataError::io(path, e))
}

/// The columns that no format knows, which are not read; none of another file.
///
/// # Errors
/// The file cannot be read.
pub(super) fn unread(path: &Path) -> Result<Vec<String>, DataError> {
    #[cfg(feature = "parquet")]
    if is(path)? {
        return rows::unread(path);
    }
    let _ = path;
    Ok(Vec::new())
}

#[cfg(not(feature = "parquet"))]
pub(super) fn rows(path: &Path) -> Result<super::rows::Rows, DataError> {
    let reason = "this build does not read Parquet: build it with `--features parquet`";
    Err(DataError::content(path, "format", reason))
}
