//! The steps of a run, counted before the first is done.

use super::pretraining::CorpusSize;
use super::rewards::AnswerVotes;
use super::sources::Sources;
use super::speed::Work;
use super::{RunError, Stage};
use crate::config::{Config, Source};
use crate::record::Phase;
use crate::stage::{TrainingData, optimizers};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::optim::Schedule;
use rlhf_data::Vote;
use rlhf_train::profile::{Method, Passes, Profile, RewardNormalization};
use rlhf_train::{Examples, Ranking, TrainError};

/// The data and settings of a run.
pub(super) struct Inputs<'a> {
    pub config: &'a Config,
    pub profile: &'a Profile,
    /// The network that learns.
    pub base: &'a Architecture,
    pub tokenizer: &'a AnyTokenizer,
    /// The texts of a new base.
    pub plain: Option<&'a Examples>,
    pub sources: &'a Sources,
    /// The data of step 3's method, made of the sources.
    pub material: &'a TrainingData,
}

/// A step of the optimizer moves each weight by about its rate at most, and so an output of the network by that times
/// the network's width. Where all steps together move it by less than this, the network stays as it was.
const NOTHING: f64 = 0.05;

/// Optimizer steps whose rates are summed one by one.
const MOST_SUMMED: u64 = 1 << 20;

/// A step, counted.
pub(super) struct CountedStep {
    pub stage: Stage,
    /// Its name: the method's, of step 3.
    pub name: String,
    pub rows: usize,
    /// The rows of an optimizer step, where it passes over stored rows.
    pub batch: Option<u32>,
    pub optimizer_steps: u64,
    /// The highest rate, and the sum of all; `None` for a method without rates.
    pub rates: Option<(f64, f64)>,
    /// The width of the network.
    width: usize,
    pub work: Work,
}

impl CountedStep {
    /// Returns whether anything is learned: whether its rates and steps are enough.
    pub fn learns(&self) -> bool {
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

impl Inputs<'_> {
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
        let (texts, new) = (self.plain?, self.config.base.fresh()?);
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
        let (texts, corpus) = (&self.sources.demonstrations.0, &self.config.pretraining);
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
            work: Work {
                learned: passes * self.judged_tokens() as f64,
                sampled: written * self.mean_response(),
                ..Work::default()
            },
        })
    }

    fn count_align(&self) -> Counted {
        let (profile, sources, response) = (self.profile, self.sources, self.mean_response());
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

    /// The work of so many rollouts with all their optimizer steps.
    fn rollout_work(&self, response: f64, rollouts: f64) -> Work {
        let prompts = &self.sources.prompts;
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

    /// The optimizer steps of step 1.
    pub(super) fn supervised_steps(&self) -> u64 {
        let demonstrations = self.sources.demonstrations.0.len();
        let mixed = self.config.supervised.pretraining * demonstrations as f64;
        let mixed = if self.config.pretraining.texts > 0 { mixed.round() as usize } else { 0 };
        self.profile.supervised.map_or(0, |settings| passes(demonstrations + mixed, &settings))
    }

    /// The optimizer steps of step 2.
    ///
    /// # Errors
    /// [`RunError::Unlearnable`] where it would learn nothing of its data.
    pub(super) fn reward_steps(&self) -> Result<u64, RunError> {
        let (settings, sources) = (&self.profile.reward, self.sources);
        let what = || "step 2, the reward model".to_string();
        let nothing = |reason: String| Err(RunError::Unlearnable { what: what(), reason });
        let solutions: Vec<_> = sources.solutions.iter().flat_map(|set| set.train.iter().cloned()).collect();
        if let Some(label) = same(solutions.iter().flat_map(|s| s.steps().map(|(_, label)| label))) {
            return nothing(format!("all labels are {label}: want right and wrong ones"));
        }
        let train = || sources.comparisons.iter().flat_map(|set| &set.train);
        let rankings: Vec<Ranking> = train().map(AnswerVotes::ranking).collect();
        let trainer = if settings.loss.labels() {
            rlhf_train::RewardModel::labeled(&solutions, settings, 0)
        } else {
            rlhf_train::RewardModel::new(&rankings, settings, 0)
        };
        match trainer {
            Err(TrainError::Nothing { .. }) => nothing(undecided(train())),
            Err(error) => Err(RunError::at(Phase::Reward, 0)(error)),
            Ok(trainer) => Ok(trainer.total()),
        }
    }

    /// The stored items that step 3 learns from; 0 where it makes rollouts.
    pub(super) fn items(&self) -> usize {
        let material = self.material;
        match &self.profile.method {
            Method::Preference(_) => material.pairs.len(),
            Method::Kto(_) => material.labeled.len(),
            Method::Ilql(_) => material.rewarded.len(),
            Method::Bandit(_) => material.logged.len(),
            Method::Distillation(_) => material.texts.len(),
            _ => 0,
        }
    }
}

/// The optimizer steps of a rollout, where step 3 makes some.
pub(super) fn rollout(profile: &Profile) -> u64 {
    match &profile.method {
        Method::OnPolicy(s) => s.passes.steps_per_iteration(),
        Method::Online(s) => s.passes.steps_per_iteration(),
        Method::ExpertIteration(s) => s.passes.steps_per_iteration(),
        Method::Trpo(_) => 1,
        _ => profile.ppo.steps_per_iteration(),
    }
}

/// The optimizer steps of passes over some items.
pub(super) fn passes(items: usize, passes: &Passes) -> u64 {
    items.div_ceil(passes.batch.max(1) as usize) as u64 * u64::from(passes.epochs)
}

/// The one value that all have; `None` where there are several, or none.
pub(super) fn same(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values = values;
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The reason why there is no order to learn.
pub(super) fn undecided<'a>(judged: impl Iterator<Item = &'a AnswerVotes>) -> String {
    let (mut prompts, mut ties, mut votes) = (0usize, 0usize, 0usize);
    for judged in judged {
        prompts += 1;
        votes += judged.votes.len();
        ties += judged.votes.iter().filter(|vote| !matches!(vote, Vote::Prefers { .. })).count();
    }
    format!(
        "there is no decided vote to learn from: of {votes} votes on {prompts} prompts {ties} are ties, and the \
         others, if any, cancel out"
    )
}

fn tokens(texts: &Examples) -> usize {
    (0..texts.len()).map(|i| texts.text(i).len()).sum()
}
