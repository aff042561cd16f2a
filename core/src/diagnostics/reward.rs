use super::Diagnose;
use crate::Real;
use crate::advantage::{MissingEnd, Shaping};
use crate::sampling::FinishReason;

/// Statistics of the parts of rewards, in units of reward. Sums over responses, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RewardParts {
    /// Responses seen.
    pub responses: usize,
    /// Σ score, as the reward model gave it.
    pub score: f64,
    /// Σ what clipping the score adds.
    pub clip: f64,
    /// Σ what a missing end adds.
    pub missing_end: f64,
    /// Σ what being too long adds.
    pub overlong: f64,
    /// Σ what the KL penalty adds, −β·KL.
    pub kl: f64,
}

impl RewardParts {
    /// Takes in a response as [`Shaping`] rewards it: its score, why it ended, β per nat, and each
    /// token's KL estimate, clipped, in nats.
    pub fn record<R: Real>(
        &mut self,
        shaping: &Shaping,
        score: f64,
        finish: FinishReason,
        beta: f64,
        token_kl: &[R],
    ) {
        let clipped = Shaping { missing_end: MissingEnd::Keep, ..*shaping }.score(score, finish);
        self.merge(&Self {
            responses: 1,
            score,
            clip: clipped - score,
            missing_end: shaping.score(score, finish) - clipped,
            overlong: 0.0,
            kl: -beta * token_kl.iter().map(|kl| kl.f64()).sum::<f64>(),
        });
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.responses += other.responses;
        self.score += other.score;
        self.clip += other.clip;
        self.missing_end += other.missing_end;
        self.overlong += other.overlong;
        self.kl += other.kl;
    }

    /// Σ of all rewards.
    pub fn total(&self) -> f64 {
        self.score + self.clip + self.missing_end + self.overlong + self.kl
    }
}

impl Diagnose for RewardParts {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if self.responses > 0 {
            for (name, sum) in [
                ("reward", self.score),
                ("reward_clip", self.clip),
                ("reward_missing_end", self.missing_end),
                ("reward_overlong", self.overlong),
                ("reward_kl", self.kl),
                ("reward_total", self.total()),
            ] {
                visit(name, sum / self.responses as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::close;
    use proptest::prelude::*;
    use std::vec;

    proptest! {
        /// The parts add up to the rewards that PPO learns from.
        #[test]
        fn parts_add_up_to_the_rewards(
            score in -9.0..9.0, kl in prop::collection::vec(-2.0..2.0, 1..9), beta in 0.0..0.5, which in 0usize..9,
        ) {
            let missing_end = [MissingEnd::Keep, MissingEnd::Subtract(1.0), MissingEnd::Replace(-1.0)][which % 3];
            let finish = [FinishReason::Eos, FinishReason::Stop, FinishReason::Length][which / 3];
            let shaping = Shaping { missing_end, score_clip: Some(5.0), ..Shaping::PLAIN };
            let mut parts = RewardParts::default();
            parts.record(&shaping, score, finish, beta, &kl);
            let mut rewards = vec![f64::NAN; kl.len()];
            shaping.rewards(&kl, beta, shaping.score(score, finish), &mut rewards).unwrap();
            close(parts.total(), rewards.iter().sum(), 1e-12);
            prop_assert_eq!((parts.responses, parts.score), (1, score));
            prop_assert!(finish == FinishReason::Length || parts.missing_end == 0.0);
        }
    }
}
