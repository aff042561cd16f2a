//! What a control task is.

use rlhf_core::random::Draws;

/// What an action led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// The task's own reward, which no learner sees.
    pub reward: f64,
    /// Whether the episode ended by itself: the goal was reached, the pole fell.
    pub ended: bool,
}

/// A task with a few actions, whose states are binned. Its dynamics draw no random numbers: only where an
/// episode starts does, so that a copy of a task looks ahead.
pub trait Task: Clone {
    /// How many actions there are; action `i` is token `i`.
    fn actions(&self) -> usize;

    /// How many binned states there are; state `i` is token `actions + i`.
    fn states(&self) -> usize;

    /// The most steps of an episode.
    fn longest(&self) -> usize;

    /// Starts an episode.
    fn start(&mut self, draws: &mut Draws);

    /// The bin of the state, below [`Self::states`].
    fn state(&self) -> usize;

    /// Takes an action, below [`Self::actions`].
    fn act(&mut self, action: usize) -> Transition;

    /// How good the state is for someone who knows the task, in units of its own: what a simulated teacher
    /// goes by.
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
