//! Results between two players.

use crate::random::Draws;

/// The results of two players' games.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results {
    /// The two players, by index.
    pub players: [usize; 2],
    /// Games that the first won.
    pub won: u32,
    /// Games that the first lost.
    pub lost: u32,
    /// Games without a winner, each half a win for both.
    pub tied: u32,
}

impl Results {
    /// Games won by each, ties shared.
    pub(super) fn wins(&self) -> [f64; 2] {
        let half = 0.5 * f64::from(self.tied);
        [f64::from(self.won) + half, f64::from(self.lost) + half]
    }

    pub(super) fn games(&self) -> u64 {
        u64::from(self.won) + u64::from(self.lost) + u64::from(self.tied)
    }

    /// Draws as many games from these.
    pub(super) fn resample(&self, draws: &mut Draws) -> Self {
        let mut again = Self { won: 0, lost: 0, tied: 0, ..*self };
        let games = self.games() as usize;
        for _ in 0..games {
            let game = draws.below(games) as u64;
            let won = u64::from(self.won);
            match game {
                game if game < won => again.won += 1,
                game if game < won + u64::from(self.lost) => again.lost += 1,
                _ => again.tied += 1,
            }
        }
        again
    }
}
