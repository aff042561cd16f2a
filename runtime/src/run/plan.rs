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

/// The rates of all optimizer steps of a part of the run.
struct Rates {
    highest: f64,
    sum: f64,
}

impl Rates {
    fn of(schedule: &Schedule, steps: u64) -> Self {
        let each = steps.div_ceil(MOST_SUMMED).max(1);
        let rates = || (0..steps).step_by(each as usize).map(|step| schedule.rate(step));
        Self { highest: rates().fold(0.0, f64::max), sum: rates().sum::<f64>() * each as f64 }
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
        let (config, profile, sources) = (self.config, self.profile, self.sources);
        let mut steps = Vec::new();
        let mut add = |stage, name: &str, rows, rates: Option<Rates>, optimizer_steps, seconds| {
            let moved = rates.as_ref().map(|rates| rates.sum * width as f64);
            steps.push(PlannedStep {
                stage,
                name: name.into(),
                rows,
                optimizer_steps,
                learning_rate: rates.map(|rates| rates.highest),
                seconds,
                learns: optimizer_steps > 0 && moved.is_none_or(|moved| moved >= NOTHING),
            });
        };
        let demonstrations = &sources.demonstrations.0;
        if stages.contains(&Stage::Supervised)
            && let Some(settings) = &profile.supervised
        {
            let rates =
                Rates::of(&settings.optimizer.schedule(self.supervised_steps(), 1), self.supervised_steps());
            let tokens = f64::from(settings.epochs) * tokens(demonstrations) as f64;
            let corpus = if config.pretraining.source == Source::Base { config.pretraining.texts } else { 0 };
            let seconds =
                tokens * speed.learning + (corpus * config.pretraining.length) as f64 * speed.sampling;
            add(
                Stage::Supervised,
                "supervised",
                demonstrations.len(),
                Some(rates),
                self.supervised_steps(),
                seconds,
            );
        }
        let judged = sources.comparisons.iter().flat_map(|set| &set.train);
        let compared: usize = judged.flat_map(|judged| &judged.texts).map(Vec::len).sum();
        let labeled =
            sources.solutions.iter().flat_map(|set| &set.train).map(|s| s.text().len()).sum::<usize>();
        let judged_tokens = (compared + labeled) as f64;
        let response = self.mean_response();
        if stages.contains(&Stage::Reward) {
            let (settings, total) = (&profile.reward, self.reward_steps()?);
            let passes = f64::from(settings.epochs) * f64::from(settings.members().members);
            let written = match settings.normalization {
                RewardNormalization::Ziegler2019 { samples } => f64::from(samples),
                RewardNormalization::CenterOnReference => 256.0,
                _ => 0.0,
            };
            let seconds = passes * judged_tokens * speed.learning + written * response * speed.sampling;
            let rows = sources.comparisons.iter().map(|set| set.train.len());
            let rows = rows.chain(sources.solutions.iter().map(|set| set.train.len())).sum();
            let rates = Rates::of(&settings.optimizer.schedule(total, 1), total);
            add(Stage::Reward, "reward model", rows, Some(rates), total, seconds);
        }
        if stages.contains(&Stage::Align) {
            let (each, rows, total, seconds) = match profile.method.passes() {
                Some((_, settings)) => {
                    let items = self.items();
                    let stored = match profile.method {
                        Method::Distillation(_) => tokens(demonstrations) as f64,
                        Method::Bandit(_) => items as f64 * response,
                        _ => judged_tokens,
                    };
                    // Beside the policy that learns, a reference or a teacher reads.
                    let seconds = f64::from(settings.epochs) * stored * (speed.learning + speed.reading);
                    (1, items, passes(items, settings), seconds)
                }
                None => {
                    let each = rollout(profile);
                    let total = u64::from(config.ppo.iterations).saturating_mul(each);
                    let seconds = f64::from(config.ppo.iterations) * self.rollout_seconds(response, speed);
                    (each, sources.prompts.len(), total, seconds)
                }
            };
            let answered = 2.0 * sources.held_out.len() as f64 * response * speed.sampling;
            let rates = optimizers(profile).first().map(|(_, o)| Rates::of(&o.schedule(total, each), total));
            add(Stage::Align, &config.method, rows, rates, total, seconds + answered);
        }
        Ok(steps)
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
