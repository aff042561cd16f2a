//! What an iteration of step 3 showed.

use crate::train::Iteration;

/// What an iteration showed.
pub(super) struct Seen {
    /// Its figures, by the names of [`FIGURES`](crate::record::FIGURES).
    pub figures: Vec<(&'static str, f64)>,
    /// What to say of it.
    pub told: String,
    /// What warnings go by, where there is a reward to go by.
    pub iteration: Option<Iteration>,
}

impl From<Iteration> for Seen {
    fn from(seen: Iteration) -> Self {
        let told = format!("reward {:+.2}, KL {:.1} nats", seen.score, seen.kl);
        Self { figures: figures(&seen), told, iteration: Some(seen) }
    }
}

impl Seen {
    /// With further figures.
    pub fn and(mut self, more: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        self.figures.extend(more);
        self
    }
}

/// What an iteration measured.
fn figures(seen: &Iteration) -> Vec<(&'static str, f64)> {
    let (policy, value) = (&seen.policy, &seen.value);
    let mut out = vec![
        ("reward", seen.score),
        ("kl", seen.kl),
        ("beta", seen.beta),
        ("length", seen.length),
        ("ended", seen.ended),
        ("entropy", seen.surprise),
        ("pretraining_loss", seen.pretraining),
    ];
    // A trainer without ratios, or without a critic, has none of their figures.
    if policy.tokens > 0 {
        out.push(("clip_fraction", policy.clip_fraction()));
        out.push(("ratio_min", policy.ratio_min));
        out.push(("ratio_max", policy.ratio_max));
        out.push(("policy_kl", policy.policy_kl()));
    }
    if value.steps > 0 {
        out.push(("value_loss", 0.5 * value.mean_squared_error()));
        out.push(("value_clip_fraction", value.clip_fraction()));
    }
    out.extend(value.explained_variance().map(|share| ("explained_variance", share)));
    out
}
