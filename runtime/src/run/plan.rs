//! The work of a run, counted before its first step.

use super::base::fit;
use super::checks::{Checks, examined, passes, rollout};
use super::speed::Speed;
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

/// [`examine`](super::examine), and the work of each of `stages` but pretraining, with a measurement of this device's speed that takes
/// a moment.
///
/// # Errors
/// As [`examine`](super::examine); the device's.
pub fn plan(
    config: &Config,
    device: &Device,
    stages: &[Stage],
) -> Result<(Vec<PlannedStep>, Vec<String>), RunError> {
    examined(config, |checks, config| {
        let notes = checks.notes(stages)?;
        let base = fit(config)?.0;
        let speed = Speed::measure(device, &base, checks.profile.reward.optimizer)?;
        Ok((checks.plan(stages, base.width, speed)?, notes))
    })
}

/// The counts of a step.
struct Counted {
    rows: usize,
    batch: Option<u32>,
    optimizer_steps: u64,
    schedule: Option<Schedule>,
    seconds: f64,
}

impl Counted {
    /// The step of this name, of networks of this width.
    fn named(self, stage: Stage, name: &str, width: usize) -> PlannedStep {
        let Self { rows, batch, optimizer_steps, schedule, seconds } = self;
        let each = optimizer_steps.div_ceil(MOST_SUMMED).max(1);
        let rates = |schedule: Schedule| {
            (0..optimizer_steps).step_by(each as usize).map(move |step| schedule.rate(step))
        };
        let moved = schedule.map(|schedule| rates(schedule).sum::<f64>() * each as f64 * width as f64);
        PlannedStep {
            stage,
            name: name.into(),
            rows,
            batch,
            optimizer_steps,
            learning_rate: schedule.map(|schedule| rates(schedule).fold(0.0, f64::max)),
            seconds,
            learns: optimizer_steps > 0 && moved.is_none_or(|moved| moved >= NOTHING),
        }
    }
}

impl Checks<'_> {
    /// The steps of these stages, on a base of this width and speed.
    ///
    /// # Errors
    /// Those of [`Self::notes`].
    pub(super) fn plan(
        &self,
        stages: &[Stage],
        width: usize,
        speed: Speed,
    ) -> Result<Vec<PlannedStep>, RunError> {
        let mut steps = Vec::new();
        for stage in stages {
            let (name, counted) = match stage {
                Stage::Pretrain => continue,
                Stage::Supervised => ("supervised", self.count_supervised(speed)),
                Stage::Reward => ("reward model", Some(self.count_reward(speed)?)),
                Stage::Align => (&self.config.method[..], Some(self.count_align(speed))),
            };
            steps.extend(counted.map(|counted| counted.named(*stage, name, width)));
        }
        Ok(steps)
    }

    fn count_supervised(&self, speed: Speed) -> Option<Counted> {
        let settings = self.profile.supervised?;
        let (texts, corpus) = (&self.sources.demonstrations.0, &self.config.pretraining);
        let written = if corpus.source == Source::Base { corpus.texts * corpus.length } else { 0 };
        let optimizer_steps = self.supervised_steps();
        Some(Counted {
            rows: texts.len(),
            batch: Some(settings.batch),
            optimizer_steps,
            schedule: Some(settings.optimizer.schedule(optimizer_steps, 1)),
            seconds: f64::from(settings.epochs) * tokens(texts) as f64 * speed.learning
                + written as f64 * speed.sampling,
        })
    }

    fn count_reward(&self, speed: Speed) -> Result<Counted, RunError> {
        let (settings, sources) = (&self.profile.reward, self.sources);
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
            seconds: passes * self.judged_tokens() as f64 * speed.learning
                + written * self.mean_response() * speed.sampling,
        })
    }

    fn count_align(&self, speed: Speed) -> Counted {
        let (profile, sources, response) = (self.profile, self.sources, self.mean_response());
        let optimizer = optimizers(profile).first().map(|(_, optimizer)| **optimizer);
        let answered = 2.0 * sources.held_out.len() as f64 * response * speed.sampling;
        let (rows, batch, each, optimizer_steps, seconds) = match profile.method.passes() {
            Some((_, settings)) => {
                let items = self.items();
                let stored = match profile.method {
                    Method::Distillation(_) => tokens(&sources.demonstrations.0),
                    _ => self.judged_tokens(),
                };
                // Beside the policy that learns, a reference or a teacher reads.
                let seconds = f64::from(settings.epochs) * stored as f64 * (speed.learning + speed.reading);
                (items, Some(settings.batch), 1, passes(items, settings), seconds)
            }
            None => {
                let (each, iterations) = (rollout(profile), self.config.ppo.iterations);
                let seconds = f64::from(iterations) * self.rollout_seconds(response, speed);
                (sources.prompts.len(), None, each, u64::from(iterations).saturating_mul(each), seconds)
            }
        };
        let schedule = optimizer.map(|optimizer| optimizer.schedule(optimizer_steps, each));
        Counted { rows, batch, optimizer_steps, schedule, seconds: seconds + answered }
    }

    /// The tokens of all comparisons, labels and feedback.
    fn judged_tokens(&self) -> usize {
        let compared = self.sources.comparisons.iter().flat_map(|set| &set.train);
        let compared: usize = compared.flat_map(|judged| &judged.texts).map(Vec::len).sum();
        let labeled: usize =
            self.sources.solutions.iter().flat_map(|set| &set.train).map(|s| s.text().len()).sum();
        compared + labeled + self.sources.feedback.iter().map(|row| row.ids().len()).sum::<usize>()
    }

    /// The mean length of a response, in tokens: that of the demonstrations, within the longest.
    fn mean_response(&self) -> f64 {
        let demonstrations = &self.sources.demonstrations.0;
        let mean = demonstrations.loss_tokens() as f64 / demonstrations.len().max(1) as f64;
        mean.min(self.config.ppo.response as f64)
    }

    /// Seconds of a rollout with all its optimizer steps.
    fn rollout_seconds(&self, response: f64, speed: Speed) -> f64 {
        let prompts = &self.sources.prompts;
        let prompt = prompts.iter().map(Vec::len).sum::<usize>() as f64 / prompts.len().max(1) as f64;
        let responses = self.profile.responses_per_iteration().unwrap_or(0) as f64;
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
        responses * response * speed.sampling
            + tokens * (readers * speed.reading + f64::from(epochs) * learners * speed.learning)
    }
}

fn tokens(texts: &Examples) -> usize {
    (0..texts.len()).map(|i| texts.text(i).len()).sum()
}
