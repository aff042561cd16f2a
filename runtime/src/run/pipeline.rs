//! The three steps, one after the other.

use super::answers::Answers;
use super::base::{Base, teacher};
use super::counted::Inputs;
use super::datasets::Set;
use super::files::All;
use super::identity::about;
use super::lengths::LengthRule;
use super::material::material;
use super::measure::loss;
use super::options::{CONFIG, RESULTS, RunOptions};
use super::pretraining::{CorpusSize, Texts};
use super::recipe::chosen;
use super::sources::Sources;
use super::starting_models::StartingModels;
use super::steps::Run;
use super::{Common, Generator, Hook, Iteration, Losses, RunError, Seconds, Stage, Stages, Summary};
use crate::config::{Config, Override};
use crate::engine::{Aligned, Device, Model, Scorer};
use crate::record::{Line, Phase, Progress, WarningSummary};
use crate::report::page::Page;
use crate::stage::{self, Session, StageError, TrainingData};
use crate::statistics::{BeforeAfter, win_rate};
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_models::{write_json, write_whole};
use rlhf_train::profile::Method;
use rlhf_train::{Examples, TrainError};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Runs all three steps, and writes `summary.json`, `report.html` and the networks `sft`, `reward` and `policy` to the
/// folder, which is created if necessary; [`crate::stage`] describes its other files. Returns `None` if the run was to
/// end before the last stage.
///
/// With the same configuration and data the weights are the same on one instruction set, for any number of threads,
/// however often the run was stopped and resumed.
///
/// # Errors
/// [`RunError`]: all settings and files are checked before anything is learnt.
pub fn run(
    config: &Config,
    device: &Device,
    options: &RunOptions<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<Summary>, RunError> {
    let Some(Finished { summary, lines, .. }) = train(config, device, None, None, options, progress)? else {
        return Ok(None);
    };
    if let Some(folder) = options.folder {
        save(folder, &summary, &summary.page(&lines))?;
    }
    Ok(Some(summary))
}

/// Writes a finished run's `summary.json` and `report.html`.
///
/// # Errors
/// [`StageError::Taken`] where somebody else's are there; the system's, with the path.
pub fn save(folder: &Path, summary: &impl Serialize, page: &Page) -> Result<(), StageError> {
    RESULTS.iter().try_for_each(|name| stage::own(folder, name))?;
    // Who finds a summary finds a whole run.
    write_json(&folder.join("summary.json"), summary)?;
    crate::report::write(folder, page)?;
    Ok(())
}

/// A run that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// The summary.
    pub summary: Summary,
    /// The measurements of every step.
    pub lines: Vec<Line>,
    /// The result of step 1.
    pub supervised: Model,
    /// The result of step 2.
    pub reward: Scorer,
    /// The result of step 3.
    pub policy: Aligned,
}

/// Runs the pipeline without the summary and the page, on data that a program makes instead of files and with
/// measurements of its own, where these are given.
///
/// # Errors
/// As [`run`]; the program's.
pub fn train(
    config: &Config,
    device: &Device,
    generator: Option<&mut dyn Generator>,
    hook: Option<&mut dyn Hook>,
    options: &RunOptions<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<Finished>, RunError> {
    config.check()?;
    let clock = Instant::now();
    let mut base = Base::open(config, device, generator.as_ref().map(|generator| generator.tokenizer()))?;
    let weights = base.model.architecture().parameters();
    let (config, note) = &chosen(config, weights, options.folder.filter(|_| options.resume))?;
    note.iter().for_each(|note| (options.note)(note));
    let (profile, overrides) = config.resolve()?;
    if options.until == Stage::Align {
        stage::capabilities(&profile.method).iter().try_for_each(|needed| base.model.require(*needed))?;
    }
    let (sources, texts) = match &generator {
        None => {
            let files = All::find(config)?;
            (Sources::read(config, &profile, &base.tokenizer, &files)?, Texts::Files(files.found))
        }
        Some(generator) => {
            let mut made = generator.data().map_err(RunError::at(Phase::Pretrain, 0))?;
            let (texts, mix) = (core::mem::take(&mut made.texts), core::mem::take(&mut made.mix));
            (Sources::generated(made), Texts::Generated(texts, mix))
        }
    };
    let plain = config.base.fresh().map(|_| texts.plain(config, &base.tokenizer)).transpose()?;
    let given = StartingModels::read(options, &base)?;
    let teacher = teacher(config, device)?;
    let (mut material, mut notes) = (TrainingData::default(), Vec::new());
    if generator.is_none() {
        material = training_data(&profile.method, &sources, teacher.as_ref())?;
        let inputs = Inputs {
            config,
            profile: &profile,
            base: base.model.architecture(),
            tokenizer: &base.tokenizer,
            plain: plain.as_ref(),
            sources: &sources,
            material: &material,
        };
        let stages = options.until.remaining(options.folder.filter(|_| options.resume), options.from);
        notes = inputs.notes(&stages, &inputs.steps(&stages)?)?;
    }
    notes.iter().for_each(|note| (options.note)(note));
    let made = generator.as_ref().map(|generator| (generator.command(), generator.about()));
    let about = about(config, &profile, &base, &sources, &given, teacher.as_ref(), made)?;
    let mut session =
        Session::new(progress).stop_when(options.stop).on_warning(options.warn).with_settings(&profile);
    if let Some(folder) = options.folder {
        let networks = Stage::ALL.into_iter().filter(|stage| {
            *stage <= options.until && (*stage != Stage::Pretrain || config.base.fresh().is_some())
        });
        let files = options.files.iter().copied().chain([CONFIG]);
        session = session.reserve(files.chain(networks.map(Stage::folder)));
        session = session.in_folder(folder, options.every, options.resume, &about, base.tokenizer.clone())?;
    }
    let mut run = Run { config, profile, base, session };
    let prepared = Prepared { overrides, sources, texts, plain, given, teacher, material, notes, clock };
    let ended = run.all(options, prepared, generator, hook);
    // What a guard stopped at, and what can be gone on with, stays.
    if !matches!(ended, Ok(_) | Err(RunError::Stage(StageError::Stopped { .. }))) && !guarded(&ended) {
        run.session.abandon();
    }
    ended
}

/// Returns whether a guard ended it.
fn guarded<T>(ended: &Result<T, RunError>) -> bool {
    let Err(RunError::Stage(StageError::Train { error, .. })) = ended else { return false };
    matches!(error, TrainError::Guard(_))
}

/// Everything that a run has read and checked before its first step.
struct Prepared {
    overrides: Vec<Override>,
    sources: Sources,
    texts: Texts,
    /// The texts that a new base learns from.
    plain: Option<Examples>,
    given: StartingModels,
    teacher: Option<Model>,
    material: TrainingData,
    notes: Vec<String>,
    /// The time at which reading began.
    clock: Instant,
}

/// Returns the data of these that step 3's method learns from.
fn training_data(
    method: &Method,
    sources: &Sources,
    teacher: Option<&Model>,
) -> Result<TrainingData, RunError> {
    let comparisons = sources.comparisons.iter().flat_map(|set| &set.train);
    material(method, comparisons, &sources.feedback, &sources.demonstrations.0, teacher)
}

impl Run<'_, '_> {
    /// The stages, one after the other.
    fn all(
        &mut self,
        options: &RunOptions<'_>,
        prepared: Prepared,
        generator: Option<&mut dyn Generator>,
        mut hook: Option<&mut dyn Hook>,
    ) -> Result<Option<Finished>, RunError> {
        let Prepared { overrides, mut sources, texts, plain, given, teacher, mut material, mut notes, clock } =
            prepared;
        let config = self.config;
        let (run, mut seconds) = (self, Seconds::default());
        if let Some(folder) = options.folder {
            run.session.own(CONFIG)?;
            write_whole(&folder.join(CONFIG), config.to_toml()?.as_bytes())?;
        }
        if let (Some(new), Some(plain)) = (config.base.fresh(), plain) {
            run.base.model = run.pretrain(new, &plain)?;
        }
        if options.until == Stage::Pretrain {
            return Ok(None);
        }
        let mut writer = run.base.model.clone();
        let mut tell = |phase, done, total, figure: &str| run.session.tell(phase, done, total, figure);
        let size = CorpusSize::new(config, &run.profile, options.until);
        let corpus = texts.corpus(config, size, &mut writer, &run.base.tokenizer, &mut tell)?;
        drop(writer);
        seconds.data = clock.elapsed().as_secs_f64();

        let clock = Instant::now();
        let mut sft = match given.sft {
            Some(sft) => sft,
            None => run.supervised(&sources.demonstrations.0, &corpus.train)?,
        };
        (seconds.sft, seconds.per_step.sft) = run.elapsed(Phase::Supervised, clock);
        if options.until == Stage::Supervised {
            return Ok(None);
        }

        let clock = Instant::now();
        if let Some(generator) = generator {
            let made = run.compare(&mut sft, generator)?;
            sources.comparisons = vec![Set::generated(&made)];
            let remark = LengthRule::of(&sources.comparisons).and_then(|rule| rule.remark());
            remark.iter().for_each(|remark| (options.note)(remark));
            notes.extend(remark);
            material = training_data(&run.profile.method, &sources, teacher.as_ref())?;
        }
        let mut reward = match given.reward {
            Some(reward) => reward,
            None => run.reward(&sft, &sources)?,
        };
        (seconds.reward, seconds.per_step.reward) = run.elapsed(Phase::Reward, clock);
        let clock = Instant::now();
        let reward_model = run.judge(&mut reward, &sources)?;
        seconds.evaluate = clock.elapsed().as_secs_f64();
        if options.until == Stage::Reward {
            return Ok(None);
        }

        let clock = Instant::now();
        let mut policy = run.align(&sft, &mut reward, &sources, &corpus.train, &material, &mut hook)?;
        (seconds.ppo, seconds.per_step.ppo) = run.elapsed(Phase::Ppo, clock);

        let clock = Instant::now();
        run.session.tell(Phase::Evaluate, 0, 1, "");
        let failed = || RunError::at(Phase::Evaluate, 0);
        let (prompts, ends) = (&sources.held_out, run.base.tokenizer.ends());
        let mut reference = sft.clone();
        let mut evaluator = run.evaluator(prompts, &ends, &mut reference, &mut reward);
        let (before, after) = (evaluator.evaluate(&mut sft, 0), evaluator.evaluate(&mut policy, 0));
        let before = before.map_err(|error| run.failed(Phase::Supervised, prompts, error))?;
        let after = after.map_err(|error| run.failed(Phase::Ppo, prompts, error))?;
        if let Some(hook) = hook {
            let mut evaluator = run.evaluator(prompts, &ends, &mut reference, &mut reward);
            hook.at_end((&before, &after), &mut evaluator).map_err(failed())?;
        }
        let mut models = (&mut run.base.model, &mut sft, &mut policy);
        let unseen = &sources.demonstrations.1;
        let unseen = unseen.select(0..unseen.len().min(config.evaluation.prompts));
        let losses = losses(&mut models, &unseen, &corpus.held_out).map_err(failed())?;
        let win_rate = win_rate(&after.rewards, &before.rewards).map_err(|e| failed()(e.into()))?;
        let samples = run.samples(&sources.held_out, &before, &after);
        run.session.tell(Phase::Evaluate, 1, 1, "");
        let took = clock.elapsed().as_secs_f64();
        seconds.evaluate += took;
        run.measured(&before, &after, win_rate.value, took)?;

        let pair = |of: fn(&Answers) -> f64| BeforeAfter { sft: of(&before), ppo: of(&after) };
        sources.data.pretraining = corpus.train.len();
        let lines = run.session.lines().to_vec();
        let common = Common {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: config.seed,
            device: run.base.model.device().to_string().into(),
            parameters: run.base.model.architecture().parameters(),
            settings: run.profile,
            kl: after.kl,
            length: pair(Answers::length),
            warnings: WarningSummary::of(&lines),
            weights_sha256: policy.weights_sha256()?,
        };
        let summary = Summary {
            common,
            profile: config.profile.clone(),
            method: config.method.clone(),
            overrides,
            data: sources.data,
            losses,
            reward_model,
            reward: pair(Answers::reward),
            win_rate,
            ended: pair(Answers::ended),
            distinct: Some(pair(Answers::distinct)),
            iterations: lines.iter().filter_map(Iteration::of).collect(),
            samples,
            notes,
            seconds,
        };
        Ok(Some(Finished { summary, lines, supervised: sft, reward, policy }))
    }
}

/// Measures the losses of base, supervised model and policy.
fn losses(
    models: &mut (&mut Model, &mut Model, &mut Aligned),
    demonstrations: &Examples,
    pretraining: &Examples,
) -> Result<Losses, TrainError> {
    let mut of = |texts: &Examples| -> Result<Stages, TrainError> {
        let (base, sft, ppo) = &mut *models;
        Ok(Stages { base: loss(*base, texts)?, sft: loss(*sft, texts)?, ppo: loss(*ppo, texts)? })
    };
    Ok(Losses { demonstrations: of(demonstrations)?, pretraining: of(pretraining)? })
}
