//! Files that are beside the repository on machines that have them.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of a file or folder of `../shared/data`, or of the folder that `RLHF_DATA` names; `None`
/// where it is not there, which the caller's test reports by [`skipped`].
pub fn data(path: &str) -> Option<PathBuf> {
    find("RLHF_DATA", "data", path)
}

/// The same of `../shared/reference/goldens`, or of the folder that `RLHF_FIXTURES` names.
pub fn fixture(path: &str) -> Option<PathBuf> {
    find("RLHF_FIXTURES", "reference/goldens", path)
}

fn find(variable: &str, folder: &str, path: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let root = match std::env::var_os(variable) {
        Some(root) => PathBuf::from(root),
        None => repository.join("../shared").join(folder),
    };
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    skipped(&path);
    None
}

/// Says that a test was skipped for want of a file, on standard error and in the file that
/// `RLHF_SKIPS` names, which `tests/run` counts.
pub fn skipped(path: &Path) {
    let test = std::thread::current().name().unwrap_or("a test").to_string();
    let line = format!("skipped: {test} (no {})\n", path.display());
    eprint!("{line}");
    if let Some(log) = std::env::var_os("RLHF_SKIPS")
        && let Ok(mut log) = std::fs::OpenOptions::new().create(true).append(true).open(log)
    {
        let _ = log.write_all(line.as_bytes());
    }
}
