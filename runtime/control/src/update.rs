//! Steps as a batch, and what a learner does with it.

use rlhf_core::optim::{Adam, Update};
use rlhf_core::roles::{Critic, Learner, Reference};
use rlhf_core::{Batch, Error, Objective, Ragged};
use rlhf_train::TrainError;

/// Steps, each a sequence of its state and its action.
pub(super) struct Pairs {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    loss_mask: Vec<bool>,
}

impl Pairs {
    /// Creates pairs of these states and actions.
    pub fn new(steps: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let tokens: Vec<u32> = steps.into_iter().flat_map(|(state, action)| [state, action]).collect();
        let ends = (2..=tokens.len()).step_by(2).collect();
        let loss_mask = (0..tokens.len()).map(|t| t % 2 == 1).collect();
        Self { tokens, ends, loss_mask }
    }

    /// The mask of tokens that are actions.
    pub fn actions(&self) -> &[bool] {
        &self.loss_mask
    }

    fn batch(&self) -> Result<Batch<'_>, Error> {
        Batch::new(Ragged::new(&self.tokens, &self.ends)?, &self.loss_mask)
    }

    /// The value at every token.
    pub async fn values<C: Critic<Error: 'static>>(&self, critic: &mut C) -> Result<Vec<f32>, TrainError> {
        let mut out = vec![0.0; self.tokens.len()];
        let sequences = self.batch()?.sequences();
        critic.values(sequences, &mut out).await.map_err(TrainError::role("critic"))?;
        Ok(out)
    }

    /// The log-probability of every action, laid out as the tokens.
    pub async fn log_probs<P: Reference<Error: 'static>>(
        &self,
        policy: &mut P,
    ) -> Result<Vec<f32>, TrainError> {
        let mut out = vec![0.0; self.tokens.len()];
        policy.log_probs(self.batch()?, &mut out).await.map_err(TrainError::role("policy"))?;
        Ok(out)
    }

    /// Takes one step of a learner under an objective and returns the loss.
    pub async fn learn<L: Learner<Error: 'static>, O: Objective>(
        &self,
        learner: &mut L,
        objective: &mut O,
        learning_rate: f64,
    ) -> Result<f64, TrainError> {
        let error = TrainError::role("learner");
        let loss = learner.accumulate(self.batch()?, objective).await.map_err(&error)?;
        let update = Update { learning_rate, adam: Adam::default(), max_grad_norm: None };
        learner.step(&update).await.map_err(&error)?;
        Ok(loss)
    }
}

/// Numbers of actions, laid out as the tokens of [`Pairs`]; states get 0.
pub(super) fn on_actions(numbers: impl IntoIterator<Item = f32>) -> Vec<f32> {
    numbers.into_iter().flat_map(|x| [0.0, x]).collect()
}

/// Returns the numbers at the actions of a row that is laid out as [`Pairs`].
pub(super) fn of_actions(laid: &[f32]) -> impl Iterator<Item = f32> + '_ {
    laid.iter().copied().skip(1).step_by(2)
}

/// Returns the numbers at the states of a row that is laid out as [`Pairs`].
pub(super) fn of_states(laid: &[f32]) -> impl Iterator<Item = f32> + '_ {
    laid.iter().copied().step_by(2)
}
