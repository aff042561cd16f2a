//! A whole experiment: a task, a method, a teacher, tables that learn, and what came of it.

use super::{
    CartPole, Coaching, CoachingSettings, Episode, Grid, HumanReward, HumanRewardSettings, MountainCar,
    Preferences, PreferencesSettings, Students, Table, Task, Teacher, Track,
};
use rlhf_core::advantage::Delay;
use rlhf_train::{TrainError, now};

/// The tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// [`Grid`].
    Grid,
    /// [`CartPole`].
    CartPole,
    /// [`MountainCar`].
    MountainCar,
}

/// The methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// TAMER.
    Tamer,
    /// Deep TAMER.
    DeepTamer,
    /// COACH.
    Coach,
    /// Preferences between clips.
    Preferences,
}

impl Tasks {
    /// All tasks.
    pub const ALL: [Self; 3] = [Self::Grid, Self::CartPole, Self::MountainCar];

    /// The task's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::CartPole => "cart-pole",
            Self::MountainCar => "mountain-car",
        }
    }
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 4] = [Self::Tamer, Self::DeepTamer, Self::Coach, Self::Preferences];

    /// The method's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tamer => "tamer",
            Self::DeepTamer => "deep-tamer",
            Self::Coach => "coach",
            Self::Preferences => "preferences",
        }
    }
}

/// The settings of an experiment: a task, a method and how long it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Experiment {
    /// The task.
    pub task: Tasks,
    /// The method.
    pub method: Method,
    /// The seed of every random draw.
    pub seed: u64,
    /// Episodes to learn in.
    pub episodes: usize,
    /// Episodes that measure, before and after.
    pub trials: usize,
    /// The delay with which the teacher is expected to judge a step.
    pub delay: Delay,
    /// The settings of TAMER and Deep TAMER, but for the delay, which is [`Self::delay`].
    pub human_reward: HumanRewardSettings,
    /// The settings of COACH, whose delay is the expected one to the nearest step.
    pub coaching: CoachingSettings,
    /// The settings of learning from preferences.
    pub preferences: PreferencesSettings,
}

/// The results of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Scores of episodes by actions at random.
    pub before: Vec<f64>,
    /// The episodes that were learnt in.
    pub during: Vec<Episode>,
    /// Scores of episodes by what was learnt, with nobody watching.
    pub after: Vec<f64>,
}

impl Outcome {
    /// The mean score by actions at random.
    pub fn mean_before(&self) -> f64 {
        mean(&self.before)
    }

    /// The mean score by what was learnt.
    pub fn mean_after(&self) -> f64 {
        mean(&self.after)
    }

    /// The number of judgments that the teacher gave.
    pub fn answers(&self) -> u64 {
        self.during.iter().map(|episode| episode.answers).sum()
    }

    /// Returns mean scores over blocks of neighboring episodes, each with the number of its last.
    pub fn curve(&self, blocks: usize) -> Vec<(usize, f64)> {
        let size = self.during.len().div_ceil(blocks.max(1)).max(1);
        let block = |(i, block): (usize, &[Episode])| {
            let scores: Vec<f64> = block.iter().map(|episode| episode.score).collect();
            (i * size + block.len(), mean(&scores))
        };
        self.during.chunks(size).enumerate().map(block).collect()
    }
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

impl Experiment {
    /// Creates an experiment with settings that suit the task.
    pub fn new(task: Tasks, method: Method, seed: u64) -> Self {
        let clip = if task == Tasks::Grid { 8 } else { 25 };
        let preferences = PreferencesSettings { clip, ..PreferencesSettings::DEFAULT };
        let human_reward = match method {
            Method::DeepTamer => HumanRewardSettings::DEEP,
            _ => HumanRewardSettings::TAMER,
        };
        let episodes = match (task, method) {
            (_, Method::Preferences) => 400,
            (Tasks::Grid, _) => 100,
            _ => 200,
        };
        let coaching = CoachingSettings::DEFAULT;
        let delay = Delay::None;
        Self { task, method, seed, episodes, trials: 50, delay, human_reward, coaching, preferences }
    }

    /// The length of a step in seconds, as the teacher sees it.
    pub fn seconds(&self) -> f64 {
        if self.method == Method::Coach { self.coaching.seconds } else { self.human_reward.seconds }
    }

    /// Learns from a teacher; `on_episode` receives each episode as it ends.
    ///
    /// # Errors
    /// [`TrainError::Core`] names a setting that is out of range; the teacher's.
    pub fn learn(
        &self,
        teacher: &mut dyn Teacher,
        on_episode: &mut dyn FnMut(&Episode),
    ) -> Result<Outcome, TrainError> {
        self.delay.validate()?;
        match self.task {
            Tasks::Grid => now(self.on(Grid::default(), teacher, on_episode)),
            Tasks::CartPole => now(self.on(CartPole::default(), teacher, on_episode)),
            Tasks::MountainCar => now(self.on(MountainCar::default(), teacher, on_episode)),
        }
    }

    async fn on<T: Task>(
        &self,
        task: T,
        teacher: &mut dyn Teacher,
        on_episode: &mut dyn FnMut(&Episode),
    ) -> Result<Outcome, TrainError> {
        let mut table = Table::new(task.actions(), task.states());
        let mut outcome = Outcome::default();
        let mut tell = |episode: Episode| {
            on_episode(&episode);
            outcome.during.push(episode);
        };
        match self.method {
            Method::Tamer | Method::DeepTamer => {
                let settings = HumanRewardSettings { delay: self.delay, ..self.human_reward };
                let mut trainer = HumanReward::new(task.clone(), settings, self.seed)?;
                for _ in 0..self.episodes {
                    tell(trainer.step(&mut table, teacher).await?);
                }
            }
            Method::Coach => {
                let late = self.delay.quantile(0.5) / self.coaching.seconds;
                let settings = CoachingSettings { delay: late.round() as usize, ..self.coaching };
                let mut trainer = Coaching::new(task.clone(), settings, self.seed)?;
                for _ in 0..self.episodes {
                    tell(trainer.step(&mut table, teacher).await?);
                }
            }
            Method::Preferences => {
                let mut critic = table.clone();
                let mut rewards = [table.clone(), table.clone(), table.clone()];
                let mut students =
                    Students { policy: &mut table, critic: &mut critic, rewards: &mut rewards };
                let mut trainer = Preferences::new(task.clone(), self.preferences, self.seed)?;
                for _ in 0..self.episodes.div_ceil(self.preferences.episodes) {
                    trainer.step(&mut students, teacher).await?.episodes.into_iter().for_each(&mut tell);
                }
            }
        }
        outcome.before = self.measure(&task, None).await?;
        outcome.after = self.measure(&task, Some(&mut table)).await?;
        Ok(outcome)
    }

    /// Scores of episodes that nobody has learnt in, by a table or at random.
    async fn measure<T: Task>(
        &self,
        task: &T,
        mut table: Option<&mut Table>,
    ) -> Result<Vec<f64>, TrainError> {
        // Other starts than those learnt from.
        let mut track = Track::new(task.clone(), !self.seed);
        let mut scores = Vec::new();
        for _ in 0..self.trials {
            let mut score = 0.0;
            track.begin();
            loop {
                let action = match (&mut table, self.method) {
                    (None, _) => track.any(),
                    (Some(table), Method::Tamer | Method::DeepTamer) => track.best(*table).await?,
                    (Some(table), _) => track.drawn(*table).await?,
                };
                let step = track.take(action);
                score += step.reward;
                if step.last {
                    break;
                }
            }
            scores.push(score);
        }
        Ok(scores)
    }
}
