use super::{ELO_PER_NAT, Resampled};
use crate::Error;
use crate::random::Key;
use crate::ranges::{positive, within};
use alloc::vec;
use alloc::vec::Vec;

/// A game.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Game {
    /// Who, by index.
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
    /// Where all players start, in Elo points.
    pub start: f64,
}

/// The chance of winning, a tie being half a win, for a player so many Elo points above the other:
/// `1/(1 + 10^(−gap/400))`.
///
/// ```
/// use rlhf_core::maths::rating::win_probability;
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
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use crate::maths::rating::{BradleyTerry, Results};
    use crate::random::Stream;

    const ELO: Elo = Elo { k: 32.0, start: 1000.0 };

    fn game(a: usize, b: usize, score: f64) -> Game {
        Game { players: [a, b], score }
    }

    /// Games of two players `gap` points apart.
    fn simulate(gap: f64, games: u32, key: Key) -> Vec<Game> {
        let won = |i| key.uniform(0, i) < win_probability(gap);
        (0..games).map(|i| game(0, 1, if won(i) { 1.0 } else { 0.0 })).collect()
    }

    #[test]
    fn games_of_equals_move_by_half_of_k() {
        assert_eq!(ELO.rate(3, &[game(0, 1, 1.0)]), Ok(vec![1016.0, 984.0, 1000.0]));
        assert_eq!(ELO.rate(2, &[game(0, 1, 0.5)]), Ok(vec![1000.0, 1000.0]));
        let rated = ELO.rate(2, &[game(0, 1, 1.0), game(1, 0, 1.0)]).unwrap();
        close(rated[0], 1016.0 - 32.0 * win_probability(32.0), 1e-12);
        close(win_probability(400.0) / win_probability(-400.0), 10.0, 1e-12);
    }

    #[test]
    fn averaged_over_orders_it_agrees_with_maximum_likelihood() {
        let games = simulate(120.0, 4000, Key::new(1, Stream::Data, 0));
        let won = games.iter().filter(|g| g.score == 1.0).count() as u32;
        let results = [Results { players: [0, 1], won, lost: 4000 - won, tied: 0 }];
        let fit = BradleyTerry::default().fit(2, &results).unwrap();
        let want = fit.gap(0, 1).unwrap().value * ELO_PER_NAT;
        let slow = Elo { k: 4.0, ..ELO };
        let key = Key::new(1, Stream::Bootstrap, 0);
        let averaged = slow.averaged(2, &games, 50, key).unwrap();
        assert!((averaged[0] - averaged[1] - want).abs() < 10.0, "{averaged:?}, want {want}");
        // One order alone is as noisy as √K says.
        let orders = |n| slow.averaged(2, &games, n, key).unwrap()[0];
        assert_eq!(orders(3), orders(3));
        assert_ne!(orders(1), orders(3));
    }

    #[test]
    fn intervals_cover_at_least_at_their_nominal_rate() {
        let elo = Elo { k: 8.0, ..ELO };
        let covered = (0..200).filter(|&trial| {
            let games = simulate(150.0, 800, Key::new(2, Stream::Data, trial));
            let again = elo.bootstrap(2, &games, 100, Key::new(2, Stream::Bootstrap, trial)).unwrap();
            let (low, high) = again.gap(0, 1, 0.95).unwrap();
            low < 150.0 && 150.0 < high
        });
        let covered = covered.count();
        assert!(covered >= 181, "{covered} of 200");
    }

    #[test]
    fn bad_input_is_refused() {
        assert_eq!(ELO.rate(2, &[game(1, 1, 1.0)]), Err(Error::Tied { name: "players", index: 0 }));
        assert!(matches!(ELO.rate(2, &[game(0, 2, 1.0)]), Err(Error::Range { name: "player", .. })));
        assert!(matches!(ELO.rate(2, &[game(0, 1, 2.0)]), Err(Error::Range { name: "score", .. })));
        assert!(matches!(Elo { k: 0.0, ..ELO }.rate(2, &[]), Err(Error::Range { name: "k", .. })));
        let key = Key::new(0, Stream::Bootstrap, 0);
        assert!(ELO.averaged(2, &[], 0, key).is_err() && ELO.bootstrap(2, &[], 9, key).is_err());
    }
}
