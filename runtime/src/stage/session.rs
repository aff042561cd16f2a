//! The session that all stages of a run share: where they keep their work, whom they report to, and who may stop them.

use super::checkpoint::{self, Checkpoint};
use super::folder::Folder;
use super::optimizers::{Settings, advice};
use super::owned::{CHECKPOINTS, OFFENDING, TENSORBOARD};
use super::{StageError, at};
use crate::engine::{FileError, Model, Scorer};
use crate::record::{Events, Line, Manifest, Metrics, Phase, Progress, RunWarning, offending, snapshot};
use core::time::Duration;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_models::{Files, FormatError, Members, open};
use rlhf_train::profile::Profile;
use rlhf_train::{Offender, Place, TrainError, Warning};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The shortest time between checkpoints that adapt, and how many times as long as one takes it is.
const SHORTEST: Duration = Duration::from_secs(10);
const SHARE: u32 = 20;

/// Receives a warning with its phase and step.
type Warn<'a> = dyn FnMut(Phase, u64, &RunWarning) + 'a;

/// The session of a run: where stages keep their work, whom they report to, and who may stop them.
pub struct Session<'a> {
    progress: Box<Progress<'a>>,
    warn: Box<Warn<'a>>,
    stop: Box<dyn Fn() -> bool + 'a>,
    /// The time between two checkpoints; without one, it adapts.
    every: Option<Duration>,
    /// The time of the last checkpoint.
    kept: Instant,
    /// The time that the last checkpoint took.
    cost: Duration,
    /// True if the last checkpoint of the stage stays when it is finished.
    extendable: bool,
    lines: Vec<Line>,
    /// The files that will be written in the folder beside those of every session.
    names: Vec<&'static str>,
    /// The settings that advice on step 3 is about.
    settings: Option<Settings>,
    folder: Option<OpenFolder>,
}

/// A measurement at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measurement<'m> {
    /// Its number, from 1.
    pub step: u64,
    /// The number of measurements.
    pub total: u64,
    /// The figures.
    pub figures: &'m [(&'m str, f64)],
    /// The warnings that they give rise to.
    pub warnings: &'m [Warning],
    /// The time that it took.
    pub seconds: f64,
}

/// The open files of a session that keeps something.
struct OpenFolder {
    folder: Folder,
    metrics: Metrics,
    events: Events,
    /// The tokenizer, which is saved beside every finished network.
    tokenizer: AnyTokenizer,
}

impl<'a> Session<'a> {
    /// Creates a session that keeps nothing.
    pub fn new(progress: impl FnMut(Phase, u64, u64, &str) + 'a) -> Self {
        Self {
            progress: Box::new(progress),
            warn: Box::new(|_, _, _| {}),
            stop: Box::new(|| false),
            every: None,
            kept: Instant::now(),
            cost: Duration::ZERO,
            extendable: false,
            lines: Vec::new(),
            names: Vec::new(),
            settings: None,
            folder: None,
        }
    }

    /// Ends after the step at which `stop` returns true, with a checkpoint.
    pub fn stop_when(mut self, stop: impl Fn() -> bool + 'a) -> Self {
        self.stop = Box::new(stop);
        self
    }

    /// Calls `warn` with the first warning of each kind in a phase, the phase and the step. The run goes on, and the
    /// lines of its steps have all warnings.
    pub fn on_warning(mut self, warn: impl FnMut(Phase, u64, &RunWarning) + 'a) -> Self {
        self.warn = Box::new(warn);
        self
    }

    /// Uses the names of this recipe's settings in advice.
    pub fn with_settings(mut self, profile: &Profile) -> Self {
        self.settings = Some(Settings::of(profile));
        self
    }

    /// Names what will be written in the session's folder beside its own files: it has to be free, or the
    /// run's own, when [`Self::in_folder`] takes hold of the folder.
    pub fn reserve(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.names = names.into_iter().collect();
        self
    }

    /// Keeps everything in a folder: a checkpoint every `every`, by default so often that a twentieth of the time goes
    /// into them at most, and the tokenizer beside every network. `about` describes what has to be the same for a run
    /// to be gone on with; with `resume` the run that is there is gone on with.
    ///
    /// # Errors
    /// [`StageError`] names the problem of the folder.
    pub fn in_folder(
        mut self,
        root: &Path,
        every: Option<Duration>,
        resume: bool,
        about: &Value,
        tokenizer: AnyTokenizer,
    ) -> Result<Self, StageError> {
        let mut folder = Folder::open(root, resume, about, &self.names)?;
        self.every = every;
        let began = (|| {
            folder.owned.add(Metrics::NAME)?;
            folder.owned.add(TENSORBOARD)?;
            self.lines = core::mem::take(&mut folder.lines);
            let metrics = Metrics::begin(root, &self.lines)?;
            Ok((metrics, Events::create(&root.join(TENSORBOARD))?))
        })();
        match began {
            Ok((metrics, events)) => {
                self.folder = Some(OpenFolder { folder, metrics, events, tokenizer });
                Ok(self)
            }
            Err(error) => {
                folder.abandon();
                Err(error)
            }
        }
    }

    /// Notes that something of this name is about to be written in the folder, where there is one.
    ///
    /// # Errors
    /// [`StageError::Taken`] where it is not the run's own.
    pub fn own(&mut self, name: &str) -> Result<(), StageError> {
        self.folder.as_mut().map_or(Ok(()), |kept| kept.folder.owned.add(name))
    }

    /// Leaves nothing of a run that ended before its first step. One that got further, or was gone on with, is
    /// left as it is.
    pub fn abandon(self) {
        let measured = |line: &Line| line.phase == Phase::Evaluate;
        if let Some(kept) = self.folder.filter(|_| self.lines.iter().all(measured)) {
            kept.folder.abandon();
        }
    }

    /// The run's folder, where there is one.
    pub fn root(&self) -> Option<&Path> {
        self.folder.as_ref().map(|kept| kept.folder.root.as_path())
    }

    /// Returns the measurements of every step, those of earlier processes included.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the time that the steps of a phase took, in seconds, those of earlier processes included.
    pub fn seconds(&self, phase: Phase) -> f64 {
        self.lines.iter().filter(|line| line.phase == phase).map(|line| line.seconds).sum()
    }

    /// Tells how far a phase is.
    pub fn tell(&mut self, phase: Phase, done: u64, total: u64, figure: &str) {
        (self.progress)(phase, done, total, figure);
    }

    /// The network that a stage has finished: `like`, with other weights.
    pub(super) fn finished(&self, name: &str, like: &Model) -> Result<Option<Model>, StageError> {
        let Some(path) = self.whole(name)? else { return Ok(None) };
        let (weights, _) = open(&path)?.weights(like.architecture())?;
        let model = Model::from_weights(&like.device(), like.architecture().clone(), weights)
            .map_err(|e| FormatError::content(&path, "network", e.to_string()))?;
        Ok(Some(model))
    }

    /// Returns a finished network, unless it was finished after fewer steps than `steps` and can be trained further.
    pub(super) fn finished_after(
        &self,
        name: &str,
        like: &Model,
        steps: u64,
    ) -> Result<Option<Model>, StageError> {
        let Some(kept) = &self.folder else { return Ok(None) };
        let path = kept.folder.root.join(name);
        let goes_on = snapshot::exists(&path)
            && checkpoint::any(&kept.folder.checkpoints(), Phase::Ppo)?
            && Manifest::check(&path).is_ok_and(|manifest| manifest.step < steps);
        if goes_on { Ok(None) } else { self.finished(name, like) }
    }

    /// Returns the finished result of step 2, of networks with the architecture of `like`.
    pub(super) fn finished_scorer(&self, name: &str, like: &[Model]) -> Result<Option<Scorer>, StageError> {
        let (Some(path), Some(first)) = (self.whole(name)?, like.first()) else { return Ok(None) };
        let scorer = Scorer::open(&path, &first.device())?;
        let same = scorer.models().map(Model::architecture).eq(like.iter().map(Model::architecture));
        if same {
            return Ok(Some(scorer));
        }
        Err(FormatError::content(&path, "network", "other reward models than this run's").into())
    }

    /// The folder that a stage has finished, and those within, checked.
    fn whole(&self, name: &str) -> Result<Option<PathBuf>, StageError> {
        let path = self.root().map(|root| root.join(name));
        let Some(path) = path.filter(|path| snapshot::exists(path)) else { return Ok(None) };
        let damaged =
            |error| StageError::Damaged { error: Box::new(error), snapshot: path.clone(), older: None };
        Manifest::check(&path).map_err(damaged)?;
        for member in Members::read(&Files::folder(&path))?.into_iter().flat_map(|all| all.members) {
            Manifest::check(&path.join(member)).map_err(damaged)?;
        }
        Ok(Some(path))
    }

    /// Keeps a stage's network as a Hugging Face folder; the stage's checkpoints are then of no use.
    pub(super) fn finish(&mut self, name: &str, phase: Phase, model: Model) -> Result<Model, StageError> {
        self.finish_with(name, phase, model, &|_| Ok(()))
    }

    /// Finishes a network, and lets `beside` write further files into its folder.
    pub(super) fn finish_with(
        &mut self,
        name: &str,
        phase: Phase,
        model: Model,
        beside: &dyn Fn(&Path) -> Result<(), FileError>,
    ) -> Result<Model, StageError> {
        self.finite(&model, phase)?;
        self.keep(name, phase, |_, at, tokenizer| {
            model.save(at, tokenizer)?;
            beside(at)
        })?;
        Ok(model)
    }

    /// Finishes the result of step 2.
    pub(super) fn finish_scorer(
        &mut self,
        name: &str,
        phase: Phase,
        scorer: &Scorer,
    ) -> Result<(), StageError> {
        scorer.models().try_for_each(|model| self.finite(model, phase))?;
        self.keep(name, phase, |step, at, tokenizer| {
            scorer.save(at, tokenizer, |at, fill| {
                Manifest::new(phase, step, Value::Null).write(at, fill).map(|_| ())
            })
        })
    }

    /// Checks that a stage has not ended in weights that are no numbers: a diverged run is no success.
    pub(super) fn finite(&mut self, model: &Model, phase: Phase) -> Result<(), StageError> {
        let wrong = model.weights()?.iter().position(|weight| !weight.is_finite());
        let Some(index) = wrong else { return Ok(()) };
        let last = self.lines.iter().rev().find(|line| line.phase == phase).map_or(0, |line| line.step);
        let error = rlhf_core::Error::NotFinite { name: "weights", index };
        Err(self.failed(phase, last, error.into(), []))
    }

    /// Keeps what `write` writes, given the number of steps, a folder and the tokenizer.
    fn keep(
        &mut self,
        name: &str,
        phase: Phase,
        write: impl FnOnce(u64, &Path, &AnyTokenizer) -> Result<(), FileError>,
    ) -> Result<(), StageError> {
        let step = self.lines.iter().filter(|line| line.phase == phase).count() as u64;
        // A stage that was done again, for its network was removed, has its lines behind later ones.
        if !self.lines.is_sorted_by_key(|line| (line.phase, line.step)) {
            self.lines.sort_by_key(|line| (line.phase, line.step));
            if let Some(kept) = &mut self.folder {
                kept.metrics = Metrics::begin(&kept.folder.root, &self.lines)?;
            }
        }
        if let Some(OpenFolder { folder, metrics, tokenizer, .. }) = &mut self.folder {
            metrics.sync()?;
            folder.owned.add(name)?;
            Manifest::new(phase, step, Value::Null)
                .write(&folder.root.join(name), |at| write(step, at, tokenizer))?;
            let kept = usize::from(core::mem::take(&mut self.extendable));
            checkpoint::remove_all_but(&folder.checkpoints(), phase, kept)?;
        }
        Ok(())
    }

    /// Keeps a stage's networks after its last step beyond its end: it can be gone on with from there, when it
    /// is to have more.
    pub(super) fn keep_last(
        &mut self,
        phase: Phase,
        step: u64,
        networks: &[(&str, &Model)],
        state: &Value,
    ) -> Result<(), StageError> {
        self.extendable = true;
        if let Some(OpenFolder { folder, metrics, .. }) = &mut self.folder {
            metrics.sync()?;
            folder.owned.add(CHECKPOINTS)?;
            checkpoint::write(&folder.checkpoints(), phase, step, networks, state.clone())?;
        }
        Ok(())
    }

    /// Puts the warnings of a step into the words of the run's settings, for the step's line, and tells of those that
    /// are the first of their kind.
    pub(super) fn warn(&mut self, phase: Phase, step: u64, warnings: &[Warning]) -> Vec<RunWarning> {
        let advice = |warning: &Warning| advice(warning.advice(), phase, self.settings.as_ref());
        let message = |warning: &Warning| format!("{}. {}", warning.finding(), advice(warning));
        let worded = |warning: &Warning| RunWarning { warning: *warning, message: message(warning) };
        let worded: Vec<_> = warnings.iter().map(worded).collect();
        let before = self.lines.iter().filter(|line| line.phase == phase).flat_map(|line| &line.warnings);
        let before: Vec<_> = before.collect();
        for new in worded.iter().filter(|new| !before.iter().any(|known| known.is_like(new))) {
            (self.warn)(phase, step, new);
        }
        worded
    }

    /// Keeps a measurement at the end of a run as a line, with the warnings that it gives rise to. Those of an earlier
    /// end are replaced.
    ///
    /// # Errors
    /// The system's, with the path.
    pub(crate) fn measured(&mut self, of: &Measurement<'_>) -> Result<(), StageError> {
        let Measurement { step, total, figures, warnings, seconds } = *of;
        let (phase, lines) = (Phase::Evaluate, self.lines.len());
        self.lines.retain(|line| line.phase != phase || line.step < step);
        if let Some(OpenFolder { folder, metrics, .. }) = &mut self.folder
            && self.lines.len() != lines
        {
            *metrics = Metrics::begin(&folder.root, &self.lines)?;
        }
        let warnings = self.warn(phase, step, warnings);
        let figures = figures.iter().filter(|(_, value)| value.is_finite());
        let figures = figures.map(|(name, value)| (name.to_string(), *value)).collect();
        self.add(Line { phase, step, total, figures, seconds, warnings })
    }

    /// Adds a line to what is kept.
    fn add(&mut self, line: Line) -> Result<(), StageError> {
        if let Some(kept) = &mut self.folder {
            kept.metrics.add(&line)?;
            kept.events.write(&line)?;
        }
        self.lines.push(line);
        Ok(())
    }

    /// A step that failed. The samples that a guard stopped at are kept. Where a number was not finite without
    /// a guard that saw it, `prompts` are what it may have been of.
    pub(crate) fn failed<'p>(
        &mut self,
        phase: Phase,
        step: u64,
        error: TrainError,
        prompts: impl IntoIterator<Item = &'p [u32]>,
    ) -> StageError {
        let place = if phase == Phase::Ppo { Place::Iteration(step) } else { Place::Step(step) };
        let offenders = || prompts.into_iter().enumerate().map(|(i, prompt)| Offender::prompt(prompt, i));
        let mut error = error.guarded(place, || offenders().collect());
        if let TrainError::Guard(fault) = &mut error {
            fault.advice = advice(&fault.advice, phase, self.settings.as_ref()).into();
        }
        if let (Some(kept), TrainError::Guard(fault)) = (&mut self.folder, &error) {
            let tokenizer = &kept.tokenizer;
            let written = kept.folder.owned.add(OFFENDING).and_then(|()| {
                Ok(offending(&kept.folder.root, fault, |tokens| tokenizer.decode(tokens)).map(drop)?)
            });
            if let Err(error) = written {
                return error;
            }
        }
        at(phase, step)(error)
    }

    /// Returns the checkpoint at which a stage goes on. Lines of steps that will be taken again are dropped.
    pub(super) fn begin(&mut self, phase: Phase) -> Result<Option<Checkpoint>, StageError> {
        let Some(OpenFolder { folder, metrics, .. }) = &mut self.folder else { return Ok(None) };
        let found = checkpoint::newest(&folder.checkpoints(), phase)?;
        let step = found.as_ref().map_or(0, |checkpoint| checkpoint.step);
        let before = self.lines.len();
        self.lines.retain(|line| line.phase != phase || line.step <= step);
        if self.lines.len() != before {
            *metrics = Metrics::begin(&folder.root, &self.lines)?;
        }
        self.kept = Instant::now();
        Ok(found)
    }

    /// Ends a step: writes its line, reports it, and writes a checkpoint if it is time to, or if the run is to stop.
    pub(super) fn after(
        &mut self,
        line: Line,
        figure: &str,
        networks: &[(&str, &Model)],
        state: &Value,
    ) -> Result<(), StageError> {
        let (phase, step, total) = (line.phase, line.step, line.total);
        self.add(line)?;
        (self.progress)(phase, step, total, figure);
        let stop = (self.stop)();
        let due = self.kept.elapsed() >= self.every.unwrap_or(SHORTEST.max(SHARE * self.cost));
        if let Some(OpenFolder { folder, metrics, .. }) = &mut self.folder
            && (stop || due)
        {
            metrics.sync()?;
            folder.owned.add(CHECKPOINTS)?;
            let clock = Instant::now();
            checkpoint::write(&folder.checkpoints(), phase, step, networks, state.clone())?;
            (self.kept, self.cost) = (Instant::now(), clock.elapsed());
        }
        if stop {
            let folder = self.root().map(Into::into);
            return Err(StageError::Stopped { phase, step, folder });
        }
        Ok(())
    }
}
