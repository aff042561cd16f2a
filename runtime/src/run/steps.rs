//! The three steps, one after the other.

use super::answers::{Answers, Exam, write};
use super::base::{Base, teacher};
use super::checks::Checks;
use super::files::{All, File};
use super::given::Given;
use super::manner::Manner;
use super::material::{Rated, material};
use super::measure::loss;
use super::pretraining::{corpus, plain};
use super::rewards::Judged;
use super::sets::Set;
use super::sources::Sources;
use super::trust::judged;
use super::{Answer, Iteration, Losses, RunError, Sample, Seconds, Stage, Stages, Summary};
use crate::config::{Config, NewBase, Override};
use crate::engine::{Aligned, Device, EngineError, Member, Model, Scorer};
use crate::record::{Metrics, Phase, Progress};
use crate::stage::{self, Judgements, Session, StageError};
use crate::statistics::{BeforeAfter, win_rate};
use crate::transcript::{answer_mark, line_end};
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::Stopping;
use rlhf_models::{weights_sha256, write_json, write_whole};
use rlhf_train::profile::{Profile, RewardLoss};
use rlhf_train::{Examples, Ranking, Solution, TrainError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Instant;

/// Runs all three steps and leaves `summary.json`, `report.html` and the networks `sft`, `reward` and
/// `policy` in the folder, which is made if need be; [`crate::stage`] says what else is there. `None` where it was to
/// end before the last stage.
///
/// The same configuration and data give the same weights on one instruction set, on any number of
/// threads, and however often the run was stopped and gone on with.
///
/// # Errors
/// [`RunError`]: all settings and files are checked before anything is learnt.
pub fn run(
    config: &Config,
    device: &Device,
    manner: &Manner<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<Summary>, RunError> {
    config.check()?;
    let (profile, overrides) = config.resolve()?;
    let clock = Instant::now();
    let base = Base::open(config, device)?;
    let files = All::find(config)?;
    let sources = Sources::read(config, &profile, &base.tokenizer, &files)?;
    let given = Given::read(manner, &base)?;
    let comparisons = sources.comparisons.iter().flat_map(|set| &set.train);
    let (texts, teacher) = (&sources.demonstrations.0, teacher(config, device)?);
    let material = material(&profile.method, comparisons, &sources.feedback, texts, teacher.as_ref())?;
    let tokenizer = &base.tokenizer;
    let checks = Checks { config, profile: &profile, tokenizer, sources: &sources, material: &material };
    let stages = manner.until.remaining(manner.resume.then_some(manner.folder), manner.from);
    let notes = checks.notes(&stages)?;
    notes.iter().for_each(|note| (manner.note)(note));
    let about = about(config, &profile, &base, &sources, &given, teacher.as_ref())?;
    let session = Session::new(progress).stopped_by(manner.stop).warning(manner.warn).advising(&profile);
    let networks = Stage::ALL.into_iter().filter(|stage| {
        *stage <= manner.until && (*stage != Stage::Pretrain || config.base.fresh().is_some())
    });
    let session = session.writing(FILES.into_iter().chain(networks.map(Stage::folder)));
    let (root, tokenizer) = (manner.folder, base.tokenizer.clone());
    let session = session.keeping(root, manner.every, manner.resume, &about, tokenizer)?;
    let mut run = Run { config, profile, base, session };
    let ended = run.all(manner, Prepared { overrides, files, sources, given, material, notes, clock });
    // What a guard stopped at, and what can be gone on with, stays.
    if !matches!(ended, Ok(_) | Err(RunError::Stage(StageError::Stopped { .. }))) && !guarded(&ended) {
        run.session.abandon();
    }
    ended
}

/// The files beside those of the session.
pub(super) const FILES: [&str; 3] = ["config.toml", "summary.json", "report.html"];

/// Whether a guard ended it.
fn guarded<T>(ended: &Result<T, RunError>) -> bool {
    let Err(RunError::Stage(StageError::Train { error, .. })) = ended else { return false };
    matches!(error, TrainError::Guard(_))
}

/// All that a run has read and checked before its first step.
struct Prepared {
    overrides: Vec<Override>,
    files: All,
    sources: Sources,
    given: Given,
    material: stage::Material,
    notes: Vec<String>,
    /// Since when it was read.
    clock: Instant,
}

impl Run<'_, '_> {
    /// The stages, one after the other.
    fn all(&mut self, manner: &Manner<'_>, prepared: Prepared) -> Result<Option<Summary>, RunError> {
        let Prepared { overrides, files, mut sources, given, material, notes, clock } = prepared;
        let config = self.config;
        let (run, mut seconds) = (self, Seconds::default());
        run.session.own("config.toml")?;
        write_whole(&manner.folder.join("config.toml"), config.to_toml()?.as_bytes())?;
        if let Some(new) = config.base.fresh() {
            run.base.model = run.pretrain(new, &files.found)?;
        }
        if manner.until == Stage::Pretrain {
            return Ok(None);
        }
        let mut writer = run.base.model.clone();
        let mut tell = |phase, done, total, figure: &str| run.session.tell(phase, done, total, figure);
        let corpus = corpus(config, &files.found, &mut writer, &run.base.tokenizer, &mut tell)?;
        drop(writer);
        seconds.data = clock.elapsed().as_secs_f64();

        let clock = Instant::now();
        let mut sft = match given.sft {
            Some(sft) => sft,
            None => run.supervised(&sources.demonstrations.0, &corpus.train)?,
        };
        (seconds.sft, seconds.per_step.sft) = run.spent(Phase::Supervised, clock);
        if manner.until == Stage::Supervised {
            return Ok(None);
        }

        let clock = Instant::now();
        let mut reward = match given.reward {
            Some(reward) => reward,
            None => run.reward(&sft, &sources)?,
        };
        (seconds.reward, seconds.per_step.reward) = run.spent(Phase::Reward, clock);
        if manner.until == Stage::Reward {
            return Ok(None);
        }

        let clock = Instant::now();
        let mut policy = run.align(&sft, &mut reward, &sources, &corpus.train, &material)?;
        (seconds.ppo, seconds.per_step.ppo) = run.spent(Phase::Ppo, clock);

        let clock = Instant::now();
        run.session.tell(Phase::Evaluate, 0, 1, "");
        let failed = || RunError::at(Phase::Evaluate, 0);
        let (prompts, ends) = (&sources.held_out, run.base.tokenizer.ends());
        let reward_model = judged(&mut reward, &sources.comparisons, &sources.solutions);
        let reward_model = reward_model.map_err(|error| run.failed(Phase::Reward, prompts, error))?;
        let mut reference = sft.clone();
        let before = run.exam(prompts, &ends).sit(&mut sft, &mut reference, &mut reward);
        let before = before.map_err(|error| run.failed(Phase::Supervised, prompts, error))?;
        let after = run.exam(prompts, &ends).sit(&mut policy, &mut reference, &mut reward);
        let after = after.map_err(|error| run.failed(Phase::Ppo, prompts, error))?;
        let mut models = (&mut run.base.model, &mut sft, &mut policy);
        let unseen = &sources.demonstrations.1;
        let unseen = unseen.select(0..unseen.len().min(config.evaluation.prompts));
        let losses = losses(&mut models, &unseen, &corpus.held_out).map_err(failed())?;
        let win_rate = win_rate(&after.rewards, &before.rewards).map_err(|e| failed()(e.into()))?;
        let samples = run.samples(&sources.held_out, &before, &after);
        run.session.tell(Phase::Evaluate, 1, 1, "");
        seconds.evaluate = clock.elapsed().as_secs_f64();

        let pair = |of: fn(&Answers) -> f64| BeforeAfter { sft: of(&before), ppo: of(&after) };
        sources.data.pretraining = corpus.train.len();
        let summary = Summary {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: config.seed,
            device: run.base.model.device().to_string().into(),
            parameters: run.base.model.architecture().parameters(),
            profile: config.profile.clone(),
            method: config.method.clone(),
            settings: run.profile,
            overrides,
            data: sources.data,
            losses,
            reward_model,
            reward: pair(Answers::reward),
            win_rate,
            kl: after.kl,
            length: pair(Answers::length),
            ended: pair(Answers::ended),
            iterations: run.session.lines().iter().filter_map(Iteration::of).collect(),
            samples,
            notes,
            seconds,
            weights_sha256: policy.weights_sha256()?,
        };
        run.session.own("summary.json")?;
        run.session.own("report.html")?;
        // Last: who finds a summary finds a whole run.
        write_json(&manner.folder.join("summary.json"), &summary)?;
        crate::report::write(manner.folder, &summary.page(&Metrics::read(manner.folder)?))?;
        Ok(Some(summary))
    }
}

/// What has to be the same for a run to be gone on with.
fn about(
    config: &Config,
    profile: &Profile,
    base: &Base,
    sources: &Sources,
    given: &Given,
    teacher: Option<&Model>,
) -> Result<Value, EngineError> {
    let (demonstrations, comparisons) = (&sources.demonstrations.0, &sources.comparisons);
    let ranked = |sets: &[Set<Judged>]| {
        let rankings = sets.iter().flat_map(|set| &set.train).map(Judged::ranking);
        sum(rankings.flat_map(|r| r.texts.into_iter().chain([r.ranks])))
    };
    let mut about = json!({
        "command": "run",
        stage::READING: 2,
        "seed": config.seed,
        "device": base.model.device().to_string(),
        "profile": profile,
        "base": weights_sha256(&base.model.weights()?),
        "demonstrations": sum((0..demonstrations.len()).map(|i| demonstrations.text(i))),
        "comparisons": ranked(comparisons),
        "prompts": sum(&sources.prompts),
        "pretraining": {
            "texts": config.pretraining.texts,
            "length": config.pretraining.length,
            "of_demonstrations": config.supervised.pretraining,
        },
        "from": given.sum()?,
        "iterations": config.ppo.iterations,
        "response": config.ppo.response,
    });
    // Runs that do not have these, those of earlier versions among them, do not speak of them.
    if !sources.before.is_empty() {
        about["before"] = ranked(&sources.before).into();
    }
    if !sources.solutions.is_empty() {
        let all = || sources.solutions.iter().flat_map(|set| &set.train);
        let steps =
            |s: &Solution| s.steps().flat_map(|(end, l)| [end as u32, l.to_bits()]).collect::<Vec<_>>();
        about["solutions"] = sum(all().flat_map(|s| [s.text().to_vec(), steps(s)])).into();
    }
    let strengths = || comparisons.iter().flat_map(|set| &set.train).map(Judged::strength);
    if strengths().any(|strength| strength != [0, 1]) {
        about["margins"] = sum(strengths()).into();
    }
    if !sources.feedback.is_empty() {
        about["feedback"] = sum(sources.feedback.iter().map(Rated::ids)).into();
    }
    if let Some(teacher) = teacher {
        about["teacher"] = weights_sha256(&teacher.weights()?).into();
    }
    Ok(about)
}

/// SHA-256 of lists of ids.
fn sum(lists: impl IntoIterator<Item = impl AsRef<[u32]>>) -> String {
    let mut hash = Sha256::new();
    for list in lists {
        hash.update((list.as_ref().len() as u64).to_le_bytes());
        list.as_ref().iter().for_each(|id| hash.update(id.to_le_bytes()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What all steps share.
struct Run<'a, 's> {
    config: &'a Config,
    profile: Profile,
    base: Base,
    session: Session<'s>,
}

impl Run<'_, '_> {
    /// Seconds since and before, in all and for each step.
    fn spent(&self, phase: Phase, clock: Instant) -> (f64, f64) {
        let steps = self.session.lines().iter().filter(|line| line.phase == phase).count();
        let seconds = clock.elapsed().as_secs_f64().max(self.session.seconds(phase));
        (seconds, seconds / steps.max(1) as f64)
    }

    fn stopping<'e>(&self, ends: &'e [u32]) -> Stopping<'e> {
        Stopping { max_new_tokens: self.config.ppo.response, eos: ends, stop: &[] }
    }

    /// A new base, from the data's plain text.
    fn pretrain(&mut self, new: &NewBase, found: &[File]) -> Result<Model, RunError> {
        let texts = plain(self.config, found, &self.base.tokenizer)?;
        let settings = new.settings(&self.profile);
        Ok(stage::pretrain(&mut self.session, &self.base.model, &texts, &settings, self.config.seed)?)
    }

    /// Step 1.
    fn supervised(&mut self, demonstrations: &Examples, corpus: &Examples) -> Result<Model, RunError> {
        let Some(settings) = self.profile.supervised else { return Ok(self.base.model.clone()) };
        let mixed = (self.config.supervised.pretraining * demonstrations.len() as f64).round() as usize;
        let mut texts = demonstrations.clone();
        for i in (0..corpus.len()).cycle().take(mixed) {
            texts.push(&[], corpus.text(i)).map_err(|e| RunError::at(Phase::Supervised, 0)(e.into()))?;
        }
        Ok(stage::supervised(&mut self.session, &self.base.model, &texts, &settings, self.config.seed)?)
    }

    /// Step 2.
    fn reward(&mut self, sft: &Model, sources: &Sources) -> Result<Scorer, RunError> {
        let settings = self.profile.reward;
        let ranked = |sets: &[Set<Judged>]| -> Vec<Ranking> {
            sets.iter().flat_map(|set| &set.train).map(Judged::ranking).collect()
        };
        let (rankings, before) = (ranked(&sources.comparisons), ranked(&sources.before));
        let solutions: Vec<Solution> =
            sources.solutions.iter().flat_map(|set| set.train.iter().cloned()).collect();
        let judgements = Judgements {
            rankings: &rankings,
            solutions: &solutions,
            before: &before,
            step_end: self.step_end()?,
            answer_after: &answer_mark(&self.base.tokenizer),
        };
        let mut writer = sft.clone();
        let ends = self.base.tokenizer.ends();
        let (stopping, temperature) = (self.stopping(&ends), self.profile.temperature());
        let key = Key::new(self.config.seed, Stream::Sampling, u32::MAX - 1);
        let mut written = |count| {
            let prompts: Vec<_> = sources.prompts.iter().cycle().take(count as usize).cloned().collect();
            answered(&mut writer, &prompts, temperature, &stopping, key)
        };
        let mut scale = |member: Member| {
            stage::normalised(member, settings.normalisation, &sources.demonstrations.0, &mut written)
        };
        let seed = self.config.seed;
        Ok(stage::reward_model(&mut self.session, sft, judgements, &settings, seed, &mut scale)?)
    }

    /// The token that ends a step, where a process reward model needs one.
    fn step_end(&self) -> Result<u32, RunError> {
        match (self.profile.reward.loss, line_end(&self.base.tokenizer)) {
            (RewardLoss::Process(_), None) => {
                let reason = "a line's end ends a step, and the tokenizer has no token for it";
                Err(RunError::setting("reward.loss", reason))
            }
            (_, end) => Ok(end.unwrap_or_default()),
        }
    }

    /// Step 3, as the method says.
    fn align(
        &mut self,
        sft: &Model,
        reward: &mut Scorer,
        sources: &Sources,
        mix: &Examples,
        material: &stage::Material,
    ) -> Result<Aligned, RunError> {
        let ends = self.base.tokenizer.ends();
        let (stopping, guards) = (self.stopping(&ends), self.config.guards);
        let (prompts, iterations) = (&sources.prompts, self.config.ppo.iterations);
        let on = stage::Prompts { prompts, stopping, mix, iterations, guards };
        let nothing_more = &mut |_, _: &mut _, _: &mut _| Ok(Vec::new());
        let (session, seed) = (&mut self.session, self.config.seed);
        let from = (sft, reward);
        Ok(stage::align(session, &self.profile, from, on, material, seed, nothing_more)?)
    }

    /// A network that cannot be measured, and the phase that made it so.
    fn failed(&mut self, phase: Phase, prompts: &[Vec<u32>], error: TrainError) -> RunError {
        let last = self.session.lines().iter().rev().find(|line| line.phase == phase);
        let step = last.map_or(0, |line| line.step);
        self.session.failed(phase, step, error, prompts.iter().map(Vec::as_slice)).into()
    }

    fn exam<'t>(&self, prompts: &'t [Vec<u32>], ends: &'t [u32]) -> Exam<'t> {
        Exam {
            prompts,
            temperature: self.config.evaluation.temperature.unwrap_or(self.profile.temperature()),
            stopping: self.stopping(ends),
            key: Key::new(self.config.seed, Stream::Sampling, u32::MAX),
        }
    }

    fn samples(&self, prompts: &[Vec<u32>], before: &Answers, after: &Answers) -> Vec<Sample> {
        let tokenizer = &self.base.tokenizer;
        let answer = |answers: &Answers, i: usize| Answer {
            text: tokenizer.decode_continuation(answers.responses.response(i)),
            reward: answers.rewards[i],
        };
        let shown = self.config.evaluation.samples.min(prompts.len());
        (0..shown)
            .map(|i| Sample {
                prompt: tokenizer.decode(&prompts[i]),
                sft: answer(before, i),
                ppo: answer(after, i),
            })
            .collect()
    }
}

/// Prompts with a policy's answers.
fn answered(
    policy: &mut Model,
    prompts: &[Vec<u32>],
    temperature: f64,
    stopping: &Stopping<'_>,
    key: Key,
) -> Result<Examples, TrainError> {
    let written = write(policy, prompts, temperature, stopping, key)?;
    let mut texts = Examples::default();
    for (i, prompt) in prompts.iter().enumerate() {
        texts.push(prompt, written.response(i))?;
    }
    Ok(texts)
}

/// Of base, supervised model and policy.
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
