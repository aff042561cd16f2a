//! Values from texts with rewards, offline.

use super::guard::{Place, Shown, Watch, zero_grad};
use super::pairs::some_response;
use super::steps::{Passing, Steps};
use super::{AllRoles, Examples, Models, ROWS_AT_ONCE, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::IlqlTraining;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::capabilities::{LearnRows, Parameters, Rows};
use rlhf_core::loss::{ActionStats, ActionValues, StateStats, StateValues};
use rlhf_core::roles::{Critic, Learner, Reference};
use rlhf_core::{Error, HeldRows};

/// Texts whose tokens have rewards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rewarded {
    texts: Examples,
    /// Laid out as the texts' tokens, 0 in prompts.
    rewards: Vec<f32>,
    over: Vec<bool>,
}

impl Rewarded {
    /// Appends a response with the reward of each of its tokens, in any unit. Where it is `over`, nothing
    /// more was to come; else it was cut off, and its last state is worth what the critic says.
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

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
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
    /// What a state is worth.
    pub critic: &'a mut V,
}

/// What a step of ILQL saw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueStep {
    /// What the two heads were taught together: each token counts twice.
    pub actions: ActionStats,
    /// What the critic was taught.
    pub states: StateStats,
}

/// ILQL ([`IlqlTraining`]) step by step. What has been learnt is used by
/// [`rlhf_core::sampling::Advantage`].
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
        let (batch, epochs) = (settings.passes.batch, settings.passes.epochs);
        let passing = Passing { what: "rewarded texts", items: data.len(), batch, epochs };
        let steps = Steps::new(passing, settings.passes.optimizer, (seed, 7 << 18))?;
        Ok(Self { data, settings: *settings, steps })
    }

    /// Goes on after `steps` steps that were taken before, by networks that remember them.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.leave_out(steps);
        self
    }

    /// The next step, told of the critic, and what was seen; `None` when all are done. All learn from what
    /// the networks said before it; then the targets follow.
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
        let batch = Lesson {
            shown: Shown { texts: &texts, items: &picked, each: 1 },
            place: Place::Step(step + 1),
            settings: &self.settings,
        };
        let guarded = |error: TrainError| error.guarded(batch.place, || batch.shown.offenders());
        let worth = self.worth(networks.critic, &texts, &picked).await.map_err(guarded)?;
        let seen = match batch.learn(networks, &worth).await {
            Ok(seen) => seen,
            Err(error) => {
                // No head keeps half a step's gradient; what they say to this, they say at the next call.
                for head in networks.heads.iter_mut() {
                    let _ = head.zero_grad().await;
                }
                return Err(guarded(error));
            }
        };
        for head in networks.heads.iter_mut() {
            self.steps.take(head, step, 0.0, || batch.shown.offenders()).await?;
        }
        let loss = seen.states.loss / texts.loss_tokens() as f64;
        let told = self.steps.take(networks.critic, step, loss, || batch.shown.offenders()).await?;
        for (head, target) in networks.heads.iter_mut().zip(networks.targets.iter_mut()) {
            let followed = self.settings.follow.follow(told.step as u32, head, target).await;
            followed.map_err(TrainError::role("target"))?;
        }
        Ok(Some((told, seen)))
    }

    /// What each token should be worth, laid out as the texts' tokens.
    async fn worth<V: Critic<Error: 'static>>(
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

/// A batch to learn from.
struct Lesson<'a> {
    shown: Shown<'a>,
    place: Place,
    settings: &'a IlqlTraining,
}

impl Lesson<'_> {
    /// Accumulates everyone's gradient.
    async fn learn<Q, V>(
        &self,
        networks: &mut Values<'_, Q, V>,
        worth: &[f32],
    ) -> Result<ValueStep, TrainError>
    where
        Q: Rows + LearnRows + Learner<Error = <Q as Reference>::Error>,
        V: Learner<Error: 'static>,
        <Q as Reference>::Error: 'static,
    {
        let taken = self.taken(networks.targets).await?;
        let mut actions = ActionStats::default();
        for head in networks.heads.iter_mut() {
            actions.merge(&self.actions(head, worth).await?);
        }
        Ok(ValueStep { actions, states: self.states(networks.critic, &taken).await? })
    }

    /// The smaller of the targets' values of each token.
    async fn taken<Q: Rows<Error: 'static>>(&self, targets: &mut [Q; 2]) -> Result<Vec<f32>, TrainError> {
        let texts = self.shown.texts;
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
    async fn actions<Q>(&self, head: &mut Q, worth: &[f32]) -> Result<ActionStats, TrainError>
    where
        Q: LearnRows,
        <Q as Learner>::Error: 'static,
    {
        let texts = self.shown.texts;
        let (mut seen, mut watch) = (ActionStats::default(), Watch::new(texts.tokens()));
        for part in texts.parts(ROWS_AT_ONCE) {
            let batch = part.batch()?;
            let (tokens, worth) = (batch.sequences().tokens(), &worth[part.span.clone()]);
            let n = texts.loss_tokens() as f64;
            let mut objective = ActionValues::new(tokens, worth, self.settings.objective, n)?;
            let mut watched = watch.over(&mut objective, part.span.clone());
            head.accumulate_rows(batch, &mut watched).await.map_err(TrainError::role("head"))?;
            seen.merge(&objective.stats);
        }
        match self.shown.learner(self.place, &watch) {
            Ok(()) => Ok(seen),
            Err(fault) => Err(zero_grad(head, fault).await),
        }
    }

    /// Accumulates the critic's gradient.
    async fn states<V: Learner<Error: 'static>>(
        &self,
        critic: &mut V,
        taken: &[f32],
    ) -> Result<StateStats, TrainError> {
        let texts = self.shown.texts;
        let (mut seen, mut watch) = (StateStats::default(), Watch::new(texts.tokens()));
        for part in texts.parts(TOKENS_AT_ONCE) {
            let (batch, taken) = (part.batch()?, &taken[part.span.clone()]);
            let n = texts.loss_tokens() as f64;
            let mut objective = StateValues::new(taken, batch.loss_mask(), self.settings.objective, n)?;
            let mut watched = watch.over(&mut objective, part.span.clone());
            critic.accumulate(batch, &mut watched).await.map_err(TrainError::role("critic"))?;
            seen.merge(&objective.stats);
        }
        match self.shown.learner(self.place, &watch) {
            Ok(()) => Ok(seen),
            Err(fault) => Err(zero_grad(critic, fault).await),
        }
    }
}

/// The critic learns in the policy's place; the others are both heads, then both targets.
impl<N: AllRoles, R> Trainer<N, R> for Ilql<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Models { policy: critic, others, .. } = models;
        let pair = others.len().min(2);
        let (heads, targets) = others.split_at_mut(pair);
        let (Ok(heads), Ok(targets)) = (heads.try_into(), targets.try_into()) else {
            return Err(TrainError::Missing { role: "head" });
        };
        Ok(self.step(&mut Values { heads, targets, critic }).await?.map(|(step, seen)| {
            let error = seen.actions.squared_error / seen.actions.tokens.max(1) as f64;
            Report::of(step, [("action_error", error)], format!("values are {error:.3} reward² off"))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.leave_out(done);
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
