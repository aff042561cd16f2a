//! Rewards from preferences between clips of behavior, and a policy that learns from them by PPO.

use super::episode::Episode;
use super::update::{Pairs, of_actions, of_states, on_actions};
use super::{Step, Task, Teacher, Track};
use core::ops::Range;
use rlhf_core::advantage::{Variance, Whitening, gae, returns, whiten};
use rlhf_core::loss::{
    Comparisons, PolicyClip, PpoPolicy, PpoValue, SegmentPreferences, disagreement, segment_preference,
};
use rlhf_core::random::{Key, Stream};
use rlhf_core::rewards::RewardScale;
use rlhf_core::roles::{Critic, Learner, Reference};
use rlhf_train::TrainError;

/// The settings of learning from preferences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreferencesSettings {
    /// Episodes that a round plays.
    pub episodes: usize,
    /// Steps of a clip; shorter where its episode ends.
    pub clip: usize,
    /// Pairs of clips that a round asks about.
    pub queries: usize,
    /// Pairs that it picks them from: those that the ensemble disagrees on most.
    pub candidates: usize,
    /// The share of answers that is taken to be given at random.
    pub noise: f64,
    /// The number of learning steps of each ensemble member in a round.
    pub reward_steps: usize,
    /// Pairs of each, drawn with replacement.
    pub reward_batch: usize,
    /// The members' learning rate.
    pub reward_rate: f64,
    /// The rate at which later rewards count less.
    pub gamma: f64,
    /// GAE's λ.
    pub lambda: f64,
    /// PPO's passes over a round.
    pub epochs: usize,
    /// The entropy bonus, per nat.
    pub entropy: f64,
    /// The policy's learning rate.
    pub policy_rate: f64,
    /// The critic's learning rate.
    pub critic_rate: f64,
}

impl PreferencesSettings {
    /// Settings for tables, ours but for the clip noise, which is the paper's.
    pub const DEFAULT: Self = Self {
        episodes: 10,
        clip: 8,
        queries: 20,
        candidates: 100,
        noise: 0.1,
        reward_steps: 100,
        reward_batch: 16,
        reward_rate: 2.0,
        gamma: 0.9,
        lambda: 0.9,
        epochs: 8,
        entropy: 0.01,
        policy_rate: 20.0,
        critic_rate: 2.0,
    };
}

/// The networks that learn: a policy, its critic, and an ensemble that predicts rewards.
#[derive(Debug)]
pub struct Students<'a, P, C, R> {
    /// The policy, which acts.
    pub policy: &'a mut P,
    /// Values states.
    pub critic: &'a mut C,
    /// The ensemble, which predicts the reward of each action.
    pub rewards: &'a mut [R],
}

/// The results of a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Its episodes; the answers are counted in the first.
    pub episodes: Vec<Episode>,
    /// The answers learnt from, over all members.
    pub compared: Comparisons,
}

/// A pair of clips, and the weight on the first.
type Answer = ([Vec<(u32, u32)>; 2], f32);

/// Learning from human preferences (Christiano et al., arXiv:1706.03741): play, ask about the pairs of
/// clips on which the ensemble disagrees, learn rewards from the answers so far, learn to act by the
/// ensemble's mean reward.
#[derive(Clone, Debug)]
pub struct Preferences<T> {
    track: Track<T>,
    settings: PreferencesSettings,
    seed: u64,
    round: u32,
    answers: Vec<Answer>,
    /// Every state and action so far, over which predicted rewards are brought to mean 0 and variance 1.
    visited: Vec<(u32, u32)>,
}

impl<T: Task> Preferences<T> {
    /// Starts before the first round.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] where there is nothing to play or to ask about.
    pub fn new(task: T, settings: PreferencesSettings, seed: u64) -> Result<Self, TrainError> {
        for (n, what) in [(settings.episodes, "episodes"), (settings.clip, "steps of a clip")] {
            if n == 0 {
                return Err(TrainError::Nothing { what });
            }
        }
        let track = Track::new(task, seed);
        Ok(Self { track, settings, seed, round: 0, answers: Vec::new(), visited: Vec::new() })
    }

    /// Plays, asks and learns for a round.
    ///
    /// # Errors
    /// The students' and the teacher's.
    pub async fn step<P, C, R>(
        &mut self,
        students: &mut Students<'_, P, C, R>,
        teacher: &mut dyn Teacher,
    ) -> Result<Round, TrainError>
    where
        P: Reference<Error: 'static> + Learner<Error: 'static>,
        C: Critic<Error: 'static> + Learner<Error: 'static>,
        R: Critic<Error: 'static> + Learner<Error: 'static>,
    {
        let mut episodes = Vec::new();
        let mut steps = Vec::new();
        for _ in 0..self.settings.episodes {
            let mut episode = Episode::default();
            self.track.begin();
            loop {
                let action = self.track.drawn(students.policy).await?;
                let step = self.track.take(action);
                episode.add_step(step.reward);
                let last = step.last;
                steps.push(step);
                if last {
                    break;
                }
            }
            episodes.push(episode);
        }
        self.visited.extend(steps.iter().map(|step| (step.state, step.action)));
        episodes[0].answers = self.ask(&steps, students.rewards, teacher).await?;
        let mut compared = Comparisons::default();
        if !self.answers.is_empty() {
            for (member, rewards) in students.rewards.iter_mut().enumerate() {
                compared.merge(&self.learn_rewards(member as u32, rewards).await?);
            }
            let rewards = self.rewards(&steps, students.rewards).await?;
            self.learn_policy(&steps, &rewards, students).await?;
        }
        self.round += 1;
        Ok(Round { episodes, compared })
    }

    /// Asks about the pairs of clips on which the ensemble disagrees. Returns how many were answered.
    async fn ask<R: Critic<Error: 'static>>(
        &mut self,
        steps: &[Step],
        members: &mut [R],
        teacher: &mut dyn Teacher,
    ) -> Result<u64, TrainError> {
        let clips = clips(steps, self.settings.clip);
        let mut draws = Key::new(self.seed, Stream::Shuffle, self.round).draws(0);
        let mut pairs: Vec<(f64, [Range<usize>; 2])> = (0..self.settings.candidates)
            .map(|_| (0.0, [draws.pick(&clips).clone(), draws.pick(&clips).clone()]))
            .filter(|(_, [a, b])| a != b)
            .collect();
        let laid = Pairs::new(steps.iter().map(|step| (step.state, step.action)));
        let mut predicted = Vec::new();
        for member in members {
            predicted.push(of_actions(&laid.values(member).await?).collect::<Vec<_>>());
        }
        for (doubt, [a, b]) in &mut pairs {
            let sum = |values: &[f32], clip: &Range<usize>| values[clip.clone()].iter().sum::<f32>();
            let votes: Vec<f64> = predicted
                .iter()
                .map(|values| segment_preference(sum(values, a), sum(values, b), self.settings.noise))
                .collect();
            *doubt = disagreement(&votes)?;
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut answered = 0;
        for (_, [a, b]) in pairs.into_iter().take(self.settings.queries) {
            let (first, second) = (&steps[a], &steps[b]);
            if let Some(preference) = teacher.prefer(first, second).map_err(TrainError::role("teacher"))? {
                let clip = |clip: &[Step]| clip.iter().map(|step| (step.state, step.action)).collect();
                self.answers.push(([clip(first), clip(second)], preference.weight()));
                answered += 1;
            }
        }
        Ok(answered)
    }

    /// Teaches a member from answers of its own drawing.
    async fn learn_rewards<R: Learner<Error: 'static>>(
        &self,
        member: u32,
        rewards: &mut R,
    ) -> Result<Comparisons, TrainError> {
        let mut draws = Key::new(self.seed, Stream::Bootstrap, self.round).draws(member);
        let mut all = Comparisons::default();
        for _ in 0..self.settings.reward_steps {
            let picked: Vec<&Answer> =
                (0..self.settings.reward_batch).map(|_| draws.pick(&self.answers)).collect();
            let clips = || picked.iter().flat_map(|(clips, _)| clips);
            let mut end = 0;
            let ends: Vec<usize> = clips()
                .map(|clip| {
                    end += 2 * clip.len();
                    end
                })
                .collect();
            let preferred: Vec<f32> = picked.iter().map(|(_, weight)| *weight).collect();
            let pairs = Pairs::new(clips().flatten().copied());
            let n = picked.len() as f64;
            let mut objective =
                SegmentPreferences::new(pairs.actions(), &ends, &preferred, self.settings.noise, n)?;
            pairs.learn(rewards, &mut objective, self.settings.reward_rate).await?;
            all.merge(&objective.stats);
        }
        Ok(all)
    }

    /// The ensemble's mean reward of each step, each member's of mean 0 and variance 1 over all that was
    /// ever seen.
    async fn rewards<R: Critic<Error: 'static>>(
        &self,
        steps: &[Step],
        members: &mut [R],
    ) -> Result<Vec<f32>, TrainError> {
        let visited = Pairs::new(self.visited.iter().copied());
        let mut mean = vec![0.0; steps.len()];
        let share = 1.0 / members.len() as f32;
        for member in members {
            let values: Vec<f32> = of_actions(&visited.values(member).await?).collect();
            // One who sees no difference has no say.
            let Ok(scale) = RewardScale::ziegler2019(&values) else { continue };
            let newest = &values[values.len() - steps.len()..];
            mean.iter_mut().zip(newest).for_each(|(mean, &value)| *mean += share * scale.apply(value));
        }
        Ok(mean)
    }

    /// Learns a round's steps by PPO.
    async fn learn_policy<P, C, R>(
        &self,
        steps: &[Step],
        rewards: &[f32],
        students: &mut Students<'_, P, C, R>,
    ) -> Result<(), TrainError>
    where
        P: Reference<Error: 'static> + Learner<Error: 'static>,
        C: Critic<Error: 'static> + Learner<Error: 'static>,
    {
        let settings = &self.settings;
        let pairs = Pairs::new(steps.iter().map(|step| (step.state, step.action)));
        let old = pairs.log_probs(students.policy).await?;
        let laid = pairs.values(students.critic).await?;
        let values: Vec<f32> = of_states(&laid).collect();
        let after = Pairs::new(steps.iter().map(|step| (step.next, step.action)));
        let next: Vec<f32> = of_states(&after.values(students.critic).await?).collect();
        let (mut advantages, mut targets) = (vec![0.0; steps.len()], vec![0.0; steps.len()]);
        for span in episodes(steps) {
            let gamma = |step: &Step| if step.ended { 0.0 } else { settings.gamma as f32 };
            let gammas: Vec<f32> = steps[span.clone()].iter().map(gamma).collect();
            // An episode that was cut short goes on in the critic's eyes.
            let mut states = values[span.clone()].to_vec();
            states.push(next[span.end - 1]);
            let (own, lambda) = (&mut advantages[span.clone()], settings.lambda as f32);
            gae(&rewards[span.clone()], &gammas, &states, lambda, own)?;
            returns(own, &states, &mut targets[span])?;
        }
        whiten(&mut advantages, &vec![true; steps.len()], &Whitening::to_zero(Variance::Population))?;
        let n = steps.len() as f64;
        let on_states: Vec<f32> = targets.iter().flat_map(|&target| [target, 0.0]).collect();
        let states: Vec<bool> = pairs.actions().iter().map(|action| !action).collect();
        let advantages = on_actions(advantages);
        for _ in 0..settings.epochs {
            let clip = PolicyClip::symmetric(0.2);
            let mut policy = PpoPolicy::new(&old, &advantages, clip, settings.entropy, n)?;
            pairs.learn(students.policy, &mut policy, settings.policy_rate).await?;
            let mut value = PpoValue::new(&laid, &on_states, &states, None, 1.0, n)?;
            pairs.learn(students.critic, &mut value, settings.critic_rate).await?;
        }
        Ok(())
    }
}

/// The range of each episode among steps.
fn episodes(steps: &[Step]) -> Vec<Range<usize>> {
    let mut start = 0;
    let ends = (0..steps.len()).filter(|&i| steps[i].last).map(|i| i + 1);
    ends.map(|end| core::mem::replace(&mut start, end)..end).collect()
}

/// The ranges of clips of `length` steps; the rest of an episode is a shorter clip.
fn clips(steps: &[Step], length: usize) -> Vec<Range<usize>> {
    let cut = |span: Range<usize>| {
        span.clone().step_by(length).map(move |start| start..(start + length).min(span.end))
    };
    episodes(steps).into_iter().flat_map(cut).collect()
}
