//! The work of a run, counted before its first step.

use super::base::{fit, tokenizer};
use super::checks::{Checks, LearnedData, passes, rollout};
use super::files::All;
use super::material::material;
use super::pretraining::{CorpusSize, Texts};
use super::recipe::with_recipe;
use super::sources::Sources;
use super::speed::{Speed, Work};
use super::{RunError, Stage};
use crate::config::{Config, Source};
use crate::engine::Device;
use crate::stage::optimizers;
use rlhf_core::optim::Schedule;
use rlhf_train::Examples;
use rlhf_train::profile::{Method, RewardNormalization};
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

/// A step of the optimizer moves each weight by about its rate at most, and so an output of the network by that times
/// the network's width. Where all steps together move it by less than this, the network stays as it was.
const NOTHING: f64 = 0.05;

/// Optimizer steps whose rates are summed one by one.
const MOST_SUMMED: u64 = 1 << 20;

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
    let data = LearnedData { plain: plain.as_ref(), sources, material };
    let checks = Checks { config, profile, base, tokenizer, data };
    let steps = checks.steps(stages)?;
    let notes = checks.notes(stages, &steps)?;
    let speed = Speed::measure(device, base, profile.reward.optimizer)?;
    Ok((steps.iter().map(|step| step.planned(&speed)).collect(), notes))
}

/// A step, counted.
pub(super) struct CountedStep {
    pub stage: Stage,
    name: String,
    rows: usize,
    batch: Option<u32>,
    pub optimizer_steps: u64,
    /// The highest rate, and the sum of all.
    rates: Option<(f64, f64)>,
    /// The width of the network.
    width: usize,
    work: Work,
}

impl CountedStep {
    fn planned(&self, speed: &Speed) -> PlannedStep {
        PlannedStep {
            stage: self.stage,
            name: self.name.clone(),
            rows: self.rows,
            batch: self.batch,
            optimizer_steps: self.optimizer_steps,
            learning_rate: self.rates.map(|(highest, _)| highest),
            seconds: speed.seconds(&self.work),
            learns: self.learns(),
        }
    }

    fn learns(&self) -> bool {
        let moved = self.rates.is_none_or(|(_, sum)| sum * self.width as f64 >= NOTHING);
        self.optimizer_steps > 0 && moved
    }

    /// The note that nothing will be learned, where that is so.
    pub fn idle(&self) -> Option<String> {
        let (name, steps) = (&self.name, self.optimizer_steps);
        let why = match self.rates {
            _ if steps == 0 => "it has no optimizer step".into(),
            Some((highest, _)) => format!(
                "{steps} optimizer steps at {highest:.1e} at most leave this network as it was; raise the learning \
                 rate, take more passes or smaller batches, or leave `profile` to the base's size"
            ),
            None => return None,
        };
        (!self.learns()).then(|| format!("nothing will be learnt in `{name}`: {why}"))
    }
}

/// The counts of a step.
struct Counted {
    rows: usize,
    batch: Option<u32>,
    optimizer_steps: u64,
    schedule: Option<Schedule>,
    work: Work,
}

impl Counted {
    /// The highest rate, and the sum of all.
    fn rates(&self) -> Option<(f64, f64)> {
        let (schedule, each) = (self.schedule?, self.optimizer_steps.div_ceil(MOST_SUMMED).max(1));
        let rates = (0..self.optimizer_steps).step_by(each as usize).map(|step| schedule.rate(step));
        let (highest, sum) =
            rates.fold((0.0, 0.0), |(highest, sum), rate| (f64::max(highest, rate), sum + rate));
        Some((highest, sum * each as f64))
    }
}

impl Checks<'_> {
    /// The steps of these stages.
    ///
    /// # Errors
    /// [`RunError::Unlearnable`] where one of them would learn nothing of its data.
    pub(super) fn steps(&self, stages: &[Stage]) -> Result<Vec<CountedStep>, RunError> {
        let mut steps = Vec::new();
        for stage in stages {
            let (name, counted) = match stage {
                Stage::Pretrain => ("pretraining", self.count_pretraining()),
                Stage::Supervised => ("supervised", self.count_supervised()),
                Stage::Reward => ("reward model", Some(self.count_reward()?)),
                Stage::Align => (&self.config.method[..], Some(self.count_align())),
            };
            steps.extend(counted.map(|counted| CountedStep {
                stage: *stage,
                name: name.into(),
                rows: counted.rows,
                batch: counted.batch,
                optimizer_steps: counted.optimizer_steps,
                rates: counted.rates(),
                width: self.base.width,
                work: counted.work,
            }));
        }
        Ok(steps)
    }

    fn count_pretraining(&self) -> Option<Counted> {
        let (texts, new) = (self.data.plain?, self.config.base.fresh()?);
        let settings = new.settings(self.profile);
        let optimizer_steps = passes(texts.len(), &settings);
        Some(Counted {
            rows: texts.len(),
            batch: Some(settings.batch),
            optimizer_steps,
            schedule: Some(settings.optimizer.schedule(optimizer_steps, 1)),
            work: Work { learned: f64::from(settings.epochs) * tokens(texts) as f64, ..Work::default() },
        })
    }

    fn count_supervised(&self) -> Option<Counted> {
        let settings = self.profile.supervised?;
        let (texts, corpus) = (&self.data.sources.demonstrations.0, &self.config.pretraining);
        let size = CorpusSize::new(self.config, self.profile, Stage::Align);
        let written = if corpus.source == Source::Base { size.total() * corpus.length } else { 0 };
        let optimizer_steps = self.supervised_steps();
        Some(Counted {
            rows: texts.len(),
            batch: Some(settings.batch),
            optimizer_steps,
            schedule: Some(settings.optimizer.schedule(optimizer_steps, 1)),
            work: Work {
                learned: f64::from(settings.epochs) * tokens(texts) as f64,
                sampled: written as f64,
                ..Work::default()
            },
        })
    }

    fn count_reward(&self) -> Result<Counted, RunError> {
        let (settings, sources) = (&self.profile.reward, self.data.sources);
        let compared = sources.comparisons.iter().map(|set| set.train.len());
        let labeled = sources.solutions.iter().map(|set| set.train.len());
        let passes = f64::from(settings.epochs) * f64::from(settings.members().members);
        let written = match settings.normalization {
            RewardNormalization::Ziegler2019 { samples } => f64::from(samples),
            RewardNormalization::CenterOnReference => 256.0,
            _ => 0.0,
        };
        let optimizer_steps = self.reward_steps()?;
        Ok(Counted {
            rows: compared.chain(labeled).sum(),
            batch: settings.batch,
            optimizer_steps,
            schedule: Some(settings.optimizer.schedule(optimizer_steps, 1)),
            work: Work {
                learned: passes * self.judged_tokens() as f64,
                sampled: written * self.mean_response(),
                ..Work::default()
            },
        })
    }

    fn count_align(&self) -> Counted {
        let (profile, sources, response) = (self.profile, self.data.sources, self.mean_response());
        let optimizer = optimizers(profile).first().map(|(_, optimizer)| **optimizer);
        let (rows, batch, each, optimizer_steps, mut work) = match profile.method.passes() {
            Some((_, settings)) => {
                let items = self.items();
                let stored = match profile.method {
                    Method::Distillation(_) => tokens(&sources.demonstrations.0),
                    _ => self.judged_tokens(),
                };
                // Beside the policy that learns, a reference or a teacher reads.
                let all = f64::from(settings.epochs) * stored as f64;
                let work = Work { learned: all, read: all, sampled: 0.0 };
                (items, Some(settings.batch), 1, passes(items, settings), work)
            }
            None => {
                let (each, iterations) = (rollout(profile), self.config.ppo.iterations);
                let work = self.rollout_work(response, f64::from(iterations));
                (sources.prompts.len(), None, each, u64::from(iterations).saturating_mul(each), work)
            }
        };
        let schedule = optimizer.map(|optimizer| optimizer.schedule(optimizer_steps, each));
        // Both models answer the held-out prompts.
        work.sampled += 2.0 * sources.held_out.len() as f64 * response;
        Counted { rows, batch, optimizer_steps, schedule, work }
    }

    /// The tokens of all comparisons, labels and feedback.
    fn judged_tokens(&self) -> usize {
        let compared = self.data.sources.comparisons.iter().flat_map(|set| &set.train);
        let compared: usize = compared.flat_map(|judged| &judged.texts).map(Vec::len).sum();
        let labeled: usize =
            self.data.sources.solutions.iter().flat_map(|set| &set.train).map(|s| s.text().len()).sum();
        compared + labeled + self.data.sources.feedback.iter().map(|row| row.ids().len()).sum::<usize>()
    }

    /// The mean length of a response, in tokens: that of the demonstrations, within the longest.
    fn mean_response(&self) -> f64 {
        let demonstrations = &self.data.sources.demonstrations.0;
        let mean = demonstrations.loss_tokens() as f64 / demonstrations.len().max(1) as f64;
        mean.min(self.config.ppo.response as f64)
    }

    /// The work of so many rollouts with all their optimizer steps.
    fn rollout_work(&self, response: f64, rollouts: f64) -> Work {
        let prompts = &self.data.sources.prompts;
        let prompt = prompts.iter().map(Vec::len).sum::<usize>() as f64 / prompts.len().max(1) as f64;
        let responses = rollouts * self.profile.responses_per_iteration().unwrap_or(0) as f64;
        let tokens = responses * (prompt + response);
        // The reference and the reward model read; so does the critic, and it learns as the policy does.
        let critic = matches!(self.profile.method, Method::Ppo | Method::Nlpo(_));
        let (readers, learners) = if critic { (3.0, 2.0) } else { (2.0, 1.0) };
        let epochs = match &self.profile.method {
            Method::OnPolicy(s) => s.passes.epochs,
            Method::Online(s) => s.passes.epochs,
            Method::ExpertIteration(s) => s.passes.epochs,
            Method::Trpo(s) => s.step.iterations as u32,
            _ => self.profile.ppo.epochs,
        };
        let learned = f64::from(epochs) * learners * tokens;
        Work { learned, read: readers * tokens, sampled: responses * response }
    }
}

fn tokens(texts: &Examples) -> usize {
    (0..texts.len()).map(|i| texts.text(i).len()).sum()
}
