//! The writer of pages.

use super::page::Page;
use rlhf_models::{FormatError, write_whole};
use std::path::{Path, PathBuf};

/// Writes `page` as `report.html` into a run's folder, and gives its path.
///
/// # Errors
/// The system's, with the path.
pub fn write(folder: &Path, page: &Page) -> Result<PathBuf, FormatError> {
    let path = folder.join("report.html");
    write_whole(&path, page.html().as_bytes())?;
    Ok(path)
}
