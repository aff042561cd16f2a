//! The summary of an episode.

/// An episode that was played.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Episode {
    /// The task's reward, added up: what no learner sees.
    pub score: f64,
    /// The number of steps.
    pub steps: usize,
    /// The number of judgments that the teacher gave.
    pub answers: u64,
}

impl Episode {
    pub(super) fn add_step(&mut self, reward: f64) {
        self.score += reward;
        self.steps += 1;
    }
}
