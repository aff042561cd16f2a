//! Episodes of a task, and how actions are chosen in them.

use super::Task;
use super::update::{Pairs, of_actions};
use rlhf_core::random::{Draws, Key, Stream};
use rlhf_core::roles::{Critic, Reference};
use rlhf_core::sampling::draw;
use rlhf_train::TrainError;

/// A step of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The token of the state.
    pub state: u32,
    /// The token of the action.
    pub action: u32,
    /// The task's reward, which no learner is shown.
    pub reward: f64,
    /// The merit gained by the step: see [`Task::merit`].
    pub progress: f64,
    /// The step's progress above the mean over all actions in this state.
    pub advantage: f64,
    /// The token of the state that it led to.
    pub next: u32,
    /// True if the episode ended by itself.
    pub ended: bool,
    /// True if it was the last step: the episode ended by itself, or had as many steps as it may.
    pub last: bool,
    /// The state and the action in words, for a person.
    pub words: String,
}

/// A task that is played, episode by episode. The starts depend on the seed alone.
#[derive(Clone, Debug)]
pub struct Track<T> {
    task: T,
    seed: u64,
    episode: u32,
    steps: usize,
    draws: Draws,
}

impl<T: Task> Track<T> {
    /// Starts before the first episode.
    pub fn new(task: T, seed: u64) -> Self {
        let draws = Key::new(seed, Stream::Sampling, 0).draws(0);
        Self { task, seed, episode: 0, steps: 0, draws }
    }

    /// The task, as it stands.
    pub fn task(&self) -> &T {
        &self.task
    }

    /// Starts the next episode.
    pub fn begin(&mut self) {
        self.task.start(&mut Key::new(self.seed, Stream::Data, self.episode).draws(0));
        self.draws = Key::new(self.seed, Stream::Sampling, self.episode).draws(0);
        self.episode += 1;
        self.steps = 0;
    }

    /// Takes an action.
    pub fn take(&mut self, action: u32) -> Step {
        let (before, state) = (self.task.merit(), self.task.token());
        let gains: Vec<f64> = (0..self.task.actions())
            .map(|other| {
                let mut ahead = self.task.clone();
                ahead.act(other);
                ahead.merit() - before
            })
            .collect();
        let words = format!("{}; {}", self.task.words(), self.task.name(action as usize));
        let happened = self.task.act(action as usize);
        self.steps += 1;
        let progress = self.task.merit() - before;
        Step {
            state,
            action,
            reward: happened.reward,
            progress,
            advantage: progress - gains.iter().sum::<f64>() / gains.len() as f64,
            next: self.task.token(),
            ended: happened.ended,
            last: happened.ended || self.steps >= self.task.longest(),
            words,
        }
    }

    fn choices(&self) -> Pairs {
        let state = self.task.token();
        Pairs::new((0..self.task.actions() as u32).map(|action| (state, action)))
    }

    /// The action of the highest value; one of them where several are.
    ///
    /// # Errors
    /// The critic's.
    pub async fn best<C: Critic<Error: 'static>>(&mut self, critic: &mut C) -> Result<u32, TrainError> {
        let values = self.choices().values(critic).await?;
        let highest = of_actions(&values).fold(f32::NEG_INFINITY, f32::max);
        let equal: Vec<u32> =
            (0..).zip(of_actions(&values)).filter(|(_, v)| *v == highest).map(|(action, _)| action).collect();
        Ok(equal.get(self.draws.below(equal.len())).copied().unwrap_or(0))
    }

    /// An action drawn from the policy, as it is within the actions.
    ///
    /// # Errors
    /// The policy's.
    pub async fn drawn<P: Reference<Error: 'static>>(&mut self, policy: &mut P) -> Result<u32, TrainError> {
        let log_probs = self.choices().log_probs(policy).await?;
        Ok(draw(&of_actions(&log_probs).collect::<Vec<_>>(), self.draws.uniform())?)
    }

    /// An action, each as likely as another.
    pub fn any(&mut self) -> u32 {
        self.draws.below(self.task.actions()) as u32
    }
}
