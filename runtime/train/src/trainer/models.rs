//! The networks of a run, each in its role.

use crate::TrainError;
use alloc::vec::Vec;
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference};

/// The networks of a run, each in its role.
#[derive(Debug)]
pub struct Models<'a, N, R> {
    /// The network that learns: of step 3 the policy.
    pub policy: N,
    /// What the policy may not stray from, or who teaches it.
    pub reference: Option<N>,
    /// What the policy is to please.
    pub reward: Option<&'a mut R>,
    /// Predicts returns and learns.
    pub critic: Option<N>,
    /// Further networks of an algorithm, in its own order: an ensemble's other members, a copy that lags behind.
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

    /// The same, to be changed.
    pub fn learning_mut(&mut self) -> impl Iterator<Item = &mut N> {
        [&mut self.policy].into_iter().chain(&mut self.critic).chain(&mut self.others)
    }
}

/// What a role is played by.
pub(crate) fn required<'m, T>(of: &'m mut Option<T>, role: &'static str) -> Result<&'m mut T, TrainError> {
    of.as_mut().ok_or(TrainError::Missing { role })
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
