//! A run's folder: whose it is, and that it is this run's.

use super::StageError;
use crate::record::{Metrics, snapshot};
use rlhf_models::{FormatError, read_at_most, write_json};
use serde_json::Value;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// What tells that a folder is a run's, and of which.
const RUN: &str = "run.json";
/// The longest one that is read.
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
        let run = root.join(RUN);
        let file = lock(root)?;
        if run.exists() {
            if !resume {
                return Err(StageError::Occupied { folder: root.into() });
            }
            let was = read(&run)?;
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

/// Removes a run of this command, such as `run`, from its folder. What is not a run's, and a run of another
/// command, is left.
///
/// # Errors
/// [`StageError::Busy`]; the system's.
pub fn clear(root: &Path, command: &str) -> Result<(), StageError> {
    let run = root.join(RUN);
    if !run.exists() || read(&run)?["command"] != command {
        return Ok(());
    }
    let _lock = lock(root)?;
    for network in ["base", "sft", "reward", "policy"].map(|name| root.join(name)) {
        if snapshot::exists(&network) {
            snapshot::remove(&network)?;
        }
    }
    for folder in ["checkpoints", "tensorboard"].map(|name| root.join(name)) {
        gone(&folder, fs::remove_dir_all(&folder))?;
    }
    // The last is what tells that this is a run's folder: one that is half cleared is still one.
    let files =
        ["summary.json", "report.html", "curve.svg", "offending.jsonl", "config.toml", Metrics::NAME, RUN];
    for file in files.map(|name| root.join(name)) {
        gone(&file, fs::remove_file(&file))?;
    }
    Ok(())
}

/// That there was nothing to remove is as good.
fn gone(path: &Path, removed: std::io::Result<()>) -> Result<(), FormatError> {
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(FormatError::io(path, e)),
        _ => Ok(()),
    }
}

/// Takes hold of a folder for this process.
fn lock(root: &Path) -> Result<File, StageError> {
    let path = root.join(".lock");
    let file = File::create(&path).map_err(|e| FormatError::io(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StageError::Busy { folder: root.into() }),
        Err(TryLockError::Error(e)) => Err(FormatError::io(&path, e).into()),
    }
}

/// What a run's folder says of its run.
fn read(run: &Path) -> Result<Value, FormatError> {
    serde_json::from_slice(&read_at_most(run, LONGEST)?)
        .map_err(|e| FormatError::content(run, "content", e.to_string()))
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
    fn a_run_is_cleared_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("mine"), "").unwrap();
        fs::create_dir(root.join("sft")).unwrap();
        let about = json!({ "command": "run" });
        let held = Folder::open(root, false, &about).unwrap();
        fs::create_dir_all(held.checkpoints().join("x")).unwrap();
        assert!(matches!(clear(root, "run"), Err(StageError::Busy { .. })));
        drop(held);
        clear(root, "quickstart").unwrap();
        assert!(matches!(Folder::open(root, false, &about), Err(StageError::Occupied { .. })));
        clear(root, "run").unwrap();
        assert!(
            root.join("mine").exists() && root.join("sft").exists() && !root.join("checkpoints").exists()
        );
        Folder::open(root, false, &about).unwrap();
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
