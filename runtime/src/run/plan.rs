//! The work of a run, counted before its first step.

use super::base::{fit, tokenizer};
use super::counted::{CountedStep, Inputs};
use super::files::All;
use super::material::material;
use super::pretraining::Texts;
use super::recipe::with_recipe;
use super::sources::Sources;
use super::speed::Speed;
use super::{RunError, Stage};
use crate::config::Config;
use crate::engine::Device;
use serde::Serialize;

/// A step of a run before it is done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedStep {
    /// The part of the run.
    pub stage: Stage,
    /// Its name: the method's, of step 3.
    pub name: String,
    /// The rows that it learns from: texts, demonstrations, comparisons or labels, prompts.
    pub rows: usize,
    /// The rows of an optimizer step, where it passes over stored rows.
    pub batch: Option<u32>,
    /// Optimizer steps.
    pub optimizer_steps: u64,
    /// The highest learning rate that it reaches; `None` for a method without one.
    pub learning_rate: Option<f64>,
    /// An estimate of its time, in seconds, by what a moment's work took.
    pub seconds: f64,
    /// False where its rates and steps are too few for anything to be learned.
    pub learns: bool,
}

impl PlannedStep {
    /// The step, on a device of this speed.
    fn new(step: CountedStep, speed: &Speed) -> Self {
        Self {
            stage: step.stage,
            rows: step.rows,
            batch: step.batch,
            optimizer_steps: step.optimizer_steps,
            learning_rate: step.rates.map(|(highest, _)| highest),
            seconds: speed.seconds(&step.work),
            learns: step.learns(),
            name: step.name,
        }
    }
}

/// Reads all data, as a run does before its first step, and trains nothing: returns the work of each of `stages`, by a
/// measurement of this device's speed that takes a moment, and notes. What keeps a stage from learning anything is an
/// error or, where it might be meant, one of the notes, which also name what of the data is cut, refused or not read.
///
/// # Errors
/// [`RunError`] names the file, the setting or what there is nothing of; the device's.
pub fn plan(
    config: &Config,
    device: &Device,
    stages: &[Stage],
) -> Result<(Vec<PlannedStep>, Vec<String>), RunError> {
    config.check()?;
    let (config, _) = &with_recipe(config, None)?;
    let (profile, _) = &config.resolve()?;
    let (files, base, tokenizer) = (All::find(config)?, &fit(config)?.0, &tokenizer(config)?);
    let sources = &Sources::read(config, profile, tokenizer, &files)?;
    let plain =
        config.base.fresh().map(|_| Texts::Files(files.found).plain(config, tokenizer)).transpose()?;
    let comparisons = sources.comparisons.iter().flat_map(|set| &set.train);
    let texts = &sources.demonstrations.0;
    let material = &material(&profile.method, comparisons, &sources.feedback, texts, None)?;
    let inputs = Inputs { config, profile, base, tokenizer, plain: plain.as_ref(), sources, material };
    let steps = inputs.steps(stages)?;
    let notes = inputs.notes(stages, &steps)?;
    let speed = Speed::measure(device, base, profile.reward.optimizer)?;
    Ok((steps.into_iter().map(|step| PlannedStep::new(step, &speed)).collect(), notes))
}
