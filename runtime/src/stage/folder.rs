//! A run's folder: whose it is, and that it is this run's.

use super::StageError;
use crate::formats::{FormatError, read_at_most, write_json};
use crate::record::snapshot;
use serde_json::Value;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The longest `run.json` that is read.
const LONGEST: u64 = 1 << 24;
/// Differences that an error names.
const NAMED: usize = 5;

/// A folder that this process works in, and no other.
#[derive(Debug)]
pub(super) struct Folder {
    pub root: PathBuf,
    /// Locked as long as it is open, also against a process that is killed.
    _lock: File,
}

impl Folder {
    /// Takes hold of `root`, which is made if need be. With `resume` a run of the same `about` may be
    /// there, else none.
    ///
    /// # Errors
    /// [`StageError::Occupied`], [`StageError::Busy`], [`StageError::Differs`]; the system's.
    pub fn open(root: &Path, resume: bool, about: &Value) -> Result<Self, StageError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |e| FormatError::io(&path, e)
        };
        fs::create_dir_all(root).map_err(io(root))?;
        let (lock, run) = (root.join(".lock"), root.join("run.json"));
        let file = File::create(&lock).map_err(io(&lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StageError::Busy { folder: root.into() }),
            Err(TryLockError::Error(e)) => return Err(FormatError::io(&lock, e).into()),
        }
        if run.exists() {
            if !resume {
                return Err(StageError::Occupied { folder: root.into() });
            }
            let was: Value = serde_json::from_slice(&read_at_most(&run, LONGEST)?)
                .map_err(|e| FormatError::content(&run, "content", e.to_string()))?;
            let mut differences = Vec::new();
            compare("", &was, about, &mut differences);
            if !differences.is_empty() {
                let more = differences.len().saturating_sub(NAMED);
                differences.truncate(NAMED);
                if more > 0 {
                    differences.push(format!("and {more} more"));
                }
                return Err(StageError::Differs { folder: root.into(), differences });
            }
        } else {
            write_json(&run, about)?;
        }
        let folder = Self { root: root.into(), _lock: file };
        snapshot::tidy(root)?;
        snapshot::tidy(&folder.checkpoints())?;
        Ok(folder)
    }

    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }
}

/// Adds where `was` and `is` differ.
fn compare(place: &str, was: &Value, is: &Value, differences: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                compare(&place, &of(a), &of(b), differences);
            }
        }
        _ if was == is => {}
        _ => differences.push(format!("{place} was {was} and is now {is}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_folder_is_one_run_s_and_one_process_s() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("a/b");
        let about = json!({ "seed": 1, "profile": { "beta": 0.1 } });
        let open = |resume, about: &Value| Folder::open(&root, resume, about);
        let first = open(true, &about).unwrap();
        assert!(matches!(open(true, &about), Err(StageError::Busy { .. })));
        drop(first);
        assert!(matches!(open(false, &about), Err(StageError::Occupied { .. })));
        let said = open(true, &json!({ "seed": 1, "profile": { "beta": 0.2 } })).unwrap_err().to_string();
        assert!(said.contains("profile.beta was 0.1 and is now 0.2"), "{said}");
        open(true, &about).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_had_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let said = Folder::open(&file.join("run"), false, &Value::Null).unwrap_err().to_string();
        assert!(said.contains("file"), "{said}");
    }
}
