//! Implicit language Q-learning: values of tokens from texts with rewards, offline.

use super::guard::{OutputRecord, Place, ResponseBatch, zero_grad_on_fault};
use super::pairs::some_response;
use super::steps::{DataPasses, Steps};
use super::{AllRoles, Examples, Models, ROWS_AT_ONCE, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::IlqlTraining;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::capabilities::{LearnRows, Parameters, Rows};
use rlhf_core::loss::{ActionStats, ActionValues, StateStats, StateValues};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Critic, Learner, Reference};
use rlhf_core::{Error, HeldRows};

/// Texts whose tokens have rewards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rewarded {
    texts: Examples,
    /// The reward of each token, 0 in prompts.
    rewards: Vec<f32>,
    /// `true` for each text that is complete, and was not cut off.
    over: Vec<bool>,
}

impl Rewarded {
    /// Appends a response with the reward of each of its tokens, in any unit. `over` is `true` if the response is
    /// complete; if it was cut off, the value of its last state is the critic's.
    ///
    /// # Errors
    /// [`Error::TooFew`] for a response of which nothing is learnt; [`Error::Shape`] unless each of its
    /// tokens has a reward; [`Error::NotFinite`].
    pub fn push(
        &mut self,
        prompt: &[u32],
        response: &[u32],
        rewards: &[f32],
        over: bool,
    ) -> Result<(), Error> {
        some_response("response", prompt, response)?;
        if rewards.len() != response.len() {
            return Err(Error::Shape { name: "rewards", want: response.len(), got: rewards.len() });
        }
        if let Some(index) = rewards.iter().position(|reward| !reward.is_finite()) {
            return Err(Error::NotFinite { name: "rewards", index });
        }
        self.texts.push(prompt, response)?;
        self.rewards.resize(self.rewards.len() + prompt.len(), 0.0);
        self.rewards.extend_from_slice(rewards);
        self.over.push(over);
        Ok(())
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns whether there are no responses.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// The networks of ILQL.
pub struct Values<'a, Q, V> {
    /// Two networks whose logits are action values. Both learn the same targets.
    pub heads: &'a mut [Q; 2],
    /// Copies that lag behind them.
    pub targets: &'a mut [Q; 2],
    /// The state values.
    pub critic: &'a mut V,
}

/// The statistics of a step of ILQL.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueStep {
    /// Statistics of both heads together: each token counts twice.
    pub actions: ActionStats,
    /// Statistics of the critic.
    pub states: StateStats,
}

/// ILQL ([`IlqlTraining`]) step by step. [`ValueGuidedPolicy`](crate::ValueGuidedPolicy) samples with the values.
#[derive(Clone, Debug)]
pub struct Ilql<'a> {
    data: &'a Rewarded,
    settings: IlqlTraining,
    steps: Steps,
}

impl<'a> Ilql<'a> {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a text; [`TrainError::Core`] names the setting that is out of range.
    pub fn new(data: &'a Rewarded, settings: &IlqlTraining, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let (items, key) = (data.len(), Key::new(seed, Stream::Shuffle, 7 << 18));
        let steps = Steps::new(DataPasses { what: "rewarded texts", items, settings: settings.passes, key })?;
        Ok(Self { data, settings: *settings, steps })
    }

    /// Continues after `steps` steps, with the networks and their optimizers of that time.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.skip_steps(steps);
        self
    }

    /// The next step, with the critic's loss, and its statistics; `None` at the end of the run. All networks learn
    /// from values of before the step; then the targets follow.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a number is not finite; a role's own.
    pub async fn step<Q, V>(
        &mut self,
        networks: &mut Values<'_, Q, V>,
    ) -> Result<Option<(Step, ValueStep)>, TrainError>
    where
        Q: Rows + LearnRows + Parameters + Learner<Error = <Q as Reference>::Error>,
        V: Critic + Learner<Error = <V as Critic>::Error>,
        <Q as Reference>::Error: 'static,
        <V as Critic>::Error: 'static,
    {
        let Some((step, picked)) = self.steps.next_batch() else { return Ok(None) };
        let texts = self.data.texts.select(picked.iter().copied());
        let batch = ValueBatch {
            responses: ResponseBatch { texts: &texts, items: &picked, texts_per_item: 1 },
            place: Place::Step(step + 1),
            settings: &self.settings,
        };
        let guarded = |error: TrainError| error.guarded(batch.place, || batch.responses.offenders());
        let targets = self.action_targets(networks.critic, &texts, &picked).await.map_err(guarded)?;
        let stats = match batch.learn(networks, &targets).await {
            Ok(stats) => stats,
            Err(error) => {
                // No head keeps half a step's gradient; a head that fails here fails again at its next call.
                for head in networks.heads.iter_mut() {
                    let _ = head.zero_grad().await;
                }
                return Err(guarded(error));
            }
        };
        for head in networks.heads.iter_mut() {
            self.steps.take(head, step, 0.0, || batch.responses.offenders()).await?;
        }
        let loss = stats.states.loss / texts.loss_tokens() as f64;
        let step = self.steps.take(networks.critic, step, loss, || batch.responses.offenders()).await?;
        for (head, target) in networks.heads.iter_mut().zip(networks.targets.iter_mut()) {
            let followed = self.settings.follow.follow(step.step as u32, head, target).await;
            followed.map_err(TrainError::role("target"))?;
        }
        Ok(Some((step, stats)))
    }

    /// The target of each token's action value.
    async fn action_targets<V: Critic<Error: 'static>>(
        &self,
        critic: &mut V,
        texts: &Examples,
        picked: &[usize],
    ) -> Result<Vec<f32>, TrainError> {
        let mut values = vec![0.0; texts.tokens()];
        for part in texts.parts(TOKENS_AT_ONCE) {
            let sequences = part.batch()?.sequences();
            let out = &mut values[part.span.clone()];
            critic.values(sequences, out).await.map_err(TrainError::role("critic"))?;
        }
        let rewards = self.data.texts.gather(&self.data.rewards, picked.iter().copied());
        let over: Vec<bool> = picked.iter().map(|&i| self.data.over[i]).collect();
        let mut out = vec![0.0; values.len()];
        self.settings.objective.targets(&rewards, &values, texts.sequences()?.ends(), &over, &mut out)?;
        Ok(out)
    }
}

/// A batch of texts whose values are learnt.
struct ValueBatch<'a> {
    responses: ResponseBatch<'a>,
    place: Place,
    settings: &'a IlqlTraining,
}

impl ValueBatch<'_> {
    /// Accumulates the gradients of the heads and of the critic.
    async fn learn<Q, V>(
        &self,
        networks: &mut Values<'_, Q, V>,
        targets: &[f32],
    ) -> Result<ValueStep, TrainError>
    where
        Q: Rows + LearnRows + Learner<Error = <Q as Reference>::Error>,
        V: Learner<Error: 'static>,
        <Q as Reference>::Error: 'static,
    {
        let least = self.least_target_values(networks.targets).await?;
        let mut actions = ActionStats::default();
        for head in networks.heads.iter_mut() {
            actions.merge(&self.actions(head, targets).await?);
        }
        Ok(ValueStep { actions, states: self.states(networks.critic, &least).await? })
    }

    /// The smaller of the two target networks' values of each token.
    async fn least_target_values<Q: Rows<Error: 'static>>(
        &self,
        targets: &mut [Q; 2],
    ) -> Result<Vec<f32>, TrainError> {
        let texts = self.responses.texts;
        let mut least = vec![f32::INFINITY; texts.tokens()];
        for target in targets {
            for part in texts.parts(ROWS_AT_ONCE) {
                let batch = part.batch()?;
                let held = HeldRows::of(target, batch).await.map_err(TrainError::role("target"))?;
                let mut values = vec![0.0; part.span.len()];
                held.taken(batch.sequences().tokens(), &mut values)?;
                least[part.span.clone()].iter_mut().zip(values).for_each(|(q, other)| *q = q.min(other));
            }
        }
        Ok(least)
    }

    /// Accumulates a head's gradient.
    async fn actions<Q>(&self, head: &mut Q, targets: &[f32]) -> Result<ActionStats, TrainError>
    where
        Q: LearnRows,
        <Q as Learner>::Error: 'static,
    {
        let texts = self.responses.texts;
        let (mut stats, mut record) = (ActionStats::default(), OutputRecord::new(texts.tokens()));
        for part in texts.parts(ROWS_AT_ONCE) {
            let batch = part.batch()?;
            let (tokens, targets) = (batch.sequences().tokens(), &targets[part.span.clone()]);
            let n = texts.loss_tokens() as f64;
            let mut objective = ActionValues::new(tokens, targets, self.settings.objective, n)?;
            let mut recording = record.over(&mut objective, part.span.clone());
            head.accumulate_rows(batch, &mut recording).await.map_err(TrainError::role("head"))?;
            stats.merge(&objective.stats);
        }
        zero_grad_on_fault(head, self.responses.learner(self.place, &record)).await?;
        Ok(stats)
    }

    /// Accumulates the critic's gradient.
    async fn states<V: Learner<Error: 'static>>(
        &self,
        critic: &mut V,
        action_values: &[f32],
    ) -> Result<StateStats, TrainError> {
        let texts = self.responses.texts;
        let (mut stats, mut record) = (StateStats::default(), OutputRecord::new(texts.tokens()));
        for part in texts.parts(TOKENS_AT_ONCE) {
            let (batch, action_values) = (part.batch()?, &action_values[part.span.clone()]);
            let n = texts.loss_tokens() as f64;
            let mut objective =
                StateValues::new(action_values, batch.loss_mask(), self.settings.objective, n)?;
            let mut recording = record.over(&mut objective, part.span.clone());
            critic.accumulate(batch, &mut recording).await.map_err(TrainError::role("critic"))?;
            stats.merge(&objective.stats);
        }
        zero_grad_on_fault(critic, self.responses.learner(self.place, &record)).await?;
        Ok(stats)
    }
}

/// The critic takes the place of the policy; the other networks are both heads, then both targets.
impl<N: AllRoles, R> Trainer<N, R> for Ilql<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Models { policy: critic, others, .. } = models;
        let pair = others.len().min(2);
        let (heads, targets) = others.split_at_mut(pair);
        let (Ok(heads), Ok(targets)) = (heads.try_into(), targets.try_into()) else {
            return Err(TrainError::Missing { role: "head" });
        };
        Ok(self.step(&mut Values { heads, targets, critic }).await?.map(|(step, stats)| {
            let error = stats.actions.squared_error / stats.actions.tokens.max(1) as f64;
            Report::of(step, [("action_error", error)], format!("values are {error:.3} reward² off"))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.skip_steps(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_its_rewards_is_refused() {
        let mut data = Rewarded::default();
        assert!(matches!(data.push(&[1], &[2, 3], &[1.0], true), Err(Error::Shape { name: "rewards", .. })));
        let nan = Error::NotFinite { name: "rewards", index: 0 };
        assert_eq!(data.push(&[1], &[2], &[f32::NAN], true), Err(nan));
        assert!(data.push(&[1], &[], &[], true).is_err() && data.is_empty());
        data.push(&[1, 4], &[2, 3], &[0.5, 1.0], false).unwrap();
        assert_eq!((data.len(), data.rewards), (1, vec![0.0, 0.0, 0.5, 1.0]));
    }
}
