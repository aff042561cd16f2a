//! Elo ratings.

use crate::Error;
use crate::random::Key;
use crate::ranges::{positive, within};
use crate::rating::{ELO_PER_NAT, Resampled};
use alloc::vec;
use alloc::vec::Vec;

/// A game.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Game {
    /// The two players, by index.
    pub players: [usize; 2],
    /// The first player's: 1 won, ½ tied, 0 lost.
    pub score: f64,
}

/// Ratings that move after every game: `r ← r ± K·(score − expected)` (Elo, "The rating of chessplayers",
/// 1978). They forget, and depend on the order of the games.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Elo {
    /// K, in Elo points: the most that a game moves.
    pub k: f64,
    /// The rating that all players start with, in Elo points.
    pub start: f64,
}

/// The chance of winning, a tie being half a win, for a player so many Elo points above the other:
/// `1/(1 + 10^(−gap/400))`.
///
/// ```
/// use rlhf_core::rating::win_probability;
/// assert!((win_probability(400.0) - 10.0 / 11.0).abs() < 1e-15);
/// ```
pub fn win_probability(gap: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-gap / ELO_PER_NAT))
}

impl Elo {
    /// Ratings in Elo points, `[players]`, after the games in their order.
    ///
    /// # Errors
    /// [`Error::Range`] for a K that is not positive, a score outside 0 ..= 1, or a player that there is
    /// not; [`Error::NotFinite`] for the start; [`Error::Tied`] for a game of a player against itself.
    pub fn rate(&self, players: usize, games: &[Game]) -> Result<Vec<f64>, Error> {
        self.check(players, games)?;
        Ok(self.play(players, games.iter()))
    }

    /// The mean of [`Self::rate`] over `orders` random orders of the games.
    ///
    /// # Errors
    /// As [`Self::rate`]; [`Error::TooFew`] without an order.
    pub fn averaged(&self, players: usize, games: &[Game], orders: u32, key: Key) -> Result<Vec<f64>, Error> {
        self.check(players, games)?;
        if orders == 0 {
            return Err(Error::TooFew { name: "orders", need: 1, got: 0 });
        }
        let mut mean = vec![0.0; players];
        for order in 0..orders {
            let mut shuffled = games.to_vec();
            // The steps of a key are the orders.
            Key { step: order, ..key }.shuffle(&mut shuffled);
            let rated = self.play(players, shuffled.iter());
            mean.iter_mut().zip(rated).for_each(|(m, r)| *m += r / f64::from(orders));
        }
        Ok(mean)
    }

    /// Ratings of resampled games, as many as there are, drawn from them and so in random order: what
    /// chance and order leave open.
    ///
    /// # Errors
    /// As [`Self::rate`]; [`Error::TooFew`] without a game or for fewer than two resamples;
    /// [`Error::Range`] for 2³² games or more.
    pub fn bootstrap(
        &self,
        players: usize,
        games: &[Game],
        resamples: u32,
        key: Key,
    ) -> Result<Resampled, Error> {
        self.check(players, games)?;
        if games.is_empty() {
            return Err(Error::TooFew { name: "games", need: 1, got: 0 });
        }
        within("games", games.len() as f64, 1.0, f64::from(u32::MAX))?;
        Resampled::new(resamples, |resample| {
            let mut draws = key.draws(resample);
            Ok(self.play(players, games.iter().map(|_| &games[draws.below(games.len())])))
        })
    }

    fn play<'a>(&self, players: usize, games: impl Iterator<Item = &'a Game>) -> Vec<f64> {
        let mut ratings = vec![self.start; players];
        for game in games {
            let [a, b] = game.players;
            let moved = self.k * (game.score - win_probability(ratings[a] - ratings[b]));
            ratings[a] += moved;
            ratings[b] -= moved;
        }
        ratings
    }

    fn check(&self, players: usize, games: &[Game]) -> Result<(), Error> {
        positive("k", self.k)?;
        crate::ranges::finite("start", &[self.start])?;
        for (index, game) in games.iter().enumerate() {
            let [a, b] = game.players;
            within("player", a.max(b) as f64, 0.0, players as f64 - 1.0)?;
            within("score", game.score, 0.0, 1.0)?;
            if a == b {
                return Err(Error::Tied { name: "players", index });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
