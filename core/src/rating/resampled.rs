//! Bootstrap resamples of ratings.

use crate::Error;
use crate::ranges::within;
use alloc::vec;
use alloc::vec::Vec;

/// Ratings of resampled games (Efron, "Bootstrap methods: another look at the jackknife", 1979).
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    /// Rows of `[players]`.
    rows: Vec<Vec<f64>>,
}

impl Resampled {
    pub(super) fn new<E: From<Error>>(
        resamples: u32,
        mut one: impl FnMut(u32) -> Result<Vec<f64>, E>,
    ) -> Result<Self, E> {
        if resamples < 2 {
            return Err(Error::TooFew { name: "resamples", need: 2, got: resamples as usize }.into());
        }
        Ok(Self { rows: (0..resamples).map(&mut one).collect::<Result<_, E>>()? })
    }

    /// Each resample's ratings, `[players]`.
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// The interval that holds the middle `level` (0.95) of a player's ratings, by percentiles.
    ///
    /// # Errors
    /// [`Error::Range`] for a level outside 0 ..= 1 or a player that there is not.
    pub fn interval(&self, player: usize, level: f64) -> Result<(f64, f64), Error> {
        self.player(player)?;
        self.middle(level, |row| row[player])
    }

    /// The interval of the advantage of `first` over `second`.
    ///
    /// # Errors
    /// Boxed form of [`Self::interval`].
    pub fn gap(&self, first: usize, second: usize, level: f64) -> Result<(f64, f64), Error> {
        self.player(first)?;
        self.player(second)?;
        self.middle(level, |row| row[first] - row[second])
    }

    fn player(&self, player: usize) -> Result<(), Error> {
        let players = self.rows.first().map_or(0, Vec::len);
        within("player", player as f64, 0.0, players as f64 - 1.0)
    }

    fn middle(&self, level: f64, of: impl Fn(&[f64]) -> f64) -> Result<(f64, f64), Error> {
        within("level", level, 0.0, 1.0)?;
        let mut values = vec![0.0; self.rows.len()];
        values.iter_mut().zip(&self.rows).for_each(|(value, row)| *value = of(row));
        values.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - level);
        Ok((quantile(&values, tail), quantile(&values, 1.0 - tail)))
    }
}

/// Between the two nearest of rising `values`, in proportion.
fn quantile(values: &[f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let below = (place as usize).min(values.len() - 1);
    let above = (below + 1).min(values.len() - 1);
    values[below] + (place - below as f64) * (values[above] - values[below])
}

#[cfg(test)]
mod tests;
