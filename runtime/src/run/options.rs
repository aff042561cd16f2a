//! How a run is done, whatever its configuration.

use super::Stage;
use crate::record::Phase;
use core::time::Duration;
use rlhf_train::Warning;
use std::path::Path;

/// How a run is done, beside what it is told to do.
pub struct RunOptions<'a> {
    /// Where everything is kept; nowhere, unless given.
    pub folder: Option<&'a Path>,
    /// What the caller will write there at the end.
    pub files: &'static [&'static str],
    /// Go on with the run that is there.
    pub resume: bool,
    /// How often a checkpoint is written, at least; unless given, as often as takes a twentieth of the time at
    /// most.
    pub every: Option<Duration>,
    /// The last stage to do.
    pub until: Stage,
    /// Another run's folder, or a model, to take over what comes before that stage from.
    pub from: Option<&'a Path>,
    /// Asked after every step whether to end there.
    pub stop: &'a dyn Fn() -> bool,
    /// Told, before the first step, what is worth knowing of data and settings.
    pub note: &'a dyn Fn(&str),
    /// Told what is worth looking at, and where.
    pub warn: &'a dyn Fn(Phase, u64, &Warning),
}

/// The configuration in full, which every run keeps.
pub(super) const CONFIG: &str = "config.toml";
/// What [`run`](super::run) writes at the end.
pub(super) const RESULTS: &[&str] = &["summary.json", "report.html"];

impl<'a> RunOptions<'a> {
    /// All stages afresh, in a folder.
    pub fn new(folder: &'a Path) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }
}

impl Default for RunOptions<'_> {
    /// All stages, of which nothing is kept.
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
