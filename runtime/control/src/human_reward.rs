//! TAMER and Deep TAMER: the value of an action is the human reward that it is expected to earn.

use super::episode::Episode;
use super::update::{Pairs, on_actions};
use super::{Judgment, Task, Teacher, Track};
use rlhf_core::advantage::Delay;
use rlhf_core::loss::{DeepTamer, Tamer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Critic, Learner};
use rlhf_train::TrainError;

/// Deep TAMER's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replay {
    /// Learns from memory after so many steps.
    pub every: usize,
    /// The number of judged steps that an update draws from the memory.
    pub batch: usize,
}

/// The settings of TAMER and Deep TAMER.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HumanRewardSettings {
    /// The delay with which people are expected to judge a step.
    pub delay: Delay,
    /// The length of a step in seconds, as the teacher sees it.
    pub seconds: f64,
    /// The learner's learning rate.
    pub learning_rate: f64,
    /// The memory that makes it Deep TAMER; TAMER has none.
    pub replay: Option<Replay>,
}

impl HumanRewardSettings {
    /// TAMER, for judgments of the step that has just ended.
    pub const TAMER: Self = Self { delay: Delay::None, seconds: 0.3, learning_rate: 0.3, replay: None };
    /// Deep TAMER, which learns again from memory.
    pub const DEEP: Self = Self { replay: Some(Replay { every: 10, batch: 16 }), ..Self::TAMER };

    /// Steps that a judgment may reach back: all but a thousandth of its probability.
    fn window(&self) -> usize {
        (self.delay.quantile(0.999) / self.seconds) as usize + 2
    }
}

/// A judged step: state and action, the judgment, and the probability that it is about this step.
type Judged = ((u32, u32), f32, f32);

/// TAMER (Knox and Stone, K-CAP 2009), or Deep TAMER (Warnell et al., arXiv:1709.10163): acts by the
/// highest predicted human reward, and learns it from every judgment as it comes.
#[derive(Clone, Debug)]
pub struct HumanReward<T> {
    track: Track<T>,
    settings: HumanRewardSettings,
    memory: Vec<Judged>,
    key: Key,
    drawn: u32,
}

impl<T: Task> HumanReward<T> {
    /// Starts before the first episode.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(task: T, settings: HumanRewardSettings, seed: u64) -> Result<Self, TrainError> {
        settings.delay.credits(settings.seconds, settings.seconds, &mut [0.0f32])?;
        let key = Key::new(seed, Stream::Shuffle, 0);
        Ok(Self { track: Track::new(task, seed), settings, memory: Vec::new(), key, drawn: 0 })
    }

    /// Plays and learns an episode.
    ///
    /// # Errors
    /// The learner's and the teacher's.
    pub async fn step<L>(&mut self, learner: &mut L, teacher: &mut dyn Teacher) -> Result<Episode, TrainError>
    where
        L: Critic<Error: 'static> + Learner<Error: 'static>,
    {
        self.track.begin();
        let (mut history, mut feedback, mut episode) = (Vec::new(), Vec::new(), Episode::default());
        loop {
            let action = self.track.best(learner).await?;
            let step = self.track.take(action);
            history.push((step.state, step.action));
            episode.add_step(step.reward);
            let now = history.len() as f64 * self.settings.seconds;
            if let Some(Judgment { value, after }) =
                teacher.judge(&step).map_err(TrainError::role("teacher"))?
            {
                episode.answers += 1;
                feedback.push((now + after, value));
            }
            // What is said after the end is heard, too.
            let heard = if step.last { f64::INFINITY } else { now };
            feedback.sort_by(|a, b| a.0.total_cmp(&b.0));
            let ready = feedback.iter().take_while(|(when, _)| *when <= heard).count();
            for (when, value) in feedback.drain(..ready) {
                let began = (history.len() - 1) as f64 * self.settings.seconds;
                self.hear(learner, &history, when - began, value).await?;
            }
            self.remember(learner, history.len()).await?;
            if step.last {
                return Ok(episode);
            }
        }
    }

    /// Learns from a judgment, `since` seconds after the newest step began.
    async fn hear<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
        history: &[(u32, u32)],
        since: f64,
        value: f32,
    ) -> Result<(), TrainError> {
        let HumanRewardSettings { delay, seconds, learning_rate, replay } = self.settings;
        let newest = history.iter().rev().take(self.settings.window());
        let mut credits = vec![0.0f32; newest.len()];
        delay.credits(seconds, since, &mut credits)?;
        let judged: Vec<Judged> =
            newest.zip(credits).map(|(&step, c)| (step, value, c)).filter(|j| j.2 > 0.0).collect();
        if judged.is_empty() {
            return Ok(());
        }
        if replay.is_some() {
            self.regress(learner, &judged).await?;
            self.memory.extend(judged);
            return Ok(());
        }
        let pairs = Pairs::new(judged.iter().map(|j| j.0));
        let credits = on_actions(judged.iter().map(|j| j.2));
        let (ends, feedback) = ([credits.len()], [value]);
        let mut objective = Tamer::new(&credits, &ends, &feedback, 1.0)?;
        pairs.learn(learner, &mut objective, learning_rate).await?;
        Ok(())
    }

    /// Takes Deep TAMER's step on judged steps.
    async fn regress<L: Learner<Error: 'static>>(
        &self,
        learner: &mut L,
        judged: &[Judged],
    ) -> Result<(), TrainError> {
        let weights = on_actions(judged.iter().map(|j| j.2));
        let feedback = on_actions(judged.iter().map(|j| j.1));
        let mut objective = DeepTamer::new(&weights, &feedback, 1.0)?;
        let pairs = Pairs::new(judged.iter().map(|j| j.0));
        pairs.learn(learner, &mut objective, self.settings.learning_rate).await?;
        Ok(())
    }

    /// Learns from memory where it is time to.
    async fn remember<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
        steps: usize,
    ) -> Result<(), TrainError> {
        let Some(Replay { every, batch }) = self.settings.replay else { return Ok(()) };
        if self.memory.is_empty() || !steps.is_multiple_of(every.max(1)) {
            return Ok(());
        }
        let mut draws = self.key.draws(self.drawn);
        self.drawn = self.drawn.wrapping_add(1);
        let picked: Vec<Judged> = (0..batch).map(|_| *draws.pick(&self.memory)).collect();
        self.regress(learner, &picked).await
    }
}
