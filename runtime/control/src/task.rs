//! The interface of control tasks.

use rlhf_core::random::Draws;

/// The result of an action.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// The task's own reward, which no learner sees.
    pub reward: f64,
    /// True if the episode ended by itself, because the goal was reached or the pole fell.
    pub ended: bool,
}

/// A task with a few actions, whose states are binned. Its dynamics draw no random numbers: only where an
/// episode starts does, so that a copy of a task looks ahead.
pub trait Task: Clone {
    /// The number of actions; action `i` is token `i`.
    fn actions(&self) -> usize;

    /// The number of binned states; state `i` is token `actions + i`.
    fn states(&self) -> usize;

    /// The most steps of an episode.
    fn longest(&self) -> usize;

    /// Starts an episode.
    fn start(&mut self, draws: &mut Draws);

    /// The bin of the state, below [`Self::states`].
    fn state(&self) -> usize;

    /// Takes an action, below [`Self::actions`].
    fn act(&mut self, action: usize) -> Transition;

    /// The worth of the state in units of the task's own, as someone who knows the task sees it. Simulated teachers
    /// judge by it.
    fn merit(&self) -> f64;

    /// The state in words, on one line.
    fn words(&self) -> String;

    /// The name of an action.
    fn name(&self, action: usize) -> &'static str;

    /// The token of the state.
    fn token(&self) -> u32 {
        (self.actions() + self.state()) as u32
    }
}
