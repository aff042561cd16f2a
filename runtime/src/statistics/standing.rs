//! Ratings of models, from games between them.

use rlhf_core::random::{Key, Stream};
use rlhf_core::rating::{BradleyTerry, ELO_PER_NAT, Elo, Game, RatingError, Results};
use serde::Serialize;
use std::collections::BTreeMap;

/// Games between models by name.
#[derive(Clone, Debug, Default)]
pub struct Games {
    names: Vec<String>,
    games: Vec<Game>,
}

/// The settings of ratings, in Elo points: 400 points are odds of 10 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// The precision, per nat², of Bradley–Terry's prior; above 0 an undefeated model has a finite rating.
    pub prior: f64,
    /// The most that a game moves an Elo rating.
    pub k: f64,
    /// The start of Elo ratings, and the mean of Bradley–Terry's.
    pub start: f64,
    /// Orders that Elo ratings are averaged over, and resamples for their intervals; 2 or more.
    pub resamples: u32,
    /// The seed of the orders and resamples.
    pub seed: u64,
}

impl Default for Rating {
    fn default() -> Self {
        Self { prior: 0.0, k: 16.0, start: 1000.0, resamples: 1000, seed: 0 }
    }
}

/// A rating and its 95 % interval, in Elo points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RatingEstimate {
    /// The rating.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// The rating of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Its name.
    pub model: String,
    /// Its games.
    pub games: usize,
    /// The share of them that it won, ties half.
    pub won: f64,
    /// The rating by maximum likelihood from all games at once; the interval by the observed information.
    pub bradley_terry: RatingEstimate,
    /// The rating game after game, as the mean over orders; the interval by resampling.
    pub elo: RatingEstimate,
}

/// The reason why models cannot be rated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StandingError {
    /// No game connects these groups of models.
    #[error("no game links {}: rate them apart", listed(.0))]
    Unlinked(Vec<Vec<String>>),
    /// Without a prior one of these groups is infinitely better.
    #[error("within {} nobody outside ever won: a prior keeps ratings finite", listed(.0))]
    Unbounded(Vec<Vec<String>>),
    /// A model against itself.
    #[error("{0} plays against itself")]
    Itself(String),
    /// The maths refuses.
    #[error("{0}")]
    Rating(RatingError),
}

fn listed(groups: &[Vec<String>]) -> String {
    groups.iter().map(|group| format!("{{{}}}", group.join(", "))).collect::<Vec<_>>().join(" and ")
}

impl Games {
    /// Appends a game; `score` is the first model's: 1 won, ½ tied, 0 lost.
    pub fn push(&mut self, first: &str, second: &str, score: f64) {
        let players = [self.index(first), self.index(second)];
        self.games.push(Game { players, score });
    }

    fn index(&mut self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        })
    }

    /// The models, the best by Bradley–Terry first.
    ///
    /// # Errors
    /// [`StandingError`] names the models.
    pub fn rate(&self, rating: &Rating) -> Result<Vec<Standing>, StandingError> {
        let named = |error| self.named(error);
        let (n, start) = (self.names.len(), rating.start);
        let fit = BradleyTerry { prior: rating.prior }.fit(n, &self.results()).map_err(named)?;
        let (elo, key) = (Elo { k: rating.k, start }, Key::new(rating.seed, Stream::Bootstrap, 0));
        let failed = |error: rlhf_core::Error| named(error.into());
        let values = elo.averaged(n, &self.games, rating.resamples, key).map_err(failed)?;
        let again = elo.bootstrap(n, &self.games, rating.resamples, key).map_err(failed)?;
        let mut out = Vec::with_capacity(n);
        for (i, (model, value)) in self.names.iter().zip(values).enumerate() {
            let Some(strength) = fit.strength(i) else { continue };
            let points = |nats: f64| start + nats * ELO_PER_NAT;
            let (low, high) = strength.interval(1.96);
            let bradley_terry =
                RatingEstimate { value: points(strength.value), low: points(low), high: points(high) };
            let (low, high) = again.interval(i, 0.95).map_err(failed)?;
            let (games, won) = self.won(i);
            let elo = RatingEstimate { value, low, high };
            out.push(Standing { model: model.clone(), games, won: won / games as f64, bradley_terry, elo });
        }
        out.sort_by(|a, b| b.bradley_terry.value.total_cmp(&a.bradley_terry.value));
        Ok(out)
    }

    /// A model's games, and how many of them it won, ties half.
    fn won(&self, model: usize) -> (usize, f64) {
        let scores = self.games.iter().filter_map(|game| match game.players {
            [first, _] if first == model => Some(game.score),
            [_, second] if second == model => Some(1.0 - game.score),
            _ => None,
        });
        scores.fold((0, 0.0), |(games, won), score| (games + 1, won + score))
    }

    /// Returns the results of each pair's games.
    fn results(&self) -> Vec<Results> {
        let mut pairs: BTreeMap<[usize; 2], Results> = BTreeMap::new();
        for Game { players, score } in &self.games {
            let empty = Results { players: *players, won: 0, lost: 0, tied: 0 };
            let pair = pairs.entry(*players).or_insert(empty);
            let count = match *score {
                score if score > 0.5 => &mut pair.won,
                score if score < 0.5 => &mut pair.lost,
                _ => &mut pair.tied,
            };
            *count = count.saturating_add(1);
        }
        pairs.into_values().collect()
    }

    fn named(&self, error: RatingError) -> StandingError {
        let name = |i: usize| self.names.get(i).cloned().unwrap_or_default();
        let all = |groups: Vec<Vec<usize>>| -> Vec<Vec<String>> {
            groups.into_iter().map(|group| group.into_iter().map(name).collect()).collect()
        };
        match error {
            RatingError::Unlinked { groups } => StandingError::Unlinked(all(groups)),
            RatingError::Unbounded { groups } => StandingError::Unbounded(all(groups)),
            RatingError::Itself { player } => StandingError::Itself(name(player)),
            other => StandingError::Rating(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::rating::win_probability;

    /// 200 games of each pair among three models 100 points apart.
    fn played() -> Games {
        let (mut games, key) = (Games::default(), Key::new(3, Stream::Data, 0));
        for (pair, (a, b, gap)) in
            [("x", "y", 100.0), ("y", "z", 100.0), ("x", "z", 200.0)].into_iter().enumerate()
        {
            for i in 0..200 {
                let won = key.uniform(pair as u32, i) < win_probability(gap);
                if i % 2 == 0 { games.push(a, b, f64::from(won)) } else { games.push(b, a, f64::from(!won)) }
            }
        }
        games
    }

    #[test]
    fn models_come_best_first_with_intervals_that_hold_the_truth() {
        let all = played().rate(&Rating::default()).unwrap();
        assert_eq!(all.iter().map(|s| s.model.as_str()).collect::<Vec<_>>(), ["x", "y", "z"]);
        for (standing, truth) in all.iter().zip([1100.0, 1000.0, 900.0]) {
            for rated in [standing.bradley_terry, standing.elo] {
                assert!(rated.low < truth && truth < rated.high, "{standing:?}");
                assert!(rated.low < rated.value && rated.value < rated.high);
            }
            assert!(standing.bradley_terry.high - standing.bradley_terry.low < 80.0);
            assert_eq!(standing.games, 400);
        }
        assert!(all[0].won > 0.6 && all[2].won < 0.4);
        assert_eq!(all, played().rate(&Rating::default()).unwrap());
    }

    #[test]
    fn what_cannot_be_rated_is_told_by_name() {
        let rate = |games: &[(&str, &str, f64)], prior| {
            let mut all = Games::default();
            games.iter().for_each(|(a, b, score)| all.push(a, b, *score));
            all.rate(&Rating { prior, ..Rating::default() })
        };
        let beaten = [("best", "worst", 1.0), ("best", "worst", 1.0)];
        assert!(matches!(rate(&beaten, 0.0), Err(StandingError::Unbounded(_))));
        assert!(rate(&beaten, 0.5).unwrap()[0].bradley_terry.value.is_finite());
        let error = rate(&[("a", "b", 0.5), ("c", "d", 0.5)], 1.0).unwrap_err().to_string();
        assert!(error.contains("{a, b} and {c, d}"), "{error}");
        assert_eq!(rate(&[("a", "b", 0.5), ("a", "a", 1.0)], 1.0), Err(StandingError::Itself("a".into())));
        assert!(rate(&[], 1.0).is_err());
    }
}
