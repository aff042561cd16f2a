//! Options of a run that its configuration does not have.

use super::Stage;
use crate::record::{Phase, RunWarning};
use core::time::Duration;
use std::path::Path;

/// The options of a run that its configuration does not have.
pub struct RunOptions<'a> {
    /// The folder where everything is kept; without one, nothing is.
    pub folder: Option<&'a Path>,
    /// The files that the caller will write there at the end.
    pub files: &'static [&'static str],
    /// Goes on with the run that is there.
    pub resume: bool,
    /// The longest time between two checkpoints; by default, as often as takes a twentieth of the time at most.
    pub every: Option<Duration>,
    /// The last stage to do.
    pub until: Stage,
    /// Another run's folder, or a model, from which everything before that stage is taken over.
    pub from: Option<&'a Path>,
    /// Returns whether to end there; called after every step.
    pub stop: &'a dyn Fn() -> bool,
    /// Receives the notes on data and settings before the first step.
    pub note: &'a dyn Fn(&str),
    /// Receives the first warning of each kind in a phase, with the phase and the step.
    pub warn: &'a dyn Fn(Phase, u64, &RunWarning),
}

/// The configuration in full, which every run keeps.
pub(super) const CONFIG: &str = "config.toml";
/// The files that [`run`](super::run) writes at the end.
pub(super) const RESULTS: &[&str] = &["summary.json", "report.html"];

impl<'a> RunOptions<'a> {
    /// Runs all stages anew, in a folder.
    pub fn new(folder: &'a Path) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }
}

impl Default for RunOptions<'_> {
    /// Runs all stages and keeps nothing.
    fn default() -> Self {
        Self {
            folder: None,
            files: RESULTS,
            resume: false,
            every: None,
            until: Stage::Align,
            from: None,
            stop: &|| false,
            note: &|_| {},
            warn: &|_, _, _| {},
        }
    }
}
