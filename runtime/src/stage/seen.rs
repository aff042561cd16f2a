//! What an iteration of step 3 showed.

use rlhf_train::Iteration;

/// What an iteration showed.
pub(super) struct Seen {
    /// Figures beside those of every iteration that has a reward, by the names of
    /// [`FIGURES`](crate::record::FIGURES).
    pub figures: Vec<(&'static str, f64)>,
    /// What to say of it.
    pub told: String,
    /// What warnings go by, where there is a reward to go by.
    pub iteration: Option<Iteration>,
}

impl From<Iteration> for Seen {
    fn from(seen: Iteration) -> Self {
        let told = format!("reward {:+.2}, KL {:.1} nats", seen.score, seen.kl);
        Self { figures: Vec::new(), told, iteration: Some(seen) }
    }
}

impl Seen {
    /// With further figures.
    pub fn and(mut self, more: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        self.figures.extend(more);
        self
    }
}
