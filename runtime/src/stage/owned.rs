//! Files and folders that are a run's own, and so may be replaced and removed.
//!
//! Users have files of the names that runs use, too. Nothing is a run's because of its name: it is when
//! `files.json` lists it, and that is written before the file is.

use super::StageError;
use crate::record::{Metrics, snapshot};
use rlhf_models::{FormatError, read_at_most, write_json};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that marks a folder as a run's.
pub(super) const RUN: &str = "run.json";
/// The list.
const LIST: &str = "files.json";
/// The longest list that is read.
const LONGEST: u64 = 1 << 16;
/// The file that is locked.
pub(super) const LOCK: &str = ".lock";
/// The folder of checkpoints.
pub(super) const CHECKPOINTS: &str = "checkpoints";
/// The folder of TensorBoard's files.
pub(super) const TENSORBOARD: &str = "tensorboard";
/// The samples that a guard stopped at.
pub(super) const OFFENDING: &str = "offending.jsonl";

/// The files that every session writes.
pub(super) const SESSION: [&str; 6] = [RUN, LIST, Metrics::NAME, CHECKPOINTS, TENSORBOARD, OFFENDING];

/// The files that runs of earlier versions wrote, which kept no list.
const BEFORE_LISTS: [&str; 12] = [
    Metrics::NAME,
    CHECKPOINTS,
    TENSORBOARD,
    OFFENDING,
    "config.toml",
    "summary.json",
    "report.html",
    "curve.svg",
    "base",
    "sft",
    "reward",
    "policy",
];

/// The names in a run's folder that are its own.
#[derive(Debug)]
pub(super) struct Owned {
    root: PathBuf,
    names: BTreeSet<String>,
}

impl Owned {
    /// Reads the list of the run in `root`, if there is one.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn of(root: &Path) -> Result<Self, FormatError> {
        let (run, list) = (root.join(RUN), root.join(LIST));
        let names = if list.exists() && run.exists() {
            serde_json::from_slice(&read_at_most(&list, LONGEST)?)
                .map_err(|e| FormatError::content(&list, "content", e.to_string()))?
        } else if run.exists() {
            let there = BEFORE_LISTS.into_iter().filter(|name| root.join(name).exists());
            there.map(String::from).collect()
        } else {
            BTreeSet::new()
        };
        Ok(Self { root: root.into(), names })
    }

    /// Creates the empty list of a run that begins.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(root: &Path) -> Result<Self, FormatError> {
        let names = BTreeSet::new();
        write_json(&root.join(LIST), &names)?;
        Ok(Self { root: root.into(), names })
    }

    /// Returns whether the list is that of a run that only began.
    fn begun(&self) -> bool {
        read_at_most(&self.root.join(LIST), LONGEST).is_ok_and(|list| list.trim_ascii() == b"[]")
    }

    /// Checks that nothing of these names is somebody else's.
    ///
    /// # Errors
    /// [`StageError::Taken`] names the first that is.
    pub fn check_vacant<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), StageError> {
        let run = self.root.join(RUN).exists();
        for name in names.into_iter().filter(|name| !(run && [RUN, LIST].contains(name))) {
            let path = self.root.join(name);
            // A link to nowhere is somebody's as well.
            let own = self.names.contains(name) || (name == LIST && self.begun());
            if !own && path.symlink_metadata().is_ok() {
                return Err(StageError::Taken { path });
            }
        }
        Ok(())
    }

    /// Notes that the run is about to write something of this name.
    ///
    /// # Errors
    /// [`StageError::Taken`] where it is somebody else's; the system's.
    pub fn add(&mut self, name: &str) -> Result<(), StageError> {
        if self.names.contains(name) {
            return Ok(());
        }
        self.check_vacant([name])?;
        self.names.insert(name.into());
        Ok(write_json(&self.root.join(LIST), &self.names)?)
    }

    /// Removes all of it, last the file that marks this as a run's folder: one that is half cleared is still
    /// one. What somebody put into a folder of the run stays, and the folder with it.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn remove(self) -> Result<(), FormatError> {
        for name in &self.names {
            let path = self.root.join(name);
            match path.symlink_metadata() {
                Err(_) => {}
                Ok(meta) if !meta.is_dir() => remove_file(&path)?,
                Ok(_) if name == CHECKPOINTS => checkpoints(&path)?,
                Ok(_) if name == TENSORBOARD => events(&path)?,
                Ok(_) => network(&path)?,
            }
        }
        [LIST, RUN].into_iter().try_for_each(|name| remove_file(&self.root.join(name)))
    }
}

/// Notes that a run, if `root` is one's folder, is about to write something of this name there.
///
/// # Errors
/// [`StageError::Taken`] where it is somebody else's; the system's.
pub fn own(root: &Path, name: &str) -> Result<(), StageError> {
    if root.join(RUN).exists() { Owned::of(root)?.add(name) } else { Ok(()) }
}

/// Checks, before anything is made of `root`, that a run that begins there would overwrite nothing of others: `names`
/// are the files that it would write beside those of every session.
///
/// # Errors
/// [`StageError::Taken`] names the file in the way.
pub fn check_vacant<'n>(root: &Path, names: impl IntoIterator<Item = &'n str>) -> Result<(), StageError> {
    Owned::of(root)?.check_vacant(SESSION.into_iter().chain(names))
}

/// Returns the file or folder of a run below `root`, or in it, that `path` is or is in.
pub(crate) fn of_a_run(path: &Path, root: &Path) -> Option<PathBuf> {
    let runs = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    runs.filter(|folder| folder.join(RUN).is_file()).find_map(|folder| {
        let name = path.strip_prefix(folder).ok()?.components().next()?.as_os_str();
        let own = Owned::of(folder).ok()?;
        let known = own.names.iter().map(String::as_str).chain([RUN, LIST, LOCK]);
        known.into_iter().any(|own| own == name).then(|| folder.join(name))
    })
}

/// Removes a file; a file that does not exist is no error.
fn remove_file(path: &Path) -> Result<(), FormatError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(FormatError::io(path, e)),
        _ => Ok(()),
    }
}

/// Removes a folder unless there is something in it.
fn remove_empty(folder: &Path) -> Result<(), FormatError> {
    match fs::remove_dir(folder) {
        Err(e) if ![ErrorKind::NotFound, ErrorKind::DirectoryNotEmpty].contains(&e.kind()) => {
            Err(FormatError::io(folder, e))
        }
        _ => Ok(()),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let io = |e| FormatError::io(folder, e);
    fs::read_dir(folder).map_err(io)?.map(|entry| Ok(entry.map_err(io)?.path())).collect()
}

/// Removes snapshots, finished or not.
fn checkpoints(folder: &Path) -> Result<(), FormatError> {
    snapshot::remove_unfinished(folder)?;
    for path in entries(folder)?.into_iter().filter(|path| snapshot::exists(path)) {
        network(&path)?;
    }
    remove_empty(folder)
}

/// A snapshot's files, which its manifest lists, and the snapshots within.
fn network(folder: &Path) -> Result<(), FormatError> {
    for path in entries(folder)?.into_iter().filter(|path| path.is_dir() && snapshot::exists(path)) {
        network(&path)?;
    }
    snapshot::remove_listed(folder)?;
    remove_empty(folder)
}

/// Removes TensorBoard's files of each phase.
fn events(folder: &Path) -> Result<(), FormatError> {
    for phase in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&phase)? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with("events.out.tfevents.") && name.ends_with(".rlhf") {
                remove_file(&path)?;
            }
        }
        remove_empty(&phase)?;
    }
    remove_empty(folder)
}
