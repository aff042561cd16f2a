//! A run's folder: whose it is, and that it is this run's.

use super::owned::{CHECKPOINTS, LOCK, Owned, RUN, SESSION};
use super::{StageError, checkpoint};
use crate::config;
use crate::record::{Line, Metrics, Phase, snapshot};
use rlhf_models::{FormatError, read_at_most, write_json};
use serde_json::Value;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// The longest `run.json` that is read.
const LONGEST: u64 = 1 << 24;
/// The key in `run.json` for the way in which rows were read, cut and split. Runs of commit e443ea5 and before lack it.
pub(crate) const READING: &str = "reading";
/// Differences that an error names.
const NAMED: usize = 5;

/// A folder that this process works in, and no other.
#[derive(Debug)]
pub(super) struct Folder {
    pub root: PathBuf,
    /// The files that the run has written.
    pub owned: Owned,
    /// The measurements of its steps so far.
    pub lines: Vec<Line>,
    /// The folders made for the run, outermost first, and the lock.
    made: Option<NewFolders>,
    /// The lock, held as long as it is open, also against a process that is killed.
    _lock: File,
}

/// The folders and the lock that a new run has made beside its own files.
#[derive(Debug)]
struct NewFolders {
    folders: Vec<PathBuf>,
    lock: bool,
}

impl NewFolders {
    /// Makes the folder, and those above it, and returns those that were not there.
    fn folder(root: &Path) -> Result<Self, FormatError> {
        let missing = root.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let mut folders: Vec<_> = missing.map(Path::to_path_buf).collect();
        folders.reverse();
        fs::create_dir_all(root).map_err(|e| FormatError::io(root, e))?;
        let lock = !root.join(LOCK).exists();
        Ok(Self { folders, lock })
    }

    /// Takes it all away again. What cannot be removed, or is not empty, stays: there is an error to tell of
    /// already.
    fn undo(self, root: &Path) {
        if self.lock {
            let _ = fs::remove_file(root.join(LOCK));
        }
        self.folders.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

impl Folder {
    /// Takes hold of `root`, which is made if need be. With `resume` a run of the same `about` may be
    /// there, else none. `names`: what the run will write there beside what every session does.
    ///
    /// # Errors
    /// [`StageError::Occupied`], [`StageError::Busy`], [`StageError::Differs`], [`StageError::Taken`]; the
    /// system's. Nothing is then left behind.
    pub fn open(root: &Path, resume: bool, about: &Value, names: &[&str]) -> Result<Self, StageError> {
        let found = root.join(RUN).exists();
        if !found {
            Owned::of(root)?.check_vacant(SESSION.into_iter().chain(names.iter().copied()))?;
        }
        let made = NewFolders::folder(root)?;
        let opened = lock(root).and_then(|lock| Ok((Self::hold(root, resume, about, names)?, lock)));
        match opened {
            Ok(((owned, lines), lock)) => {
                Ok(Self { root: root.into(), owned, lines, made: (!found).then_some(made), _lock: lock })
            }
            Err(error) => {
                // Another process may be working there.
                if !found && !matches!(error, StageError::Busy { .. }) {
                    made.undo(root);
                }
                Err(error)
            }
        }
    }

    /// Opens a folder that is locked.
    fn hold(
        root: &Path,
        resume: bool,
        about: &Value,
        names: &[&str],
    ) -> Result<(Owned, Vec<Line>), StageError> {
        let run = root.join(RUN);
        if !run.exists() {
            // The list comes first: without one, what is there would be taken for that of an earlier version.
            let owned = Owned::begin(root)?;
            write_json(&run, about)?;
            return Ok((owned, Vec::new()));
        }
        if !resume {
            return Err(StageError::Occupied { folder: root.into() });
        }
        let was = read(&run)?;
        if about.get(READING).is_some() && was.get(READING).is_none() {
            return Err(StageError::Older { folder: root.into(), version: "rlhf 0.1.0 of commit e443ea5" });
        }
        let mut differences = Vec::new();
        // One that has ended is gone on with from its last checkpoint, which earlier versions did not keep.
        let ended = snapshot::exists(&root.join("policy"));
        let kept = checkpoint::any(&root.join(CHECKPOINTS), Phase::Ppo)?;
        let more = longer(&was, about).filter(|_| kept || !ended);
        compare("", more.as_ref().unwrap_or(&was), about, &mut differences);
        if !differences.is_empty() {
            let others = differences.len().saturating_sub(NAMED);
            differences.truncate(NAMED);
            if others > 0 {
                differences.push(format!("and {others} more"));
            }
            return Err(StageError::Differs { folder: root.into(), differences });
        }
        let lines = Metrics::read(root)?;
        checkpoint::measured(&root.join(CHECKPOINTS), &lines, &root.join(Metrics::NAME))?;
        if more.is_some() {
            write_json(&run, about)?;
        }
        let owned = Owned::of(root)?;
        owned.check_vacant(SESSION.into_iter().chain(names.iter().copied()))?;
        snapshot::remove_unfinished(root)?;
        snapshot::remove_unfinished(&root.join(CHECKPOINTS))?;
        Ok((owned, lines))
    }

    /// Leaves nothing of a run that has just begun, and could not go on. Of an older one all stays.
    pub fn abandon(self) {
        let Self { root, owned, made, _lock, .. } = self;
        if let Some(made) = made
            && owned.remove().is_ok()
        {
            made.undo(&root);
        }
    }

    pub fn checkpoints(&self) -> PathBuf {
        self.root.join(CHECKPOINTS)
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
    Ok(Owned::of(root)?.remove()?)
}

/// Takes hold of a folder for this process.
fn lock(root: &Path) -> Result<File, StageError> {
    let path = root.join(LOCK);
    // Nothing of a file that is there is lost.
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(|e| FormatError::io(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StageError::Busy { folder: root.into() }),
        Err(TryLockError::Error(e)) => Err(FormatError::io(&path, e).into()),
    }
}

/// The settings that the run in this folder recorded, in the words of today; `None` where there is no run.
///
/// # Errors
/// [`FormatError`]: the record is not one.
#[cfg_attr(not(feature = "run"), expect(dead_code))]
pub(crate) fn recorded_settings(root: &Path) -> Result<Option<Value>, FormatError> {
    let run = root.join(RUN);
    if !run.exists() {
        return Ok(None);
    }
    Ok(read(&run)?.get_mut(PROFILE).map(Value::take))
}

/// Reads the description of a run in its folder, in the words of today.
fn read(run: &Path) -> Result<Value, FormatError> {
    let mut was: Value = serde_json::from_slice(&read_at_most(run, LONGEST)?)
        .map_err(|e| FormatError::content(run, "content", e.to_string()))?;
    was.get_mut(PROFILE).into_iter().for_each(config::modernize);
    Ok(was)
}

/// Returns the description of the old run with as many iterations as the new one is to have, where those are more.
fn longer(was: &Value, is: &Value) -> Option<Value> {
    let (before, now) = (was.get(ITERATIONS)?.as_u64()?, is.get(ITERATIONS)?.as_u64()?);
    let mut longer = was.clone();
    longer[ITERATIONS] = now.into();
    (now > before).then_some(longer)
}

/// The setting of a run that may grow.
const ITERATIONS: &str = "iterations";
/// The key of the settings.
const PROFILE: &str = "profile";
/// The key of a method's settings, by its kind.
const METHOD: &str = "method";

/// Adds where `was` and `is` differ.
fn compare(place: &str, was: &Value, is: &Value, differences: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                // A setting is named as in the configuration.
                let group = |map: &serde_json::Map<String, Value>| map.get(key).is_some_and(Value::is_object);
                let place = match (place, key.as_str()) {
                    ("", PROFILE) => String::new(),
                    ("", METHOD) if group(a) && group(b) => String::new(),
                    ("", key) => key.into(),
                    (place, key) => format!("{place}.{key}"),
                };
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
        let open = |resume, about: &Value| Folder::open(&root, resume, about, &[]);
        let first = open(true, &about).unwrap();
        assert!(matches!(open(true, &about), Err(StageError::Busy { .. })));
        drop(first);
        assert!(matches!(open(false, &about), Err(StageError::Occupied { .. })));
        let error = open(true, &json!({ "seed": 1, "profile": { "beta": 0.2 } })).unwrap_err().to_string();
        assert!(error.contains(": beta was 0.1 and is now 0.2"), "{error}");
        open(true, &about).unwrap();
        // One of an earlier version says the same in other words.
        let (old, new) = (json!({ "centring": "renormalised" }), json!({ "centering": "renormalized" }));
        fs::write(root.join(RUN), json!({ "seed": 1, "profile": old }).to_string()).unwrap();
        open(true, &json!({ "seed": 1, "profile": new })).unwrap();
        // A run may be made longer, and not shorter.
        let iterations = |n: u32| json!({ "seed": 1, "iterations": n });
        let root = root.join("longer");
        let open = |n| Folder::open(&root, true, &iterations(n), &[]);
        open(3).unwrap();
        open(5).unwrap();
        assert!(matches!(open(4), Err(StageError::Differs { .. })));
    }

    #[test]
    fn a_run_is_cleared_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("mine"), "").unwrap();
        fs::create_dir(root.join("sft")).unwrap();
        let about = json!({ "command": "run" });
        let mut held = Folder::open(root, false, &about, &[]).unwrap();
        held.owned.add("checkpoints").unwrap();
        held.owned.add("summary.json").unwrap();
        assert!(matches!(held.owned.add("sft"), Err(StageError::Taken { .. })));
        fs::create_dir_all(held.checkpoints()).unwrap();
        fs::write(root.join("summary.json"), "").unwrap();
        fs::write(root.join("report.html"), "mine, for the run wrote none").unwrap();
        assert!(matches!(clear(root, "run"), Err(StageError::Busy { .. })));
        drop(held);
        clear(root, "quickstart").unwrap();
        assert!(matches!(Folder::open(root, false, &about, &[]), Err(StageError::Occupied { .. })));
        clear(root, "run").unwrap();
        for (name, stays) in [
            ("mine", true),
            ("sft", true),
            ("report.html", true),
            ("checkpoints", false),
            ("summary.json", false),
            ("run.json", false),
            ("files.json", false),
        ] {
            assert_eq!(root.join(name).exists(), stays, "{name}");
        }
        Folder::open(root, false, &about, &[]).unwrap();
    }

    #[test]
    fn what_is_somebody_s_is_named_and_nothing_is_left_behind() {
        let root = tempfile::tempdir().unwrap();
        let (mine, new) = (root.path().join("config.toml"), root.path().join("new/run"));
        fs::write(&mine, "").unwrap();
        let error = Folder::open(root.path(), true, &json!({}), &["config.toml"]).unwrap_err().to_string();
        assert!(error.contains(mine.to_str().unwrap()), "{error}");
        Folder::open(&new, false, &json!({}), &["config.toml"]).unwrap().abandon();
        let left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [mine]);
    }

    #[test]
    fn a_folder_that_cannot_be_had_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Folder::open(&file.join("run"), false, &Value::Null, &[]).unwrap_err().to_string();
        assert!(error.contains("file"), "{error}");
    }
}
