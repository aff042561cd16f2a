//! The networks of a run, each in its role.

use crate::TrainError;
use alloc::vec::Vec;
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference};

/// The networks of a run, each in its role. A borrowed network, `&mut N`, plays the same roles as `N`.
///
/// `N` is the type of the policy, `R` of the reward, `F` of the reference and `C` of the critic.
///
/// ```
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let network = rlhf_core::model::Architecture::gpt2(10, 8, 8, 1, 2);
/// # let mut policy = rlhf_cpu::Model::random(&rlhf_cpu::Cpu::default(), network, 1)?;
/// use rlhf_train::Models;
/// let mut reference = policy.clone();
/// let mut reward = |text: &[u32]| text.len() as f32;
/// let models = Models::new(&mut policy).with_reference(&mut reference).with_reward(&mut reward);
/// assert!(models.critic.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Models<'a, N, R, F = N, C = N> {
    /// The network that learns: in step 3 the policy.
    pub policy: N,
    /// The frozen policy that KL penalties are measured against, or the teacher of a distillation.
    pub reference: Option<F>,
    /// The reward to maximize: a [`Reward`](rlhf_core::roles::Reward), or a [`Judge`](crate::Judge) where an
    /// algorithm compares responses.
    pub reward: Option<&'a mut R>,
    /// The value function, which learns beside the policy.
    pub critic: Option<C>,
    /// Further networks of an algorithm, in its own order: the other members of an ensemble, a copy that lags behind.
    pub others: Vec<N>,
}

impl<N, R> Models<'_, N, R> {
    /// A network that learns, alone.
    pub fn new(policy: N) -> Self {
        Self { policy, reference: None, reward: None, critic: None, others: Vec::new() }
    }

    /// The networks that learn or lag: the policy, the critic where there is one, and the others.
    pub fn learning(&self) -> impl Iterator<Item = &N> {
        [&self.policy].into_iter().chain(&self.critic).chain(&self.others)
    }

    /// Mutable references to the same networks, in the same order.
    pub fn learning_mut(&mut self) -> impl Iterator<Item = &mut N> {
        [&mut self.policy].into_iter().chain(&mut self.critic).chain(&mut self.others)
    }
}

impl<'a, N, R, F, C> Models<'a, N, R, F, C> {
    /// Adds the reference.
    pub fn with_reference<G>(self, reference: G) -> Models<'a, N, R, G, C> {
        let Self { policy, reward, critic, others, .. } = self;
        Models { policy, reference: Some(reference), reward, critic, others }
    }

    /// Adds the reward, or the judge.
    pub fn with_reward(self, reward: &'a mut R) -> Self {
        Self { reward: Some(reward), ..self }
    }

    /// Adds the critic.
    pub fn with_critic<D>(self, critic: D) -> Models<'a, N, R, F, D> {
        let Self { policy, reference, reward, others, .. } = self;
        Models { policy, reference, reward, critic: Some(critic), others }
    }

    /// The reference, or an error where there is none.
    pub(crate) fn reference(&mut self) -> Result<&mut F, TrainError> {
        required(&mut self.reference, "reference")
    }

    /// The reward, or an error where there is none.
    pub(crate) fn reward(&mut self) -> Result<&mut R, TrainError> {
        required(&mut self.reward, "reward").map(|reward| &mut **reward)
    }

    /// The critic, or an error where there is none.
    pub(crate) fn critic(&mut self) -> Result<&mut C, TrainError> {
        required(&mut self.critic, "critic")
    }
}

/// The model that plays `role`, or an error where there is none.
fn required<'m, T>(model: &'m mut Option<T>, role: &'static str) -> Result<&'m mut T, TrainError> {
    model.as_mut().ok_or(TrainError::Missing { role })
}

/// A policy that learns.
pub trait LearningPolicy:
    Policy + Reference<Error: 'static> + Learner<Error = <Self as Reference>::Error>
{
}

impl<P> LearningPolicy for P where
    P: Policy + Reference<Error: 'static> + Learner<Error = <P as Reference>::Error>
{
}

/// A network that can play every role of a run.
pub trait AllRoles:
    LearningPolicy
    + Critic<Error = <Self as Reference>::Error>
    + Rows
    + LearnRows
    + Candidates
    + LearnCandidates
    + Parameters
    + Averaged
{
}

impl<N> AllRoles for N where
    N: LearningPolicy
        + Critic<Error = <N as Reference>::Error>
        + Rows
        + LearnRows
        + Candidates
        + LearnCandidates
        + Parameters
        + Averaged
{
}
