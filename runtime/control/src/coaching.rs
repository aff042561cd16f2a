//! COACH, which takes what people say as an advantage: it depends on how well the learner acts already.

use super::episode::Episode;
use super::update::{Pairs, on_actions};
use super::{Judgment, Task, Teacher, Track};
use rlhf_core::loss::{Coach, traces};
use rlhf_core::roles::{Learner, Reference};
use rlhf_train::TrainError;

/// The settings of COACH.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoachingSettings {
    /// λ: the share of a judgment that falls to the action before.
    pub lambda: f64,
    /// The number of steps after which a judgment is expected.
    pub delay: usize,
    /// The length of a step in seconds, as the teacher sees it.
    pub seconds: f64,
    /// The learner's learning rate, per judged episode.
    pub learning_rate: f64,
}

impl CoachingSettings {
    /// Settings for judgments of the step that has just ended.
    pub const DEFAULT: Self = Self { lambda: 0.0, delay: 0, seconds: 0.3, learning_rate: 1.0 };
}

/// COACH (MacGlashan et al., arXiv:1701.06049) with the policy at rest for an episode: acts by the policy,
/// and steps along the gradient of the episode's feedback.
#[derive(Clone, Debug)]
pub struct Coaching<T> {
    track: Track<T>,
    settings: CoachingSettings,
}

impl<T: Task> Coaching<T> {
    /// Starts before the first episode.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(task: T, settings: CoachingSettings, seed: u64) -> Result<Self, TrainError> {
        traces::<f32>(&[], settings.lambda, settings.delay, &mut [])?;
        Ok(Self { track: Track::new(task, seed), settings })
    }

    /// Plays an episode and learns from its judgments.
    ///
    /// # Errors
    /// The learner's and the teacher's.
    pub async fn step<L>(&mut self, learner: &mut L, teacher: &mut dyn Teacher) -> Result<Episode, TrainError>
    where
        L: Reference<Error: 'static> + Learner<Error: 'static>,
    {
        self.track.begin();
        let (mut steps, mut feedback) = (Vec::new(), Vec::<f32>::new());
        let mut episode = Episode::default();
        loop {
            let action = self.track.drawn(learner).await?;
            let step = self.track.take(action);
            steps.push((step.state, step.action));
            episode.add_step(step.reward);
            if let Some(Judgment { value, after }) =
                teacher.judge(&step).map_err(TrainError::role("teacher"))?
            {
                episode.answers += 1;
                let heard = steps.len() - 1 + (after / self.settings.seconds).round() as usize;
                feedback.resize(feedback.len().max(heard + 1), 0.0);
                feedback[heard] += value;
            }
            if step.last {
                break;
            }
        }
        if episode.answers > 0 {
            self.learn(learner, steps, feedback).await?;
        }
        Ok(episode)
    }

    async fn learn<L: Learner<Error: 'static>>(
        &self,
        learner: &mut L,
        steps: Vec<(u32, u32)>,
        mut feedback: Vec<f32>,
    ) -> Result<(), TrainError> {
        // What is said after the end is about the last steps, too.
        feedback.resize(feedback.len().max(steps.len() + self.settings.delay), 0.0);
        let mut weights = vec![0.0; feedback.len()];
        traces(&feedback, self.settings.lambda, self.settings.delay, &mut weights)?;
        let weights = on_actions(weights.into_iter().take(steps.len()));
        let mut objective = Coach::new(&weights, 1.0)?;
        Pairs::new(steps).learn(learner, &mut objective, self.settings.learning_rate).await?;
        Ok(())
    }
}
