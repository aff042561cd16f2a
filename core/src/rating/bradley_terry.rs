//! Bradley–Terry strengths by maximum likelihood.

use crate::Error;
use crate::loss::sigmoid::minus_log_sigmoid;
use crate::random::Key;
use crate::ranges::within;
use crate::rating::connected::groups;
use crate::rating::inverse::invert;
use crate::rating::{RatingError, Ratings, Resampled, Results};
use alloc::vec;
use alloc::vec::Vec;

/// Strengths by maximum likelihood: `p(i beats j) = σ(s[i] − s[j])` (Bradley and Terry, "Rank analysis of
/// incomplete block designs", 1952), found by damped Newton steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct BradleyTerry {
    /// The precision, per nat², of a normal prior about 0 on every strength. Above 0 an undefeated player
    /// has a finite strength; 0 is plain maximum likelihood.
    pub prior: f64,
}

impl BradleyTerry {
    /// Strengths of `players` players from their results. A pair may come more than once.
    ///
    /// # Errors
    /// [`RatingError::Unlinked`], without a prior [`RatingError::Unbounded`], each with the groups of
    /// players; [`RatingError::Itself`]; [`RatingError::NotFound`]; [`RatingError::Argument`] for fewer
    /// than two players, a player that there is not, or a negative prior.
    pub fn fit(&self, players: usize, results: &[Results]) -> Result<Ratings, RatingError> {
        self.check(players, results)?;
        let mut at = Point::new(self.prior, vec![0.0; players], results).ok_or(RatingError::NotFound)?;
        // A dozen steps do for most results; lopsided ones need more.
        for _ in 0..200 {
            let step = at.newton();
            let fall: f64 = step.iter().zip(&at.gradient).map(|(s, g)| s * g).sum();
            // The error left after a full step is of the order of the fall, squared.
            let done = fall <= 1e-12 * (1.0 + at.loss.abs());
            let mut length = 1.0;
            at = loop {
                let moved = at.strengths.iter().zip(&step).map(|(s, d)| s - length * d).collect();
                match Point::new(self.prior, moved, results) {
                    Some(next) if done || next.loss <= at.loss - 1e-4 * length * fall => break next,
                    _ if length < 1e-12 => return Err(RatingError::NotFound),
                    _ => length *= 0.5,
                }
            };
            if done {
                return Ok(at.finish(self.prior));
            }
        }
        Err(RatingError::NotFound)
    }

    /// Strengths of resampled games: as many of each pair of players as there were, drawn from them.
    /// Depends on nothing but the results, in their order, and `key`. A prior keeps every resample
    /// bounded.
    ///
    /// # Errors
    /// As [`Self::fit`]; [`Error::TooFew`] for fewer than two resamples; [`Error::Range`] for 2³² games
    /// or more.
    pub fn bootstrap(
        &self,
        players: usize,
        results: &[Results],
        resamples: u32,
        key: Key,
    ) -> Result<Resampled, RatingError> {
        let games: f64 = results.iter().map(|r| r.games() as f64).sum();
        within("games", games, 0.0, f64::from(u32::MAX))?;
        Resampled::new(resamples, |resample| {
            let mut draws = key.draws(resample);
            let again: Vec<Results> = results.iter().map(|r| r.resample(&mut draws)).collect();
            Ok(self.fit(players, &again)?.strengths)
        })
    }

    fn check(&self, players: usize, results: &[Results]) -> Result<(), RatingError> {
        if players < 2 {
            return Err(Error::TooFew { name: "players", need: 2, got: players }.into());
        }
        within("prior", self.prior, 0.0, f64::MAX)?;
        let mut edges = Vec::new();
        for r in results {
            let [a, b] = r.players;
            if a == b {
                return Err(RatingError::Itself { player: a });
            }
            within("player", a.max(b) as f64, 0.0, players as f64 - 1.0)?;
            let [wins, losses] = r.wins();
            edges.extend((wins > 0.0).then_some((a, b)));
            edges.extend((losses > 0.0).then_some((b, a)));
        }
        let beaten = groups(players, &edges);
        edges.extend(edges.clone().into_iter().map(|(a, b)| (b, a)));
        let linked = groups(players, &edges);
        match (linked.len(), beaten.len()) {
            (2.., _) => Err(RatingError::Unlinked { groups: linked }),
            (_, 2..) if self.prior == 0.0 => Err(RatingError::Unbounded { groups: beaten }),
            _ => Ok(()),
        }
    }
}

/// The negative log-likelihood, prior included, its gradient and the inverse of its curvature.
struct Point {
    strengths: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    inverse: Vec<f64>,
}

impl Point {
    fn new(prior: f64, strengths: Vec<f64>, results: &[Results]) -> Option<Self> {
        let n = strengths.len();
        let mut loss = strengths.iter().map(|s| 0.5 * prior * s * s).sum::<f64>();
        let mut gradient: Vec<f64> = strengths.iter().map(|s| prior * s).collect();
        // Shifting all strengths changes no likelihood: 11ᵀ/n holds that direction.
        let mut inverse = vec![1.0 / n as f64; n * n];
        (0..n).for_each(|i| inverse[i * n + i] += prior);
        for r in results {
            let ([a, b], [wins, losses]) = (r.players, r.wins());
            let difference = strengths[a] - strengths[b];
            let ((won, won_slope), (lost, lost_slope)) =
                (minus_log_sigmoid(difference), minus_log_sigmoid(-difference));
            loss += wins * won + losses * lost;
            let slope = wins * won_slope - losses * lost_slope;
            gradient[a] += slope;
            gradient[b] -= slope;
            let weight = (wins + losses) * won_slope * lost_slope;
            for (i, j, w) in [(a, a, weight), (b, b, weight), (a, b, -weight), (b, a, -weight)] {
                inverse[i * n + j] += w;
            }
        }
        invert(&mut inverse, n)?;
        loss.is_finite().then_some(Self { strengths, loss, gradient, inverse })
    }

    fn newton(&self) -> Vec<f64> {
        let row = |row: &[f64]| row.iter().zip(&self.gradient).map(|(a, g)| a * g).sum();
        self.inverse.chunks(self.strengths.len()).map(row).collect()
    }

    /// Takes out the direction that 11ᵀ/n held, and centers what rounding moved.
    fn finish(mut self, prior: f64) -> Ratings {
        let n = self.strengths.len() as f64;
        let held = 1.0 / (n * (1.0 + prior));
        self.inverse.iter_mut().for_each(|c| *c -= held);
        let mean = self.strengths.iter().sum::<f64>() / n;
        self.strengths.iter_mut().for_each(|s| *s -= mean);
        Ratings { strengths: self.strengths, covariance: self.inverse }
    }
}

#[cfg(test)]
mod tests;
