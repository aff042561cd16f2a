//! TensorBoard's event files: protocol buffers in records with checksums.

#[cfg(test)]
mod tests;
mod wire;

use super::{Line, Phase};
use rlhf_models::FormatError;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use wire::{Event, SessionLog, Summary, Value, record};

/// Writes the figures of a run for TensorBoard: `tensorboard --logdir FOLDER`. Each is a scalar by the
/// name of its phase and its own, such as `ppo/reward`, at the step of its line.
///
/// Each phase has a folder of its own, because steps count from 1 in each and TensorBoard reads a folder
/// as one run. A resumed run goes on in new files, beside those that are there. They say at which step
/// they begin, and TensorBoard drops what the earlier ones hold of it and later steps.
#[derive(Debug)]
pub struct Events {
    folder: PathBuf,
    files: BTreeMap<Phase, (PathBuf, File)>,
}

impl Events {
    /// Files in `folder`, which is made if need be: one for each phase, at its first line.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn create(folder: &Path) -> Result<Self, FormatError> {
        std::fs::create_dir_all(folder).map_err(|e| FormatError::io(folder, e))?;
        Ok(Self { folder: folder.into(), files: BTreeMap::new() })
    }

    /// Writes the figures of a line.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn write(&mut self, line: &Line) -> Result<(), FormatError> {
        let phase = line.phase.name();
        let (path, file) = match self.files.entry(line.phase) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(new) => new.insert(begin(&self.folder.join(phase), line.step)?),
        };
        let value = |(name, x): (&String, &f64)| Value {
            tag: format!("{phase}/{name}"),
            simple_value: Some(*x as f32),
        };
        let summary = Summary { value: line.figures.iter().map(value).collect() };
        let event = Event { summary: Some(summary), ..Event::at(line.step) };
        record(file, &event).map_err(|e| FormatError::io(path, e))
    }
}

/// A new file in `folder`, of a run that begins or goes on at `step`.
fn begin(folder: &Path, step: u64) -> Result<(PathBuf, File), FormatError> {
    let io = |e| FormatError::io(folder, e);
    std::fs::create_dir_all(folder).map_err(io)?;
    // TensorBoard reads files in the order of their names.
    let mut number = std::fs::read_dir(folder).map_err(io)?.count();
    loop {
        let path = folder.join(format!("events.out.tfevents.{number:010}.rlhf"));
        match File::create_new(&path) {
            Ok(mut file) => {
                let version = Event { file_version: Some("brain.Event:2".into()), ..Event::at(0) };
                let start = SessionLog { status: SessionLog::START };
                let start = Event { session_log: Some(start), ..Event::at(step) };
                return match record(&mut file, &version).and_then(|()| record(&mut file, &start)) {
                    Ok(()) => Ok((path, file)),
                    Err(e) => Err(FormatError::io(&path, e)),
                };
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(FormatError::io(&path, e)),
        }
    }
}
